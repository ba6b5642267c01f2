"""Sizes of axes: Python integers of any size, or an unknown one that absorbs arithmetic.

What asks for the type of a size asks for its `__class__`: a column of integers says there that it is one.
"""

import math
from collections.abc import Iterable
from typing import Any

from layercalc import columns, formulas, recording
from layercalc.columns import Column
from layercalc.formulas import EQUAL, UNEQUAL, Claim, Formula, Guard, Undecided, extreme, guard, presume, settled
from layercalc.recording import Recorded


class Unknown:
    """A dimension nobody has named: what is computed from it is unknown too, and nothing can be proven of it.

    Comparisons answer the unknown itself, which has no truth value: a rule asks `provably(a < b)`.
    """

    __slots__ = ("declared", "origin")

    def __init__(self, origin: str = "an unknown dimension", declared: bool = False):
        self.origin = origin
        self.declared = declared  # as unknown: a count that a document leaves open, which is the size of no axis

    def _absorb(self, *_: Any) -> "Unknown":
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _absorb
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __neg__ = _absorb
    __lt__ = __le__ = __gt__ = __ge__ = _absorb

    def __bool__(self) -> bool:
        raise TypeError("Nothing can be proven of an unknown dimension; ask provably(...).")

    def __repr__(self) -> str:
        return "null"


class Batch(int):
    """The batch size when nobody named it: it counts as one and is shown as null."""

    __slots__ = ()


def with_batch(dim: "Dim") -> bool:
    """Whether a size is the batch's, or made of it, when nobody named it."""
    return isinstance(dim, Batch) or (dim.__class__ is Formula and dim.batched)


def of_batch(n: "Dim", *dims: "Dim") -> "Dim":
    """A size, which is the batch's where it is made of one that nobody named."""
    if not any(map(with_batch, dims)):
        return n
    if type(n) is Column or type(n) is Recorded:
        return n.of(Batch)
    if type(n) is Formula:
        return n.beside_batch()
    return Batch(n) if isinstance(n, int) else n


UNKEYED = frozenset({Column, Recorded})  # the kinds of sizes that are no keys: they would have to be one number
NUMBERS = frozenset({int})  # the kinds of sizes that are plain numbers: neither the batch nor a column
Dim = Any  # int | Formula | Unknown: arithmetic on any gives any
Shape = tuple[Dim, ...]


def provably(claim: object) -> bool:
    """Whether a comparison by which a layer is refused holds whatever the unknown dimensions in it turn out to be.

    One that depends on sizes by name is taken not to hold, which is noted as a guard of what is computed.
    """
    if claim is True or claim is False:
        return claim
    if isinstance(claim, Claim):
        guard(claim.formula)
    return False


def presumably(claim: object) -> bool:
    """The same of one that decides how a layer goes on: of sizes by name it is presumed not to hold."""
    if isinstance(claim, Claim):
        presume(claim.formula)
    return claim is True


def certainly(claim: object) -> bool:
    """The same of what decides nothing but how much is known: nothing is noted of sizes by name."""
    return claim is True


def plain(n: Dim) -> Dim:
    """A size, of a batch that nobody named as the number that it counts as."""
    return int(n) if isinstance(n, int) else n


def hidden(n: Dim) -> Dim:
    """An unknown number in place of what follows from a size by a rule that is no formula."""
    return n if isinstance(n, Unknown) else Unknown(f"the size {n}")


def differ(a: Dim, b: Dim, *others: tuple[Dim, Dim]) -> bool:
    """Whether a layer is refused for two dimensions that are certainly unequal, and so are those of all other pairs.

    Sizes by name that may be equal are taken to be: the first pair of which that may be so.
    """
    if type(a) is type(b) is int and not others:
        return a != b
    found = [apart(*pair) for pair in ((a, b), *others)]
    if False in found:
        return False
    if None not in found:
        return True
    pairs = zip(((a, b), *others), found, strict=True)
    first, *more = [Guard(one - two, EQUAL) for (one, two), known in pairs if known is None]
    guard(first.formula, EQUAL, *more)
    return False


