"""Layers that turn sound into spectrograms."""

from __future__ import annotations

from typing import Any, ClassVar

from layercalc import deadline, ops
from layercalc import lazy_numpy as np
from layercalc.dims import text
from layercalc.errors import Offer, ShapeError, blaming
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Int, Number, ValidationError
from layercalc.layers.initializers import PIECE, Initializer
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.fields import DataFormat, Window
from layercalc.layers.keras.imaging import floated
from layercalc.layers.keras.padding import slide
from layercalc.ops import Tensor
from layercalc.ops.signal import COSINES, window
from layercalc.wording import received

EPSILON = 1e-7  # keras.backend.epsilon()


@layer
class MelSpectrogram(Layer):
    """How loud each band of the mel scale is in each frame of a sound."""

    fft_length = Int(2048, min=1)
    sequence_stride = Int(512, min=1)
    sequence_length = Int(None, min=1)
    window = Choice(("hann", "hamming"), "hann", null=True)
    sampling_rate = Number(16000, min=1)
    num_mel_bins = Int(128, min=1)
    min_freq = Number(20.0, min=0)
    max_freq = Number(None, min=0)
    power_to_db = Bool(True)
    top_db = Number(80.0)
    mag_exp = Number(2.0)
    min_power = Number(1e-10)
    ref_power = Number(1.0)

    example: ClassVar[Any] = {"fft_length": 16, "sequence_stride": 8, "num_mel_bins": 5}, (2, 40)

    def check(self) -> None:
        if self.fft_length < (self.sequence_length or 0):
            told = f"Must be at most fft_length, {self.fft_length}; received {self.sequence_length}."
            raise ValidationError(Offer(told, self.fft_length), "sequence_length")

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        if x.ndim not in (1, 2):
            raise ShapeError(f"MelSpectrogram takes (time) or (batch, time); received {text(x.shape)}: {x.ndim} axes.")
        how = {"name": self.window, "length": self.sequence_length or self.fft_length, "power": self.mag_exp}
        with blaming(n="fft_length"):
            y = ops.spectrum(floated(x), n=self.fft_length, stride=self.sequence_stride, **how)
        high = self.max_freq or int(self.sampling_rate / 2)
        y = ops.mel_bands(y, bins=self.num_mel_bins, rate=self.sampling_rate, low=self.min_freq, high=high)
        if self.power_to_db:
            y = ops.decibels(y, least=self.min_power, reference=self.ref_power, top=self.top_db)
        return ops.transpose(y, axes=(*range(x.ndim - 1), x.ndim, x.ndim - 1))


