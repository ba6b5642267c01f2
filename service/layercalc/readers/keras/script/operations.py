"""An operation called with arguments that a function of the text's was given."""

from typing import TYPE_CHECKING, Any

from layercalc.layers import ConfigError
from layercalc.layers.keras.functions import recorded
from layercalc.readers.keras.script import tensors
from layercalc.readers.keras.script.values import TensorObject
from layercalc.readers.script import Fault

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames


def operation(names: "KerasNames", name: str, config: dict[str, Any], args: list[Any], at: Any) -> TensorObject:
    """An operation of that name on tensors and constants."""
    found: list[Any] = []
    given = [tensors.slotted(names, one, found, at) for one in args]
    try:
        made = recorded(name, config, given, {})
    except ConfigError as error:
        raise Fault(at, error.faults[0][1]) from None
    return tensors.operate(names, made, found, at)


def given(args: list[Any], kwargs: dict[str, Any], *order: str, **defaults: Any) -> list[Any]:
    """The arguments of these names in their order, None or the default where one is left out."""
    found = dict(zip(order, args, strict=False)) | kwargs
    return [found.get(key, defaults.get(key)) for key in order]
