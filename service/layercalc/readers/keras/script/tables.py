"""The operations of functions that tables know: arguments as those of its constructor and of its call."""

from inspect import Parameter
from typing import Any

from layercalc.layers import ConfigError, Layer, fields_of
from layercalc.layers.keras.functions import operations, recorded
from layercalc.readers.keras.script import functions
from layercalc.readers.keras.script.effects import words
from layercalc.readers.keras.script.functions import Known
from layercalc.readers.keras.script.names import camel
from layercalc.readers.keras.tf_functions import until_known

AXES = words("Mean Sum Max Min Prod Any All Std Var Softmax LogSoftmax Stack Split")  # defaults as keras.ops has


def of_table(known: Known, args: list[Any], kwargs: dict[str, Any]) -> Layer:
    """The operation of a function whose parameters are known, called so."""
    config, named = functions.bound(known, args, kwargs, operations()[known.operation].signature.parameters)
    late = until_known(config)
    parameters = operations()[known.operation].signature.parameters
    if isinstance(config.get("data_format", 0), str) and config["data_format"] is None:
        del config["data_format"]
    config = {
        key: one for key, one in config.items() if one is not None or key not in ("data_format", "dtype", "strides")
    }
    by_position = [named[key] for key in parameters if key in named]
    return recorded(known.operation, config, by_position, {}, late)


def sorted_out(name: str, args: list[Any], kwargs: dict[str, Any]) -> tuple[dict[str, Any], list[Any], dict[str, Any]]:
    """Arguments of a function of keras.ops as those of its operation's constructor and of the call.

    By position, the call's required ones come first, then the constructor's.
    """
    kind = operations()[name]
    parameters = kind.signature.parameters.values()
    several = any(one.kind is Parameter.VAR_POSITIONAL for one in parameters)
    required = sum(one.default is Parameter.empty and one.kind is not Parameter.VAR_KEYWORD for one in parameters)
    fields = [key for key in fields_of(kind) if key not in ("name", "trainable", "dtype", "activity_regularizer")]
    if several or len(args) <= required or not fields:
        required = len(args)
    late = args[required:]
    if len(late) > len(fields):
        raise ConfigError([((), "it takes fewer arguments by position; write their names.")])
    config = dict(zip(fields, late, strict=False))
    own = {key: one for key, one in kwargs.items() if key in kind.signature.parameters}
    config |= {key: one for key, one in kwargs.items() if key not in own}
    if name == camel("concatenate"):
        config.setdefault("axis", 0)
    elif "axis" in fields and "axis" not in config and name not in AXES:
        raise ConfigError([((), "write its axis.")])
    if strange := [key for key in config if key not in (*fields, "dtype")]:
        raise ConfigError([((), f"it takes no argument {strange[0]!r} here.")])
    return config, args[:required], own
