"""Settings in the environment: `LAYERCALC_` and the name of a dataclass' field in capitals; an empty text is none."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from typing import Any, TypeVar

from layercalc.amounts import plain_digits

T = TypeVar("T")
Parser = Callable[[str], Any]  # what a text means; ValueError says what was expected instead


def setting(name: str) -> str:
    """The environment variable of a setting."""
    return f"LAYERCALC_{name.upper()}"


def whole(least: int, most: int | None = None) -> Parser:
    """An integer in a range."""
    span = f"an integer of at least {least}" if most is None else f"an integer from {least} to {most}"

    def parse(text: str) -> int:
        value = int(text) if plain_digits(text.strip(), 19) else least - 1
        if value < least or (most is not None and value > most):
            raise ValueError(span)
        return value

    return parse


def read(kind: type[T], environment: Mapping[str, str] | None = None) -> T:
    """A dataclass of settings, each field with its parser; SystemExit names one that makes no sense."""
    return kind(**{field.name: value(field, environment) for field in fields(kind)})  # type: ignore[arg-type]


def one(kind: type[Any], name: str) -> Any:
    """A single setting of them, for what is imported before all are read."""
    return next(value(field) for field in fields(kind) if field.name == name)


def value(field: Field, environment: Mapping[str, str] | None = None) -> Any:
    """What one setting is: its text in the environment, or its default."""
    text = (os.environ if environment is None else environment).get(setting(field.name))
    if not text:
        return field.default
    try:
        return field.metadata["parse"](text)
    except ValueError as error:
        shown = re.sub("//[^/@]*@", "//…@", text)  # a password has no place in a log
        raise SystemExit(f"layercalc: {setting(field.name)} has to be {error}; it is {shown!r}.") from None
