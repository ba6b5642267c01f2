"""Statements, by the type of their node. Each gives None, or the signal by which it leaves."""

import ast
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import (
    annotations,
    attributes,
    classes,
    expressions,
    functions,
    items,
    operators,
    patterns,
    tries,
)
from layercalc.readers.script.assignment import assign
from layercalc.readers.script.faults import Fault, Raised
from layercalc.readers.script.loops import for_, while_
from layercalc.readers.script.names import peek
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.operators import SYMBOLS
from layercalc.readers.script.paths import BROKE, CONTINUED, Returned, Signal, branch
from layercalc.readers.script.scope import CLASS, COMPREHENSION, FUNCTION, MODULE, Scope
from layercalc.readers.script.spoil import blur
from layercalc.readers.script.values import MISSING, Class, Function, Instance, Module

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine


def expression(m: "Machine", node: ast.Expr, scope: Scope) -> None:
    m.stated(node, m.value(node.value, scope))


def assign_(m: "Machine", node: ast.Assign, scope: Scope) -> None:
    value = m.value(node.value, scope)
    for target in node.targets:
        assign(m, target, value, scope)


def annotated(m: "Machine", node: ast.AnnAssign, scope: Scope) -> None:
    """target: annotation = value. A dataclass has its fields by annotations; functions do not evaluate theirs."""
    if scope.kind is CLASS and isinstance(node.target, ast.Name):
        found = scope.vars.setdefault("__annotations__", {})
        if type(found) is dict:
            text = ast.unparse(node.annotation) if len(found) < 1000 else ""
            m.changing(found)
            found[node.target.id] = text
    if node.value is not None:
        assign(m, node.target, m.value(node.value, scope), scope)
    elif isinstance(node.target, ast.Attribute | ast.Subscript):
        m.value(node.target.value, scope)
        if isinstance(node.target, ast.Subscript):
            m.value(node.target.slice, scope)
    if scope.kind is not FUNCTION:
        annotations.evaluate(m, [node.annotation], scope)


def augmented(m: "Machine", node: ast.AugAssign, scope: Scope) -> None:
    """Target op= value: the target's owner and index are evaluated once."""
    target, op = node.target, SYMBOLS[type(node.op)]
    if isinstance(target, ast.Name):
        before = expressions.name(m, target, scope)
        m.store(scope, target.id, operators.inplace(m, op, before, m.value(node.value, scope), node), target)
    elif isinstance(target, ast.Attribute):
        owner, name = m.value(target.value, scope), target.attr
        before = attributes.attribute(m, owner, name, target)
        after = operators.inplace(m, op, before, m.value(node.value, scope), node)
        attributes.set_attribute(m, owner, name, after, target)
    else:
        owner = m.value(target.value, scope)
        key = m.value(target.slice, scope)
        before = items.get_item(m, owner, key, target)
        after = operators.inplace(m, op, before, m.value(node.value, scope), node)
        items.set_item(m, owner, key, after, target)


def pass_(m: "Machine", node: ast.stmt, scope: Scope) -> None:
    pass


def return_(m: "Machine", node: ast.Return, scope: Scope) -> Returned:
    return Returned(None if node.value is None else m.value(node.value, scope))


def if_(m: "Machine", node: ast.If, scope: Scope) -> Signal:
    test = m.value(node.test, scope)
    truth = m.truth(test, node.test)
    if type(truth) is not Opaque:
        body = node.body if truth else node.orelse
        return m.block(body, scope) if body else None
    reason = Opaque("a block that may not run", node.test, truth.first)

    def fallback(fault: Fault) -> None:
        if any(
            isinstance(one, ast.Return | ast.Break | ast.Continue)
            for part in (node.body, node.orelse)
            for statement in part
            for one in ast.walk(statement)
        ):
            raise fault
        blur(m, [*node.body, *node.orelse], scope, reason)

    arms = [lambda: m.block(node.body, scope), lambda: m.block(node.orelse, scope) if node.orelse else None]
    return branch(m, arms, reason, fallback)


def function(m: "Machine", node: ast.FunctionDef, scope: Scope) -> None:
    decorators = [m.value(one, scope) for one in node.decorator_list]
    value: Any = functions.define(m, node, scope, node.name)
    annotations.evaluate(m, annotations.of_function(node), scope)
    m.store(scope, node.name, decorated(m, value, decorators, node), node)


def class_(m: "Machine", node: ast.ClassDef, scope: Scope) -> None:
    decorators = [m.value(one, scope) for one in node.decorator_list]
    m.store(scope, node.name, decorated(m, classes.define(m, node, scope), decorators, node), node)


def decorated(m: "Machine", value: Any, decorators: list[Any], node: Any) -> Any:
    for decorator, at in zip(reversed(decorators), reversed(node.decorator_list), strict=True):
        if type(decorator) is Opaque:
            called = at.func if isinstance(at, ast.Call) else at
            origin = decorator.origin or origin_of(m, called)
            if origin and m.vocabulary.ignores(origin):
                if type(value) is Function:
                    value.decorated = True
                continue
        value = m.call(decorator, [value], {}, at)
    return value


