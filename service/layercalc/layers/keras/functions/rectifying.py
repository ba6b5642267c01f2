"""The rectifiers, which leave integers integers."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.layers.keras.functions.base import Operation, operation, tensor
from layercalc.ops import ACTIVATIONS, FLOATS, Tensor


class Rectifier(Operation):
    """What is below 0 as 0."""

    activation: ClassVar[str]
    ceiling: ClassVar[int | None] = None

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if str(x.dtype) in FLOATS:
            op: Any = ACTIVATIONS[self.activation]
            return op(x)
        y = ops.maximum(x, ops.constant(0, str(x.dtype)))
        return y if self.ceiling is None else ops.minimum(y, ops.constant(self.ceiling, str(x.dtype)))


@operation
class Relu(Rectifier):
    """max(x, 0)."""

    activation = "relu"


@operation
class Relu6(Rectifier):
    """max(x, 0), and 6 at most."""

    activation, ceiling = "relu6", 6
