"""ONNX files as memory maps: of one with weights most is never looked at, however large it is."""

import mmap
import os
import stat

from layercalc.readers.onnx.file import is_onnx

BEGINNING = 16  # bytes that tell


def mapped(path: str | os.PathLike[str]) -> memoryview | None:
    """A view of a file if it is an ONNX file; None for another, a pipe, and what cannot be opened."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb") as file:
            if is_onnx(file.read(BEGINNING)):
                return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError):
        pass  # who reads it says so
    return None
