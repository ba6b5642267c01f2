"""Pooling."""

from typing import Any

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Ints, operator
from layercalc.layers.onnx.windows import first, last, numbers_of
from layercalc.ops import Tensor


def pooled(op: Any, x: Tensor, window: Ints, how: dict[str, Any], ceil_mode: int = 0, **more: Any) -> Tensor:
    """The op on what is seen with the channels last."""
    if x.ndim < 3:
        raise ShapeError(f"Expected a batch, channels and spatial axes; received {text(x.shape)}.")
    if any(k < 1 for k in window):
        raise ShapeError(f"kernel_shape must be at least 1; received {list(window)}.", "kernel_shape")
    if ceil_mode and "positions" not in how:
        more["ceil_mode"] = True
    return first(op(last(x), window=window, **how, **more))


@operator(1)
def MaxPool(
    x: Tensor,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Ints | None = None,
    kernel_shape: Ints,
    pads: Ints | None = None,
    storage_order: int = 0,
    strides: Ints | None = None,
    outputs: int,
) -> Any:
    """The largest number of each window."""
    if outputs > 1:
        raise ShapeError("Where the largest numbers stand (MaxPool's second output) is not read.")
    how = numbers_of(x.shape[2:], kernel_shape, strides, pads, dilations, auto_pad)
    return pooled(ops.max_pool, x, kernel_shape, how, ceil_mode)


@operator(1)
def AveragePool(
    x: Tensor,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: Ints | None = None,
    kernel_shape: Ints,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """The mean of each window."""
    how = numbers_of(x.shape[2:], kernel_shape, strides, pads, dilations, auto_pad)
    more = {"count_include_pad": True} if count_include_pad else {}
    return pooled(ops.average_pool, x, kernel_shape, how, ceil_mode, **more)


@operator(2)
def LpPool(
    x: Tensor,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Ints | None = None,
    kernel_shape: Ints,
    p: int = 2,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """The p-norm of each window."""
    how = numbers_of(x.shape[2:], kernel_shape, strides, pads, dilations, auto_pad)
    return pooled(ops.lp_pool, x, kernel_shape, how, ceil_mode, p=p)


def over_all(x: Tensor) -> Ints:
    """The spatial axes."""
    if x.ndim < 3:
        raise ShapeError(f"Expected a batch, channels and spatial axes; received {text(x.shape)}.")
    return tuple(range(2, x.ndim))


@operator(1)
def GlobalAveragePool(x: Tensor) -> Tensor:
    """The mean over the spatial axes."""
    return ops.global_average_pool(x, axes=over_all(x), keepdims=True)


@operator(1)
def GlobalMaxPool(x: Tensor) -> Tensor:
    """The largest number over the spatial axes."""
    return ops.global_max_pool(x, axes=over_all(x), keepdims=True)


@operator(2)
def GlobalLpPool(x: Tensor, *, p: int = 2) -> Tensor:
    """The p-norm over the spatial axes."""
    axes = over_all(x)
    window = x.shape[2:]
    return first(ops.lp_pool(last(x), window=tuple(window), p=p)) if axes else x
