"""Normalisations by running statistics or by the moments of the sample."""

from typing import Any, ClassVar

from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.array_fields import Ints
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Int, Number, ValidationError
from layercalc.layers.initializers import ONES, ZEROS
from layercalc.layers.torch.base import number
from layercalc.layers.torch.functions import normalization as functions
from layercalc.layers.torch.functions.elementwise import add, multiply
from layercalc.layers.torch.module import Module, Unused, function, module, shared
from layercalc.ops import Tensor
from layercalc.ops.base import OPS

FEATURES: dict[int, Any] = {1: (2, 4, 9), 2: (2, 4, 5, 6), 3: (2, 4, 3, 3, 3)}
BY_FEATURES: dict[int, Any] = {rank: ({"num_features": 4}, shape) for rank, shape in FEATURES.items()}
LAZY: dict[int, Any] = {rank: ({}, shape) for rank, shape in FEATURES.items()}


class ByChannel(Module):
    """What batch and instance normalisation share: a scale and an offset for each channel, and running statistics."""

    num_features: Any = None
    alone = False  # whether there may be no batch

    def channels(self, x: Tensor) -> Any:
        ranks = self.ranks
        if x.ndim not in ranks:
            listed = " or ".join(map(str, ranks))
            raise ShapeError(
                f"{self.type} takes a tensor of {listed} axes, the channels second; received {text(x.shape)}."
            )
        axis = x.ndim - self.axes - 1 if self.alone else 1
        if self.num_features is None:
            return x.shape[axis]
        self.expects(x, axis, "num_features", "channels")
        return self.num_features

    @property
    def ranks(self) -> tuple[int, ...]:
        """How many axes the input may have."""
        return (self.axes + 1, self.axes + 2) if self.alone else (self.axes + 2,)

    def vectors(self, weight: Weight, input: Tensor) -> tuple[Any, ...]:
        """Scale, offset, and the running mean and variance, each if there is one."""
        shape = (self.channels(input),)
        scale = weight("weight", shape, ONES) if self.affine else None
        offset = weight("bias", shape, ZEROS) if self.affine and self.bias else None
        moments = self.statistics(weight, shape) if self.track_running_stats else (None, None)
        return scale, offset, *moments


class ByBatch(ByChannel):
    """By the running statistics, in a model in use."""

    @property
    def ranks(self) -> tuple[int, ...]:
        return (2, 3) if self.axes == 1 else (self.axes + 2,)

    def check(self) -> None:
        if not self.track_running_stats:
            raise ValidationError(
                "Without running statistics those of the batch are taken in use too, which is not read.",
                "track_running_stats",
            )

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        scale, offset, mean, variance = self.vectors(weight, input)
        return functions.by_moments(input, scale, offset, mean, variance, self.eps)


@module(BatchNorm1d=1, BatchNorm2d=2, BatchNorm3d=3)
class BatchNorm(ByBatch):
    """Each channel by its running mean and variance (Ioffe & Szegedy 2015)."""

    num_features = Int(min=1)
    eps = Number(1e-5)
    momentum = Unused(0.1)
    affine = Bool(True)
    track_running_stats = Bool(True)
    bias = Bool(True)

    examples: ClassVar[Any] = BY_FEATURES


@module(LazyBatchNorm1d=1, LazyBatchNorm2d=2, LazyBatchNorm3d=3)
class LazyBatchNorm(ByBatch):
    """The same for as many channels as the input has."""

    eps = Number(1e-5)
    momentum = Unused(0.1)
    affine = Bool(True)
    track_running_stats = Bool(True)
    bias = Bool(True)

    examples: ClassVar[Any] = LAZY


@module
class SyncBatchNorm(ByBatch):
    """The same with statistics of all devices, in a model in use."""

    rank = 0

    num_features = Int(min=1)
    eps = Number(1e-5)
    momentum = Unused(0.1)
    affine = Bool(True)
    track_running_stats = Bool(True)
    process_group = Unused(None)
    bias = Bool(True)

    example: ClassVar[Any] = ({"num_features": 4}, (2, 4, 5, 6))

    @property
    def ranks(self) -> tuple[int, ...]:
        return tuple(range(2, 9))


