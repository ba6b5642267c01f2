"""Quantiles over whole axes."""

from typing import Any

import numpy as np

from layercalc.dims import Shape, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


class Quantile(Op):
    """The value below which a share q of each group of elements lies; the axes of q come first.

    Hyndman & Fan 1996, doi:10.1080/00031305.1996.10473566: definition 7, and what is around it for other methods.
    """

    price = "k · ⌈log2 k⌉ comparisons for each group of k; each result 2 multiplications and 2 additions"

    floating = True

    def __init__(self, name: str, numbers_only: bool):
        super().__init__(name)
        self.numbers_only = numbers_only

    def shape(self, x: Shape, q: Shape, *, axes: tuple[int, ...], method: str, keepdims: bool) -> Shape:
        if any(provably(x[axis] < 1) for axis in axes):
            raise ShapeError(f"There is nothing along axes {list(axes)} of {text(x)}.", "axis")
        return *q, *(1 if axis in axes else n for axis, n in enumerate(x) if keepdims or axis not in axes)

    def cost(self, out: Shape, x: Shape, q: Shape, *, axes: tuple[int, ...], **_: Any) -> Cost:
        k, results = size(tuple(x[axis] for axis in axes)), size(out)
        depth = (k - 1).bit_length() if isinstance(k, int) else k
        return Cost(compares=size(x) * depth, muls=2 * results, adds=2 * results)

    def common_dtype(self, *dtypes: str) -> str | None:
        return super().common_dtype(dtypes[0])

    def run(self, x: Any, q: Any, *, axes: tuple[int, ...], method: str, keepdims: bool) -> np.ndarray:
        function: Any = np.nanquantile if self.numbers_only else np.quantile
        return np.asarray(function(x, q, axis=axes, method=method, keepdims=keepdims)).astype(x.dtype)


quantile = Quantile("quantile", numbers_only=False)
nan_quantile = Quantile("nan_quantile", numbers_only=True)
