"""Operators that look elements up, or put them into places."""

from typing import Any

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Batch, Unknown, differ, plain, size, text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import axis_of, operator
from layercalc.ops import Tensor
from layercalc.ops.base import OPS

MANY = 1 << 62


def counted_from_front(indices: Tensor, n: Any) -> Tensor:
    """Indices of which those below 0 count from the end of an axis."""
    dtype = str(indices.dtype)
    if isinstance(n, Unknown):
        return indices
    return ops.select(ops.less(indices, ops.known(0, dtype)), ops.add(indices, ops.known(plain(n), dtype)), indices)


@operator(1)
def Gather(data: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    """Slices along an axis, by index."""
    return ops.gather(data, indices, axis=axis_of(axis, data.ndim), wrap=True)


@operator(11)
def GatherElements(data: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    """Elements along an axis, an index for each."""
    place = axis_of(axis, data.ndim)
    if indices.ndim != data.ndim:
        raise ShapeError(f"The indices {text(indices.shape)} must have as many axes as {text(data.shape)}.")
    for other in range(data.ndim):
        if other != place:
            data = ops.take(data, axis=other, start=0, stop=indices.shape[other])
    return ops.gather_along(data, indices, axis=place)


@operator(11)
def GatherND(data: Tensor, indices: Tensor, *, batch_dims: int = 0) -> Tensor:
    """Slices at places of several axes."""
    depth = indices.shape[-1] if indices.ndim else None
    if not isinstance(depth, int) or not 1 <= depth <= data.ndim - batch_dims:
        raise ShapeError(f"Indices of {text(indices.shape)} do not fit {text(data.shape)}.")
    lead, rest = data.shape[:batch_dims], data.shape[batch_dims + depth :]
    flat_to = (size(lead) * size(data.shape[batch_dims : batch_dims + depth]), *rest)
    flat = ops.reshape(data, to=flat_to)
    place = flattened(indices, data.shape[batch_dims : batch_dims + depth])
    if batch_dims:
        each, stride = size(lead), size(data.shape[batch_dims : batch_dims + depth])
        first = ops.multiply(counted(each), ops.known(stride, "int64"))
        first = ops.reshape(first, to=(*lead, *(1,) * (place.ndim - batch_dims)))
        place = ops.add(ops.cast(place, to="int64"), first)
    return ops.gather(flat, place, axis=0)


def flattened(indices: Tensor, sizes: Any) -> Tensor:
    """Places of several axes as numbers among all elements."""
    total: Any = None
    for axis, n in enumerate(sizes):
        part = ops.get_item(indices, key=(Ellipsis, axis))
        part = counted_from_front(part, n)
        dtype = str(part.dtype)
        total = part if total is None else ops.add(ops.multiply(total, ops.known(n, dtype)), part)
    return total


REDUCTIONS = {"none": None, "add": "add", "mul": "mul", "max": "max", "min": "min"}


def kind_of(reduction: str) -> Any:
    if reduction not in REDUCTIONS:
        raise ShapeError(f"The reduction is one of {', '.join(REDUCTIONS)}, not {reduction!r}.", "reduction")
    return REDUCTIONS[reduction]


@operator(11)
def ScatterND(data: Tensor, indices: Tensor, updates: Tensor, *, reduction: str = "none") -> Tensor:
    """Slices put into places of several axes."""
    depth = indices.shape[-1] if indices.ndim else 0
    if isinstance(depth, int) and depth <= data.ndim:
        parts = [ops.get_item(indices, key=(Ellipsis, slice(axis, axis + 1))) for axis in range(depth)]
        wrapped = [counted_from_front(one, n) for one, n in zip(parts, data.shape, strict=False)]
        indices = ops.concatenate(*wrapped, axis=indices.ndim - 1) if len(wrapped) > 1 else wrapped[0]
    return ops.scatter(data, indices, updates, kind=kind_of(reduction))


@operator(11)
def ScatterElements(
    data: Tensor, indices: Tensor, updates: Tensor, *, axis: int = 0, reduction: str = "none"
) -> Tensor:
    """Elements put into places along an axis, an index for each."""
    place = axis_of(axis, data.ndim)
    if indices.ndim != data.ndim:
        raise ShapeError(f"The indices {text(indices.shape)} must have as many axes as {text(data.shape)}.")
    at = ops.cast(counted_from_front(indices, data.shape[place]), to="int64")
    columns = []
    for other, n in enumerate(indices.shape):
        column: Any = at
        if other != place:
            column = ops.broadcast_to(on_axis(counted(n), other, data.ndim), to=indices.shape)
        columns.append(ops.reshape(column, to=(*indices.shape, 1)))
    places = columns[0] if len(columns) == 1 else ops.concatenate(*columns, axis=data.ndim)
    return ops.scatter(data, places, updates, kind=kind_of(reduction))


@operator(9, ends=11)
def Scatter(data: Tensor, indices: Tensor, updates: Tensor, *, axis: int = 0) -> Tensor:
    """What ScatterElements was called first."""
    return ScatterElements(data, indices, updates, axis=axis)


@operator(10)
def ReverseSequence(x: Tensor, sequence_lens: Tensor, *, batch_axis: int = 1, time_axis: int = 0) -> Tensor:
    """The first so many steps of each sample backwards."""
    if {batch_axis, time_axis} != {0, 1} or x.ndim < 2:
        raise ShapeError(f"One of batch_axis and time_axis is 0, the other 1; received {batch_axis} and {time_axis}.")
    if sequence_lens.ndim != 1 or differ(sequence_lens.shape[0], x.shape[batch_axis]):
        raise ShapeError(f"{x.shape[batch_axis]} samples need as many lengths; received {text(sequence_lens.shape)}.")
    steps, rest = x.shape[time_axis], (1,) * (x.ndim - 2)
    lens = on_axis(ops.cast(sequence_lens, to="int64"), batch_axis, 2)
    place = on_axis(counted(steps), time_axis, 2)
    turned = ops.subtract(ops.subtract(lens, ops.known(1, "int64")), place)
    at = ops.select(ops.less(place, lens), turned, place)
    return ops.gather_along(x, ops.reshape(at, to=(*at.shape, *rest)), axis=time_axis)


def counted(n: Any) -> Tensor:
    """0, 1, … up to a size."""
    if isinstance(n, Unknown | Batch):
        return ops.full((n,), 0, "int64")
    return ops.built(lambda: np.arange(n), (n,), "int64")


def on_axis(x: Tensor, axis: int, rank: int) -> Tensor:
    """A vector as an axis of a tensor of so many, the others of size 1."""
    return ops.reshape(x, to=(*(1,) * axis, x.shape[0], *(1,) * (rank - 1 - axis)))


@operator(24)
def TensorScatter(
    past_cache: Tensor, update: Tensor, write_indices: Tensor = None, *, mode: str = "linear", axis: int = -2
) -> Tensor:
    """A tensor with another put in along an axis, for each sample from its own place on."""
    place, rank = axis_of(axis, past_cache.ndim), past_cache.ndim
    if place == 0:
        raise ShapeError("The first axis is that of the samples.", "axis")
    if mode not in ("linear", "circular"):
        raise ShapeError(f"The mode is linear or circular, not {mode!r}.", "mode")
    batch, whole, n = past_cache.shape[0], past_cache.shape[place], update.shape[place]
    order = (0, place, *(i for i in range(1, rank) if i != place))
    back = tuple(order.index(i) for i in range(rank))
    first = ops.full((batch,), 0, "int64") if write_indices is None else ops.cast(write_indices, to="int64")
    at = ops.add(on_axis(first, 0, 2), on_axis(counted(n), 1, 2))
    if mode == "circular":
        at = OPS["mod"](at, ops.known(np.array(whole, object), "int64"))
    sample = ops.broadcast_to(on_axis(counted(batch), 0, 2), to=(batch, n))
    places = ops.concatenate(*(ops.reshape(one, to=(batch, n, 1)) for one in (sample, at)), axis=2)
    made = ops.scatter(ops.transpose(past_cache, axes=order), places, ops.transpose(update, axes=order), kind=None)
    return ops.transpose(made, axes=back)