def origin_of(m: "Machine", node: ast.expr) -> str:
    """The dotted name of a decorator that was called, by the module that its first name stands for."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    value = peek(m, m.frame, node.id)
    first = value.origin if type(value) is Opaque else value.name if type(value) is Module else node.id
    return ".".join([first or node.id, *reversed(names)])


def import_(m: "Machine", node: ast.Import, scope: Scope) -> None:
    for alias in node.names:
        whole = alias.name if alias.asname else alias.name.split(".")[0]
        if m.catching:
            imported(m, alias.name, node)
        m.store(scope, alias.asname or whole, imported(m, whole, node), node)


def imported(m: "Machine", name: str, node: ast.stmt) -> Any:
    found = m.module(name)
    if found is not None:
        if m.catching and not m.vocabulary.is_everywhere(None, name):
            m.risk(node)
        return found
    m.risk(node)
    return Opaque(f"the module {name}, which is not in the text", node, origin=name)


def import_from(m: "Machine", node: ast.ImportFrom, scope: Scope) -> None:
    if node.module == "__future__":
        m.postponed |= any(alias.name == "annotations" for alias in node.names)
        return
    module = node.module or ""
    base = imported(m, module, node) if not node.level else None
    for alias in node.names:
        if alias.name == "*":
            import_all(m, base, module, node, scope)
            continue
        if base is None:
            m.risk(node)
            name = f"{module}.{alias.name}".strip(".")
            value: Any = Opaque(f"{name} of another file, which is not in the text", node)
        elif type(base) is Opaque:
            m.risk(node)
            name = f"{module}.{alias.name}"
            value = Opaque(f"{name}, which is not in the text", node, origin=name)
        else:
            value = attributes.attribute(m, base, alias.name, node)
        m.store(scope, alias.asname or alias.name, value, node)


def import_all(m: "Machine", base: Any, module: str, node: ast.stmt, scope: Scope) -> None:
    """From module import *: what it is known to have; an unknown module may bind any name anew but Python's own."""
    if type(base) is Module:
        for name in base.names:
            m.store(scope, name, attributes.attribute(m, base, name, node), node)
        return
    if scope is not m.globals:
        raise Fault(node, "import * is of the top level alone; import names one by one.")
    told = f"`from {module or '.'} import *`"
    m.risk(node)
    if m.is_pure(module) or module.partition(".")[0] in sys.stdlib_module_names:
        return  # what they bind is named otherwise than what others make models of
    m.warn(node, f"{told} is taken to bind none of Python's own names, such as range.")
    m.starred = Opaque(told, node) if m.starred is None else m.starred
    m.changing(scope.vars)
    for name, value in scope.vars.items():
        if not name.startswith("_"):
            reason = Opaque(f"{name}, which {told} may have bound anew, as it names nothing", node)
            scope.vars[name] = m.journal.either(reason, value, cause=reason.cause)


def raise_(m: "Machine", node: ast.Raise, scope: Scope) -> Signal:
    if node.exc is None:
        if not m.handling:
            m.fail("RuntimeError", "No active exception to reraise", node)
        raise Raised(m.handling[-1].value, node)
    value = m.value(node.exc, scope)
    if type(value) is Class:
        value = m.call(value, [], {}, node)
    if node.cause is not None:
        m.value(node.cause, scope)
    if type(value) is Instance:
        if m.exceptions["BaseException"] not in value.cls.mro:
            m.fail("TypeError", "exceptions must derive from BaseException", node)
        raise Raised(value, node)
    if type(value) is Opaque:
        raise Raised(value, node)
    return m.fail("TypeError", "exceptions must derive from BaseException", node)


def assert_(m: "Machine", node: ast.Assert, scope: Scope) -> None:
    truth = m.truth(m.value(node.test, scope), node.test)
    if type(truth) is Opaque:
        m.risk(node)
    elif not truth:
        args = [] if node.msg is None else [m.value(node.msg, scope)]
        raise Raised(m.exception("AssertionError", *args), node)


def delete(m: "Machine", node: ast.Delete, scope: Scope) -> None:
    pending = list(node.targets)
    while pending:
        target = pending.pop(0)
        if isinstance(target, ast.Tuple | ast.List):
            pending = [*target.elts, *pending]
        elif isinstance(target, ast.Attribute):
            attributes.del_attribute(m, m.value(target.value, scope), target.attr, target)
        elif isinstance(target, ast.Subscript):
            owner = m.value(target.value, scope)
            items.del_item(m, owner, m.value(target.slice, scope), target)
        elif isinstance(target, ast.Name):
            names = scope.home(target.id, m.globals.vars)
            value = MISSING if names is None else names.get(target.id, MISSING)
            if value is MISSING or (type(value) is Opaque and value.maybe):
                m.missed.add(target.id)
                m.risk(target)
            if names is None or value is MISSING:
                plain = scope.kind in (MODULE, CLASS, COMPREHENSION)
                m.fail("NameError" if plain else "UnboundLocalError", f"name {target.id!r} is not defined", target)
            else:
                m.changing(names)
                del names[target.id]


def asynchronous(m: "Machine", node: ast.stmt, scope: Scope) -> Signal:
    raise Fault(node, "Asynchronous code is not followed; write a plain `for` or `with`.")


STATEMENTS: dict[type, Callable[..., Signal]] = {
    ast.Expr: expression,
    ast.Assign: assign_,
    ast.AnnAssign: annotated,
    ast.AugAssign: augmented,
    ast.Pass: pass_,
    ast.Global: pass_,
    ast.Nonlocal: pass_,
    ast.Return: return_,
    ast.Break: lambda m, node, scope: BROKE,
    ast.Continue: lambda m, node, scope: CONTINUED,
    ast.If: if_,
    ast.For: for_,
    ast.While: while_,
    ast.Try: tries.try_,
    ast.With: tries.with_,
    ast.FunctionDef: function,
    ast.AsyncFunctionDef: function,
    ast.ClassDef: class_,
    ast.Import: import_,
    ast.ImportFrom: import_from,
    ast.Raise: raise_,
    ast.Assert: assert_,
    ast.Delete: delete,
    ast.Match: patterns.match,
    ast.AsyncFor: asynchronous,
    ast.AsyncWith: asynchronous,
}
