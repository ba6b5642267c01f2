"""Pooling over (batch, *spatial, channels), for any number of spatial axes."""

from __future__ import annotations

from itertools import product
from math import gcd, prod
from typing import Any, ClassVar

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, Unknown, provably, size, text
from layercalc.errors import ShapeError
from layercalc.formulas import Formula, Undecided
from layercalc.ops.base import FREE, Cost, Op
from layercalc.ops.kernels.scratch import BLOCK_BYTES
from layercalc.ops.kernels.threads import spread
from layercalc.ops.reduction import reduction
from layercalc.ops.spans import Spans
from layercalc.ops.spec import Spec
from layercalc.ops.window import Sliding, around, counted, padded, padded_size, slid, span
from layercalc.ops.work import ELEMENT


class Pool(Sliding):
    """One number for each window and channel, made of its elements two by two.

    Padding is no part of a window. With `ceil_mode` the last window may hang over the end.
    """

    merge: ClassVar[str]  # the function of NumPy that makes one of two
    slowness = 1

    def work(self, out: Spec, cost: Cost, x: Shape, *, window: Shape, **_: Any) -> Dim:
        """One axis after the other, each in its new size from then on."""
        shape, total = list(x), ELEMENT * (3 * size(x) + 4 * size(out.shape))
        for axis, k in enumerate(window, 1):
            shape[axis] = out.shape[axis]
            total = total + 2 * k * ELEMENT * size(tuple(shape))
        return total

    def shape(self, x: Shape, *, window: Shape, **how: Any) -> Shape:
        return x[0], *counted(x[1:-1], window, **how), x[-1]

    def reach(self, out: Shape, spans: list[Spans], x: Shape, *, window: Shape, **how: Any) -> Spans:
        return None, *slid(spans[0], window, **how)[1:-1], spans[0][-1]

    def workspace(self, out: Shape, x: Shape, *, window: Shape, **how: Any) -> Dim:
        return 2 * padded_size(x, window, out[1:-1], **how)

    def launches(self, x: Shape, *, window: Shape, **_: Any) -> Dim:
        return sum(window)

    def neutral(self, dtype: np.dtype) -> Any:
        """The number that changes nothing, for the padding."""
        return 0

    def finished(self, out: np.ndarray, counts: list[np.ndarray]) -> None:
        """What is done to windows that are merged, in place."""

    def counts(self, spatial: Any, out: Any, window: Any, **how: Any) -> list[np.ndarray]:
        """What the windows are divided by, along each axis."""
        return [np.ones(to, np.int64) for to in out]

    def run(self, x: Any, *, window: Any, **how: Any) -> np.ndarray:
        out = np.empty(self.shape(x.shape, window=window, **how), x.dtype)
        added = around(x.shape[1:-1], window, out.shape[1:-1], **how)
        counts = self.counts(x.shape[1:-1], out.shape[1:-1], window, **how)
        strides, dilations = how["strides"], how["dilations"]
        x = padded(x, added, self.neutral(x.dtype))

        def band(images: slice, start: int, stop: int) -> None:
            to = out[images, start:stop]
            rows = slice(start * strides[0], (stop - 1) * strides[0] + span(window[0], dilations[0]))
            self.merged(x[images, rows], to, window, strides, dilations)
            self.finished(to, [counts[0][start:stop], *counts[1:]])

        row = max(prod(x.shape[2:]) * x.itemsize * strides[0], 1)
        step = max(BLOCK_BYTES // row, 1)
        many = max(BLOCK_BYTES // (row * out.shape[1]), 1)
        images = [slice(first, first + many) for first in range(0, len(out), many)]
        starts = [(start, min(start + step, out.shape[1])) for start in range(0, out.shape[1], step)]
        spread(band, [(some, *where) for some in images for where in starts])
        return out

    def merged(self, x: np.ndarray, out: np.ndarray, window: Any, strides: Any, dilations: Any) -> None:
        """Some rows: one axis after the other, which is k + k and not k · k terms."""
        merge = getattr(np, self.merge)
        for axis, (k, s, d, n) in enumerate(zip(window, strides, dilations, out.shape[1:-1], strict=True), 1):
            starts = range(0, k * d, d)
            parts = [x[(slice(None),) * axis + (slice(start, start + (n - 1) * s + 1, s),)] for start in starts]
            to = out if axis == out.ndim - 2 else None
            x = merge(parts[0], parts[1], out=to) if k > 1 else parts[0]
            for part in parts[2:]:
                merge(x, part, out=x)
            if k == 1 and to is not None:
                out[...] = x


class MaxPool(Pool):
    """The largest number of each window and channel."""

    price = "k − 1 comparisons for each window of k"

    merge = "maximum"

    def cost(self, out: Shape, x: Shape, *, window: Shape, **_: Any) -> Cost:
        return reduction(size(out), size(window), average=False)

    def neutral(self, dtype: np.dtype) -> Any:
        return {"f": -np.inf, "b": False}[dtype.kind] if dtype.kind in "fb" else np.iinfo(dtype).min


class MaxPoolPlaces(Pool):
    """Where the largest number of each window and channel stands, the first of several: its number in the image."""

    price = "nothing: the comparisons are those of max_pool"

    slowness = 6
    merge = "maximum"

    def cost(self, out: Shape, x: Shape, *, window: Shape, **_: Any) -> Cost:
        return FREE

    def dtype(self, *dtypes: str, **_: Any) -> str:
        return "int64"

    def workspace(self, out: Shape, x: Shape, *, window: Shape, **how: Any) -> Dim:
        return 2 * padded_size(x, window, out[1:-1], **how) + 8 * size(out)

    def run(self, x: Any, *, window: Any, **how: Any) -> np.ndarray:
        out = self.shape(x.shape, window=window, **how)
        spatial, to = x.shape[1:-1], out[1:-1]
        added = around(spatial, window, to, **how)
        lowest: Any = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
        wide = padded(x, added, lowest)
        best, places = np.full(out, lowest, x.dtype), np.full(out, -1, np.int64)
        steps = zip(window, how["dilations"], strict=True)
        for offsets in deadline.each(product(*(range(0, k * d, d) for k, d in steps))):
            ways = [
                (start + np.arange(n) * step, before[0])
                for start, n, step, before in zip(offsets, to, how["strides"], added, strict=True)
            ]
            found = wide[(slice(None), *np.ix_(*(at for at, _ in ways)))]
            number: Any = np.zeros((), np.int64)
            inside: Any = True
            for (at, before), n in zip(ways, spatial, strict=True):
                number = np.asarray(number)[..., None] * n + (at - before)
                inside = np.asarray(inside)[..., None] & (at >= before) & (at < before + n)
            better = ((found > best) | np.isnan(found) | (places < 0)) & inside[..., None]
            best, places = np.where(better, found, best), np.where(better, number[..., None], places)
        return places


class AveragePool(Pool):
    """The mean of each window and channel: of the elements that are there, or of padding too, or by a divisor."""

    price = "k − 1 additions and 1 division for each window of k"

    floating = True
    merge = "add"

    def shape(self, x: Shape, *, window: Shape, count_include_pad: bool = False, divisor: int = 0, **how: Any) -> Shape:
        return super().shape(x, window=window, **how)

    def cost(self, out: Shape, x: Shape, *, window: Shape, **_: Any) -> Cost:
        return reduction(size(out), size(window), average=True)

    def counts(self, spatial: Any, out: Any, window: Any, **how: Any) -> list[np.ndarray]:
        if how.get("divisor"):
            return [np.full(out[0], how["divisor"]), *(np.array([1]) for _ in out[1:])]
        found = []
        sizes = zip(spatial, out, window, how["strides"], how["pads"], how["dilations"], strict=True)
        for n, to, k, stride, (before, after), dilation in sizes:
            starts = np.arange(to) * stride - before
            if how.get("count_include_pad"):
                starts, n = starts + before, before + n + after
            found.append(inside(starts, n, k, dilation))
        return found

    def finished(self, out: np.ndarray, counts: list[np.ndarray]) -> None:
        for axis, inside in enumerate(counts, 1):
            out /= inside.astype(out.dtype).reshape(-1, *(1,) * (out.ndim - axis - 1))


class LpPool(Pool):
    """The p-norm of each window and channel."""

    price = "1 power for each element of the input, k − 1 additions and 1 root for each window of k"

    floating = True
    merge = "add"

    def shape(self, x: Shape, *, window: Shape, p: float = 2, **how: Any) -> Shape:
        return super().shape(x, window=window, **how)

    def cost(self, out: Shape, x: Shape, *, window: Shape, **_: Any) -> Cost:
        summed = reduction(size(out), size(window), average=False, kind="adds").adds
        return Cost(adds=summed, transcendentals=size(x) + size(out))

    def workspace(self, out: Shape, x: Shape, *, window: Shape, **how: Any) -> Dim:
        return size(x) + super().workspace(out, x, window=window, **how)

    def run(self, x: Any, *, window: Any, **how: Any) -> np.ndarray:
        out = super().run(np.abs(x) ** x.dtype.type(how.get("p", 2)), window=window, **how)
        return np.power(out, out.dtype.type(1 / how.get("p", 2)), out=out)


def inside(starts: np.ndarray, n: int, k: int, dilation: int) -> np.ndarray:
    """How many of the k elements of windows that begin at `starts` are in [0, n)."""
    before, behind = (np.clip(-(-(end - starts) // dilation), 0, k) for end in (0, n))
    return behind - before


MOST_PLACES = 64  # whose divisors are looked for


def divisor(n: Dim, to: Dim) -> Dim:
    """The greatest common divisor: of a size by name the sum of φ(d) over all d that go into both (Gauss 1801, §39)."""
    if not isinstance(n, Formula):
        return gcd(n, to)
    if isinstance(to, Formula) and to.key == n.key:
        return n
    if not isinstance(to, int) or not 0 < to <= MOST_PLACES:
        raise Undecided(f"The greatest divisor of {n} and {to} is no formula.")
    divisors = [d for d in range(1, to + 1) if to % d == 0]
    coprime = {d: sum(gcd(i, d) == 1 for i in range(1, d + 1)) for d in divisors}
    return sum([coprime[d] * (n // d - (n - 1) // d) for d in divisors], 0)


class AdaptivePool(Op):
    """As many windows along each spatial axis as asked for: window i reaches from ⌊i·n/out⌋ to ⌈(i + 1)·n/out⌉."""

    price = "k − 1 comparisons for each window of k; an average k − 1 additions and 1 division"
    slowness = 13

    def __init__(self, name: str, average: bool):
        super().__init__(name)
        self.average, self.floating = average, average

    def lead(self, x: Shape, *, output_size: Shape) -> int:
        return 1

    def stages(self, x: Shape, output_size: Shape) -> list[Dim]:
        """How many elements there are before each axis is pooled, and at the end."""
        shape, found = list(x), [size(x)]
        for axis, to in enumerate(output_size, 1):
            shape[axis] = to
            found.append(size(tuple(shape)))
        return found

    def work(self, out: Spec, cost: Cost, x: Shape, *, output_size: Shape) -> Dim:
        return self.slowness * 3 * ELEMENT * sum(self.stages(x, output_size), 0)

    def workspace(self, out: Shape, x: Shape, *, output_size: Shape) -> Dim:
        """What came of the axis before, and that with one element more; both bounds of each window."""
        return 4 * sum(self.stages(x, output_size), 0)

    def shape(self, x: Shape, *, output_size: Shape) -> Shape:
        if any(provably(n < 1) for n in x[1:-1]):
            raise ShapeError(f"There is nothing to pool in {text(x)}.")
        return x[0], *output_size, x[-1]

    def cost(self, out: Shape, x: Shape, *, output_size: Shape) -> Cost:
        # The windows of one axis cover n elements, and one twice at each of the bounds that fall inside an element.
        read = [
            n if isinstance(n, Unknown) else n + to - divisor(n, to) for n, to in zip(x[1:-1], output_size, strict=True)
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


max_pool = MaxPool("max_pool")
max_pool_places = MaxPoolPlaces("max_pool_places")
average_pool = AveragePool("average_pool")
lp_pool = LpPool("lp_pool")
adaptive_average_pool = AdaptivePool("adaptive_average_pool", average=True)
adaptive_max_pool = AdaptivePool("adaptive_max_pool", average=False)