class Fourier(Initializer):
    """Kernels that a convolution with is one side of a Fourier transform."""

    def __init__(self, **arguments: Any):
        self.arguments = arguments

    def fill(self, out: np.ndarray, generator: np.random.Generator) -> None:
        length, _, frequencies = out.shape
        weights, step = self.weights(length), max(PIECE // max(frequencies, 1), 1)
        for start in deadline.each(range(0, length, step)):
            some = slice(start, start + step)
            at = np.arange(length)[some, None]
            turn = 2 * np.pi * at * np.arange(frequencies) / max(2 * (frequencies - 1), 1)
            kernel = np.cos(turn) if self.arguments["side"] == "real" else -np.sin(turn)
            out[some, 0] = (kernel * weights[some, None]).astype(np.float32)

    def weights(self, length: int) -> np.ndarray:
        """The window, divided by what `scaling` says."""
        given = self.arguments["window"]
        if given is None:
            return np.ones(length)
        if isinstance(given, str) and given not in COSINES:
            raise ValueError(
                f"the window {given!r} is not known here; post the weights. Known are {', '.join(COSINES)}."
            )
        form = window(given, length, self.arguments["periodic"]) if isinstance(given, str) else np.asarray(given)
        if form.shape != (length,):
            raise ValueError(f"the window must be {length} numbers, as frame_length; it is {list(form.shape)}.")
        scaling = self.arguments["scaling"]
        return form / (np.sqrt((form**2).sum()) if scaling == "density" else np.abs(form).sum() if scaling else 1)


@layer
class STFTSpectrogram(Layer):
    """The short-time Fourier transform of each channel, as convolutions whose kernels are weights."""

    mode = Choice(("log", "magnitude", "psd", "real", "imag", "angle", "stft"), "log")
    frame_length = Int(256, min=1)
    frame_step = Int(None, min=1)
    fft_length = Int(None, min=1)
    window = Window("hann", null=True)
    periodic = Bool(False)
    scaling = Choice(("density", "spectrum"), "density", null=True)
    padding = Choice(("valid", "same"), "valid")
    expand_dims = Bool(False)
    data_format = DataFormat()

    example: ClassVar[Any] = {"frame_length": 8, "mode": "magnitude"}, (2, 30, 2)

    def check(self) -> None:
        for field, wrong in (
            ("frame_step", self.frame_step is not None and self.frame_step > self.frame_length),
            ("fft_length", self.fft_length is not None and self.fft_length < self.frame_length),
        ):
            if wrong:
                most = "most" if field == "frame_step" else "least"
                detail = f"Must be at {most} frame_length, {self.frame_length}; received {received(vars(self)[field])}."
                raise ValidationError(Offer(detail, self.frame_length), field)
        if self.frame_length == 1 and self.frame_step is None:
            raise ValidationError("Required for a frame_length of 1.", "frame_step")

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        self.needs_rank(x, 3, "batch, time, channels")
        if str(x.dtype) not in ops.FLOATS:
            raise ShapeError(f"STFTSpectrogram takes floats; received {text(x.shape)} of {x.dtype}.")
        batch, steps, channels = x.shape
        frequencies = (self.fft_length or 1 << (self.frame_length - 1).bit_length()) // 2 + 1
        shape = self.frame_length, 1, frequencies
        sides = [side for side in ("real", "imag") if self.mode not in {"real", "imag"} - {side}]
        fill = {"window": self.window, "scaling": self.scaling, "periodic": self.periodic}
        kernels = [weight(f"{side}_kernel", shape, Fourier(side=side, **fill)) for side in sides]
        x = ops.reshape(ops.transpose(x, axes=(0, 2, 1)), to=(batch * channels, steps, 1))
        step = self.frame_step or self.frame_length // 2
        how = {"size": (self.frame_length,), "strides": (step,), "padding": self.padding, "field": "frame_length"}
        y = self.combined([slide(ops.conv, x, kernel, **how) for kernel in kernels])
        y = ops.reshape(y, to=(batch, channels, *y.shape[1:]))
        if self.expand_dims:
            return ops.transpose(y, axes=(0, 2, 3, 1))
        return ops.reshape(ops.transpose(y, axes=(0, 2, 1, 3)), to=(batch, y.shape[2], channels * y.shape[3]))

    def combined(self, sides: list[Tensor]) -> Tensor:
        """What the mode makes of real and imaginary parts, (batch · channels, frames, frequencies) each."""
        if len(sides) == 1:
            return sides[0]
        if self.mode == "stft":
            return ops.concatenate(*sides, axis=2)
        if self.mode == "angle":
            return ops.OPS["arctan2"](sides[1], sides[0])
        power = ops.add(*(ops.OPS["square"](side) for side in sides))
        last = power.shape[2] - 1
        if self.mode == "psd":
            if last < 2:
                return ops.multiply(power, ops.constant(1.0))
            inner = ops.take(power, axis=2, start=1, stop=last)
            ends = [ops.take(power, axis=2, start=i, stop=i + 1) for i in (0, last)]
            return ops.concatenate(ends[0], ops.add(inner, inner), ends[1], axis=2)
        y = ops.OPS["sqrt"](ops.maximum(power, ops.constant(EPSILON)))
        return y if self.mode == "magnitude" else ops.OPS["log"](ops.maximum(y, ops.constant(EPSILON)))
