"""Reductions of whole axes, and what runs along one axis: sums so far, order, where the largest stands."""

from __future__ import annotations

from math import prod
from typing import Any

from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, hidden, most, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op, first_of
from layercalc.ops.spec import Spec

INTEGERS = ("sum", "prod", "count_nonzero")  # of an empty axis, too


class Reduce(Op):
    """The maximum, mean, sum, product and so on over whole axes."""

    price = "k − 1 comparisons, additions or multiplications for each result of k elements; a mean 1 division more"

    slowness = 2

    def work(self, out: Spec, cost: Cost, x: Shape, *others: Shape, **how: Any) -> Dim:
        return super().work(out, cost, x, *others, **how) + self.rows(x)

    def lead(self, x: Shape, *, axes: tuple[int, ...], **_: Any) -> int:
        return first_of(axes, x)

    def workspace(self, out: Shape, x: Shape, **_: Any) -> Dim:
        return 3 * size(out) + (size(x) if self.function == "count_nonzero" else 0)

    def __init__(self, name: str, function: str, kind: str = "compares", average: bool = False):
        """`function` is the name of NumPy's."""
        super().__init__(name)
        self.function, self.kind, self.average, self.floating = function, kind, average, average
        self.compares = function in ("any", "all")

    def shape(self, x: Shape, *, axes: tuple[int, ...], keepdims: bool = False) -> Shape:
        if any(not -len(x) <= axis < len(x) for axis in axes):
            raise ShapeError(f"{text(x)} has no axes {list(axes)}; it has {len(x)}.")
        if self.function not in INTEGERS and not self.compares and any(provably(x[axis] < 1) for axis in axes):
            raise ShapeError(f"There is nothing to reduce along axes {list(axes)} of {text(x)}.")
        axes = tuple(axis % len(x) for axis in axes)
        return tuple(1 if i in axes else n for i, n in enumerate(x) if keepdims or i not in axes)

    def cost(self, out: Shape, x: Shape, *, axes: tuple[int, ...], **_: Any) -> Cost:
        return reduction(size(out), prod(x[axis] for axis in axes), self.average, self.kind)

    def dtype(self, *dtypes: str, **attributes: Any) -> str:
        if self.function == "count_nonzero" or (dtypes[0] == "bool" and self.function in INTEGERS):
            return "int32"
        return super().dtype(*dtypes, **attributes)

    def run(self, x: Any, *, axes: tuple[int, ...], keepdims: bool = False) -> np.ndarray:
        out = np.asarray(getattr(np, self.function)(x, axis=axes, keepdims=keepdims))
        return out if self.average or self.compares else out.astype(self.dtype(x.dtype.name), copy=False)


def reduction(results: Any, each: Any, average: bool, kind: str = "compares") -> Cost:
    """Each result takes one operation fewer than it reads elements, none of none, and an average one division."""
    taken = results * most(each - 1, 0)
    return Cost(adds=taken, divs=results) if average else Cost(**{kind: taken})


class Arg(Op):
    """Where along one axis the largest or smallest element stands."""

    price = "k − 1 comparisons for each result of k elements"

    slowness = 4

    def work(self, out: Spec, cost: Cost, x: Shape, *others: Shape, **how: Any) -> Dim:
        return super().work(out, cost, x, *others, **how) + self.rows(x)

    def lead(self, x: Shape, *, axis: int) -> int:
        return axis % len(x)

    def workspace(self, out: Shape, x: Shape, *, axis: int) -> Dim:
        return 2 * size(x) + 3 * size(out)

    def shape(self, x: Shape, *, axis: int) -> Shape:
        if provably(x[axis] < 1):
            raise ShapeError(f"There is nothing to look through along axis {axis} of {text(x)}.", "axis")
        return tuple(n for i, n in enumerate(x) if i != axis % len(x))

    def cost(self, out: Shape, x: Shape, *, axis: int) -> Cost:
        return reduction(size(out), x[axis], False)

    def dtype(self, *dtypes: str, **attributes: Any) -> str:
        return "int32"

    def run(self, x: Any, *, axis: int) -> np.ndarray:
        return getattr(np, self.name)(x, axis=axis).astype(np.int32)


