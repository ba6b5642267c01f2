"""Fourier transforms, whose complex numbers are pairs of tensors: real parts and imaginary parts.

Short-time transforms are those of Keras' NumPy and JAX backends. TensorFlow has another window where its length is odd;
in the inverse it and PyTorch divide by what windows add up to in the middle, not by what they do at each place.
"""

from __future__ import annotations

from typing import Any

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import differ, presumably, provably, text, unequal
from layercalc.errors import ShapeError, blaming
from layercalc.layers.fields import Bool, Int, ValidationError
from layercalc.layers.keras.fields import Window
from layercalc.layers.keras.functions.base import Operation, operation, tensor
from layercalc.ops import FLOATS, Tensor
from layercalc.ops.signal import window
from layercalc.wording import received

NAMED = ("hann", "hamming")
LEAST = 1e-10  # of what the windows add up to, where it is divided by
Pair = tuple[Tensor, Tensor]


class Transform(Operation):
    """Something on real numbers, or on the real and imaginary parts of complex ones."""

    def real(self, x: Any, axes: int = 1) -> Tensor:
        x = tensor(x)
        if str(x.dtype) not in FLOATS:
            raise ShapeError(f"{self.type} takes floats; received {x.dtype}.")
        if x.ndim < axes:
            raise ShapeError(f"{self.type} takes at least {axes} axes; received {text(x.shape)}.")
        return x

    def pair(self, x: Any, axes: int = 1) -> Pair:
        if type(x) not in (list, tuple) or len(x) != 2:  # a spec is a tuple too
            raise ShapeError(f"{self.type} takes two tensors, the real and the imaginary parts.")
        real, imaginary = self.real(x[0], axes), self.real(x[1], axes)
        if real.ndim != imaginary.ndim or any(map(differ, real.shape, imaginary.shape)):
            shapes = f"{text(real.shape)} and {text(imaginary.shape)}"
            raise ShapeError(f"Real and imaginary parts have one shape; received {shapes}.")
        return real, imaginary


def halves(x: Tensor) -> Pair:
    """The two halves of the last axis: real parts and imaginary parts."""
    last, half = x.ndim - 1, x.shape[-1] // 2
    return ops.take(x, axis=last, start=0, stop=half), ops.take(x, axis=last, start=half, stop=2 * half)


def turned(x: Pair) -> Pair:
    """The last two axes the other way around."""
    rank = x[0].ndim
    axes = (*range(rank - 2), rank - 1, rank - 2)
    return ops.transpose(x[0], axes=axes), ops.transpose(x[1], axes=axes)


@operation
class FFT(Transform):
    """The transform along the last axis."""

    def compute(self, x: Any) -> Pair:
        return halves(ops.fourier(*self.pair(x), inverse=False))


class Plane(Transform):
    """A transform along the last two axes."""

    inverse = False

    def compute(self, x: Any) -> Pair:
        rows = halves(ops.fourier(*self.pair(x, 2), inverse=self.inverse))
        return turned(halves(ops.fourier(*turned(rows), inverse=self.inverse)))


@operation
class FFT2(Plane):
    """The transform along the last two axes."""


@operation
class IFFT2(Plane):
    """The inverse transform along the last two axes."""

    inverse = True


@operation
class RFFT(Transform):
    """The transform of real numbers along the last axis: the frequencies that are not the conjugates of others."""

    fft_length = Int(None, min=1)

    def compute(self, x: Any) -> Pair:
        x = self.real(x)
        last, n = x.ndim - 1, x.shape[-1]
        if self.fft_length is not None and unequal(n, self.fft_length):
            x = self.fitted(x, self.fft_length)
        elif provably(n < 1):
            raise ShapeError(f"RFFT takes at least one number; axis {last} of {text(x.shape)} has none.")
        return halves(ops.real_fourier(x))

    def fitted(self, x: Tensor, n: int) -> Tensor:
        """The first n places of the last axis, zeros where there are fewer."""
        last = x.ndim - 1
        if presumably(x.shape[-1] > n):
            return ops.take(x, axis=last, start=0, stop=n)
        return ops.pad(x, padding=(*((0, 0),) * last, (0, n - x.shape[-1])))


@operation
class IRFFT(Transform):
    """The real numbers of which this is the transform along the last axis."""

    fft_length = Int(None, min=1)

    def compute(self, x: Any) -> Tensor:
        real, imaginary = self.pair(x)
        n = 2 * (real.shape[-1] - 1) if self.fft_length is None else self.fft_length
        if provably(n < 1):
            raise ShapeError(f"{real.shape[-1]} frequencies are of 2 · ({real.shape[-1]} − 1) = {n} numbers; name one.")
        return ops.inverse_real_fourier(real, imaginary, n=n)


