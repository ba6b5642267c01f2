"""What stands at a place of a tensor in order."""

from typing import Any

from layercalc import ops
from layercalc.dims import Unknown, provably, text
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import axis_of, cast, function
from layercalc.layers.torch.functions.reduction import ordered, sum_
from layercalc.ops import Tensor
from layercalc.ops.base import OPS


@function("kthvalue")
def kthvalue(self: Tensor, k: Any, dim: int = -1, keepdim: bool = False) -> Any:
    """The kth smallest number along an axis, and where it stands."""
    axis = axis_of(dim, self.ndim)
    if provably(k > self.shape[axis]) or provably(k < 1):
        raise ShapeError(f"There is no number {k} along axis {axis} of {text(self.shape)}.", "k")
    found = [ops.take(one, axis=axis, start=k - 1, stop=k) for one in ordered(self, axis, False)]
    kept = (*self.shape[:axis], *self.shape[axis + 1 :])
    return tuple(found) if keepdim else tuple(ops.reshape(one, to=kept) for one in found)


@function("median.dim")
def median_along(self: Tensor, dim: int, keepdim: bool = False) -> Any:
    """The middle number along an axis, the lower of two, and where it stands."""
    n = self.shape[axis_of(dim, self.ndim)]
    if isinstance(n, Unknown):
        raise ShapeError("The median is read along an axis whose size is known.", "dim")
    return kthvalue(self, (n + 1) // 2, dim, keepdim)


@function("median")
def median(self: Tensor) -> Tensor:
    """The middle number of all, the lower of two."""
    return median_along(ops.reshape(self, to=(-1,)), 0)[0]


@function("msort")
def msort(self: Tensor) -> Tensor:
    """In order along the first axis."""
    return ordered(self, 0, False)[0]


@function("quantile", "quantile.scalar")
def quantile(
    self: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, interpolation: str = "linear"
) -> Tensor:
    """The number below which a share of the others lies."""
    x = ops.reshape(self, to=(-1,)) if dim is None else self
    axis = axis_of(0 if dim is None else dim, x.ndim)
    share = q if hasattr(q, "ndim") else ops.known(float(q), str(self.dtype))
    made = OPS["quantile"](x, cast(share, "float64"), axes=(axis,), method=interpolation, keepdims=keepdim)
    if keepdim and dim is None:
        made = ops.reshape(made, to=(*share.shape, *(1,) * self.ndim))
    return cast(made, str(self.dtype))


@function("logcumsumexp")
def logcumsumexp(self: Tensor, dim: int) -> Tensor:
    """Log of the sum of exp(x) so far, less the largest on the way."""
    axis = axis_of(dim, self.ndim)
    top = ops.reduce_max(self, axes=(axis,), keepdims=True)
    return ops.add(OPS["log"](ops.cumsum(OPS["exp"](ops.subtract(self, top)), axis=axis)), top)


@function("nansum")
def nansum(self: Tensor, dim: Any = None, keepdim: bool = False, dtype: str | None = None) -> Tensor:
    """The sum over axes of what is a number."""
    zero = ops.known(0, str(self.dtype))
    return sum_(ops.select(OPS["isnan"](self), zero, self), dim, keepdim, dtype)


@function("searchsorted", "searchsorted.Tensor")
def searchsorted(
    sorted_sequence: Tensor,
    self: Tensor,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where numbers would stand among those in order, row by row."""
    if sorter is not None:
        raise ShapeError("A sequence by a sorter is not read.", "sorter")
    rows, x = sorted_sequence, self
    edges = ops.reshape(rows, to=(*((1,) * x.ndim if rows.ndim == 1 else (*rows.shape[:-1], 1)), rows.shape[-1]))
    x = ops.reshape(x, to=(*x.shape, 1))
    under = ops.less_equal(edges, x) if right or side == "right" else ops.less(edges, x)
    return cast(ops.count_nonzero(under, axes=(under.ndim - 1,)), "int32" if out_int32 else "int64")
