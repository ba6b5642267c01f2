"""Reductions that pass over what is not a number."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.layers.fields import Bool
from layercalc.layers.keras.functions.base import AnyDtype, Axes, operation, tensor
from layercalc.layers.keras.functions.reduction import Reduction
from layercalc.layers.keras.functions.shaping import reshaped
from layercalc.ops import FLOATS, OPS, Tensor

NAN = float("nan")


class OfNumbers(Reduction):
    """One number for all elements of the axes that are numbers."""

    def without(self, x: Tensor, fill: float) -> Tensor:
        """The tensor with `fill` in place of what is no number."""
        return ops.select(OPS["isnan"](x), ops.constant(fill, str(x.dtype)), x)

    def none(self, x: Tensor, keepdims: bool) -> Tensor:
        """Where there is no number at all."""
        return self.reduce(ops.reduce_all, OPS["isnan"](x), keepdims)

    def count(self, x: Tensor, keepdims: bool) -> Tensor:
        """How many numbers there are."""
        return self.reduce(ops.reduce_sum, ops.cast(ops.logical_not(OPS["isnan"](x)), to=str(x.dtype)), keepdims)

    def mean(self, x: Tensor, keepdims: bool) -> Tensor:
        return ops.divide(self.reduce(ops.reduce_sum, self.without(x, 0.0), keepdims), self.count(x, keepdims))

    def variance(self, x: Tensor) -> Tensor:
        far = OPS["square"](ops.subtract(x, self.mean(x, True)))
        return self.mean(far, self.keepdims)


def floats(x: Any) -> Tensor:
    """A tensor of floats; Keras takes integers as float32."""
    x = tensor(x)
    return x if str(x.dtype) in FLOATS else ops.cast(x, to="float32")


@operation
class Nansum(OfNumbers):
    """The sum of the numbers."""

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        return self.reduce(ops.reduce_sum, self.without(x, 0.0) if str(x.dtype) in FLOATS else x)


@operation
class Nanprod(OfNumbers):
    """The product of the numbers."""

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        return self.reduce(ops.reduce_prod, self.without(x, 1.0) if str(x.dtype) in FLOATS else x)


@operation
class Nanmean(OfNumbers):
    """The mean of the numbers."""

    def compute(self, x: Any) -> Tensor:
        return self.mean(floats(x), self.keepdims)


@operation
class Nanvar(OfNumbers):
    """The variance of the numbers."""

    def compute(self, x: Any) -> Tensor:
        return self.variance(floats(x))


@operation
class Nanstd(OfNumbers):
    """The root of the variance of the numbers."""

    def compute(self, x: Any) -> Tensor:
        return OPS["sqrt"](self.variance(floats(x)))


class Outermost(OfNumbers):
    """The largest or smallest of the numbers, NaN where there is none."""

    op: ClassVar[Any]
    beyond: ClassVar[float]

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if str(x.dtype) not in FLOATS:
            return self.reduce(self.op, x)
        found = self.reduce(self.op, self.without(x, self.beyond))
        return ops.select(self.none(x, self.keepdims), ops.constant(NAN, str(x.dtype)), found)


@operation
class Nanmax(Outermost):
    """The largest number."""

    op, beyond = ops.reduce_max, -float("inf")


@operation
class Nanmin(Outermost):
    """The smallest number."""

    op, beyond = ops.reduce_min, float("inf")


class Place(OfNumbers):
    """Where the largest or smallest number stands, −1 where there is none."""

    op: ClassVar[Any]
    beyond: ClassVar[float]

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        kept = x.ndim
        if self.axis is None:
            flat, axis, to = reshaped(x, (-1,)), 0, (1,) * kept
        else:
            (axis,) = self.axes_of(self.axis, x)
            flat, to = x, tuple(1 if place == axis else n for place, n in enumerate(x.shape))
        numbers = flat if str(x.dtype) not in FLOATS else self.without(flat, self.beyond)
        found = self.op(numbers, axis=axis)
        if str(x.dtype) in FLOATS:
            none = ops.reduce_all(OPS["isnan"](flat), axes=(axis,))
            found = ops.select(none, ops.constant(-1, "int32"), found)
        return ops.reshape(found, to=to) if self.keepdims else found


@operation
class Nanargmax(Place):
    """Where the largest number stands."""

    op, beyond = ops.argmax, -float("inf")


@operation
class Nanargmin(Place):
    """Where the smallest number stands."""

    op, beyond = ops.argmin, float("inf")


class SoFar(OfNumbers):
    """The sum or product so far of the numbers along one axis (null: of all elements in turn)."""

    axis = Axes(None)
    keepdims = Bool(False)
    dtype = AnyDtype()
    op: ClassVar[Any]
    beyond: ClassVar[float]

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        x = self.without(x, self.beyond) if str(x.dtype) in FLOATS else x
        x = x if self.dtype is None else ops.cast(x, to=self.dtype)
        if self.axis is None:
            return self.op(reshaped(x, (-1,)), axis=0)
        (axis,) = self.axes_of(self.axis, x)
        return self.op(x, axis=axis)


@operation
class Nancumsum(SoFar):
    """The sum of the numbers so far."""

    op, beyond = ops.cumsum, 0.0


@operation
class Nancumprod(SoFar):
    """The product of the numbers so far."""

    op, beyond = ops.cumprod, 1.0
