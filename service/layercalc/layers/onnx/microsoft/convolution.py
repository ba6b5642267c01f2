"""Convolutions and pooling with the channels last, and what goes with them."""

from typing import Any

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Ints, Learned, Numbers, Value, numbers, operator
from layercalc.layers.onnx.convolution import ConvTranspose
from layercalc.layers.onnx.microsoft import MICROSOFT
from layercalc.layers.onnx.microsoft.fused import fused_conv
from layercalc.layers.onnx.pooling import MaxPool
from layercalc.layers.onnx.vision import GridSample
from layercalc.ops import Tensor


def channels_first(x: Tensor) -> Tensor:
    """(batch, *spatial, channels) with the channels second."""
    if x.ndim < 3:
        raise ShapeError(f"Expected a batch, spatial axes and channels; received {text(x.shape)}.")
    return ops.transpose(x, axes=(0, x.ndim - 1, *range(1, x.ndim - 1)))


def channels_last(x: Tensor) -> Tensor:
    """And back again."""
    return ops.transpose(x, axes=(0, *range(2, x.ndim), 1))


@operator(1, "NhwcConv", MICROSOFT)
def nhwc_conv(
    x: Tensor,
    w: Learned,
    b: Learned = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """A convolution with the channels last; the kernel is (filters, channels, *window)."""
    how: Any = {"auto_pad": auto_pad, "dilations": dilations, "group": group, "kernel_shape": kernel_shape}
    return nhwc_fused_conv(x, w, b, None, pads=pads, strides=strides, **how)


@operator(1, "NhwcFusedConv", MICROSOFT)
def nhwc_fused_conv(
    x: Tensor,
    w: Learned,
    b: Learned = None,
    z: Tensor = None,
    *,
    activation: str = "",
    activation_params: Numbers | None = None,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """FusedConv with the channels last."""
    how: Any = {"auto_pad": auto_pad, "dilations": dilations, "group": group, "kernel_shape": kernel_shape}
    how |= {"pads": pads, "strides": strides, "activation": activation, "activation_params": activation_params}
    return channels_last(fused_conv(channels_first(x), w, b, None if z is None else channels_first(z), **how))


@operator(1, "NhwcMaxPool", MICROSOFT)
def nhwc_max_pool(
    x: Tensor,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Ints | None = None,
    kernel_shape: Ints,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """MaxPool with the channels last."""
    how: Any = {"auto_pad": auto_pad, "ceil_mode": ceil_mode, "dilations": dilations, "kernel_shape": kernel_shape}
    return channels_last(MaxPool(channels_first(x), pads=pads, strides=strides, outputs=1, **how))


@operator(1, "ConvTransposeWithDynamicPads", MICROSOFT)
def conv_transpose_with_dynamic_pads(
    x: Tensor,
    w: Learned,
    pads: Value = None,
    b: Learned = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    output_padding: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """ConvTranspose whose pads are an input."""
    around = None if pads is None else tuple(numbers(pads))
    how: Any = {"auto_pad": auto_pad, "dilations": dilations, "group": group, "kernel_shape": kernel_shape}
    return ConvTranspose(x, w, b, pads=around, output_padding=output_padding, strides=strides, **how)


@operator(1, "GridSample", MICROSOFT)
def grid_sample(
    x: Tensor, grid: Tensor, *, align_corners: int = 0, mode: str = "bilinear", padding_mode: str = "zeros"
) -> Tensor:
    """GridSample as ONNX Runtime had it first."""
    return GridSample(x, grid, align_corners=align_corners, mode=mode, padding_mode=padding_mode)
