"""Arrays as NumPy saves them: `.npy`, and `.npz` of several. Nothing is ever unpickled."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator
from io import BytesIO
from math import prod
from typing import BinaryIO

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.errors import Refused, Tokens, unfit
from layercalc.execution.tensors import Stored
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers import archive
from layercalc.wording import whole

MAX_HEADER = 2_000  # characters, of which 32 axes take 700: NumPy reads it as Python
PIECE = 1 << 20  # bytes that are inflated and cast at a time


def header(file: BinaryIO, path: Tokens) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, Fortran order and dtype; whatever is no plain array of numbers is refused."""
    try:
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
        if read is None:
            raise ValueError(f"version {version[0]}.{version[1]} of the format, which only records need")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a header that Python 2 wrote, or of what it holds if read as code
            shape, fortran, dtype = read(file, max_header_size=MAX_HEADER)
    except Exception as error:  # the parser's own: SyntaxError, TypeError, RecursionError, MemoryError …
        raise unfit(path, f"Not a .npy file: {parser_message(error)}.") from None
    if dtype.hasobject:
        raise unfit(path, "The .npy file holds pickled objects, which are never read; save an array of numbers.")
    if dtype.kind not in "biuf":
        hint = " np.save cannot say bfloat16; use safetensors." if dtype.str.endswith("V2") else ""
        raise unfit(path, f"The .npy file holds {dtype.str!r}; expected numbers.{hint}")
    if not all(whole(dim, 0) and dim < 1 << 62 for dim in shape) or len(shape) > 32:
        raise unfit(path, f"The .npy file has the shape {str(list(shape))[:200]}.")
    return shape, fortran, dtype


def parser_message(error: Exception) -> str:
    """What the parser says, in short, without the addresses of its objects."""
    return re.sub(r"<[^>]* object at 0x[0-9a-f]+>", "code", " ".join(str(error).split()))[:200]


def read_npy(body: bytes | memoryview, path: Tokens) -> Stored:
    """The array of a `.npy` file, whose header must say exactly the bytes that follow."""
    file = BytesIO(body)
    shape, fortran, dtype = header(file, path)
    at = file.tell()
    if prod(shape) * dtype.itemsize != len(body) - at:
        said = f"{list(shape)} of {dtype.name} is {prod(shape) * dtype.itemsize:,} bytes"
        raise unfit(path, f"The header of the .npy file lies: {said}; {len(body) - at:,} follow it.")

    flat = np.frombuffer(body, dtype, offset=at) if len(body) > at else np.empty(0, dtype)
    return Stored(shape, dtype.newbyteorder("=").name, lambda: [flat], fortran)


def read_npz(body: bytes, path: Tokens, limits: Limits = UNLIMITED) -> dict[str, Stored]:
    """The arrays of a `.npz` file by name; each is inflated only when it is read, after its shape has been checked."""
    try:
        opened = archive.opened(body, limits, path)
        infos = opened.infolist()
    except Refused:
        raise
    except Exception as error:  # whatever zipfile raises on a broken archive, struct.error and ValueError too
        raise unfit(path, f"Not a .npz file: {error}.") from None
    return {info.filename.removesuffix(".npy"): entry(opened, info, path) for info in deadline.each(infos)}


def entry(opened: zipfile.ZipFile, info: zipfile.ZipInfo, path: Tokens) -> Stored:
    """One array, of which the header is read; the header, the directory and the stream must all say the same size."""
    at = (*path, info.filename.removesuffix(".npy"))
    try:
        with opened.open(info) as file:
            shape, fortran, dtype = header(file, at)  # type: ignore[arg-type]
            begins = file.tell()
    except Refused:
        raise
    except Exception as error:  # whatever zipfile and zlib raise on a broken archive, ValueError and struct.error too
        raise unfit(at, f"Not readable: {error}.") from None
    size = prod(shape) * dtype.itemsize
    if info.file_size != begins + size:
        said = f"{list(shape)} of {dtype.name} is {size:,} bytes"
        raise unfit(at, f"The header lies: {said}; the archive has {info.file_size - begins:,} for it.")

    def pieces() -> Iterator[np.ndarray]:
        left = size
        try:
            with opened.open(info) as file:
                file.seek(begins)
                while left:
                    part = file.read(min(PIECE, left))
                    left -= len(part)
                    if not part or (left and len(part) < PIECE):
                        raise ValueError(f"it ends {left:,} bytes too early")
                    yield np.frombuffer(part, dtype)
                if file.read(1):
                    raise ValueError("it goes on after its end")
        except Exception as error:  # whatever zlib and zipfile raise on a broken stream
            raise unfit(at, f"Not readable: {error}.") from None

    return Stored(shape, dtype.newbyteorder("=").name, pieces, fortran)
