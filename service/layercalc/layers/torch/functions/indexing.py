"""Elements looked up, or put into places."""

from typing import Any

from layercalc import ops
from layercalc.dims import Unknown, plain, text
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import axis_of, cast, function, is_tensor
from layercalc.layers.torch.functions.elementwise import multiply
from layercalc.layers.torch.functions.shaping import marked
from layercalc.ops import Tensor
from layercalc.ops.elementwise import broadcast


@function("embedding")
def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """A row of the table for each index."""
    return ops.gather(weight, indices, axis=0)


@function("index_select")
def index_select(self: Tensor, dim: int, index: Tensor) -> Tensor:
    """Slices of an axis, by index."""
    return ops.gather(self, index, axis=axis_of(dim, self.ndim), wrap=True)


@function("take")
def take(self: Tensor, index: Tensor) -> Tensor:
    """Elements by their number among all."""
    return ops.gather(ops.reshape(self, to=(-1,)), index, axis=0, wrap=True)


@function("gather")
def gather(self: Tensor, dim: int, index: Tensor, sparse_grad: bool = False) -> Tensor:
    """Elements along an axis, an index for each."""
    place, x = axis_of(dim, self.ndim), self
    if index.ndim != self.ndim:
        raise ShapeError(f"The index {text(index.shape)} must have as many axes as {text(self.shape)}.", "index")
    for axis in range(self.ndim):
        if axis != place and x.shape[axis] is not index.shape[axis] and x.shape[axis] != index.shape[axis]:
            x = ops.take(x, axis=axis, start=0, stop=index.shape[axis])
    return ops.gather_along(x, index, axis=place)


def from_front(index: Tensor, n: Any) -> Tensor:
    """Indices of which those below 0 count from the end of an axis."""
    dtype = str(index.dtype)
    if isinstance(n, Unknown):
        return index
    return ops.select(ops.less(index, ops.known(0, dtype)), ops.add(index, ops.known(plain(n), dtype)), index)


@function("index", "index.Tensor", "_unsafe_index.Tensor", "_unsafe_index")
def index(self: Tensor, indices: Any) -> Tensor:
    """NumPy's advanced indexing: tensors of integers, one for each of some axes, that broadcast together."""
    given = [(axis, one) for axis, one in enumerate(indices) if one is not None]
    if any(str(one.dtype) in ("bool", "uint8") for _, one in given):
        raise ShapeError("How many elements a mask of truths picks depends on its values, and is not read.", "indices")
    if not given:
        return ops.reshape(self, to=self.shape)
    axes = [axis for axis, _ in given]
    if len(given) == 1:
        return ops.gather(self, given[0][1], axis=axes[0], wrap=True)
    adjacent = axes == list(range(axes[0], axes[-1] + 1))
    others = [axis for axis in range(self.ndim) if axis not in axes]
    x = ops.transpose(self, axes=(*axes, *others)) if axes != list(range(len(axes))) else self
    rest = x.shape[len(axes) :]
    flat = ops.reshape(x, to=(size_of(x.shape[: len(axes)]), *rest))
    places = numbered([one for _, one in given], x.shape)
    found = ops.gather(flat, places, axis=0)
    if not adjacent or axes[0] == 0:
        return found
    count, before = places.ndim, axes[0]
    order = (*range(count, count + before), *range(count), *range(count + before, found.ndim))
    return ops.transpose(found, axes=order)


def size_of(shape: Any) -> Any:
    total: Any = 1
    for n in shape:
        total = total * n
    return marked(total, shape)


def numbered(indices: list[Tensor], sizes: Any) -> Tensor:
    """Indices of several axes as numbers among all of their elements."""
    total: Any = None
    for one, n in zip(indices, sizes, strict=False):
        part = from_front(cast(one, "int64"), n)
        size = ops.known(1 if isinstance(n, Unknown) else n, "int64")
        total = part if total is None else ops.add(ops.multiply(total, size), part)
    return total


