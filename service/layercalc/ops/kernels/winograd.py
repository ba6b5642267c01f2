"""Convolution with a 3 × 3 window by fewer multiplications (Lavin & Gray 2015, arXiv:1509.09308).

m × m results come from a tile of (m + 2)² inputs by (m + 2)² products instead of 9 m². The transforms are the
interpolation of Cook and Toom through small numbers; those for m = 4, ± 5/8 and ± 3/2, keep the error of float32 near
four times that of the direct sum (1.4e-6 against 0.4e-6 for results around 1), where ± 1 and ± 2 give nine times
(Barabasz et al. 2018, arXiv:1803.10986). tests/ops/kernels/test_winograd.py bounds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from math import prod
from typing import Any, NamedTuple

from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape
from layercalc.ops.kernels.fusion import Finish, flat, parts
from layercalc.ops.kernels.scratch import OWN_BYTES, SHARED_BYTES, scratch
from layercalc.ops.kernels.threads import spread, threads

POINTS = {2: (0.0, 1.0, -1.0), 4: (0.0, 0.625, -0.625, 1.5, -1.5)}  # and infinity

# What work costs, in FLOPs of a large matrix product, as measured on two cores: moving a byte, a FLOP of a product with
# a side as short as a transform's, and beginning another run of memory.
BYTE = 26
SHORT = 2.5
RUN = 4000

PRODUCT_BYTES = 4 << 20  # of transformed kernels that one product reads
TILES = 160  # of a band: enough rows for a product to run at full speed


@cache
def transforms(m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of a tile (a², a²), of a kernel (a², 9) and of the products (m², a²), a = m + 2, both axes at once."""
    points = np.array(POINTS[m])
    others = [np.delete(points, i) for i in range(len(points))]
    powers = np.vander(points, 3, increasing=True)
    kernel = np.vstack([powers / np.array([[np.prod(p - q)] for p, q in zip(points, others, strict=True)]), [0, 0, 1]])
    tile = np.vstack([np.append(np.poly(q)[::-1], 0) for q in others] + [np.poly(points)[::-1]])
    back = np.vstack([np.vander(points, m, increasing=True), np.eye(m)[-1:]]).T
    return tuple(np.kron(one, one).astype(np.float32) for one in (tile, kernel, back))  # type: ignore[return-value]


