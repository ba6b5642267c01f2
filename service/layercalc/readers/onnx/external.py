"""Files beside an ONNX file in which its tensors lie: read where one is asked for, never from outside of its folder."""

import os
import stat
from pathlib import Path
from typing import Any, NamedTuple

from layercalc.errors import ShapeError


class File(NamedTuple):
    """A file of the folder, links followed, and how many bytes it has."""

    path: str
    size: int


class Folder:
    """The folder of an ONNX file. What is said to lie in it may be absent: sizes and types are in the file itself."""

    def __init__(self, path: Path):
        self.root = os.path.realpath(path)
        self.files: dict[str, File | None] = {}
        self.absent: dict[str, int] = {}  # locations that there are not, and how many tensors lie there

    def file(self, location: str) -> File | None:
        """The file that is meant, None where there is none; ShapeError for one outside of the folder, or no file.

        Links are followed first: it is where they lead that has to be inside.
        """
        if location not in self.files:
            self.files[location] = self.found(location)
        found = self.files[location]
        if found is None:
            self.absent[location] = self.absent.get(location, 0) + 1
        return found

    def found(self, location: str) -> File | None:
        try:
            path = os.path.realpath(os.path.join(self.root, location))
            inside = bool(location) and os.path.commonpath([self.root, path]) == self.root
        except ValueError:  # a zero in it
            inside = False
        if not inside or os.path.isabs(location):
            raise ShapeError(f"Its data are said to lie in {location!r}, which is not in the folder of the file.")
        try:
            found = os.stat(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ShapeError(f"Its data lie in {location!r}, which cannot be read: {error.strerror}.") from None
        if not stat.S_ISREG(found.st_mode):
            raise ShapeError(f"{location!r} is no regular file.")
        return File(path, found.st_size)


def part(file: File, entries: dict[str, Any], name: str, needed: int) -> bytes:
    """The bytes of a tensor in a file that holds several, of the length that its sizes make; ShapeError for others."""
    location = entries["location"]
    try:
        start, length = (int(entries.get(key) or default) for key, default in (("offset", 0), ("length", needed)))
    except ValueError:
        raise ShapeError(f"The place of {name!r} in {location!r} is no number.") from None
    if length != needed:
        raise ShapeError(f"{name!r} has {length:,} bytes in {location!r}; its sizes make {needed:,}.")
    if start < 0 or start + length > file.size:
        raise ShapeError(f"{location!r} has {file.size:,} bytes; {name!r} would be at {start:,} to {start + length:,}.")
    try:
        with open(file.path, "rb") as opened:
            opened.seek(start)
            found = opened.read(length)
    except OSError as error:
        raise ShapeError(f"{location!r} cannot be read: {error.strerror}.") from None
    if len(found) != length:
        raise ShapeError(f"{location!r} has become shorter than it was.")
    return found