class BySample(ByChannel):
    """Each channel of each sample by its own moments, or by running ones where they are tracked."""

    alone: bool = True

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        scale, offset, mean, variance = self.vectors(weight, input)
        x = input if input.ndim == self.axes + 2 else function("unsqueeze")(input, 0)
        if self.track_running_stats:
            y = functions.by_moments(x, scale, offset, mean, variance, self.eps)
        else:
            y = functions.group_norm(x, x.shape[1], scale, offset, self.eps)
        return y if x is input else function("squeeze")(y, 0)


@module(InstanceNorm1d=1, InstanceNorm2d=2, InstanceNorm3d=3)
class InstanceNorm(BySample):
    """Each channel of each sample by its own moments (Ulyanov et al. 2016)."""

    num_features = Int(min=1)
    eps = Number(1e-5)
    momentum = Unused(0.1)
    affine = Bool(False)
    track_running_stats = Bool(False)
    bias = Bool(True)

    examples: ClassVar[Any] = BY_FEATURES


@module(LazyInstanceNorm1d=1, LazyInstanceNorm2d=2, LazyInstanceNorm3d=3)
class LazyInstanceNorm(BySample):
    """The same for as many channels as the input has, which has a batch."""

    alone = False

    eps = Number(1e-5)
    momentum = Unused(0.1)
    affine = Bool(True)
    track_running_stats = Bool(True)
    bias = Bool(True)

    examples: ClassVar[Any] = LAZY


@module
class GroupNorm(Module):
    """Each group of channels of each sample by its moments (Wu & He 2018)."""

    num_groups = Int(min=1)
    num_channels = Int(min=1)
    eps = Number(1e-5)
    affine = Bool(True)
    bias = Bool(True)

    example: ClassVar[Any] = ({"num_groups": 2, "num_channels": 4}, (2, 4, 5, 6))

    def check(self) -> None:
        if self.num_channels % self.num_groups:
            told = f"{self.num_groups} groups cannot share {self.num_channels} channels."
            raise shared(told, self.num_channels, "num_groups", self.num_groups)

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        self.expects(input, 1, "num_channels", "channels")
        shape = (self.num_channels,)
        scale = weight("weight", shape, ONES) if self.affine else None
        offset = weight("bias", shape, ZEROS) if self.affine and self.bias else None
        return functions.group_norm(input, self.num_groups, scale, offset, self.eps)


@module
class LayerNorm(Module):
    """By the moments over the last axes (Ba et al. 2016)."""

    normalized_shape = Ints(min=1)
    eps = Number(1e-5)
    elementwise_affine = Bool(True)
    bias = Bool(True)

    example: ClassVar[Any] = ({"normalized_shape": 8}, (2, 5, 8))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        shape = self.normalized_shape
        scale = weight("weight", shape, ONES) if self.elementwise_affine else None
        offset = weight("bias", shape, ZEROS) if self.elementwise_affine and self.bias else None
        return functions.layer_norm(input, shape, scale, offset, self.eps)


@module
class RMSNorm(Module):
    """x / sqrt(mean(x²) + eps) over the last axes (Zhang & Sennrich 2019)."""

    normalized_shape = Ints(min=1)
    eps = Number(None)
    elementwise_affine = Bool(True)

    example: ClassVar[Any] = ({"normalized_shape": [8]}, (2, 5, 8))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        scale = weight("weight", self.normalized_shape, ONES) if self.elementwise_affine else None
        return functions.rms_norm(input, self.normalized_shape, scale, self.eps)


@module
class LocalResponseNorm(Module):
    """x / (k + alpha · mean of the squares of `size` channels around)^beta (Krizhevsky et al. 2012)."""

    size = Int(min=1)
    alpha = Number(1e-4)
    beta = Number(0.75)
    k = Number(1.0)

    example: ClassVar[Any] = ({"size": 3}, (2, 6, 5, 5))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        """As torch.nn.functional.local_response_norm does: the squares pooled along the channels."""
        if input.ndim < 3:
            raise ShapeError(f"LocalResponseNorm takes three axes or more; received {text(input.shape)}.")
        dtype = str(input.dtype)
        squares = OPS["square"](input)
        rows = function("view")(squares, (input.shape[0], 1, input.shape[1], -1))
        padded = function("pad")(rows, (0, 0, self.size // 2, (self.size - 1) // 2))
        mean = function("avg_pool2d")(padded, (self.size, 1), (1, 1))
        mean = function("view")(mean, input.shape)
        divisor = add(multiply(mean, number(self.alpha, dtype)), number(self.k, dtype))
        return function("div")(input, OPS["power"](divisor, number(self.beta, dtype)))
