"""Matrix products and table look-ups."""

from __future__ import annotations

from math import prod
from typing import Any

from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, differ, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op
from layercalc.ops.elementwise import broadcast
from layercalc.ops.kernels.fusion import Finish, flat, unfinished
from layercalc.ops.kernels.im2col import product, stacked
from layercalc.ops.spans import Spans
from layercalc.ops.spec import Spec
from layercalc.ops.work import ELEMENT, MATRIX


class MatMul(Op):
    """(..., m, k) x (..., k, n) -> (..., m, n), leading axes broadcast; a matrix of two axes serves all of them."""

    price = "one MAC for each output element and element of the shared axis"

    sums = True
    finishes = True
    slowness = 1

    def work(self, out: Spec, cost: Cost, a: Shape, b: Shape) -> Dim:
        return (
            super().work(out, cost, a, b)
            + 2 * ELEMENT * (size(a) + size(out.shape))
            + MATRIX * (size(out.shape[:-2]) if len(b) > 2 else 0)
        )

    def workspace(self, out: Shape, a: Shape, b: Shape) -> Dim:
        """Where one of them is strided it is copied; a broadcast one is not."""
        return 0

    def shape(self, a: Shape, b: Shape) -> Shape:
        if differ(a[-1], b[-2]):
            raise ShapeError(f"{text(a)} times {text(b)}: the last axis of the one, {a[-1]}, must be {b[-2]}.")
        lead = a[:-2] if len(b) == 2 else broadcast(a[:-2], b[:-2])
        return *lead, *a[-2:-1], b[-1]

    def cost(self, out: Shape, a: Shape, b: Shape) -> Cost:
        return Cost(macs=size(out) * a[-1])

    def reach(self, out: Shape, spans: list[Spans], a: Shape, b: Shape) -> Spans:
        return (*spans[0][:-1], None) if len(b) == 2 else (None,) * len(out)

    def run(self, a: Any, b: Any, finish: Finish = unfinished) -> np.ndarray:
        if a.ndim < 2 or (b.ndim > 2 and a.shape[:-2] != b.shape[:-2]):
            out: np.ndarray = a @ b
            finish(flat(out), 0)
            return out
        out = np.empty((*a.shape[:-1], b.shape[-1]), a.dtype)
        if b.ndim > 2:
            stacked(a, b, out, finish)
        else:
            product(flat(np.ascontiguousarray(a)), b, flat(out), finish)
        return out


class LowRank(Op):
    """kernel + a · b · factor: of weights alone, so that it is done once and not for every sample."""

    free = True

    def work(self, out: Spec, cost: Cost, kernel: Shape, a: Shape, b: Shape, **_: Any) -> Dim:
        return size(kernel) * (2 * a[-1] + 6 * ELEMENT)

    def workspace(self, out: Shape, kernel: Shape, *_: Shape, **__: Any) -> Dim:
        return 2 * size(kernel)

    def shape(self, kernel: Shape, a: Shape, b: Shape, *, factor: float) -> Shape:
        return kernel

    def run(self, kernel: Any, a: Any, b: Any, *, factor: float) -> np.ndarray:
        return kernel + (a @ b) * kernel.dtype.type(factor)


