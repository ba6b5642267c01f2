"""Strings in which versions of Keras differ: what comes out the same of each of them is known."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script.values import OneOf
from layercalc.readers.script import Native, Opaque

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames


def each(names: "KerasNames", value: OneOf, of: Callable[[Any], Any], at: Any) -> Any:
    """What is the same of all of them; of strings, or lists of them, one of these again."""
    found: list[Any] = []
    for one in value.values:
        result = of(one)
        if type(result) is Opaque:
            return result
        if not any(type(result) is type(other) and result == other for other in found):
            found.append(result)
    if len(found) == 1:
        return found[0]
    if len({type(one) for one in found}) == 1 and type(found[0]) in (str, list):
        return OneOf(tuple(found))
    return names.machine.unknown(at, Opaque(f"{value!r}, in which versions of Keras differ", at))


def method(names: "KerasNames", value: OneOf, name: str) -> Native:
    """A method of a string."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        return each(names, value, lambda one: m.call(m.attribute(one, name, at), args, kwargs, at), at)

    return Native(name, run)
