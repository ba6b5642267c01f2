"""Windows laid side by side, and put back together."""

from __future__ import annotations

from math import prod
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, differ, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op
from layercalc.ops.kernels.im2col import windows
from layercalc.ops.window import Pads, Sliding, around, counted, inner, padded, padded_size, span, taps


class Patches(Sliding):
    """The elements of each window of (batch, *spatial, channels): (batch, *positions, window · channels)."""

    free = True
    slowness = 10

    def lead(self, x: Shape, **_: Any) -> int:
        return 1

    def shape(self, x: Shape, *, window: Shape, **how: Any) -> Shape:
        return x[0], *counted(x[1:-1], window, **how), size(window) * x[-1]

    def workspace(self, out: Shape, x: Shape, *, window: Shape, **how: Any) -> Dim:
        return padded_size(x, window, out[1:-1], **how)

    def run(self, x: Any, *, window: Any, **how: Any) -> np.ndarray:
        out = self.shape(x.shape, window=window, **how)
        x = padded(x, around(x.shape[1:-1], window, out[1:-1], **how))
        return windows(x, window, out[1:-1], how["strides"], how["dilations"]).reshape(out)


class Fold(Op):
    """Windows (batch, channels · window, positions) added up where they stood in (batch, channels, height, width)."""

    price = "one addition for each element of the input"

    sums = True
    slowness = 10

    def shape(
        self, x: Shape, *, output_size: Shape, window: Shape, strides: Shape, pads: Pads, dilations: Shape
    ) -> Shape:
        each = size(window)
        if differ(x[1] % each, 0):
            raise ShapeError(f"{text(x)}: the {x[1]} elements of a window must be a multiple of {each}.", "window")
        counts = self.counts(output_size, window, strides, pads, dilations)
        if any(provably(n < 1) for n in counts) or differ(x[2], size(counts)):
            raise ShapeError(
                f"{text(x)}: an image of {text(output_size)} has {text(counts)} windows, {size(counts)} in all; "
                f"received {x[2]}.",
                "output_size",
            )
        return x[0], x[1] // each, *output_size

    def counts(self, output_size: Shape, window: Shape, strides: Shape, pads: Pads, dilations: Shape) -> Shape:
        sizes = zip(output_size, window, strides, pads, dilations, strict=True)
        return tuple((n + sum(around) - span(k, d)) // s + 1 for n, k, s, around, d in sizes)

    def cost(self, out: Shape, x: Shape, **_: Any) -> Cost:
        return Cost(adds=size(x))

    def workspace(self, out: Shape, x: Shape, *, output_size: Shape, pads: Pads, window: Shape, **_: Any) -> Dim:
        return x[0] * (x[1] // size(window)) * prod(n + sum(p) for n, p in zip(output_size, pads, strict=True))

    def launches(self, x: Shape, *, window: Shape, **_: Any) -> Dim:
        return size(window)

    def run(self, x: Any, *, output_size: Any, window: Any, strides: Any, pads: Any, dilations: Any) -> np.ndarray:
        counts = self.counts(output_size, window, strides, pads, dilations)
        batch, channels = x.shape[0], x.shape[1] // prod(window)
        x = x.reshape(batch * channels, *window, *counts)
        out = np.zeros((batch * channels, *(n + sum(p) for n, p in zip(output_size, pads, strict=True))), x.dtype)
        for tap, where in deadline.each(taps(window, counts, strides, dilations)):
            out[where] += x[(slice(None), *tap)]
        return out[inner(pads, output_size)].reshape(batch, channels, *output_size)


class Frames(Op):
    """Stretches of the last axis: (..., n) as (..., how many, length)."""

    view = True

    def shape(self, x: Shape, *, length: Dim, stride: Dim) -> Shape:
        count = 1 + (x[-1] - length) // stride
        if provably(count < 0):
            raise ShapeError(f"A stretch of {length} does not fit in the last axis of {text(x)}.", "length")
        return *x[:-1], count, length

    def run(self, x: Any, *, length: int, stride: int) -> np.ndarray:
        if x.shape[-1] < length:
            return np.zeros((*x.shape[:-1], 0, length), x.dtype)
        return np.lib.stride_tricks.sliding_window_view(x, length, axis=-1)[..., ::stride, :]


patches = Patches("patches")
fold = Fold("fold")
frames = Frames("frames")
