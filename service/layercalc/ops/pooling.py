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
from layercalc.ops.window import Sliding, around, counted, padded, padded_size, slid, span


class Pool(Sliding):
    """One number for each window and channel: a reduction and the value that never wins.

    Padding is no part of a window: the maximum passes over it, and the average divides by the elements that are there.
    """

    price = "k − 1 comparisons for each window of k; an average k − 1 additions and 1 division"

    def __init__(self, name: str, average: bool):
        super().__init__(name)
        self.average, self.floating = average, average

    def shape(self, x: Shape, *, window: Shape, **how: Any) -> Shape:
        return x[0], *counted(x[1:-1], window, **how), x[-1]

    def cost(self, out: Shape, x: Shape, *, window: Shape, **_: Any) -> Cost:
        return reduction(size(out), size(window), self.average)

    def reach(self, out: Shape, spans: list[Spans], x: Shape, *, window: Shape, **how: Any) -> Spans:
        return None, *slid(spans[0], window, **how)[1:-1], spans[0][-1]

    def workspace(self, x: Shape, *, window: Shape, **how: Any) -> Dim:
        return 2 * padded_size(x, window, self.shape(x, window=window, **how)[1:-1], **how)

    def launches(self, x: Shape, *, window: Shape, **_: Any) -> Dim:
        return sum(window)

    def run(self, x: Any, *, window: Any, **how: Any) -> np.ndarray:
        out = np.empty(self.shape(x.shape, window=window, **how), x.dtype)
        added = around(x.shape[1:-1], window, out.shape[1:-1], **how)
        lowest: Any = {"f": -np.inf, "b": False}[x.dtype.kind] if x.dtype.kind in "fb" else np.iinfo(x.dtype).min
        spatial, x = x.shape[1:-1], padded(x, added, 0 if self.average else lowest)
        strides, dilations = how["strides"], how["dilations"]
        counts = self.counts(spatial, out.shape[1:-1], window, **how)

        def band(image: int, start: int, stop: int) -> None:
            to = out[image : image + 1, start:stop]
            rows = slice(start * strides[0], (stop - 1) * strides[0] + span(window[0], dilations[0]))
            sizes = [counts[0][start:stop], *counts[1:]]
            self.pooled(x[image : image + 1, rows], to, window, strides, dilations, sizes)

        rows = prod(x.shape[2:]) * x.itemsize * strides[0]
        step = max(BLOCK_BYTES // max(rows, 1), 1)
        bands = range(0, out.shape[1], step)
        spread(band, [(i, start, min(start + step, out.shape[1])) for i in range(len(out)) for start in bands])
        return out

    def counts(self, spatial: Any, out: Any, window: Any, **how: Any) -> list[np.ndarray]:
        """How many elements of each window are inside the input, along each axis."""
        sizes = zip(spatial, out, window, how["strides"], how["pads"], how["dilations"], strict=True)
        return [inside(np.arange(to) * s - before, n, k, d) for n, to, k, s, (before, _), d in sizes]

    def pooled(
        self, x: np.ndarray, out: np.ndarray, window: Any, strides: Any, dilations: Any, counts: list[np.ndarray]
    ) -> None:
        """Some rows: one axis after the other, which is k + k and not k · k terms; `counts` are the windows' sizes."""
        merge: Any = np.add if self.average else np.maximum
        axes = zip(window, strides, dilations, out.shape[1:-1], strict=True)
        for axis, (k, s, d, n) in enumerate(axes, 1):
            starts = range(0, k * d, d)
            parts = [x[(slice(None),) * axis + (slice(start, start + (n - 1) * s + 1, s),)] for start in starts]
            to = out if axis == out.ndim - 2 else None
            x = merge(parts[0], parts[1], out=to) if k > 1 else parts[0]
            for part in parts[2:]:
                merge(x, part, out=x)
            if k == 1 and to is not None:
                out[...] = x
        if self.average:
            for axis, sizes in enumerate(counts, 1):
                out /= sizes.astype(out.dtype).reshape(-1, *(1,) * (out.ndim - axis - 1))


def inside(starts: np.ndarray, n: int, k: int, dilation: int) -> np.ndarray:
    """How many of the k elements of windows that begin at `starts` are in [0, n)."""
    before, behind = (np.clip(-(-(end - starts) // dilation), 0, k) for end in (0, n))
    return behind - before


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
