"""What Python's operators, loops and isinstance do with Keras' values."""

from typing import Any

from layercalc.layers.keras.base import KERAS
from layercalc.readers.keras.script import makers, tensors
from layercalc.readers.keras.script.arguments import unknown_in
from layercalc.readers.keras.script.names import derives_from
from layercalc.readers.keras.script.values import (
    MODELS,
    FunctionName,
    History,
    Kind,
    LayerObject,
    Layers,
    LostModel,
    OperationObject,
    OwnObject,
    SequentialObject,
    ShapeObject,
    TensorObject,
)
from layercalc.readers.script import Foreign, Instance, Opaque, Vocabulary
from layercalc.readers.script.modules.arrays import is_array


class Protocols(Vocabulary):
    """The hooks of operators and of what runs through a value."""

    def unary(self, op: str, value: Any, at: Any) -> Any:
        if isinstance(value, TensorObject) and op in ("-", "abs"):
            return tensors.recorded_call(self.names, "Negative" if op == "-" else "Absolute", [value], at)
        return super().unary(op, value, at)

    def binary(self, op: str, left: Any, right: Any, at: Any) -> Any:
        if isinstance(left, TensorObject) or isinstance(right, TensorObject):
            return tensors.operator(self.names, op, left, right, at)
        return super().binary(op, left, right, at)

    def compare(self, op: str, left: Any, right: Any, at: Any) -> Any:
        one, other = (tuple(x.sizes) if isinstance(x, ShapeObject) else x for x in (left, right))
        if isinstance(left, ShapeObject) or isinstance(right, ShapeObject):
            if isinstance(one, list) or isinstance(other, list):  # the same to Keras 2, never to Keras 3
                return self.machine.unknown(at, Opaque("a shape beside a list, in which Keras 2 and 3 differ", at))
            return self.machine.compare(op, one, other, at)
        if op not in ("==", "!=") and (isinstance(left, TensorObject) or isinstance(right, TensorObject)):
            return tensors.operator(self.names, op, left, right, at)
        if isinstance(left, TensorObject) or isinstance(right, TensorObject):
            return Opaque("", at)
        return super().compare(op, left, right, at)

    def item(self, value: Any, key: Any, at: Any) -> Any:
        if is_array(self.machine, value):
            return tensors.item(self.names, makers.as_tensor(self.names, value, at), key, at)
        if isinstance(value, TensorObject):
            return tensors.item(self.names, value, key, at)
        if isinstance(value, Layers) and value.model.spoilt is None:
            return self.part(value.items, key, at)
        if isinstance(value, ShapeObject):
            return self.part(value.sizes, key, at)
        return super().item(value, key, at)

    def part(self, of: Any, key: Any, at: Any) -> Any:
        """of[key], as Python has it."""
        if unknown_in(self.names, key) is not None:
            return Opaque("", at, holds=tuple(one for one in of if isinstance(one, Foreign)))
        if isinstance(key, slice):
            if unknown_in(self.names, key.start, key.stop, key.step) is not None:
                return Opaque("", at, holds=tuple(one for one in of if isinstance(one, Foreign)))
        elif type(key) is not int:
            return self.machine.fail("TypeError", "list indices must be integers or slices", at)
        elif not -len(of) <= key < len(of):
            return self.machine.fail("IndexError", "list index out of range", at)
        return of[key]

    def iterate(self, value: Any, at: Any) -> Any:
        if isinstance(value, Layers) and value.model.spoilt is None:
            return list(value.items)
        if isinstance(value, ShapeObject):
            return list(value.sizes)
        return tensors.split(self.names, value, at) if isinstance(value, TensorObject) else super().iterate(value, at)

    def length(self, value: Any, at: Any) -> Any:
        if isinstance(value, Layers) and value.model.spoilt is None:
            return len(value.items)
        return len(value.sizes) if isinstance(value, ShapeObject) else super().length(value, at)

    def truth(self, value: Any, at: Any) -> Any:
        if isinstance(value, LayerObject | MODELS | Kind | FunctionName | LostModel | History | OwnObject | Instance):
            return True
        return bool(value.sizes) if isinstance(value, ShapeObject) else super().truth(value, at)

    def is_instance(self, value: Any, kind: Any, at: Any) -> Any:
        if (
            not isinstance(kind, Kind)
            or not isinstance(value, LayerObject | MODELS)
            or isinstance(value, OperationObject)
        ):
            return Opaque("", at)
        if kind.name == "Layer":
            return True
        if isinstance(value, MODELS):
            return (
                (False if KERAS.get(kind.name) is not None else Opaque("", at))
                if kind.name not in KERAS.models
                else kind.name != "Sequential" or isinstance(value, SequentialObject)
            )
        asked = KERAS.get(kind.name)
        derives = False if kind.name in KERAS.models else derives_from(value.kind.type, asked.type if asked else "")
        return Opaque("", at) if derives is None else derives

    @property
    def names(self) -> Any:
        """Itself, as the functions of this package take it."""
        return self
