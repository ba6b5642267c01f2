"""Numbers as integers of few bits, and back again."""

from typing import Any

from layercalc import ops
from layercalc.dims import differ, text, unequal
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Quantised, Value, axis_of, operator
from layercalc.layers.onnx.dtypes import dtype_of
from layercalc.ops import FLOATS, Tensor
from layercalc.ops.base import OPS
from layercalc.ops.spec import BITS, named

RANGES = {
    f"{sign}int{bits}": (0, 2**bits - 1) if sign else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for bits in (2, 4, 8, 16)
    for sign in ("u", "")
}


def spread(x: Tensor, one: Tensor, axis: int, block_size: int) -> Tensor:
    """A scale or zero point of the whole, of each place on an axis, or of each block on it, beside x."""
    if one.ndim == 0 or (one.ndim == 1 and not unequal(one.shape[0], 1)):
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
    whole = ops.cast(x, to="float32")
    if x_zero_point is not None:
        whole = ops.subtract(whole, ops.cast(spread(x, x_zero_point, axis, block_size), to="float32"))
    scale = spread(x, x_scale, axis, block_size)
    made = ops.multiply(whole, scale if str(scale.dtype) == "float32" else ops.cast(scale, to="float32"))
    return made if to == "float32" else ops.cast(made, to=to)


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
    to = dtype_of(output_dtype) if output_dtype else "uint8"
    to = to if y_zero_point is None else named(y_zero_point.dtype)
    own = dtype_of(precision) if precision else str(x.dtype) if str(x.dtype) in FLOATS else str(y_scale.dtype)
    x, y_scale = (one if str(one.dtype) == own else ops.cast(one, to=own) for one in (x, y_scale))
    zero = None if y_zero_point is None else spread(x, y_zero_point, axis, block_size)
    return quantised(x, spread(x, y_scale, axis, block_size), zero, to, saturate)


def quantised(x: Tensor, scale: Tensor, zero: Tensor | None, to: str, saturate: int = 1) -> Tensor:
    """As integers of a type, or as floats of eight bits or fewer."""
    made = ops.divide(x, ops.cast(scale, to=str(x.dtype)))
    if to not in RANGES and to in BITS:
        return ops.narrow(made, to=to, saturate=bool(saturate), rounding="nearest")
    if to not in RANGES:
        raise ShapeError(f"Quantised numbers of the type {to} are not read.")
    whole = OPS["round"](made)
    if str(x.dtype) != "float32":  # wide enough for a zero point to be added
        whole = ops.cast(whole, to="float32")
    if zero is not None:
        whole = ops.add(whole, ops.cast(zero, to="float32"))
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
