"""How long work takes beside a large matrix product, and how it is cut so that the clock is looked at.

The unit is a FLOP of a large matrix product on one core, which is what a pass is bounded in; `make rates` measures.
"""

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

# One operation of each kind in a loop of NumPy's, on numbers that are in cache; a MAC as in a matrix product.
EACH = {"macs": 2, "adds": 20, "muls": 20, "divs": 40, "compares": 20, "transcendentals": 400}
ELEMENT = 40  # one number read from memory, or written to it
ROW = 2_000  # one more run of a short last axis, where a loop of NumPy cannot be one
MATRIX = 10_000  # one more matrix in a product of stacks of them
SLOW = 50  # what an op is taken for that does not say how slow it is

PIECE = 1 << 16  # elements of one tensor that are worked on at a time


class Cut(NamedTuple):
    """How the leading axes of a tensor are cut: places of the first `axis` ones one by one, then `step` at a time."""

    lead: tuple[int, ...]
    axis: int
    step: int

    @property
    def number(self) -> int:
        """How many pieces there are."""
        return prod(self.lead[: self.axis]) * -(-self.lead[self.axis] // self.step)

    def pieces(self) -> Iterator[tuple[slice, ...]]:
        """The slices of the leading axes that each piece is."""
        for place in ndindex(self.lead[: self.axis]):
            outer = tuple(slice(i, i + 1) for i in place)
            for start in range(0, self.lead[self.axis], self.step):
                yield (*outer, slice(start, min(start + self.step, self.lead[self.axis])))


def cut(lead: Sequence[int], elements: int) -> Cut:
    """Pieces of at most PIECE of the elements, or as small as cutting along the leading axes makes them."""
    each, axis = -(-elements // max(lead[0], 1)), 0
    while each > PIECE and axis + 1 < len(lead):
        axis += 1
        each = -(-each // max(lead[axis], 1))
    return Cut(tuple(lead), axis, max(PIECE // max(each, 1), 1))


def ndindex(shape: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All places of a shape, in order."""
    place = [0] * len(shape)
    for _ in range(prod(shape)):
        yield tuple(place)
        for axis in reversed(range(len(shape))):
            place[axis] += 1
            if place[axis] < shape[axis]:
                break
            place[axis] = 0
