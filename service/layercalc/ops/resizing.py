"""Axes stretched or shrunk to another size, as tf.image.resize does it: half-pixel centres, one axis after another."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from layercalc import deadline
from layercalc.dims import Dim, Shape, Unknown, differ, known, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op
from layercalc.ops.reach import Spans
from layercalc.ops.spec import Tensor

Taps = tuple[np.ndarray, np.ndarray]  # which elements go into each result, and by how much: (to, taps) each

f32 = np.float32


def centres(to: int, scale: Any) -> np.ndarray:
    """The centre of each result on the axis it is made from, in the precision that TensorFlow finds it in."""
    return (np.arange(to, dtype=f32) + f32(0.5)) * f32(scale)


def linear(n: int, to: int) -> Taps:
    """The two nearest elements, by distance."""
    at = centres(to, n / to) - f32(0.5)
    low = np.floor(at)
    share = at - low
    return np.stack([low, np.ceil(at)], 1), np.stack([1 - share, share], 1)


KEYS = 1024  # steps between two elements at which TensorFlow tabulates the cubic


def cubic(n: int, to: int) -> Taps:
    """Keys' cubic (a = −0.5) through four elements; those outside are left out and the rest made to sum to 1."""
    at = centres(to, n / to) - f32(0.5)
    low = np.floor(at)
    share = np.rint((at - low) * KEYS) / KEYS
    index = low[:, None] + np.arange(-1, 3)
    weight = keys(np.abs(share[:, None] - np.arange(-1, 3)))
    return index, normal(np.where((index >= 0) & (index < n), weight, 0))


def area(n: int, to: int) -> Taps:
    """The mean of what one result covers, elements at the ends in part."""
    start = np.arange(to, dtype=f32) * f32(n / to)
    stop = np.arange(1, to + 1, dtype=f32) * f32(n / to)
    index = np.floor(start)[:, None] + np.arange(taps("area", n, to, antialias=False))
    covered = np.minimum(index + 1, stop[:, None]) - np.maximum(index, start[:, None])
    covered = np.where((index < start[:, None]) & (index + 1 > stop[:, None]), f32(n / to), covered)
    return index, np.maximum(covered, 0) * (to / n)


def keys(x: np.ndarray) -> np.ndarray:
    """Keys' cubic convolution kernel with a = −0.5."""
    near, far = ((1.5 * x - 2.5) * x) * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(1 - x, 0)


def lanczos(radius: int) -> Callable[[np.ndarray], np.ndarray]:
    """Lanczos' windowed sinc."""
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)


KERNELS: dict[str, tuple[int, Callable[[np.ndarray], np.ndarray]]] = {
    "bilinear": (1, triangle),
    "bicubic": (2, keys),
    "lanczos3": (3, lanczos(3)),
    "lanczos5": (5, lanczos(5)),
}


def sampled(method: str, n: int, to: int, antialias: bool) -> Taps:
    """All elements within the radius of a kernel, which is widened to what is lost when shrinking with `antialias`."""
    radius, kernel = KERNELS[method]
    widened = max(n / to, 1.0) if antialias else 1.0
    at = centres(to, 1.0 / float(f32(to / n)))
    first = np.ceil(at - f32(radius * widened) - f32(0.5))
    index = first[:, None] + np.arange(taps(method, n, to, antialias) + 1, dtype=f32)
    weight = kernel(np.abs(index + f32(0.5) - at[:, None]) * f32(1 / widened))
    return index, normal(np.where((index >= 0) & (index < n), weight, 0))


def normal(weight: np.ndarray) -> np.ndarray:
    """Rows that sum to 1."""
    total = weight.sum(1, keepdims=True)
    return weight / np.where(total == 0, 1, total)


