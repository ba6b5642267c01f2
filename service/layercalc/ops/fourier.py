"""Discrete Fourier transforms along the last axis; complex numbers are pairs of tensors, real and imaginary."""

from __future__ import annotations

from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, differ, hidden, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op


def butterflies(rows: Dim, n: Dim, each: int) -> Cost:
    """The arithmetic of `rows` fast transforms of n, of `each` real numbers a value."""
    depth = (n - 1).bit_length() if isinstance(n, int) else hidden(n)
    return Cost(muls=rows * n * depth * each, adds=rows * (3 * n * depth * each // 2))


def paired(real: Shape, imaginary: Shape) -> None:
    if len(real) != len(imaginary) or any(map(differ, real, imaginary)):
        raise ShapeError(f"Real and imaginary parts have one shape; received {text(real)} and {text(imaginary)}.")


class Transform(Op):
    """What the transforms have in common: rows of the last axis, each transformed by itself."""

    floating = True
    slowness = 4

    def lead(self, *shapes: Shape, **_: Any) -> int:
        return len(shapes[0]) - 1

    def workspace(self, out: Shape, *shapes: Shape, **_: Any) -> Dim:
        return 6 * sum(map(size, shapes), size(out))  # NumPy transforms in twice the width


class Fourier(Transform):
    """The transform of complex numbers (…, n), or its inverse: (…, 2n), real parts before imaginary ones."""

    price = "each row of n: 2n ⌈log₂ n⌉ multiplications and 3n ⌈log₂ n⌉ additions; the inverse 2n multiplications more"

    along = 2

    def shape(self, real: Shape, imaginary: Shape, **_: Any) -> Shape:
        paired(real, imaginary)
        return *real[:-1], 2 * real[-1]

    def cost(self, out: Shape, real: Shape, imaginary: Shape, *, inverse: bool) -> Cost:
        made = butterflies(size(real[:-1]), real[-1], 2)
        return made._replace(muls=made.muls + size(out)) if inverse else made

    def run(self, real: Any, imaginary: Any, *, inverse: bool) -> np.ndarray:
        made = (np.fft.ifft if inverse else np.fft.fft)(real + 1j * imaginary)
        return np.concatenate([made.real, made.imag], axis=-1).astype(real.dtype, copy=False)


class RealFourier(Transform):
    """The transform of real numbers (…, n): (…, 2(⌊n / 2⌋ + 1)), the real parts before the imaginary ones."""

    price = "each row of n: n ⌈log₂ n⌉ multiplications and 3/2 n ⌈log₂ n⌉ additions"

    def shape(self, x: Shape) -> Shape:
        return *x[:-1], 2 * (x[-1] // 2 + 1)

    def cost(self, out: Shape, x: Shape) -> Cost:
        return butterflies(size(x[:-1]), x[-1], 1)

    def run(self, x: Any) -> np.ndarray:
        made = np.fft.rfft(x)
        return np.concatenate([made.real, made.imag], axis=-1).astype(x.dtype, copy=False)


class InverseRealFourier(Transform):
    """The n real numbers whose transform this is: the first ⌊n / 2⌋ + 1 of (…, f), zeros where there are fewer."""

    price = "each row of n: n (⌈log₂ n⌉ + 1) multiplications and 3/2 n ⌈log₂ n⌉ additions"

    along = 2

    def shape(self, real: Shape, imaginary: Shape, *, n: Dim) -> Shape:
        paired(real, imaginary)
        return *real[:-1], n

    def cost(self, out: Shape, real: Shape, imaginary: Shape, *, n: Dim) -> Cost:
        made = butterflies(size(real[:-1]), n, 1)
        return made._replace(muls=made.muls + size(out))

    def run(self, real: Any, imaginary: Any, *, n: int) -> np.ndarray:
        return np.fft.irfft(real + 1j * imaginary, n).astype(real.dtype, copy=False)


class OverlapAdd(Op):
    """Frames (…, t, n), one every `stride` places, added up where they stand: (…, (t − 1) · stride + n)."""

    price = "one addition for each element of the input"

    sums = True
    slowness = 4

    def lead(self, x: Shape, **_: Any) -> int:
        return len(x) - 2

    def shape(self, x: Shape, *, stride: int) -> Shape:
        return *x[:-2], (x[-2] - 1) * stride + x[-1]

    def cost(self, out: Shape, x: Shape, **_: Any) -> Cost:
        return Cost(adds=size(x))

    def launches(self, x: Shape, *, stride: int) -> Dim:
        return -(-x[-1] // stride)

    def workspace(self, out: Shape, x: Shape, *, stride: int) -> Dim:
        return size(x[:-2]) * (x[-2] - -x[-1] // stride) * stride

    def run(self, x: Any, *, stride: int) -> np.ndarray:
        *batch, count, n = x.shape
        pieces = -(-n // stride)
        out = np.zeros((*batch, count + pieces - 1, stride), x.dtype)
        for k in deadline.each(range(pieces)):
            piece = x[..., k * stride : (k + 1) * stride]
            out[..., k : k + count, : piece.shape[-1]] += piece
        return out.reshape(*batch, -1)[..., : (count - 1) * stride + n]


fourier = Fourier("fourier")
real_fourier = RealFourier("real_fourier")
inverse_real_fourier = InverseRealFourier("inverse_real_fourier")
overlap_add = OverlapAdd("overlap_add")
