"""Layers that some networks of keras.applications define for themselves."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.layers.base import Weight
from layercalc.layers.fields import Int, Number
from layercalc.layers.initializers import Constant
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.regularization import Inert
from layercalc.ops import Tensor


@layer
class LayerScale(Layer):
    """x · gamma, gamma learned for each channel (Touvron et al. 2021, arXiv:2103.17239); ConvNeXt's.

    Keras gives gamma no name, and calls a weight without one `variable`.
    """

    init_values = Number()
    projection_dim = Int(min=1)

    example: ClassVar[Any] = {"init_values": 1e-6, "projection_dim": 3}, (2, 4, 4, 3)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        start = Constant(self.init_values)
        return ops.multiply(x, weight("variable", (self.projection_dim,), start))


@layer
class StochasticDepth(Inert):
    """Drops whole branches in training (Huang et al. 2016, arXiv:1603.09382); nothing at inference. ConvNeXt's."""

    drop_path_rate = Number(min=0, max=1)

    supports_masking = False
    example: ClassVar[Any] = {"drop_path_rate": 0.1}, (2, 4, 4, 3)


@layer
class CustomScaleLayer(Layer):
    """The first input plus `scale` times the second; Inception-ResNet's."""

    scale = Number()

    example: ClassVar[Any] = {"scale": 0.17}, [(2, 4, 4, 3), (2, 4, 4, 3)]

    def call(self, weight: Weight, x: Tensor, residual: Tensor) -> Tensor:
        return ops.add(x, ops.multiply(residual, ops.constant(self.scale)))