class ShortTime(Transform):
    """A transform of frames of `fft_length`, one every `sequence_stride` steps, in the middle of each a window."""

    sequence_length: Any
    sequence_stride: Any
    fft_length: Any
    window: Any
    center: Any

    def check(self) -> None:
        if self.fft_length < self.sequence_length and self.window is not None:
            detail = f"Must be at most fft_length, {self.fft_length}; received {self.sequence_length}."
            raise ValidationError(detail, "sequence_length")
        named = isinstance(self.window, str)
        if self.window is not None and (self.window not in NAMED if named else not self.fitting()):
            wanted = f"{' or '.join(NAMED)}, null, or a list of sequence_length = {self.sequence_length} numbers"
            raise ValidationError(f"Expected {wanted}; received {received(self.window)}.", "window")

    def fitting(self) -> bool:
        numbers = isinstance(self.window, tuple) and not any(isinstance(one, tuple) for one in self.window)
        return numbers and len(self.window) == self.sequence_length

    def form(self) -> np.ndarray:
        """The window, zeros around it."""
        if self.window is None:
            return np.ones(self.fft_length)
        n = self.sequence_length
        form = window(self.window, n, periodic=True) if isinstance(self.window, str) else np.asarray(self.window)
        before = (self.fft_length - n) // 2
        return np.pad(form, (before, self.fft_length - n - before))

    def windowed(self, frames: Tensor) -> Tensor:
        if self.window is None:
            return frames
        return ops.multiply(frames, ops.READING.get().constant(self.form, (self.fft_length,), str(frames.dtype)))


@operation
class STFT(ShortTime):
    """The transform of each windowed frame of the last axis; centred, the signal is mirrored at both ends."""

    sequence_length = Int(min=1)
    sequence_stride = Int(min=1)
    fft_length = Int(min=1)
    window = Window("hann", null=True)
    center = Bool(True)

    def check(self) -> None:
        super().check()
        if self.fft_length < self.sequence_length:
            detail = f"Must be at most fft_length, {self.fft_length}; received {self.sequence_length}."
            raise ValidationError(detail, "sequence_length")

    def compute(self, x: Any) -> Pair:
        x, around = self.real(x), self.fft_length // 2
        with blaming(pad_width="fft_length", length="fft_length"):
            if self.center:
                x = ops.pad(x, padding=(*((0, 0),) * (x.ndim - 1), (around, around)), mode="reflect")
            frames = ops.frames(x, length=self.fft_length, stride=self.sequence_stride)
        return halves(ops.real_fourier(self.windowed(frames)))


@operation
class ISTFT(ShortTime):
    """The signal of which this is the short-time transform: frames (…, frames, frequencies) added up."""

    sequence_length = Int(min=1)
    sequence_stride = Int(min=1)
    fft_length = Int(min=1)
    length = Int(None, min=0)
    window = Window("hann", null=True)
    center = Bool(True)

    def compute(self, x: Any) -> Tensor:
        real, imaginary = self.pair(x, 2)
        stride, count, n = self.sequence_stride, real.shape[-2], self.fft_length
        y = ops.overlap_add(self.windowed(ops.inverse_real_fourier(real, imaginary, n=n)), stride=stride)
        total, start = y.shape[-1], n // 2 if self.center else 0
        y = ops.divide(y, ops.READING.get().constant(lambda: self.divisor(count), (total,), str(y.dtype)))
        stop = total - start if self.length is None else start + self.length
        if provably(stop > total) or provably(stop < start):
            made = f"{count} frames of {n}, one every {stride}, are ({count} − 1) · {stride} + {n} = {total} numbers"
            if self.length is None:
                raise ShapeError(f"{made}: cutting {start} off both ends leaves nothing.", "center")
            raise ShapeError(f"{made}, {total - start} from {start} on: length can be no more than that.", "length")
        return ops.take(y, axis=y.ndim - 1, start=start, stop=stop)

    def divisor(self, count: int) -> np.ndarray:
        """What the squares of `count` windows add up to, 1 where that is nothing."""
        form = self.form()
        whole = ops.overlap_add.run(np.broadcast_to(form**2, (count, len(form))), stride=self.sequence_stride)
        whole = np.where(whole > LEAST, whole, 1.0)
        return whole if self.window is not None else whole * self.sequence_stride / self.fft_length
