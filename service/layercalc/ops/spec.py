"""A tensor without its values."""

from math import prod
from typing import Any, NamedTuple

from layercalc.dims import Dim, Shape

WIDTH = {
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "int32": 4,
    "uint32": 4,
    "int64": 8,
    "uint64": 8,
    "float16": 2,
    "bfloat16": 2,
    "float32": 4,
    "float64": 8,
}


class Spec(NamedTuple):
    """A tensor without its values."""

    shape: Shape
    dtype: str = "float32"

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def bytes(self) -> Dim:
        return prod(self[0]) * WIDTH[self[1]]


Tensor = Any  # a Spec or an ndarray: which of the two, the reading in force knows
