"""Operators of ONNX' own domain as ONNX Runtime had them first, and a few of its own on plain tensors."""

from typing import Any

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Value, numbers, operator
from layercalc.layers.onnx.indexing import GatherND
from layercalc.layers.onnx.making import Range, Trilu
from layercalc.layers.onnx.microsoft import MICROSOFT
from layercalc.layers.onnx.shaping import Pad, unsqueezed
from layercalc.ops import Tensor
from layercalc.ops.base import OPS


@operator(1, "ExpandDims", MICROSOFT)
def expand_dims(x: Tensor, axis: Value) -> Tensor:
    """With an axis of size 1."""
    return unsqueezed(x, numbers(axis)[:1])


@operator(1, "Inverse", MICROSOFT)
def inverse(x: Tensor) -> Tensor:
    """The inverse of matrices."""
    return OPS["inverse"](x)


@operator(1, "GatherND", MICROSOFT)
def gather_nd(data: Tensor, indices: Tensor) -> Tensor:
    """Slices at places of several axes."""
    return GatherND(data, indices)


@operator(1, "Trilu", MICROSOFT)
def trilu(x: Tensor, k: Value = None, *, upper: int = 1) -> Tensor:
    """The triangle of matrices above or below a diagonal."""
    return Trilu(x, k, upper=upper)


@operator(1, "Range", MICROSOFT)
def number_range(start: Value, limit: Value, delta: Value = None) -> Tensor:
    """Numbers from one up to another."""
    return Range(start, limit, ops.known(1, str(start.dtype)) if delta is None else delta)


@operator(1, "Pad", MICROSOFT)
def pad(data: Tensor, pads: Value, value: Value = None, *, mode: str = "constant") -> Tensor:
    """Elements added around a tensor."""
    flat = ops.reshape(pads, to=(-1,)) if pads.ndim == 2 else pads
    return Pad(data, flat, value, mode=mode)


@operator(1, "CDist", MICROSOFT)
def cdist(a: Tensor, b: Tensor, *, metric: str = "sqeuclidean") -> Tensor:
    """Distances between the rows of two matrices."""
    if metric not in ("euclidean", "sqeuclidean"):
        raise ShapeError(f"The metric is euclidean or sqeuclidean, not {metric!r}.", "metric")
    if a.ndim != 2 or b.ndim != 2:
        raise ShapeError(f"Expected matrices; received {text(a.shape)} and {text(b.shape)}.")
    rows, columns = (ops.reduce_sum(OPS["square"](one), axes=(1,), keepdims=True) for one in (a, b))
    turned: Any = ops.transpose(b, axes=(1, 0))
    product = ops.multiply(ops.matmul(a, turned), ops.known(2.0, str(a.dtype)))
    made = ops.subtract(ops.add(rows, ops.transpose(columns, axes=(1, 0))), product)
    made = OPS["relu"](made)
    return OPS["sqrt"](made) if metric == "euclidean" else made
