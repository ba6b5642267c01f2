"""Activation functions as layers."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import differ, text
from layercalc.errors import ShapeError
from layercalc.layers.array_fields import Ints
from layercalc.layers.base import Weight
from layercalc.layers.fields import Number
from layercalc.layers.keras.activations import Activation as ActivationField
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.fields import TrainingOnly
from layercalc.layers.keras.initializers import InitializerField
from layercalc.ops import OPS, Tensor

RELU, LEAKY_RELU, ELU_OP, SOFTMAX = (OPS[name] for name in ("relu", "leaky_relu", "elu", "softmax"))


@layer
class Activation(Layer):
    """Any of Keras' activation functions."""

    activation = ActivationField(...)

    supports_masking = True
    example: ClassVar[Any] = {"activation": "gelu"}, (2, 5)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        return self.activation(weight, x)


@layer
class ReLU(Layer):
    """max(x, 0), with a slope below `threshold` and a ceiling at `max_value`."""

    max_value = Number(None, min=0)
    negative_slope = Number(0.0, min=0)
    threshold = Number(0.0, min=0)

    supports_masking = True
    example: ClassVar[Any] = {"max_value": 6.0}, (2, 5)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        how = {"negative_slope": self.negative_slope, "max_value": self.max_value, "threshold": self.threshold}
        return RELU(x, **how)


@layer
class LeakyReLU(Layer):
    """x where it is positive, else x · negative_slope (Maas et al. 2013)."""

    negative_slope = Number(0.3, min=0)

    legacy: ClassVar[dict[str, str | None]] = {"alpha": "negative_slope"}
    supports_masking = True
    example: ClassVar[Any] = {}, (2, 5)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        return LEAKY_RELU(x, negative_slope=self.negative_slope)


@layer
class ThresholdedReLU(Layer):
    """x where it is above theta, else 0; a layer of Keras 2."""

    theta = Number(1.0, min=0)

    supports_masking = True
    example: ClassVar[Any] = {}, (2, 5)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        return OPS["threshold"](x, threshold=self.theta, default_value=0.0)


@layer
class ELU(Layer):
    """x where it is positive, else alpha · (exp(x) − 1) (Clevert et al. 2016)."""

    alpha = Number(1.0)

    supports_masking = True
    example: ClassVar[Any] = {}, (2, 5)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        return ELU_OP(x, alpha=self.alpha)


@layer
class PReLU(Layer):
    """x where it is positive, else x · alpha, alpha learned for every position not shared (He et al. 2015)."""

    alpha_initializer = InitializerField("zeros")
    alpha_regularizer = TrainingOnly()
    alpha_constraint = TrainingOnly()
    shared_axes = Ints(None)

    supports_masking = True
    example: ClassVar[Any] = {"shared_axes": [1, 2]}, (2, 4, 4, 3)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        shape = list(x.shape[1:])
        for axis in self.shared_axes or ():
            if not -len(shape) <= axis - 1 < len(shape):
                raise ShapeError(f"There is no axis {axis} in {text(x.shape)}.", "shared_axes")
            shape[axis - 1] = 1  # as Keras counts, 0 is the last axis
        alpha = weight("alpha", tuple(shape), self.alpha_initializer)
        return ops.prelu(x, alpha)


MASKED = -1e9  # what Keras puts in place of a masked score


@layer
class Softmax(Layer):
    """exp(x) / Σ exp(x) along `axis` (null: over everything, the batch too), over what the mask keeps."""

    axis = Ints(-1, null=True)

    supports_masking = True
    example: ClassVar[Any] = {}, (2, 5)

    def call(self, weight: Weight, x: Tensor, mask: Tensor | None = None) -> Tensor:
        axes = tuple(range(x.ndim)) if self.axis is None else tuple({self.axis_of(axis, x) for axis in self.axis})
        if mask is None:
            return SOFTMAX(x, axis=axes)
        ends = zip(mask.shape[::-1], x.shape[::-1], strict=False)
        if mask.ndim > x.ndim or any(differ(a, b) and a != 1 for a, b in ends):
            raise ShapeError(f"A mask of shape {text(mask.shape)} does not broadcast to {text(x.shape)}.")
        y = SOFTMAX(ops.select(mask, x, ops.full((), MASKED)), axis=axes)
        return ops.select(mask, y, ops.full((), 0.0))
