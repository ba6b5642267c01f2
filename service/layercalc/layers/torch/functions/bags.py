"""Rows of a table joined by bags of indices."""

import math
from typing import Any

from layercalc import ops
from layercalc.dims import Unknown, differ, text
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import cast, function, number
from layercalc.layers.torch.functions.pooling import UNREAD
from layercalc.ops import Tensor

SUM, MEAN, MAX = 0, 1, 2


@function("embedding_bag", "_embedding_bag", "_embedding_bag_forward_only")
def embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = SUM,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = -1,
) -> Any:
    """The sum, mean or largest of the rows of each bag, which `offsets` has the first index of: (bags, features)."""
    if indices.ndim != 1 or offsets.ndim != 1 or weight.ndim != 2:
        raise ShapeError(f"Expected indices and offsets of one axis; received {text(indices.shape)}.", "indices")
    if padding_idx is not None and padding_idx >= 0:
        raise ShapeError("Rows that are left out of a bag depend on values, and are not read.", "padding_idx")
    if per_sample_weights is not None and (mode != SUM or differ(per_sample_weights.shape[0], indices.shape[0])):
        raise ShapeError("Weights go with sums, one for each index.", "per_sample_weights")
    count, bags = indices.shape[0], offsets.shape[0]
    starts = offsets
    if include_last_offset:
        bags = bags if isinstance(bags, Unknown) else bags - 1
        starts = ops.take(offsets, axis=0, start=0, stop=bags)
    rows, dtype = ops.gather(weight, indices, axis=0), str(weight.dtype)
    if per_sample_weights is not None:
        rows = ops.multiply(rows, ops.reshape(per_sample_weights, to=(count, 1)))
    bag = members(starts, count)
    made = joined(rows, bag, bags, "max" if mode == MAX else "add")
    if mode == SUM:
        return made, *(UNREAD,) * 3
    many = joined(ops.full((count, 1), 1, dtype), bag, bags, "add")
    if mode == MEAN:
        return ops.divide(made, ops.maximum(many, number(1, dtype))), *(UNREAD,) * 3
    return ops.select(ops.equal(many, number(0, dtype)), number(0, dtype), made), *(UNREAD,) * 3


def members(starts: Tensor, count: Any) -> Tensor:
    """Which bag each of so many indices is in: how many begin at it or before, less one."""
    if isinstance(count, Unknown):
        raise ShapeError("How many indices there are must be known.", "indices")
    places = ops.reshape(ops.known(list(range(count)), "int64"), to=(count, 1))
    begun = ops.less_equal(ops.reshape(cast(starts, "int64"), to=(1, -1)), places)
    return ops.subtract(cast(ops.count_nonzero(begun, axes=(1,)), "int64"), ops.known(1, "int64"))


def joined(rows: Tensor, bag: Tensor, bags: Any, kind: str) -> Tensor:
    """Rows added up, or their largest numbers, by the bag of each."""
    start = ops.full((bags, rows.shape[1]), 0 if kind == "add" else -math.inf, str(rows.dtype))
    return ops.scatter(start, ops.reshape(bag, to=(*bag.shape, 1)), rows, kind=kind)
