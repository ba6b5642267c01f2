"""Functions of one element of each input, with broadcasting."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from layercalc import lazy_numpy as np
from layercalc.dims import Batch, Dim, Shape, Unknown, differ, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import KINDS, Cost, Op
from layercalc.ops.kernels.fusion import Affine
from layercalc.ops.spans import Spans, together
from layercalc.ops.spec import Spec


def broadcast(*shapes: Shape) -> Shape:
    """NumPy's broadcasting for integers of any size and unknown dimensions.

    A batch that nobody named may be as large as the number that it meets behind the first axis, as in a product of
    (batch, height, width, channels) and (batch, channels): it fits where it is that number, or one.
    """
    longest = max(map(len, shapes))
    out: list[Dim] = [1] * longest
    for shape in shapes:
        for axis, dim in enumerate(shape, longest - len(shape)):
            if out[axis] is dim or (is_one(dim) and not isinstance(dim, Batch)):
                continue
            unnamed = isinstance(out[axis], Batch) and is_one(dim)  # and named by the other
            if is_one(out[axis]) or unnamed or (isinstance(out[axis], Unknown) and not isinstance(dim, Unknown)):
                out[axis] = dim
            elif axis and isinstance(dim, Batch) is not isinstance(out[axis], Batch):
                out[axis] = out[axis] if isinstance(dim, Batch) else dim
            elif differ(out[axis], dim, (out[axis], 1), (dim, 1)):
                listed = ", ".join(map(text, shapes))
                raise ShapeError(
                    f"The shapes {listed} do not go together: axis {axis} is {out[axis]} in one and {dim} in another; "
                    f"they must be equal, or one of them 1."
                )
    return tuple(out)


def alike(one: Shape, two: Shape) -> bool:
    """Whether two shapes are the same, a batch that nobody named no number."""
    return len(one) == len(two) and all(
        a is b or (a.__class__ is b.__class__ and isinstance(a, int) and a == b) for a, b in zip(one, two, strict=True)
    )


def is_one(dim: Dim) -> bool:
    """Whether a dimension is the number 1; a size by its name is taken to be another."""
    return isinstance(dim, int) and dim == 1


PART = 1 << 15  # elements that a function of several steps is given at a time while a kernel is finished


class Elementwise(Op):
    """`function` of one element of each input; the other numbers say how much arithmetic one element is.

    NumPy's functions stand as their names, and an op without a function is NumPy's of its own name.
    """

    broadcasts = True
    local = True
    elementwise = True

    def __init__(
        self,
        name: str,
        function: Callable[..., Any] | str | None = None,
        *,
        floating: bool = False,
        to_bool: bool = False,
        slowness: int = 2,
        temporaries: int | None = None,
        **each: int,
    ):
        """`temporaries` are how many tensors a function makes on the way: unless said, 3, and one of NumPy's none."""
        super().__init__(name)
        self.arithmetic = [each.get(kind, 0) for kind in KINDS]
        self.given, self.each, self.floating, self.compares = function or name, each, floating, to_bool
        self.slowness = slowness
        self.temporaries = temporaries if temporaries is not None else 0 if isinstance(self.given, str) else 3

    @cached_property
    def function(self) -> Callable[..., Any]:
        return getattr(np, self.given) if isinstance(self.given, str) else self.given

    def lead(self, *shapes: Shape, **_: Any) -> int:
        return max(map(len, shapes))

    def work(self, out: Spec, cost: Cost, *shapes: Shape, **how: Any) -> Dim:
        once = super().work(out, cost, *shapes, **how)
        return once if all(shape in ((), out.shape) for shape in shapes) else once + self.rows(out.shape)

    def workspace(self, out: Shape, *shapes: Shape, **_: Any) -> Dim:
        return self.temporaries * size(out) if self.temporaries else 0

    def shape(self, *shapes: Shape, **_: Any) -> Shape:
        first, *others = shapes
        if not others or (len(others) == 1 and alike(first, others[0])):
            return first
        if (
            len(first) > 1
            and len(others) == 1
            and others[0][:1]
            and alike(others[0], first[-1:])
            and first[-1].__class__ is int
        ):
            return first  # a vector, a bias or a scale
        return broadcast(*shapes)

    def cost(self, out: Shape, *shapes: Shape, **_: Any) -> Cost:
        elements = size(out)
        return tuple.__new__(Cost, [n and n * elements for n in self.arithmetic])

    def reach(self, out: Shape, spans: list[Spans], *shapes: Shape, **_: Any) -> Spans:
        return together(spans, len(out))

    def joins(self, *arrays: Any, **attributes: Any) -> bool:
        return not self.compares

    def into(self, out: np.ndarray, *arrays: np.ndarray, **attributes: Any) -> None:
        if isinstance(self.function, np.ufunc):
            self.function(*arrays, out=out, **attributes)
            return
        (rows, columns), width = out.shape, min(out.shape[1], PART)  # for what it makes on the way to stay small
        for row in range(0, rows, max(PART // max(width, 1), 1)):
            for column in range(0, columns, width):
                where = slice(row, row + max(PART // width, 1)), slice(column, column + width)
                parts = (x[where[2 - x.ndim :]] if x.size > 1 else x for x in arrays)
                out[where] = self.function(*parts, **attributes)

    def run(self, *arrays: Any, **attributes: Any) -> np.ndarray:
        return self.function(*arrays, **attributes)


class Select(Elementwise):
    """`a` where the condition holds, else `b`."""

    def shape(self, *shapes: Shape, **_: Any) -> Shape:
        return broadcast(*shapes)

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def dtype(self, *dtypes: str, **_: Any) -> str:
        return dtypes[1]

    def joins(self, *arrays: Any, **_: Any) -> bool:
        return False


class BiasAdd(Elementwise):
    """A vector added along the last axis."""

    def affine(self, x: Any, bias: np.ndarray, *, channels: int) -> Affine | None:
        return Affine(None, bias) if bias.shape == x.shape[-1:] and channels == x.ndim - 1 else None


add = Elementwise("add", adds=1)
bias_add = BiasAdd("bias_add", "add", adds=1)
subtract = Elementwise("subtract", adds=1)
multiply = Elementwise("multiply", muls=1)
divide = Elementwise("divide", floating=True, divs=1)
maximum = Elementwise("maximum", compares=1)
minimum = Elementwise("minimum", compares=1)
prelu = Elementwise(
    "prelu", lambda x, alpha: np.maximum(x, 0) + alpha * np.minimum(x, 0), floating=True, slowness=4, compares=1, muls=1
)
equal = Elementwise("equal", to_bool=True, compares=1)
not_equal = Elementwise("not_equal", to_bool=True, compares=1)
greater = Elementwise("greater", to_bool=True, compares=1)
greater_equal = Elementwise("greater_equal", to_bool=True, compares=1)
less = Elementwise("less", to_bool=True, compares=1)
less_equal = Elementwise("less_equal", to_bool=True, compares=1)
logical_and = Elementwise("logical_and", to_bool=True, compares=1)
logical_or = Elementwise("logical_or", to_bool=True, compares=1)
logical_xor = Elementwise("logical_xor", to_bool=True, compares=1)
logical_not = Elementwise("logical_not", to_bool=True, compares=1)
select = Select("select", "where", slowness=3, temporaries=3, compares=1)
