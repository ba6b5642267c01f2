"""Convolutions over (batch, *spatial, channels) for any number of spatial axes."""

from collections.abc import Iterator
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from layercalc.dims import Dim, Shape, differ, known, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops import winograd
from layercalc.ops.base import Cost, Op
from layercalc.ops.columns import gathered, product, windows
from layercalc.ops.pending import Finish, flat, repeated, unfinished
from layercalc.ops.reach import Span, Spans
from layercalc.ops.scratch import BLOCK_BYTES, WORKSPACE
from layercalc.ops.threads import spread
from layercalc.ops.window import padded, padded_size, pads, positions, slid, span, taps


class Conv(Op):
    """Kernel (*window, channels / groups, filters)."""

    price = "one MAC for each output element, element of the window and channel of the group"

    sums = True
    finishes = True

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
        positions = self.shape(x, kernel, **window, groups=groups)[:-1]
        held = size(positions) * size(kernel[:-2]) * x[-1]
        if len(kernel) == 4 and not provably(kernel[0] != 3):
            held = winograd.at_most(positions, *kernel[-2:])
        most = WORKSPACE // 4
        return padded_size(x, kernel[:-2], **window) + (held if provably(held < most) else most)

    def run(
        self,
        x: Any,
        kernel: Any,
        *,
        strides: Any,
        padding: str,
        dilation_rate: Any,
        groups: int = 1,
        finish: Finish = unfinished,
    ) -> np.ndarray:
        window, how = kernel.shape[:-2], {"strides": strides, "padding": padding, "dilation_rate": dilation_rate}
        if groups > 1 and kernel.shape[-2] == 1:  # every channel by itself
            apart = kernel.reshape(*window, groups, -1)
            return depthwise_conv.run(x, apart, **how, finish=finish)
        out = np.empty(self.shape(x.shape, kernel.shape, **how, groups=groups), x.dtype)
        added = around(x.shape, window, **how)
        if winograd.applies(window, strides, dilation_rate, groups, x.dtype):
            m = winograd.chosen(len(out), out.shape[1:3], kernel.shape)
            if m and winograd.convolved(x, kernel, out, added, m, finish):
                return out
        x = padded(x, added)
        if prod(window) == groups == 1:
            chosen = x[(slice(None), *(slice(None, None, stride) for stride in strides))]
            product(flat(np.ascontiguousarray(chosen)), kernel.reshape(kernel.shape[-2:]), flat(out), finish)
            return out
        every = windows(x, window, out.shape[1:-1], strides, dilation_rate)
        gathered(every, kernel, out, groups, finish)
        return out


def around(x: Shape, window: Shape, *, strides: Shape, padding: str, dilation_rate: Shape) -> list[tuple[int, int]]:
    """What is added before and after each spatial axis."""
    return [pads(n, k, s, d, padding) for n, k, s, d in zip(x[1:-1], window, strides, dilation_rate, strict=True)]


class DepthwiseConv(Op):
    """Kernel (*window, channels, multiplier): every channel has its own filters."""

    price = "one MAC for each output element and element of the window"

    sums = True
    finishes = True
    channels = 2

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
        columns = self.shape(x, kernel, **window)[-2]
        return padded_size(x, kernel[:-2], **window) * (1 + kernel[-1]) + size(kernel) * columns

    def run(
        self, x: Any, kernel: Any, *, strides: Any, padding: str, dilation_rate: Any, finish: Finish = unfinished
    ) -> np.ndarray:
        window, multiplier = kernel.shape[:-2], kernel.shape[-1]
        how = {"strides": strides, "padding": padding, "dilation_rate": dilation_rate}
        out = np.empty(self.shape(x.shape, kernel.shape, **how), x.dtype)
        x = np.ascontiguousarray(padded(x, around(x.shape, window, **how)))
        if multiplier > 1:
            x = np.repeat(x, multiplier, axis=-1)
        length, channels = out.shape[-2:]
        batch, *spatial, each = x.strides
        steps = [n * stride for n, stride in zip(spatial, strides, strict=True)]
        inside = [n * rate for n, rate in zip(spatial, dilation_rate, strict=True)]
        filters = kernel.reshape(*window, channels)
        if strides[-1] == 1:  # the last spatial axis and the channels are one run of memory
            filters = repeated(filters.reshape(-1, channels), length).reshape(*window, -1)
            rows, steps = out.reshape(*out.shape[:-2], -1), steps[:-1]
        else:
            rows = out
        shape = *rows.shape[:-1], *window, rows.shape[-1]
        seen = np.lib.stride_tricks.as_strided(x, shape, (batch, *steps, *inside, each), writeable=False)
        places, taps, last = range(rows.ndim - 1), range(rows.ndim, rows.ndim + len(window)), rows.ndim - 1
        everything, row = flat(out), prod(out.shape[1:-1]) // max(prod(rows.shape[1:-1]), 1)

        def band(where: tuple[slice, ...], start: int, stop: int) -> None:
            np.einsum(seen[where], [*places, *taps, last], filters, [*taps, last], [*places, last], out=rows[where])
            finish(everything[start * row : stop * row], start * row)

        spread(band, bands(rows.shape, rows.itemsize))
        return out


def bands(rows: tuple[int, ...], itemsize: int) -> Iterator[tuple[tuple[slice, ...], int, int]]:
    """Parts of (batch, *axes, run) that stay in cache: slices, and the range of runs they are."""
    *axes, run = rows
    axis = 0
    while axis + 1 < len(axes) and prod(axes[axis + 1 :]) * run * itemsize > BLOCK_BYTES // 4:
        axis += 1
    below = prod(axes[axis + 1 :])
    step = max(BLOCK_BYTES // 4 // (below * run * itemsize), 1)
    for number, lead in enumerate(np.ndindex(*axes[:axis])):
        for start in range(0, axes[axis], step):
            stop = min(start + step, axes[axis])
            where = (*(slice(i, i + 1) for i in lead), slice(start, stop), *(slice(0, n) for n in axes[axis + 1 :]))
            yield where, (number * axes[axis] + start) * below, (number * axes[axis] + stop) * below


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
        whole = x[0] * prod((n - 1) * stride + span(k, d) for n, k, stride, d in sizes) * kernel[-2]
        return whole + size(x[:-1]) * kernel[-2]  # the result before it is cut, and what one tap adds to it

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
        rows = flat(np.ascontiguousarray(x))
        for tap, where in taps(window, spatial, strides, dilation_rate):
            full[where] += (rows @ kernel[tap].T).reshape(*x.shape[:-1], filters)
        cut, fill = [slice(None)], []
        for out, length in zip(out_shape[1:-1], whole, strict=True):
            before = max(length - out, 0) // 2 if padding == "same" else 0
            cut.append(slice(before, before + out))
            fill.append((0, max(out - (length - before), 0)))
        return padded(np.ascontiguousarray(full[tuple(cut)]), fill)  # a view would keep all of it alive


conv = Conv("conv")
depthwise_conv = DepthwiseConv("depthwise_conv")
conv_transpose = ConvTranspose("conv_transpose")
