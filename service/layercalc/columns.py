"""Sizes that are columns: an integer for each of many candidates, read as one.

A column says that it is an integer and does an integer's arithmetic, on all candidates at once and exactly: in 64 bits
while bounds prove that they are enough, in Python's own integers past that. Code that is right for integers is right
for columns too: where it would decide something that is so for some candidates only, or asks for the number itself, it
is stopped by `Parted`, and is to be read again on each part.

Arrays of one reading broadcast against one another: one axis for each choice that is made independently.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from layercalc import lazy_numpy as np

ROOM = 1 << 62  # what surely fits into 64 bits
POWERS = tuple(1 << n for n in range(63))


class Parted(BaseException):  # not an Exception: no rule may take it for one of its own
    """A decision that is not one for all candidates: `values` has for each what it would be decided by."""

    def __init__(self, values: np.ndarray):
        super().__init__("The candidates part here.")
        self.values = values


class Column:
    """An integer for each candidate; all lie from `low` to `high`."""

    __slots__ = ("array", "high", "kind", "low", "near")

    def __init__(self, array: np.ndarray, low: int, high: int, near: bool = True, kind: type = int):
        self.array, self.low, self.high = array, low, high
        self.near, self.kind = near, kind  # whether the array is of 64 bits; the kind of integer it is to who asks

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # what `isinstance` goes by, where the type itself says no
        return self.kind

    def of(self, kind: type) -> Column:
        """The same as a kind of integer."""
        return Column(self.array, self.low, self.high, self.near, kind)

    # arithmetic, beside what stands below

    if TYPE_CHECKING:

        def __add__(self, other: Any) -> Any: ...

        __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __add__

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __pow__(self, power: Any, modulus: Any = None) -> Any:
        if type(power) is not int or not 0 <= power < 64 or modulus is not None:
            return pow(self.value(), power, modulus)
        out: Any = 1
        for _ in range(power):
            out = out * self
        return out

    def __rpow__(self, base: Any) -> Any:
        return base ** self.value()

    def __invert__(self) -> Any:
        return -self - 1

    def __neg__(self) -> Any:
        return difference(Number(0), self)

    def __pos__(self) -> Any:
        return self if self.kind is int else self.of(int)

    __round__ = __trunc__ = __floor__ = __ceil__ = __pos__

    def __abs__(self) -> Any:
        return extreme("max", self, -self)

    def bit_length(self) -> Any:
        """How many bits each number has."""
        if not self.near:
            return column(np.frompyfunc(int.bit_length, 1, 1)(self.array))
        return column(np.searchsorted(POWERS, np.abs(self.array), "right"))

    def conjugate(self) -> Any:
        return +self

    numerator = real = property(conjugate)
    denominator = property(lambda _: 1)
    imag = property(lambda _: 0)

    def over(self, n: float) -> Any:
        """Each number by another, in floats."""
        return self.array / n if self.near else self.value() / n

    def is_integer(self) -> bool:
        return True

    def __copy__(self) -> Column:
        return self

    def __deepcopy__(self, memo: Any) -> Column:
        return self

    # decisions

    def __lt__(self, other: Any) -> Any:
        return compared(operator.lt, self, other, True, False)

    def __ge__(self, other: Any) -> Any:
        return compared(operator.ge, self, other, False, True)

    def __gt__(self, other: Any) -> Any:
        return compared(operator.gt, self, other, False, True)

    def __le__(self, other: Any) -> Any:
        return compared(operator.le, self, other, True, False)

    def __eq__(self, other: object) -> Any:
        return compared(operator.eq, self, other, False, False)

    def __ne__(self, other: object) -> Any:
        return compared(operator.ne, self, other, True, True)

    def __bool__(self) -> bool:
        return bool(self != 0)

    def value(self) -> int:
        """The number itself, where all candidates have it in common."""
        first = self.array.flat[0]
        if (self.array == first).all():
            return int(first)
        raise Parted(self.array)

    __int__ = __index__ = value

    def __hash__(self) -> int:
        return hash(self.value())

    def __float__(self) -> float:
        return float(self.value())

    def __complex__(self) -> complex:
        return complex(self.value())

    # in messages: those that are shown are made anew for one candidate

    def __str__(self) -> str:
        return "#"

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return "#"


class Number:
    """A number for all candidates, as the other side of an operation."""

    __slots__ = ("array", "high", "low", "near")

    def __init__(self, n: int):
        self.array = self.low = self.high = n
        self.near = -ROOM < n < ROOM


def operand(other: Any) -> Any:
    """The other side of an operation: a column or a number; None for what is no integer."""
    kind = type(other)
    if kind is Column:
        return other
    if kind is int:
        return Number(other)
    return Number(int(other)) if isinstance(other, int | np.integer) else None


def column(array: np.ndarray) -> Any:
    """The numbers of an array: an int where all are one."""
    low, high = int(array.min()), int(array.max())
    if low == high:
        return low
    near = low > -ROOM and high < ROOM
    return Column(array.astype(np.int64 if near else object, copy=False), low, high, near)


def taken(n: Any, axis: int, places: np.ndarray) -> Any:
    """A number of each candidate with those of other places along an axis."""
    if type(n) is not Column or n.array.shape[axis] == 1:
        return n
    found = column(n.array.take(places, axis))
    return found.of(n.kind) if type(found) is Column else n.kind(found)


class Overfull(BaseException):
    """The columns that were made take more bytes than they may: fewer candidates are to be read at a time."""


class Allocation:
    """The bytes of the columns that are made, and how many they may be."""

    __slots__ = ("bytes", "most")

    def __init__(self, most: int):
        self.bytes, self.most = 0, most

    def add(self, array: np.ndarray, bits: int = 0) -> None:
        """Count an array; `bits` are those of its largest number, where its numbers are Python's own."""
        self.bytes += array.nbytes + OBJECTS + (array.size * (INTEGER + bits // 7) if bits else 0)
        if self.bytes > self.most:
            raise Overfull


INTEGER = 28  # bytes of an integer of Python's own beside its digits, which take one for seven bits
OBJECTS = 250  # bytes of a column and its array beside the numbers
ALLOCATION: ContextVar[Allocation | None] = ContextVar("allocation", default=None)


@contextmanager
def measured(most: int) -> Iterator[Allocation]:
    """Inside, the bytes of all columns that are made add up; Overfull past the most that they may be."""
    token = ALLOCATION.set(found := Allocation(most))
    try:
        yield found
    finally:
        ALLOCATION.reset(token)


def computed(op: Callable[[Any, Any], Any], a: Any, b: Any, low: int, high: int) -> Any:
    """An operation whose results lie between the bounds."""
    if low == high:
        return low
    if low > -ROOM and high < ROOM and a.near and b.near:
        array = op(a.array, b.array)
        if (allocation := ALLOCATION.get()) is not None:
            allocation.add(array)
        return Column(array, low, high)
    array = op(wide(a.array), wide(b.array))
    if (allocation := ALLOCATION.get()) is not None:
        allocation.add(array, max(-low, high).bit_length())
    return column(array)


def wide(array: Any) -> Any:
    """In Python's integers, however large they become."""
    return array.astype(object) if type(array) is np.ndarray and array.dtype != object else array


def total(a: Any, b: Any) -> Any:
    """The sum."""
    return computed(operator.add, a, b, a.low + b.low, a.high + b.high)


def difference(a: Any, b: Any) -> Any:
    """The difference."""
    return computed(operator.sub, a, b, a.low - b.high, a.high - b.low)


def product(a: Any, b: Any) -> Any:
    """The product."""
    if b.low == b.high == 1:
        return +a
    if a.low >= 0 <= b.low:
        return computed(operator.mul, a, b, a.low * b.low, a.high * b.high)
    ends = a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high
    return computed(operator.mul, a, b, min(ends), max(ends))


def divided(a: Any, b: Any) -> Any:
    """⌊a / b⌋."""
    sure(b)
    if b.low == b.high == 1:
        return +a
    if b.low > 0 or b.high < 0:
        ends = a.low // b.low, a.low // b.high, a.high // b.low, a.high // b.high
        low, high = min(ends), max(ends)
    else:
        high = max(abs(a.low), abs(a.high))
        low = -high
    return computed(operator.floordiv, a, b, low, high)


def remainder(a: Any, b: Any) -> Any:
    """What the division leaves, of the divisor's sign, as Python has it."""
    sure(b)
    low, high = min(b.low + 1, 0), max(b.high - 1, 0)
    return computed(operator.mod, a, b, low, high)


def sure(b: Any) -> None:
    """A divisor that is 0 for all candidates is an error, for some parts them."""
    if b.low <= 0 <= b.high and (type(b) is Number or not decided(b.array != 0)):
        raise ZeroDivisionError("integer division or modulo by zero")


def compared(op: Callable[[Any, Any], Any], a: Column, other: Any, below: bool, above: bool) -> Any:
    """A comparison, decided by bounds where all of a lie `below` or `above` the other."""
    if a is other:
        return op(0, 0)
    if isinstance(other, float):
        return decided(op(wide(a.array), other))
    b = operand(other)
    if b is None:
        return NotImplemented
    if a.high < b.low:
        return below
    if a.low > b.high:
        return above
    if (a.high == b.low and op(0, 0) == below) or (a.low == b.high and op(0, 0) == above):
        return op(0, 0)
    return decided(op(a.array, b.array))


def decided(truths: Any) -> bool:
    """What is so for all candidates; Parted where it is so for some."""
    truths = truths.astype(bool, copy=False)
    first = bool(truths.flat[0])
    if truths.all() if first else not truths.any():
        return first
    raise Parted(truths)


def extreme(word: str, a: Any, b: Any) -> Any:
    """The larger (max) or smaller (min) of two numbers, of each candidate."""
    one, two = operand(a), operand(b)
    larger = word == "max"
    if one.low >= two.high:
        return a if larger else b
    if two.low >= one.high:
        return b if larger else a
    pick = max if larger else min
    low, high = pick(one.low, two.low), pick(one.high, two.high)
    return computed(np.maximum if larger else np.minimum, one, two, low, high)


Method = Callable[[Column, Any], Any]


def methods(op: Callable[[Any, Any], Any], exact: Callable[[Any, Any], Any] | None = None) -> tuple[Method, Method]:
    """An operation with the column on its left and on its right: `exact` on integers, else on the number itself."""

    def left(self: Column, other: Any) -> Any:
        if type(other) is Column and exact is not None:
            return exact(self, other)
        if exact is None or isinstance(other, float | complex):
            return op(self.value(), other)
        b = operand(other)
        return NotImplemented if b is None else exact(self, b)

    def right(self: Column, other: Any) -> Any:
        if exact is None or isinstance(other, float | complex):
            return op(other, self.value())
        b = operand(other)
        return NotImplemented if b is None else exact(b, self)

    return left, right


EXACT = {"add": total, "sub": difference, "mul": product, "floordiv": divided, "mod": remainder}
for name in (*EXACT, "truediv", "lshift", "rshift", "and", "or", "xor"):
    made = methods(getattr(operator, f"__{name}__"), EXACT.get(name))
    for method, at in zip(made, (f"__{name}__", f"__r{name}__"), strict=True):
        setattr(Column, at, method)
