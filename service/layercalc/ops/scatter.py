"""Elements put, added or multiplied into places that other tensors name; the boxes that start at such places."""

from __future__ import annotations

from math import prod
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, Unknown, differ, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op
from layercalc.ops.spec import Spec
from layercalc.ops.work import ELEMENT, PIECE

KINDS = {  # what one element costs, and the function of NumPy
    "add": ("adds", "add"),
    "mul": ("muls", "multiply"),
    "max": ("compares", "maximum"),
    "min": ("compares", "minimum"),
}


class Scatter(Op):
    """Updates (..., *rest) put into x (*places, *rest) at indices (..., places), by `kind` with what is there.

    The last of several updates of one place stays where they replace.
    """

    price = "1 addition, multiplication or comparison for each element of the updates; nothing where they replace"

    def work(self, out: Spec, cost: Cost, x: Shape, indices: Shape, updates: Shape, **_: Any) -> Dim:
        """Elements that go to places named one by one take long."""
        return 2 * ELEMENT * size(x) + 60 * ELEMENT * (size(updates) + size(indices))

    def workspace(self, out: Shape, x: Shape, indices: Shape, updates: Shape, **_: Any) -> Dim:
        return 8 * (2 * size(indices) + size(updates))  # beside a tensor of bytes

    def shape(self, x: Shape, indices: Shape, updates: Shape, *, kind: str | None) -> Shape:
        depth = indices[-1] if indices else 0
        if not isinstance(depth, int) or not 1 <= depth <= len(x):
            raise ShapeError(f"Indices into {text(x)} have 1 to {len(x)} numbers on their last axis, not {depth}.")
        expected = (*indices[:-1], *x[depth:])
        if len(expected) != len(updates) or any(map(differ, expected, updates)):
            raise ShapeError(f"Indices {text(indices)} into {text(x)} take {text(expected)}; received {text(updates)}.")
        return x

    def cost(self, out: Shape, x: Shape, indices: Shape, updates: Shape, *, kind: str | None) -> Cost:
        return Cost(**{KINDS[kind][0]: size(updates)}) if kind else Cost()

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def run(self, x: Any, indices: Any, updates: Any, *, kind: str | None) -> np.ndarray:
        out = x.copy()
        places = tuple(np.moveaxis(indices.astype(np.int64), -1, 0))
        for axis, place in enumerate(places):
            if place.size and not 0 <= place.min() <= place.max() < x.shape[axis]:
                wrong = place.min() if place.min() < 0 else place.max()
                raise ShapeError(f"There is no index {wrong} in axis {axis} of {text(x.shape)}.")
        if kind is None:
            out[places] = updates
        else:
            flat, depth = tuple(place.reshape(-1) for place in places), len(places)
            rows = updates.reshape(-1, *x.shape[depth:])
            step = max(PIECE // max(prod(x.shape[depth:]), 1), 1)
            for start in deadline.each(range(0, len(rows), step)):
                some = slice(start, start + step)
                getattr(np, KINDS[kind][1]).at(out, tuple(place[some] for place in flat), rows[some].astype(out.dtype))
        return out


class Segments(Op):
    """The sum, product, largest or smallest of the rows that go by one number (below 0: by none), for n numbers."""

    price = "1 addition, multiplication or comparison for each element"

    slowness = 34

    def workspace(self, out: Shape, x: Shape, ids: Shape, **_: Any) -> Dim:
        return 4 * PIECE + 2 * size(x[1:])

    def shape(self, x: Shape, ids: Shape, *, n: Dim, kind: str) -> Shape:
        if len(ids) != 1 or not x or differ(x[0], ids[0]):
            raise ShapeError(f"Each row of {text(x)} needs one number; received numbers of shape {text(ids)}.")
        return n, *x[1:]

    def cost(self, out: Shape, x: Shape, ids: Shape, *, n: Dim, kind: str) -> Cost:
        return Cost(**{KINDS[kind][0]: size(x)})

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def run(self, x: Any, ids: Any, *, n: int, kind: str) -> np.ndarray:
        if ids.size and ids.max() >= n:
            raise ShapeError(f"There is no segment {ids.max()} among {n}.", "num_segments")
        out = np.full((n, *x.shape[1:]), self.start(kind, x.dtype), x.dtype)
        step = max(PIECE // max(prod(x.shape[1:]), 1), 1)
        for start in deadline.each(range(0, len(ids), step)):
            some, rows = ids[start : start + step], x[start : start + step]
            getattr(np, KINDS[kind][1]).at(out, some[some >= 0], rows[some >= 0])
        return out

    def start(self, kind: str, dtype: Any) -> Any:
        """What an empty segment gives."""
        if kind in ("add", "mul"):
            return 0 if kind == "add" else 1
        bounds: Any = np.finfo(np.float32) if dtype.kind == "f" else np.iinfo(dtype)
        return bounds.min if kind == "max" else bounds.max


class SliceAt(Op):
    """The box of a shape that starts where a tensor says."""

    free = True
    slowness = 1

    def shape(self, x: Shape, starts: Shape, *, to: Shape) -> Shape:
        one_for_each(x, starts)
        if len(to) != len(x) or any(provably(n > whole) for n, whole in zip(to, x, strict=True)):
            raise ShapeError(f"A box of {text(to)} does not fit in {text(x)}.", "shape")
        return to

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def run(self, x: Any, starts: Any, *, to: Any) -> np.ndarray:
        for axis, (start, n) in enumerate(zip(starts.tolist(), to, strict=True)):
            if not 0 <= start <= x.shape[axis] - n:
                raise ShapeError(f"{start} to {start + n} is not within axis {axis} of {text(x.shape)}.", "shape")
        return x[tuple(slice(start, start + n) for start, n in zip(starts.tolist(), to, strict=True))]


class SliceUpdate(Op):
    """x with a box of it replaced; one that would reach beyond the end is moved back inside."""

    free = True
    slowness = 1

    def shape(self, x: Shape, starts: Shape, updates: Shape) -> Shape:
        one_for_each(x, starts)
        if len(updates) != len(x) or any(provably(n > whole) for n, whole in zip(updates, x, strict=True)):
            raise ShapeError(f"Updates of shape {text(updates)} do not fit in {text(x)}.")
        return x

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def run(self, x: Any, starts: Any, updates: Any) -> np.ndarray:
        out = x.copy()
        sizes = zip(starts.tolist(), updates.shape, x.shape, strict=True)
        first = [min(max(int(start), 0), whole - n) for start, n, whole in sizes]
        out[tuple(slice(start, start + n) for start, n in zip(first, updates.shape, strict=True))] = updates
        return out


def one_for_each(x: Shape, starts: Shape) -> None:
    """Refuse starts that are not one number for each axis."""
    if len(starts) != 1 or isinstance(starts[0], Unknown) or starts[0] != len(x):
        raise ShapeError(f"A box in {text(x)} has {len(x)} starts; received them in shape {text(starts)}.")


scatter = Scatter("scatter")
segments = Segments("segments")
slice_at = SliceAt("slice_at")
slice_update = SliceUpdate("slice_update")
