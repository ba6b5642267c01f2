"""Running through values: iterators raise Unknown where it is not known what comes, or whether anything does."""

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import calls, enumerations, operators, texts
from layercalc.readers.script.bounds import ELEMENT
from layercalc.readers.script.faults import Raised, Unknown
from layercalc.readers.script.journal import BREAK, CONTINUE, RETURN
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.spoil import blur_function
from layercalc.readers.script.values import (
    MISSING,
    MUTABLE,
    SCALARS,
    Bound,
    Class,
    Cursor,
    Foreign,
    Function,
    Instance,
    Names,
    Native,
    View,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

At = ast.AST | None


def iterate(m: "Machine", value: Any, node: At) -> Iterator[Any]:
    """An iterator over a value."""
    kind = type(value)
    if kind is Opaque:
        left(m, value, value)
        raise Unknown(value)
    if kind is Cursor:
        return steps(m, value, node)
    if kind is View:
        m.known(value.of)
        return watched(m, value.of, value.host())
    if kind in MUTABLE or kind is frozenset:
        m.known(value)
        if isinstance(value, set | frozenset) and not texts.orderly(value):
            holds = tuple(one for one in value if type(one) not in SCALARS)
            raise Unknown(Opaque("the order of a set, which is another in every run of Python", node, holds=holds))
        return watched(m, value, value)
    if isinstance(value, tuple | str | bytes | range):
        return iter(value)
    if kind is Instance:
        return of_instance(m, value, node)
    if isinstance(value, Foreign):
        return iterate(m, m.vocabulary.iterate(value, node), node)
    if kind is Class and (value.opaque is not None or value.foreign is not None):
        m.risk(node)
        raise Unknown(Opaque("", node, value.opaque, holds=(value,)))
    if kind is Class and value.members is not None:
        return iterate(m, enumerations.iterate(m, value, node), node)
    name = texts.kind(value)
    return m.fail("TypeError", f"{name!r} object is not iterable", node)


def of_instance(m: "Machine", value: Instance, node: At) -> Iterator[Any]:
    found = operators.special(m, value, "__iter__", [], node)
    if found is not MISSING:
        if type(found) is Instance and found.cls.find("__next__") is not MISSING:
            return nexts(m, found, node)
        if found is value or isinstance(found, list | tuple | dict | set | str):
            return m.fail("TypeError", f"iter() returned non-iterator of type {texts.kind(found)!r}", node)
        return iterate(m, found, node)
    if value.core is not None:
        return iterate(m, m.vocabulary.iterate(value, node), node)
    if value.cls.find("__getitem__") is not MISSING:
        return indexed(m, value, node)
    return m.fail("TypeError", f"{value.cls.name!r} object is not iterable", node)


def watched(m: "Machine", value: Any, items: Any) -> Iterator[Any]:
    """The items of a container, as long as nothing unknown has changed it."""
    spoilt = m.journal.spoilt
    items = iter(items)
    while True:
        try:
            one = next(items, MISSING)
        except RuntimeError as error:
            m.fail_as(error, None)
        if one is MISSING:
            break
        if spoilt and id(value) in spoilt:
            raise Unknown(m.from_spoilt(value, None))
        yield one
    if spoilt and id(value) in spoilt:
        raise Unknown(m.from_spoilt(value, None))


def nexts(m: "Machine", value: Instance, node: At) -> Iterator[Any]:
    """What __next__ gives, until StopIteration."""
    while True:
        try:
            m.meter.work(32, node)
            item = operators.special(m, value, "__next__", [], node)
        except Raised as error:
            if is_stop(m, error):
                return
            raise
        if type(item) is Opaque and m.spoilt(value.attrs):
            raise Unknown(item)
        yield item


def indexed(m: "Machine", value: Instance, node: At) -> Iterator[Any]:
    """The old protocol: value[0], value[1], … until IndexError."""
    index = 0
    while True:
        try:
            item = operators.special(m, value, "__getitem__", [index], node)
        except Raised as error:
            if type(error.value) is Instance and error.value.cls.derives(m.exceptions["IndexError"]):
                return
            raise
        if type(item) is Opaque:
            raise Unknown(item)
        yield item
        index += 1


def is_stop(m: "Machine", error: Raised) -> bool:
    return type(error.value) is Instance and error.value.cls.derives(m.exceptions["StopIteration"])


def steps(m: "Machine", cursor: Cursor, node: At) -> Iterator[Any]:
    """The values of an iterator, each as it is asked for."""
    while (item := advance(m, cursor, node)) is not MISSING:
        yield item


def advance(m: "Machine", cursor: Cursor, node: At) -> Any:
    """The next value of an iterator, or MISSING at its end."""
    if cursor.spoilt is not None:
        m.risk(node)
        raise Unknown(cursor.spoilt)
    m.changing(cursor)
    cursor.count += 1
    mark, depth, frame, held = len(m.journal.levels), m.meter.depth, m.frame, m.journal.held
    m.meter.deepen(node, 3)
    m.meter.work(32, node)
    m.journal.held = cursor.held
    try:
        item = next(cursor.host, MISSING)
    except Unknown as error:
        cause = "" if isinstance(node, ast.expr) else "an iterator"
        cursor.spoilt = Opaque(cause, node, error.source.first, holds=(error.source, *cursor.over))
        give_up(m, cursor, cursor.spoilt)
        raise Unknown(cursor.spoilt) from None
    except Raised as error:
        if cursor.name == "generator" and is_stop(m, error):
            m.fail("RuntimeError", "generator raised StopIteration", node)
        cursor.host = iter(())
        raise
    except ValueError as error:
        if "already executing" in str(error):
            m.fail("ValueError", "generator already executing", node)
        raise
    finally:
        m.meter.depth, m.frame, m.journal.held = depth, frame, held
    if len(m.journal.levels) > mark and any(m.journal.exits(mark, kind) for kind in (RETURN, BREAK, CONTINUE)):
        reason = m.journal.levels[-1].reason
        m.journal.settle(mark)
        cursor.spoilt = reason
        give_up(m, cursor, reason)
        raise Unknown(reason)
    return item


def give_up(m: "Machine", cursor: Cursor, reason: Opaque) -> None:
    """It is not known whether an iterator goes on: what it would do then may happen."""
    running = [one for one in cursor.over if type(one) in (Function, Bound, Cursor, Names) or isinstance(one, Native)]
    for function in calls.functions_in(running):
        calls.hand(m, function, [one for one in cursor.over if not any(one is each for each in running)])
    m.touch(running, reason)
    for one in running:
        if type(one) is Function and one.info.generator:
            blur_function(m, one, reason)


def left(m: "Machine", value: Any, reason: Opaque) -> None:
    """It is not known how far an iterator is run through, or one that something unknown may be."""
    pending, seen = [value], set[int]()
    while pending:
        one = pending.pop()
        m.meter.work(32)
        if type(one) is Opaque and id(one) not in seen:
            seen.add(id(one))
            pending += one.holds
        elif type(one) is Cursor and one.spoilt is None:
            one.spoilt = reason
            give_up(m, one, reason)


def listed(m: "Machine", value: Any, node: At) -> list[Any]:
    """All items, as a new list."""
    if isinstance(value, str | range | tuple | bytes) or (type(value) is list):
        m.known(value)
        m.meter.elements(len(value), node)
        return list(value)
    out: list[Any] = []
    for one in iterate(m, value, node):
        m.meter.hold(ELEMENT, node)
        m.meter.work(32, node)
        out.append(one)
    return out


def cursor_of(m: "Machine", value: Any, node: At) -> Any:
    """iter(value)."""
    if type(value) is Cursor:
        return value
    if type(value) is Instance:
        found = operators.special(m, value, "__iter__", [], node)
        if type(found) is Instance or type(found) is Cursor:
            return found
    return Cursor("iterator", iterate(m, value, node), (value,))


def next_of(m: "Machine", value: Any, node: At) -> Any:
    """The next value of what iter() gave, or MISSING at its end."""
    if type(value) is Cursor:
        return advance(m, value, node)
    if type(value) is Opaque:
        m.touch(value.holds, m.reason(node, "next()"))
        raise Unknown(value)
    if type(value) is Instance and value.cls.find("__next__") is not MISSING:
        try:
            return operators.special(m, value, "__next__", [], node)
        except Raised as error:
            if is_stop(m, error):
                return MISSING
            raise
    return m.fail("TypeError", f"{texts.kind(value)!r} object is not an iterator", node)
