"""Fields that hold a layer of their own: a wrapped layer, and an activation."""

from collections.abc import Callable
from typing import Any

import marshmallow as ma

from layercalc import ops
from layercalc.layers.base import ConfigError, Layer, Weight, build, find, nearest, nested, snake_case
from layercalc.layers.fields import Field, note, received

MODELS: dict[str, Callable[[dict[str, Any]], Layer]] = {}  # class names that readers build a whole model from


def read_layer(value: dict[str, Any]) -> tuple[Layer, str]:
    """A layer and its name, from `{"type": …, fields}` or Keras' `{"class_name": …, "config": {fields}}`.

    The notes and faults lead with `config` where the fields stand under that key.
    """
    foreign = "class_name" in value
    kind = value.get("class_name" if foreign else "type")
    if isinstance(kind, str) and kind in MODELS:
        model = MODELS[kind](value)
        model.identity = identity_of(value)
        return model, str(model.name)
    try:
        found = find(kind)
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
    return made, made.name or snake_case(made.type)


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
        made, own_name = inner(value)
        made.name = own_name
        return made


class Function:
    """An activation function with its arguments; called as `activation(weight, x)`."""

    __slots__ = ("name", "op")

    def __init__(self, name: str):
        self.name = name
        self.op = ops.OLD_ACTIVATIONS[name] if name in ops.OLD_ACTIVATIONS else ops.ACTIVATIONS[name]

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
                return Wrapped(*inner(value))
        if not isinstance(function, str):
            raise self.refuse(value)
        if function in ops.OLD_ACTIVATIONS:
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


def inner(value: dict[str, Any]) -> tuple[Layer, str]:
    """`read_layer` inside a field."""
    try:
        return read_layer(value)
    except ConfigError as error:
        raise ma.ValidationError(nested(error.faults)) from None
