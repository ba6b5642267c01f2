"""Pooling over (batch, *spatial, channels), for any number of spatial axes."""

from math import gcd, prod
from typing import Any

import numpy as np

from layercalc.dims import Dim, Shape, Unknown, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op
from layercalc.ops.reach import Spans
from layercalc.ops.reduction import reduction
from layercalc.ops.window import padded, padded_size, pads, positions, slid


class Pool(Op):
    """One number for each window and channel: a reduction and the value that never wins.

    Padding is no part of a window: the maximum passes over it and the average does not divide by it.
    """

    price = "k − 1 comparisons for each window of k; an average k − 1 additions and 1 division"

    def __init__(self, name: str, average: bool):
        super().__init__(name)
        self.average, self.floating = average, average

    def shape(self, x: Shape, *, pool_size: Shape, strides: Shape, padding: str) -> Shape:
        once = (1,) * len(pool_size)
        window: dict[str, Any] = {"strides": strides, "padding": padding, "dilation_rate": once}
        return x[0], *positions(x[1:-1], pool_size, field="pool_size", **window), x[-1]

    def cost(self, out: Shape, x: Shape, *, pool_size: Shape, **_: Any) -> Cost:
        return reduction(size(out), size(pool_size), self.average)

    def reach(
        self, out: Shape, spans: list[Spans], x: Shape, *, pool_size: Shape, strides: Shape, padding: str
    ) -> Spans:
        once = (1,) * len(pool_size)
        inside = slid(spans[0], x, pool_size, strides=strides, padding=padding, dilation_rate=once)
        return None, *inside[1:-1], spans[0][-1]

    def workspace(self, x: Shape, *, pool_size: Shape, strides: Shape, padding: str) -> Dim:
        once = (1,) * len(pool_size)
        return 2 * padded_size(x, pool_size, strides=strides, padding=padding, dilation_rate=once)

    def launches(self, x: Shape, *, pool_size: Shape, **_: Any) -> Dim:
        return sum(pool_size)

    def run(self, x: Any, *, pool_size: Any, strides: Any, padding: str) -> np.ndarray:
        out_shape = self.shape(x.shape, pool_size=pool_size, strides=strides, padding=padding)
        around = [pads(n, k, s, 1, padding) for n, k, s in zip(x.shape[1:-1], pool_size, strides, strict=True)]
        lowest: Any = {"f": -np.inf, "b": False}[x.dtype.kind] if x.dtype.kind in "fb" else np.iinfo(x.dtype).min
        spatial, x = x.shape[1:-1], padded(x, around, 0 if self.average else lowest)
        merge = np.add if self.average else np.maximum
        out: Any = x
        for axis, (k, s, n) in enumerate(zip(pool_size, strides, out_shape[1:-1], strict=True), 1):
            ahead = (slice(None),) * axis  # one axis after the other: k + k and not k · k terms
            total: Any = None
            for tap in range(k):
                part = out[(*ahead, slice(tap, tap + (n - 1) * s + 1, s))]
                total = part.copy() if total is None else merge(total, part, out=total)
            out = total
        if self.average:
            for axis, (n, k, s, (before, _)) in enumerate(zip(spatial, pool_size, strides, around, strict=True), 1):
                start = np.arange(out.shape[axis]) * s - before
                inside = np.minimum(start + k, n) - np.maximum(start, 0)
                out /= inside.astype(x.dtype).reshape(-1, *(1,) * (out.ndim - axis - 1))
        return out


class AdaptivePool(Op):
    """As many windows along each spatial axis as asked for: window i reaches from ⌊i·n/out⌋ to ⌈(i + 1)·n/out⌉."""

    price = "k − 1 comparisons for each window of k; an average k − 1 additions and 1 division"

    def __init__(self, name: str, average: bool):
        super().__init__(name)
        self.average, self.floating = average, average

    def shape(self, x: Shape, *, output_size: Shape) -> Shape:
        if any(provably(n < 1) for n in x[1:-1]):
            raise ShapeError(f"There is nothing to pool in {text(x)}.")
        return x[0], *output_size, x[-1]

    def cost(self, out: Shape, x: Shape, *, output_size: Shape) -> Cost:
        # The windows of one axis cover n elements, and one twice at each of the bounds that fall inside an element.
        read = [
            n if isinstance(n, Unknown) else n + to - gcd(n, to) for n, to in zip(x[1:-1], output_size, strict=True)
        ]
        work, results = x[0] * prod(read) * x[-1] - size(out), size(out)
        return Cost(adds=work, divs=results) if self.average else Cost(compares=work)

    def run(self, x: Any, *, output_size: Any) -> np.ndarray:
        merge: Any = np.add if self.average else np.maximum
        for axis, to in enumerate(output_size, 1):
            n, places = x.shape[axis], np.arange(to)
            first, last = places * n // to, -(-(places + 1) * n // to)
            longer = np.concatenate([x, x.take([-1], axis)], axis)  # a bound may stand behind the end
            x = merge.reduceat(longer, np.stack([first, last], 1).reshape(-1), axis)
            x = x[(slice(None),) * axis + (slice(None, None, 2),)]
            if self.average:
                x = x / (last - first).astype(x.dtype).reshape(-1, *(1,) * (x.ndim - axis - 1))
        return x


max_pool = Pool("max_pool", average=False)
average_pool = Pool("average_pool", average=True)
adaptive_average_pool = AdaptivePool("adaptive_average_pool", average=True)
adaptive_max_pool = AdaptivePool("adaptive_max_pool", average=False)
