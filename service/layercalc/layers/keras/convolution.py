"""Convolutions of every rank: plain, depthwise, separable, transposed."""

from math import gcd
from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import Dim, differ, divisor, text
from layercalc.errors import Offer, ShapeError, offering
from layercalc.layers.array_fields import Dims
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Int, Number, ValidationError
from layercalc.layers.keras.activations import Activation
from layercalc.layers.keras.adapters import adapted
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.fields import DataFormat, TrainingOnly
from layercalc.layers.keras.initializers import InitializerField
from layercalc.layers.keras.padding import slide, transposed
from layercalc.ops import Tensor
from layercalc.ops.window import AXES

KERNEL: dict[str, str | None] = dict.fromkeys(
    ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint", "rank"), None
)  # what Keras 2 writes of a convolution's base class, and its depthwise kinds do not use


def check_window(layer: Layer) -> None:
    """Refuse what Keras refuses of plain and transposed convolutions; depthwise ones take both."""
    if max(layer.strides) > 1 and max(layer.dilation_rate) > 1:
        told = (
            f"Strides {text(layer.strides)} and dilation_rate {text(layer.dilation_rate)} above 1 do not go "
            "together in Keras; set one of them to 1."
        )
        raise ValidationError(Offer(told, 1), "dilation_rate")


class Convolution(Layer):
    """What all convolutions share: a window over the spatial axes, then bias and activation."""

    def spatial(self, x: Tensor) -> Tensor:
        axes = ", ".join(("batch", *AXES[self.rank or 1], "channels"))
        self.needs_rank(x, (self.rank or 1) + 2, axes)
        return x

    def slide(self, op: Any, x: Tensor, kernel: Tensor, **how: Any) -> Tensor:
        size, rates = kernel.shape[:-2], self.dilation_rate
        window = {"size": size, "strides": self.strides, "padding": self.padding, "dilations": rates}
        return slide(op, x, kernel, **window, field="kernel_size", **how)

    def finish(self, weight: Weight, y: Tensor, filters: Dim) -> Tensor:
        return ops.bias_add(y, weight("bias", (filters,), self.bias_initializer)) if self.use_bias else y

    def after(self, weight: Weight, y: Tensor) -> Tensor:
        return self.activation(weight, y)


@layer(aliases=("Convolution{}D",), Conv2D=2, Conv3D=3)
class Conv(Convolution):
    """A kernel slid over the spatial axes, `groups` times over its share of the channels."""

    filters = Int(min=1)
    kernel_size = Dims()
    strides = Dims(1)
    padding = Choice(("valid", "same"), "valid")
    data_format = DataFormat()
    dilation_rate = Dims(1)
    groups = Int(1, min=1)
    activation = Activation()
    use_bias = Bool(True)
    kernel_initializer = InitializerField("glorot_uniform")
    bias_initializer = InitializerField("zeros")
    kernel_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    activity_regularizer = TrainingOnly()
    kernel_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()
    lora_rank = Int(None, min=0)
    lora_alpha = Number(None)

    def check(self) -> None:
        check_window(self)
        if self.filters % self.groups:
            told = f"{self.filters} filters cannot be shared out to {self.groups} groups."
            raise ValidationError(offering(told, divisor(self.filters, self.groups)), "groups")

    examples: ClassVar[Any] = {
        1: ({"filters": 6, "kernel_size": 3, "padding": "causal", "activation": "relu"}, (2, 10, 4)),
        2: ({"filters": 32, "kernel_size": 3, "activation": "relu"}, (2, 28, 28, 1)),
        3: ({"filters": 4, "kernel_size": 2, "strides": 2, "groups": 2}, (2, 6, 6, 6, 2)),
    }

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        channels = self.spatial(x).shape[-1]
        if differ(channels % self.groups, 0):
            told = f"The {channels} channels of the input cannot be shared out to {self.groups} groups."
            fitting = divisor(gcd(channels, self.filters), self.groups) if isinstance(channels, int) else None
            raise ShapeError(offering(told, fitting), "groups")
        shape = *self.kernel_size, channels // self.groups, self.filters
        kernel = weight("kernel", shape, self.kernel_initializer, trainable=not self.lora_rank)
        bias = weight("bias", (self.filters,), self.bias_initializer) if self.use_bias else None
        kernel = adapted(self, weight, kernel, alpha=self.lora_alpha)
        y = self.slide(ops.conv, x, kernel, groups=self.groups)
        return y if bias is None else ops.bias_add(y, bias)


@layer(aliases=("Convolution{}D",), Conv1D=1)
class CausalConv(Conv):
    __doc__ = Conv.__doc__
    padding = Choice(("valid", "same", "causal"), "valid")


