"""Images read at points between their elements, and regions of them pooled."""

from __future__ import annotations

from itertools import product
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, Unknown, differ, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op

TAPS = {"nearest": (0,), "linear": (0, 1), "cubic": (-1, 0, 1, 2)}


class SampleAt(Op):
    """(batch, *spatial, channels) at points (batch, *out, axes) between its elements: (batch, *out, channels).

    Outside of it stand zeros, its edge, or its mirror image; `corners` says whether the centres of the outermost
    elements are the mirror, or their outer edges.
    """

    price = (
        "each point and axis 2 additions and 3 comparisons (cubic 12 multiplications and 12 additions more); for each "
        "element around a point in n axes n − 1 multiplications, and 1 multiplication and 1 addition for each channel"
    )

    slowness = 16
    along = 2

    def lead(self, x: Shape, at: Shape, **_: Any) -> int:
        return 1

    def shape(self, x: Shape, at: Shape, **_: Any) -> Shape:
        if len(at) < 2 or len(x) < 3 or differ(at[-1], len(x) - 2) or differ(at[0], x[0]):
            raise ShapeError(f"Points in {text(x)} have {len(x) - 2} numbers on their last axis; received {text(at)}.")
        if any(provably(n < 1) for n in x[1:-1]):
            raise ShapeError(f"There is nothing to read in {text(x)}.")
        return *at[:-1], x[-1]

    def cost(self, out: Shape, x: Shape, at: Shape, *, method: str, **_: Any) -> Cost:
        rank, taps, cubic = len(x) - 2, len(TAPS[method]), method == "cubic"
        around = taps**rank if taps > 1 else 0
        points, numbers = size(at[:-1]), size(at)
        return Cost(
            adds=numbers * (2 + 12 * cubic) + size(out) * around,
            muls=numbers * 12 * cubic + points * around * (rank - 1) + size(out) * around,
            compares=3 * numbers,
        )

    def workspace(self, out: Shape, x: Shape, at: Shape, *, method: str, **_: Any) -> Dim:
        return size(at) * (4 + 6 * len(TAPS[method])) + 4 * size(out)

    def launches(self, x: Shape, at: Shape, *, method: str, **_: Any) -> Dim:
        return len(TAPS[method]) ** (len(x) - 2)

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def run(self, x: Any, at: Any, *, method: str, outside: str, corners: bool) -> np.ndarray:
        sizes = x.shape[1:-1]
        sample = np.arange(len(x)).reshape(-1, *(1,) * (at.ndim - 2))
        ways: list[list[tuple[np.ndarray, Any]]] = []
        with np.errstate(invalid="ignore"):
            for axis, n in enumerate(sizes):
                place = np.rint(at[..., axis]) if method == "nearest" else at[..., axis]
                place = place if method == "cubic" else within(place, n, outside, corners)
                first = np.floor(place)
                shares = weights(place - first, method)
                ways.append([(first + tap, share) for tap, share in zip(TAPS[method], shares, strict=True)])
        y: Any = 0
        for corner in deadline.each(product(*ways)):
            inside: Any = True
            share: Any = 1.0
            index = []
            for (place, weight), n in zip(corner, sizes, strict=True):
                place = within(place, n, outside, corners)
                inside = inside & (place >= 0) & (place < n)
                index.append(np.clip(np.nan_to_num(place), 0, n - 1).astype(np.int64))
                share = share * weight
            found = np.where(inside[..., None], x[(sample, *index)], 0)
            y = y + (found if method == "nearest" else found * np.asarray(share)[..., None])
        return np.asarray(y).astype(x.dtype)


def within(at: np.ndarray, n: int, outside: str, corners: bool) -> np.ndarray:
    """Where points beyond the ends of an axis are read; with zeros they stay."""
    if outside == "border":
        return np.clip(at, 0, n - 1)
    if outside != "reflection":
        return at
    low, high = (0.0, n - 1.0) if corners else (-0.5, n - 0.5)
    wide = high - low
    if not wide:
        return np.full_like(at, low)
    beyond = np.where(at < low, low - at, at - high)
    turns = np.floor(beyond / wide)
    rest = beyond - turns * wide
    from_low = (at < low) == (turns % 2 == 0)
    mirrored = np.where(from_low, low + rest, high - rest)
    return np.where((at < low) | (at > high), mirrored, at)


def weights(share: np.ndarray, method: str) -> tuple[Any, ...]:
    """What each element around a point counts."""
    if method == "nearest":
        return (1.0,)
    if method == "linear":
        return 1 - share, share
    a = -0.75  # of Keys' kernel

    def near(x: Any) -> Any:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Any) -> Any:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return far(share + 1), near(share), near(1 - share), far(2 - share)


