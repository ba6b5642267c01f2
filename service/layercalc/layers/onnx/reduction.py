"""Operators that reduce axes, or run along one."""

import math
from collections.abc import Callable
from typing import Any

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Shape, Unknown, provably, text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Ints, Value, axes_of, axis_of, numbers, operator, sizes
from layercalc.layers.onnx.elementwise import one_number
from layercalc.ops import FLOATS, Tensor
from layercalc.ops.base import OPS

Reduction = Callable[[Tensor, Ints, bool], Tensor]


def plain(op: Any, nothing: float | None = None) -> Reduction:
    """A reduction that is an op, in the dtype of its input; `nothing` is what it makes of no elements."""

    def call(x: Tensor, axes: Ints, keepdims: bool) -> Tensor:
        if nothing is not None and any(not isinstance(n := x.shape[axis], Unknown) and n == 0 for axis in axes):
            return ops.full(left(x.shape, axes, keepdims), least(nothing, str(x.dtype)), str(x.dtype))
        return in_dtype(op(x, axes=axes, keepdims=keepdims), x)

    return call


def left(shape: Shape, axes: Ints, keepdims: bool) -> Shape:
    """The sizes that a reduction leaves."""
    return tuple(1 if i in axes else n for i, n in enumerate(shape) if keepdims or i not in axes)


def least(value: float, dtype: str) -> Any:
    """An infinity, or the number of a dtype that comes nearest to it."""
    if dtype in FLOATS or not math.isinf(value):
        return value
    if dtype == "bool":
        return value > 0
    return np.iinfo(dtype).max if value > 0 else np.iinfo(dtype).min


def in_dtype(made: Tensor, x: Tensor) -> Tensor:
    return made if str(made.dtype) == str(x.dtype) else ops.cast(made, to=str(x.dtype))


def of(before: str | None, after: str | None) -> Reduction:
    """A sum of what a function makes of each element, and a function of that."""

    def call(x: Tensor, axes: Ints, keepdims: bool) -> Tensor:
        inner = x if before is None else OPS[before](x)
        made = ops.reduce_sum(inner, axes=axes, keepdims=keepdims)
        return in_dtype(made if after is None else OPS[after](made), x)

    return call


def log_sum_exp(x: Tensor, axes: Ints, keepdims: bool) -> Tensor:
    """log(Σ exp(x)), less the largest on the way."""
    if any(not isinstance(n := x.shape[axis], Unknown) and n == 0 for axis in axes):
        return ops.full(left(x.shape, axes, keepdims), -math.inf, str(x.dtype))
    top = ops.reduce_max(x, axes=axes, keepdims=True)
    top = ops.select(OPS["isfinite"](top), top, ops.known(0, str(x.dtype)))
    total = OPS["log"](ops.reduce_sum(OPS["exp"](ops.subtract(x, top)), axes=axes, keepdims=keepdims))
    return ops.add(total, top if keepdims else ops.reshape(top, to=total.shape))


REDUCTIONS: dict[str, tuple[Reduction, int]] = {
    "ReduceMean": (plain(ops.reduce_mean, math.nan), 18),
    "ReduceSum": (plain(ops.reduce_sum), 13),
    "ReduceMax": (plain(ops.reduce_max, -math.inf), 18),
    "ReduceMin": (plain(ops.reduce_min, math.inf), 18),
    "ReduceProd": (plain(ops.reduce_prod), 18),
    "ReduceL1": (of("absolute", None), 18),
    "ReduceL2": (of("square", "sqrt"), 18),
    "ReduceSumSquare": (of("square", None), 18),
    "ReduceLogSum": (of(None, "log"), 18),
    "ReduceLogSumExp": (log_sum_exp, 18),
}


def reduction(name: str, made: Reduction, since: int) -> None:
    """Register a reduction: its axes are an attribute at first, later an input."""

    def reduced(x: Tensor, axes: Any, keepdims: int) -> Tensor:
        where = tuple(range(x.ndim)) if axes is None else axes_of(axes, x.ndim)
        return made(x, where, bool(keepdims))

    def by_attribute(x: Tensor, *, axes: Ints | None = None, keepdims: int = 1) -> Tensor:
        return reduced(x, axes or None, keepdims)

    def call(x: Tensor, axes: Value = None, *, keepdims: int = 1, noop_with_empty_axes: int = 0) -> Tensor:
        found = None if axes is None else numbers(axes)
        if not found and noop_with_empty_axes:
            return made(x, (), bool(keepdims)) if name not in SAME else ops.reshape(x, to=x.shape)
        return reduced(x, found or None, keepdims)

    operator(1, name)(by_attribute)
    operator(since, name)(call)


SAME = ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd")  # of one element: itself
for _name, (_made, _since) in REDUCTIONS.items():
    reduction(_name, _made, _since)


def places(name: str, op: Any) -> None:
    """ArgMax and ArgMin."""

    def call(x: Tensor, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Tensor:
        place = axis_of(axis, x.ndim)
        found = op(ops.flip(x, axis=place) if select_last_index else x, axis=place)
        found = ops.cast(found, to="int64")
        if select_last_index:
            found = ops.subtract(ops.known(x.shape[place] - 1, "int64"), found)
        return ops.reshape(found, to=(*x.shape[:place], 1, *x.shape[place + 1 :])) if keepdims else found

    operator(1, name)(call)


places("ArgMax", ops.argmax)
places("ArgMin", ops.argmin)


def cumulative(name: str, op: Any, since: int, undone: Any) -> None:
    """CumSum and CumProd."""

    def call(x: Tensor, axis: Value, *, exclusive: int = 0, reverse: int = 0) -> Tensor:
        found = one_number(axis)
        if found is None:
            raise ShapeError("The axis must be known beforehand.", "axis")
        place = axis_of(int(found), x.ndim)
        x = ops.flip(x, axis=place) if reverse else x
        if exclusive:
            first = ops.full((*x.shape[:place], 1, *x.shape[place + 1 :]), undone, str(x.dtype))
            x = ops.concatenate(first, ops.take(x, axis=place, start=0, stop=x.shape[place] - 1), axis=place)
        made = op(x, axis=place)
        return ops.flip(made, axis=place) if reverse else made

    operator(since, name)(call)


cumulative("CumSum", ops.cumsum, 11, 0)
cumulative("CumProd", ops.cumprod, 26, 1)


def top_k(x: Tensor, k: Any, axis: int, largest: int) -> Any:
    """The k largest or smallest numbers along an axis, in order, and where they stand."""
    place = axis_of(axis, x.ndim)
    n = x.shape[place]
    if provably(k > n) or provably(k < 0):
        raise ShapeError(f"There are no {k} numbers along axis {place} of {text(x.shape)}.", "k")
    order = ops.cast(ops.argsort(ops.flip(x, axis=place) if largest else x, axis=place), to="int64")
    if largest:  # from the end, so that of equal numbers the first comes first
        order = ops.subtract(ops.known(np.array(n - 1, object), "int64"), ops.flip(order, axis=place))
    order = ops.take(order, axis=place, start=0, stop=k)
    return ops.gather_along(x, order, axis=place), order


@operator(1, "TopK")
def top_k_by_attribute(x: Tensor, *, k: int, axis: int = -1) -> Any:
    """The k largest."""
    return top_k(x, k, axis, 1)


@operator(10)
def TopK(x: Tensor, k: Value, *, axis: int = -1, largest: int = 1, sorted: int = 1) -> Any:
    """The k largest or smallest."""
    return top_k(x, sizes(k)[0], axis, largest)
