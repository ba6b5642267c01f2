"""Pooling of every rank, in windows and over whole axes."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.layers.array_fields import Dims
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.fields import DataFormat
from layercalc.layers.keras.padding import slide
from layercalc.ops import Tensor
from layercalc.ops.window import AXES


class Pooling(Layer):
    """One number for each window and channel; windows side by side unless `strides` says otherwise."""

    pool: ClassVar[Any]
    pool_size: Any
    strides: Any
    padding: Any

    examples: ClassVar[Any] = {
        1: ({"pool_size": 2}, (2, 9, 3)),
        2: ({"pool_size": 3, "strides": 2, "padding": "same"}, (2, 8, 8, 3)),
        3: ({"pool_size": 2}, (2, 4, 4, 4, 3)),
    }

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        spatial_axes(self, x)
        size = self.pool_size
        window = {"size": size, "strides": self.strides or size, "padding": self.padding}
        return slide(self.pool, x, window=size, field="pool_size", **window)


@layer(aliases=("MaxPool{}D",), MaxPooling1D=1, MaxPooling2D=2, MaxPooling3D=3)
class MaxPooling(Pooling):
    """The largest number of each window and channel; windows side by side unless `strides` says otherwise."""

    pool_size = Dims(2)
    strides = Dims(None)
    padding = Choice(("valid", "same"), "valid")
    data_format = DataFormat()
    pool = ops.max_pool


@layer(aliases=("AvgPool{}D",), AveragePooling1D=1, AveragePooling2D=2, AveragePooling3D=3)
class AveragePooling(Pooling):
    """The mean of each window and channel, padding left out; windows side by side unless `strides` says otherwise."""

    pool_size = Dims()
    strides = Dims(None)
    padding = Choice(("valid", "same"), "valid")
    data_format = DataFormat()
    pool = ops.average_pool


class GlobalPooling(Layer):
    """One number for each channel, over all positions."""

    data_format = DataFormat()
    keepdims = Bool(False)

    examples: ClassVar[Any] = {
        1: ({}, (2, 5, 3)),
        2: ({"keepdims": True}, (2, 5, 5, 3)),
        3: ({}, (2, 3, 3, 3, 4)),
    }


@layer(aliases=("GlobalMaxPool{}D",), GlobalMaxPooling1D=1, GlobalMaxPooling2D=2, GlobalMaxPooling3D=3)
class GlobalMaxPooling(GlobalPooling):
    """The largest number of each channel, over all positions."""

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        return ops.global_max_pool(x, axes=spatial_axes(self, x), keepdims=self.keepdims)


@layer(aliases=("GlobalAvgPool{}D",), GlobalAveragePooling2D=2, GlobalAveragePooling3D=3)
class GlobalAveragePooling(GlobalPooling):
    """The mean of each channel, over all positions."""

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        return ops.global_average_pool(x, axes=spatial_axes(self, x), keepdims=self.keepdims)


@layer(aliases=("GlobalAvgPool{}D",), GlobalAveragePooling1D=1)
class MaskedAveragePooling(GlobalPooling):
    """The mean of each channel, over all steps, or over those that the mask keeps."""

    def call(self, weight: Weight, x: Tensor, *, mask: Tensor | None = None) -> Tensor:
        axes = spatial_axes(self, x)
        if mask is None:
            return ops.global_average_pool(x, axes=axes, keepdims=self.keepdims)
        kept = ops.cast(ops.reshape(mask, to=(*mask.shape, 1)), to=str(x.dtype))
        total = ops.reduce_sum(ops.multiply(x, kept), axes=axes, keepdims=self.keepdims)
        return ops.divide(total, ops.reduce_sum(kept, axes=axes, keepdims=self.keepdims))


def spatial_axes(layer: Layer, x: Tensor) -> tuple[int, ...]:
    """The axes between batch and channels, once it is certain that they are there."""
    rank = layer.rank or 1
    layer.needs_rank(x, rank + 2, ", ".join(("batch", *AXES[rank], "channels")))
    return tuple(range(1, rank + 1))


class AdaptivePooling(Layer):
    """A fixed number of windows along each spatial axis, whatever the size of the input."""

    op: ClassVar[Any]

    output_size = Dims()
    data_format = DataFormat()

    examples: ClassVar[Any] = {
        1: ({"output_size": 3}, (2, 7, 3)),
        2: ({"output_size": [3, 2]}, (2, 7, 5, 3)),
        3: ({"output_size": 2}, (2, 3, 4, 5, 2)),
    }

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        spatial_axes(self, x)
        return self.op(x, output_size=self.output_size)


@layer(AdaptiveAveragePooling1D=1, AdaptiveAveragePooling2D=2, AdaptiveAveragePooling3D=3)
class AdaptiveAveragePooling(AdaptivePooling):
    """The mean of each of a fixed number of windows."""

    op = ops.adaptive_average_pool


@layer(AdaptiveMaxPooling1D=1, AdaptiveMaxPooling2D=2, AdaptiveMaxPooling3D=3)
class AdaptiveMaxPooling(AdaptivePooling):
    """The largest of each of a fixed number of windows."""

    op = ops.adaptive_max_pool
