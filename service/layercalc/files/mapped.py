"""ONNX files and exported programs as memory maps: of one with weights most is never looked at, however large."""

import mmap
import os
import stat

from layercalc.readers.archive import MAGIC
from layercalc.readers.onnx.file import is_onnx
from layercalc.readers.torch.archive import is_program_file

BEGINNING = 16  # bytes that tell


def mapped(path: str | os.PathLike[str]) -> memoryview | None:
    """A view of an ONNX file or an exported program; None for another, a pipe, and what cannot be opened."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
        with open(path, "rb") as file:
            beginning = file.read(BEGINNING)
            if not is_onnx(beginning) and not beginning.startswith(MAGIC):
                return None
            view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            return view if is_onnx(beginning) or is_program_file(view) else None
    except (OSError, ValueError):
        pass  # who reads it says so
    return None
