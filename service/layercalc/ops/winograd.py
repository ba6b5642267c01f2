"""Convolution with a 3 × 3 window by fewer multiplications (Lavin & Gray 2015, arXiv:1509.09308).

m × m results come from a tile of (m + 2)² inputs by (m + 2)² products instead of 9 m². The transforms are the
interpolation of Cook and Toom through small numbers; those for m = 4, ± 5/8 and ± 3/2, keep the error of float32 near
four times that of the direct sum (1.4e-6 against 0.4e-6 for results around 1), where ± 1 and ± 2 give nine times
(Barabasz et al. 2018, arXiv:1803.10986). tests/test_kernels.py bounds it.
"""

from collections.abc import Iterator
from functools import cache
from math import prod
from typing import Any

import numpy as np

from layercalc.ops.pending import Finish, flat
from layercalc.ops.scratch import WORKSPACE, scratch

POINTS = {2: (0.0, 1.0, -1.0), 4: (0.0, 0.625, -0.625, 1.5, -1.5)}  # and infinity

# What work costs, in FLOPs of a large matrix product, as measured: moving a byte, and a FLOP of a product with a side
# as short as a transform's.
BYTE = 26
SHORT = 2.5


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
    moved = a * n * channels + m * m * n * filters + 2 * a * channels * filters  # a kernel is written and read
    return products + turning + BYTE * 4 * moved


def chosen(batch: int, out: tuple[int, ...], kernel: tuple[int, ...]) -> int:
    """The m with the least work, 0 for the direct algorithm."""
    channels, filters = kernel[-2:]
    fitting = [m for m in POINTS if 4 * (m + 2) ** 2 * channels * filters <= 1.25 * WORKSPACE]
    return min((0, *fitting), key=lambda m: price(batch, out, channels, filters, m))


def applies(window: tuple[int, ...], strides: Any, dilation: Any, groups: int, dtype: np.dtype) -> bool:
    once = all(one == 1 for one in (*strides, *dilation))
    return window == (3, 3) and once and groups == 1 and dtype == np.float32


def bands(batch: int, rows: int, columns: int, channels: int, filters: int, m: int) -> Iterator[tuple[int, ...]]:
    """Images, and rows of tiles, at a time, whose tiles and products fit the workspace."""
    row = 4 * columns * (2 * (m + 2) ** 2 * channels + ((m + 2) ** 2 + m * m) * filters)
    step = max(WORKSPACE // 2 // row, 1)
    if step >= rows:
        for n in range(0, batch, step // rows):
            yield n, min(n + step // rows, batch), 0, rows
    else:
        for n in range(batch):
            for start in range(0, rows, step):
                yield n, n + 1, start, min(start + step, rows)


def convolved(x: np.ndarray, kernel: np.ndarray, out: np.ndarray, m: int, finish: Finish) -> bool:
    """`out` from a padded x; False where a number is too large for the detour, and `out` is to be made directly."""
    turn, make, back = transforms(m)
    (batch, height, width, channels), filters, a = x.shape, kernel.shape[-1], m + 2
    rows, columns = tiles(out.shape[1:3], m)
    most = max((end - n) * (last - first) for n, end, first, last in bands(batch, rows, columns, channels, filters, m))
    counts = channels * filters, *(most * columns * each for each in (channels, channels, filters))
    products, *buffers, results = scratch(
        x.dtype, *((a * a, each) for each in counts), (m * m, most * columns * filters)
    )
    np.matmul(make, kernel.reshape(9, -1), out=products)
    products = products.reshape(a * a, channels, filters)
    if (rows * m + 2, columns * m + 2) != (height, width):
        whole = np.zeros((batch, rows * m + 2, columns * m + 2, channels), x.dtype)
        whole[:, :height, :width] = x
        x = whole
    image, down, right, each = x.strides
    everything = flat(out)
    for n, end, first, last in bands(batch, rows, columns, channels, filters, m):
        places = end - n, last - first, columns
        steps = down, right, image, m * down, m * right, each
        view = np.lib.stride_tricks.as_strided(x[n:end, first * m :], (a, a, *places, channels), steps, writeable=False)
        count = prod(places)
        tiled, turned = (one.reshape(-1)[: a * a * count * channels].reshape(a * a, -1) for one in buffers[:2])
        summed = buffers[2].reshape(-1)[: a * a * count * filters].reshape(a * a, count, filters)
        made = results.reshape(-1)[: m * m * count * filters].reshape(m * m, -1)
        np.copyto(tiled.reshape(view.shape), view)
        np.matmul(turn, tiled, out=turned)
        np.matmul(turned.reshape(a * a, count, channels), products, out=summed)
        np.matmul(back, summed.reshape(a * a, -1), out=made)
        band = made.reshape(m, m, *places, filters).transpose(2, 3, 0, 4, 1, 5)  # image, row, inside, column, inside
        to = out[n:end, first * m : last * m]
        if to.shape[1:3] == ((last - first) * m, columns * m):
            to.reshape(band.shape)[...] = band
        else:
            to[...] = band.reshape(end - n, (last - first) * m, columns * m, filters)[:, : to.shape[1], : to.shape[2]]
        if not np.isfinite(to.sum()):
            return False
        start = (n * out.shape[1] + first * m) * out.shape[2]
        finish(everything[start : start + to.size // filters], start)
    return True
