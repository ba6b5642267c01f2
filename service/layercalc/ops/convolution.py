"""Convolutions over (batch, *spatial, channels) for any number of spatial axes."""

from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from layercalc.dims import Dim, Shape, differ, known, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op
from layercalc.ops.reach import Span, Spans
from layercalc.ops.window import padded, padded_size, pads, positions, slid, span, taps

COLUMN_BYTES = 1 << 20  # of im2col columns in flight: stays in the L2 cache next to the kernel


class Conv(Op):
    """Kernel (*window, channels / groups, filters)."""

    price = "one MAC for each output element, element of the window and channel of the group"

    sums = True

    def shape(
        self, x: Shape, kernel: Shape, *, strides: Shape, padding: str, dilation_rate: Shape, groups: int = 1
    ) -> Shape:
        if differ(x[-1], kernel[-2] * groups):
            raise ShapeError(f"The kernel reads {kernel[-2] * groups} channels, the input {text(x)} has {x[-1]}.")
        window: dict[str, Any] = {"strides": strides, "padding": padding, "dilation_rate": dilation_rate}
        return x[0], *positions(x[1:-1], kernel[:-2], field="kernel_size", **window), kernel[-1]

    def cost(self, out: Shape, x: Shape, kernel: Shape, **_: Any) -> Cost:
        return Cost(macs=size(out) * size(kernel[:-1]))

    def reach(self, out: Shape, spans: list[Spans], x: Shape, kernel: Shape, **window: Any) -> Spans:
        return slid(spans[0], x, kernel[:-2], **window)

    def workspace(self, x: Shape, kernel: Shape, *, groups: int = 1, **window: Any) -> Dim:
        return padded_size(x, kernel[:-2], **window) + COLUMN_BYTES // 4

    def run(
        self, x: Any, kernel: Any, *, strides: Any, padding: str, dilation_rate: Any, groups: int = 1
    ) -> np.ndarray:
        window = kernel.shape[:-2]
        around = [
            pads(n, k, s, d, padding) for n, k, s, d in zip(x.shape[1:-1], window, strides, dilation_rate, strict=True)
        ]
        x = padded(x, around)
        rank, filters = len(window), kernel.shape[-1]
        spans = tuple(span(k, d) for k, d in zip(window, dilation_rate, strict=True))
        every = sliding_window_view(x, spans, axis=tuple(range(1, rank + 1)))
        steps = [slice(None, None, s) for s in strides]
        spread = [slice(None, None, d) for d in dilation_rate]
        every = every[(slice(None), *steps, slice(None), *spread)]
        columns = np.moveaxis(every, rank + 1, -1)  # (batch, *positions, *window, channels)
        out = np.empty((*columns.shape[: rank + 1], filters), x.dtype)
        if groups == 1:
            matrix = kernel.reshape(-1, filters)
            for where in blocks(columns.shape, rank, x.itemsize):
                rows = columns[where].reshape(-1, matrix.shape[0])
                np.matmul(rows, matrix, out=out[where].reshape(-1, filters))
            return out
        share, each = kernel.shape[-2], filters // groups
        matrices = np.moveaxis(kernel.reshape(-1, share, groups, each), 2, 0).reshape(groups, -1, each)
        for where in blocks(columns.shape, rank, x.itemsize):
            part = columns[where]
            grouped = np.moveaxis(part.reshape(*part.shape[:-1], groups, share), -2, 0).reshape(
                groups, -1, matrices.shape[1]
            )
            out[where] = np.moveaxis(grouped @ matrices, 0, 1).reshape(out[where].shape)
        return out


