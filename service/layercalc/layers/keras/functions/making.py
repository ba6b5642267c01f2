"""Tensors made of a few numbers: ranges, grids, diagonals, powers, products of blocks."""

import math
from typing import Any

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import known, of_batch, text
from layercalc.errors import ShapeError
from layercalc.layers.fields import Bool, Choice, Int, Number
from layercalc.layers.keras.functions.base import AnyDtype, Operation, Sizes, operation, places, tensor
from layercalc.layers.keras.functions.shaping import reshaped
from layercalc.ops import FLOATS, OPS, Tensor


class Range(Operation):
    """Numbers at equal distances from `start` to `stop`, on an axis of their own."""

    num = Int(50, min=0)
    endpoint = Bool(True)
    axis = Int(0)

    def between(self, start: Tensor, stop: Tensor, dtype: str) -> tuple[Tensor, Tensor]:
        """The numbers, and their distance."""
        start, stop = (ops.cast(one, to=dtype) for one in (start, stop))
        gaps = self.num - 1 if self.endpoint else self.num
        width = ops.subtract(stop, start)
        step = ops.divide(width, ops.constant(float(gaps), dtype)) if gaps > 0 else ops.constant(math.nan, dtype)
        axis = self.axis_of(self.axis, Wider(width.ndim + 1))
        along = tuple(self.num if place == axis else 1 for place in range(width.ndim + 1))
        shares = np.arange(self.num) / max(gaps, 1)

        def spread(x: Tensor) -> Tensor:
            return ops.reshape(x, to=(*x.shape[:axis], 1, *x.shape[axis:]))

        if start.ndim < width.ndim:
            start = ops.broadcast_to(start, to=width.shape)
        wide = ops.multiply(ops.constant(shares.reshape(along), dtype), spread(width))
        return ops.add(wide, spread(start)), step


class Wider:
    """Something of so many axes."""

    def __init__(self, ndim: int):
        self.ndim, self.shape = ndim, (0,) * ndim


def floating(dtype: Any, *tensors: Tensor) -> str:
    """The dtype asked for, or the widest float of the tensors."""
    if dtype is not None:
        return str(dtype)
    found = ops.promote(*(str(one.dtype) for one in tensors))
    return found if found in FLOATS else "float32"


@operation
class Linspace(Range):
    """Numbers at equal distances; with `retstep` the distance too."""

    retstep = Bool(False)
    dtype = AnyDtype()

    def compute(self, start: Any, stop: Any) -> Any:
        a, b = tensor(start, stop), tensor(stop, start)
        to = floating(self.dtype, a, b)
        if to not in FLOATS:
            raise ShapeError(f"A range of {to} is not computed here; make it of floats.", "dtype")
        y, step = self.between(a, b, to)
        return (y, step) if self.retstep else y


@operation
class Logspace(Range):
    """Powers of a base whose exponents lie at equal distances."""

    base = Number(10)
    dtype = AnyDtype()

    def compute(self, start: Any, stop: Any) -> Tensor:
        a, b = tensor(start, stop), tensor(stop, start)
        to = floating(self.dtype, a, b)
        y, _ = self.between(a, b, to)
        return OPS["power"](ops.constant(float(self.base), to), y)


@operation
class Geomspace(Range):
    """Numbers at equal ratios."""

    dtype = AnyDtype()

    def compute(self, start: Any, stop: Any) -> Tensor:
        a, b = tensor(start, stop), tensor(stop, start)
        to = floating(self.dtype, a, b)
        a, b = ops.cast(a, to=to), ops.cast(b, to=to)
        logs = [ops.divide(OPS["log"](OPS["absolute"](one)), ops.constant(math.log(10), to)) for one in (a, b)]
        y, _ = self.between(logs[0], logs[1], to)
        return ops.multiply(OPS["power"](ops.constant(10.0, to), y), OPS["sign"](a))


@operation
class Full(Operation):
    """One value everywhere."""

    shape = Sizes()
    dtype = AnyDtype()

    def compute(self, fill_value: Any) -> Tensor:
        x = tensor(fill_value)
        x = x if self.dtype is None else ops.cast(x, to=self.dtype)
        return ops.broadcast_to(x, to=(self.shape,) if isinstance(self.shape, int) else self.shape)


