"""Layers that act in training only: at inference their output is their input."""

from typing import Any, ClassVar

from layercalc.layers.array_fields import Dimensions
from layercalc.layers.base import Weight
from layercalc.layers.fields import Int, Number
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.fields import DataFormat
from layercalc.ops import Tensor


class Inert(Layer):
    """Hands its input on unchanged."""

    supports_masking = True

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        return x


@layer
class Dropout(Inert):
    """Zeroes a share of the elements in training (Srivastava et al. 2014); nothing at inference."""

    rate = Number(min=0, max=1)
    noise_shape = Dimensions(None)
    seed = Int(None)

    example: ClassVar[Any] = {"rate": 0.5}, (2, 5)


@layer
class AlphaDropout(Inert):
    """Dropout that keeps mean and variance (Klambauer et al. 2017); nothing at inference."""

    rate = Number(min=0, max=1)
    noise_shape = Dimensions(None)
    seed = Int(None)

    example: ClassVar[Any] = {"rate": 0.5}, (2, 5)


@layer
class GaussianDropout(Inert):
    """Multiplies by noise around 1 in training; nothing at inference."""

    rate = Number(min=0, max=1)
    seed = Int(None)

    example: ClassVar[Any] = {"rate": 0.5}, (2, 5)


@layer
class GaussianNoise(Inert):
    """Adds noise around 0 in training; nothing at inference."""

    stddev = Number(min=0)
    seed = Int(None)

    example: ClassVar[Any] = {"stddev": 0.1}, (2, 5)


class SpatialDropout(Inert):
    """Zeroes whole channels in training (Tompson et al. 2015); nothing at inference."""

    legacy: ClassVar[dict[str, str | None]] = {"noise_shape": None}

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        self.needs_rank(x, (self.rank or 1) + 2, "batch, spatial axes, channels")
        return x


@layer(SpatialDropout1D=1)
class SpatialDropoutSteps(SpatialDropout):
    """Zeroes whole channels in training (Tompson et al. 2015); nothing at inference."""

    rate = Number(min=0, max=1)
    seed = Int(None)

    examples: ClassVar[Any] = {1: ({"rate": 0.5}, (2, 5, 3))}


@layer(SpatialDropout2D=2, SpatialDropout3D=3)
class SpatialDropoutSpace(SpatialDropout):
    """Zeroes whole channels in training (Tompson et al. 2015); nothing at inference."""

    rate = Number(min=0, max=1)
    data_format = DataFormat()
    seed = Int(None)

    examples: ClassVar[Any] = {2: ({"rate": 0.5}, (2, 5, 5, 3)), 3: ({"rate": 0.5}, (2, 3, 3, 3, 2))}


@layer
class ActivityRegularization(Inert):
    """Adds to the loss in training; nothing at inference."""

    l1 = Number(0.0)
    l2 = Number(0.0)

    example: ClassVar[Any] = {"l1": 0.01}, (2, 5)


@layer
class Identity(Inert):
    """Hands its input on."""

    example: ClassVar[Any] = {}, (2, 5)