def taps(method: str, n: Dim, to: Dim, antialias: bool) -> Dim:
    """How many elements go into one result."""
    if method == "area":
        return n * to if isinstance(n * to, Unknown) or to == 0 else -(-n // to) + (n % to != 0)
    radius, _ = KERNELS[method]
    return 2 * (radius if not antialias or provably(n <= to) else -(-radius * n // to))


class Resize(Op):
    """One axis in another size: `bilinear`, `bicubic`, `lanczos3`, `lanczos5` or `area` (tf.image.resize)."""

    price = (
        "k multiplications and k − 1 additions for each element of the result: k is 2 (bilinear), 4 (bicubic), 6 "
        "(lanczos3), 10 (lanczos5), what one result covers (area); with antialias times the factor of shrinking"
    )

    floating = True

    def shape(self, x: Shape, *, axis: int, to: Dim, **_: Any) -> Shape:
        return resized(x, axis, to)

    def cost(self, out: Shape, x: Shape, *, axis: int, to: Dim, method: str, antialias: bool = False) -> Cost:
        elements, k = size(out), taps(method, x[axis], to, antialias)
        return Cost(muls=k * elements, adds=(k - 1) * elements)

    def workspace(self, x: Shape, *, axis: int, to: Dim, method: str, antialias: bool = False) -> Dim:
        return 2 * size(resized(x, axis, to)) + 4 * to * taps(method, x[axis], to, antialias)

    def reach(self, out: Shape, spans: list[Spans], x: Shape, *, axis: int, to: Dim, method: str, **how: Any) -> Spans:
        return stretched(spans[0], x, axis, to, taps(method, x[axis], to, how.get("antialias", False)))

    def launches(self, x: Shape, *, axis: int, to: Dim, method: str, antialias: bool = False) -> Dim:
        return 3 * taps(method, x[axis], to, antialias)

    def run(self, x: Any, *, axis: int, to: int, method: str, antialias: bool = False) -> np.ndarray:
        n = x.shape[axis]
        if antialias or method.startswith("lanczos"):
            index, weight = sampled(method, n, to, antialias)
        else:
            index, weight = {"bilinear": linear, "bicubic": cubic, "area": area}[method](n, to)
        index = np.clip(index, 0, n - 1).astype(np.int64)
        weight = weight.astype(x.dtype)
        along = (-1, *(1,) * (x.ndim - axis - 1))
        out = x.take(index[:, 0], axis) * weight[:, 0].reshape(along)
        for tap in deadline.each(range(1, index.shape[1])):
            if weight[:, tap].any():
                out += x.take(index[:, tap], axis) * weight[:, tap].reshape(along)
        return out


class Nearest(Op):
    """One axis in another size, each result the element nearest to its centre (tf.image.resize)."""

    free = True

    def shape(self, x: Shape, *, axis: int, to: Dim) -> Shape:
        return resized(x, axis, to)

    def reach(self, out: Shape, spans: list[Spans], x: Shape, *, axis: int, to: Dim) -> Spans:
        return stretched(spans[0], x, axis, to, 1)

    def run(self, x: Any, *, axis: int, to: int) -> np.ndarray:
        index = np.floor(centres(to, x.shape[axis] / to)).astype(np.int64)
        return x.take(np.minimum(index, x.shape[axis] - 1), axis)


def stretched(spans: Spans, x: Shape, axis: int, to: Dim, taps: Dim) -> Spans:
    """How far an axis sees once its n places are `to`, each made of `taps`, half of them before its centre."""
    one = spans[axis] if known((x[axis], to)) and to else None
    made = one and one.slid(taps, Fraction(x[axis], to), (taps - 1) // 2)
    return tuple(made if place == axis else span for place, span in enumerate(spans))


def resized(x: Shape, axis: int, to: Dim) -> Shape:
    if provably(x[axis] < 1) and differ(to, 0):
        raise ShapeError(f"There is nothing to interpolate along axis {axis} of {text(x)}: it must have an element.")
    return tuple(to if i == axis else n for i, n in enumerate(x))


resize_axis = Resize("resize")
resize_nearest = Nearest("resize_nearest")

INTERPOLATIONS = ("bilinear", "nearest", "lanczos3", "lanczos5", "bicubic", "area")


def resize(x: Tensor, *, axes: tuple[int, int], to: tuple[Dim, Dim], method: str, antialias: bool = False) -> Tensor:
    """Rows, then columns in another size; nearest and area know no antialias."""
    for axis, n in zip(axes, to, strict=True):
        if method == "nearest":
            x = resize_nearest(x, axis=axis, to=n)
        else:
            x = resize_axis(x, axis=axis, to=n, method=method, antialias=antialias and method != "area")
    return x