@operation
class ShapeOf(Operation):
    """The sizes of a tensor, as tf.shape gives them."""

    def compute(self, x: Any) -> Tensor:
        return ops.shape_of(tensor(x))


@operation
class EmptyLike(Operation):
    """A tensor of that shape, filled with zeros here."""

    dtype = AnyDtype()

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        return ops.broadcast_to(ops.constant(0, self.dtype or str(x.dtype)), to=x.shape)


@operation
class Meshgrid(Operation):
    """Each vector along an axis of its own, of a grid that all of them span."""

    indexing = Choice(("xy", "ij"), "xy")

    def compute(self, *x: Any) -> tuple[Tensor, ...]:
        vectors = [reshaped(tensor(one), (-1,)) for one in x]
        order = list(range(len(vectors)))
        if self.indexing == "xy" and len(vectors) > 1:
            order[:2] = 1, 0
        sizes = tuple(vectors[place].shape[0] for place in order)
        out = []
        for place, one in enumerate(vectors):
            axis = order.index(place)
            along = tuple(n if at == axis else 1 for at, n in enumerate(sizes))
            out.append(ops.broadcast_to(ops.reshape(one, to=along), to=sizes))
        return tuple(out)


class Diagonals(Operation):
    """A vector on a diagonal of a matrix of zeros, or the diagonal of a matrix."""

    k = Int(0)

    def placed(self, x: Tensor) -> Tensor:
        n, k = x.shape[0], self.k
        wide, before = n + abs(k), max(k, 0)
        spread = ops.pad(ops.reshape(x, to=(1, n)), padding=((0, 0), (before, wide - n - before)))
        return ops.select(ops.identity(wide, k), spread, ops.constant(0, str(x.dtype)))


@operation
class Diag(Diagonals):
    """A vector on a diagonal of a matrix of zeros, or the diagonal of a matrix."""

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if x.ndim == 2:
            return ops.diagonal(x, offset=self.k, axes=(0, 1))
        if x.ndim != 1:
            raise ShapeError(f"Diag takes a vector or a matrix; received {text(x.shape)}.")
        return self.placed(x)


@operation
class Diagflat(Diagonals):
    """All elements in turn on a diagonal of a matrix of zeros."""

    def compute(self, x: Any) -> Tensor:
        return self.placed(reshaped(tensor(x), (-1,)))


@operation
class Kron(Operation):
    """Every element of the one times the whole of the other, as blocks (Kronecker)."""

    def compute(self, x1: Any, x2: Any) -> Tensor:
        a, b = tensor(x1, x2), tensor(x2, x1)
        rank = max(a.ndim, b.ndim)
        a, b = (ops.reshape(one, to=(*(1,) * (rank - one.ndim), *one.shape)) for one in (a, b))
        wide = ops.reshape(a, to=tuple(n for dim in a.shape for n in (dim, 1)))
        deep = ops.reshape(b, to=tuple(n for dim in b.shape for n in (1, dim)))
        to = tuple(of_batch(n * m, n, m) for n, m in zip(a.shape, b.shape, strict=True))
        return ops.reshape(ops.multiply(wide, deep), to=to)


@operation
class Vander(Operation):
    """The powers of each element of a vector."""

    N = Int(None, min=0)
    increasing = Bool(False)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if x.ndim != 1:
            raise ShapeError(f"Vander takes a vector; received {text(x.shape)}.")
        n = x.shape[0] if self.N is None else self.N
        if not known((n,)):
            raise ShapeError("The number of powers is not known; give N.", "N")
        powers = np.arange(n)[:: 1 if self.increasing else -1]
        to = str(x.dtype) if str(x.dtype) in FLOATS else "float32"
        y = OPS["power"](ops.cast(ops.reshape(x, to=(*x.shape, 1)), to=to), ops.constant(powers.astype("float32"), to))
        return ops.cast(y, to=str(x.dtype))


@operation
class UnravelIndex(Operation):
    """The place on each axis of a shape of what stands at an index of all its elements in turn."""

    shape = Sizes()

    def compute(self, indices: Any) -> tuple[Tensor, ...]:
        at = places(indices)
        sizes = (self.shape,) if isinstance(self.shape, int) else self.shape
        out = []
        for n in reversed(sizes):
            by = ops.constant(n, str(at.dtype))
            out.append(OPS["mod"](at, by))
            at = OPS["floor_divide"](at, by)
        return tuple(reversed(out))
