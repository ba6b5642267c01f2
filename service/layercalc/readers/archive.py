"""ZIP archives, opened with care: of so many members, which can be inflated piece by piece."""

from dataclasses import replace
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, BytesIO, RawIOBase
from typing import TYPE_CHECKING, Any

from layercalc.errors import Refused, Unreadable
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers.bounds import fault, too_much

if TYPE_CHECKING:
    from zipfile import ZipFile

MAGIC = b"PK\x03\x04"
ENTRY = b"PK\x01\x02"  # begins what the directory says of a member
CONFIG, METADATA = "config.json", "metadata.json"
MAX_CONFIG = 64 << 20  # bytes of config.json: what is larger is no model of layers
MEMBERS = replace(UNLIMITED, max_parts=10_000)  # that are looked at
BOUNDED = (0, 8)  # stored and deflated: of the others, a few bytes are inflated to gigabytes at once


class View(RawIOBase):
    """The bytes of a file that is mapped, read where they are asked for."""

    def __init__(self, data: memoryview):
        self.data, self.place = data, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        self.place = max({SEEK_SET: 0, SEEK_CUR: self.place, SEEK_END: len(self.data)}[whence] + offset, 0)
        return self.place

    def tell(self) -> int:
        return self.place

    def readinto(self, buffer: Any) -> int:
        found = self.data[self.place : self.place + len(buffer)]
        buffer[: len(found)] = found
        self.place += len(found)
        return len(found)


def opened(body: Any, limits: Limits, path: tuple[object, ...] = ()) -> "ZipFile":
    """The archive; Refused where it has too many members. ValueError and others of zipfile's where it is none."""
    from zipfile import ZipFile

    mapped = isinstance(body, memoryview)  # a file of one's own, of which no more is read than must be
    count = 0 if mapped else body.count(ENTRY)
    if count > limits.max_parts:
        raise too_much([fault(path, f"An archive of {count:,} members", limits, "max_parts")])
    archive = ZipFile(BufferedReader(View(body)) if mapped else BytesIO(body))
    if strange := [one.filename for one in archive.infolist() if one.compress_type not in BOUNDED]:
        raise ValueError(f"{strange[0][:80]!r} is neither stored nor deflated")
    return archive


def unpacked(body: bytes, limits: Limits = UNLIMITED, member: str = CONFIG) -> bytes:
    """A member of a `.keras` archive, of a size that is checked first; empty for one that a model can do without."""
    most = min(MAX_CONFIG, limits.max_body_bytes)
    try:
        with opened(body, limits) as archive, archive.open(member) as file:
            config = file.read(most + 1)
    except Refused:
        raise
    except KeyError:
        if member != CONFIG:
            return b""
        raise Unreadable(
            [{"pointer": "", "detail": "The archive has no config.json; a .keras file has one."}]
        ) from None
    except Exception as error:  # whatever zipfile and zlib raise on a broken archive, ValueError and struct.error too
        raise Unreadable([{"pointer": "", "detail": f"Not a .keras archive: {error}."}]) from None
    if len(config) > most:
        raise Unreadable([{"pointer": "", "detail": f"{member} is larger than {most:,} bytes."}])
    return config


def members(body: Any) -> list[str]:
    """The names in an archive; none where it cannot be opened: who reads it says what is wrong."""
    try:
        with opened(body, MEMBERS) as archive:
            return archive.namelist()
    except Exception:  # whatever zipfile raises on a broken directory
        return []
