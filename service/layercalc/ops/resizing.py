"""Axes stretched or shrunk to another size, one axis after another.

Where a result stands on the axis it is made from is a matter of convention; the conventions there are, each as numbers,
are the functions that return `Places`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, Unknown, forgotten, known, presumably, provably, size, text, unequal
from layercalc.errors import ShapeError
from layercalc.formulas import Formula, Undecided
from layercalc.ops.base import Cost, Op
from layercalc.ops.spans import Spans

Taps = tuple["np.ndarray", "np.ndarray"]  # which elements go into each result, and by how much: (to, taps) each

HALF = Fraction(1, 2)


class Places(NamedTuple):
    """Result i stands at (i + before) · slope + after, in elements of the axis it is made from.

    `shrink`: how many elements one result stands for, if that is not the old size over the new one. `single`: found by
    a product in single precision, as TensorFlow does; otherwise as exactly as a double holds it.
    """

    slope: Any  # a Fraction, or an unknown dimension
    before: Any = 0
    after: Any = 0
    shrink: Fraction | None = None
    single: bool = False

    def of(self, to: int) -> np.ndarray:
        """The place of each of `to` results."""
        if self.single:
            return self.centres(to, float(self.slope)) + np.float32(self.after)
        first = np.arange(to) + float(self.before)
        return first * float(self.slope.numerator) / float(self.slope.denominator) + float(self.after)

    def centres(self, to: int, slope: float) -> np.ndarray:
        return (np.arange(to, dtype=np.float32) + np.float32(self.before)) * np.float32(slope)


def ratio(a: Any, b: Any) -> Any:
    """A / b, exactly; unknown where one of them is, and 0 for an axis of no elements, on which nothing stands."""
    unknown = next((n for n in forgotten((a, b)) if isinstance(n, Unknown)), None)
    if unknown is not None:
        return unknown
    return Fraction(a) / Fraction(b) if b != 0 else Fraction(0)


def half_pixel(slope: Any, single: bool = False) -> Places:
    """Results and elements are areas, and their centres are compared."""
    return Places(slope, HALF, -HALF, slope, single)


def half_pixel_symmetric(slope: Any, n: Dim, to: Dim) -> Places:
    """The same, in the middle of the axis where the new size was rounded down."""
    return Places(slope, HALF, ratio(n, 2) - ratio(to, 2) * slope - HALF, slope)


def asymmetric(slope: Any) -> Places:
    """The first result stands at the first element."""
    return Places(slope, shrink=slope)


def align_corners(slope: Any, n: Dim, to: Any) -> Places:
    """The first result stands at the first element, and the last of `to` (which may be a fraction) at the last."""
    return crop_and_resize(slope, n, to, 0, 1) if unequal(to, 1) or isinstance(to, Unknown) else Places(Fraction(0))


def crop_and_resize(slope: Any, n: Dim, to: Any, start: Any, stop: Any) -> Places:
    """The corners of the part between two shares of the axis; a single result in its middle."""
    first, wide = Fraction(start) * (n - 1), (Fraction(stop) - Fraction(start)) * (n - 1)
    if not unequal(to, 1) and not isinstance(to, Unknown):
        return Places(Fraction(0), after=first + wide / 2, shrink=slope)
    return Places(ratio(wide, to - 1), after=first, shrink=slope)


def keys(x: np.ndarray, a: float) -> np.ndarray:
    """Keys' cubic convolution kernel (1981)."""
    near, far = (((a + 2) * x - (a + 3)) * x) * x + 1, ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def triangle(x: np.ndarray, a: float) -> np.ndarray:
    return np.maximum(1 - x, 0)


def lanczos(radius: int) -> Callable[[np.ndarray, float], np.ndarray]:
    """Lanczos' windowed sinc."""
    return lambda x, a: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)


KERNELS: dict[str, tuple[int, Callable[[np.ndarray, float], np.ndarray]]] = {
    "linear": (1, triangle),
    "cubic": (2, keys),
    "lanczos3": (3, lanczos(3)),
    "lanczos5": (5, lanczos(5)),
}


def linear(n: int, to: int, at: Places, **_: Any) -> Taps:
    """The two nearest elements, by distance."""
    where = at.of(to)
    low = np.floor(where)
    share = where - low
    return np.stack([low, np.ceil(where)], 1), np.stack([1 - share, share], 1)


