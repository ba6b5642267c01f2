"""Whether a document needs no second look before it is read: most do not, and this one look is all that they cost."""

from typing import Any

from layercalc.layers.keras.base import KERAS
from layercalc.readers.keras.keras1_json import TELLING
from layercalc.readers.keras.undescribed import HELD, reason

UNUSUAL = {*HELD, *(word for words in TELLING.values() for word in words)}  # keys of configs


class Unusual(Exception):  # noqa: N818
    """A document needs a second look."""


def is_plain(model: Any) -> bool:
    """Whether a document is a model of Keras' own layers, in words of today, none of which holds another."""
    return is_plain_model(model) and all(map(is_plain_item, model["config"]["layers"]))


def is_plain_model(model: Any) -> bool:
    """Whether a model is one such, but for the layers in it."""
    config, name = model.get("config"), model["class_name"]
    layers = config.get("layers") if isinstance(config, dict) else None
    return isinstance(layers, list) and isinstance(name, str) and name in KERAS.models and not reason(model)[0]


def is_plain_item(item: Any) -> bool:
    """Whether what stands in a model is such a layer, or such a model."""
    if not isinstance(item, dict) or not isinstance(name := item.get("class_name"), str):
        return False
    if name not in KERAS.kinds:
        return name in KERAS.models and is_plain(item)
    return (
        item.get("registered_name") is None
        and item.get("module", "keras.layers") == "keras.layers"
        and isinstance(config := item.get("config"), dict)
        and UNUSUAL.isdisjoint(config)
    )
