"""Branches: two graphs inside a node, of which one is run."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers import base
from layercalc.layers.base import Weight
from layercalc.layers.onnx.base import ONNX
from layercalc.ops import Tensor


class Body(NamedTuple):
    """A graph inside a node: a model, and which tensors from outside it takes, by their numbers among the node's."""

    model: Any
    takes: tuple[int, ...]

    def on(self, weight: Weight, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """What it gives."""
        made = self.model.call(weight, *(inputs[place] for place in self.takes))
        return made if type(made) is tuple else (made,)


class If(base.Layer):
    """One of two graphs, by a condition; the dearer of them is counted."""

    of_vocabulary = ONNX
    type = "If"
    takes = (1, None)
    accepts = frozenset()

    arguments: Mapping[str, Any] | None = {}

    def __init__(self, condition: base.Layer, then: Body, otherwise: Body):
        self.condition, self.then, self.otherwise = condition, then, otherwise

    def __call__(self, weight: Weight, *inputs: Tensor, **_: Any) -> Any:
        (condition,) = self.condition(weight, *inputs)
        if str(condition.dtype) != "bool" or condition.shape not in ((), (1,)):
            raise ShapeError(f"A condition is one truth; received {text(condition.shape)} of {condition.dtype}.")
        return ops.choose(condition, lambda: self.then.on(weight, inputs), lambda: self.otherwise.on(weight, inputs))

    def mask(self, masks: Any, *inputs: Tensor) -> None:
        return None