class RoiAlign(Op):
    """Regions (x1, y1, x2, y2) of images (batch, height, width, channels) in cells: (regions, rows, columns, channels).

    Each cell is the mean, or the largest product, of points in it that are read between elements: `samples` along each
    axis, or as many as the cell is large.
    """

    price = (
        "each point 8 additions, 6 multiplications and 10 comparisons, and for each channel 4 multiplications and 4 "
        "additions; unknown where the regions decide how many points there are"
    )

    slowness = 16

    def shape(self, x: Shape, rois: Shape, images: Shape, *, to: Shape, **_: Any) -> Shape:
        if len(x) != 4 or len(rois) != 2 or differ(rois[1], 4):
            raise ShapeError(f"Regions are (how many, 4), of images of four axes; received {text(rois)}, {text(x)}.")
        if len(images) != 1 or differ(images[0], rois[0]):
            raise ShapeError(f"{rois[0]} regions need the number of an image each; received {text(images)}.")
        return rois[0], *to, x[3]

    def cost(self, out: Shape, *_: Shape, to: Shape, samples: int, **__: Any) -> Cost:
        each: Dim = samples**2 or Unknown("how large the regions are")
        points, numbers = size(out[:-1]) * each, size(out) * each
        return Cost(adds=8 * points + 4 * numbers, muls=6 * points + 4 * numbers, compares=10 * points)

    def launches(self, x: Shape, rois: Shape, *_: Shape, **__: Any) -> Dim:
        return 12 * rois[0]

    def workspace(self, out: Shape, x: Shape, *_: Shape, to: Shape, samples: int, **__: Any) -> Dim:
        each = samples**2 if samples else (x[1] + 2) * (x[2] + 2)
        return (8 * x[3] + 20) * size(to) * each

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def run(
        self, x: Any, rois: Any, images: Any, *, to: Any, samples: int, scale: float, half_pixel: bool, largest: bool
    ) -> np.ndarray:
        height, width, channels = x.shape[1:]
        out = np.zeros((len(rois), *to, channels), x.dtype)
        number = images.astype(np.int64)
        if number.size and not 0 <= number.min() <= number.max() < len(x):
            raise ShapeError(f"There is no image {number.max() if number.max() >= len(x) else number.min()}.")
        for place, (roi, image) in deadline.each(enumerate(zip(rois, number, strict=True))):
            left, top, right, low = (roi.astype(np.float64) * scale - (0.5 if half_pixel else 0.0)).tolist()
            ways = []
            for start, end, cells, n in ((top, low, to[0], height), (left, right, to[1], width)):
                extent = end - start if half_pixel else max(end - start, 1.0)
                each = samples or int(np.ceil(extent / cells))
                if each > 2 * n + 2:
                    raise ShapeError(f"A region of {extent:g} elements is larger than the images, {height} × {width}.")
                points = start + extent / cells * (np.arange(cells)[:, None] + (np.arange(each) + 0.5) / max(each, 1))
                ways.append((*bounded(points.reshape(-1), n), each))
            out[place] = cells_of(x[image], ways, to, largest)
        return out


def bounded(at: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The elements before and after points on an axis, how near they are to the second, and whether any is read."""
    inside = (at >= -1) & (at <= n)
    first = np.minimum(np.maximum(at, 0).astype(np.int64), n - 1)
    last = first >= n - 1
    return first, np.where(last, n - 1, first + 1), np.where(last, 0.0, np.maximum(at, 0) - first), inside


def cells_of(image: np.ndarray, ways: list[Any], to: Any, largest: bool) -> Any:
    """The cells of one region: points on rows and columns, four elements around each."""
    (top, below, down, row_in, rows), (left, right, across, column_in, columns) = ways
    if not rows * columns or not row_in.size or not column_in.size:
        return 0.0
    inside = (row_in[:, None] & column_in)[..., None]
    parts = []
    for y, share_y in ((top, 1 - down), (below, down)):
        for x, share_x in ((left, 1 - across), (right, across)):
            share = (share_y[:, None] * share_x)[..., None]
            parts.append(np.where(inside, image[y[:, None], x] * share.astype(image.dtype), 0))
    found = np.maximum.reduce(parts) if largest else sum(parts)
    apart = np.asarray(found).reshape(to[0], rows, to[1], columns, -1)
    return apart.max((1, 3)) if largest else apart.mean((1, 3))


class RoiPool(Op):
    """The largest number in each cell of regions (image, x1, y1, x2, y2); 0 in an empty one (Girshick 2015)."""

    price = "unknown: the regions decide how many elements are compared"

    slowness = 16

    def shape(self, x: Shape, rois: Shape, *, to: Shape, scale: float) -> Shape:
        if len(x) != 4 or len(rois) != 2 or differ(rois[1], 5):
            raise ShapeError(f"Regions are (how many, 5), of images of four axes; received {text(rois)}, {text(x)}.")
        return rois[0], *to, x[3]

    def cost(self, out: Shape, x: Shape, rois: Shape, **_: Any) -> Cost:
        return Cost(compares=Unknown("how large the regions are"))

    def launches(self, x: Shape, rois: Shape, *, to: Shape, scale: float) -> Dim:
        return rois[0] * size(to)

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def run(self, x: Any, rois: Any, *, to: Any, scale: float) -> np.ndarray:
        out = np.zeros((len(rois), *to, x.shape[3]), x.dtype)
        for place, roi in deadline.each(enumerate(rois)):
            image = int(roi[0])
            if not 0 <= image < len(x):
                raise ShapeError(f"There is no image {image}.")
            left, top, right, low = (np.floor(np.abs(roi[1:] * scale) + 0.5) * np.sign(roi[1:])).astype(np.int64)
            rows, columns = (
                cells(int(start), int(end), count, n)
                for start, end, count, n in ((top, low, to[0], x.shape[1]), (left, right, to[1], x.shape[2]))
            )
            for i, (a, b) in enumerate(rows):
                for j, (c, d) in enumerate(columns):
                    if b > a and d > c:
                        out[place, i, j] = x[image, a:b, c:d].max((0, 1))
        return out


def cells(start: int, end: int, count: int, n: int) -> list[tuple[int, int]]:
    """Where the cells of a region begin and end on an axis of n."""
    wide = np.float32(max(end - start + 1, 1)) / np.float32(count)
    edges = [(int(np.floor(i * wide)), int(np.ceil((i + 1) * wide))) for i in range(count)]
    return [(min(max(a + start, 0), n), min(max(b + start, 0), n)) for a, b in edges]


sample_at = SampleAt("sample_at")
roi_align = RoiAlign("roi_align")
roi_pool = RoiPool("roi_pool")
