"""Tensors read between their elements: at coordinates, through a plane transform, along a scaled axis."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, differ, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op, promote


class Project(Op):
    """Each pixel (x, y) of images from ((ax + by + c) / (gx + hy + 1), (dx + ey + f) / (gx + hy + 1)), a to h given."""

    price = (
        "each pixel 6 multiplications, 6 additions, 2 divisions and 2 comparisons, 4 more comparisons with a mode "
        "other than constant (reflect and wrap also 2 divisions, multiplications and additions); bilinear 4 additions "
        "more, and for each channel 6 multiplications and 3 additions"
    )

    slowness = 14
    along = 2

    def lead(self, x: Shape, transforms: Shape, **_: Any) -> int:
        return 1

    def shape(self, x: Shape, transforms: Shape, **_: Any) -> Shape:
        if len(transforms) != 2 or differ(transforms[1], 8):
            raise ShapeError(f"A transform is 8 numbers for each image; received {text(transforms)}.")
        if differ(transforms[0], x[0], (transforms[0], 1)):
            raise ShapeError(f"Images {text(x)} need one transform, or {x[0]}; received {text(transforms)}.")
        return x

    def cost(self, out: Shape, x: Shape, transforms: Shape, *, bilinear: bool, mode: str, fill: float) -> Cost:
        pixels, wrapped = size(x[:-1]), mode in ("reflect", "wrap")
        each = Cost(
            muls=6 + 2 * wrapped,
            adds=6 + 2 * wrapped + 4 * bilinear,
            divs=2 + 2 * wrapped,
            compares=2 + 4 * (mode != "constant"),
        ).times(pixels)
        return each._replace(muls=each.muls + 6 * bilinear * size(x), adds=each.adds + 3 * bilinear * size(x))

    def workspace(self, out: Shape, x: Shape, transforms: Shape, *, bilinear: bool, **_: Any) -> Dim:
        return 20 * size(x[:-1]) + (8 if bilinear else 3) * size(x)

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def run(self, x: Any, transforms: Any, *, bilinear: bool, mode: str, fill: float) -> np.ndarray:
        height, width = x.shape[1:3]
        t = transforms.astype(np.float32)[:, :, None, None]
        row, column = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)
        depth = t[:, 6] * column + t[:, 7] * row + np.float32(1)
        with np.errstate(divide="ignore", invalid="ignore"):
            across = (t[:, 0] * column + t[:, 1] * row + t[:, 2]) / depth
            down = (t[:, 3] * column + t[:, 4] * row + t[:, 5]) / depth
        gone = depth == 0
        across, down = (np.where(gone, np.float32(-2), one) for one in (across, down))
        across, down = brought_back(across, width, mode), brought_back(down, height, mode)
        images = np.arange(x.shape[0])[:, None, None]

        def read(at_row: Any, at_column: Any) -> np.ndarray:
            inside = (at_row >= 0) & (at_row < height) & (at_column >= 0) & (at_column < width)
            rows = np.clip(at_row, 0, height - 1).astype(np.int64)
            found = x[images, rows, np.clip(at_column, 0, width - 1).astype(np.int64)]
            return np.where(inside[..., None], found, np.asarray(fill).astype(x.dtype))

        if bilinear:
            top, left = np.floor(down), np.floor(across)
            low, right = (down - top)[..., None], (across - left)[..., None]
            above = (1 - right) * read(top, left) + right * read(top, left + 1)
            below = (1 - right) * read(top + 1, left) + right * read(top + 1, left + 1)
            y = (1 - low) * above + low * below
        else:
            y = read(half_away(down), half_away(across))
        return np.where(gone[..., None], np.asarray(fill).astype(x.dtype), y.astype(x.dtype))


def half_away(x: np.ndarray) -> np.ndarray:
    """The nearest integer, halves away from 0, as std::round has it."""
    return np.copysign(np.floor(np.abs(x) + np.float32(0.5)), x)


def brought_back(at: np.ndarray, n: int, mode: str) -> np.ndarray:
    """Coordinates outside an axis, where TensorFlow's ImageProjectiveTransformV3 reads them."""
    if mode == "constant":
        return at
    if mode == "reflect" and n > 1:
        turn = np.float32(2 * n)
        below = turn * np.trunc(-at / turn) + at
        below = np.where(below < -n, below + turn, -below - 1)
        above = at - turn * np.trunc(at / turn)
        above = np.where(above >= n, turn - above - 1, above)
        at = np.where(at < 0, below, np.where(at > n - 1, above, at))
    elif mode == "wrap" and n > 1:
        below, above = at + n * (np.trunc(-at / np.float32(n - 1)) + 1), at - n * np.trunc(at / np.float32(n - 1))
        at = np.where(at < 0, below, np.where(at > n - 1, above, at))
    return np.clip(at, 0, n - 1)


