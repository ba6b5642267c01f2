"""Functions that reduce axes, or run along one."""

import math
from typing import Any

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Unknown, provably, text
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import axes_of, axis_of, cast, few, function, number, same, together
from layercalc.ops import FLOATS, Tensor
from layercalc.ops.base import OPS


def summing(x: Tensor, dtype: str | None) -> Tensor:
    """What is added up: integers and truths in 64 bits."""
    if dtype is not None:
        return cast(x, dtype)
    return x if str(x.dtype) in FLOATS else cast(x, "int64")


@function("sum", "sum.dim_IntList")
def sum_(self: Tensor, dim: Any = None, keepdim: bool = False, dtype: str | None = None) -> Tensor:
    """The sum over axes."""
    x = summing(self, dtype)
    return ops.reduce_sum(x, axes=axes_of(dim, x.ndim), keepdims=keepdim) if x.ndim else same(x)


@function("mean", "mean.dim")
def mean(self: Tensor, dim: Any = None, keepdim: bool = False, dtype: str | None = None) -> Tensor:
    """The mean over axes."""
    x = self if dtype is None else cast(self, dtype)
    if str(x.dtype) not in FLOATS:
        raise ShapeError(f"mean takes floats; received {x.dtype}.", "dtype")
    return ops.reduce_mean(x, axes=axes_of(dim, x.ndim), keepdims=keepdim) if x.ndim else same(x)


@function("prod")
def prod_all(self: Tensor, dtype: str | None = None) -> Tensor:
    """The product of all elements."""
    x = summing(self, dtype)
    return ops.reduce_prod(x, axes=tuple(range(x.ndim)))


@function("prod.dim_int")
def prod_along(self: Tensor, dim: int, keepdim: bool = False, dtype: str | None = None) -> Tensor:
    """The product along an axis."""
    x = summing(self, dtype)
    return ops.reduce_prod(x, axes=(axis_of(dim, x.ndim),), keepdims=keepdim)


