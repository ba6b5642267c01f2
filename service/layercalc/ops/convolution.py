"""Convolutions over (batch, *spatial, channels) for any number of spatial axes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import prod
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, certainly, differ, equal, least, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost
from layercalc.ops.kernels import winograd
from layercalc.ops.kernels.fusion import Finish, flat, repeated, unfinished
from layercalc.ops.kernels.im2col import gathered, product, windows
from layercalc.ops.kernels.scratch import BLOCK_BYTES, WORKSPACE
from layercalc.ops.kernels.threads import spread
from layercalc.ops.spans import Span, Spans
from layercalc.ops.spec import Spec, Tensor
from layercalc.ops.window import Pads, Sliding, around, counted, padded, padded_size, slid, span, taps
from layercalc.ops.work import ELEMENT, ROW

DEPTHWISE = 60  # a MAC of a window where every channel has its own, in FLOPs of a large matrix product


def check_groups(groups: Dim) -> None:
    if provably(groups < 1):
        raise ShapeError(f"The groups are at least 1; received {groups}.")


class Conv(Sliding):
    """Kernel (*window, channels / groups, filters)."""

    price = "one MAC for each output element, element of the window and channel of the group"

    sums = True
    finishes = True
    slowness = 1

    def work(self, out: Spec, cost: Cost, x: Shape, kernel: Shape, *, groups: int = 1, **how: Any) -> Dim:
        """The product, and the columns that are gathered for it: in one piece of memory for each group."""
        if groups != 1 and equal(kernel[-2], 1):
            apart = *kernel[:-2], groups, kernel[-1] // groups
            return depthwise_conv.work(out, cost, x, apart, **how)
        columns = size(out.shape[:-1]) * size(kernel[:-2]) * x[-1]
        whole = groups == 1 and all(equal(k, 1) for k in kernel[:-2])
        gathered = 0 if whole else (2 if groups == 1 else 12) * ELEMENT * columns
        return 2 * cost.macs + gathered + 3 * ELEMENT * (size(x) + size(out.shape))

    def shape(self, x: Shape, kernel: Shape, *, groups: int = 1, **how: Any) -> Shape:
        check_groups(groups)
        if differ(x[-1], kernel[-2] * groups):
            raise ShapeError(f"The kernel reads {kernel[-2] * groups} channels, the input {text(x)} has {x[-1]}.")
        if differ(kernel[-1] % groups, 0):
            raise ShapeError(f"{groups} groups cannot share {kernel[-1]} filters; give a multiple of {groups}.")
        return x[0], *counted(x[1:-1], kernel[:-2], **how), kernel[-1]

    def cost(self, out: Shape, x: Shape, kernel: Shape, **_: Any) -> Cost:
        return Cost(macs=size(out) * size(kernel[:-1]))

    def reach(self, out: Shape, spans: list[Spans], x: Shape, kernel: Shape, **how: Any) -> Spans:
        return slid(spans[0], kernel[:-2], **how)

    def workspace(self, out: Shape, x: Shape, kernel: Shape, **how: Any) -> Dim:
        held = size(out[:-1]) * size(kernel[:-2]) * x[-1]
        if len(kernel) == 4 and certainly(kernel[0] == 3):
            held = winograd.at_most(out[:-1], *kernel[-2:])
        return padded_size(x, kernel[:-2], out[1:-1], **how) + least(held, WORKSPACE // 4)

    def run(self, x: Any, kernel: Any, *, groups: int = 1, finish: Finish = unfinished, **how: Any) -> np.ndarray:
        window, strides, dilations = kernel.shape[:-2], how["strides"], how["dilations"]
        if groups > 1 and kernel.shape[-2] == 1:  # every channel by itself
            apart = kernel.reshape(*window, groups, -1)
            return depthwise_conv.run(x, apart, **how, finish=finish)
        out = np.empty(self.shape(x.shape, kernel.shape, **how, groups=groups), x.dtype)
        added = around(x.shape[1:-1], window, out.shape[1:-1], **how)
        if winograd.applies(window, strides, dilations, groups, x.dtype):
            m = winograd.chosen(len(out), out.shape[1:3], kernel.shape)
            if m and winograd.convolved(x, kernel, out, added, m, finish):
                return out
        x = padded(x, added)
        if prod(window) == groups == 1:
            steps = zip(strides, out.shape[1:-1], strict=True)
            chosen = x[(slice(None), *(slice(0, (n - 1) * stride + 1, stride) for stride, n in steps))]
            product(flat(np.ascontiguousarray(chosen)), kernel.reshape(kernel.shape[-2:]), flat(out), finish)
            return out
        every = windows(x, window, out.shape[1:-1], strides, dilations)
        gathered(every, kernel, out, groups, finish)
        return out


class DepthwiseConv(Sliding):
    """Kernel (*window, channels, multiplier): every channel has its own filters."""

    price = "one MAC for each output element and element of the window"

    sums = True
    finishes = True
    channels = 2

    def filters(self, place: int, *shapes: Any, **_: Any) -> tuple[int, ...]:
        return (-2, -1)

    slowness = 1

    def work(self, out: Spec, cost: Cost, x: Shape, kernel: Shape, *, strides: Shape, **_: Any) -> Dim:
        runs = size(out.shape[:-1] if strides[-1] != 1 else out.shape[:-2]) * size(kernel[:-2])
        return DEPTHWISE * cost.macs + ROW // 2 * runs + ELEMENT * (2 * size(x) * kernel[-1] + 2 * size(out.shape))

    def shape(self, x: Shape, kernel: Shape, **how: Any) -> Shape:
        if differ(x[-1], kernel[-2]):
            raise ShapeError(f"The kernel reads {kernel[-2]} channels, the input {text(x)} has {x[-1]}.")
        return x[0], *counted(x[1:-1], kernel[:-2], **how), kernel[-2] * kernel[-1]

    def cost(self, out: Shape, x: Shape, kernel: Shape, **_: Any) -> Cost:
        return Cost(macs=size(out) * size(kernel[:-2]))

    def reach(self, out: Shape, spans: list[Spans], x: Shape, kernel: Shape, **how: Any) -> Spans:
        return slid(spans[0], kernel[:-2], **how)

    def workspace(self, out: Shape, x: Shape, kernel: Shape, **how: Any) -> Dim:
        return padded_size(x, kernel[:-2], out[1:-1], **how) * (1 + kernel[-1]) + size(kernel) * out[-2]

    def run(self, x: Any, kernel: Any, *, finish: Finish = unfinished, **how: Any) -> np.ndarray:
        window, multiplier = kernel.shape[:-2], kernel.shape[-1]
        strides, dilations = how["strides"], how["dilations"]
        out = np.empty(self.shape(x.shape, kernel.shape, **how), x.dtype)
        x = np.ascontiguousarray(padded(x, around(x.shape[1:-1], window, out.shape[1:-1], **how)))
        if multiplier > 1:
            x = np.repeat(x, multiplier, axis=-1)
        length, channels = out.shape[-2:]
        batch, *spatial, each = x.strides
        steps = [n * stride for n, stride in zip(spatial, strides, strict=True)]
        inside = [n * rate for n, rate in zip(spatial, dilations, strict=True)]
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


class ConvTranspose(Sliding):
    """Kernel (*window, filters / groups, channels): each element of the input adds a scaled kernel to the result.

    The gradient of a convolution with the same numbers: `pads` are cut off the ends of each axis, and `output_padding`
    elements follow at its end.
    """

    price = "one MAC for each input element, element of the window and filter of the group"

    sums = True

    def filters(self, place: int, *shapes: Any, **_: Any) -> tuple[int, ...]:
        return (-2,)

    def __call__(self, x: Tensor, *others: Tensor, output_padding: Shape | None = None, **how: Any) -> Tensor:
        return super().__call__(x, *others, output_padding=output_padding or (0,) * (x.ndim - 2), **how)

    def shape(
        self,
        x: Shape,
        kernel: Shape,
        *,
        strides: Shape,
        pads: Pads,
        output_padding: Shape,
        dilations: Shape,
        positions: Shape | None = None,
        groups: int = 1,
    ) -> Shape:
        if differ(x[-1], kernel[-1]):
            raise ShapeError(f"The kernel reads {kernel[-1]} channels, the input {text(x)} has {x[-1]}.")
        check_groups(groups)
        if differ(x[-1] % groups, 0):
            raise ShapeError(f"{groups} groups cannot share {x[-1]} channels.")
        whole = self.whole(x, kernel, strides, dilations)
        sizes = positions or [
            n - before - after + more for n, (before, after), more in zip(whole, pads, output_padding, strict=True)
        ]
        for n, out in zip(x[1:-1], sizes, strict=True):
            if provably(n < 1) or provably(out < 1):
                raise ShapeError(f"{text(x[1:-1])} leaves nothing to convolve: one axis of the result would be {out}.")
        return x[0], *sizes, kernel[-2] * groups

    def whole(self, x: Shape, kernel: Shape, strides: Shape, dilations: Shape) -> list[Dim]:
        """How far the kernels reach along each axis, before anything is cut off."""
        sizes = zip(x[1:-1], kernel[:-2], strides, dilations, strict=True)
        return [(n - 1) * stride + span(k, d) for n, k, stride, d in sizes]

    def cost(self, out: Shape, x: Shape, kernel: Shape, **_: Any) -> Cost:
        return Cost(macs=size(x) * size(kernel[:-1]))

    def work(self, out: Spec, cost: Cost, x: Shape, kernel: Shape, **_: Any) -> Dim:
        """A product for each element of the window, each added to its places."""
        return 2 * cost.macs + 6 * ELEMENT * (size(x[:-1]) * size(kernel[:-2]) * out.shape[-1] + size(out.shape))

    def reach(self, out: Shape, spans: list[Spans], x: Shape, kernel: Shape, **how: Any) -> Spans:
        """Place o sees the inputs i with i · stride + tap = o + cut: ⌈span / stride⌉ of them."""
        found: list[Span | None] = []
        sizes = zip(kernel[:-2], how["strides"], how["dilations"], how["pads"], spans[0][1:-1], strict=True)
        for k, stride, rate, (cut, _), one in sizes:
            wide = span(k, rate)
            found.append(one and one.slid(-(-wide // stride), Fraction(1, stride), (wide - 1 - cut) // stride))
        return None, *found, None

    def workspace(
        self, out: Shape, x: Shape, kernel: Shape, *, strides: Shape, dilations: Shape, groups: int = 1, **_: Any
    ) -> Dim:
        filters = kernel[-2] * groups
        whole = x[0] * prod(self.whole(x, kernel, strides, dilations)) * filters
        tap = size(x[:-1]) * filters
        return whole + (tap if groups == 1 else 2 * tap + size(x))  # before it is cut, and what one tap adds to it

    def launches(self, x: Shape, kernel: Shape, **_: Any) -> Dim:
        return size(kernel[:-2])

    def run(self, x: Any, kernel: Any, *, groups: int = 1, **how: Any) -> np.ndarray:
        out_shape = self.shape(x.shape, kernel.shape, groups=groups, **how)
        strides, dilations, filters = how["strides"], how["dilations"], out_shape[-1]
        whole = self.whole(x.shape, kernel.shape, strides, dilations)
        full = np.zeros((x.shape[0], *whole, filters), x.dtype)
        rows = flat(np.ascontiguousarray(x))
        for tap, where in deadline.each(taps(kernel.shape[:-2], x.shape[1:-1], strides, dilations)):
            full[where] += multiplied(rows, kernel[tap], groups).reshape(*x.shape[:-1], filters)
        cut, fill = [slice(None)], []
        for out, length, (before, _) in zip(out_shape[1:-1], whole, how["pads"], strict=True):
            cut.append(slice(before, before + out))
            fill.append((0, max(out - max(length - before, 0), 0)))
        kept = full[tuple(cut)]  # a view would keep all of it alive
        return padded(kept, fill) if any(map(any, fill)) else np.ascontiguousarray(kept)


def multiplied(rows: np.ndarray, kernel: np.ndarray, groups: int) -> np.ndarray:
    """(positions, channels) by (filters / groups, channels), each group with its share: (positions, filters)."""
    if groups == 1:
        return rows @ kernel.T
    shares = rows.reshape(len(rows), groups, -1).transpose(1, 0, 2)
    matrices = kernel.reshape(len(kernel), groups, -1).transpose(1, 2, 0)
    return np.matmul(shares, matrices).transpose(1, 0, 2).reshape(len(rows), -1)


conv = Conv("conv")
depthwise_conv = DepthwiseConv("depthwise_conv")
conv_transpose = ConvTranspose("conv_transpose")
