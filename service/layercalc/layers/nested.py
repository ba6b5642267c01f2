"""Fields that hold a layer of their own: a wrapped layer, and an activation."""

from typing import Any

import marshmallow as ma
import numpy as np

from layercalc import ops
from layercalc.layers.base import ConfigError, Layer, Weight, build, nested
from layercalc.layers.fields import Field, note
from layercalc.layers.vocabulary import Vocabulary
from layercalc.ops.activation import constant_of, pointwise
from layercalc.wording import nearest, received


def read_layer(value: dict[str, Any], vocabulary: Vocabulary) -> tuple[Layer, str]:
    """A layer of the vocabulary and its name.

    `value` is `{"type": …, fields}` or Keras' `{"class_name": …, "config": {fields}}`.
    The notes and faults lead with `config` where the fields stand under that key.
    """
    foreign = "class_name" in value
    kind = value.get("class_name" if foreign else "type")
    if isinstance(kind, str) and kind in vocabulary.models:
        model = vocabulary.models[kind](value)
        model.identity = identity_of(value)
        return model, str(model.name)
    try:
        found = vocabulary.find(kind)
    except ConfigError as error:
        raise ConfigError([(("class_name" if foreign else "type",), detail) for _, detail in error.faults]) from None
    config = value.get("config", {}) if foreign else {key: item for key, item in value.items() if key != "type"}
    if not isinstance(config, dict):
        raise ConfigError([(("config",), f"Expected an object; received {received(config)}.")])
    if found.is_input:
        raise ConfigError([((), f"{found.type} is no layer to wrap.")])
    try:
        made = build(found, config)
    except ConfigError as error:
        raise ConfigError([((*prefix(foreign), *path), detail) for path, detail in error.faults]) from None
    made.notes = tuple(((*prefix(foreign), *path), detail) for path, detail in made.notes)
    made.identity = identity_of(value)
    return made, made.name or vocabulary.unnamed(made.type)


def identity_of(value: dict[str, Any]) -> str | None:
    """Which object a layer in a document of Keras is, where it says that the object stands in several places.

    Keras 2 counts `shared_object_id` anew in each model of a Sequential, so that class and name belong to it.
    """
    number, config = value.get("shared_object_id"), value.get("config")
    if type(number) is not int:
        return None
    name = config.get("name") if isinstance(config, dict) else None
    return f"{number}:{value.get('class_name')}:{name}"


def prefix(foreign: bool) -> tuple[str, ...]:
    return ("config",) if foreign else ()


class LayerField(Field):
    """Another layer, as a stack or as Keras writes it; loads as a layer whose `name` is set."""

    def expects(self) -> str:
        return 'a layer, such as {"type": "Dense", "units": 4}'

    def schema_of(self) -> dict[str, Any]:
        return {"$ref": "#/components/schemas/Layer"}

    def read(self, value: Any, name: str) -> Layer:
        if isinstance(value, Layer):  # a model that a reader of code has built already
            return value
        if not isinstance(value, dict) or not ("type" in value or "class_name" in value):
            raise self.refuse(value)
        made, own_name = inner(value, self)
        made.name = own_name
        return made


# Keras 2's hard_sigmoid is another function than Keras 3's; readers of its documents ask for it by this name.
OLD_ACTIVATIONS = {
    "keras2.hard_sigmoid": pointwise(
        "hard_sigmoid_2",
        lambda x: np.clip(constant_of(x, 0.2) * x + constant_of(x, 0.5), 0, 1),
        muls=1,
        adds=1,
        compares=2,
    )
}


class Function:
    """An activation function with its arguments; called as `activation(weight, x)`."""

    __slots__ = ("name", "op")

    def __init__(self, name: str):
        self.name = name
        self.op = OLD_ACTIVATIONS[name] if name in OLD_ACTIVATIONS else ops.ACTIVATIONS[name]

    def __call__(self, weight: Weight, x: Any) -> Any:
        return x if self.op is None else self.op(x)


ALIASES = {"swish": "silu", "hard_swish": "hard_silu"}


class Activation(Field):
    """An activation function by Keras' name, or an activation layer; null is linear."""

    def __init__(self, default: Any = None):
        super().__init__(default, null=default is None)

    def expects(self) -> str:
        return "an activation function or layer; the functions are " + ", ".join(sorted([*ops.ACTIVATIONS, *ALIASES]))

    def schema_of(self) -> dict[str, Any]:
        return {"anyOf": [{"enum": sorted([*ops.ACTIVATIONS, *ALIASES])}, {"type": "object"}]}

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **_: Any) -> Any:
        return super().deserialize(value, attr, data) or Function("linear")

    def read(self, value: Any, name: str) -> Any:
        function = value
        if isinstance(value, dict):
            config = value.get("config")
            if value.get("class_name") == "function" and isinstance(config, str | dict):
                function = config if isinstance(config, str) else config.get("name")
            elif "type" in value or "class_name" in value:
                return Wrapped(*inner(value, self))
        if not isinstance(function, str):
            raise self.refuse(value)
        if function in OLD_ACTIVATIONS:
            return Function(function)
        known = ALIASES.get(function, function)
        if known not in ops.ACTIVATIONS and known.lower() in ops.ACTIVATIONS:
            note((name,), f"{received(known)} read as {received(known.lower())}")
            known = known.lower()
        if known not in ops.ACTIVATIONS:
            raise self.refuse(value, nearest(function, [*ops.ACTIVATIONS, *ALIASES]).strip())
        return Function(known)


class Wrapped:
    """A layer used as an activation: its weights stand under its name."""

    __slots__ = ("layer", "name", "notes")

    def __init__(self, layer: Layer, name: str):
        self.layer, self.name, self.notes = layer, name, layer.notes

    def __call__(self, weight: Weight, x: Any) -> Any:
        return self.layer(weight.scope(self.name), x)


def inner(value: dict[str, Any], field: Field) -> tuple[Layer, str]:
    """`read_layer` inside a field, in the vocabulary of the layer that has it."""
    vocabulary: Vocabulary = field.parent.of_vocabulary  # type: ignore[union-attr]
    try:
        return read_layer(value, vocabulary)
    except ConfigError as error:
        raise ma.ValidationError(nested(error.faults)) from None
