"""Convolutions."""

from typing import Any

from layercalc import ops
from layercalc.dims import differ, most, provably, text
from layercalc.errors import ShapeError
from layercalc.layers.channels import first, kernel, last
from layercalc.layers.onnx.base import Ints, Learned, Quantised, operator
from layercalc.layers.onnx.windows import fitting, numbers_of, pairs
from layercalc.ops import Tensor
from layercalc.ops.window import span


def window_of(w: Tensor, x: Tensor, kernel_shape: Ints | None) -> None:
    """Refuse a kernel of other sizes than the attribute says."""
    if w.ndim != x.ndim:
        raise ShapeError(f"The kernel {text(w.shape)} must have as many axes as the input {text(x.shape)}.")
    if kernel_shape is not None and (len(kernel_shape) != w.ndim - 2 or any(map(differ, kernel_shape, w.shape[2:]))):
        raise ShapeError(f"kernel_shape is {list(kernel_shape)}; the kernel is {text(w.shape)}.", "kernel_shape")


@operator(1)
def Conv(
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
    """A kernel slid over the spatial axes, `group` times over its share of the channels."""
    window_of(w, x, kernel_shape)
    how = numbers_of(x.shape[2:], w.shape[2:], strides, pads, dilations, auto_pad)
    y = ops.conv(last(x), kernel(w), groups=group, **how)
    return first(y if b is None else ops.bias_add(y, b))


@operator(1)
def ConvTranspose(
    x: Tensor,
    w: Learned,
    b: Learned = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    output_padding: Ints | None = None,
    output_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """Each element of the input adds a scaled kernel to the result; what pads say is cut off."""
    window_of(w, x, kernel_shape)
    rank = x.ndim - 2
    fitting(rank, strides=strides, pads=pads, dilations=dilations, output_padding=output_padding)
    once, none = (1,) * rank, (0,) * rank
    steps, rates, more = strides or once, dilations or once, output_padding or none
    cut = pairs(pads or none * 2)
    auto = auto_pad in ("SAME_UPPER", "SAME_LOWER")
    if output_shape is not None or auto:
        wanted = (
            output_shape[-rank:]
            if output_shape is not None
            else tuple(n * s for n, s in zip(x.shape[2:], steps, strict=True))
        )
        spread = zip(x.shape[2:], w.shape[2:], steps, rates, more, wanted, strict=True)
        whole = [((n - 1) * s + span(k, d) + extra, to) for n, k, s, d, extra, to in spread]
        if output_shape is not None and any(provably(to > reached) for reached, to in whole):
            far = text([reached for reached, _ in whole])
            raise ShapeError(f"output_shape is {list(output_shape)}; the kernels reach over {far}.", "output_shape")
        totals = [most(reached - to, 0) for reached, to in whole]  # none where they reach less far than auto_pad asks
        cut = tuple((total // 2, total - total // 2) for total in totals)
        if auto_pad != "SAME_UPPER":
            cut = tuple(pair[::-1] for pair in cut)
    elif auto_pad not in ("NOTSET", "VALID"):
        raise ShapeError(f"auto_pad is NOTSET, VALID, SAME_UPPER or SAME_LOWER, not {auto_pad!r}.", "auto_pad")
    how: dict[str, Any] = {"strides": steps, "dilations": rates, "pads": cut, "output_padding": more}
    if output_shape is not None:
        how["positions"] = wanted
    y = ops.conv_transpose(last(x), kernel(w), groups=group, **how)
    return first(y if b is None else ops.bias_add(y, b))


@operator(10)
def ConvInteger(
    x: Tensor,
    w: Quantised,
    x_zero_point: Tensor = None,
    w_zero_point: Tensor = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """A convolution of integers less their zero points, in 32 bits."""
    a, k = ops.cast(x, to="int32"), ops.cast(w, to="int32")
    if x_zero_point is not None:
        a = ops.subtract(a, ops.cast(x_zero_point, to="int32"))
    if w_zero_point is not None:
        zero = ops.cast(w_zero_point, to="int32")
        k = ops.subtract(k, zero if zero.ndim == 0 else ops.reshape(zero, to=(-1, *(1,) * (w.ndim - 1))))
    return Conv(
        a,
        k,
        auto_pad=auto_pad,
        dilations=dilations,
        group=group,
        kernel_shape=kernel_shape,
        pads=pads,
        strides=strides,
    )
