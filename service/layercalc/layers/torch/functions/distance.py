"""Norms of matrices, and distances between vectors."""

from typing import Any

from layercalc import ops
from layercalc.dims import differ, text
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import axes_of, cast, function, together
from layercalc.layers.torch.functions.elementwise import multiply, subtract
from layercalc.layers.torch.functions.linear import of_rank, tensordot
from layercalc.layers.torch.functions.normalization import norm_of
from layercalc.ops import Tensor
from layercalc.ops.base import OPS
from layercalc.ops.elementwise import broadcast


@function("cdist", "_cdist_forward", "_euclidean_dist")
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: int | None = None) -> Tensor:
    """The norm of every row of one less every row of another: (..., rows, rows)."""
    if x1.ndim < 2 or x2.ndim < 2 or differ(x1.shape[-1], x2.shape[-1]):
        raise ShapeError(f"Rows of {text(x1.shape)} and {text(x2.shape)} are of other sizes.", "x2")
    a, b = together(x1, x2)
    a = ops.reshape(a, to=(*a.shape[:-1], 1, a.shape[-1]))
    b = ops.reshape(b, to=(*b.shape[:-2], 1, *b.shape[-2:]))
    apart = ops.subtract(a, b)
    return norm_of(apart, p, (apart.ndim - 1,), False)


@function("dist")
def dist(self: Tensor, other: Tensor, p: Any = 2) -> Tensor:
    """The norm of what one tensor is more than another."""
    apart = subtract(self, other)
    return norm_of(apart, p, tuple(range(apart.ndim)), False)


@function("linalg_norm")
def linalg_norm(
    self: Tensor, ord: Any = None, dim: Any = None, keepdim: bool = False, dtype: str | None = None
) -> Tensor:
    """The norm of vectors, or of matrices where two axes are named or `ord` is given for two."""
    x = self if dtype is None else cast(self, dtype)
    two = (x.ndim if dim is None else 1 if isinstance(dim, int) else len(dim)) == 2
    if ord is not None and two:
        return linalg_matrix_norm(x, ord, axes_of(dim, x.ndim), keepdim)
    return norm_of(x, 2 if ord is None else ord, axes_of(dim, x.ndim), keepdim)


@function("linalg_matrix_norm")
def linalg_matrix_norm(
    self: Tensor, ord: Any, dim: Any = (-2, -1), keepdim: bool = False, dtype: str | None = None
) -> Tensor:
    """The largest sum of a column (1) or a row (∞)."""
    x = self if dtype is None else cast(self, dtype)
    rows, columns = axes_of(dim, x.ndim)
    if abs(ord) not in (1, float("inf")):
        raise ShapeError(f"A norm of matrices with ord = {ord} is not read; 1, -1, inf and -inf are.", "ord")
    along, over = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = ops.reduce_sum(OPS["absolute"](x), axes=(along,), keepdims=True)
    made = (ops.reduce_max if ord > 0 else ops.reduce_min)(sums, axes=(over,), keepdims=True)
    kept = tuple(n for axis, n in enumerate(made.shape) if axis not in (rows, columns))
    return made if keepdim else ops.reshape(made, to=kept)


@function("linalg_matrix_norm.str_ord", "frobenius_norm", "frobenius_norm.dim")
def frobenius_norm(
    self: Tensor, ord: str = "fro", dim: Any = (-2, -1), keepdim: bool = False, dtype: str | None = None
) -> Tensor:
    """The square root of the sum of the squares of a matrix."""
    if ord != "fro":
        raise ShapeError(f"A norm of matrices with ord = {ord!r} is not read.", "ord")
    x = self if dtype is None else cast(self, dtype)
    return norm_of(x, 2, axes_of(dim, x.ndim), keepdim)


@function("linalg_norm.ord_str")
def norm_by_name(self: Tensor, ord: str, dim: Any = None, keepdim: bool = False, dtype: str | None = None) -> Tensor:
    """The same as torch.linalg.norm writes it."""
    return frobenius_norm(self, ord, (-2, -1) if dim is None else dim, keepdim, dtype)


@function("linalg_vecdot")
def linalg_vecdot(x: Tensor, y: Tensor, dim: int = -1) -> Tensor:
    """The sum of products along an axis."""
    made = ops.multiply(*together(x, y))
    return ops.reduce_sum(made, axes=axes_of(dim, made.ndim), keepdims=False)


@function("inner")
def inner(self: Tensor, other: Tensor) -> Tensor:
    """Every vector of one by every vector of another, those of their last axes."""
    if not self.ndim or not other.ndim:
        return multiply(self, other)
    return tensordot(self, other, (self.ndim - 1,), (other.ndim - 1,))


@function("kron")
def kron(self: Tensor, other: Tensor) -> Tensor:
    """A copy of one tensor for each element of another, times that."""
    a, b = together(self, other)
    rank = max(a.ndim, b.ndim)
    wide = [(*(1,) * (rank - one.ndim), *one.shape) for one in (a, b)]
    to = tuple(n * m for n, m in zip(*wide, strict=True))
    first = ops.reshape(a, to=tuple(n for size in wide[0] for n in (size, 1)))
    second = ops.reshape(b, to=tuple(n for size in wide[1] for n in (1, size)))
    return ops.reshape(ops.multiply(first, second), to=to)


@function("trace")
def trace(self: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix."""
    of_rank(2, "trace", self)
    line = ops.diagonal(self, offset=0, axes=(0, 1))
    return ops.reduce_sum(line, axes=(0,), keepdims=False)


@function("linalg_cross")
def linalg_cross(self: Tensor, other: Tensor, dim: int = -1) -> Tensor:
    """The cross product of vectors of three."""
    return cross(self, other, dim)


@function("cross")
def cross(self: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The same, along the first axis of size 3 where none is named."""
    a, b = (ops.broadcast_to(one, to=broadcast(self.shape, other.shape)) for one in together(self, other))
    places = [axis for axis, n in enumerate(a.shape) if n == 3] if dim is None else list(axes_of(dim, a.ndim))
    if not places or differ(a.shape[places[0]], 3):
        raise ShapeError(f"A cross product is of vectors of 3; received {text(self.shape)}.", "dim")
    axis = places[0]
    turned = [ops.roll(one, axis=axis, shift=shift) for shift in (-1, -2) for one in (a, b)]
    return ops.subtract(ops.multiply(turned[0], turned[3]), ops.multiply(turned[2], turned[1]))
