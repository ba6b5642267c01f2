"""Keras 3 runs all layers of a Sequential anew when it gets one more, Keras 2 each once: what they read must stay."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script.values import OwnObject, SequentialObject
from layercalc.readers.script import MISSING, Fault, Instance
from layercalc.readers.script.names import peek
from layercalc.readers.script.values import SCALARS, Bound, Class, Function

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

MOST = 100  # items of a container that are looked at


def note(names: "KerasNames", own: OwnObject) -> None:
    """Keep what the `call` that has just run may have read: plain attributes of the object, plain variables outside."""
    names.read[id(own)] = read(names, own)


def check(names: "KerasNames", model: SequentialObject, at: Any) -> None:
    """Fault where a layer of the text's own in this model would come out otherwise by now."""
    for one in model.items:
        before = names.read.get(id(one)) if isinstance(one, OwnObject) else None
        if before is None:
            continue
        now = read(names, one)
        for name, value in before.items():
            if now.get(name) != value:
                told = (
                    f"{name}, by which {one!r} ran, is another here: Keras 3 runs it anew for this layer, Keras 2 not"
                )
                raise Fault(at, f"{told}. Leave {name} as it is, or give it as an argument.")


def read(names: "KerasNames", own: OwnObject) -> dict[str, Any]:
    m = names.machine
    found: dict[str, Any] = {}
    function = own.function
    if own.instance is not None:
        function = own.instance.cls.find("call")
        found = {f"self.{key}": print_of(m, value) for key, value in own.instance.attrs.items()}
    if type(function) is Bound:
        function = function.function
    if type(function) is not Function:
        return found
    bound = m.names_of(function.node).bound
    for node in m.nodes_of(function.node).of(ast.Name):
        if node.id not in bound and node.id not in found:
            m.meter.work(32)
            value = peek(m, function.outer, node.id)
            if isinstance(value, Instance | Class):
                found |= {f"{node.id}.{key}": print_of(m, one) for key, one in value.attrs.items()}
            elif value is not MISSING:
                found[node.id] = print_of(m, value)
    return found


def print_of(m: Any, value: Any, depth: int = 0) -> Any:
    """What tells a plain value from another, or a container of such; None for everything else."""
    m.meter.work(32)
    if type(value) in SCALARS:
        return type(value), value
    if isinstance(value, list | tuple | dict) and len(value) <= MOST and depth < 3:
        items = [*value, *value.values()] if isinstance(value, dict) else value
        return type(value), [print_of(m, one, depth + 1) for one in items]
    return None


__all__ = ["check", "note"]
