"""Files beside an ONNX file in which its tensors lie: mapped when one is read, and never from outside of its folder."""

import mmap
import os
import stat
from pathlib import Path
from typing import Any

from layercalc.errors import ShapeError


class Folder:
    """The folder of an ONNX file. What is said to lie in it may be absent: sizes and types are in the file itself."""

    def __init__(self, path: Path):
        self.root = os.path.realpath(path)
        self.views: dict[str, memoryview | None] = {}
        self.absent: dict[str, int] = {}  # locations that there are not, and how many tensors lie there

    def view(self, location: str) -> memoryview | None:
        """The bytes of a file, None where there is none; ShapeError for one outside of the folder, or that is no file.

        Links are followed first: it is where they lead that has to be inside.
        """
        if location not in self.views:
            self.views[location] = self.opened(location)
        found = self.views[location]
        if found is None:
            self.absent[location] = self.absent.get(location, 0) + 1
        return found

    def opened(self, location: str) -> memoryview | None:
        try:
            path = os.path.realpath(os.path.join(self.root, location))
            inside = bool(location) and os.path.commonpath([self.root, path]) == self.root
        except ValueError:  # a zero in it
            inside = False
        if not inside or os.path.isabs(location):
            raise ShapeError(f"Its data are said to lie in {location!r}, which is not in the folder of the file.")
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ShapeError(f"Its data lie in {location!r}, which cannot be read: {error.strerror}.") from None
        try:
            return mapped(handle, location)
        finally:
            os.close(handle)


def mapped(handle: int, name: str) -> memoryview:
    """A whole file as a memory map; ShapeError for what is no regular file."""
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        raise ShapeError(f"{name!r} is no regular file.")
    return memoryview(mmap.mmap(handle, 0, access=mmap.ACCESS_READ) if found.st_size else b"")


def part(view: memoryview, entries: dict[str, Any], name: str, needed: int) -> memoryview:
    """The bytes of a tensor in a file that holds several, of the length that its sizes make; ShapeError for others."""
    location = entries["location"]
    try:
        start, length = (int(entries.get(key) or default) for key, default in (("offset", 0), ("length", needed)))
    except ValueError:
        raise ShapeError(f"The place of {name!r} in {location!r} is no number.") from None
    if length != needed:
        raise ShapeError(f"{name!r} has {length:,} bytes in {location!r}; its sizes make {needed:,}.")
    if start < 0 or start + length > len(view):
        raise ShapeError(f"{location!r} has {len(view):,} bytes; {name!r} would be at {start:,} to {start + length:,}.")
    return view[start : start + length]
