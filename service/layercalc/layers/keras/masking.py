"""The layer that makes a mask of its input's values."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.layers.base import Weight
from layercalc.layers.fields import Number
from layercalc.layers.keras.base import Layer, layer
from layercalc.ops import Tensor


class MaskValue(Number):
    """A number; Keras may write it as a tensor."""

    def read(self, value: Any, name: str) -> float:
        config = value.get("config") if isinstance(value, dict) else None
        return super().read(config.get("value") if isinstance(config, dict) else value, name)


@layer
class Masking(Layer):
    """Masks and zeroes every step whose features all are `mask_value`."""

    mask_value = MaskValue(0.0)

    supports_masking = True
    example: ClassVar[Any] = {}, (2, 5, 3)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        keep = self.kept(x)
        return ops.select(ops.reshape(keep, to=(*keep.shape, 1)), x, ops.full((), 0.0))

    def kept(self, x: Tensor) -> Tensor:
        if x.ndim < 1:
            self.needs_rank(x, 3, "batch, steps, features")
        return ops.reduce_any(ops.not_equal(x, ops.constant(self.mask_value, str(x.dtype))), axes=(x.ndim - 1,))

    def mask(self, masks: Any, *inputs: Tensor) -> Tensor:
        return self.kept(inputs[0])
