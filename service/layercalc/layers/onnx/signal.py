"""Operators on signals: windows, filters and Fourier transforms; a complex number is a last axis of two."""

from typing import Any

from layercalc import deadline, ops
from layercalc import lazy_numpy as np
from layercalc.dims import Unknown, provably, text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Value, axis_of, numbers, operator, sizes
from layercalc.layers.onnx.dtypes import dtype_of
from layercalc.ops import Tensor

LONGEST = 1 << 24  # numbers that are made
COSINES = {  # of 0, 1 and 2 turns (Harris 1978, doi:10.1109/PROC.1978.10837)
    "HannWindow": (0.5, -0.5),
    "HammingWindow": (25 / 46, -21 / 46),
    "BlackmanWindow": (0.42, -0.5, 0.08),
}


def window(name: str, parts: tuple[float, ...]) -> None:
    """A window that is a sum of cosines."""

    def call(size: Value, *, output_datatype: int = 1, periodic: int = 1) -> Tensor:
        n, to = sizes(size)[0], dtype_of(output_datatype)
        if isinstance(n, Unknown):
            return ops.full((n,), 0, to)
        if not 0 <= n <= LONGEST:
            raise ShapeError(f"A window has 0 to {LONGEST:,} numbers; received {n}.", "size")

        def make() -> np.ndarray:
            turn = 2 * np.pi * np.arange(n) / max(n if periodic else n - 1, 1)
            return np.asarray(sum(part * np.cos(k * turn) for k, part in enumerate(parts)))

        return ops.built(make, (n,), to)

    operator(17, name)(call)


for _name, _parts in COSINES.items():
    window(_name, _parts)


@operator(17)
def MelWeightMatrix(
    num_mel_bins: Value,
    dft_length: Value,
    sample_rate: Value,
    lower_edge_hertz: Value,
    upper_edge_hertz: Value,
    *,
    output_datatype: int = 1,
) -> Tensor:
    """Triangles on the mel scale: (⌊length / 2⌋ + 1, bins)."""
    given = [sizes(one)[0] for one in (num_mel_bins, dft_length, sample_rate, lower_edge_hertz, upper_edge_hertz)]
    bins, length, rate, low, high = given
    to = dtype_of(output_datatype)
    rows = length // 2 + 1
    if any(isinstance(n, Unknown) for n in given):
        return ops.full((rows, bins), 0, to)
    if not 1 <= rows * bins <= LONGEST:
        raise ShapeError(f"A matrix of {rows} × {bins} numbers; 1 to {LONGEST:,} are made.", "num_mel_bins")
    mel = [2595 * np.log10(1 + edge / 700) for edge in (low, high)]
    if not np.isfinite(mel).all() or rate < 1:
        raise ShapeError(f"Frequencies from {low} to {high} Hz at a rate of {rate} are none.", "lower_edge_hertz")
    return ops.built(lambda: triangles(rows, bins, length, rate, mel), (rows, bins), to)


