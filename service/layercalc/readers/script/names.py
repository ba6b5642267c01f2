"""Which value a name stands for, by Python's rules of scopes."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.scope import CLASS, FUNCTION, MODULE, Scope
from layercalc.readers.script.values import MISSING

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine


def load(m: "Machine", scope: Scope, name: str, node: ast.AST) -> Any:
    """The value of a name, by Python's rules."""
    info = scope.info
    kind = scope.kind
    if kind is MODULE or name in info.bound:
        value = scope.vars.get(name, MISSING)
        if value is not MISSING:
            return value
        m.missed.add(name)
        if kind is FUNCTION:
            m.fail(
                "UnboundLocalError",
                f"cannot access local variable {name!r} where it is not associated with a value",
                node,
            )
    if kind is not MODULE and name not in info.globals and (kind is not CLASS or name not in info.bound):
        outer = scope.outer
        while outer is not None and outer.kind is not MODULE:
            if outer.kind is not CLASS and name in outer.info.bound:
                value = outer.vars.get(name, MISSING)
                if value is MISSING:
                    m.missed.add(name)
                    m.fail(
                        "NameError",
                        f"cannot access free variable {name!r} where it is not associated "
                        "with a value in enclosing scope",
                        node,
                    )
                return value
            if name in outer.info.globals:
                break
            outer = outer.outer
    value = m.globals.vars.get(name, MISSING)
    if value is MISSING:
        m.missed.add(name)
        value = m.builtin(name)
    return m.unbound(name, node) if value is MISSING else value


def peek(m: "Machine", scope: Scope, name: str) -> Any:
    """The value of a name if it has one now, without raising."""
    outer: Scope | None = scope
    while outer is not None and name not in outer.vars:
        if outer.kind is FUNCTION and name in outer.info.bound:
            break
        outer = outer.outer
    value = (outer or m.globals).vars.get(name, MISSING)
    if value is MISSING or (type(value) is Opaque and value.maybe):
        m.missed.add(name)
    return value
