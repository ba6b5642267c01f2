"""Quantiles over whole axes."""

from __future__ import annotations

from math import prod
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, hidden, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op
from layercalc.ops.work import PIECE

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


class Quantile(Op):
    """The value below which a share q of each group of elements lies; the axes of q come first.

    Hyndman & Fan 1996, doi:10.1080/00031305.1996.10473566: definition 7, and what is around it for other methods.
    """

    price = "k · ⌈log2 k⌉ comparisons for each group of k; each result 2 multiplications and 2 additions"

    floating = True
    slowness = 18

    def __init__(self, name: str, numbers_only: bool):
        super().__init__(name)
        self.numbers_only = numbers_only

    def workspace(self, out: Shape, x: Shape, q: Shape, **_: Any) -> Dim:
        """The groups as rows, one copy for sorting and what is made of the results."""
        return 3 * size(x) + 8 * size(out)

    def shape(self, x: Shape, q: Shape, *, axes: tuple[int, ...], method: str, keepdims: bool) -> Shape:
        if any(provably(x[axis] < 1) for axis in axes):
            raise ShapeError(f"There is nothing along axes {list(axes)} of {text(x)}.", "axis")
        return *q, *(1 if axis in axes else n for axis, n in enumerate(x) if keepdims or axis not in axes)

    def cost(self, out: Shape, x: Shape, q: Shape, *, axes: tuple[int, ...], **_: Any) -> Cost:
        k, results = size(tuple(x[axis] for axis in axes)), size(out)
        depth = (k - 1).bit_length() if isinstance(k, int) else hidden(k)
        return Cost(compares=size(x) * depth, muls=2 * results, adds=2 * results)

    def common_dtype(self, *dtypes: str) -> str | None:
        return super().common_dtype(dtypes[0])

    def run(self, x: Any, q: Any, *, axes: tuple[int, ...], method: str, keepdims: bool) -> np.ndarray:
        every: Any = np.quantile
        rest = [n for axis, n in enumerate(x.shape) if axis not in axes]
        rows = np.moveaxis(x, axes, range(-len(axes), 0)).reshape(prod(rest), -1)
        out = np.empty((q.size, len(rows)), x.dtype)
        step = max(PIECE // rows.shape[1], 1)
        for start in deadline.each(range(0, len(rows), step)):
            some = rows[start : start + step]
            if self.numbers_only:
                out[:, start : start + step] = of_numbers(some, q.reshape(-1), method)
            else:
                out[:, start : start + step] = every(some, q.reshape(-1), axis=1, method=method)
        return out.reshape(self.shape(x.shape, q.shape, axes=axes, method=method, keepdims=keepdims))


def of_numbers(rows: np.ndarray, q: np.ndarray, method: Any) -> np.ndarray:
    """The quantiles (q, rows) of the elements of each row that are numbers, as numpy.nanquantile makes them of one."""
    ordered = np.sort(rows, axis=1)  # what is no number comes last
    count = rows.shape[1] - np.isnan(rows).sum(1)
    at = np.maximum(count - 1, 0).astype(q.dtype) * q[:, None]
    low = np.floor(at)
    share = SHARES[method](at - low, low)
    every, first = np.arange(len(rows)), low.astype(np.int64)
    a, b = ordered[every, first], ordered[every, np.minimum(first + 1, np.maximum(count - 1, 0))]
    if method in ("lower", "higher", "nearest"):
        return np.where(share > 0, b, a)
    apart = b - a
    return np.where(share >= 0.5, b - apart * (1 - share), a + apart * share)


SHARES: dict[str, Any] = {  # how far between the elements below and above a place
    "linear": lambda share, low: share,
    "lower": lambda share, low: np.zeros_like(share),
    "higher": lambda share, low: np.ceil(share),
    "midpoint": lambda share, low: np.ceil(share) / 2,
    "nearest": lambda share, low: ((share > 0.5) | ((share == 0.5) & (low % 2 == 1))).astype(share.dtype),
}


quantile = Quantile("quantile", numbers_only=False)
nan_quantile = Quantile("nan_quantile", numbers_only=True)
