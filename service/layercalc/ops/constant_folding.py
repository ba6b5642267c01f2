"""Tensors whose values are known before any input is: sizes of tensors, and what is computed from them."""

from typing import Any

import numpy as np

from layercalc.dims import Batch, Shape, Unknown
from layercalc.errors import ShapeError
from layercalc.ops.spec import Spec, Tensor

SMALL = 64  # numbers: more are no sizes of a tensor


class Known(Spec):
    """A spec with its values: integers, or unknown ones."""

    values: np.ndarray

    def __new__(cls, shape: Shape, dtype: str, values: np.ndarray) -> "Known":
        made = super().__new__(cls, shape, dtype)
        made.values = values
        return made

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Known) or tuple(self) != tuple(other):
            return False
        return bool(self.values.tolist() == other.values.tolist())

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((tuple(self), *self.values.reshape(-1)))


def objects(values: Any) -> np.ndarray:
    """Integers of any size, and unknown ones, as an array."""
    array = np.empty(np.shape(values), object)
    array[...] = values
    return array


def values_of(x: Tensor) -> Any:
    """The numbers in a tensor, as far as they are known by now: a number or lists of them."""
    if isinstance(x, Known):
        return x.values.tolist()
    if isinstance(x, Spec):
        raise ShapeError("The size of the result depends on the values of a tensor, not on shapes alone.")
    return x.tolist()


def folded(op: Any, inputs: tuple[Spec, ...], attributes: dict[str, Any], result: Spec) -> Spec:
    """The result of an op with its values, where those of all inputs are known; what a batch goes into is one."""
    arrays = [x.values for x in inputs if isinstance(x, Known)]
    if len(arrays) < len(inputs):
        return result
    hidden = Unknown()
    try:
        values = np.asarray(op.run(*arrays, **attributes), object)
        without = [objects([hidden if isinstance(n, Batch) else n for n in one.reshape(-1)]) for one in arrays]
        marks = op.run(*(one.reshape(a.shape) for one, a in zip(without, arrays, strict=True)), **attributes)
    except (TypeError, ValueError, AttributeError, IndexError):
        return result
    flat = [
        Batch(n) if mark is hidden and not isinstance(n, Unknown) else n
        for n, mark in zip(values.reshape(-1), np.asarray(marks, object).reshape(-1), strict=True)
    ]
    return Known(result.shape, result.dtype, objects(flat).reshape(values.shape))
