"""Tensors whose channels stand before the spatial axes, seen as ops see them: with the channels last."""

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.ops import Tensor


def last(x: Tensor) -> Tensor:
    """(batch, channels, *spatial) seen with the channels last."""
    if x.ndim < 3:
        raise ShapeError(f"Expected a batch, channels and spatial axes; received {text(x.shape)}.")
    return ops.layout(x, (0, *range(2, x.ndim), 1))


def first(x: Tensor) -> Tensor:
    """And back again."""
    return ops.layout(x, (0, x.ndim - 1, *range(1, x.ndim - 1)))


def kernel(w: Tensor) -> Tensor:
    """(filters, channels, *window) seen as (*window, channels, filters)."""
    return ops.layout(w, (*range(2, w.ndim), 1, 0))
