"""Layers one after another in one layer."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.errors import ShapeError
from layercalc.layers import base
from layercalc.layers.base import Weight
from layercalc.layers.fields import Field, Note, ValidationError
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.nested import inner
from layercalc.ops import Tensor


class Layers(tuple[base.Layer, ...]):
    """Layers whose names differ."""

    @property
    def notes(self) -> tuple[Note, ...]:
        return tuple(((index, *path), detail) for index, one in enumerate(self) for path, detail in one.notes)


class LayerList(Field):
    """Layers, each as a stack or as Keras writes it."""

    def expects(self) -> str:
        return 'a list of layers, such as [{"type": "Rescaling", "scale": 2}]'

    def schema_of(self) -> dict[str, Any]:
        return {"type": "array", "items": {"$ref": "#/components/schemas/Layer"}}

    def read(self, value: Any, name: str) -> Layers:
        if not isinstance(value, list | tuple):
            raise self.refuse(value)
        found: dict[str, base.Layer] = {}
        faults: dict[int, Any] = {}
        for index, item in enumerate(value):
            if not isinstance(item, base.Layer | dict) or (
                isinstance(item, dict) and not {"type", "class_name"} & set(item)
            ):
                raise self.refuse(value)
            try:
                made, own = (item, str(item.name)) if isinstance(item, base.Layer) else inner(item, self)
            except ValidationError as error:
                faults[index] = error.messages
                continue
            made.name = own if own not in found else f"{own}_{index}"
            found[made.name] = made
        if faults:
            raise ValidationError(faults)
        return Layers(found.values())


@layer
class Pipeline(Layer):
    """Layers applied one after another."""

    layers = LayerList()

    example: ClassVar[Any] = {"layers": [{"type": "Rescaling", "scale": 2.0}, {"type": "Flatten"}]}, (2, 4, 4, 3)

    def call(self, weight: Weight, inputs: Tensor, mask: Tensor | None = None) -> Any:
        x = inputs
        for one in self.layers:
            if isinstance(x, tuple | list) and not isinstance(x, ops.Spec):
                raise ShapeError(f"{one.type} in a Pipeline takes one tensor; received {len(x)}.", "layers")
            y = one(weight.scope(one.name), x, masks=(mask,))
            mask = one.mask((mask,), x)
            x = y
        return x
