"""Losses, choices and places: operations that compare one tensor with another."""

from typing import Any

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.fields import Bool, Int
from layercalc.layers.keras.functions.base import Axes, Operation, array_of, operation, tensor
from layercalc.layers.keras.functions.elementwise import truth
from layercalc.ops import ACTIVATIONS, OPS, Tensor

EPSILON = 1e-7  # keras.config.epsilon(): how far probabilities are kept from 0 and 1


@operation
class BinaryCrossentropy(Operation):
    """−(target · log(output) + (1 − target) · log(1 − output))."""

    from_logits = Bool(False)

    def compute(self, target: Any, output: Any) -> Tensor:
        target, output = tensor(target, output), tensor(output, target)
        if self.from_logits:  # max(x, 0) − x · z + log(1 + exp(−|x|)), which does not overflow
            near = OPS["log1p"](OPS["exp"](OPS["negative"](OPS["absolute"](output))))
            above = ops.maximum(output, ops.constant(0.0, str(output.dtype)))
            return ops.add(ops.subtract(above, ops.multiply(output, target)), near)
        p = OPS["clip"](output, low=EPSILON, high=1 - EPSILON)
        one = ops.constant(1.0, str(p.dtype))
        yes = ops.multiply(target, OPS["log"](p))
        no = ops.multiply(ops.subtract(one, target), OPS["log"](ops.subtract(one, p)))
        return OPS["negative"](ops.add(yes, no))


@operation
class CategoricalCrossentropy(Operation):
    """−Σ target · log(output) along an axis, the output made to sum to 1."""

    from_logits = Bool(False)
    axis = Int(-1)

    def compute(self, target: Any, output: Any) -> Tensor:
        target, output = tensor(target, output), tensor(output, target)
        axis = self.axis_of(self.axis, output)
        if self.from_logits:
            log_softmax: Any = ACTIVATIONS["log_softmax"]
            logs = log_softmax(output, axis=axis)
        else:
            p = ops.divide(output, ops.reduce_sum(output, axes=(axis,), keepdims=True))
            logs = OPS["log"](OPS["clip"](p, low=EPSILON, high=1 - EPSILON))
        return OPS["negative"](ops.reduce_sum(ops.multiply(target, logs), axes=(axis,)))


@operation
class Select(Operation):
    """The choice of the first condition that holds, else the default."""

    def compute(self, condlist: Any, choicelist: Any, default: Any = 0) -> Tensor:
        if not isinstance(condlist, list) or not isinstance(choicelist, list) or len(condlist) != len(choicelist):
            raise ShapeError("Select takes as many choices as conditions, each in a list.")
        y = tensor(default, *choicelist)
        for condition, choice in zip(condlist[::-1], choicelist[::-1], strict=True):
            y = ops.select(truth(tensor(condition)), tensor(choice, y), y)
        return y


@operation
class Digitize(Operation):
    """The bin each element falls into, by sorted boundaries that are known."""

    def compute(self, x: Any, bins: Any) -> Tensor:
        if hasattr(bins, "shape"):
            raise ShapeError("The boundaries of Digitize must be known beforehand.")
        return ops.digitize(tensor(x), bins=tuple(array_of(bins).reshape(-1).tolist()))


@operation
class InTopK(Operation):
    """Whether the prediction of the target class is among the k largest."""

    k = Int(min=0)

    def compute(self, targets: Any, predictions: Any) -> Tensor:
        at, p = tensor(targets), tensor(predictions)
        if at.ndim != 1 or p.ndim != 2:
            raise ShapeError(f"Expected (batch,) and (batch, classes); received {text(at.shape)}, {text(p.shape)}.")
        own = ops.gather_along(p, ops.reshape(at, to=(at.shape[0], 1)), axis=1)
        above = ops.count_nonzero(ops.greater(p, own), axes=(1,))
        return ops.less(above, ops.constant(self.k, "int32"))


@operation
class SquaredDifference(Operation):
    """The square of the difference, as tf.math.squared_difference makes it."""

    def compute(self, x: Any, y: Any) -> Tensor:
        return OPS["square"](ops.subtract(tensor(x, y), tensor(y, x)))


@operation
class Cross(Operation):
    """The cross product of vectors of three elements."""

    axisa = Int(-1)
    axisb = Int(-1)
    axisc = Int(-1)
    axis = Int(None)

    def compute(self, x1: Any, x2: Any) -> Tensor:
        a, b = tensor(x1, x2), tensor(x2, x1)
        places = {self.axisa, self.axisb, self.axisc} if self.axis is None else {self.axis}
        if not places <= {-1, a.ndim - 1} or a.ndim != b.ndim or any(x.shape[-1] != 3 for x in (a, b)):
            raise ShapeError(f"Cross takes vectors of 3 on the last axis; received {text(a.shape)}, {text(b.shape)}.")
        last = a.ndim - 1

        def turned(x: Tensor, by: int) -> Tensor:
            return ops.roll(x, shift=-by, axis=last)

        return ops.subtract(ops.multiply(turned(a, 1), turned(b, 2)), ops.multiply(turned(a, 2), turned(b, 1)))


@operation
class Median(Operation):
    """The middle element in order, or the mean of the two."""

    axis = Axes(None)
    keepdims = Bool(False)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        axes = self.axes_of(self.axis, x)
        if len(axes) != 1 or not isinstance(x.shape[axes[0]], int) or x.shape[axes[0]] < 1:
            raise ShapeError("A median is taken along one axis of known size.", "axis")
        (axis,) = axes
        ordered, n = ops.sort(x, axis=axis), x.shape[axis]
        middle = ops.take(ordered, axis=axis, start=(n - 1) // 2, stop=n // 2 + 1)
        return ops.reduce_mean(middle, axes=(axis,), keepdims=self.keepdims)
