"""A layer whose `call` a text of code holds, as one layer of what it computes."""

from collections.abc import Sequence
from typing import Any

from layercalc.dims import Shape
from layercalc.layers.base import Weight
from layercalc.layers.keras.base import KERAS, Layer
from layercalc.layers.keras.cells import Cell, States
from layercalc.layers.keras.fields import POLICIES
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


class WrittenCell(Written, Cell):
    """A cell whose `call(inputs, states)` the text holds: a graph of the input and the states to the output and those.

    `sizes` are the shapes of the states without the batch, `output` which of them the output is shaped like.
    """

    def __init__(self, name: str, kind: str, graph: Model, sizes: list[Shape], output: int):
        super().__init__(kind, graph)
        self.name, self.sizes, self.output = name, sizes, output
        self.states = len(sizes)
        self.dtype = POLICIES["float32"]

    def prepare(self, weight: Weight, x: Tensor) -> tuple[Tensor, Any]:
        """The input as it is, and the weights, which every step reads."""
        weight = weight if self.trainable else weight.locked()
        return x, HeldWeights(
            weight, {id(one): one.layer(weight) for one in self.graph.calls if isinstance(one.layer, Variable)}
        )

    def step(self, parts: Any, z: Tensor, states: States) -> tuple[Tensor, States]:
        outputs = self.graph.walk([(one, None) for one in (z, *states)], parts)
        y, *new = [value for value, _ in outputs]
        return y, tuple(new)

    def state_sizes(self, z: Tensor) -> list[Shape]:
        return self.sizes


class HeldWeights(Inside):
    """The visitor of a graph whose weights have been read, by the ids of their calls."""

    def __init__(self, weight: Weight, held: dict[int, Tensor]):
        super().__init__(weight)
        self.held = held

    def visit(self, call: Call, inputs: list[Any], named: dict[str, Any]) -> Sequence[Any]:
        if id(call) in self.held:
            return [(self.held[id(call)], None)]
        return super().visit(call, inputs, named)


class OwnWeights(Inside):
    """The visitor of a graph whose weights are its layer's own, under their names in it."""

    def visit(self, call: Call, inputs: list[Any], named: dict[str, Any]) -> Sequence[Any]:
        if isinstance(call.layer, Variable):
            READING.get().spend()
            return [(call.layer(self.weight), None)]
        return super().visit(call, inputs, named)
