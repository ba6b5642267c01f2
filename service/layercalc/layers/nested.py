"""Fields that hold a layer of their own: a wrapped layer, and an activation."""

from typing import Any

from layercalc.errors import Offer
from layercalc.layers.base import Layer
from layercalc.layers.config import ConfigError, build, nested
from layercalc.layers.fields import Field, ValidationError
from layercalc.layers.vocabulary import Vocabulary
from layercalc.wording import received

REFUSED = "refused"  # the key of a Refusal
RECORDED = "recorded"  # of the option `custom`: what is not described is made of what a document records


class Refusal(str):
    """What a reader says in place of reading a layer, under the key REFUSED, which no document can hold as such.

    `at` is where in the layer it shows, `meant` what could stand there instead.
    """

    at: tuple[object, ...]
    meant: str | None

    def __new__(cls, told: str, at: tuple[object, ...] = (), meant: str | None = None) -> "Refusal":
        self = super().__new__(cls, told)
        self.at, self.meant = at, meant
        return self

    def said(self) -> str:
        return str(self) if self.meant is None else Offer(self, self.meant)


def read_layer(value: dict[str, Any], vocabulary: Vocabulary) -> tuple[Layer, str]:
    """A layer of the vocabulary and its name.

    `value` is `{"type": …, fields}` or Keras' `{"class_name": …, "config": {fields}}`.
    The notes and faults lead with `config` where the fields stand under that key.
    """
    if isinstance(told := value.get(REFUSED), Refusal):
        raise ConfigError([(told.at, told.said())])
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
    number = value.get("shared_object_id")
    if number.__class__ is not int:
        return None
    config = value.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    return identity(number, value.get("class_name"), name)


def identity(number: int, kind: object, name: object) -> str:
    """Which object the layer is that has this `shared_object_id`."""
    return f"{number}:{kind}:{name}"


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


def inner(value: dict[str, Any], field: Field) -> tuple[Layer, str]:
    """`read_layer` inside a field, in the vocabulary of the layer that has it."""
    vocabulary: Vocabulary = field.parent.of_vocabulary  # type: ignore[union-attr]
    try:
        return read_layer(value, vocabulary)
    except ConfigError as error:
        raise ValidationError(nested(error.faults)) from None