def cubic(n: int, to: int, at: Places, a: float, steps: int) -> Taps:
    """Keys' cubic through four elements, by a table of so many `steps` between two of them if there are any."""
    where = at.of(to)
    low = np.floor(where)
    share = where - low
    share = np.rint(share * steps) / steps if steps else share
    index = low[:, None] + np.arange(-1, 3)
    return index, keys(np.abs(share[:, None] - np.arange(-1, 3)), a)


def area(n: int, to: int, at: Places, **_: Any) -> Taps:
    """The mean of what one result covers, elements at the ends in part."""
    start = np.arange(to, dtype=np.float32) * np.float32(n / to)
    stop = np.arange(1, to + 1, dtype=np.float32) * np.float32(n / to)
    index = np.floor(start)[:, None] + np.arange(taps("area", n, to))
    covered = np.minimum(index + 1, stop[:, None]) - np.maximum(index, start[:, None])
    covered = np.where((index < start[:, None]) & (index + 1 > stop[:, None]), np.float32(n / to), covered)
    return index, np.maximum(covered, 0) * (to / n)


METHODS: dict[str, Callable[..., Taps]] = {"linear": linear, "cubic": cubic, "area": area}


def sampled(method: str, to: int, at: Places, antialias: bool, a: float) -> Taps:
    """All elements within the radius of a kernel, which is widened to what is lost when shrinking with `antialias`."""
    radius, kernel = KERNELS[method]
    count = spread_of(radius, at.slope if at.shrink is None else at.shrink, antialias) + 1
    widened = max(float(at.slope if at.shrink is None else at.shrink), 1.0) if antialias else 1.0
    if at.single:
        centre = at.centres(to, 1.0 / float(np.float32(1 / at.slope))) + np.float32(at.after + HALF)
        first = np.ceil(centre - np.float32(radius * widened) - np.float32(0.5))
        index = first[:, None] + np.arange(count, dtype=np.float32)
        return index, kernel(np.abs(index + np.float32(0.5) - centre[:, None]) * np.float32(1 / widened), a)
    where = at.of(to)
    index = np.ceil(where - radius * widened)[:, None] + np.arange(count)
    return index, kernel(np.abs(index - where[:, None]) / widened, a)


def normal(weight: np.ndarray) -> np.ndarray:
    """Rows that sum to 1."""
    total = weight.sum(1, keepdims=True)
    return weight / np.where(total == 0, 1, total)


def spread_of(radius: int, shrink: Any, antialias: bool) -> int:
    """How many elements a kernel reaches, widened by what is lost when shrinking with `antialias`."""
    return 2 * (ceil(radius * shrink) if antialias and shrink > 1 else radius)