def blocks(columns: tuple[int, ...], rank: int, itemsize: int) -> list[tuple[slice, ...]]:
    """Parts of (batch, *positions) whose columns fit in cache: some images at a time, or some rows of one image.

    Each part of a C-contiguous result is contiguous, so that a GEMM can write into it.
    """
    batch, rows = columns[0], columns[1]
    row = prod(columns[2:]) * itemsize
    if row * rows <= COLUMN_BYTES or rank == 0:
        step = max(COLUMN_BYTES // max(row * rows, 1), 1)
        return [(slice(start, start + step),) for start in range(0, batch, step)]
    step = max(COLUMN_BYTES // row, 1)
    starts = range(0, rows, step)
    return [(slice(n, n + 1), slice(start, start + step)) for n in range(batch) for start in starts]


class DepthwiseConv(Op):
    """Kernel (*window, channels, multiplier): every channel has its own filters."""

    price = "one MAC for each output element and element of the window"

    sums = True

    def shape(self, x: Shape, kernel: Shape, *, strides: Shape, padding: str, dilation_rate: Shape) -> Shape:
        if differ(x[-1], kernel[-2]):
            raise ShapeError(f"The kernel reads {kernel[-2]} channels, the input {text(x)} has {x[-1]}.")
        window: dict[str, Any] = {"strides": strides, "padding": padding, "dilation_rate": dilation_rate}
        sizes = positions(x[1:-1], kernel[:-2], field="kernel_size", **window)
        return x[0], *sizes, kernel[-2] * kernel[-1]

    def cost(self, out: Shape, x: Shape, kernel: Shape, **_: Any) -> Cost:
        return Cost(macs=size(out) * size(kernel[:-2]))

    def reach(self, out: Shape, spans: list[Spans], x: Shape, kernel: Shape, **window: Any) -> Spans:
        return slid(spans[0], x, kernel[:-2], **window)

    def workspace(self, x: Shape, kernel: Shape, **window: Any) -> Dim:
        return padded_size(x, kernel[:-2], **window) * (1 + kernel[-1]) + size(self.shape(x, kernel, **window))

    def launches(self, x: Shape, kernel: Shape, **_: Any) -> Dim:
        return size(kernel[:-2])

    def run(self, x: Any, kernel: Any, *, strides: Any, padding: str, dilation_rate: Any) -> np.ndarray:
        window, multiplier = kernel.shape[:-2], kernel.shape[-1]
        around = [
            pads(n, k, s, d, padding) for n, k, s, d in zip(x.shape[1:-1], window, strides, dilation_rate, strict=True)
        ]
        out_shape = self.shape(x.shape, kernel.shape, strides=strides, padding=padding, dilation_rate=dilation_rate)
        x = padded(x, around)
        if multiplier > 1:
            x = np.repeat(x, multiplier, axis=-1)
        flat = kernel.reshape(*window, -1)
        out = np.zeros(out_shape, x.dtype)
        product = np.empty_like(out)
        for tap, where in taps(window, out_shape[1:-1], strides, dilation_rate):
            np.multiply(x[where], flat[tap], out=product)
            out += product
        return out


class ConvTranspose(Op):
    """Kernel (*window, filters, channels): the gradient of a convolution, as Keras' transposed layers use it.

    Output sizes are Keras' (`compute_conv_transpose_output_shape`), where the full result is cut or filled as
    `tf.nn.conv_transpose` does.
    """

    price = "one MAC for each input element, element of the window and filter"

    sums = True

    def shape(
        self, x: Shape, kernel: Shape, *, strides: Shape, padding: str, output_padding: Any, dilation_rate: Shape
    ) -> Shape:
        if differ(x[-1], kernel[-1]):
            raise ShapeError(f"The kernel reads {kernel[-1]} channels, the input {text(x)} has {x[-1]}.")
        extra = output_padding or (None,) * len(strides)
        sizes = []
        for n, k, stride, add, dilation in zip(x[1:-1], kernel[:-2], strides, extra, dilation_rate, strict=True):
            reach = span(k, dilation)
            if padding == "valid":
                out = (n - 1) * stride + reach + (max(reach, stride) - reach if add is None else add)
            else:
                out = n * stride if add is None else (n - 1) * stride + reach % 2 + add
            if provably(n < 1) or provably(out < 1):
                raise ShapeError(f"{text(x[1:-1])} leaves nothing to convolve: one axis of the result would be {out}.")
            sizes.append(out)
        return x[0], *sizes, kernel[-2]

    def cost(self, out: Shape, x: Shape, kernel: Shape, **_: Any) -> Cost:
        return Cost(macs=size(x) * size(kernel[:-1]))

    def reach(
        self, out: Shape, spans: list[Spans], x: Shape, kernel: Shape, *, strides: Any, padding: str, **how: Any
    ) -> Spans:
        """Place o sees the inputs i with i · stride + tap = o + cut: ⌈span / stride⌉ of them."""
        found: list[Span | None] = []
        for n, to, k, stride, rate, one in zip(
            x[1:-1], out[1:-1], kernel, strides, how["dilation_rate"], spans[0][1:-1], strict=False
        ):
            wide = span(k, rate)
            cut = max((n - 1) * stride + wide - to, 0) // 2 if padding == "same" and known((n, to)) else 0
            found.append(one and one.slid(-(-wide // stride), Fraction(1, stride), (wide - 1 - cut) // stride))
        return None, *found, None

    def workspace(self, x: Shape, kernel: Shape, *, strides: Shape, dilation_rate: Shape, **_: Any) -> Dim:
        sizes = zip(x[1:-1], kernel[:-2], strides, dilation_rate, strict=True)
        return x[0] * prod((n - 1) * stride + span(k, d) for n, k, stride, d in sizes) * kernel[-2]

    def launches(self, x: Shape, kernel: Shape, **_: Any) -> Dim:
        return size(kernel[:-2])

    def run(
        self, x: Any, kernel: Any, *, strides: Any, padding: str, output_padding: Any, dilation_rate: Any
    ) -> np.ndarray:
        how = {"strides": strides, "padding": padding, "output_padding": output_padding}
        out_shape = self.shape(x.shape, kernel.shape, dilation_rate=dilation_rate, **how)
        window, filters, spatial = kernel.shape[:-2], kernel.shape[-2], x.shape[1:-1]
        whole = [(n - 1) * s + span(k, d) for n, k, s, d in zip(spatial, window, strides, dilation_rate, strict=True)]
        full = np.zeros((x.shape[0], *whole, filters), x.dtype)
        for tap, where in taps(window, spatial, strides, dilation_rate):
            full[where] += x @ kernel[tap].T
        cut, fill = [slice(None)], []
        for out, length in zip(out_shape[1:-1], whole, strict=True):
            before = max(length - out, 0) // 2 if padding == "same" else 0
            cut.append(slice(before, before + out))
            fill.append((0, max(out - (length - before), 0)))
        return padded(np.ascontiguousarray(full[tuple(cut)]), fill)  # a view would keep all of it alive


conv = Conv("conv")
depthwise_conv = DepthwiseConv("depthwise_conv")
conv_transpose = ConvTranspose("conv_transpose")
