"""Operations of `keras.ops` that Keras records as layers of a Functional model.

They are a vocabulary of their own: the operation `Add` is not the layer `Add`. Arguments that are no tensors are
fields, under Keras' names; `arguments` is the order in which a call lists tensors and others.
"""

from typing import Any, ClassVar, TypeVar

from layercalc import ops
from layercalc.layers.base import Layer, Weight, read_signature, schema_of
from layercalc.layers.fields import Number
from layercalc.ops import Tensor

OPERATIONS: dict[str, type[Layer]] = {}
Cls = TypeVar("Cls", bound=type[Layer])


def operation(cls: Cls) -> Cls:
    """Register an operation by its class name."""
    cls.type = cls.__name__
    cls.schema = schema_of(cls)
    read_signature(cls)
    OPERATIONS[cls.__name__] = cls
    return cls


@operation
class NotEqual(Layer):
    """x1 != x2, element by element: the mask that an Embedding with mask_zero makes, as Keras records it."""

    arguments: ClassVar[tuple[str, ...]] = ("x1", "x2")
    x2 = Number()

    def call(self, weight: Weight, x1: Tensor) -> Tensor:
        return ops.not_equal(x1, ops.constant(self.x2))

    def mask(self, masks: Any, *inputs: Tensor) -> None:
        return None
