"""Pooling over the spatial axes of (batch, channels, *spatial), a batch or none."""

from math import prod
from typing import Any, ClassVar

from layercalc import ops
from layercalc.layers.array_fields import Dims
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Int, Number, ValidationError
from layercalc.layers.torch.base import number
from layercalc.layers.torch.functions.unpooling import unpooled
from layercalc.layers.torch.module import Module, Only, Sizes, function, module, windowed
from layercalc.ops import Tensor
from layercalc.ops.base import OPS

PLACES = "Where the largest numbers of such windows stand is not computed."


class Pooling(Module):
    """A window over the spatial axes, at least twice as large as the padding."""

    padding: Any = ()

    def call(self, weight: Weight, input: Tensor) -> Any:
        self.channel_axis(input)
        with windowed(tuple(2 * pad for pad in self.padding)):
            return self.pool(input)

    def pool(self, input: Tensor) -> Any:
        raise NotImplementedError


@module(MaxPool1d=1, MaxPool2d=2, MaxPool3d=3)
class MaxPool(Pooling):
    """The largest number of each window."""

    kernel_size = Dims()
    stride = Dims(None)
    padding = Dims(0, min=0)
    dilation = Dims(1)
    return_indices = Bool(False)
    ceil_mode = Bool(False)

    examples: ClassVar[Any] = {
        1: ({"kernel_size": 2}, (2, 4, 9)),
        2: ({"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}, (2, 4, 9, 8)),
        3: ({"kernel_size": 2, "dilation": 2, "stride": 1}, (2, 3, 5, 5, 5)),
    }

    def pool(self, input: Tensor) -> Any:
        how = self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode
        if not self.return_indices:
            return function(f"max_pool{self.rank}d")(input, *how)
        y, places = function(f"max_pool{self.rank}d_with_indices")(input, *how)
        return y, places.make()


@module(MaxUnpool1d=1, MaxUnpool2d=2, MaxUnpool3d=3)
class MaxUnpool(Module):
    """Zeros, with the numbers that a MaxPool has taken at the places that it gives with `return_indices`."""

    kernel_size = Dims()
    stride = Dims(None)
    padding = Dims(0, min=0)

    examples: ClassVar[Any] = {
        rank: ({"kernel_size": 2}, [(2, 3, *(4,) * rank), (2, 3, *(4,) * rank)]) for rank in (1, 2, 3)
    }
    example_dtypes = ("float32", "int64")

    def call(self, weight: Weight, input: Tensor, indices: Tensor) -> Tensor:
        self.channel_axis(input)
        steps = self.kernel_size if self.stride is None else self.stride
        spatial = input.shape[-self.axes :]
        every = zip(spatial, self.kernel_size, steps, self.padding, strict=True)
        return unpooled(input, indices, tuple((n - 1) * s - 2 * p + k for n, k, s, p in every), self.axes)


class Average(Pooling):
    """The mean of each window."""

    divisor_override: int | None = None

    def pool(self, input: Tensor) -> Tensor:
        how = self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad, self.divisor_override
        return function(f"avg_pool{self.rank}d")(input, *how)


@module
class AvgPool1d(Average):
    """The mean of each window."""

    rank = 1

    kernel_size = Dims()
    stride = Dims(None)
    padding = Dims(0, min=0)
    ceil_mode = Bool(False)
    count_include_pad = Bool(True)

    example: ClassVar[Any] = ({"kernel_size": 2}, (2, 4, 9))


@module(AvgPool2d=2, AvgPool3d=3)
class AvgPool(Average):
    """The mean of each window."""

    kernel_size = Dims()
    stride = Dims(None)
    padding = Dims(0, min=0)
    ceil_mode = Bool(False)
    count_include_pad = Bool(True)
    divisor_override = Int(None, min=1)

    examples: ClassVar[Any] = {
        2: ({"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}, (2, 4, 9, 8)),
        3: ({"kernel_size": 2, "ceil_mode": True, "divisor_override": 3}, (2, 3, 5, 5, 5)),
    }


class PowerPool(Pooling):
    """The p-norm of each window, with p = `norm_type`."""

    def check(self) -> None:
        if self.norm_type == 0:
            raise ValidationError("There is no norm with p = 0.", "norm_type")

    def pool(self, input: Tensor) -> Tensor:
        """As torch.nn.functional.lp_pool2d does: by the mean of the powers."""
        dtype, window = str(input.dtype), self.kernel_size
        elements = prod(window) if isinstance(window, tuple) else window
        p, n = number(self.norm_type, dtype), number(float(elements), dtype)
        mean = function(f"avg_pool{self.rank}d")(OPS["power"](input, p), window, self.stride, (0,), self.ceil_mode)
        size = ops.multiply(OPS["sign"](mean), OPS["relu"](OPS["absolute"](mean)))
        return OPS["power"](ops.multiply(size, n), number(1 / self.norm_type, dtype))


@module
class LPPool1d(PowerPool):
    """The p-norm of each window, with p = `norm_type`."""

    rank = 1

    norm_type = Number()
    kernel_size = Int(min=1)
    stride = Int(None, min=1)
    ceil_mode = Bool(False)

    example: ClassVar[Any] = ({"norm_type": 2, "kernel_size": 2}, (2, 4, 9))


@module(LPPool2d=2, LPPool3d=3)
class LPPool(PowerPool):
    """The p-norm of each window, with p = `norm_type`."""

    norm_type = Number()
    kernel_size = Dims()
    stride = Dims(None)
    ceil_mode = Bool(False)

    examples: ClassVar[Any] = {
        2: ({"norm_type": 2, "kernel_size": 3, "stride": 2}, (2, 4, 9, 8)),
        3: ({"norm_type": 1, "kernel_size": 2}, (2, 3, 5, 5, 5)),
    }


class Adaptive(Module):
    """Windows as large as they need to be for `output_size` results."""

    def call(self, weight: Weight, input: Tensor) -> Any:
        self.channel_axis(input)
        made = function(f"adaptive_{self.word}_pool{self.rank}d")(input, self.output_size)
        return made[0] if isinstance(made, tuple) and self.word == "max" else made


SPATIAL: dict[int, Any] = {
    1: ({"output_size": 3}, (2, 4, 9)),
    2: ({"output_size": [3, None]}, (2, 4, 9, 8)),
    3: ({"output_size": 1}, (2, 3, 5, 5, 5)),
}


@module(AdaptiveAvgPool1d=1, AdaptiveAvgPool2d=2, AdaptiveAvgPool3d=3)
class AdaptiveAvgPool(Adaptive):
    """The means of `output_size` windows along each spatial axis."""

    word = "avg"

    output_size = Sizes(min=0)

    examples: ClassVar[Any] = SPATIAL


@module(AdaptiveMaxPool1d=1, AdaptiveMaxPool2d=2, AdaptiveMaxPool3d=3)
class AdaptiveMaxPool(Adaptive):
    """The largest numbers of `output_size` windows along each spatial axis."""

    word = "max"

    output_size = Sizes(min=0)
    return_indices = Only(False, PLACES)

    examples: ClassVar[Any] = SPATIAL
