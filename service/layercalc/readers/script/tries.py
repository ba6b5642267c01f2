"""`try` and `with`: exceptions that are known are caught as Python does it; where something unknown may raise, every
handler may have run.
"""

import ast
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import operators
from layercalc.readers.script.assignment import assign
from layercalc.readers.script.exceptions import ENDS
from layercalc.readers.script.faults import Fault, Raised, Unknown
from layercalc.readers.script.iteration import advance
from layercalc.readers.script.journal import RAISE
from layercalc.readers.script.nodes import Nodes
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.paths import Signal, branch
from layercalc.readers.script.scope import Scope
from layercalc.readers.script.spoil import blur
from layercalc.readers.script.values import MISSING, Class, Cursor, Foreign, Function, Instance, Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Arm = Callable[[], Signal]


def try_(m: "Machine", node: ast.Try, scope: Scope) -> Signal:
    def inner() -> Signal:
        return handled(m, node, scope) if node.handlers else m.block(node.body, scope)

    if not node.finalbody:
        return inner()
    return finally_(m, inner, lambda: m.block(node.finalbody, scope))


def finally_(m: "Machine", inner: Arm, final: Arm) -> Signal:
    """Run `final` after `inner`, however that ends."""
    j = m.journal
    mark, depth, frame = len(j.levels), m.meter.depth, m.frame
    signal: Any
    try:
        signal = inner()
    except Raised as error:
        signal = error
        m.meter.depth, m.frame = depth, frame
    exits: list[Any] = []
    if len(j.levels) > mark:
        reason = j.levels[-1].reason
        exits, _ = j.settle(mark)
    over = final()
    if over is not None:
        return over
    if exits:
        j.open(reason, exits)
    if isinstance(signal, Raised):
        raise signal
    return signal


def handled(m: "Machine", node: ast.Try, scope: Scope) -> Signal:
    """The body, the handlers, and `else`."""
    j = m.journal
    mark, depth, frame = len(j.levels), m.meter.depth, m.frame
    catching = not all(only_interrupt(one) for one in node.handlers)
    m.catching += catching
    tried, m.tried = m.tried, mark if catching else m.tried
    signal: Any
    try:
        signal = m.block(node.body, scope)
    except Raised as error:
        signal = error
        m.meter.depth, m.frame = depth, frame
    finally:
        m.catching -= catching
        m.tried = tried
    if not j.exits(mark, RAISE):
        return concluded(m, node, scope, signal)
    objects = {id(obj): obj for level in j.levels[mark:] for obj, _ in level.saved.values()}
    finals = [(obj, j.snapshot(obj)) for obj in objects.values()]
    reason = j.levels[-1].reason
    exits, _ = j.settle(mark)
    others = [one for one in exits if one[0] != RAISE]

    def through() -> Signal:
        j.apply(finals)
        return concluded(m, node, scope, signal)

    arms: list[Arm] = [through]
    for handler in node.handlers:
        if not only_interrupt(handler):
            arms.append(partial(run_handler, m, handler, Raised(Opaque("an exception", handler), handler), scope))
    if m.catching and not any(catches_all(one) for one in node.handlers):
        arms.append(lambda: again(node))
    body = [one for handler in node.handlers for one in handler.body]
    try:
        return branch(m, arms, reason, lambda fault: blur(m, body, scope, reason))
    finally:
        if others:  # also where all the rest raises: those that have left go on
            j.open(reason, others)


def again(node: ast.AST) -> Signal:
    raise Raised(Opaque("an exception", node), node)


def concluded(m: "Machine", node: ast.Try, scope: Scope, signal: Any) -> Signal:
    """After a body of which the end is known."""
    if isinstance(signal, Raised):
        return handle(m, node, scope, signal, 0)
    if signal is None and node.orelse:
        return m.block(node.orelse, scope)
    return signal


def only_interrupt(handler: ast.ExceptHandler) -> bool:
    """Whether a handler waits for the user's interrupt, which no text brings about."""
    return isinstance(handler.type, ast.Name) and handler.type.id == "KeyboardInterrupt"


def catches_all(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in ("Exception", "BaseException")
    )


def handle(m: "Machine", node: ast.Try, scope: Scope, error: Raised, at: int) -> Signal:
    """The first handler that takes the exception, or the exception again."""
    for index in range(at, len(node.handlers)):
        handler = node.handlers[index]
        kinds = None if handler.type is None else m.value(handler.type, scope)
        takes = True if kinds is None else matches(m, error.value, kinds, handler)
        if type(takes) is Opaque:
            arms: list[Arm] = [
                partial(run_handler, m, handler, error, scope),
                partial(handle, m, node, scope, error, index + 1),
            ]
            reason = Opaque("a handler that may not run", handler, takes.first)
            return branch(m, arms, reason, None)
        if takes:
            return run_handler(m, handler, error, scope)
    raise error


