"""Keras 3 runs all layers of a Sequential anew when it gets one more, Keras 2 each once: what they read must stay."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script.values import OwnObject, SequentialObject
from layercalc.readers.script import MISSING, Fault
from layercalc.readers.script.values import SCALARS, Bound, Function

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames


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
            if (type(now.get(name)), now.get(name)) != (type(value), value):
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
        found = {f"self.{key}": value for key, value in own.instance.attrs.items() if type(value) in SCALARS}
    if type(function) is Bound:
        function = function.function
    if type(function) is not Function:
        return found
    bound = m.names_of(function.node).bound
    for node in ast.walk(function.node):
        if isinstance(node, ast.Name) and node.id not in bound and node.id not in found:
            m.meter.work(32)
            value = m.peek(function.outer, node.id)
            if value is not MISSING and type(value) in SCALARS:
                found[node.id] = value
    return found


__all__ = ["check", "note"]
