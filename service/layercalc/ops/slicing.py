"""How many places there are from one to another, of sizes that may have names."""

from typing import Any

from layercalc.dims import Dim, least, most
from layercalc.formulas import Formula


def by_name(*numbers: Any) -> bool:
    """Whether one of several numbers depends on a size by name."""
    return Formula in map(type, numbers)


def cut(n: Dim, one: slice) -> Dim:
    """How many elements of an axis of n are in a slice, as Python counts them."""
    if not by_name(n, one.start, one.stop):
        return type(n)(len(range(*one.indices(n))))
    step = 1 if one.step is None else one.step
    low, high = (0, n) if step > 0 else (-1, n - 1)
    start = (low if step > 0 else high) if one.start is None else within(one.start, n, low, high)
    stop = (high if step > 0 else low) if one.stop is None else within(one.stop, n, low, high)
    return steps(start, stop, step)


def within(place: Dim, n: Dim, low: Dim, high: Dim) -> Dim:
    """A place, which may be counted from the end of an axis of n, no further than the ends."""
    return most(place + n, low) if place < 0 else least(place, high)


def steps(first: Any, last: Any, step: Any) -> Any:
    """How many numbers there are from one up to another, which is left out."""
    return most(-((first - last) // step), 0)
