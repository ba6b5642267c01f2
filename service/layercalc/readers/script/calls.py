"""Calls, by what is called."""

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import classes, members, texts
from layercalc.readers.script.faults import Fault, Raised, Unknown
from layercalc.readers.script.functions import call_function
from layercalc.readers.script.opaque import Opaque, derived, source
from layercalc.readers.script.spoil import again, escape
from layercalc.readers.script.values import (
    MISSING,
    SCALARS,
    Bound,
    Class,
    ClassMethod,
    Cursor,
    Foreign,
    Function,
    Instance,
    Module,
    Native,
    Property,
    RecordType,
    StaticMethod,
    Type,
    leads,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

At = ast.AST | None
ROWS = list | tuple | set
SETTERS = ("setattr", "delattr", "__setattr__", "__delattr__")


def call(m: "Machine", f: Any, args: list[Any], kwargs: dict[str, Any], node: At) -> Any:
    """f(*args, **kwargs)."""
    kind = type(f)
    how = KINDS.get(kind)
    if how is not None:
        return how(m, f, args, kwargs, node)
    if isinstance(f, Foreign):
        given = (*args, *kwargs.values())
        if Opaque in map(type, given):
            held = [one for value in given if type(value) is Opaque for one in value.holds]
            m.touch(held, m.reason(node, "a call that may have it as an argument"))
        return m.vocabulary.call(f, args, kwargs, node)
    if kind is Module and (meant := m.vocabulary.called(f)) is not None:
        return call(m, meant, args, kwargs, node)
    return m.fail("TypeError", f"{texts.kind(f)!r} object is not callable", node)


def call_native(m: "Machine", f: Native, args: list[Any], kwargs: dict[str, Any], node: At) -> Any:
    """A function known by name: what it cannot compute from what is known is unknown."""
    m.here = node
    try:
        result = f.run(m, args, kwargs, node)
        if type(result) is Opaque and m.catching and m.builtins.get(f.name) is f:
            m.risk(node)
        return result
    except Unknown as error:
        hand_over(m, f, [*args, *kwargs.values()], node)
        return m.unknown(node, error.source, *args)
    except (Fault, Raised, RecursionError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, IndexError) and not args:
            return m.fail("TypeError", f"{f.name}() is missing an argument", node)
        return m.fail_as(error, node)


def call_bound(m: "Machine", f: Bound, args: list[Any], kwargs: dict[str, Any], node: At) -> Any:
    return call(m, f.function, [f.owner, *args], kwargs, node)


def call_instance(m: "Machine", f: Instance, args: list[Any], kwargs: dict[str, Any], node: At) -> Any:
    found = f.cls.find("__call__")
    doubted = m.doubted(f)
    if doubted is not None:
        return unknown_call(m, m.from_spoilt(doubted, node), args, kwargs, node)
    if f.core is not None:
        return m.vocabulary.call(f, args, kwargs, node)
    if found is MISSING:
        return m.fail("TypeError", f"{f.cls.name!r} object is not callable", node)
    return call(m, members.bind(m, found, f, f.cls, node), args, kwargs, node)


def unknown_call(m: "Machine", f: Opaque, args: list[Any], kwargs: dict[str, Any], node: At) -> Opaque:
    """A call of something unknown. What it is given and can reach is spoilt, unless it is known to change nothing."""
    m.risk(node)
    given = [one for one in (*args, *kwargs.values()) if type(one) not in SCALARS]
    functions = functions_in(given)
    for one in functions:
        hand(m, one, given)
    if m.is_pure(f.origin):
        for one in functions:
            escape(m, one, m.reason(node, f.origin))
        if m.is_apart(f.origin):
            return Opaque("", node, f.first, origin=f"{f.origin}()" if len(f.origin) < 200 else "")
        result = derived(node, f, *given)
        result.holds += tuple(one for one in given if type(one) is not Opaque)
        return result
    reason = m.reason(node, f"{callee(f, node)}(), which is not in the text,")
    m.touch([*given, *f.holds], reason)
    if m.escaped:
        again(m, reason)
    return derived(node, f)


def hand(m: "Machine", function: Function, values: list[Any]) -> None:
    """Something unknown may call the function with these values, or with what is in them."""
    held = m.given.get(id(function), ())
    own = [one for one in values if one is function or (type(one) is Bound and one.function is function)]
    belongs(m, function, [one.owner if type(one) is Bound else None for one in own])
    others = (one for one in values if type(one) not in SCALARS and not any(one is each for each in own))
    m.given[id(function)] = (*held, *others)


def belongs(m: "Machine", function: Function, owners: list[Any]) -> None:
    """Something unknown may call the function as a method of these, None for any; with new ones it is followed anew."""
    known = m.owners.setdefault(id(function), [])
    for owner in owners:
        if not any(one is owner for one in known):
            known.append(owner)
            m.escaped.pop(id(function), None)


def hand_over(m: "Machine", f: Any, values: list[Any], node: At) -> None:
    """A function may be called with these values, and call those among them with others, or may not."""
    reason = m.reason(node, f"{getattr(f, 'name', 'a function')}()")
    for one in functions_in([f, *values]):
        hand(m, one, values)
        escape(m, one, reason)
    natives = [one for one in (f, *values) if isinstance(one, Native)]
    if any(getattr(one, "name", "") in SETTERS for each in natives for one in (each, *each.holds)):
        m.touch(values, reason)
        members.set_on_some(m, values, "", node)


def callee(f: Opaque, node: At) -> str:
    """What is called, for a message."""
    if f.origin:
        return f.origin
    return source(node.func) if isinstance(node, ast.Call) else "a function"


def functions_in(values: list[Any]) -> list[Function]:
    """Functions of the text among arguments, in lists and dicts too: a callee that changes nothing may call them.

    Of an object of the text's those of its class, but for the `__init__` that has made it.
    """
    found: list[Function] = []
    pending, seen = list(values), set()
    while pending:
        value = pending.pop()
        kind = type(value)
        if kind in SCALARS or kind is Opaque or id(value) in seen:
            continue
        seen.add(id(value))
        if kind is Function:
            found.append(value)
        elif kind is Bound:
            pending.append(value.function)
        elif isinstance(value, ROWS):
            pending += [one for one in value if type(one) not in SCALARS]
        elif isinstance(value, dict):
            pending += [one for one in value.values() if type(one) not in SCALARS]
        elif isinstance(value, Native):
            pending += value.holds
        elif kind is Cursor:
            pending += [one for one in value.over if type(one) not in SCALARS]
        elif kind is Instance:
            pending += value.attrs.values()
            for cls in value.cls.mro:
                pending += [one for name, one in cls.attrs.items() if name != "__init__" and leads(one)]
        elif kind is StaticMethod or kind is ClassMethod:
            pending.append(value.function)
        elif kind is Property:
            pending += value.parts
    return found


KINDS: dict[type, Callable[..., Any]] = {
    Function: call_function,
    Bound: call_bound,
    Native: call_native,
    Type: call_native,
    RecordType: call_native,
    Class: classes.instantiate,
    Instance: call_instance,
    Opaque: unknown_call,
    StaticMethod: lambda m, f, args, kwargs, node: call(m, f.function, args, kwargs, node),
}
