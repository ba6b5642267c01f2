"""What a `call` counts: Keras follows it once or several times, as the backend and the version have it."""

import ast
from typing import TYPE_CHECKING

from layercalc.readers.keras.script.values import OwnObject
from layercalc.readers.script import Opaque
from layercalc.readers.script.values import SCALARS, Function

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames


def forget(names: "KerasNames", own: OwnObject) -> None:
    """Numbers that the `call` which has run adds to, of the object or of the module, are not known from now on."""
    function = own.function if own.instance is None else own.instance.cls.find("call")
    if type(function) is not Function:
        return
    m = names.machine
    stated = m.names_of(function.node).globals
    for node in ast.walk(function.node):
        if not isinstance(node, ast.AugAssign):
            continue
        target, held, name = node.target, None, ""
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and own.instance is not None:
            first = function.node.args.args[:1]
            if first and first[0].arg == target.value.id:
                held, name = own.instance.attrs, target.attr
        elif isinstance(target, ast.Name) and target.id in stated:
            held, name = m.globals.vars, target.id
        if held is not None and type(held.get(name)) in SCALARS:
            m.changing(held)
            held[name] = Opaque(f"{name}, which depends on how often Keras runs `call` of {own.title}", node)


__all__ = ["forget"]