def triangles(rows: int, bins: int, length: int, rate: int, mel: list[Any]) -> np.ndarray:
    """A triangle in each column, from one edge over the next to the one after."""
    steps = np.arange(bins + 2) * ((mel[1] - mel[0]) / (bins + 2)) + mel[0]
    edges = ((length + 1) * (700 * (10 ** (steps / 2595) - 1)) // rate).astype(np.int64)
    if edges.min() < 0 or edges.max() > rows:
        raise ShapeError(f"Frequencies to {edges.max()} are not within {rows}.", "upper_edge_hertz")
    made, place = np.zeros((rows, bins)), np.arange(rows)
    for column, (start, centre, end) in deadline.each(enumerate(zip(edges[:-2], edges[1:-1], edges[2:], strict=True))):
        rising, falling = (place >= start) & (place <= centre), (place >= centre) & (place < end)
        made[rising, column] = (place[rising] - start) / (centre - start) if centre > start else 1
        if end > centre:
            made[falling, column] = (end - place[falling]) / (end - centre)
    return made


def transformed(x: Tensor, length: Any, axis: int, inverse: bool, onesided: bool) -> Tensor:
    """The transform of `length` numbers along an axis: cut off or filled up with zeros to that."""
    parts = x.shape[-1]
    if x.ndim < 2 or isinstance(parts, Unknown) or parts not in (1, 2):
        raise ShapeError(f"The last axis holds real numbers (1) or complex ones (2); received {text(x.shape)}.")
    place = axis_of(axis, x.ndim)
    if place == x.ndim - 1:
        raise ShapeError("The last axis holds the parts of a number; it cannot be transformed.", "axis")
    order = (*(i for i in range(x.ndim - 1) if i != place), place, x.ndim - 1)
    turned = ops.transpose(x, axes=order)
    real = ops.get_item(turned, key=(Ellipsis, 0))
    imaginary = ops.get_item(turned, key=(Ellipsis, 1)) if parts == 2 else ops.full(real.shape, 0, str(x.dtype))
    n = (2 * (x.shape[place] - 1) if inverse and onesided else x.shape[place]) if length is None else length
    if provably(n < 1):
        raise ShapeError(f"A transform of {n} numbers.", "dft_length")
    if inverse and onesided:
        made = ops.inverse_real_fourier(real, imaginary, n=n)
        return back(ops.reshape(made, to=(*made.shape, 1)), place)
    if onesided and parts == 2:
        raise ShapeError("A transform of complex numbers has two sides; onesided is for real ones.", "onesided")
    real = fitted(real, n)
    made = ops.real_fourier(real) if onesided else ops.fourier(real, fitted(imaginary, n), inverse=inverse)
    half = made.shape[-1] // 2
    apart = ops.reshape(made, to=(*made.shape[:-1], 2, half))
    apart = ops.transpose(apart, axes=(*range(apart.ndim - 2), apart.ndim - 1, apart.ndim - 2))
    return back(apart, place)


def back(x: Tensor, place: int) -> Tensor:
    """The last axis but one in the place it came from."""
    rest = list(range(x.ndim - 2))
    return ops.transpose(x, axes=(*rest[:place], x.ndim - 2, *rest[place:], x.ndim - 1))


def fitted(x: Tensor, n: Any) -> Tensor:
    """The last axis cut off, or filled up with zeros."""
    here, axis = x.shape[-1], x.ndim - 1
    if isinstance(n, Unknown) or isinstance(here, Unknown):
        return x if n is here else ops.take(x, axis=axis, start=0, stop=n)
    if n <= here:
        return x if n == here else ops.take(x, axis=axis, start=0, stop=n)
    return ops.pad(x, padding=(*((0, 0),) * axis, (0, n - here)))


@operator(17, "DFT")
def transform_by_attribute(
    x: Tensor, dft_length: Value = None, *, axis: int = 1, inverse: int = 0, onesided: int = 0
) -> Tensor:
    """The discrete Fourier transform along an axis, or its inverse."""
    length = None if dft_length is None else sizes(dft_length)[0]
    return transformed(x, length, axis, bool(inverse), bool(onesided))


@operator(20)
def DFT(x: Tensor, dft_length: Value = None, axis: Value = None, *, inverse: int = 0, onesided: int = 0) -> Tensor:
    """The same, whose axis is an input."""
    length = None if dft_length is None else sizes(dft_length)[0]
    along = -2 if axis is None else int(numbers(axis)[0])
    return transformed(x, length, along, bool(inverse), bool(onesided))


@operator(17)
def STFT(
    signal: Tensor, frame_step: Value, window: Tensor = None, frame_length: Value = None, *, onesided: int = 1
) -> Tensor:
    """The transform of each frame of a signal: (batch, frames, frequencies, 2)."""
    if signal.ndim not in (2, 3):
        raise ShapeError(f"A signal is (batch, places, 1 or 2); received {text(signal.shape)}.")
    x = signal if signal.ndim == 3 else ops.reshape(signal, to=(*signal.shape, 1))
    step = sizes(frame_step)[0]
    given = None if frame_length is None else sizes(frame_length)[0]
    length = given if given is not None else x.shape[1] if window is None else window.shape[0]
    if isinstance(step, Unknown) or isinstance(length, Unknown):
        raise ShapeError("The step and the length of frames must be known.")
    if step < 1 or length < 1:
        raise ShapeError(f"Frames of {length}, every {step}: both are at least 1.")
    batch, places, parts = x.shape
    rows = ops.reshape(ops.transpose(x, axes=(0, 2, 1)), to=(batch * parts, places))
    cut = ops.frames(rows, length=length, stride=step)
    if window is not None:
        cut = ops.multiply(cut, window)
    apart = ops.reshape(cut, to=(batch, parts, *cut.shape[1:]))
    return transformed(ops.transpose(apart, axes=(0, 2, 3, 1)), None, 2, False, bool(onesided))
