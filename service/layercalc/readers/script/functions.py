"""Functions of the text: arguments bound to parameters as Python binds them, bodies run in scopes of their own."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.faults import Raised
from layercalc.readers.script.generators import generator
from layercalc.readers.script.journal import RAISE, RETURN
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.paths import Returned, agreed, close
from layercalc.readers.script.scope import FUNCTION, Scope
from layercalc.readers.script.spoil import blur_function
from layercalc.readers.script.values import Function

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

AGAIN = 6  # calls of one function inside one another where it is unknown whether they happen
SO_MANY = 60  # and all that one call of it makes so


def define(m: "Machine", node: Any, scope: Scope, name: str) -> Function:
    """The function of a `def` or a lambda; defaults are evaluated now."""
    spec = node.args
    defaults = [m.value(one, scope) for one in spec.defaults]
    keywords = {
        arg.arg: m.value(one, scope)
        for arg, one in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
        if one is not None
    }
    return Function(node, scope.enclosing() or m.globals, m.names_of, name, defaults, keywords)


def bind(m: "Machine", f: Function, args: list[Any], kwargs: dict[str, Any], node: ast.AST | None) -> Scope:
    """The scope of a call, with every parameter bound; TypeError in the text if they do not fit."""
    scope = Scope(FUNCTION, f.info, f.outer, f)
    spec, names = f.node.args, scope.vars
    positional = [*spec.posonlyargs, *spec.args]
    if args:
        scope.first = args[0]
    for parameter, value in zip(positional, args, strict=False):
        names[parameter.arg] = value
    if spec.vararg is not None:
        m.meter.elements(len(args), node)
        names[spec.vararg.arg] = tuple(args[len(positional) :])
    elif len(args) > len(positional):
        m.fail("TypeError", f"{f.name}() takes {len(positional)} positional arguments but {len(args)} were given", node)
    extra: dict[str, Any] = {}
    if kwargs:
        known = {one.arg for one in (*spec.args, *spec.kwonlyargs)}
        for name, value in kwargs.items():
            if name in known:
                if name in names:
                    m.fail("TypeError", f"{f.name}() got multiple values for argument {name!r}", node)
                names[name] = value
            elif spec.kwarg is not None:
                extra[name] = value
            else:
                m.fail("TypeError", f"{f.name}() got an unexpected keyword argument {name!r}", node)
    if spec.kwarg is not None:
        m.meter.elements(len(extra), node)
        names[spec.kwarg.arg] = extra
    fill(m, f, positional, names, node)
    return scope


def fill(m: "Machine", f: Function, positional: list[ast.arg], names: Any, node: ast.AST | None) -> None:
    """Defaults for the parameters that were not given."""
    first = len(positional) - len(f.defaults)
    for index, parameter in enumerate(positional):
        if parameter.arg not in names:
            if index < first:
                m.fail("TypeError", f"{f.name}() missing 1 required positional argument: {parameter.arg!r}", node)
            names[parameter.arg] = f.defaults[index - first]
    for parameter in f.node.args.kwonlyargs:
        if parameter.arg not in names:
            if parameter.arg not in f.keywords:
                m.fail("TypeError", f"{f.name}() missing 1 required keyword-only argument: {parameter.arg!r}", node)
            names[parameter.arg] = f.keywords[parameter.arg]


def call_function(m: "Machine", f: Function, args: list[Any], kwargs: dict[str, Any], node: ast.AST | None) -> Any:
    """The value of a call."""
    return enter(m, f, bind(m, f, args, kwargs, node), node)


def later(m: "Machine", f: Function, scope: Scope, node: ast.AST | None) -> Opaque:
    """A call of an asynchronous function: its body runs at some time, or never; what it may change is spoilt."""
    reason = m.reason(node, f"{f.name}(), which is asynchronous,")
    m.touch([*scope.vars.values(), f], reason)
    return Opaque("", node)


def enter(m: "Machine", f: Function, scope: Scope, node: ast.AST | None) -> Any:
    """Run a function whose parameters are bound."""
    if type(f.node) is ast.AsyncFunctionDef:
        return later(m, f, scope, node)
    if f.info.generator:
        return generator(m, f, scope)
    times, many = m.active.get(id(f.node), (0, 0))
    if m.branching and (times >= AGAIN or many >= (AGAIN if m.speculating else SO_MANY)):
        return recursive(m, f, scope, node)
    depth, frame, mark = m.meter.depth, m.frame, len(m.journal.levels)
    m.meter.deepen(node, 2)
    m.frame = scope
    m.frames.append(scope)
    m.active[id(f.node)] = times + 1, many
    body = f.node.body
    try:
        if type(f.node) is ast.Lambda:
            return m.value(body, scope)
        signal = m.block(body, scope)
        value = signal.value if type(signal) is Returned else None
    except Raised as error:
        if not m.journal.exits(mark, RETURN):
            raise
        return returned_or_raised(m, mark, error)
    finally:
        m.frame, m.meter.depth = frame, depth
        m.frames.pop()
        m.active[id(f.node)] = times, m.active[id(f.node)][1] + 1 if times else 0
    if len(m.journal.levels) > mark and m.journal.exits(mark, RETURN):
        reason = m.journal.levels[-1].reason
        return agreed(m, [value, *close(m, mark, RETURN)], reason)
    return value


def returned_or_raised(m: "Machine", mark: int, error: Raised) -> Any:
    """Some paths have returned, the last one raises: only where the text may catch it, it goes on."""
    reason = m.journal.levels[-1].reason
    value = agreed(m, close(m, mark, RETURN), reason)
    if m.catching:
        m.journal.open(reason, [(RAISE, error)])
    return value


def recursive(m: "Machine", f: Function, scope: Scope, node: ast.AST | None) -> Opaque:
    """A function that calls itself while it is unknown whether: whatever it could change is spoilt."""
    reason = m.reason(node, f.name)
    m.touch(scope.vars.values(), reason)
    blur_function(m, f, reason)
    return m.unknown(node, Opaque(f"how often {f.name} calls itself", node))


def call_blindly(m: "Machine", f: Function, owner: Any = None) -> Any:
    """A call with arguments of which nothing is known, but for the object that has the method."""
    scope = Scope(FUNCTION, f.info, f.outer, f)
    spec = f.node.args
    parameters = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]
    holds = m.given.get(id(f), ())
    for one in parameters:
        scope.vars[one.arg] = Opaque(f"the argument {one.arg} of {f.name}", one, holds=holds)
    for extra in (spec.vararg, spec.kwarg):
        if extra is not None:
            scope.vars[extra.arg] = Opaque(f"the arguments {extra.arg} of {f.name}", extra, holds=holds)
    if parameters:
        if owner is not None:
            scope.vars[parameters[0].arg] = owner
        scope.first = scope.vars[parameters[0].arg]
    return enter(m, f, scope, f.node)