def matches(m: "Machine", value: Any, kinds: Any, node: ast.AST) -> Any:
    """Whether `except kinds` takes the exception: True, False or Opaque."""
    unknown: Opaque | None = None
    for kind in kinds if isinstance(kinds, tuple) else (kinds,):
        if isinstance(kind, tuple):
            found = matches(m, value, kind, node)
        elif type(value) is Opaque:
            found = kind is m.exceptions["BaseException"] or value
        elif type(kind) is Class:
            if m.exceptions["BaseException"] not in kind.mro and kind.opaque is None:
                m.fail("TypeError", "catching classes that do not inherit from BaseException is not allowed", node)
            found = True if value.cls.derives(kind) else False if kind.opaque is None else kind.opaque
        elif type(kind) is Opaque:
            found = kind
        else:
            found = m.fail("TypeError", "catching classes that do not inherit from BaseException is not allowed", node)
        if found is True:
            return True
        unknown = found if type(found) is Opaque else unknown
    return False if unknown is None else unknown


def run_handler(m: "Machine", handler: ast.ExceptHandler, error: Raised, scope: Scope) -> Signal:
    """The body of one handler, with its name bound while it runs."""
    names = None
    if handler.name:
        m.store(scope, handler.name, error.value, handler)
        names = scope.home(handler.name, m.globals.vars)
    m.handling.append(error)
    try:
        return m.block(handler.body, scope)
    finally:
        m.handling.pop()
        if names is not None and handler.name is not None and handler.name in names:
            m.changing(names)
            del names[handler.name]


# -- with


def with_(m: "Machine", node: ast.With, scope: Scope) -> Signal:
    return with_item(m, node, 0, scope)


def with_item(m: "Machine", node: ast.With, index: int, scope: Scope) -> Signal:
    """Enter one of the managers, run the rest inside, leave it."""
    if index == len(node.items):
        return m.block(node.body, scope)
    item = node.items[index]
    manager = m.value(item.context_expr, scope)
    entered, leave = enter(m, manager, item.context_expr)
    if item.optional_vars is not None:
        assign(m, item.optional_vars, entered, scope)

    def rest() -> Signal:
        return with_item(m, node, index + 1, scope)

    if leave is None:
        return unknown_manager(m, rest, manager, item.context_expr)
    if type(manager) is Native and manager.name == "suppress":
        inside = ast.With(node.items[index + 1 :], node.body) if node.items[index + 1 :] else None
        handler = ast.ExceptHandler(ast.Constant(manager.holds), None, [ast.Pass()])  # type: ignore[arg-type]
        written = ast.Try([inside] if inside else node.body, [handler], [], [])
        for one in (written, handler, handler.body[0], *([inside] if inside else [])):
            ast.copy_location(one, node)
        m.infos[(id(written), "suppress")] = written  # which lives as long as what is kept by its id
        return handled(m, written, scope)
    if may_swallow(m, manager) or (m.catching and tells_apart(m, manager)):
        rest = certain(m, rest, item.context_expr)
    caught: list[Raised] = []
    swallowed: list[bool] = []

    def inner() -> Signal:
        try:
            return rest()
        except Raised as error:
            caught.append(error)
            raise

    def final() -> Signal:
        swallowed.append(leave(caught[0] if caught else None))
        return None

    try:
        return finally_(m, inner, final)
    except Raised as error:
        if caught and error is caught[0] and swallowed and swallowed[0]:
            return None
        raise


def may_swallow(m: "Machine", manager: Any) -> bool:
    """Whether the __exit__ of an object of the text may give what is true, and so stop an exception.

    A generator does it that goes on after its `yield` raised: by a handler, or by leaving `finally` otherwise.
    """
    if type(manager) is Cursor and manager.name == "manager":
        nodes = m.nodes_of(manager.over[0].node)
        leaving = [Nodes(one) for each in nodes.of(ast.Try) for one in each.finalbody]
        return manager.spoilt is not None or any(one.of(ast.Return, ast.Break, ast.Continue) for one in leaving)
    if type(manager) is not Instance:
        return False
    leaving = manager.cls.find("__exit__")
    if type(leaving) is not Function or isinstance(leaving.node, ast.Lambda):
        return True
    values = [one.value for one in m.nodes_of(leaving.node).of(ast.Return)]
    return any(one is not None and not (isinstance(one, ast.Constant) and not one.value) for one in values)


