"""Tensors that a file holds, and weights that are filled with them."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import NamedTuple

from layercalc import lazy_numpy as np
from layercalc.errors import ShapeError
from layercalc.layers.initializers import FLOPS, Initializer, Uniform


class Array(NamedTuple):
    """A tensor that a file holds: its values are read when they are asked for, or are not there (None)."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    read: Callable[[], np.ndarray] | None

    @property
    def values(self) -> np.ndarray:
        if self.read is None:
            raise ShapeError(
                f"The values of {self.name!r} are not in the file, and the size of a tensor depends on them."
            )
        return self.read()


class Stored(Initializer):
    """The values that the file has."""

    stored = True

    def __init__(self, array: Array):
        self.array = array

    def fill(self, out: np.ndarray, generator: np.random.Generator) -> None:
        out[...] = self.array.values

    def demand(self, shape: tuple[int, ...]) -> tuple[int, int]:
        return FLOPS["fill"] * prod(shape), 0


def filling(array: Array) -> Initializer:
    """How a weight is filled that is not given: by the file, else if of several axes as LeCun would, others about 1."""
    if array.read is not None:
        return Stored(array)
    if len(array.shape) < 2:
        return Uniform(0.5, 1.5)
    fan = max(float(prod(array.shape[1:])), 1.0)
    return Uniform(-float((3 / fan) ** 0.5), float((3 / fan) ** 0.5))
