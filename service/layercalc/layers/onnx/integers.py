"""Operators on quantised tensors: computed in floats between their own scales."""

from typing import Any

from layercalc import ops
from layercalc.dims import unequal
from layercalc.layers.onnx.base import Ints, Quantised, Value, operator
from layercalc.layers.onnx.convolution import Conv
from layercalc.layers.onnx.linear import MatMul
from layercalc.layers.onnx.quantization import quantised
from layercalc.ops import Tensor


def whole(x: Tensor, zero: Tensor, axis: int = -1) -> Tensor:
    """Integers less their zero point, in 32 bits; one for each place on an axis where there are several."""
    made = ops.cast(x, to="int32")
    return made if zero is None else ops.subtract(made, ops.cast(along(zero, x.ndim, axis), to="int32"))


def along(one: Tensor, rank: int, axis: int) -> Tensor:
    """A number, or a vector along an axis of a tensor of that rank."""
    if one.ndim == 0 or (one.ndim == 1 and not unequal(one.shape[0], 1)):
        return ops.reshape(one, to=())
    if one.ndim > 1:
        return one
    return ops.reshape(one, to=(one.shape[0], *(1,) * (rank - 1 - axis % rank)))


def scaled_back(total: Tensor, a: Tensor, b: Tensor, y_scale: Tensor, y_zero: Tensor, to: str) -> Tensor:
    """A sum of products of integers in the scale of the result."""
    factor = ops.divide(
        ops.multiply(ops.cast(a, to="float32"), ops.cast(b, to="float32")), ops.cast(y_scale, to="float32")
    )
    made = ops.multiply(ops.cast(total, to="float32"), factor)
    return quantised(made, ops.known(1.0, "float32"), y_zero, to)


@operator(10)
def QLinearMatMul(
    a: Tensor,
    a_scale: Value,
    a_zero_point: Value,
    b: Quantised,
    b_scale: Value,
    b_zero_point: Value,
    y_scale: Value,
    y_zero_point: Value,
) -> Tensor:
    """A product of quantised matrices."""
    total = MatMul(whole(a, a_zero_point, -2), whole(b, b_zero_point))
    scale = along(a_scale, a.ndim, -2), along(b_scale, b.ndim, -1)
    return scaled_back(total, *scale, y_scale, y_zero_point, str(y_zero_point.dtype))


@operator(10)
def QLinearConv(
    x: Tensor,
    x_scale: Value,
    x_zero_point: Value,
    w: Quantised,
    w_scale: Value,
    w_zero_point: Value,
    y_scale: Value,
    y_zero_point: Value,
    b: Quantised = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """A convolution of quantised tensors; the bias is in the scale of the product."""
    how: dict[str, Any] = {"auto_pad": auto_pad, "dilations": dilations, "group": group}
    how |= {"kernel_shape": kernel_shape, "pads": pads, "strides": strides}
    total = Conv(whole(x, x_zero_point), whole(w, w_zero_point, 0), b, **how)
    scale = ops.reshape(x_scale, to=()), along(w_scale, x.ndim, 1)
    return scaled_back(total, *scale, y_scale, y_zero_point, str(y_zero_point.dtype))
