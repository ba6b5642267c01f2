"""Annotations: most only name types. What else they do happens when they are met, or, since Python 3.14, never."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.faults import Fault
from layercalc.readers.script.names import peek
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.paths import branch
from layercalc.readers.script.scope import Scope
from layercalc.readers.script.spoil import blur
from layercalc.readers.script.values import MISSING, Class, Function, Module, Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

NAMING = (ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.Constant, ast.BinOp, ast.BitOr, ast.Load)


def of_function(node: Any) -> list[ast.expr]:
    """The annotations of a `def`."""
    spec = node.args
    parameters = [*spec.posonlyargs, *spec.args, spec.vararg, *spec.kwonlyargs, spec.kwarg]
    found = [one.annotation for one in parameters if one is not None and one.annotation is not None]
    return found if node.returns is None else [*found, node.returns]


def evaluate(m: "Machine", found: list[ast.expr], scope: Scope) -> None:
    """What annotations may do, unless all they can do is name types."""
    if m.postponed:
        return
    for one in found:
        if not harmless(m, one, scope):
            may_run(m, one, scope)


def may_run(m: "Machine", node: ast.expr, scope: Scope) -> None:
    """Follow an annotation that Python's versions evaluate or not."""
    reason = Opaque("an annotation, which Python evaluates or not", node)

    def fallback(fault: Fault) -> None:
        blur(m, [node], scope, reason)

    branch(m, [lambda: void(m, node, scope), lambda: None], reason, fallback)


def void(m: "Machine", node: ast.expr, scope: Scope) -> None:
    m.value(node, scope)


def harmless(m: "Machine", node: ast.expr, scope: Scope) -> bool:
    """Whether an annotation is made of types and constants, and raises nothing that the text would catch."""
    for one in ast.walk(node):
        if not isinstance(one, NAMING):
            return False
        if isinstance(one, ast.Name) and not names_type(m, peek(m, scope, one.id), one.id):
            return False
    return True


def names_type(m: "Machine", value: Any, name: str) -> bool:
    """Whether to name a value, to subscript it and to join it with `|` has no effect."""
    if value is MISSING:
        value = m.builtin(name)
        if value is MISSING:
            return not m.catching
    if type(value) is Class:
        return value.opaque is not None or value.find("__class_getitem__") is MISSING
    return value is None or isinstance(value, Native | Module | Function | Opaque)