class Cumulative(Op):
    """The sum or product of all elements so far along one axis."""

    price = "k − 1 additions or multiplications for each row of k elements"

    slowness = 9

    def lead(self, x: Shape, *, axis: int) -> int:
        return axis % len(x)

    def workspace(self, out: Shape, x: Shape, *, axis: int) -> Dim:
        return size(x)

    def __init__(self, name: str, kind: str):
        super().__init__(name)
        self.kind = kind

    def shape(self, x: Shape, *, axis: int) -> Shape:
        return x

    def cost(self, out: Shape, x: Shape, *, axis: int) -> Cost:
        rows = prod(n for i, n in enumerate(x) if i != axis % len(x))
        return Cost(**{self.kind: rows * most(x[axis] - 1, 0)})

    def dtype(self, *dtypes: str, **attributes: Any) -> str:
        return "int32" if dtypes[0] == "bool" else dtypes[0]

    def run(self, x: Any, *, axis: int) -> np.ndarray:
        return getattr(np, self.name)(x, axis=axis, dtype="int32" if x.dtype == bool else x.dtype)


class Order(Op):
    """Elements, or their places, in ascending order along one axis; equal ones keep their order."""

    price = "k · ⌈log2 k⌉ comparisons for each row of k elements, as a merge sort takes at most"

    slowness = 35

    def lead(self, x: Shape, *, axis: int) -> int:
        return axis % len(x)

    def workspace(self, out: Shape, x: Shape, *, axis: int) -> Dim:
        return 6 * size(x)

    def __init__(self, name: str, places: bool):
        super().__init__(name)
        self.places = places

    def shape(self, x: Shape, *, axis: int) -> Shape:
        return x

    def cost(self, out: Shape, x: Shape, *, axis: int) -> Cost:
        k = x[axis]
        return Cost(compares=size(x) * (k - 1).bit_length() if isinstance(k, int) else hidden(k))

    def dtype(self, *dtypes: str, **attributes: Any) -> str:
        return "int32" if self.places else dtypes[0]

    def run(self, x: Any, *, axis: int) -> np.ndarray:
        order = np.argsort(x, axis=axis, kind="stable")
        return order.astype(np.int32) if self.places else np.take_along_axis(x, order, axis)


class OneHot(Op):
    """An axis of n numbers in place of each integer: 1 at its place, 0 elsewhere (everywhere, if it is outside)."""

    price = "1 comparison for each element of the result"

    turned = True
    slowness = 11

    def lead(self, x: Shape, *, n: int, axis: int, to: str) -> int:
        return axis % (len(x) + 1)

    def workspace(self, out: Shape, x: Shape, **_: Any) -> Dim:
        return size(out) + 8 * size(x)

    def shape(self, x: Shape, *, n: int, axis: int, to: str) -> Shape:
        axis = axis % (len(x) + 1)
        return (*x[:axis], n, *x[axis:])

    def cost(self, out: Shape, x: Shape, **_: Any) -> Cost:
        return Cost(compares=size(out))

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def dtype(self, *dtypes: str, **attributes: Any) -> str:
        return str(attributes["to"])

    def run(self, x: Any, *, n: int, axis: int, to: str) -> np.ndarray:
        hot = x.astype(np.int64)[..., None] == np.arange(n)
        return np.moveaxis(hot, -1, axis).astype("float32" if to == "float16" else to)


reduce_max = Reduce("reduce_max", "max")
reduce_min = Reduce("reduce_min", "min")
reduce_mean = Reduce("reduce_mean", "mean", average=True)
global_max_pool = Reduce("global_max_pool", "max")
global_average_pool = Reduce("global_average_pool", "mean", average=True)
reduce_any = Reduce("reduce_any", "any")
reduce_all = Reduce("reduce_all", "all")
reduce_sum = Reduce("reduce_sum", "sum", "adds")
reduce_prod = Reduce("reduce_prod", "prod", "muls")
count_nonzero = Reduce("count_nonzero", "count_nonzero", "adds")
argmax = Arg("argmax")
argmin = Arg("argmin")
cumsum = Cumulative("cumsum", "adds")
cumprod = Cumulative("cumprod", "muls")
sort = Order("sort", places=False)
argsort = Order("argsort", places=True)
one_hot = OneHot("one_hot")