def placed(self: Tensor, indices: list[Tensor], axes: list[int]) -> Tensor:
    """Indices of the first axes as places for a scatter, (…, axes)."""
    shape = indices[0].shape
    for one in indices[1:]:
        shape = broadcast(shape, one.shape)
    columns = [
        ops.reshape(ops.broadcast_to(from_front(cast(one, "int64"), self.shape[axis]), to=shape), to=(*shape, 1))
        for axis, one in zip(axes, indices, strict=True)
    ]
    return columns[0] if len(columns) == 1 else ops.concatenate(*columns, axis=len(shape))


@function("index_put", "_unsafe_index_put")
def index_put(self: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """The tensor with elements at places of its first axes replaced, or added to."""
    given = [one for one in indices if one is not None]
    if any(str(one.dtype) in ("bool", "uint8") for one in given):
        if len(given) == 1 and not accumulate and values.ndim == 0 and given[0].ndim == self.ndim:
            return ops.select(given[0], cast(values, str(self.dtype)), self)
        raise ShapeError("index_put by a mask of truths is not read.", "indices")
    if any(one is None for one in indices[: len(given)]) or len(given) > self.ndim:
        return put_behind(self, indices, values, accumulate)
    places = placed(self, given, list(range(len(given))))
    wanted = (*places.shape[:-1], *self.shape[len(given) :])
    updates = ops.broadcast_to(cast(values, str(self.dtype)), to=wanted)
    return ops.scatter(self, places, updates, kind="add" if accumulate else None)


def put_behind(self: Tensor, indices: Any, values: Tensor, accumulate: bool) -> Tensor:
    """index_put by axes that stand side by side behind others: with those in front on the way."""
    axes = [axis for axis, one in enumerate(indices) if one is not None]
    if axes != list(range(axes[0], axes[0] + len(axes))) or axes[-1] >= self.ndim:
        raise ShapeError("index_put is read for axes that stand side by side.", "indices")
    first, count = axes[0], len(axes)
    others = [axis for axis in range(self.ndim) if axis not in axes]
    order = (*axes, *others)
    shape: Any = ()
    for axis in axes:
        shape = broadcast(shape, indices[axis].shape)
    wanted = (*self.shape[:first], *shape, *self.shape[axes[-1] + 1 :])
    updates, rank = ops.broadcast_to(cast(values, str(self.dtype)), to=wanted), len(shape)
    turned = (*range(first, first + rank), *range(first), *range(first + rank, len(wanted)))
    given = [indices[axis] for axis in axes]
    made = index_put(ops.transpose(self, axes=order), given, ops.transpose(updates, axes=turned), accumulate)
    back = (*range(count, count + first), *range(count), *range(count + first, self.ndim))
    return ops.transpose(made, axes=back)


def along(self: Tensor, dim: int, index: Tensor) -> list[Any]:
    """The indices of slices of an axis, as index_put takes them."""
    return [None] * axis_of(dim, self.ndim) + [ops.reshape(index, to=(-1,)) if index.ndim == 0 else index]


@function("index_add")
def index_add(self: Tensor, dim: int, index: Tensor, source: Tensor, alpha: Any = 1) -> Tensor:
    """Slices added to those of an axis, an index for each."""
    return index_put(self, along(self, dim, index), source if alpha == 1 else multiply(source, alpha), True)


@function("index_copy")
def index_copy(self: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """Slices in place of those of an axis, an index for each."""
    return index_put(self, along(self, dim, index), source, False)


@function("index_fill", "index_fill.int_Scalar", "index_fill.int_Tensor")
def index_fill(self: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """One number in slices of an axis."""
    return index_put(self, along(self, dim, index), cast(value, str(self.dtype)), False)


@function("take_along_dim")
def take_along_dim(self: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """Elements along an axis, an index for each; the other axes broadcast."""
    if dim is None:
        return gather(ops.reshape(self, to=(-1,)), 0, ops.reshape(indices, to=(-1,)))
    axis = axis_of(dim, self.ndim)
    kept = [broadcast((n,), (m,))[0] for n, m in zip(self.shape, indices.shape, strict=True)]
    x = ops.broadcast_to(self, to=(*kept[:axis], self.shape[axis], *kept[axis + 1 :]))
    places = ops.broadcast_to(indices, to=(*kept[:axis], indices.shape[axis], *kept[axis + 1 :]))
    return gather(x, axis, places)


KINDS = {"sum": "add", "prod": "mul", "amax": "max", "amin": "min", "add": "add", "multiply": "mul"}


def scattered(self: Tensor, dim: int, index: Tensor, src: Any, kind: str | None) -> Tensor:
    """Elements put into places along an axis, an index for each."""
    place = axis_of(dim, self.ndim)
    if index.ndim != self.ndim:
        raise ShapeError(f"The index {text(index.shape)} must have as many axes as {text(self.shape)}.", "index")
    values = cast(src, str(self.dtype))
    if is_tensor(src) and src.ndim:
        for axis in range(self.ndim):
            if values.shape[axis] != index.shape[axis]:
                values = ops.take(values, axis=axis, start=0, stop=index.shape[axis])
    else:
        values = ops.broadcast_to(values, to=index.shape)
    columns = []
    for axis, n in enumerate(index.shape):
        column: Any = cast(index, "int64")
        if axis != place:
            if isinstance(n, Unknown):
                raise ShapeError("The sizes of the index must be known.", "index")
            line = ops.known(list(range(n)), "int64")
            column = ops.broadcast_to(ops.reshape(line, to=(n, *(1,) * (self.ndim - axis - 1))), to=index.shape)
        columns.append(ops.reshape(column, to=(*index.shape, 1)))
    places = columns[0] if len(columns) == 1 else ops.concatenate(*columns, axis=self.ndim)
    return ops.scatter(self, places, values, kind=kind)


@function("scatter.src", "scatter")
def scatter(self: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Elements put into places along an axis."""
    return scattered(self, dim, index, src, None)


@function("scatter.value")
def scatter_value(self: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """One number put into places along an axis."""
    return scattered(self, dim, index, value, None)


@function("scatter.reduce")
def scatter_by(self: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str) -> Tensor:
    """Elements added to places along an axis, or multiplied with what is there."""
    return scattered(self, dim, index, src, KINDS[reduce])


@function("scatter.value_reduce")
def scatter_value_by(self: Tensor, dim: int, index: Tensor, value: Any, reduce: str) -> Tensor:
    """One number added to places along an axis, or multiplied with what is there."""
    return scattered(self, dim, index, value, KINDS[reduce])


@function("scatter_add")
def scatter_add(self: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Elements added to places along an axis."""
    return scattered(self, dim, index, src, "add")


@function("scatter_reduce.two", "scatter_reduce")
def scatter_reduce(
    self: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, include_self: bool = True
) -> Tensor:
    """Elements joined with those in places along an axis."""
    if reduce not in KINDS or not include_self:
        raise ShapeError(f"scatter_reduce by {reduce!r} is not read.", "reduce")
    return scattered(self, dim, index, src, KINDS[reduce])


@function("one_hot")
def one_hot(self: Tensor, num_classes: int = -1) -> Tensor:
    """An axis of zeros for each index, with a 1 at its place."""
    if isinstance(num_classes, int) and num_classes < 0:
        raise ShapeError(
            "one_hot without num_classes depends on the values of its input, and is not read.", "num_classes"
        )
    return cast(ops.one_hot(self, n=num_classes, axis=-1, to="bool"), "int64")


@function("bucketize.Tensor", "bucketize")
def bucketize(self: Tensor, boundaries: Tensor, out_int32: bool = False, right: bool = False) -> Tensor:
    """Between which bounds numbers lie."""
    edges = ops.reshape(boundaries, to=(*(1,) * self.ndim, *boundaries.shape))
    x = ops.reshape(self, to=(*self.shape, 1))
    under = ops.less_equal(edges, x) if right else ops.less(edges, x)
    count = ops.count_nonzero(under, axes=(self.ndim,))
    return cast(count, "int32" if out_int32 else "int64")
