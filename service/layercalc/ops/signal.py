"""Sound as what it holds of each frequency."""

from __future__ import annotations

from typing import Any

from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op

COSINES = {"hann": (0.5, 0.5), "hamming": (0.54, 0.46), "blackman": (0.42, 0.5, 0.08), "boxcar": (1.0,)}


def window(name: str, length: int, periodic: bool) -> np.ndarray:
    """A window that is a sum of cosines: over one step more than its length if periodic; of one place, 1."""
    if length == 1:
        return np.ones(1)
    turn = 2 * np.pi * np.arange(length) / (length - (not periodic))
    return np.sum([(-1) ** k * a * np.cos(k * turn) for k, a in enumerate(COSINES[name])], axis=0)


class Spectrum(Op):
    """|real Fourier transform| ** power of each windowed frame of (…, time), the signal mirrored at both ends."""

    price = (
        "each frame of n: n (⌈log₂ n⌉ + 1) multiplications and 3/2 n ⌈log₂ n⌉ additions; each frequency 2 "
        "multiplications, 1 addition and 2 transcendentals (root and power)"
    )

    floating = True
    slowness = 8

    def lead(self, x: Shape, **_: Any) -> int:
        return len(x) - 1

    def shape(self, x: Shape, *, n: int, stride: int, **_: Any) -> Shape:
        around = n // 2
        if provably(x[-1] <= around):
            raise ShapeError(
                f"The signal is mirrored {around} steps (half of {n}) at both ends: axis {len(x) - 1} of "
                f"{text(x)} must be at least {around + 1}.",
                "n",
            )
        return *x[:-1], (x[-1] + 2 * around - n) // stride + 1, around + 1

    def cost(self, out: Shape, x: Shape, *, n: int, **_: Any) -> Cost:
        frames, values = size(out[:-1]), size(out)
        each = n * (n - 1).bit_length()
        return Cost(
            muls=frames * (each + n) + 2 * values, adds=frames * (3 * each // 2) + values, transcendentals=2 * values
        )

    def workspace(self, out: Shape, x: Shape, *, n: int, **_: Any) -> Dim:
        return 2 * size(x) + 2 * n + 6 * size(out[:-1]) * n

    def run(self, x: Any, *, n: int, stride: int, name: str | None, length: int, power: float) -> np.ndarray:
        """`name` and `length` are those of the window, in the middle of each frame."""
        shape = np.ones(n)
        if name is not None:
            before = (n - length) // 2
            form = window(name, length, periodic=length % 2 == 0)  # as tf.signal has it
            shape = np.pad(form, (before, n - length - before))
        x = np.pad(x, [*[(0, 0)] * (x.ndim - 1), (n // 2, n // 2)], mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(x, n, axis=-1)[..., ::stride, :]
        return (np.abs(np.fft.rfft(frames * shape.astype(x.dtype))) ** power).astype(x.dtype)


def mel(hertz: Any) -> Any:
    """Hertz in mel."""
    return np.float32(1127) * np.log(1 + np.asarray(hertz, np.float32) / np.float32(700))


class MelBands(Op):
    """Frequencies (…, f) in bands (…, bins), each a triangle on the mel scale that overlaps the next by half."""

    price = "one MAC for each band and frequency of each frame"

    floating = True
    slowness = 1

    def shape(self, x: Shape, *, bins: int, **_: Any) -> Shape:
        return *x[:-1], bins

    def cost(self, out: Shape, x: Shape, **_: Any) -> Cost:
        return Cost(macs=size(out) * x[-1])

    def workspace(self, out: Shape, x: Shape, *, bins: int, **_: Any) -> Dim:
        return 4 * bins * x[-1]

    def run(self, x: Any, *, bins: int, rate: float, low: float, high: float) -> np.ndarray:
        at = mel(np.linspace(0, rate / 2, x.shape[-1], dtype=np.float32)[1:])[:, None]
        edges = np.linspace(mel(low), mel(high), bins + 2, dtype=np.float32)
        below, centre, above = edges[:-2], edges[1:-1], edges[2:]
        share = np.maximum(0, np.minimum((at - below) / (centre - below), (above - at) / (above - centre)))
        return x[..., 1:] @ share.astype(x.dtype)


class Decibels(Op):
    """10 log₁₀(max(x, least) / max(|reference|, least)), nothing more than `top` below the loudest of all."""

    price = "1 multiplication, 1 addition, 3 comparisons and 1 transcendental for each element"

    floating = True
    slowness = 1

    def workspace(self, out: Shape, x: Shape, **_: Any) -> Dim:
        return 2 * size(x)

    def shape(self, x: Shape, **_: Any) -> Shape:
        return x

    def cost(self, out: Shape, x: Shape, **_: Any) -> Cost:
        elements = size(x)
        return Cost(muls=elements, adds=elements, compares=3 * elements, transcendentals=elements)

    def run(self, x: Any, *, least: float, reference: float, top: float) -> np.ndarray:
        loud = 10 * np.log10(np.maximum(x, x.dtype.type(least)))
        loud -= x.dtype.type(10 * np.log10(max(abs(reference), least)))
        return np.maximum(loud, loud.max() - x.dtype.type(top))


spectrum = Spectrum("spectrum")
mel_bands = MelBands("mel_bands")
decibels = Decibels("decibels")