def tiles(out: tuple[int, ...], m: int) -> tuple[int, int]:
    return -(-out[0] // m), -(-out[1] // m)


def price(batch: int, out: tuple[int, ...], channels: int, filters: int, m: int) -> float:
    """The work of F(m × m, 3 × 3), in FLOPs of a large matrix product; the direct algorithm's for m = 0."""
    if not m:
        positions, length = batch * prod(out), 9 * channels
        return 2 * positions * length * filters + BYTE * 4 * positions * length
    a, n = (m + 2) ** 2, batch * prod(tiles(out, m))
    products = 2 * a * n * channels * filters
    turning = SHORT * 2 * a * n * (a * channels + m * m * filters)
    moved = 1.5 * a * n * channels + m * m * n * filters + 1.3 * a * channels * filters
    return products + turning + BYTE * 4 * moved + RUN * a * n


def chosen(batch: int, out: tuple[int, ...], kernel: tuple[int, ...]) -> int:
    """The m with the least work, 0 for the direct algorithm."""
    channels, filters = kernel[-2:]
    fitting = [m for m in POINTS if planned(batch, out, channels, filters, m)]
    return min((0, *fitting), key=lambda m: price(batch, out, channels, filters, m))


def applies(window: tuple[int, ...], strides: Any, dilation: Any, groups: int, dtype: np.dtype) -> bool:
    once = all(one == 1 for one in (*strides, *dilation))
    return window == (3, 3) and once and groups == 1 and dtype == np.float32


class Plan(NamedTuple):
    """How the work is cut: bands of so many rows of tiles of so many images, and blocks of so many filters.

    Where there are fewer tiles than filters, the tiles are turned once and threads take blocks of filters, each
    transforming its part of the kernel; elsewhere the kernel is transformed once and threads take bands.
    """

    m: int
    columns: int
    channels: int
    by_filters: bool
    images: int
    rows: int
    blocks: list[tuple[int, int]]

    def cut(self, images: int, rows: int) -> list[tuple[int, ...]]:
        """The shapes of what tiles are made in: an image with its border, its tiles, those transformed."""
        m, a, count = self.m, (self.m + 2) ** 2, images * rows * self.columns
        slab = images, rows * m + 2, self.columns * m + 2, self.channels
        return [slab, (a, count, self.channels), (a, count, self.channels)]

    def kernels(self, width: int) -> list[tuple[int, ...]]:
        """The shapes of the kernels of some filters, and of those transformed."""
        return [(9, self.channels, width), ((self.m + 2) ** 2, self.channels, width)]

    def summed(self, images: int, rows: int, width: int) -> list[tuple[int, ...]]:
        """The shapes of the products of tiles and kernels, and of those turned back."""
        count = images * rows * self.columns
        return [((self.m + 2) ** 2, count, width), (self.m**2, count, width)]

    @property
    def fits(self) -> bool:
        """Whether what all threads read, and what each works in, have room in the workspace."""
        width = self.blocks[0][1]
        cut, kernels = self.cut(self.images, self.rows), self.kernels(width)
        summed = self.summed(self.images, self.rows, width)
        shared = cut if self.by_filters else kernels[1:] * len(self.blocks)
        own = kernels + summed if self.by_filters else [kernels[0], *cut, *summed]
        return 4 * sum(map(prod, shared)) <= SHARED_BYTES and 4 * sum(map(prod, own)) <= OWN_BYTES


def planned(batch: int, out: tuple[int, ...], channels: int, filters: int, m: int) -> Plan | None:
    """The cut whose parts stay in cache; None where the workspace is too small for it."""
    rows, columns = tiles(out, m)
    by_filters = 2 * batch * rows * columns < filters
    width = max(PRODUCT_BYTES // (4 * (m + 2) ** 2 * channels) // 16 * 16, 16)
    width = min(width, -(-filters // threads()) if by_filters else filters)
    high = min(max(round(TILES / columns), 1), -(-rows // threads()) if batch == 1 else rows)
    images = min(max(TILES // (rows * columns), 1), -(-batch // threads())) if high == rows else 1
    if by_filters:
        images, high = batch, rows
    blocks = [(start, min(width, filters - start)) for start in range(0, filters, width)]
    plan = Plan(m, columns, channels, by_filters, images, high, blocks)
    return plan if plan.fits else None


def at_most(places: Shape, channels: Dim, filters: Dim) -> Dim:
    """The elements that the work holds at the most, by either algorithm, on however many threads."""
    covered = places[0] * prod(-(-n // 4) * 4 for n in places[1:])
    return covered * (12 * channels + 5 * filters) + 45 * channels * filters


class Detour:
    """One convolution: x as it comes, what is added `around` it, the kernel, and where the results go."""

    def __init__(self, x: np.ndarray, kernel: np.ndarray, out: np.ndarray, around: Sequence[tuple[int, int]], m: int):
        self.x, self.out, self.m = x, out, m
        self.taps = kernel.reshape(9, *kernel.shape[-2:])
        self.before = [before for before, _ in around]
        self.turn, self.make, self.back = transforms(m)

    def turned(self, first: int, last: int, top: int, buffers: Sequence[np.ndarray]) -> np.ndarray:
        """The tiles of some images from a row of tiles on, transformed: (a², tiles, channels)."""
        slab, tiled, turned = buffers
        start, left = top * self.m - self.before[0], self.before[1]
        upper = max(start, 0)  # the first row of the image that is seen, if one is
        rows = max(min(start + slab.shape[1], self.x.shape[1]), upper)
        width = min(slab.shape[2] - left, self.x.shape[2])
        inside = upper - start
        slab[:, :inside] = 0
        slab[:, rows - start :] = 0
        slab[:, inside:, :left] = 0
        slab[:, inside:, left + width :] = 0
        slab[:, inside : rows - start, left : left + width] = self.x[first:last, upper:rows, :width]
        image, down, right, each = slab.strides
        places = last - first, (slab.shape[1] - 2) // self.m, (slab.shape[2] - 2) // self.m
        shape = self.m + 2, self.m + 2, *places, slab.shape[3]
        steps = down, right, image, self.m * down, self.m * right, each
        view = np.lib.stride_tricks.as_strided(slab, shape, steps, writeable=False)
        np.copyto(tiled.reshape(shape), view)
        np.matmul(self.turn, tiled.reshape(len(tiled), -1), out=turned.reshape(len(turned), -1))
        return turned

    def transformed(self, start: int, taps: np.ndarray, products: np.ndarray) -> None:
        """The kernels of some filters, transformed: (a², channels, filters)."""
        np.copyto(taps, self.taps[..., start : start + taps.shape[2]])
        np.matmul(self.make, taps.reshape(9, -1), out=products.reshape(len(products), -1))

    def multiplied(
        self, turned: np.ndarray, products: np.ndarray, to: np.ndarray, summed: np.ndarray, made: np.ndarray
    ) -> None:
        """The results of tiles and kernels, in their places."""
        m, width = self.m, products.shape[2]
        np.matmul(turned, products, out=summed)
        np.matmul(self.back, summed.reshape(len(summed), -1), out=made.reshape(len(made), -1))
        high, wide = -(-to.shape[1] // m), -(-to.shape[2] // m)
        # Each axis of the image is (tile, inside the tile); where the last tile sticks out, it is cut.
        whole = made.reshape(m, m, len(to), high, wide, width).transpose(2, 3, 0, 4, 1, 5)
        if to.shape[1:3] == (high * m, wide * m):
            to.reshape(whole.shape)[...] = whole
        else:
            to[...] = whole.reshape(len(to), high * m, wide * m, width)[:, : to.shape[1], : to.shape[2]]


def convolved(
    x: np.ndarray, kernel: np.ndarray, out: np.ndarray, around: Sequence[tuple[int, int]], m: int, finish: Finish
) -> bool:
    """`out` from x; False where a number is too large for the detour, and `out` is to be made directly."""
    (batch, height, width, filters), rows = out.shape, flat(out)
    plan = planned(batch, (height, width), kernel.shape[-2], filters, m)
    assert plan is not None
    work = Detour(x, kernel, out, around, m)
    finite: list[bool] = []
    high = tiles(out.shape[1:3], m)[0]

    def transformed(start: int, products: np.ndarray) -> None:
        (taps,) = scratch(x.dtype, (9, *products.shape[1:]))
        work.transformed(start, taps, products)

    def band(first: int, last: int, top: int, bottom: int) -> None:
        size = last - first, bottom - top
        *cut, summed, made = scratch(x.dtype, *plan.cut(*size), *plan.summed(*size, plan.blocks[0][1]))
        turned, to = work.turned(first, last, top, cut), out[first:last, top * m : bottom * m]
        for (start, n), products in zip(plan.blocks, kernels, strict=True):
            space = (
                one.reshape(-1)[: len(one) * one.shape[1] * n].reshape(*one.shape[:2], n) for one in (summed, made)
            )
            work.multiplied(turned, products, to[..., start : start + n], *space)
        finite.append(bool(np.isfinite(to.sum())))
        at = (first * height + top * m) * width
        finish(rows[at : at + to.size // filters], at)

    def block(start: int, n: int) -> None:
        taps, products, summed, made = scratch(x.dtype, *plan.kernels(n), *plan.summed(batch, high, n))
        work.transformed(start, taps, products)
        to = out[..., start : start + n]
        work.multiplied(tiled, products, to, summed, made)
        finite.append(bool(np.isfinite(to.sum())))

    if plan.by_filters:
        tiled = work.turned(0, batch, 0, scratch(x.dtype, *plan.cut(batch, high), of="shared"))
        spread(block, plan.blocks, 2)
        if all(finite):
            spread(lambda start, stop: finish(rows[start:stop], start), parts(len(rows), filters * out.itemsize))
    else:
        kernels = scratch(x.dtype, *(plan.kernels(n)[1] for _, n in plan.blocks), of="shared")
        starts = [start for start, _ in plan.blocks]
        spread(transformed, zip(starts, kernels, strict=True), 2)
        spread(band, bands(batch, high, plan), 2)
    return all(finite)


def bands(batch: int, high: int, plan: Plan) -> Iterator[tuple[int, ...]]:
    """Images, and rows of tiles, at a time."""
    for first in range(0, batch, plan.images):
        for top in range(0, high, plan.rows):
            yield first, min(first + plan.images, batch), top, min(top + plan.rows, high)
