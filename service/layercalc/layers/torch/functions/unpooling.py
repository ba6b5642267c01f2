"""Pools undone: numbers back at the places that a pool found them at."""

from typing import Any

from layercalc import ops
from layercalc.dims import differ, text
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import Ints, cast, function
from layercalc.ops import Tensor


def unpooled(x: Tensor, indices: Tensor, output_size: Ints, rank: int) -> Tensor:
    """Zeros (…, channels, *output_size) with x at its indices, which number the elements of each image."""
    if x.ndim not in (rank + 1, rank + 2) or x.ndim != indices.ndim or any(map(differ, x.shape, indices.shape)):
        raise ShapeError(f"Expected a place for each of {text(x.shape)}; received {text(indices.shape)}.", "indices")
    lead, spatial = x.shape[: x.ndim - rank], tuple(output_size)
    images: Any = 1
    for n in lead:
        images = images * n
    inside: Any = 1
    for n in spatial:
        inside = inside * n
    rows = ops.reshape(cast(indices, "int64"), to=(images, -1))
    number = ops.reshape(ops.cumsum(ops.full((images,), 1, "int64"), axis=0), to=(images, 1))
    number = ops.broadcast_to(ops.subtract(number, ops.known(1, "int64")), to=rows.shape)
    places = ops.concatenate(*(ops.reshape(one, to=(*rows.shape, 1)) for one in (number, rows)), axis=2)
    start = ops.full((images, inside), 0, str(x.dtype))
    made = ops.scatter(start, places, ops.reshape(x, to=rows.shape), kind=None)
    return ops.reshape(made, to=(*lead, *spatial))


@function("max_unpool2d")
def max_unpool2d(self: Tensor, indices: Tensor, output_size: Ints) -> Tensor:
    """What max_pool2d has taken, in an image of zeros."""
    return unpooled(self, indices, output_size, 2)


@function("max_unpool3d")
def max_unpool3d(self: Tensor, indices: Tensor, output_size: Ints, stride: Ints, padding: Ints) -> Tensor:
    """The same with three spatial axes."""
    return unpooled(self, indices, output_size, 3)