def apart(a: Dim, b: Dim) -> bool | None:
    """Whether two dimensions are certainly unequal; None where that depends on sizes by name."""
    try:
        return bool(a != b) and not isinstance(a, Unknown) and not isinstance(b, Unknown)
    except Undecided:
        equal = settled(a - b)
        return None if equal is None else not equal


def equal(a: Dim, b: Dim) -> bool:
    """Whether two dimensions are not certainly unequal, which decides how a layer goes on.

    Sizes by name that may be equal are presumed to be.
    """
    if (known := apart(a, b)) is None:
        presume(a - b, EQUAL)
    return not known


def unequal(a: Dim, b: Dim) -> bool:
    """Whether two dimensions are certainly unequal; sizes by name that may be are presumed to be."""
    if (known := apart(a, b)) is None:
        presume(a - b, UNEQUAL)
    return known is not False


def least(a: Dim, b: Dim) -> Dim:
    """The smaller of two dimensions, unknown where one is."""
    if type(a) is type(b) is int:
        return b if b < a else a
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return a if isinstance(a, Unknown) else b
    return extremum("min", a, b)


def most(a: Dim, b: Dim) -> Dim:
    """The larger of two dimensions, unknown where one is."""
    if type(a) is type(b) is int:
        return b if b > a else a
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return a if isinstance(a, Unknown) else b
    return extremum("max", a, b)


def extremum(word: str, a: Dim, b: Dim) -> Dim:
    """The larger (max) or smaller (min) of two that are known."""
    if isinstance(a, Formula) or isinstance(b, Formula):
        return extreme(word, a, b)
    if type(a) is Column or type(b) is Column:
        return columns.extreme(word, a, b)
    if type(a) is Recorded or type(b) is Recorded:
        return recording.extreme(word, a, b)
    return max(a, b) if word == "max" else min(a, b)


def largest(sizes: Iterable[Dim]) -> Dim:
    """The largest, 0 of none; an unknown one makes it unknown."""
    found: Dim = 0
    by_name: list[Dim] = []
    sizes = [*sizes]
    if NUMBERS.issuperset(map(type, sizes)):
        return max(sizes, default=0)
    for one in sizes:
        if one.__class__ is Unknown:
            return one
        if one.__class__ is Formula:
            by_name.append(one)
        else:
            found = most(one, found)
    return extreme("max", found, *by_name) if by_name else found


def total(sizes: Iterable[Dim]) -> Dim:
    """The sum."""
    sizes = [*sizes]
    if Formula not in map(type, sizes):
        return sum(sizes, 0)
    rest = sum([one for one in sizes if one.__class__ is not Formula], 0)
    return formulas.total(one for one in sizes if one.__class__ is Formula) + rest


def several(n: Dim) -> bool:
    """Whether a size stands for several numbers: by names, or as a column."""
    return isinstance(n, Formula) or type(n) is Column


def known(dims: Iterable[Dim]) -> bool:
    """Whether every dimension is a number, or computed of sizes that have names."""
    return not any(isinstance(dim, Unknown) for dim in dims)


MOST_TRIED = 10_000  # divisors that are looked for


def divisor(n: int, near: int) -> int | None:
    """The largest divisor of n that is at most `near`; None where it would have to be looked for for long."""
    first = min(n, near)
    return next((d for d in range(first, max(0, first - MOST_TRIED), -1) if n % d == 0), None)


def size(shape: Shape) -> Dim:
    """How many elements a tensor of this shape has."""
    return math.prod(shape)


def shown(shape: Shape) -> list[int | None]:
    """A shape as it goes over the wire: null for what nobody named."""
    return [dim if dim.__class__ is int else None for dim in shape]


def text(shape: Iterable[Dim | None]) -> str:
    """A shape as messages and budgets write it: `[null, 28, 28, 1]`."""
    return "[" + ", ".join("null" if dim is None or isinstance(dim, Batch) else str(dim) for dim in shape) + "]"


def forgotten(shape: Shape) -> Shape:
    """A shape whose sizes by name are unknown."""
    return tuple(Unknown(f"the size {dim}") if isinstance(dim, Formula) else dim for dim in shape)
