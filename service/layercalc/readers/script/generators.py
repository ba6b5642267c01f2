"""Functions that yield: their bodies run piece by piece, as their values are asked for.

A `yield` is followed where it is a statement of its own or the right side of an assignment, at any depth of `if`,
`for`, `while` and `try … finally`. Where something unknown decides whether it comes, and where it is followed nowhere,
the generator is spoilt. One that is left before its end runs its `finally` when Python lets go of it: what that does
may have been done.
"""

import ast
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.assignment import assign
from layercalc.readers.script.faults import Fault, Raised, Unknown
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.paths import BROKE, Returned, Signal
from layercalc.readers.script.scope import SCOPES, Scope
from layercalc.readers.script.spoil import blur, blur_function, hold
from layercalc.readers.script.values import MISSING, Cursor, Function

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Steps = Generator[Any, None, Signal]


def generator(m: "Machine", f: Function, scope: Scope) -> Cursor:
    """The iterator that a call of a generator function gives; nothing of it has run yet."""
    made = Cursor("generator", iter(()), (f, scope.vars, *scope.vars.values()))
    made.host = run(m, f, scope)
    return made


def run(m: "Machine", f: Function, scope: Scope) -> Steps:
    """The whole body; what it returns is `StopIteration.value` to `yield from`."""
    try:
        body = f.node.body
        if isinstance(f.node, ast.Lambda):
            raise Fault(f.node, "A lambda that yields is not followed; write a function.")
        m.frame = scope
        return (yield from block(m, body, scope))
    except Unknown as error:
        reason = Opaque("a generator that depends on something unknown", f.node, error.source.first)
        m.touch(scope.vars.values(), reason)
        blur_function(m, f, reason)
        raise


def yields(node: ast.AST) -> bool:
    """Whether a statement yields, outside functions of its own."""
    pending = [] if isinstance(node, SCOPES) else [node]
    while pending:
        one = pending.pop()
        if isinstance(one, ast.Yield | ast.YieldFrom):
            return True
        pending += [child for child in ast.iter_child_nodes(one) if not isinstance(child, SCOPES)]
    return False


def block(m: "Machine", body: list[ast.stmt], scope: Scope) -> Steps:
    """Statements in turn; those without a yield run as anywhere."""
    for node in body:
        known = m.infos.get(("yields", id(node)))
        if known is None:
            known = m.infos["yields", id(node)] = yields(node)
        m.frame = scope
        if not known:
            signal = m.block([node], scope)
        else:
            m.meter.work(64, node)
            signal = yield from statement(m, node, scope)
        if signal is not None:
            return signal
    return None


def statement(m: "Machine", node: ast.stmt, scope: Scope) -> Steps:
    """One statement that yields."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
        yield from yielded(m, node.value, scope)
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Yield | ast.YieldFrom):
        value = yield from yielded(m, node.value, scope)
        for target in node.targets:
            assign(m, target, value, scope)
    elif isinstance(node, ast.If):
        truth = decided(m.truth(m.value(node.test, scope), node.test))
        return (yield from block(m, node.body if truth else node.orelse, scope))
    elif isinstance(node, ast.While):
        return (yield from while_(m, node, scope))
    elif isinstance(node, ast.For):
        return (yield from for_(m, node, scope))
    elif isinstance(node, ast.Try) and not node.handlers:
        return (yield from try_(m, node, scope))
    else:
        what = "try … except" if isinstance(node, ast.Try) else type(node).__name__.lower()
        raise Unknown(Opaque(f"`yield` inside {what}, which is not followed", node))
    return None


def decided(truth: Any) -> bool:
    if type(truth) is Opaque:
        raise Unknown(truth)
    return bool(truth)


def yielded(m: "Machine", node: ast.Yield | ast.YieldFrom, scope: Scope) -> Generator[Any, None, Any]:
    """Yield value; yield from value."""
    if isinstance(node, ast.Yield):
        value = None if node.value is None else m.value(node.value, scope)
        suspend(m, scope)
        yield value
        return None
    source = m.value(node.value, scope)
    if type(source) is Cursor and source.name == "generator" and source.spoilt is None:
        m.changing(source)
        source.count += 1
        m.meter.deepen(node, 3)
        m.meter.depth -= 3
        while True:
            try:
                value = next(source.host)
            except StopIteration as end:
                return end.value.value if type(end.value) is Returned else None
            suspend(m, scope)
            yield value
    for value in m.iterate(source, node):
        suspend(m, scope)
        yield value
    return None


def while_(m: "Machine", node: ast.While, scope: Scope) -> Steps:
    while decided(m.truth(m.value(node.test, scope), node.test)):
        m.meter.work(32, node)
        signal = yield from block(m, node.body, scope)
        if signal is BROKE:
            return None
        if type(signal) is Returned:
            return signal
    return (yield from block(m, node.orelse, scope))


def for_(m: "Machine", node: ast.For, scope: Scope) -> Steps:
    items = m.iterate(m.value(node.iter, scope), node.iter)
    while (item := next(items, MISSING)) is not MISSING:
        m.meter.work(32, node)
        assign(m, node.target, item, scope)
        signal = yield from block(m, node.body, scope)
        if signal is BROKE:
            return None
        if type(signal) is Returned:
            return signal
    return (yield from block(m, node.orelse, scope))


def try_(m: "Machine", node: ast.Try, scope: Scope) -> Steps:
    """Try … finally, of which only the end is run after an exception."""
    ending = (node, scope)
    m.journal.endings = [*m.journal.endings, ending]
    try:
        signal = yield from block(m, node.body, scope)
        if signal is None:
            signal = yield from block(m, node.orelse, scope)
    except Raised:
        m.journal.endings = [one for one in m.journal.endings if one is not ending]
        over = yield from block(m, node.finalbody, scope)
        if over is not None:
            return over
        raise
    m.journal.endings = [one for one in m.journal.endings if one is not ending]
    over = yield from block(m, node.finalbody, scope)
    return over if over is not None else signal


# -- generators that are left before their end


def suspend(m: "Machine", scope: Scope) -> None:
    """A generator waits: if it is let go of, the `finally` that it is inside of runs."""
    if m.journal.endings and not m.journal.held:
        for node, inside in m.journal.endings:
            if inside is scope:
                may_end(m, node, scope)


def holding(m: "Machine", cursor: Cursor, work: Callable[[], Any]) -> Any:
    """What a loop over an iterator gives, which asks for all of its values, or lets go of it."""
    before, cursor.held = m.journal.endings, True
    try:
        return work()
    finally:
        cursor.held = False
        for ending in [one for one in m.journal.endings if not any(one is other for other in before)]:
            may_end(m, *ending)


def may_end(m: "Machine", node: ast.Try, scope: Scope) -> None:
    """The end of a `try` may run from now on, at any time."""
    reason = Opaque("a generator that is left before its end", node)
    for statement in node.finalbody:
        for name in m.nodes_of(statement).ids:
            outer: Scope | None = scope
            while outer is not None and name not in outer.vars:
                outer = outer.outer
            hold((outer or m.globals).vars, name, reason)
    blur(m, node.finalbody, scope, reason)
