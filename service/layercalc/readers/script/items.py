"""Items: value[key], set and deleted, of plain values by Python's rules; what an unknown key may reach is unknown."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import enumerations, hashes, operators, texts
from layercalc.readers.script.faults import Raised, Unknown
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.unbound import perhaps
from layercalc.readers.script.values import (
    MISSING,
    MUTABLE,
    SCALARS,
    Bound,
    Class,
    ClassMethod,
    Counted,
    Default,
    Foreign,
    Function,
    Instance,
    Names,
    Native,
    Record,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

At = ast.AST | None


# -- items


def get_item(m: "Machine", value: Any, key: Any, node: At) -> Any:
    """value[key]."""
    kind = type(value)
    if kind is Opaque:
        m.touch(() if type(key) in SCALARS else (key,), m.reason(node, "this subscript"))
        return m.unknown(node, value)
    if kind in MUTABLE and m.spoilt(value):
        return m.from_spoilt(value, node)
    if isinstance(value, dict):
        return of_dict(m, value, key, node)
    if kind is Instance:
        found = operators.special(m, value, "__getitem__", [key], node)
        if found is not MISSING:
            return found
        if value.core is not None:
            return m.vocabulary.item(value, key, node)
    if isinstance(value, Foreign):
        return m.vocabulary.item(value, key, node)
    if isinstance(value, str | bytes | list | tuple | range):
        return m.pure(node, of_sequence, m, value, key, node)
    if kind is Class:
        return of_class(m, value, key, node)
    if isinstance(value, Native):
        return m.unknown(node, value)
    return m.fail("TypeError", f"{texts.kind(value)!r} object is not subscriptable", node)


def of_class(m: "Machine", value: Class, key: Any, node: At) -> Any:
    """cls[key]: a generic class is itself, whatever its parameters."""
    if value.opaque is not None or value.foreign is not None or m.doubted(value) is not None:
        return m.unknown_call(Opaque("", node, value.opaque, holds=(value,)), [key], {}, node)
    if value.members is not None:
        return enumerations.item(m, value, key, node)
    found = value.find("__class_getitem__")
    if found is not MISSING:
        return m.call(Bound(found.function if type(found) is ClassMethod else found, value), [key], {}, node)
    if value.generic:
        return value
    return m.fail("TypeError", f"type {value.name!r} is not subscriptable", node)


def of_sequence(m: "Machine", value: Any, key: Any, node: At) -> Any:
    if type(key) is slice:
        m.known(key.start, key.stop, key.step)
        size = len(range(*key.indices(len(value))))
        if isinstance(value, str | bytes):
            m.meter.hold(size, node)
        elif not isinstance(value, range):
            m.meter.elements(size, node)
        found = value[key]
        return tuple(found) if type(found) is Record else found
    m.known(key)
    return value[key]


def of_dict(m: "Machine", value: dict[Any, Any], key: Any, node: At) -> Any:
    try:
        m.known(key)
        hashes.hashing(m, value, key)
        if key in value:
            return perhaps(m, value[key], node) if type(value) is Names else value[key]
    except Unknown as error:
        m.risk(node)
        holds = tuple(one for one in value.values() if type(one) not in SCALARS)
        return Opaque("", node, error.source.first, holds=holds)
    except TypeError as error:
        return m.fail_as(error, node)
    if type(value) is Default and value.factory is not None:
        made = m.call(value.factory, [], {}, node)
        set_item(m, value, key, made, node)
        return made
    if type(value) is Counted:
        return 0
    raise Raised(m.exception("KeyError", key), node)


def set_item(m: "Machine", value: Any, key: Any, item: Any, node: At) -> None:
    """value[key] = item."""
    kind = type(value)
    if kind is Opaque:
        m.risk(node)
        m.touch([*value.holds, key, item], m.reason(node, "the object that this is set in"))
    elif kind in MUTABLE and m.spoilt(value):
        m.risk(node)
        m.touch([key, item], m.reason(node, "what has changed the container"))
    elif isinstance(value, dict):
        put_key(m, value, key, item, node)
    elif kind is list:
        put_index(m, value, key, item, node)
    elif kind is Instance:
        found = operators.special(m, value, "__setitem__", [key, item], node)
        if found is MISSING:
            if value.core is None:
                m.fail("TypeError", f"{texts.kind(value)!r} object does not support item assignment", node)
            m.vocabulary.set_item(value, key, item, node)
    elif isinstance(value, Foreign):
        m.vocabulary.set_item(value, key, item, node)
    else:
        m.fail("TypeError", f"{texts.kind(value)!r} object does not support item assignment", node)


def put_key(m: "Machine", value: dict[Any, Any], key: Any, item: Any, node: At) -> None:
    """value[key] = item; under a key that is not known, nothing of the dict is known any more."""
    m.changing(value)
    m.meter.hold(100, node)
    m.vocabulary.put(value, item, node)
    try:
        m.known(key)
        hashes.hashing(m, value, key)
        if type(value) is Names:
            item = m.guarded_name(value, key, item) if value.volatile else item
        value[key] = item
    except Unknown as error:
        m.risk(node)
        reason = Opaque("a key that is not known", node, error.source.first)
        m.journal.poison(value, reason, (item,))
    except TypeError as error:
        m.fail_as(error, node)


def put_index(m: "Machine", value: list[Any], key: Any, item: Any, node: At) -> None:
    m.changing(value)
    parts = (key.start, key.stop, key.step) if type(key) is slice else (key,)
    try:
        m.known(*parts)
        if type(key) is slice:
            item = m.listed(item, node)
    except Unknown as error:
        m.risk(node)
        reason = Opaque("an index that is not known", node, error.source.first)
        m.journal.poison(value, reason, (item,))
        return
    if type(key) is slice:
        m.meter.elements(len(item), node)
        m.meter.work(len(value))
    m.vocabulary.put(value, item, node, index=True)
    m.pure(node, list.__setitem__, value, key, item)


def del_item(m: "Machine", value: Any, key: Any, node: At) -> None:
    """Del value[key]."""
    if type(value) in MUTABLE and not isinstance(value, set) and not m.spoilt(value):
        m.changing(value)
        try:
            m.known(key)
            if type(key) is slice:
                m.known(key.start, key.stop, key.step)
            if isinstance(value, dict):
                hashes.hashing(m, value, key)
                if key not in value:
                    if type(value) is Counted:
                        return
                    raise Raised(m.exception("KeyError", key), node)
                perhaps(m, value[key], node)
                del value[key]
            else:
                m.meter.work(len(value))
                del value[key]
        except Unknown as error:
            m.risk(node)
            m.journal.poison(value, error.source)
        except (TypeError, IndexError, ValueError) as error:
            m.fail_as(error, node)
        return
    if type(value) is Instance:
        found = operators.special(m, value, "__delitem__", [key], node)
        if found is not MISSING:
            return
        if value.core is None and not m.spoilt(value.attrs):
            m.fail("TypeError", f"{value.cls.name!r} object doesn't support item deletion", node)
    if isinstance(value, str | bytes | tuple | range | int | float | set | Function | Class) or value is None:
        m.fail("TypeError", f"{texts.kind(value)!r} object doesn't support item deletion", node)
    m.risk(node)
    m.touch([value], m.reason(node, "this deletion"))
