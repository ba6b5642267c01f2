"""Arrays of nested lists of numbers: of others NumPy would make texts as wide as the longest, or objects."""

from __future__ import annotations

from itertools import chain
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np

LISTS = {list, tuple}
NUMBERS = {int, float, bool}
NEVER = (str, bytes, bytearray, dict, type(None))


class RaggedError(ValueError):
    """The rows of a nested list differ in length, or some of its items are rows and others none."""


def array_of(value: Any) -> np.ndarray:
    """The array of a number or of nested lists of them, in NumPy's dtype for it; ValueError or OverflowError else.

    Every item's type is looked at before anything is made of it. What is empty is of float64; what is an array already
    stays as it is, whatever it holds.
    """
    if type(value) not in LISTS:
        if isinstance(value, NEVER):
            raise ValueError("no number")
        return plain(np.asarray(value)) if type(value) in NUMBERS else np.asarray(value)
    shape, items = [len(value)], value
    while True:
        deadline.check()
        kinds = set(map(type, items))
        if kinds <= NUMBERS:
            return plain(np.array(items)).reshape(shape)
        if not kinds <= LISTS:
            if kinds & LISTS and kinds & NUMBERS:
                raise RaggedError
            if any(issubclass(kind, NEVER) for kind in kinds):
                raise ValueError("no numbers")
            return plain(np.array(value))  # of NumPy's own, which only Python can give
        if len(set(map(len, items))) > 1:
            raise RaggedError
        shape.append(len(items[0]))
        items = list(chain.from_iterable(items))


def plain(array: np.ndarray) -> np.ndarray:
    """The array, if NumPy has a number for each of its items."""
    if array.dtype.kind not in "biuf":
        raise ValueError("numbers past 64 bits")
    return array
