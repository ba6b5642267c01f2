"""Convolution as one matrix product over columns of windows (im2col), some positions at a time."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

from layercalc import lazy_numpy as np
from layercalc.ops.kernels.fusion import Finish, flat
from layercalc.ops.kernels.scratch import BLOCK_BYTES, OWN_BYTES, scratch
from layercalc.ops.kernels.threads import spread, workers

COLUMN_BYTES = max(OWN_BYTES // 2, 1 << 16)  # enough rows for a matrix product to run at full speed
SMALL_PRODUCT = 6 << 20  # multiplications that are not worth a second thread
LEAST_ROWS = 96  # of a product that are worth a thread, which packs the other matrix for itself
BLOCK_ROWS = 128  # of a product below which packing the other matrix once more costs too much


def rows_each(rows: int) -> int:
    """The rows of a product that one thread takes at the most, all threads having some if there are enough."""
    return max(-(-rows // workers()), LEAST_ROWS)


def product(x: np.ndarray, matrix: np.ndarray, out: np.ndarray, finish: Finish) -> None:
    """(rows, k) @ (k, n), in blocks that are finished while they are in cache."""

    def part(start: int, stop: int) -> None:
        np.matmul(x[start:stop], matrix, out=out[start:stop])
        finish(out[start:stop], start)

    (rows, length), columns = x.shape, matrix.shape[1]
    large = rows * length * columns > SMALL_PRODUCT
    if large and workers() > 1 and rows < 2 * LEAST_ROWS:  # too few for each thread to pack the whole matrix
        step = -(-columns // workers() // 16) * 16
        pieces = [(start, min(start + step, columns)) for start in range(0, columns, step)]
        spread(lambda start, stop: np.matmul(x, matrix[:, start:stop], out=out[:, start:stop]), pieces, 2)
        finish(out, 0)
        return
    step = min(rows_each(rows), max(BLOCK_BYTES // (columns * out.itemsize), BLOCK_ROWS))
    spread(part, [(start, min(start + step, rows)) for start in range(0, rows, step)], 2 if large else rows)


def stacked(a: np.ndarray, b: np.ndarray, out: np.ndarray, finish: Finish) -> None:
    """(..., m, k) @ (..., k, n) of equal leading axes, some matrices at a time."""
    axis = next((axis for axis, n in enumerate(out.shape[:-2]) if n > 1), 0)
    lead, each = (0,) * axis, out[(0,) * axis][0].size // out.shape[-1]
    a, b, out = a[lead], b[lead], out[lead]

    def part(start: int, stop: int) -> None:
        np.matmul(a[start:stop], b[start:stop], out=out[start:stop])
        finish(flat(out[start:stop]), start * each)

    step = -(-len(out) // (2 * workers()))
    pieces = [(start, min(start + step, len(out))) for start in range(0, len(out), step)]
    spread(part, pieces, 2 if out.size * a.shape[-1] > SMALL_PRODUCT else len(pieces) + 1)


def windows(x: np.ndarray, window: tuple[int, ...], out: tuple[int, ...], strides: Any, dilation: Any) -> np.ndarray:
    """A view of (batch, *positions, *window, channels)."""
    batch, *spatial, channel = x.strides
    step = [s * stride for s, stride in zip(spatial, strides, strict=True)]
    inside = [s * rate for s, rate in zip(spatial, dilation, strict=True)]
    shape = (x.shape[0], *out, *window, x.shape[-1])
    return np.lib.stride_tricks.as_strided(x, shape, (batch, *step, *inside, channel), writeable=False)


def blocks(places: tuple[int, ...], each: int) -> Iterator[tuple[tuple[Any, ...], int, int]]:
    """Parts of (batch, *positions) whose columns of `each` bytes fit: an index, and the range of rows that it is."""
    most = max(min(COLUMN_BYTES, rows_each(prod(places)) * each), 1)
    axis = 0
    while axis + 1 < len(places) and prod(places[axis + 1 :]) * each > most:
        axis += 1
    row = prod(places[axis + 1 :])
    step = max(most // (row * each), 1)
    for lead in np.ndindex(places[:axis]):
        before = int(np.ravel_multi_index(lead, places[:axis])) * places[axis] if axis else 0
        for start in range(0, places[axis], step):
            stop = min(start + step, places[axis])
            yield (*lead, slice(start, stop)), (before + start) * row, (before + stop) * row


def gathered(every: np.ndarray, kernel: np.ndarray, out: np.ndarray, groups: int, finish: Finish) -> None:
    """The convolution of windows (batch, *positions, *window, channels) with a kernel (*window, share, filters)."""
    rank, rows = kernel.ndim - 2, flat(out)
    each = prod(every.shape[rank + 1 :])
    share, filters = kernel.shape[-2], kernel.shape[-1] // groups
    matrices = np.moveaxis(kernel.reshape(-1, share, groups, filters), 2, 0).reshape(groups, -1, filters)
    if groups == 1 and len(rows) < 2 * LEAST_ROWS and len(rows) * each * every.itemsize <= COLUMN_BYTES:
        (columns,) = scratch(every.dtype, (len(rows), each))
        np.copyto(columns.reshape(every.shape), every)
        product(columns, matrices[0], rows, finish)
        return

    def part(where: tuple[Any, ...], start: int, stop: int) -> None:
        seen = every[where]
        if groups > 1:
            seen = np.moveaxis(seen.reshape(stop - start, -1, groups, share), 2, 0)
        (columns,) = scratch(every.dtype, seen.shape)
        np.copyto(columns, seen)
        if groups == 1:
            np.matmul(columns.reshape(stop - start, each), matrices[0], out=rows[start:stop])
        else:
            grouped = columns.reshape(groups, stop - start, -1) @ matrices
            rows[start:stop] = np.moveaxis(grouped, 0, 1).reshape(stop - start, -1)
        finish(rows[start:stop], start)

    spread(part, blocks(every.shape[: rank + 1], each * every.itemsize), 2)
