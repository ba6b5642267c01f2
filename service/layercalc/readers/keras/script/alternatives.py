"""What is one of several: strings in which versions of Keras differ, and layers that either of two branches makes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.model import Model
from layercalc.readers.keras.script.values import LayerObject, OneOf
from layercalc.readers.script import Native, Opaque

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

RESETS = {"clear_session", "reset_uids", "clear_layer_name_uids"}  # what begins to count names anew
ALIKE = ("kind", "config", "name", "shape", "layer", "given", "sure", "by_hand", "stands_for", "then")


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


def one_layer(names: "KerasNames", values: tuple[Any, ...]) -> LayerObject | None:
    """The layer that each of several branches makes alike, but for the values of its weights, and none has called.

    That each has made one of its own tells the name, which Keras counts on: one from before would have another.
    """
    first = values[0]
    nodes = names.slips.nodes
    if type(first) is not LayerObject or first.kind is Model or first.given or RESETS & (nodes.attrs | nodes.ids):
        return None
    for one in values:
        if type(one) is not LayerObject or one.spoilt is not None or id(one) in names.calls:
            return None
        if any(getattr(one, key) != getattr(first, key) for key in ALIKE) or one.inside:
            return None
    return first


def method(names: "KerasNames", value: OneOf, name: str) -> Native:
    """A method of a string."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        return each(names, value, lambda one: m.call(m.attribute(one, name, at), args, kwargs, at), at)

    return Native(name, run)
