"""Lists and dicts that a layer or model has as attributes: Keras 3 keeps copies, and follows some of their changes."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script.arguments import node_at
from layercalc.readers.keras.script.values import (
    LAYERS,
    OwnObject,
)
from layercalc.readers.script import Fault, Instance

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

MOST_DEEP = 20  # containers in containers


def keep(names: "KerasNames", own: OwnObject, name: str, value: Any, at: Any) -> Any:
    """What `self.name = value` has as its value from then on."""
    made = copied(names, value, at)
    if made is not value:
        names.copies.setdefault(id(own), {})[name] = value, layers_in(names, value), at
    return made


def copied(names: "KerasNames", value: Any, at: Any, depth: int = 0) -> Any:
    """A container as Keras holds it, those in it too; one of which something is not known is left as it is."""
    kind = type(value)
    names.machine.meter.work(32, at)
    if kind not in (list, dict, set, tuple) or depth > MOST_DEEP or (kind is not tuple and names.machine.spoilt(value)):
        return value
    names.machine.meter.elements(len(value), at)
    made: Any
    if kind is tuple:
        made = tuple([copied(names, one, at, depth + 1) for one in value])
        if not made:
            return value
    elif kind is dict:
        made = {key: copied(names, one, at, depth + 1) for key, one in value.items()}
    else:
        made = kind(copied(names, one, at, depth + 1) for one in value)
    names.held[id(made)] = made
    return made


def put(names: "KerasNames", container: Any, item: Any, at: Any, index: bool) -> None:
    """An item comes into a container; Keras 3 counts no layer that is put into a list by its index."""
    if id(container) not in names.held:
        return
    inside = layers_in(names, item)
    if index and inside:
        raise Fault(at, "A layer put into a list by its index is counted by Keras 2 and not by Keras 3; append it.")
    if type(item) in (list, dict, set):
        names.raw[id(item)] = item, inside


def check(names: "KerasNames", own: OwnObject) -> None:
    """Refuse an object that was given a list which got other layers later, or has layers that Keras has not seen."""
    for name, value in own.instance.attrs.items():
        if name not in own.assigned and layers_in(names, value):
            told = f"{own.title} has layers past its attributes, by __dict__ or a cached property"
            raise Fault(node_at(own.location), f"{told}, and Keras does not count them; set them in __init__.")
    for label, (given, before, at) in names.copies.get(id(own), {}).items():
        if names.machine.spoilt(given) if type(given) is not tuple else False:
            raise Fault(at, f"The layers of {label} are not known.")
        if layers_in(names, given) != before:
            told = f"What is given to {label} here gets other layers later, which only Keras 2 counts"
            raise Fault(at, f"{told}; set self.{label} when it is whole, or append to that.")


def check_inside(names: "KerasNames", value: Any, label: str, at: Any) -> None:
    """The same of a container that was put into one which Keras holds."""
    _, before = names.raw.get(id(value), (None, None))
    if before is not None and not layers_in(names, value) <= before:
        raise Fault(at, f"{label} gets layers after it was put there, which only Keras 2 counts; fill it before.")


def layers_in(names: "KerasNames", value: Any) -> frozenset[int]:
    """The layers in containers, by their ids."""
    pending, found, seen = [value], set(), set()
    while pending:
        one = pending.pop()
        names.machine.meter.work(32)
        if isinstance(one, list | tuple | dict | set):
            if id(one) not in seen:
                seen.add(id(one))
                pending += one.values() if isinstance(one, dict) else one
        elif isinstance(one, LAYERS) or (type(one) is Instance and isinstance(one.core, OwnObject)):
            found.add(id(one))
    return frozenset(found)


__all__ = ["check", "check_inside", "keep", "put"]
