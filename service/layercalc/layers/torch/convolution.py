"""Convolutions, plain and transposed: (batch, channels, *spatial), a batch or none."""

from math import gcd, prod
from typing import Any, ClassVar

from layercalc.errors import Offer
from layercalc.layers.array_fields import Dims
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Int, ValidationError
from layercalc.layers.torch.functions.padding import around
from layercalc.layers.torch.module import Module, Padding, function, module, shared, spread, windowed
from layercalc.ops import Tensor
from layercalc.ops.window import span

MODES = ("zeros", "reflect", "replicate", "circular")


class Convolution(Module):
    """What all convolutions share: channels shared out to groups, a kernel, and a bias."""

    in_channels: Any = None

    def check(self) -> None:
        for field in ("in_channels", "out_channels"):
            channels = getattr(self, field)
            if channels is not None and channels % self.groups:
                told = f"{field} = {channels} cannot be shared out to {self.groups} groups."
                raise shared(told, gcd(self.in_channels or 0, self.out_channels), "groups", self.groups)

    def channels(self, x: Tensor) -> Any:
        """Of the input: a lazy module takes as many as there are."""
        axis = self.channel_axis(x)
        if self.in_channels is None:
            return x.shape[axis]
        self.expects(x, axis, "in_channels", "channels")
        return self.in_channels

    def vectors(self, weight: Weight, shape: tuple[Any, ...]) -> tuple[Tensor, Tensor | None]:
        """The kernel and the bias."""
        scale = spread(shape[1] * prod(shape[2:]))
        kernel = weight("weight", shape, scale)
        return kernel, weight("bias", (self.out_channels,), scale) if self.bias else None


class Kernel(Convolution):
    """A kernel slid over the spatial axes."""

    fields_last = True

    out_channels = Int(min=1)
    kernel_size = Dims()
    stride = Dims(1)
    padding = Padding()
    dilation = Dims(1)
    groups = Int(1, min=1)
    bias = Bool(True)
    padding_mode = Choice(MODES, "zeros")

    def check(self) -> None:
        super().check()
        if self.padding == "same" and max(self.stride) > 1:
            raise ValidationError(Offer("padding = 'same' goes with a stride of 1 alone.", 1), "stride")

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        shape = self.out_channels, self.channels(input) // self.groups, *self.kernel_size
        kernel, bias = self.vectors(weight, shape)
        padding = self.padding
        if self.padding_mode != "zeros" and padding not in ("valid", (0,) * self.axes):
            input, padding = around(input, self.sides(), self.padding_mode), (0,) * self.axes
        with windowed():
            return function(f"conv{self.rank}d")(input, kernel, bias, self.stride, padding, self.dilation, self.groups)

    def sides(self) -> tuple[int, ...]:
        """The padding of both ends from the last axis on, as torch.nn.functional.pad takes it."""
        if self.padding == "same":
            totals = [span(k, d) - 1 for k, d in zip(self.kernel_size, self.dilation, strict=True)]
            return tuple(n for total in reversed(totals) for n in (total // 2, total - total // 2))
        return tuple(n for one in reversed(self.padding) for n in (one, one))


@module(Conv1d=1, Conv2d=2, Conv3d=3)
class Conv(Kernel):
    """A kernel slid over the spatial axes, `groups` times over its share of the channels."""

    in_channels = Int(min=1)

    examples: ClassVar[Any] = {
        1: ({"in_channels": 4, "out_channels": 6, "kernel_size": 3, "padding": "same"}, (2, 4, 10)),
        2: ({"in_channels": 3, "out_channels": 8, "kernel_size": 3, "stride": 2, "padding": 1}, (2, 3, 28, 28)),
        3: ({"in_channels": 2, "out_channels": 4, "kernel_size": 2, "groups": 2}, (2, 2, 6, 6, 6)),
    }


@module(LazyConv1d=1, LazyConv2d=2, LazyConv3d=3)
class LazyConv(Kernel):
    """The same for as many channels as the input has."""

    examples: ClassVar[Any] = {
        1: ({"out_channels": 6, "kernel_size": 3}, (2, 4, 10)),
        2: ({"out_channels": 8, "kernel_size": [3, 5], "padding": [1, 2]}, (2, 3, 9, 9)),
        3: ({"out_channels": 4, "kernel_size": 2, "bias": False}, (2, 2, 6, 6, 6)),
    }


class TransposedKernel(Convolution):
    """Each element of the input adds a scaled kernel to the result."""

    fields_last = True

    out_channels = Int(min=1)
    kernel_size = Dims()
    stride = Dims(1)
    padding = Dims(0, min=0)
    output_padding = Dims(0, min=0)
    groups = Int(1, min=1)
    bias = Bool(True)
    dilation = Dims(1)
    padding_mode = Choice(("zeros",), "zeros")

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        shape = self.channels(input), self.out_channels // self.groups, *self.kernel_size
        kernel, bias = self.vectors(weight, shape)
        how = self.stride, self.padding, self.output_padding, self.groups, self.dilation
        return function(f"conv_transpose{self.rank}d")(input, kernel, bias, *how)


@module(ConvTranspose1d=1, ConvTranspose2d=2, ConvTranspose3d=3)
class ConvTranspose(TransposedKernel):
    """The gradient of a convolution: each element of the input adds a scaled kernel to the result."""

    in_channels = Int(min=1)

    examples: ClassVar[Any] = {
        1: ({"in_channels": 4, "out_channels": 6, "kernel_size": 3, "stride": 2}, (2, 4, 10)),
        2: (
            {"in_channels": 4, "out_channels": 2, "kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1},
            (2, 4, 7, 7),
        ),
        3: ({"in_channels": 2, "out_channels": 4, "kernel_size": 2, "groups": 2}, (2, 2, 4, 4, 4)),
    }


@module(LazyConvTranspose1d=1, LazyConvTranspose2d=2, LazyConvTranspose3d=3)
class LazyConvTranspose(TransposedKernel):
    """The same for as many channels as the input has."""

    examples: ClassVar[Any] = {
        1: ({"out_channels": 6, "kernel_size": 3}, (2, 4, 10)),
        2: ({"out_channels": 2, "kernel_size": 2, "stride": 2}, (2, 4, 7, 7)),
        3: ({"out_channels": 4, "kernel_size": 2}, (2, 2, 4, 4, 4)),
    }
