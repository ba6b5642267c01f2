"""The same values, or the same bits, in another type."""

from layercalc import ops
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import operator
from layercalc.layers.onnx.dtypes import dtype_of
from layercalc.ops import Tensor
from layercalc.ops.spec import BITS, named, width

ROUNDINGS = ("up", "down", "nearest")


def as_type(x: Tensor, dtype: str, saturate: int = 1, rounding: str = "up") -> Tensor:
    """X in another type; a float outside of an integer type is cut off as NumPy does."""
    if rounding not in ROUNDINGS:
        raise ShapeError(f"round_mode is one of {', '.join(ROUNDINGS)}, not {rounding!r}.", "round_mode")
    if dtype in BITS and dtype.startswith("float"):
        return ops.narrow(x, to=dtype, saturate=bool(saturate), rounding=rounding)
    return ops.cast(x, to=dtype)


@operator(6)
def Cast(x: Tensor, *, to: int, saturate: int = 1, round_mode: str = "up") -> Tensor:
    """The same values in another type."""
    return as_type(x, dtype_of(to), saturate, round_mode)


@operator(15)
def CastLike(x: Tensor, like: Tensor, *, saturate: int = 1, round_mode: str = "up") -> Tensor:
    """The same values in the type of another tensor."""
    return as_type(x, named(like.dtype), saturate, round_mode)


@operator(26)
def BitCast(x: Tensor, *, to: int) -> Tensor:
    """The same bits as numbers of another type."""
    dtype, own = dtype_of(to), named(x.dtype)
    if BITS.get(own, 8 * width(own)) != BITS.get(dtype, 8 * width(dtype)):
        raise ShapeError(f"{own} and {dtype} have not as many bits.", "to")
    return ops.same_bits(x, to=dtype)
