"""Operations that join, cut apart and repeat."""

from typing import Any

from layercalc import ops
from layercalc.dims import Batch, Unknown, provably, text
from layercalc.errors import ShapeError
from layercalc.layers.fields import Int
from layercalc.layers.keras.functions.base import Axes, Operation, Sizes, operation, tensor
from layercalc.layers.keras.functions.shaping import reshaped
from layercalc.ops import Tensor

MAX_PARTS = 10_000


@operation
class Concatenate(Operation):
    """Tensors one after another along an axis."""

    axis = Int(0, null=True)

    def compute(self, xs: Any) -> Tensor:
        return joined(self, listed(xs), self.axis)


def listed(xs: Any) -> list[Tensor]:
    """Tensors of a list, constants among them in the dtype of the others."""
    if type(xs) not in (list, tuple) or not xs:
        raise ShapeError("Expected a list of at least one tensor.")
    return [tensor(x, *xs) for x in xs]


def joined(operation: Operation, xs: list[Tensor], axis: int | None) -> Tensor:
    if axis is None:
        return ops.concatenate(*(reshaped(x, (-1,)) for x in xs), axis=0)
    return ops.concatenate(*xs, axis=operation.axis_of(axis, xs[0]))


@operation
class Append(Operation):
    """One tensor after another; flattened where no axis is given."""

    axis = Int(None)

    def compute(self, x1: Any, x2: Any) -> Tensor:
        return joined(self, listed([x1, x2]), self.axis)


@operation
class AddN(Operation):
    """The sum of several tensors, as tf.add_n makes it."""

    def compute(self, inputs: Any) -> Tensor:
        first, *rest = [tensor(one) for one in inputs]
        for one in rest:
            first = ops.add(first, one)
        return first


@operation
class Stack(Operation):
    """Tensors along a new axis."""

    axis = Int(0)

    def compute(self, x: Any) -> Tensor:
        xs = listed(x)
        rank = xs[0].ndim + 1
        if not -rank <= self.axis < rank:
            raise ShapeError(f"There is no place {self.axis} for an axis in {text(xs[0].shape)}.", "axis")
        axis = self.axis % rank
        return ops.concatenate(*(ops.reshape(x, to=(*x.shape[:axis], 1, *x.shape[axis:])) for x in xs), axis=axis)


class Stacked(Operation):
    """Tensors of at least some axes, joined along one."""

    least, along = 1, 0

    def compute(self, xs: Any) -> Tensor:
        full = [self.raised(x) for x in listed(xs)]
        return ops.concatenate(*full, axis=0 if full[0].ndim == 1 else self.along)

    def raised(self, x: Tensor) -> Tensor:
        front = (1,) if self.least > 1 and x.ndim < 2 else ()
        shape = (*front, *x.shape)
        return (
            ops.reshape(x, to=(*shape, *(1,) * (self.least - len(shape))))
            if len(shape) < self.least
            else (ops.reshape(x, to=shape) if front else x)
        )


@operation
class Hstack(Stacked):
    """Joined along axis 1."""

    along = 1


@operation
class Vstack(Stacked):
    """Joined along axis 0, as rows."""

    least = 2


@operation
class Dstack(Stacked):
    """Joined along axis 2."""

    least, along = 3, 2


@operation
class Split(Operation):
    """An axis cut into equal parts, or before each of the places given."""

    indices_or_sections = Axes()
    axis: Any = Int(0)
    equal = True

    def compute(self, x: Any) -> tuple[Tensor, ...]:
        x = tensor(x)
        axis = self.axis_of(self.axis, x)
        return tuple(
            ops.take(x, axis=axis, start=start, stop=stop) for start, stop in self.bounds(x.shape[axis], x, axis)
        )

    def bounds(self, n: Any, x: Tensor, axis: int) -> list[tuple[Any, Any]]:
        where = self.indices_or_sections
        if isinstance(where, int):
            if not 1 <= where <= MAX_PARTS:
                raise ShapeError(f"Expected 1 to {MAX_PARTS} parts; received {where}.", "indices_or_sections")
            if isinstance(n, Unknown | Batch):  # which may be cut into so many
                return [(0, n)] * where
            if self.equal and n % where:
                raise ShapeError(f"Axis {axis} of {text(x.shape)} cannot be cut into {where} equal parts.")
            parts = [n // where + (part < n % where) for part in range(where)]
            ends = [sum(parts[: part + 1]) for part in range(where)]
            return list(zip([0, *ends[:-1]], ends, strict=True))
        if isinstance(n, Unknown):
            return list(zip([0, *where], [*where, n], strict=True))
        places = [min(max(place if place >= 0 else place + n, 0), n) for place in where]
        return [(a, max(a, b)) for a, b in zip([0, *places], [*places, n], strict=True)]


@operation
class ArraySplit(Split):
    """An axis cut into parts that differ by one at most."""

    equal = False


@operation
class Hsplit(Split):
    """Axis 1 (of a vector, 0) cut into parts."""

    axis = 1


@operation
class Vsplit(Split):
    """Axis 0 cut into parts."""

    axis = 0


@operation
class Dsplit(Split):
    """Axis 2 cut into parts."""

    axis = 2


@operation
class Unstack(Operation):
    """The slices of an axis."""

    num = Int(None, min=1)
    axis = Int(0)

    def compute(self, x: Any) -> tuple[Tensor, ...]:
        x = tensor(x)
        axis = self.axis_of(self.axis, x)
        n = x.shape[axis] if self.num is None else self.num
        if not isinstance(n, int) or isinstance(n, Batch) or n > MAX_PARTS:
            raise ShapeError(f"Axis {axis} of {text(x.shape)} must be a number of at most {MAX_PARTS}.", "axis")
        whole = (slice(None),) * axis
        return tuple(ops.get_item(x, key=(*whole, i)) for i in range(n))


@operation
class Tile(Operation):
    """The tensor several times along each axis."""

    repeats = Sizes()

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        times = (self.repeats,) if isinstance(self.repeats, int | Unknown) else self.repeats
        if any(provably(n < 0) or provably(n > MAX_PARTS) for n in times):
            raise ShapeError(f"Expected repeats from 0 to {MAX_PARTS}.", "repeats")
        times = (1,) * (x.ndim - len(times)) + tuple(times)
        if len(times) > x.ndim:
            x = ops.reshape(x, to=(1,) * (len(times) - x.ndim) + tuple(x.shape))
        for axis, n in enumerate(times):
            if n == 0:
                x = ops.take(x, axis=axis, start=0, stop=0)
            elif isinstance(n, Batch | Unknown):  # counts as one, or is open
                x = ops.repeat(x, axis=axis, times=n)
            elif n > 1:
                x = ops.concatenate(*[x] * n, axis=axis)
        return x


@operation
class Repeat(Operation):
    """Every element of an axis several times in a row; the flattened tensor where no axis is given."""

    repeats = Sizes()
    axis = Int(None)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if self.axis is None:
            x = reshaped(x, (-1,))
        axis = 0 if self.axis is None else self.axis_of(self.axis, x)
        if isinstance(self.repeats, int | Unknown) or len(self.repeats) == 1:
            times = self.repeats if isinstance(self.repeats, int | Unknown) else self.repeats[0]
            return ops.repeat(x, axis=axis, times=times)
        if any(isinstance(n, Unknown) for n in self.repeats):
            raise ShapeError("How often this repeats is not known; the shape of the input must name it.")
        places = [place for place, n in enumerate(self.repeats) for _ in range(n)]
        return ops.gather(x, ops.constant(places, "int32"), axis=axis)
