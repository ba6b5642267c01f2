"""Operations with windows that slide over (batch, *spatial, channels): convolution and pooling."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.fields import Choice
from layercalc.layers.keras.functions.base import Operation, Sizes, operation, tensor
from layercalc.layers.keras.padding import slide, transposed
from layercalc.ops import Tensor


class Spatial(Operation):
    """Something on (batch, *spatial, channels), or with the channels first."""

    data_format: Any = Choice(("channels_last", "channels_first"), None)

    def compute(self, inputs: Any, *rest: Any) -> Tensor:
        x = tensor(inputs)
        if not 3 <= x.ndim <= 5:
            raise ShapeError(f"{self.type} takes 3 to 5 axes; received {text(x.shape)}.")
        if self.data_format != "channels_first":
            return self.slide(x, *rest)
        return self.outward(self.slide(self.inward(x), *rest))

    def slide(self, x: Tensor, *rest: Any) -> Tensor:
        raise NotImplementedError

    def each(self, value: Any, x: Tensor, field: str, least: int = 1) -> tuple[int, ...]:
        """One number for every spatial axis."""
        numbers = (value,) * (x.ndim - 2) if isinstance(value, int) else tuple(value)
        if len(numbers) != x.ndim - 2 or any(n < least for n in numbers):
            raise ShapeError(f"Expected {x.ndim - 2} integers of at least {least}; received {list(numbers)}.", field)
        return numbers


class Pool(Spatial):
    """A number for each window."""

    pool_size = Sizes()
    strides = Sizes(None, null=True)
    padding = Choice(("valid", "same"), "valid")
    data_format = Choice(("channels_last", "channels_first"), None)
    op: ClassVar[Any]

    def compute(self, inputs: Any) -> Tensor:
        return super().compute(inputs)

    def slide(self, x: Tensor, *_: Any) -> Tensor:
        window = self.each(self.pool_size, x, "pool_size")
        strides = window if self.strides is None else self.each(self.strides, x, "strides")
        how = {"size": window, "strides": strides, "padding": self.padding}
        return slide(self.op, x, window=window, field="pool_size", **how)


@operation
class AveragePool(Pool):
    """The mean of each window."""

    op = ops.average_pool


@operation
class MaxPool(Pool):
    """The largest of each window."""

    op = ops.max_pool


class AdaptivePool(Spatial):
    """As many windows along each spatial axis as asked for."""

    output_size = Sizes()
    data_format = Choice(("channels_last", "channels_first"), None)
    op: ClassVar[Any]

    def compute(self, inputs: Any) -> Tensor:
        return super().compute(inputs)

    def slide(self, x: Tensor, *_: Any) -> Tensor:
        return self.op(x, output_size=self.each(self.output_size, x, "output_size"))


@operation
class AdaptiveAveragePool(AdaptivePool):
    """The mean of each of so many windows."""

    op = ops.adaptive_average_pool


@operation
class AdaptiveMaxPool(AdaptivePool):
    """The largest of each of so many windows."""

    op = ops.adaptive_max_pool


class Convolution(Spatial):
    """A convolution with a kernel that is a tensor or a constant."""

    strides = Sizes(1)
    padding = Choice(("valid", "same"), "valid")
    data_format = Choice(("channels_last", "channels_first"), None)
    dilation_rate = Sizes(1)

    def window(self, x: Tensor) -> dict[str, Any]:
        strides, rates = self.each(self.strides, x, "strides"), self.each(self.dilation_rate, x, "dilation_rate")
        return {"strides": strides, "padding": self.padding, "dilations": rates}

    def through(self, op: Any, x: Tensor, kernel: Tensor, **how: Any) -> Tensor:
        return slide(op, x, kernel, size=kernel.shape[:-2], field="kernel", **self.window(x), **how)

    def kernel(self, kernel: Any, x: Tensor) -> Tensor:
        kernel = tensor(kernel, x)
        if kernel.ndim != x.ndim:
            raise ShapeError(f"A kernel for {text(x.shape)} has {x.ndim} axes; received {text(kernel.shape)}.")
        return kernel


@operation
class Conv(Convolution):
    """A convolution; the kernel is (*window, channels of a group, filters)."""

    def compute(self, inputs: Any, kernel: Any) -> Tensor:
        return super().compute(inputs, kernel)

    def slide(self, x: Tensor, kernel: Any) -> Tensor:
        kernel = self.kernel(kernel, x)
        share, channels = kernel.shape[-2], x.shape[-1]
        if not isinstance(channels, int) or not isinstance(share, int) or share < 1 or channels % share:
            raise ShapeError(f"The kernel reads {share} channels, which must divide those of {text(x.shape)}.")
        return self.through(ops.conv, x, kernel, groups=channels // share)


@operation
class DepthwiseConv(Convolution):
    """A convolution of every channel by itself; the kernel is (*window, channels, multiplier)."""

    def compute(self, inputs: Any, kernel: Any) -> Tensor:
        return super().compute(inputs, kernel)

    def slide(self, x: Tensor, kernel: Any) -> Tensor:
        return self.through(ops.depthwise_conv, x, self.kernel(kernel, x))


@operation
class SeparableConv(Convolution):
    """A depthwise convolution, then one of single positions."""

    def compute(self, inputs: Any, depthwise_kernel: Any, pointwise_kernel: Any) -> Tensor:
        return super().compute(inputs, depthwise_kernel, pointwise_kernel)

    def slide(self, x: Tensor, depthwise_kernel: Any, pointwise_kernel: Any) -> Tensor:
        y = self.through(ops.depthwise_conv, x, self.kernel(depthwise_kernel, x))
        return ops.conv(y, self.kernel(pointwise_kernel, y))


@operation
class ConvTranspose(Convolution):
    """The gradient of a convolution; the kernel is (*window, filters, channels)."""

    strides = Sizes(1)
    padding = Choice(("valid", "same"), "valid")
    output_padding = Sizes(None, null=True)
    data_format = Choice(("channels_last", "channels_first"), None)
    dilation_rate = Sizes(1)

    def compute(self, inputs: Any, kernel: Any) -> Tensor:
        return super().compute(inputs, kernel)

    def slide(self, x: Tensor, kernel: Any) -> Tensor:
        extra = None if self.output_padding is None else self.each(self.output_padding, x, "output_padding", least=0)
        return transposed(ops.conv_transpose, x, self.kernel(kernel, x), output_padding=extra, **self.window(x))
