"""The model inside a `.keras` archive: its `config.json`; weights are not looked at."""

import zipfile
from io import BytesIO

from layercalc.errors import Unreadable

MAGIC = b"PK\x03\x04"
MAX_CONFIG = 64 << 20  # bytes of config.json: what is larger is no model of layers


def unpacked(body: bytes) -> bytes:
    """The config of a `.keras` archive, of a size that is checked first; anything else as it is."""
    if not body.startswith(MAGIC):
        return body
    try:
        with zipfile.ZipFile(BytesIO(body)) as archive, archive.open("config.json") as file:
            config = file.read(MAX_CONFIG + 1)
    except KeyError:
        raise Unreadable(
            [{"pointer": "", "detail": "The archive has no config.json; a .keras file has one."}]
        ) from None
    except Exception as error:  # whatever zipfile and zlib raise on a broken archive, ValueError and struct.error too
        raise Unreadable([{"pointer": "", "detail": f"Not a .keras archive: {error}."}]) from None
    if len(config) > MAX_CONFIG:
        raise Unreadable([{"pointer": "", "detail": f"config.json is larger than {MAX_CONFIG:,} bytes."}])
    return config
