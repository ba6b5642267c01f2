"""Pooling over (batch, *spatial, channels), for any number of spatial axes."""

from math import prod
from typing import Any

import numpy as np

from layercalc.dims import Dim, Shape, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op
from layercalc.ops.window import padded, padded_size, pads, positions, taps


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

    def workspace(self, x: Shape, *, pool_size: Shape, strides: Shape, padding: str) -> Dim:
        once = (1,) * len(pool_size)
        return padded_size(x, pool_size, strides=strides, padding=padding, dilation_rate=once)

    def launches(self, x: Shape, *, pool_size: Shape, **_: Any) -> Dim:
        return size(pool_size)

    def run(self, x: Any, *, pool_size: Any, strides: Any, padding: str) -> np.ndarray:
        out_shape, once = (
            self.shape(x.shape, pool_size=pool_size, strides=strides, padding=padding),
            (1,) * len(strides),
        )
        around = [pads(n, k, s, 1, padding) for n, k, s in zip(x.shape[1:-1], pool_size, strides, strict=True)]
        lowest: Any = {"f": -np.inf, "b": False}[x.dtype.kind] if x.dtype.kind in "fb" else np.iinfo(x.dtype).min
        spatial, x = x.shape[1:-1], padded(x, around, 0 if self.average else lowest)
        merge = np.add if self.average else np.maximum
        out: Any = None
        for _tap, where in taps(pool_size, out_shape[1:-1], strides, once):
            out = x[where].copy() if out is None else merge(out, x[where], out=out)
        if self.average:
            for axis, (n, k, s, (before, _)) in enumerate(zip(spatial, pool_size, strides, around, strict=True), 1):
                start = np.arange(out.shape[axis]) * s - before
                inside = np.minimum(start + k, n) - np.maximum(start, 0)
                out /= inside.astype(x.dtype).reshape(-1, *(1,) * (out.ndim - axis - 1))
        return out


class Reduce(Op):
    """The maximum, minimum, mean or sum over whole axes."""

    price = "k − 1 comparisons or additions for each result of k elements; a mean 1 division more"

    def __init__(self, name: str, function: Any, average: bool = False):
        super().__init__(name)
        self.function, self.average, self.floating = function, average, average
        self.compares = function is np.any

    def shape(self, x: Shape, *, axes: tuple[int, ...], keepdims: bool = False) -> Shape:
        if any(provably(x[axis] < 1) for axis in axes):
            raise ShapeError(f"There is nothing to reduce along axes {list(axes)} of {text(x)}.")
        axes = tuple(axis % len(x) for axis in axes)
        return tuple(1 if i in axes else n for i, n in enumerate(x) if keepdims or i not in axes)

    def cost(self, out: Shape, x: Shape, *, axes: tuple[int, ...], **_: Any) -> Cost:
        return reduction(size(out), prod(x[axis] for axis in axes), self.average, compare=self.function is not np.sum)

    def run(self, x: Any, *, axes: tuple[int, ...], keepdims: bool = False) -> np.ndarray:
        return self.function(x, axis=axes, keepdims=keepdims)


def reduction(results: Any, each: Any, average: bool, compare: bool = True) -> Cost:
    """Each result takes one operation fewer than it reads elements, and an average one division."""
    if average:
        return Cost(adds=results * (each - 1), divs=results)
    return Cost(compares=results * (each - 1)) if compare else Cost(adds=results * (each - 1))


max_pool = Pool("max_pool", average=False)
average_pool = Pool("average_pool", average=True)
reduce_max = Reduce("reduce_max", np.max)
reduce_mean = Reduce("reduce_mean", np.mean, average=True)
reduce_min = Reduce("reduce_min", np.min)
reduce_any = Reduce("reduce_any", np.any)
reduce_sum = Reduce("reduce_sum", np.sum)
