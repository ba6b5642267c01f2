"""Convolution as one matrix product over columns of windows (im2col), some positions at a time."""

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from layercalc.ops.pending import Finish, flat, parts
from layercalc.ops.scratch import WORKSPACE, scratch

COLUMN_BYTES = max(WORKSPACE // 4, 1 << 16)  # enough rows for a matrix product to run at full speed
LEAST_ROWS = 384  # of a matrix product below which packing the other matrix costs more than it


def product(x: np.ndarray, matrix: np.ndarray, out: np.ndarray, finish: Finish) -> None:
    """(rows, k) @ (k, n), in blocks that are finished while they are in cache."""
    for start, stop in parts(len(x), out.shape[1] * out.itemsize, LEAST_ROWS, 1 << 20):
        np.matmul(x[start:stop], matrix, out=out[start:stop])
        finish(out[start:stop], start)


def windows(x: np.ndarray, window: tuple[int, ...], out: tuple[int, ...], strides: Any, dilation: Any) -> np.ndarray:
    """A view of (batch, *positions, *window, channels)."""
    batch, *spatial, channel = x.strides
    step = [s * stride for s, stride in zip(spatial, strides, strict=True)]
    inside = [s * rate for s, rate in zip(spatial, dilation, strict=True)]
    shape = (x.shape[0], *out, *window, x.shape[-1])
    return np.lib.stride_tricks.as_strided(x, shape, (batch, *step, *inside, channel), writeable=False)


def blocks(places: tuple[int, ...], each: int) -> Iterator[tuple[tuple[Any, ...], int, int]]:
    """Parts of (batch, *positions) whose columns of `each` bytes fit: an index, and the range of rows that it is."""
    axis = 0
    while axis + 1 < len(places) and prod(places[axis + 1 :]) * each > COLUMN_BYTES:
        axis += 1
    row = prod(places[axis + 1 :])
    step = max(COLUMN_BYTES // (row * each), 1)
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
    buffer: Any = None
    for where, start, stop in blocks(every.shape[: rank + 1], each * every.itemsize):
        part = every[where]
        if groups > 1:
            part = np.moveaxis(part.reshape(stop - start, -1, groups, share), 2, 0)
        if buffer is None:
            (buffer,) = scratch(every.dtype, (part.size,))
        columns = buffer[: part.size].reshape(part.shape)
        np.copyto(columns, part)
        if groups == 1:
            np.matmul(columns.reshape(stop - start, each), matrices[0], out=rows[start:stop])
        else:
            grouped = columns.reshape(groups, stop - start, -1) @ matrices
            rows[start:stop] = np.moveaxis(grouped, 0, 1).reshape(stop - start, -1)
        finish(rows[start:stop], start)
