"""Models in files, as the command line and its like name them."""

import io
import os
import stat
import sys
from pathlib import Path
from typing import IO, Any

from layercalc import files
from layercalc.errors import Refused, Unreadable
from layercalc.files.mapped import mapped
from layercalc.readers.foreign import foreign
from layercalc.readers.text import parse_json

TEXT_BYTES = 512 << 20  # that are read of a text; JSON in memory is many times as large
FILE_BYTES = 16 << 30  # that are read of a file in binary: weights, most of it
PIECE = 1 << 20  # bytes that are read at a time of what has no size


def read_bytes(name: str) -> bytes:
    """A file, or standard input for `-`; Unreadable where it is longer than is read."""
    return whole(sys.stdin.buffer, name) if name == "-" else read_file(name)


def read_file(name: str) -> bytes:
    """A file or a pipe; Unreadable for what may have no end, or is longer than is read."""
    try:
        kind = os.stat(name).st_mode
        if stat.S_ISCHR(kind) or stat.S_ISBLK(kind) or stat.S_ISSOCK(kind):
            raise Unreadable([{"file": name, "detail": "It is a device or a socket; expected a file."}])
        with open(name, "rb") as file:
            return whole(file, name, os.fstat(file.fileno()).st_size if stat.S_ISREG(kind) else 0)
    except OSError as error:
        raise Unreadable([{"file": name, "detail": f"{error.strerror or error}."}]) from None


def whole(file: IO[bytes], name: str, size: int = 0) -> bytes:
    """All bytes of an open file that has a `size`, or of what has none (0): a pipe, until it ends."""
    beginning = file.read(PIECE)
    binary = files.is_binary(beginning) or foreign(beginning)
    most, kind = (FILE_BYTES, "a file in binary") if binary else (TEXT_BYTES, "a text")
    if 0 < size <= most:
        file.seek(0)
        return file.read(size)
    out = io.BytesIO(beginning)
    out.seek(0, io.SEEK_END)
    while not size and out.tell() <= most and (piece := file.read(PIECE)):
        out.write(piece)
    if max(size, out.tell()) <= most:
        return out.getvalue()
    has = f"{size:,} bytes" if size else f"more than {most:,} bytes"
    detail = f"It has {has}; at most {most:,} are read of {kind}."
    raise Unreadable(placed([{"detail": detail}], name))


def read_model(name: str) -> tuple[Any, Any]:
    """A document from a file or standard input, parsed or as text, and the weights that a Keras file has with it."""
    return parse_model(model_bytes(name), name, None if name == "-" else Path(name).parent)


def model_bytes(name: str) -> Any:
    """The bytes of a model's file; a view of an ONNX file or an exported program, which is mapped."""
    found = None if name == "-" else mapped(name)
    return read_bytes(name) if found is None else found


def parse_model(body: Any, name: str, folder: Path | None = None) -> tuple[Any, Any]:
    """The same from its bytes; what is wrong with them says in which file."""
    try:
        if isinstance(body, bytes) and not body.strip():
            raise Unreadable([{"detail": "The file is empty."}])
        document, weights = files.read_model(body, (), folder=folder)
        if isinstance(document, str) and name.endswith(".json"):
            parse_json(document)  # to say what is wrong with it
    except Refused as error:
        raise in_file(error, name) from None
    return document, weights


def in_file(error: Refused, name: str) -> Refused:
    """The same faults, each with the file that it is in."""
    error.errors = placed(error.errors, name)
    return error


def placed(said: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """What is said of a document, each with the file that it is in."""
    return said if name == "-" else [{"file": name, **one} for one in said]
