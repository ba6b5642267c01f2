"""Numbers as integers of few bits, and back again."""

from typing import Any

from layercalc import ops
from layercalc.dims import differ, text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Quantised, Value, axis_of, operator
from layercalc.layers.onnx.dtypes import dtype_of
from layercalc.ops import Tensor
from layercalc.ops.base import OPS

RANGES = {"uint8": (0, 255), "int8": (-128, 127), "uint16": (0, 65535), "int16": (-32768, 32767)}


def spread(x: Tensor, one: Tensor, axis: int, block_size: int) -> Tensor:
    """A scale or zero point of the whole, of each place on an axis, or of each block on it, beside x."""
    if one.ndim == 0 or (one.ndim == 1 and not differ(one.shape[0], 1)):
        return ops.reshape(one, to=())
    place = axis_of(axis, x.ndim)
    if one.ndim == 1 and not block_size:
        if differ(one.shape[0], x.shape[place]):
            raise ShapeError(f"{text(one.shape)} is not one for each of the {x.shape[place]} on axis {place}.")
        return (
            ops.reshape(
                one,
                to=tuple(
                    n if i == place else 1
                    for i, n in enumerate((*x.shape[:place], one.shape[0], *x.shape[place + 1 :]))
                ),
            )
            if x.ndim > 1
            else one
        )
    if not block_size or one.ndim != x.ndim:
        raise ShapeError(f"A scale of shape {text(one.shape)} does not fit {text(x.shape)}.")
    wide = ops.repeat(one, axis=place, times=block_size)
    return ops.take(wide, axis=place, start=0, stop=x.shape[place])


@operator(10)
def DequantizeLinear(
    x: Quantised,
    x_scale: Value,
    x_zero_point: Value = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
) -> Tensor:
    """(x − zero point) · scale."""
    to = dtype_of(output_dtype) if output_dtype else str(x_scale.dtype)
    whole = ops.cast(x, to=to)
    if x_zero_point is not None:
        whole = ops.subtract(whole, ops.cast(spread(x, x_zero_point, axis, block_size), to=to))
    return ops.multiply(whole, ops.cast(spread(x, x_scale, axis, block_size), to=to))


@operator(10)
def QuantizeLinear(
    x: Tensor,
    y_scale: Value,
    y_zero_point: Value = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
    precision: int = 0,
    saturate: int = 1,
) -> Tensor:
    """round(x / scale) + zero point, kept in the range of its type; halves go to the even number."""
    to = str(y_zero_point.dtype) if y_zero_point is not None else dtype_of(output_dtype) if output_dtype else "uint8"
    return quantised(
        x,
        spread(x, y_scale, axis, block_size),
        None if y_zero_point is None else spread(x, y_zero_point, axis, block_size),
        to,
    )


def quantised(x: Tensor, scale: Tensor, zero: Tensor | None, to: str) -> Tensor:
    """As integers of a type."""
    if to not in RANGES:
        raise ShapeError(f"Quantised numbers of the type {to} are not read.")
    whole = OPS["round"](ops.divide(x, ops.cast(scale, to=str(x.dtype))))
    if zero is not None:
        whole = ops.add(whole, ops.cast(zero, to=str(x.dtype)))
    low, high = RANGES[to]
    return ops.cast(OPS["clip"](whole, low=float(low), high=float(high)), to=to)


@operator(11)
def DynamicQuantizeLinear(x: Tensor) -> Any:
    """As integers of 8 bits, with a scale and zero point made from the smallest and the largest number."""
    axes = tuple(range(x.ndim))
    zero = ops.known(0, str(x.dtype))
    low = ops.minimum(ops.reduce_min(x, axes=axes), zero)
    high = ops.maximum(ops.reduce_max(x, axes=axes), zero)
    scale = ops.divide(ops.subtract(high, low), ops.known(255, str(x.dtype)))
    point = OPS["round"](OPS["clip"](ops.divide(ops.subtract(zero, low), scale), low=0.0, high=255.0))
    point = ops.cast(point, to="uint8")
    return quantised(x, scale, point, "uint8"), scale, point
