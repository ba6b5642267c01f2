"""What a `call` counts: Keras follows it once or several times, as the backend and the version have it."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script.effects import words
from layercalc.readers.keras.script.values import OwnObject
from layercalc.readers.script import MISSING, Instance, Opaque
from layercalc.readers.script.names import peek
from layercalc.readers.script.nodes import Nodes
from layercalc.readers.script.values import SCALARS, Class, Function

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

GROWING = words("append extend insert pop popitem popleft appendleft remove")  # what comes out otherwise when repeated


def forget(names: "KerasNames", own: OwnObject) -> None:
    """What the `call` that has run adds to, of the object or from outside, is not known from now on."""
    function = own.function if own.instance is None else own.instance.cls.find("call")
    pending, seen = [function], set()
    while pending:
        one = pending.pop()
        if type(one) is not Function or id(one) in seen:
            continue
        seen.add(id(one))
        changes, callees = names.counted.get(id(one.node)) or names.counted.setdefault(
            id(one.node), counted(names.machine.nodes_of(one.node))
        )
        for target, node in changes:
            blur(names, own, one, target, node)
        for callee in callees:
            pending += called(own, one, callee)


def counted(nodes: Nodes) -> tuple[list[tuple[ast.expr, ast.stmt | ast.expr]], list[ast.expr]]:
    """What a function of these nodes adds to in place, each with the line of it, and what it calls."""
    changes: list[tuple[ast.expr, ast.stmt | ast.expr]] = []
    callees: list[ast.expr] = []
    for node in nodes.of(ast.AugAssign, ast.Call):
        if isinstance(node, ast.AugAssign):
            changes.append((node.target.value if isinstance(node.target, ast.Subscript) else node.target, node))
        else:
            callees.append(node.func)
            if isinstance(node.func, ast.Attribute) and node.func.attr in GROWING:
                changes.append((node.func.value, node))
    if not changes:
        return [], callees
    set_here = [(x, node) for node in nodes.of(ast.Assign) for x in node.targets if isinstance(x, ast.Attribute)]
    fresh = {ast.unparse(x): node.lineno for x, node in set_here}
    late = [(x, node) for x, node in changes if fresh.get(ast.unparse(x), node.lineno + 1) > node.lineno]
    return late, callees


def blur(names: "KerasNames", own: OwnObject, function: Function, target: ast.expr, node: ast.AST) -> None:
    """A number or container that is added to, as one of which the value is not known."""
    m = names.machine
    for held, name in homes(names, own, function, target):
        value = held.get(name, MISSING)
        reason = Opaque(f"{name}, which depends on how often Keras runs `call` of {own.title}", node)
        if type(value) in SCALARS:
            m.changing(held)
            held[name] = reason
        elif isinstance(value, list | dict | set):
            names.repeated[id(value)] = value
            m.journal.poison(value, reason)


def homes(names: "KerasNames", own: OwnObject, function: Function, target: ast.expr) -> Iterator[tuple[Any, str]]:
    """Where what outlives the function has a value by that name or attribute."""
    m = names.machine
    spec = function.node.args
    given = [*spec.posonlyargs, *spec.args]
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        if own.instance is not None and given and given[0].arg == target.value.id:
            yield own.instance.attrs, target.attr
            yield from ((cls.attrs, target.attr) for cls in own.instance.cls.mro if target.attr in cls.attrs)
        else:
            owner = peek(m, function.outer, target.value.id)
            if isinstance(owner, Instance | Class):
                yield owner.attrs, target.attr
    elif isinstance(target, ast.Name):
        info = m.names_of(function.node)
        defaults = dict(zip([one.arg for one in given][::-1], function.defaults[::-1], strict=False))
        if target.id in defaults or target.id in function.keywords:
            yield defaults | function.keywords, target.id
        elif target.id not in info.bound or target.id in info.globals | info.nonlocals:
            outer: Any = function.outer
            while outer is not None and target.id not in outer.vars:
                outer = outer.outer
            yield (m.globals if outer is None else outer).vars, target.id


def called(own: OwnObject, function: Function, callee: ast.expr) -> Iterator[Any]:
    """The functions of the text that a call may run: of the module by name, of the object by `self` and `super()`."""
    if isinstance(callee, ast.Name):
        outer: Any = function.outer
        while outer is not None:
            if callee.id in outer.vars:
                yield outer.vars[callee.id]
                return
            outer = outer.outer
    elif isinstance(callee, ast.Attribute) and own.instance is not None:
        owner, first = callee.value, function.node.args.args[:1]
        above = isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super"
        if above or (isinstance(owner, ast.Name) and first and owner.id == first[0].arg):
            yield from (cls.attrs.get(callee.attr) for cls in own.instance.cls.mro)


__all__ = ["forget"]
