"""Whether a document needs no second look before it is read: most do not, and this one look is all that they cost."""

from typing import Any

from layercalc.layers.keras.base import KERAS
from layercalc.readers.keras.keras1_json import TELLING
from layercalc.readers.keras.undescribed import HELD, reason

UNUSUAL = {*HELD, *(word for words in TELLING.values() for word in words)}  # keys of configs


def is_plain(model: Any) -> bool:
    """Whether a document is a model of Keras' own layers, in words of today, none of which holds another."""
    config = model.get("config")
    layers = config.get("layers") if isinstance(config, dict) else None
    name = model["class_name"]
    if not isinstance(layers, list) or not isinstance(name, str) or name not in KERAS.models or reason(model)[0]:
        return False
    for item in layers:
        if not isinstance(item, dict) or not isinstance(name := item.get("class_name"), str):
            return False
        if name not in KERAS.kinds:
            if name not in KERAS.models or not is_plain(item):
                return False
        elif (
            item.get("registered_name") is not None
            or item.get("module", "keras.layers") != "keras.layers"
            or not isinstance(config := item.get("config"), dict)
            or not UNUSUAL.isdisjoint(config)
        ):
            return False
    return True