@layer(DepthwiseConv1D=1, DepthwiseConv2D=2)
class DepthwiseConv(Convolution):
    """Every channel convolved by itself, with `depth_multiplier` filters each."""

    kernel_size = Dims()
    strides = Dims(1)
    padding = Choice(("valid", "same"), "valid")
    depth_multiplier = Int(1, min=1)
    data_format = DataFormat()
    dilation_rate = Dims(1)
    activation = Activation()
    use_bias = Bool(True)
    depthwise_initializer = InitializerField("glorot_uniform")
    bias_initializer = InitializerField("zeros")
    depthwise_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    activity_regularizer = TrainingOnly()
    depthwise_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()

    legacy: ClassVar[dict[str, str | None]] = KERNEL
    examples: ClassVar[Any] = {
        1: ({"kernel_size": 3, "depth_multiplier": 2}, (2, 8, 4)),
        2: ({"kernel_size": 3, "padding": "same", "strides": 2}, (2, 7, 7, 4)),
    }

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        channels = self.spatial(x).shape[-1]
        kernel = weight("kernel", (*self.kernel_size, channels, self.depth_multiplier), self.depthwise_initializer)
        y = self.slide(ops.depthwise_conv, x, kernel)
        return self.finish(weight, y, channels * self.depth_multiplier)


@layer(aliases=("SeparableConvolution{}D",), SeparableConv1D=1, SeparableConv2D=2)
class SeparableConv(Convolution):
    """A depthwise convolution, then one of size 1 that mixes the channels."""

    filters = Int(min=1)
    kernel_size = Dims()
    strides = Dims(1)
    padding = Choice(("valid", "same"), "valid")
    data_format = DataFormat()
    dilation_rate = Dims(1)
    depth_multiplier = Int(1, min=1)
    activation = Activation()
    use_bias = Bool(True)
    depthwise_initializer = InitializerField("glorot_uniform")
    pointwise_initializer = InitializerField("glorot_uniform")
    bias_initializer = InitializerField("zeros")
    depthwise_regularizer = TrainingOnly()
    pointwise_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    activity_regularizer = TrainingOnly()
    depthwise_constraint = TrainingOnly()
    pointwise_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()

    legacy: ClassVar[dict[str, str | None]] = KERNEL
    examples: ClassVar[Any] = {
        1: ({"filters": 5, "kernel_size": 3}, (2, 8, 4)),
        2: ({"filters": 5, "kernel_size": 3, "padding": "same", "activation": "relu"}, (2, 8, 8, 4)),
    }

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        channels, once = self.spatial(x).shape[-1], (1,) * (self.rank or 1)
        wide = channels * self.depth_multiplier
        kernel = (*self.kernel_size, channels, self.depth_multiplier)
        depthwise = weight("depthwise_kernel", kernel, self.depthwise_initializer)
        pointwise = weight("pointwise_kernel", (*once, wide, self.filters), self.pointwise_initializer)
        y = ops.conv(self.slide(ops.depthwise_conv, x, depthwise), pointwise)
        return self.finish(weight, y, self.filters)


@layer(aliases=("Convolution{}DTranspose",), Conv1DTranspose=1, Conv2DTranspose=2)
class ConvTranspose(Convolution):
    """Each input position adds a scaled kernel to the output: the gradient of a convolution (Zeiler et al. 2010)."""

    filters = Int(min=1)
    kernel_size = Dims()
    strides = Dims(1)
    padding = Choice(("valid", "same"), "valid")
    output_padding = Dims(None, min=0)
    data_format = DataFormat()
    dilation_rate = Dims(1)
    activation = Activation()
    use_bias = Bool(True)
    kernel_initializer = InitializerField("glorot_uniform")
    bias_initializer = InitializerField("zeros")
    kernel_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    activity_regularizer = TrainingOnly()
    kernel_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()

    legacy: ClassVar[dict[str, str | None]] = {"groups": None}
    examples: ClassVar[Any] = {
        1: ({"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, (2, 5, 4)),
        2: ({"filters": 3, "kernel_size": 4, "strides": 2, "padding": "same"}, (2, 5, 5, 4)),
    }

    def check(self) -> None:
        check_window(self)
        if self.output_padding and any(a >= s for a, s in zip(self.output_padding, self.strides, strict=True)):
            told = f"Must be smaller than the strides {text(self.strides)}; received {text(self.output_padding)}."
            fitting = [min(a, s - 1) for a, s in zip(self.output_padding, self.strides, strict=True)]
            raise ValidationError(offering(told, fitting), "output_padding")

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        channels = self.spatial(x).shape[-1]
        kernel = weight("kernel", (*self.kernel_size, self.filters, channels), self.kernel_initializer)
        window = {"strides": self.strides, "padding": self.padding, "dilations": self.dilation_rate}
        y = transposed(ops.conv_transpose, x, kernel, output_padding=self.output_padding, **window)
        return self.finish(weight, y, self.filters)


@layer(aliases=("Convolution{}DTranspose",), Conv3DTranspose=3)
class ConvTransposeVolume(ConvTranspose):
    __doc__ = ConvTranspose.__doc__
    padding = Choice(("valid", "same"), "valid")
    data_format = DataFormat()  # Keras has these two the other way round here
    output_padding = Dims(None, min=0)

    examples: ClassVar[Any] = {3: ({"filters": 2, "kernel_size": 2, "strides": 3}, (2, 2, 3, 2, 4))}