def tells_apart(m: "Machine", manager: Any) -> bool:
    """Whether an object of the text may do something else at its end where an exception was raised."""
    if type(manager) is Cursor and manager.name == "manager":
        last = manager.over[0].node.body[-1]
        return not (isinstance(last, ast.Try) and not last.orelse and waits(last.body[-1]))
    if type(manager) is not Instance:
        return False
    leaving = manager.cls.find("__exit__").node  # a function, or may_swallow has said so
    given = [*leaving.args.posonlyargs, *leaving.args.args, leaving.args.vararg]
    return any(one is not None and one.arg in m.nodes_of(leaving).ids for one in given[1:])


def waits(node: ast.stmt) -> bool:
    """Whether a statement is a bare `yield value`."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield)


def certain(m: "Machine", rest: Arm, node: ast.expr) -> Arm:
    """What runs inside such a manager; Fault where it is not known whether an exception is raised."""

    def inner() -> Signal:
        mark, tried = len(m.journal.levels), m.tried
        m.catching, m.tried = m.catching + 1, mark
        signal: Any
        try:
            signal = rest()
        except Raised as error:
            signal = error
        finally:
            m.catching, m.tried = m.catching - 1, tried
        if m.journal.exits(mark, RAISE):
            raise Fault(
                node,
                "What runs inside this `with` may raise an exception, and what its end then does is not known; "
                "use try and except.",
            )
        if isinstance(signal, Raised):
            raise signal
        return signal

    return inner


def unknown_manager(m: "Machine", rest: Arm, manager: Any, node: ast.AST) -> Signal:
    """An unknown manager is taken to swallow nothing, which matters only if something is raised."""
    try:
        return rest()
    except Raised as error:
        if isinstance(manager, Foreign) or (type(error.value) is Instance and error.value.cls.name in ENDS):
            raise
        source = ast.unparse(node)[:60]
        raise Fault(
            node,
            f"An exception is raised inside `with {source}`, and it is not known whether that stops it; "
            "use try and except.",
        ) from None


Leave = Callable[[Raised | None], bool]


def enter(m: "Machine", manager: Any, node: ast.AST) -> tuple[Any, Leave | None]:
    """What `as` binds, and how to leave (None: in a way that is not known)."""
    if type(manager) is Opaque:
        m.risk(node)
        return Opaque("", node, manager.first, holds=manager.holds), None
    if isinstance(manager, Foreign) or (type(manager) is Instance and manager.core is not None):
        return m.vocabulary.enter(manager, node), None
    if type(manager) is Cursor and manager.name == "manager":
        manager.held = True
        try:
            value = advance(m, manager, node)
        except Unknown as error:
            value = Opaque("", node, error.source.first, holds=error.source.holds)
        return (None if value is MISSING else value), lambda error: leave_generator(m, manager, error, node)
    if type(manager) is Native and manager.name == "suppress":
        return None, lambda error: error is not None and bool(known(matches(m, error.value, manager.holds, node)))
    if type(manager) is Native and manager.name == "nullcontext":
        return manager.holds[0], lambda error: False
    if isinstance(manager, Native) or (type(manager) is Instance and manager.cls.native):
        m.risk(node)
        return Opaque("", node, holds=(manager,)), None
    if type(manager) is not Instance or any(manager.cls.find(one) is MISSING for one in ("__enter__", "__exit__")):
        m.fail("TypeError", "the object is no context manager", node)
    entered = operators.special(m, manager, "__enter__", [], node)

    def leave(error: Raised | None) -> bool:
        kind = error.value.cls if error is not None and type(error.value) is Instance else None
        value = error.value if error is not None else None
        result = operators.special(m, manager, "__exit__", [kind, value, None], node)
        return error is not None and bool(known(m.truth(result, node)))

    return entered, leave


def leave_generator(m: "Machine", manager: Cursor, error: Raised | None, node: ast.AST) -> bool:
    """The rest of a generator that contextlib.contextmanager has made a manager of."""
    if error is not None:
        raise Fault(node, "An exception passes through a @contextmanager here; use try and except.")
    if manager.spoilt is None:
        advance(m, manager, node)
    return False


def known(value: Any) -> Any:
    if type(value) is Opaque:
        raise Unknown(value)
    return value