class Homography(Op):
    """The transform that takes four points (4, 2) of each end image to those of the start image: 8 numbers."""

    price = "for each pair 196 MACs, 36 divisions and 16 multiplications, to solve 8 linear equations"

    floating = True
    slowness = 20
    along = 2

    def lead(self, start: Shape, end: Shape) -> int:
        return 1

    def workspace(self, out: Shape, start: Shape, end: Shape) -> Dim:
        return 400 * start[0]

    def shape(self, start: Shape, end: Shape) -> Shape:
        for one in (start, end):
            if len(one) != 3 or differ(one[1], 4) or differ(one[2], 2):
                raise ShapeError(f"Expected points as (4, 2) or (batch, 4, 2); received {text(one)}.")
        if differ(start[0], end[0]):
            raise ShapeError(f"Points {text(start)} and {text(end)} must have the same shape.")
        return start[0], 8

    def cost(self, out: Shape, start: Shape, end: Shape) -> Cost:
        return Cost(macs=196, divs=36, muls=16).times(start[0])

    def run(self, start: Any, end: Any) -> np.ndarray:
        whole = np.concatenate([end, np.ones_like(end[..., :1])], -1)  # x, y, 1 of each point
        none = np.zeros_like(whole)
        rows = [
            np.concatenate([*parts, -start[..., axis, None] * end], -1)
            for axis, parts in enumerate(((whole, none), (none, whole)))
        ]
        matrix = np.stack(rows, 2).reshape(-1, 8, 8)
        try:
            return np.linalg.solve(matrix, start.reshape(-1, 8, 1))[..., 0]
        except np.linalg.LinAlgError:
            raise ShapeError("No transform takes the one four points to the other: they lie on a line.") from None


class MapCoordinates(Op):
    """The values at coordinates (axes of x, ...), by the nearest element or linearly between those around."""

    price = (
        "each coordinate 3 comparisons; linear 2 comparisons and 2 additions more, and for each of the 2^n elements "
        "around a point in n axes n multiplications and 1 addition"
    )

    slowness = 16

    def shape(self, x: Shape, at: Shape, **_: Any) -> Shape:
        if len(at) < 2 or differ(at[0], len(x)):
            raise ShapeError(f"Coordinates in {text(x)} have {len(x)} numbers along axis 0; received {text(at)}.")
        if any(provably(n < 1) for n in x):
            raise ShapeError(f"There is nothing to read in {text(x)}.")
        return at[1:]

    def cost(self, out: Shape, x: Shape, at: Shape, *, order: int, mode: str, fill: float) -> Cost:
        near = 2 ** len(x) * order
        return Cost(
            compares=size(at) * (3 + 2 * order),
            adds=size(at) * 2 * order + size(out) * near,
            muls=size(out) * near * len(x),
        )

    def workspace(self, out: Shape, x: Shape, at: Shape, *, order: int, **_: Any) -> Dim:
        return size(at) * (2 + 6 * order)

    def launches(self, x: Shape, at: Shape, *, order: int, **_: Any) -> Dim:
        return 2 ** (len(x) * order)

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def run(self, x: Any, at: Any, *, order: int, mode: str, fill: float) -> np.ndarray:
        low = np.floor(at) if order else np.rint(at)
        share = at - low
        ways = [
            [(low[axis], 1 - share[axis]), (low[axis] + 1, share[axis])] if order else [(low[axis], None)]
            for axis in range(x.ndim)
        ]
        y: Any = 0
        outside = np.asarray(fill).astype(x.dtype).astype(at.dtype)
        for corner in deadline.each(product(*ways)):
            index, inside = zip(
                *(found(place, n, mode) for (place, _), n in zip(corner, x.shape, strict=True)), strict=True
            )
            value = x[index].astype(at.dtype)
            if mode == "constant":
                value = np.where(np.logical_and.reduce(inside), value, outside)
            y = y + (prod(weight for _, weight in corner[1:]) * corner[0][1] * value if order else value)
        return (np.rint(y) if x.dtype.kind in "iu" else y).astype(x.dtype)