class BatchDot(Op):
    """The sum of products along one axis of each tensor, batch by batch; two vectors give (batch, 1)."""

    price = "one MAC for each output element and element of the shared axis"

    sums = True
    slowness = 1
    along = 2

    def lead(self, x: Shape, y: Shape, **_: Any) -> int:
        return 1

    def work(self, out: Spec, cost: Cost, x: Shape, y: Shape, **how: Any) -> Dim:
        return super().work(out, cost, x, y, **how) + ELEMENT * (size(x) + size(y)) + MATRIX * x[0]

    def workspace(self, out: Shape, x: Shape, y: Shape, **_: Any) -> Dim:
        return size(x) + size(y)

    def shape(self, x: Shape, y: Shape, *, axes: tuple[int, int]) -> Shape:
        a, b = axes
        if differ(x[0], y[0]):
            raise ShapeError(f"The batches of {text(x)} and {text(y)} differ.")
        if differ(x[a], y[b]):
            raise ShapeError(
                f"Axis {a} of {text(x)} is {x[a]}, axis {b} of {text(y)} is {y[b]}: the axes that are multiplied must "
                "be equal.",
                "axes",
            )
        rest = (*x[1:a], *x[a + 1 :], *y[1:b], *y[b + 1 :])
        return (x[0], *rest) if rest else (x[0], 1)

    def cost(self, out: Shape, x: Shape, y: Shape, *, axes: tuple[int, int]) -> Cost:
        return Cost(macs=size(out) * x[axes[0]])

    def run(self, x: Any, y: Any, *, axes: tuple[int, int]) -> np.ndarray:
        out = self.shape(x.shape, y.shape, axes=axes)
        x, y = np.moveaxis(x, axes[0], -1), np.moveaxis(y, axes[1], 1)
        batch, k = x.shape[0], x.shape[-1]
        return (x.reshape(batch, prod(x.shape[1:-1]), k) @ y.reshape(batch, k, prod(y.shape[2:]))).reshape(out)


class Gather(Op):
    """Slices of a table along one axis by integer index, as in tf.gather; an index outside the table is an error."""

    free = True

    def work(self, out: Spec, cost: Cost, table: Shape, indices: Shape, **_: Any) -> Dim:
        return 6 * ELEMENT * (size(out.shape) + 3 * size(indices))

    def workspace(self, out: Shape, table: Shape, indices: Shape, **_: Any) -> Dim:
        return 8 * size(indices)  # as int64, beside a table of bytes

    def shape(self, table: Shape, indices: Shape, *, axis: int = 0, wrap: bool = False) -> Shape:
        return *table[:axis], *indices, *table[axis + 1 :]

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def read(self, out: Spec, *inputs: Spec) -> Dim:
        """The indices, and of the table what goes into the result."""
        return inputs[1].bytes + inputs[0].part(out.shape).bytes

    def filters(self, place: int, table: Shape, indices: Shape, *, axis: int = 0, **_: Any) -> tuple[int, ...]:
        return (axis,)

    def reach(self, out: Shape, spans: list[Spans], table: Shape, indices: Shape, *, axis: int = 0, **_: Any) -> Spans:
        return *spans[0][:axis], *spans[1], *spans[0][axis + 1 :]

    def run(self, table: Any, indices: Any, *, axis: int = 0, wrap: bool = False) -> np.ndarray:
        return np.take(table, within(indices, table.shape[axis], wrap), axis)


class GatherAlong(Op):
    """Elements along one axis, an index for each (numpy.take_along_axis)."""

    free = True
    slowness = 5
    along = 2

    def lead(self, x: Shape, indices: Shape, *, axis: int) -> int:
        return axis % len(x)

    def workspace(self, out: Shape, x: Shape, indices: Shape, *, axis: int) -> Dim:
        return 4 * size(out)

    def shape(self, x: Shape, indices: Shape, *, axis: int) -> Shape:
        if len(x) != len(indices):
            raise ShapeError(f"The indices {text(indices)} must have as many axes as {text(x)}.")
        return broadcast((*x[:axis], indices[axis], *x[axis + 1 :]), indices)

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def run(self, x: Any, indices: Any, *, axis: int) -> np.ndarray:
        return np.take_along_axis(x, within(indices, x.shape[axis], wrap=True), axis)


def within(indices: Any, n: int, wrap: bool) -> np.ndarray:
    """The indices as int64, those below 0 counted from the end with `wrap`; one outside is refused."""
    indices = indices.astype(np.int64, copy=False)
    if indices.size and not (-n if wrap else 0) <= indices.min() <= indices.max() < n:
        wrong = indices.max() if indices.max() >= n else indices.min()
        raise ShapeError(f"The index {wrong} is outside a table of {n} rows (0 to {n - 1}).")
    return indices


matmul = MatMul("matmul")
batch_dot = BatchDot("batch_dot")
low_rank = LowRank("low_rank")
gather = Gather("gather")
gather_along = GatherAlong("gather_along")
