"""Pooling over (batch, *spatial, channels), for any number of spatial axes."""

from math import gcd, prod
from typing import Any

import numpy as np

from layercalc.dims import Dim, Shape, Unknown, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op
from layercalc.ops.reach import Spans
from layercalc.ops.reduction import reduction
from layercalc.ops.scratch import BLOCK_BYTES
from layercalc.ops.threads import spread
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
        out = np.empty(self.shape(x.shape, pool_size=pool_size, strides=strides, padding=padding), x.dtype)
        around = [pads(n, k, s, 1, padding) for n, k, s in zip(x.shape[1:-1], pool_size, strides, strict=True)]
        lowest: Any = {"f": -np.inf, "b": False}[x.dtype.kind] if x.dtype.kind in "fb" else np.iinfo(x.dtype).min
        spatial, x = x.shape[1:-1], padded(x, around, 0 if self.average else lowest)
        counts = [
            np.minimum(start + k, n) - np.maximum(start, 0)
            for start, n, k in (
                (np.arange(to) * s - before, n, k)
                for to, n, k, s, (before, _) in zip(out.shape[1:-1], spatial, pool_size, strides, around, strict=True)
            )
        ]

        def band(image: int, start: int, stop: int) -> None:
            to = out[image : image + 1, start:stop]
            rows = slice(start * strides[0], (stop - 1) * strides[0] + pool_size[0])
            self.pooled(x[image : image + 1, rows], to, pool_size, strides, [counts[0][start:stop], *counts[1:]])

        rows = prod(x.shape[2:]) * x.itemsize * strides[0]
        step = max(BLOCK_BYTES // max(rows, 1), 1)
        bands = range(0, out.shape[1], step)
        spread(band, [(i, start, min(start + step, out.shape[1])) for i in range(len(out)) for start in bands])
        return out

    def pooled(self, x: np.ndarray, out: np.ndarray, pool_size: Any, strides: Any, counts: list[np.ndarray]) -> None:
        """Some rows: one axis after the other, which is k + k and not k · k terms; `counts` are the windows' sizes."""
        merge: Any = np.add if self.average else np.maximum
        for axis, (k, s, n) in enumerate(zip(pool_size, strides, out.shape[1:-1], strict=True), 1):
            parts = [x[(slice(None),) * axis + (slice(tap, tap + (n - 1) * s + 1, s),)] for tap in range(k)]
            to = out if axis == out.ndim - 2 else None
            x = merge(parts[0], parts[1], out=to) if k > 1 else parts[0]
            for part in parts[2:]:
                merge(x, part, out=x)
            if k == 1 and to is not None:
                out[...] = x
        if self.average:
            for axis, inside in enumerate(counts, 1):
                out /= inside.astype(out.dtype).reshape(-1, *(1,) * (out.ndim - axis - 1))


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
