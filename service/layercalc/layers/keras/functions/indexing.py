"""Operations that look elements up by place: slices, indices, diagonals, triangles."""

from typing import Any

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.fields import Bool, Int
from layercalc.layers.keras.functions.base import (
    AnyDtype,
    Operation,
    Sizes,
    integers,
    is_constant,
    operation,
    places,
    tensor,
)
from layercalc.layers.keras.functions.shaping import reshaped
from layercalc.ops import Tensor
from layercalc.wording import whole


@operation
class GetItem(Operation):
    """x[key]: integers, slices, new axes and an ellipsis."""

    def compute(self, x: Any, key: Any) -> Tensor:
        key = tuple(key) if type(key) in (list, tuple) else (key,)
        for one in key:
            if not (one is None or one is Ellipsis or whole(one) or isinstance(one, slice)):
                raise ShapeError("A key holds integers, slices, new axes and an ellipsis that are known beforehand.")
        if sum(one is Ellipsis for one in key) > 1:
            raise ShapeError("A key holds at most one ellipsis.")
        return ops.get_item(tensor(x), key=key)


@operation
class Slice(Operation):
    """A box cut out, by where it starts and its shape."""

    shape = Sizes()

    def compute(self, inputs: Any, start_indices: Any) -> Tensor:
        x, shape = tensor(inputs), (self.shape,) if isinstance(self.shape, int) else self.shape
        if hasattr(start_indices, "shape"):
            if -1 in shape:
                raise ShapeError("A size of −1 depends on where the box starts, which is not known here.", "shape")
            return ops.slice_at(x, places(start_indices), to=shape)
        starts = integers(start_indices, "start_indices")
        if not len(starts) == len(shape) == x.ndim:
            raise ShapeError(f"A box in {text(x.shape)} has {x.ndim} starts and sizes.", "shape")
        for axis, (start, n) in enumerate(zip(starts, shape, strict=True)):
            stop = x.shape[axis] if n == -1 else start + n
            if isinstance(x.shape[axis], int) and not 0 <= start <= stop <= x.shape[axis]:
                raise ShapeError(f"{start} to {stop} is not within axis {axis} of {text(x.shape)}.", "shape")
            if (start, stop) != (0, x.shape[axis]):
                x = ops.take(x, axis=axis, start=start, stop=stop)
        return x


@operation
class Take(Operation):
    """Slices of an axis by index; elements of the flattened tensor where no axis is given."""

    axis = Int(None)

    def compute(self, x: Any, indices: Any) -> Tensor:
        x, at = tensor(x), tensor(indices)
        at = at if is_constant(indices) or "int" in str(at.dtype) else ops.cast(at, to="int32")
        if self.axis is None:
            return ops.gather(reshaped(x, (-1,)), at, axis=0, wrap=True)
        return ops.gather(x, at, axis=self.axis_of(self.axis, x), wrap=True)


@operation
class TakeAlongAxis(Operation):
    """Elements along an axis, an index for each."""

    axis = Int(None)

    def compute(self, x: Any, indices: Any) -> Tensor:
        x, at = tensor(x), tensor(indices)
        if self.axis is None:
            return ops.gather_along(reshaped(x, (-1,)), at, axis=0)
        return ops.gather_along(x, at, axis=self.axis_of(self.axis, x))


@operation
class OneHot(Operation):
    """1 at the place each integer names, 0 elsewhere, along a new axis."""

    num_classes = Int(min=0)
    axis = Int(-1)
    dtype = AnyDtype()
    sparse = Bool(False)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        rank = x.ndim + 1
        if not -rank <= self.axis < rank:
            raise ShapeError(f"There is no place {self.axis} for an axis in {text(x.shape)}.", "axis")
        return ops.one_hot(x, n=self.num_classes, axis=self.axis % rank, to=self.dtype or "float32")


@operation
class MultiHot(Operation):
    """1 at every place that an integer of an axis names, 0 elsewhere."""

    num_classes = Int(min=0)
    axis = Int(-1)
    dtype = AnyDtype()
    sparse = Bool(False)

    def compute(self, inputs: Any) -> Tensor:
        x = tensor(inputs)
        axis = 1 if x.ndim > 1 else 0
        hot = ops.one_hot(x, n=self.num_classes, axis=self.axis % (x.ndim + 1), to=str(x.dtype))
        return ops.reduce_max(hot, axes=(axis,))


class Triangle(Operation):
    """A matrix with zeros on one side of a diagonal."""

    k = Int(0)
    lower = True

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if x.ndim < 2:
            raise ShapeError(f"A triangle is of a matrix; received {text(x.shape)}.")
        rows, columns = x.shape[-2:]
        if not isinstance(rows, int) or not isinstance(columns, int):
            raise ShapeError(f"The last two axes of {text(x.shape)} must be known.")
        keep = ops.triangle(rows, columns, self.k if self.lower else self.k - 1)
        keep = keep if self.lower else ops.logical_not(keep)
        return ops.select(keep, x, ops.constant(0, str(x.dtype)))


@operation
class Tril(Triangle):
    """The lower triangle."""


@operation
class Triu(Triangle):
    """The upper triangle."""

    lower = False


@operation
class Diagonal(Operation):
    """The elements of two axes whose places differ by `offset`."""

    offset = Int(0)
    axis1 = Int(0)
    axis2 = Int(1)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        axes = self.axis_of(self.axis1, x, "axis1"), self.axis_of(self.axis2, x, "axis2")
        if axes[0] == axes[1]:
            raise ShapeError("A diagonal takes two different axes.", "axis2")
        return ops.diagonal(x, offset=self.offset, axes=axes)


@operation
class Trace(Diagonal):
    """The sum of a diagonal."""

    def compute(self, x: Any) -> Tensor:
        y = super().compute(x)
        return ops.reduce_sum(y, axes=(y.ndim - 1,))