def found(at: np.ndarray, n: int, mode: str) -> tuple[np.ndarray, np.ndarray]:
    """Where a place is read in an axis of n, and whether it is inside, as keras.ops.image.map_coordinates has it."""
    at = at.astype(np.int64)
    inside = (at >= 0) & (at < n)
    if mode in ("constant", "nearest"):
        return np.clip(at, 0, n - 1), inside
    if mode == "wrap":
        return at % n, inside
    at = np.abs(at) % (2 * n)
    at = np.where(at < n, at, 2 * n - at - (mode == "reflect"))
    if at.size and at.max() >= n:
        raise ShapeError(f"A coordinate mirrors to {at.max()}, outside an axis of {n} elements.", "mode")
    return at, inside


WEIGHTS: dict[str, dict[str, int]] = {
    "linear": {"adds": 3, "divs": 2, "compares": 3},
    "cubic": {"adds": 7, "muls": 5, "divs": 2, "compares": 4},
    "lanczos3": {"adds": 2, "muls": 6, "divs": 4, "compares": 4, "transcendentals": 2},
    "lanczos5": {"adds": 2, "muls": 6, "divs": 4, "compares": 4, "transcendentals": 2},
}


class ScaleAxis(Op):
    """One axis scaled and moved, in another size: each result a mean of all elements, weighted by a kernel."""

    price = (
        "one MAC for each result and element along the axis; for each weight (old size · new size) linear 3 additions, "
        "2 divisions and 3 comparisons, cubic 7 additions, 5 multiplications, 2 divisions and 4 comparisons, lanczos 2 "
        "additions, 6 multiplications, 4 divisions, 4 comparisons and 2 transcendentals"
    )

    floating = True
    turned = True
    slowness = 3

    def shape(self, x: Shape, scale: Shape, shift: Shape, *, axis: int, to: Dim, **_: Any) -> Shape:
        return tuple(to if i == axis else n for i, n in enumerate(x))

    def cost(
        self, out: Shape, x: Shape, scale: Shape, shift: Shape, *, axis: int, to: Dim, method: str, antialias: bool
    ) -> Cost:
        return Cost(**WEIGHTS[method]).times(x[axis] * to)._replace(macs=size(out) * x[axis])

    def workspace(self, out: Shape, x: Shape, *_: Shape, axis: int, to: Dim, **how: Any) -> Dim:
        return 4 * x[axis] * to + size(x)

    def dtype(self, *dtypes: str, **attributes: Any) -> str:
        return promote(dtypes[0])

    def run(self, x: Any, scale: Any, shift: Any, *, axis: int, to: int, method: str, antialias: bool) -> np.ndarray:
        n, inverse = x.shape[axis], 1 / scale
        at = (np.arange(to, dtype=scale.dtype) + scale.dtype.type(0.5)) * inverse - shift * inverse - np.float32(0.5)
        apart = np.abs(at - np.arange(n, dtype=scale.dtype)[:, None])
        weight = KERNELS[method](apart / np.maximum(inverse, 1) if antialias else apart)
        total = weight.sum(0)
        weight = np.where(np.abs(total) > 1000 * np.finfo(np.float32).eps, weight / np.where(total == 0, 1, total), 0)
        weight = np.where((at >= -0.5) & (at <= n - 0.5), weight, 0)
        return np.moveaxis(np.moveaxis(x, axis, -1) @ weight.astype(x.dtype), -1, axis)


def keys(x: np.ndarray) -> np.ndarray:
    """Keys' cubic convolution kernel with a = −0.5."""
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x >= 2, 0, np.where(x >= 1, far, ((1.5 * x - 2.5) * x) * x + 1))


def lanczos(x: np.ndarray, radius: int) -> np.ndarray:
    """The windowed sinc, 1 close to its centre."""
    y = radius * np.sin(np.pi * x) * np.sin(np.pi * x / radius)
    return np.where(x > radius, 0, np.where(x > 1e-3, y / np.where(x == 0, 1, np.pi**2 * x**2), 1))


KERNELS: dict[str, Any] = {
    "linear": lambda x: np.maximum(1 - x, 0),
    "cubic": keys,
    "lanczos3": lambda x: lanczos(x, 3),
    "lanczos5": lambda x: lanczos(x, 5),
}

project = Project("project")
homography = Homography("homography")
map_coordinates = MapCoordinates("map_coordinates")
scale_axis = ScaleAxis("scale_axis")