def taps(method: str, n: Dim, to: Dim, antialias: bool = False) -> Dim:
    """How many elements go into one result."""
    if method == "area":
        return n * to if isinstance(n * to, Unknown) or to == 0 else -(-n // to) + (n % to != 0)
    radius, _ = KERNELS[method]
    return 2 * (radius if not antialias or presumably(n <= to) else -(-radius * n // to))


class Resize(Op):
    """One axis in another size: `linear`, `cubic`, `lanczos3`, `lanczos5` or `area`, from places between its elements.

    Beyond the ends stand the last elements, or nothing (`exclude_outside`: weights sum to 1 without them), or a result
    is `outside` if its place is.
    """

    price = (
        "k multiplications and k − 1 additions for each element of the result: k is 2 (linear), 4 (cubic), 6 "
        "(lanczos3), 10 (lanczos5), what one result covers (area); with antialias times the factor of shrinking"
    )

    floating = True
    slowness = 9

    def shape(self, x: Shape, *, axis: int, to: Dim, **_: Any) -> Shape:
        return resized(x, axis, to)

    def cost(self, out: Shape, x: Shape, *, axis: int, to: Dim, method: str, antialias: bool = False, **_: Any) -> Cost:
        elements, k = size(out), taps(method, x[axis], to, antialias)
        return Cost(muls=k * elements, adds=(k - 1) * elements)

    def workspace(
        self, out: Shape, x: Shape, *, axis: int, to: Dim, method: str, antialias: bool = False, **_: Any
    ) -> Dim:
        return 3 * size(out) + 20 * to * (taps(method, x[axis], to, antialias) + 1)

    def reach(self, out: Shape, spans: list[Spans], x: Shape, *, axis: int, to: Dim, method: str, **how: Any) -> Spans:
        return stretched(spans[0], x, axis, to, taps(method, x[axis], to, how.get("antialias", False)))

    def launches(self, x: Shape, *, axis: int, to: Dim, method: str, antialias: bool = False, **_: Any) -> Dim:
        return 3 * taps(method, x[axis], to, antialias)

    def run(
        self,
        x: Any,
        *,
        axis: int,
        to: int,
        method: str,
        at: Places,
        antialias: bool = False,
        exclude_outside: bool = False,
        a: float = -0.75,
        steps: int = 0,
        outside: float | None = None,
    ) -> np.ndarray:
        n = x.shape[axis]
        if antialias or method.startswith("lanczos"):
            index, weight = sampled(method, to, at, antialias, a)
        else:
            index, weight = METHODS[method](n, to, at, a=a, steps=steps)
        if exclude_outside:
            weight = np.where((index >= 0) & (index < n), weight, 0)
        if exclude_outside or antialias:
            weight = normal(weight)
        index = np.clip(index, 0, n - 1).astype(np.int64)
        weight = weight.astype(x.dtype)
        along = (-1, *(1,) * (x.ndim - axis - 1))
        out: np.ndarray = x.take(index[:, 0], axis) * weight[:, 0].reshape(along)
        for tap in deadline.each(range(1, index.shape[1])):
            if weight[:, tap].any():
                out += x.take(index[:, tap], axis) * weight[:, tap].reshape(along)
        return out if outside is None else filled(out, axis, at.of(to), n, outside)


ROUNDINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "floor": lambda x: np.floor(x),
    "ceil": lambda x: np.ceil(x),
    "round_prefer_floor": lambda x: np.ceil(x - x.dtype.type(0.5)),
    "round_prefer_ceil": lambda x: np.floor(x + x.dtype.type(0.5)),
}


class Nearest(Op):
    """One axis in another size, each result the element nearest to its place, by one of four roundings."""

    free = True
    slowness = 3

    def workspace(self, out: Shape, x: Shape, *, axis: int, to: Dim, **_: Any) -> Dim:
        return 20 * to + size(out)

    def shape(self, x: Shape, *, axis: int, to: Dim, **_: Any) -> Shape:
        return resized(x, axis, to)

    def reach(self, out: Shape, spans: list[Spans], x: Shape, *, axis: int, to: Dim, **_: Any) -> Spans:
        return stretched(spans[0], x, axis, to, 1)

    def run(self, x: Any, *, axis: int, to: int, at: Places, rounding: str, outside: float | None = None) -> np.ndarray:
        where, n = at.of(to), x.shape[axis]
        out: np.ndarray = x.take(np.clip(ROUNDINGS[rounding](where), 0, n - 1).astype(np.int64), axis)
        return out if outside is None else filled(out, axis, where, n, outside)


def filled(out: np.ndarray, axis: int, where: np.ndarray, n: int, value: float) -> np.ndarray:
    """The results whose place is not on the axis made one number."""
    out[(slice(None),) * axis + ((where < 0) | (where > n - 1),)] = value
    return out


def stretched(spans: Spans, x: Shape, axis: int, to: Dim, taps: Dim) -> Spans:
    """How far an axis sees once its n places are `to`, each made of `taps`, half of them before its centre."""
    one = None if isinstance(to, int) and to == 0 else spans[axis]
    made = one and one.slid(taps, share(x[axis], to), (taps - 1) // 2)
    return tuple(made if place == axis else span for place, span in enumerate(spans))


def share(n: Dim, to: Dim) -> Any:
    """N / to; unknown where one is, or where it depends on sizes by name."""
    if isinstance(n, int) and isinstance(to, int):
        return Fraction(n, to)
    if known((n, to)):
        for up, down, turned in ((to, n, True), (n, to, False)):
            try:
                times = up // down
            except Undecided:
                continue
            if isinstance(times, int) and not isinstance(times * down - up, Formula):
                return Fraction(1, times) if turned else Fraction(times)
    return Unknown("how far an axis is stretched")


def resized(x: Shape, axis: int, to: Dim) -> Shape:
    if not (isinstance(to, int) and to == 0) and provably(x[axis] < 1):
        raise ShapeError(f"There is nothing to interpolate along axis {axis} of {text(x)}: it must have an element.")
    return tuple(to if i == axis else n for i, n in enumerate(x))


resize_axis = Resize("resize")
resize_nearest = Nearest("resize_nearest")
