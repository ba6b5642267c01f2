"""What formulas are made of: names, floors, maxima and minima, each with the bounds that are proven of it.

There is one object for each: what is equal is the same, so that atoms are told apart by identity alone.
"""

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any, ClassVar
from weakref import WeakValueDictionary

Bounds = tuple[int | None, int | None]  # the least and the largest value that are proven; None where there is none
Monomial = tuple[tuple["Atom", int], ...]  # atoms with their powers, in the order of their texts
Terms = dict[Monomial, int]


class Atom:
    """A factor: a name, a floor, a maximum or a minimum; made by `of` alone."""

    __slots__ = ("__weakref__", "bounds", "text")
    found: ClassVar[WeakValueDictionary[Any, Any]] = WeakValueDictionary()
    lock: ClassVar[Lock] = Lock()

    text: str  # as Python writes it
    bounds: Bounds

    @classmethod
    def same(cls, key: Any, made: Any) -> Any:
        """The atom of that key that there is already, or the one that was made."""
        with cls.lock:
            return cls.found.setdefault((cls, key), made)

    def at(self, sizes: Mapping[str, int]) -> int:
        """The number that it is for these sizes."""
        raise NotImplementedError

    def parts_of(self) -> Iterable[Any]:
        """The numbers and formulas in it."""
        return ()


class Name(Atom):
    """A size by its name, and the range that it lies in."""

    __slots__ = ("high", "low")

    def __init__(self, text: str, low: int, high: int | None):
        self.text, self.low, self.high = text, low, high
        self.bounds = low, high

    @classmethod
    def of(cls, text: str, low: int = 1, high: int | None = None) -> "Name":
        found: Name = cls.same((text, low, high), cls(text, low, high))
        return found

    def at(self, sizes: Mapping[str, int]) -> int:
        return sizes[self.text]


class Floor(Atom):
    """⌊numerator / divisor⌋, the divisor a number above 1."""

    __slots__ = ("divisor", "numerator", "other", "whole")

    numerator: Any  # a formula
    divisor: int
    other: Any  # the floor with which it adds up to the sum of its numerator's terms, each once; None till it is asked
    whole: tuple[Monomial, ...]  # these terms

    @classmethod
    def of(cls, numerator: Any, divisor: int) -> "Floor":
        key = numerator.key, divisor
        found = cls.found.get((cls, key))
        if found is None:
            made = cls()
            made.numerator, made.divisor, made.other = numerator, divisor, None
            low, high = numerator.bounds
            made.bounds = low if low is None else low // divisor, high if high is None else high // divisor
            made.whole = tuple(monomial for monomial in numerator.terms if monomial)
            several = len(numerator.terms) > 1 or any(c != 1 for c in numerator.terms.values())
            made.text = f"({numerator.code})//{divisor}" if several else f"{numerator.code}//{divisor}"
            found = cls.same(key, made)
        return found

    def at(self, sizes: Mapping[str, int]) -> int:
        found: int = self.numerator.at(sizes) // self.divisor
        return found

    def parts_of(self) -> Iterable[Any]:
        return (self.numerator,)


class Extreme(Atom):
    """The largest, or the smallest, of several sizes."""

    __slots__ = ("parts", "word")

    word: str  # max or min
    parts: tuple[Any, ...]

    @classmethod
    def of(cls, word: str, parts: tuple[Any, ...]) -> "Extreme":
        key = word, tuple(part.key if hasattr(part, "terms") else part for part in parts)
        found = cls.found.get((cls, key))
        if found is None:
            made = cls()
            made.word, made.parts, made.bounds = word, parts, between(word, [*map(bounds, parts)])
            texts = (part.code if hasattr(part, "terms") else str(part) for part in parts)
            made.text = f"{word}({', '.join(texts)})"
            found = cls.same(key, made)
        return found

    def at(self, sizes: Mapping[str, int]) -> int:
        return (max if self.word == "max" else min)(at(one, sizes) for one in self.parts)

    def parts_of(self) -> Iterable[Any]:
        return self.parts


def between(word: str, ends: list[Bounds]) -> Bounds:
    """The bounds of the largest, or the smallest, of what has these bounds."""
    lows, highs = ([*one] for one in zip(*ends, strict=True))
    pick = max if word == "max" else min
    some = [n for n in lows if n is not None]
    others = [n for n in highs if n is not None]
    low = pick(some) if some and (word == "max" or len(some) == len(lows)) else None
    return low, pick(others) if others and (word == "min" or len(others) == len(highs)) else None


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
    return {name for part in atom.parts_of() if hasattr(part, "terms") for name in part.names()}


def alone(monomial: Monomial) -> Floor | None:
    """The floor that a monomial is."""
    if len(monomial) == 1:
        atom, power = monomial[0]
        if power == 1 and atom.__class__ is Floor:
            return atom
    return None
