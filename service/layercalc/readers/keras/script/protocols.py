"""What Python's operators, loops and isinstance do with Keras' values."""

import ast
from typing import Any

from layercalc.model import ALL
from layercalc.readers.keras.script import alternatives, classes, indexing, makers, pipelines, tensors
from layercalc.readers.keras.script.arguments import unknown_in
from layercalc.readers.keras.script.sizes import ShapeObject
from layercalc.readers.keras.script.values import (
    LAYERS,
    MADE_ANEW,
    DatasetObject,
    FunctionName,
    GraphObject,
    History,
    Kind,
    LayerObject,
    Layers,
    LostModel,
    OneOf,
    OwnObject,
    TensorObject,
    Weights,
)
from layercalc.readers.script import MISSING, Foreign, Instance, Opaque, Vocabulary
from layercalc.readers.script.items import get_item
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

    def class_of(self, value: Any, at: Any) -> Any:
        found = classes.class_of(self.names, value)
        return Opaque("", at) if found is None else found

    def of_older(self, value: Any, name: str, at: Any) -> Any:
        """`x.shape[1].value`, as TensorFlow 1 has it, of which sizes are objects."""
        size = getattr(at, "value", None)
        if name != "value" or type(value) not in (int, type(None)) or not isinstance(size, ast.Subscript):
            return MISSING
        of = size.value.func if isinstance(size.value, ast.Call) else size.value
        if not isinstance(of, ast.Attribute) or of.attr not in ("shape", "get_shape"):
            return MISSING
        self.machine.warn(at, "A size has a value in TensorFlow 1 alone; it is the size.")
        return value

    def has(self, value: Any, name: str, at: Any) -> Any:
        return classes.has(self.names, value, name, at)

    def contained(self, item: Any, value: Any, at: Any) -> Any:
        if not isinstance(item, OneOf):
            return None
        return alternatives.each(self.names, item, lambda one: self.machine.compare("in", one, value, at), at)

    def identical(self, left: Any, right: Any, at: Any) -> Any:
        if isinstance(left, MADE_ANEW):
            return left is right or self.unknown(at, left, right)
        if isinstance(left, TensorObject) and isinstance(right, TensorObject) and left.call is right.call:
            return left is right or self.unknown(at, left, right)  # `layer.output` is made anew here
        both = isinstance(left, Kind) and isinstance(right, Kind)
        return classes.same(self.names, left, right, at) if both else super().identical(left, right, at)

    def contains(self, value: Any, item: Any, at: Any) -> Any:
        if isinstance(value, OneOf):
            return alternatives.each(self.names, value, lambda one: self.machine.compare("in", item, one, at), at)
        return super().contains(value, item, at)

    def plain(self, value: Any) -> Any:
        return value.sizes if isinstance(value, ShapeObject) and None not in value.sizes else value

    def convert(self, kind: str, value: Any, at: Any) -> Any:
        return value if kind == "str" and isinstance(value, OneOf) else super().convert(kind, value, at)

    def compare(self, op: str, left: Any, right: Any, at: Any) -> Any:
        if isinstance(left, OneOf):
            return alternatives.each(self.names, left, lambda one: self.machine.compare(op, one, right, at), at)
        if isinstance(right, OneOf):
            return alternatives.each(self.names, right, lambda one: self.machine.compare(op, left, one, at), at)
        if op in ("==", "!=") and isinstance(left, Kind) and isinstance(right, Kind):
            found = classes.same(self.names, left, right, at)
            return found if type(found) is Opaque else found is (op == "==")
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
            return indexing.item(self.names, makers.as_tensor(self.names, value, at), key, at)
        if isinstance(value, TensorObject):
            return indexing.item(self.names, value, key, at)
        if isinstance(value, Layers) and value.model.spoilt is None:
            return self.part(value.items, key, at)
        if isinstance(value, ShapeObject):
            return (
                value.size(key)
                if type(key) is int and -value.rank <= key < value.rank
                else self.part(value.sizes, key, at)
            )
        if isinstance(value, OneOf):
            return alternatives.each(self.names, value, lambda one: get_item(self.machine, one, key, at), at)
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
        if isinstance(value, DatasetObject):
            return pipelines.iterate(self.names, value, at)
        return indexing.split(self.names, value, at) if isinstance(value, TensorObject) else super().iterate(value, at)

    def length(self, value: Any, at: Any) -> Any:
        if isinstance(value, Layers) and value.model.spoilt is None:
            return len(value.items)
        if isinstance(value, TensorObject) and (every := indexing.several(self.names, value, at)):
            return len(every)
        return value.rank if isinstance(value, ShapeObject) else super().length(value, at)

    def truth(self, value: Any, at: Any) -> Any:
        if isinstance(value, LAYERS | Kind | FunctionName | LostModel | History | OwnObject | Instance):
            return True
        return value.rank > 0 if isinstance(value, ShapeObject) else super().truth(value, at)

    def is_instance(self, value: Any, kind: Any, at: Any) -> Any:
        found = classes.belongs(value, kind) if isinstance(kind, Kind) else None
        return Opaque("", at) if found is None else found

    def is_plain(self, value: Any, kinds: set[str], at: Any) -> Any:
        listed = {"list", "tuple"} <= kinds
        if isinstance(value, ShapeObject):
            if "tuple" not in kinds:
                return False
            return Opaque("whether a shape is a tuple, as in Keras 3, or a TensorShape, as in Keras 2,", at)
        if isinstance(value, Layers | Weights) and "list" in kinds:
            return True if isinstance(value, Layers) else Opaque("", at)
        if isinstance(value, TensorObject) and kinds & {"list", "tuple"} and value.output == ALL:
            if len(tensors.outputs(self.names, value.call, at)) > 1:
                return listed or self.gives(value.call.layer, kinds, at)
            if isinstance(value.call.layer, GraphObject) and value.call.layer.listed and "list" in kinds:
                return Opaque("whether a model of one output in a list gives a list, as in Keras 3,", at)
            return False
        return isinstance(value, Kind) and "type" in kinds

    def gives(self, layer: Any, kinds: set[str], at: Any) -> Any:
        """Whether a layer of several outputs gives one of these: a list or a tuple."""
        if isinstance(layer, GraphObject) and layer.listed is not None:
            return (list if layer.listed else tuple).__name__ in kinds
        if isinstance(layer, LayerObject) and layer.kind.type.endswith("Attention"):
            return "tuple" in kinds
        return Opaque("whether several outputs are a list, as in Keras 2, or a tuple, as in Keras 3,", at)

    @property
    def names(self) -> Any:
        """Itself, as the functions of this package take it."""
        return self
