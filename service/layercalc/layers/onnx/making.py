"""Operators that make tensors: constants, sizes, ranges."""

import math
from typing import Any

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Batch, Unknown, known, of_batch, size, text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Ints, Numbers, Value, numbers, operator, sizes
from layercalc.layers.onnx.dtypes import dtype_of
from layercalc.layers.stored import Array
from layercalc.ops import Tensor
from layercalc.ops.slicing import by_name, steps


@operator(1)
def Constant(
    *,
    value: Array | None = None,
    sparse_value: Array | None = None,
    value_float: float | None = None,
    value_floats: Numbers | None = None,
    value_int: int | None = None,
    value_ints: Ints | None = None,
) -> Tensor:
    """A tensor of the file."""
    value = sparse_value if value is None else value
    given = [one for one in (value, value_float, value_floats, value_int, value_ints) if one is not None]
    if len(given) != 1:
        raise ShapeError(f"A Constant has one value of numbers; received {len(given)}.")
    if value is None:
        return ops.known(given[0], "int64" if value_int is not None or value_ints is not None else "float32")
    if value.read is None:
        return ops.full(value.shape, 0, value.dtype)
    return ops.known(value.values, value.dtype)


@operator(1)
def Shape(x: Tensor, *, start: int = 0, end: int | None = None) -> Tensor:
    """The sizes of a tensor, or some of them."""
    sizes = ops.shape_of(x, "int64")
    if start == 0 and end is None:
        return sizes
    first, last, _ = slice(start, end).indices(x.ndim)
    return ops.take(sizes, axis=0, start=first, stop=max(first, last))


@operator(1)
def Size(x: Tensor) -> Tensor:
    """How many elements a tensor has."""
    return (
        ops.known(np.array(size(x.shape), object), "int64")
        if not known(x.shape)
        else ops.reduce_prod(ops.shape_of(x, "int64"), axes=(0,))
    )


@operator(9)
def ConstantOfShape(shape: Value, *, value: Array | None = None) -> Tensor:
    """A tensor of one number, 0 unless another is given."""
    number = 0 if value is None else value.values.reshape(-1)[0].item()
    return ops.full(tuple(sizes(shape)), number, "float32" if value is None else value.dtype)


@operator(11)
def Range(start: Value, limit: Value, delta: Value, *, stash_type: int = 1) -> Tensor:
    """Numbers from one up to another."""
    first, last, step = (sizes(one)[0] for one in (start, limit, delta))
    dtype = str(start.dtype)
    unknown = next((n for n in (first, last, step) if isinstance(n, Unknown)), None)
    if unknown is not None:
        return ops.full((unknown,), 0, dtype)
    if step == 0:
        raise ShapeError("A range whose step is 0 does not end.", "delta")
    if by_name(first, last, step):
        return ops.full((steps(first, last, step),), 0, dtype)
    count = of_batch(max(math.ceil((last - first) / step), 0), first, last, step)
    if count > LONGEST or isinstance(count, Batch):
        return ops.full((count,), 0, dtype)
    return ops.known(first + np.arange(count) * step, dtype)


LONGEST = 1 << 24  # numbers that are made


@operator(9)
def EyeLike(x: Tensor, *, dtype: int | None = None, k: int = 0) -> Tensor:
    """1 on a diagonal, 0 elsewhere, in the shape of a matrix."""
    if x.ndim != 2:
        raise ShapeError(f"EyeLike takes a matrix, received {x.ndim} axes.")
    rows, columns = x.shape
    to = str(x.dtype) if dtype is None else dtype_of(dtype)
    below, under = ops.triangle(rows, columns, k), ops.triangle(rows, columns, k - 1)
    return ops.cast(ops.logical_and(below, ops.logical_not(under)), to=to)


@operator(9)
def OneHot(indices: Tensor, depth: Value, values: Value, *, axis: int = -1) -> Tensor:
    """An axis of numbers for each index: the second of two values at its place, the first elsewhere."""
    count = sizes(depth)[0]
    count = count if isinstance(count, Unknown) else int(count)
    at = indices if str(indices.dtype).startswith(("int", "uint")) else ops.cast(indices, to="int64")
    zero, n = ops.known(0, str(at.dtype)), ops.known(np.array(count, object), str(at.dtype))
    wrapped = ops.select(ops.less(at, zero), ops.add(at, n), at)
    hot = ops.one_hot(wrapped, n=count, axis=axis, to="bool")
    off, on = (ops.take(values, axis=0, start=i, stop=i + 1) for i in (0, 1))
    return ops.select(hot, on, off)


@operator(14)
def Trilu(x: Tensor, k: Value = None, *, upper: int = 1) -> Tensor:
    """The triangle of matrices above or below a diagonal, 0 elsewhere."""
    if x.ndim < 2:
        raise ShapeError(f"Trilu takes matrices; received {text(x.shape)}.")
    offset = 0 if k is None else int(numbers(k)[0])
    rows, columns = x.shape[-2:]
    keep: Any = ops.triangle(rows, columns, offset - 1 if upper else offset)
    return ops.select(ops.logical_not(keep) if upper else keep, x, ops.known(0, str(x.dtype)))
