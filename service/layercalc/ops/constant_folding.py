"""Tensors whose values are known before any input is: sizes of tensors, and what is computed from them."""

from __future__ import annotations

from typing import Any

from layercalc import lazy_numpy as np
from layercalc.dims import Batch, Shape, Unknown, certainly, forgotten, of_batch, size, with_batch
from layercalc.errors import ShapeError
from layercalc.formulas import Formula
from layercalc.ops.spec import HELD, Spec, Tensor

SMALL = 64  # numbers: more are no sizes of a tensor
MOST = 1024  # numbers that are computed of such
MOST_BITS = 1024  # of an integer that is computed with
GROWS = ("power", "left_shift")  # whose results may have as many bits as a number says


class Known(Spec):
    """A spec with its values: integers, floats or truths, or unknown ones."""

    values: np.ndarray

    def __new__(cls, shape: Shape, dtype: str, values: np.ndarray) -> Known:
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


def by_name(x: Any) -> bool:
    """Whether a size of a tensor, or a number in it that is known, depends on a size by name."""
    return x is not None and (
        Formula in map(type, x.shape) or (isinstance(x, Known) and Formula in map(type, x.values.reshape(-1)))
    )


def unnamed(x: Spec) -> Spec:
    """The same with unknown sizes and numbers in place of those."""
    if not by_name(x):
        return x
    if not isinstance(x, Known):
        return Spec(forgotten(x.shape), x.dtype)
    values = objects(list(forgotten(tuple(x.values.reshape(-1))))).reshape(x.values.shape)
    return Known(forgotten(x.shape), x.dtype, values)


def objects(values: Any) -> np.ndarray:
    """Integers of any size, and unknown ones, as an array."""
    if not isinstance(values, np.ndarray) and np.ndim(values) == 1:
        array = np.empty(len(values), object)
        array[:] = values
        return array
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
    known = [x for x in inputs if isinstance(x, Known)]
    if len(known) == len(inputs) and op.decides:
        return decided(op, known, attributes, result)
    if op.unmade or len(known) < len(inputs) or not certainly(size(result.shape) <= MOST) or unwieldy(op, known):
        return result
    find = by_element if op.broadcasts or op.name == "cast" else moved
    try:
        with np.errstate(all="ignore"):
            return Known(result.shape, result.dtype, find(op, known, attributes).reshape(result.shape))
    except (TypeError, ValueError, AttributeError, IndexError, OverflowError):
        return result


def decided(op: Any, inputs: list[Known], attributes: dict[str, Any], result: Spec) -> Spec:
    """The result of an op whose shape depends on values, where all of these are numbers."""
    try:
        values, _ = in_dtypes(op, inputs, attributes)
    except (TypeError, ValueError):
        return result
    return Known(values.shape, result.dtype, values)


def unwieldy(op: Any, inputs: list[Known]) -> bool:
    """Whether numbers are longer than any size, or would be made so: an integer of millions of digits is never done."""
    longest = [max((n.bit_length() for n in x.values.reshape(-1) if isinstance(n, int)), default=0) for x in inputs]
    if max(longest, default=0) > MOST_BITS:
        return True
    times = [abs(n) for x in inputs[1:] for n in x.values.reshape(-1) if isinstance(n, int)]
    return op.name in GROWS and max(longest[0], 1) * max(times, default=0) > MOST_BITS


def moved(op: Any, inputs: list[Known], attributes: dict[str, Any]) -> np.ndarray:
    """What an op makes of elements that it moves, or adds up."""
    arrays, hidden = [x.values for x in inputs], Unknown()
    try:
        values = np.asarray(op.run(*arrays, **attributes), object)
        without = [objects([hidden if with_batch(n) else n for n in one.reshape(-1)]) for one in arrays]
        marks = op.run(*(one.reshape(a.shape) for one, a in zip(without, arrays, strict=True)), **attributes)
    except (TypeError, AttributeError):  # a function that takes no objects
        values, marks = in_dtypes(op, inputs, attributes)
    flat = [
        of_batch(n, Batch(1)) if mark is hidden else n
        for n, mark in zip(values.reshape(-1), np.asarray(marks, object).reshape(-1), strict=True)
    ]
    return objects(flat)


def in_dtypes(op: Any, inputs: list[Known], attributes: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The same in the dtypes of the inputs, which have neither an unknown number nor a batch among them."""
    if any(isinstance(n, Unknown | Batch) for x in inputs for n in x.values.reshape(-1)):
        raise TypeError("An unknown number has no dtype.")
    made = np.asarray(op.run(*(numeric(x.values, x.dtype) for x in inputs), **attributes))
    values = objects(made.tolist()).reshape(made.shape)
    return values, values


def by_element(op: Any, inputs: list[Known], attributes: dict[str, Any]) -> np.ndarray:
    """What an op makes of elements one by one: unknown where one of them is, of the batch where one of them is."""
    arrays = np.broadcast_arrays(*(x.values for x in inputs))
    columns = list(zip(*(array.reshape(-1) for array in arrays), strict=True))
    if op.name == "select":
        return objects([chosen(*column) for column in columns])
    whole = all(x.dtype in ("int32", "int64") for x in inputs)
    try:
        if not whole or op.compares or op.name == "cast":
            raise TypeError("To be computed in their own dtypes.")
        values = np.asarray(op.run(*arrays, **attributes), object).reshape(-1)  # integers of any size
    except (TypeError, AttributeError):
        parts = [numeric(array, x.dtype) for array, x in zip(arrays, inputs, strict=True)]
        values = objects(np.asarray(op.run(*parts, **attributes)).reshape(-1).tolist())
    return objects([marked(op, n, column) for n, column in zip(values, columns, strict=True)])


def numeric(array: np.ndarray, dtype: str) -> np.ndarray:
    """Known numbers in a dtype of NumPy's, 1 for those that are unknown."""
    plain = [1 if isinstance(n, Unknown) else n for n in array.reshape(-1)]
    return np.array(plain, HELD.get(dtype, dtype)).reshape(array.shape)


def chosen(condition: Any, a: Any, b: Any) -> Any:
    """One of two numbers; unknown where the condition is, unless they are the same."""
    if isinstance(condition, Unknown):
        return a if a.__class__ is int and a == b else condition
    return a if condition else b


def marked(op: Any, value: Any, column: tuple[Any, ...]) -> Any:
    """A number made of others, with what is known of them."""
    unknown = next((n for n in column if isinstance(n, Unknown)), None)
    if unknown is not None:
        never = op.name == "equal" and any(not isinstance(n, Unknown) and n < 0 for n in column)
        return False if never else unknown  # no size is below 0
    if op.compares and any(isinstance(n, Batch) for n in column):
        never = op.name == "equal" and any(n < 0 for n in column)
        return value if never or all(isinstance(n, Batch) for n in column) else Unknown("how large the batch is")
    return of_batch(value, *column) if value.__class__ in (int, Formula) else value
