"""What formulas are made of: names, floors, maxima and minima, each with the bounds that are proven of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

Bounds = tuple[int | None, int | None]  # the least and the largest value that are proven; None where there is none


class Name(NamedTuple):
    """A size by its name, and the range that it lies in."""

    text: str
    low: int = 1
    high: int | None = None

    @property
    def bounds(self) -> Bounds:
        return self.low, self.high

    def at(self, sizes: Mapping[str, int]) -> int:
        return sizes[self.text]


class Floor(NamedTuple):
    """⌊numerator / divisor⌋, the divisor a number above 1."""

    numerator: Any  # a formula
    divisor: int

    @property
    def bounds(self) -> Bounds:
        low, high = self.numerator.bounds
        return low if low is None else low // self.divisor, high if high is None else high // self.divisor

    def at(self, sizes: Mapping[str, int]) -> int:
        return self.numerator.at(sizes) // self.divisor


class Extreme(NamedTuple):
    """The largest, or the smallest, of several sizes."""

    word: str  # max or min
    parts: tuple[Any, ...]

    @property
    def bounds(self) -> Bounds:
        lows, highs = zip(*map(bounds, self.parts), strict=True)
        pick = max if self.word == "max" else min
        some: Any = [n for n in lows if n is not None] if self.word == "max" else lows
        low = None if not some or None in some else pick(some)
        others: Any = highs if self.word == "max" else [n for n in highs if n is not None]
        return low, None if not others or None in others else pick(others)

    def at(self, sizes: Mapping[str, int]) -> int:
        return (max if self.word == "max" else min)(at(one, sizes) for one in self.parts)


Atom = Name | Floor | Extreme
Monomial = tuple[tuple[Atom, int], ...]  # atoms with their powers, in a fixed order
Terms = dict[Monomial, int]


def bounds(n: Any) -> Bounds:
    """The bounds of a number or formula."""
    return n.bounds if hasattr(n, "terms") else (n, n)


def at(n: Any, sizes: Mapping[str, int]) -> int:
    """What a number or formula is for these sizes."""
    return n.at(sizes) if hasattr(n, "terms") else int(n)


def names_of(atom: Atom) -> set[Name]:
    """The names in a factor."""
    if isinstance(atom, Name):
        return {atom}
    parts = (atom.numerator,) if isinstance(atom, Floor) else atom.parts
    return {name for part in parts if hasattr(part, "terms") for name in part.names()}


def alone(monomial: Monomial) -> Floor | None:
    """The floor that a monomial is."""
    atom = monomial[0][0] if len(monomial) == 1 and monomial[0][1] == 1 else None
    return atom if isinstance(atom, Floor) else None