def extreme(word: str, op: Any, arg: Any) -> None:
    """The largest or smallest element, and where it stands."""

    @function(f"a{word}")
    def over_axes(self: Tensor, dim: Any = (), keepdim: bool = False) -> Tensor:
        return op(self, axes=axes_of(dim, self.ndim), keepdims=keepdim) if self.ndim else same(self)

    @function(word)
    def of_all(self: Tensor) -> Tensor:
        return op(self, axes=tuple(range(self.ndim))) if self.ndim else same(self)

    @function(f"arg{word}")
    def place(self: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
        x = ops.reshape(self, to=(-1,)) if dim is None else self
        axis = axis_of(0 if dim is None else dim, x.ndim)
        found = ops.cast(arg(x, axis=axis), to="int64")
        if not keepdim:
            return found
        if dim is None:
            return ops.reshape(found, to=(1,) * self.ndim)
        return ops.reshape(found, to=(*x.shape[:axis], 1, *x.shape[axis + 1 :]))

    @function(f"{word}.dim")
    def along(self: Tensor, dim: int, keepdim: bool = False) -> Any:
        return over_axes(self, (dim,), keepdim), place(self, dim, keepdim)


extreme("max", ops.reduce_max, ops.argmax)
extreme("min", ops.reduce_min, ops.argmin)


@function("aminmax")
def aminmax(self: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest and the largest element."""
    axes = axes_of(dim, self.ndim)
    return tuple(op(self, axes=axes, keepdims=keepdim) for op in (ops.reduce_min, ops.reduce_max))


def truths(word: str, op: Any) -> None:
    @function(word, f"{word}.dim", f"{word}.dims")
    def call(self: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
        return op(cast(self, "bool"), axes=axes_of(dim, self.ndim), keepdims=keepdim)


truths("any", ops.reduce_any)
truths("all", ops.reduce_all)


@function("count_nonzero", "count_nonzero.dim_IntList")
def count_nonzero(self: Tensor, dim: Any = None) -> Tensor:
    """How many elements are not 0."""
    return cast(ops.count_nonzero(self, axes=axes_of(dim, self.ndim)), "int64")


def deviation(x: Tensor, dim: Any, correction: Any, keepdim: bool) -> tuple[Tensor, Tensor]:
    """The variance over axes, divided by a number of elements less by a correction, and the mean."""
    axes = axes_of(dim, x.ndim)
    middle = ops.reduce_mean(x, axes=axes, keepdims=True)
    squares = OPS["square"](ops.subtract(x, middle))
    count = math.prod(x.shape[axis] for axis in axes)
    less = 1 if correction is None else correction
    if less == 0:
        made = ops.reduce_mean(squares, axes=axes, keepdims=keepdim)
    else:
        divisor = 1.0 if isinstance(count, Unknown) else float(max(count - less, 0))
        made = ops.divide(ops.reduce_sum(squares, axes=axes, keepdims=keepdim), number(divisor, str(x.dtype)))
    return made, middle if keepdim else ops.reshape(middle, to=made.shape)


def spread(word: str, root: bool) -> None:
    """Variances and standard deviations, alone or with the mean."""

    def found(x: Tensor, dim: Any, correction: Any, keepdim: bool) -> tuple[Tensor, Tensor]:
        made, middle = deviation(x, dim, correction, keepdim)
        return OPS["sqrt"](made) if root else made, middle

    @function(word, f"{word}.correction")
    def by_correction(
        self: Tensor, dim: Any = None, correction: Any = None, keepdim: bool = False, unbiased: bool = True
    ) -> Tensor:
        return found(self, dim, correction if unbiased else 0, keepdim)[0]

    @function(f"{word}.dim")
    def by_choice(self: Tensor, dim: Any, unbiased: bool = True, keepdim: bool = False) -> Tensor:
        return found(self, dim, int(unbiased), keepdim)[0]

    @function(f"{word}_mean", f"{word}_mean.correction")
    def with_mean(
        self: Tensor, dim: Any = None, correction: Any = None, keepdim: bool = False, unbiased: bool = True
    ) -> Any:
        return found(self, dim, correction if unbiased else 0, keepdim)

    @function(f"{word}_mean.dim")
    def with_mean_by_choice(self: Tensor, dim: Any, unbiased: bool = True, keepdim: bool = False) -> Any:
        return found(self, dim, int(unbiased), keepdim)


spread("var", False)
spread("std", True)


@function("logsumexp")
def logsumexp(self: Tensor, dim: Any, keepdim: bool = False) -> Tensor:
    """log(Σ exp(x)), less the largest on the way."""
    axes = axes_of(dim, self.ndim)
    top = ops.reduce_max(self, axes=axes, keepdims=True)
    total = OPS["log"](ops.reduce_sum(OPS["exp"](ops.subtract(self, top)), axes=axes, keepdims=keepdim))
    return ops.add(total, top if keepdim else ops.reshape(top, to=total.shape))


@function("cumsum")
def cumsum(self: Tensor, dim: int, dtype: str | None = None) -> Tensor:
    """The sum of all elements so far."""
    return ops.cumsum(summing(self, dtype), axis=axis_of(dim, self.ndim))


@function("cumprod")
def cumprod(self: Tensor, dim: int, dtype: str | None = None) -> Tensor:
    """The product of all elements so far."""
    return ops.cumprod(summing(self, dtype), axis=axis_of(dim, self.ndim))


@function("diff")
def diff(
    self: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """What each element is more than the one before."""
    axis = axis_of(dim, self.ndim)
    parts = [one for one in (prepend, self, append) if one is not None]
    x = ops.concatenate(*together(*parts), axis=axis) if len(parts) > 1 else self
    few(n)
    for _ in range(n):
        long = x.shape[axis]
        later, earlier = (ops.take(x, axis=axis, start=i, stop=long - 1 + i) for i in (1, 0))
        x = ops.not_equal(later, earlier) if str(x.dtype) == "bool" else ops.subtract(later, earlier)
    return x


def ordered(x: Tensor, axis: int, descending: bool) -> tuple[Tensor, Tensor]:
    """Elements in order, and where they stand."""
    n = x.shape[axis]
    order = ops.cast(ops.argsort(ops.flip(x, axis=axis) if descending else x, axis=axis), to="int64")
    if descending:  # from the end, so that of equal numbers the first comes first
        order = ops.subtract(ops.known(np.array(n - 1, object), "int64"), ops.flip(order, axis=axis))
    return ops.gather_along(x, order, axis=axis), order


@function("topk")
def topk(self: Tensor, k: Any, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest or smallest numbers along an axis, and where they stand."""
    axis = axis_of(dim, self.ndim)
    if provably(k > self.shape[axis]) or provably(k < 0):
        raise ShapeError(f"There are no {k} numbers along axis {axis} of {text(self.shape)}.", "k")
    found = ordered(self, axis, largest)
    return tuple(ops.take(one, axis=axis, start=0, stop=k) for one in found)


@function("sort", "sort.stable")
def sort(self: Tensor, dim: int = -1, descending: bool = False, stable: bool | None = None) -> Any:
    """Elements in order, and where they stand."""
    return ordered(self, axis_of(dim, self.ndim), descending)


@function("argsort", "argsort.stable")
def argsort(self: Tensor, dim: int = -1, descending: bool = False, stable: bool | None = None) -> Tensor:
    """Where elements in order stand."""
    return ordered(self, axis_of(dim, self.ndim), descending)[1]
