"""Numbers in types of few bits, and the same bits as numbers of another type."""

from __future__ import annotations

from typing import Any

from layercalc import lazy_numpy as np
from layercalc.dims import Shape
from layercalc.errors import ShapeError
from layercalc.ops.base import Op
from layercalc.ops.spec import BITS, NUMPY


class Narrow(Op):
    """The nearest numbers in a float of eight bits or fewer; with `saturate` the largest where there is none so large.

    An exponent alone (float8e8m0) takes the power of two above, below or nearest, as `rounding` says.
    """

    free = True
    elementwise = True
    slowness = 12

    def shape(self, x: Shape, **_: Any) -> Shape:
        return x

    def dtype(self, *dtypes: str, **attributes: Any) -> str:
        return str(attributes["to"])

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def run(self, x: Any, *, to: Any, saturate: bool, rounding: str) -> np.ndarray:
        dtype, x = np.dtype(to), x.astype(np.float32)
        if dtype == NUMPY["float8e8m0"]:
            return exponents(x, saturate, rounding).view(dtype)
        if saturate:
            import ml_dtypes  # a command starts without it

            largest = float(ml_dtypes.finfo(dtype).max)  # type: ignore[no-untyped-call]
            x = np.clip(x, -largest, largest)
        return np.asarray(x.astype(dtype))


def exponents(x: np.ndarray, saturate: bool, rounding: str) -> np.ndarray:
    """The exponents of floats as bytes, 255 for what is none."""
    bits = x.view(np.uint32)
    exponent, fraction = (bits >> 23) & 0xFF, bits & 0x7FFFFF
    if rounding == "up":
        more = fraction > 0
    elif rounding == "nearest":
        half = 1 << 22
        more = (fraction > half) | ((fraction == half) & (exponent > 0))
    else:
        more = np.zeros(x.shape, bool)
    number = exponent < 0xFF
    more &= number & ~(saturate & (exponent == 0xFE))
    return np.where(number, exponent + more, 0xFF).astype(np.uint8)


class SameBits(Op):
    """The bits of each number as a number of another type of that many."""

    free = True
    elementwise = True
    slowness = 3

    def shape(self, x: Shape, *, to: str) -> Shape:
        return x

    def dtype(self, *dtypes: str, **attributes: Any) -> str:
        return str(attributes["to"])

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def run(self, x: Any, *, to: Any) -> np.ndarray:
        dtype, bits = np.dtype(to), BITS.get(str(to), 8)
        if x.dtype.itemsize != dtype.itemsize:
            raise ShapeError(f"Numbers of {x.dtype.itemsize} bytes have not the bits of {to}.")
        made = np.ascontiguousarray(x).view(np.dtype(f"u{dtype.itemsize}"))
        if bits < 8:
            made = made & np.uint8((1 << bits) - 1)
            if str(to).startswith("int"):
                made = (made ^ np.uint8(1 << bits - 1)).astype(np.int8) - np.int8(1 << bits - 1)
                return made.astype(dtype).reshape(x.shape)
        return made.view(dtype).reshape(x.shape)


narrow = Narrow("narrow")
same_bits = SameBits("same_bits")
