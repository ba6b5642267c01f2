"""Layers that Keras 1 alone had, by the names that their arguments would have today.

Sources: keras 1.2.2 (layers/core.py: MaxoutDense, Highway; layers/convolutional.py: Deconvolution2D).
"""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import Dim, differ, most, text
from layercalc.errors import ShapeError
from layercalc.layers.array_fields import Dimensions, Dims
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Int
from layercalc.layers.initializers import ONES, ZEROS
from layercalc.layers.keras.activations import Activation
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.convolution import Convolution
from layercalc.layers.keras.fields import DataFormat, TrainingOnly
from layercalc.layers.keras.initializers import InitializerField
from layercalc.ops import Tensor

LEGACY: dict[str, str | None] = {  # what Keras 1, and Keras 2 up to 2.3 of these layers alone, called them
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
    "input_dim": None,
}


@layer
class MaxoutDense(Layer):
    """The largest, feature by feature, of `nb_feature` dense layers of Keras 1 (Goodfellow et al. 2013)."""

    units = Int(min=1)
    nb_feature = Int(4, min=1)
    kernel_initializer = InitializerField("glorot_uniform")
    kernel_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    activity_regularizer = TrainingOnly()
    kernel_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()
    use_bias = Bool(True)

    legacy = {**LEGACY, "output_dim": "units"}
    example: ClassVar[Any] = {"units": 3, "nb_feature": 2}, (2, 5)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        self.needs_rank(x, 2, "batch, features")
        kernel = weight("W", (self.nb_feature, x.shape[1], self.units), self.kernel_initializer)
        y = ops.einsum(x, kernel, equation="bi,fio->bfo")
        if self.use_bias:
            y = ops.add(y, weight("b", (self.nb_feature, self.units), ZEROS))
        return ops.reduce_max(y, axes=(1,), keepdims=False)


@layer
class Highway(Layer):
    """A dense layer of Keras 1 and its input, mixed by a gate for each feature (Srivastava et al. 2015)."""

    kernel_initializer = InitializerField("glorot_uniform")
    activation = Activation()
    kernel_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    activity_regularizer = TrainingOnly()
    kernel_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()
    use_bias = Bool(True)

    legacy = LEGACY
    example: ClassVar[Any] = {"activation": "relu"}, (2, 5)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        self.needs_rank(x, 2, "batch, features")
        n = x.shape[1]
        kernels = [weight(name, (n, n), self.kernel_initializer) for name in ("W", "W_carry")]
        y, gate = (ops.matmul(x, kernel) for kernel in kernels)
        if self.use_bias:
            y = ops.bias_add(y, weight("b", (n,), ZEROS))
            gate = ops.bias_add(gate, weight("b_carry", (n,), ONES))
        gate = ops.OPS["sigmoid"](gate)
        kept = ops.multiply(ops.subtract(ops.constant(1.0), gate), x)
        return ops.add(ops.multiply(self.activation(weight, y), gate), kept)


@layer(Deconvolution2D=2)
class Deconvolution(Convolution):
    """The transposed convolution of Keras 1, of which the shape of the output is named, batch in front."""

    filters = Int(min=1)
    kernel_size = Dims()
    output_shape = Dimensions()
    kernel_initializer = InitializerField("glorot_uniform")
    activation = Activation()
    padding = Choice(("valid", "same"), "valid")
    strides = Dims(1)
    data_format = DataFormat()
    kernel_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    activity_regularizer = TrainingOnly()
    kernel_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()
    use_bias = Bool(True)

    examples: ClassVar[Any] = {
        2: ({"filters": 9, "kernel_size": 3, "strides": 2, "output_shape": [None, 9, 9, 9]}, (2, 4, 4, 5)),
    }

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        spatial, channels = self.spatial(x).shape[1:-1], x.shape[-1]
        if len(self.output_shape) != x.ndim:
            raise ShapeError(
                f"Expected the {x.ndim} sizes of the output, the batch first; received {text(self.output_shape)}.",
                "output_shape",
            )
        to = self.output_shape[2:] if self.channels_first else self.output_shape[1:-1]
        kernel = weight("W", (*self.kernel_size, self.filters, channels), self.kernel_initializer)
        ends = [self.end(*one) for one in zip(spatial, to, self.kernel_size, self.strides, strict=True)]
        y = ops.conv_transpose(
            x,
            kernel,
            strides=self.strides,
            pads=tuple(pads for pads, _ in ends),
            output_padding=tuple(more for _, more in ends),
            dilations=(1,) * len(to),
        )
        return ops.bias_add(y, weight("b", (self.filters,), ZEROS)) if self.use_bias else y

    def end(self, n: Dim, to: int | None, k: int, stride: int) -> tuple[tuple[Dim, Dim], Dim]:
        """What is cut off both ends of an axis of the whole result, (n − 1) · stride + k, and what is added behind."""
        if to is None:
            raise ShapeError("The spatial sizes of output_shape must be known.", "output_shape")
        same = self.padding == "same"
        back = -(-to // stride) if same else (to - k) // stride + 1
        if differ(back, n):
            raise ShapeError(
                f"A {self.padding} convolution of {to} by {k}, stride {stride}, gives {back} positions; the input has "
                f"{n}: output_shape cannot be {to} there.",
                "output_shape",
            )
        whole = (n - 1) * stride + k
        total = most(whole - to, 0) if same else 0
        return (total // 2, total - total // 2), most(to - whole, 0)
