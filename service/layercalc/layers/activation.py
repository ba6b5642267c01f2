"""Activation functions as layers."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.errors import ShapeError
from layercalc.layers.base import Layer, Weight, layer
from layercalc.layers.fields import Field, InitializerField, Ints, Number, Opaque
from layercalc.layers.nested import Activation as ActivationField
from layercalc.ops import ACTIVATIONS, Tensor


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
        return ACTIVATIONS["relu"](x, **how)  # type: ignore[misc]


@layer
class LeakyReLU(Layer):
    """x where it is positive, else x · negative_slope (Maas et al. 2013)."""

    negative_slope = Number(0.3, min=0)

    legacy: ClassVar[dict[str, str | None]] = {"alpha": "negative_slope"}
    supports_masking = True
    example: ClassVar[Any] = {}, (2, 5)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        return ACTIVATIONS["leaky_relu"](x, negative_slope=self.negative_slope)  # type: ignore[misc]


@layer
class ELU(Layer):
    """x where it is positive, else alpha · (exp(x) − 1) (Clevert et al. 2016)."""

    alpha = Number(1.0)

    supports_masking = True
    example: ClassVar[Any] = {}, (2, 5)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        return ACTIVATIONS["elu"](x, alpha=self.alpha)  # type: ignore[misc]


@layer
class PReLU(Layer):
    """x where it is positive, else x · alpha, alpha learned for every position not shared (He et al. 2015)."""

    alpha_initializer = InitializerField("zeros")
    alpha_regularizer = Opaque()
    alpha_constraint = Opaque()
    shared_axes = Ints(None, min=1)

    supports_masking = True
    example: ClassVar[Any] = {"shared_axes": [1, 2]}, (2, 4, 4, 3)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        shape = list(x.shape[1:])
        for axis in self.shared_axes or ():
            if axis > len(shape):
                raise ShapeError(f"There is no axis {axis} in an input of {x.ndim} axes.", "shared_axes")
            shape[axis - 1] = 1
        alpha = weight("alpha", tuple(shape), self.alpha_initializer)
        return ops.prelu(x, alpha)


class SoftmaxAxis(Ints):
    """One axis or several; Keras' null is the last."""

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **_: Any) -> Any:
        return Field.deserialize(self, value, attr, data) or (-1,)


@layer
class Softmax(Layer):
    """exp(x) / Σ exp(x) along `axis`, over what the mask keeps."""

    axis = SoftmaxAxis(-1)

    supports_masking = True
    example: ClassVar[Any] = {}, (2, 5)

    def call(self, weight: Weight, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is not None:
            x = ops.select(mask, x, ops.full((), -3.4028235e38 / 2))
        axes = tuple(self.axis_of(axis, x) for axis in self.axis)
        return ACTIVATIONS["softmax"](x, axis=axes)  # type: ignore[misc]
