"""Layers of the text's classes that Keras copies, by their configs."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script.values import OwnObject
from layercalc.readers.script import Fault
from layercalc.readers.script.values import Function

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames


def check(names: "KerasNames", layers: list[Any], at: Any) -> None:
    """Refuse copies of layers of the text's classes, whose `__init__` gets the config: it may make another of it."""
    for one in layers:
        own = one if isinstance(one, OwnObject) else names.derived.get(id(one))
        if own is not None and own.instance is not None and type(own.instance.cls.find("__init__")) is Function:
            told = (
                f"Keras copies {own!r} here by its config, and __init__ of {own.title} may make another layer of that"
            )
            raise Fault(at, f"{told}; make it anew.")
