"""A layer whose `call` a text of code holds, as one layer of what it computes."""

from collections.abc import Sequence
from typing import Any

from layercalc.layers.base import Weight
from layercalc.layers.keras.base import KERAS, Layer
from layercalc.layers.keras.variables import Variable
from layercalc.model import Call, Inside, Model
from layercalc.ops import READING, Tensor


class Written(Layer):
    """A layer whose `call` the text holds, as the graph that it makes of its inputs: weights and operations alone."""

    of_vocabulary = KERAS
    accepts = frozenset()

    def __init__(self, kind: str, graph: Model):
        self.type, self.graph, self.takes = kind, graph, graph.takes
        told = [one.layer.only_analysed for one in graph.calls if one.layer is not None and one.layer.only_analysed]
        self.only_analysed = told[0] if told else ""  # type: ignore[misc]
        self.trainable = graph.trainable

    def __call__(self, weight: Weight, *inputs: Tensor, **_: Any) -> Any:
        outputs = self.graph.walk(
            [(x, None) for x in inputs], OwnWeights(weight.owned(self) if self.trainable else weight.locked())
        )
        values = tuple([value for value, _ in outputs])
        return values[0] if len(values) == 1 else values

    def mask(self, masks: Any, *inputs: Tensor) -> None:
        return None


class OwnWeights(Inside):
    """The visitor of a graph whose weights are its layer's own, under their names in it."""

    def visit(self, call: Call, inputs: list[Any], named: dict[str, Any]) -> Sequence[Any]:
        if isinstance(call.layer, Variable):
            READING.get().spend()
            return [(call.layer(self.weight), None)]
        return super().visit(call, inputs, named)
