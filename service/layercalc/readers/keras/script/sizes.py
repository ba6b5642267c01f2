"""The shape of a tensor as a text has it."""

from collections.abc import Callable

from layercalc.readers.script import Foreign


class ShapeObject(Foreign):
    """`x.shape`; `read` is told the axis of each size that the text looks at, and None where it asks how many."""

    def __init__(self, sizes: tuple[int | None, ...], read: Callable[[int | None], None] | None = None):
        self.known, self.read = sizes, read

    @property
    def sizes(self) -> tuple[int | None, ...]:
        """All of them."""
        return tuple([self.size(axis) for axis in range(self.rank)])

    @property
    def rank(self) -> int:
        """How many there are."""
        if self.read is not None:
            self.read(None)
        return len(self.known)

    def size(self, axis: int) -> int | None:
        if self.read is not None:
            self.read(axis)
        return self.known[axis]

    def __repr__(self) -> str:
        return str(self.sizes)
