"""The levels that rows stand in, as torchinfo shows them: calls of modules, and modules that are never called."""

from collections.abc import Sequence
from itertools import accumulate

from layercalc.model import Container
from layercalc.readers.torch.frames import Row

DEEPEST = 64  # levels; rows further inside stand in the last of them


class Nesting:
    """Levels of rows one after another; those that a row shares with the row before are the same objects."""

    def __init__(self) -> None:
        self.before: Sequence[Container] = ()

    def of(self, row: Row) -> tuple[Container, ...]:
        """The levels around a row, the outermost first."""
        found: list[Container] = []
        path = ""
        for frame in row.within:
            self.between(found, path, frame.path)
            found.append(frame.container)
            path = frame.path
        self.between(found, path, row.name)
        self.before = tuple(found[:DEEPEST])
        return self.before

    def between(self, found: list[Container], outer: str, inner: str) -> None:
        """Add the modules between two paths: a ModuleList, whose class no program says, or one that lends its parts."""
        if outer and not inner.startswith(f"{outer}."):
            return  # a module that is known by its first name, which is elsewhere
        names = inner.split(".", DEEPEST)
        for path in list(accumulate(names[:-1], "{}.{}".format))[outer.count(".") + 1 if outer else 0 :]:
            at = len(found)
            known = self.before[at] if at < len(self.before) and self.before[:at] == tuple(found) else None
            same = known is not None and known.path == path and known.type is None
            found.append(known if same and known is not None else Container(path, None))
