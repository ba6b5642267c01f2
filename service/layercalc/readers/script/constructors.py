"""Builtin classes called, and what they need: conversions of known values."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import enumerations, hashes, operators, texts
from layercalc.readers.script.faults import Fault
from layercalc.readers.script.methods import known_arguments
from layercalc.readers.script.mutation import items_of
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import MISSING, Bound, Class, Foreign, Instance, View

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]
SIZED = (str, bytes, list, tuple, dict, set, frozenset, range)
At = ast.AST | None


def given(args: Args, kwargs: Kwargs, least: int, most: int) -> None:
    if kwargs or not least <= len(args) <= most:
        raise TypeError(f"expected {least} to {most} arguments, got {len(args) + len(kwargs)}")


def converted(m: "Machine", kind: str, value: Any, at: At, dunders: tuple[str, ...]) -> Any:
    """What a foreign value or an object of the text makes of a conversion, or MISSING."""
    if type(value) is Instance:
        for name in dunders:
            found = operators.special(m, value, name, [], at)
            if found is not MISSING:
                return found
        if value.core is not None:
            return m.vocabulary.convert(kind, value, at)
    return m.vocabulary.convert(kind, value, at) if isinstance(value, Foreign) else MISSING


def length(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, kwargs, 1, 1)
    (value,) = args
    m.known(value)
    if type(value) is View:
        m.known(value.of)
        return len(value.of)
    if isinstance(value, SIZED):
        return len(value)
    if type(value) is Instance:
        found = operators.special(m, value, "__len__", [], at)
        if found is not MISSING:
            if type(found) is not Opaque and not isinstance(found, int):
                raise TypeError("__len__ should return an integer")
            if type(found) is not Opaque and found < 0:
                raise ValueError("__len__() should return >= 0")
            return found
        if value.core is not None:
            return m.vocabulary.length(value, at)
    if isinstance(value, Foreign):
        return m.vocabulary.length(value, at)
    if type(value) is Class and (value.opaque is not None or value.foreign is not None):
        return m.unknown(at, Opaque("", at, value.opaque, holds=(value,)))
    if type(value) is Class and value.members is not None:
        return len(enumerations.distinct(value))
    raise TypeError(f"object of type {texts.kind(value)!r} has no len()")


def int_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    if not args and not kwargs:
        return 0
    value = converted(m, "int", args[0], at, ("__int__", "__index__"))
    if value is not MISSING:
        return value
    known_arguments(m, args, kwargs)
    if isinstance(args[0], str):
        m.meter.work(len(args[0]) * 4)
        m.meter.digits(min(len(args[0]), 1 << 40), at)
    if isinstance(args[0], float) and abs(args[0]) < 1e300:
        return int(args[0])
    return int(*args, **kwargs)


def float_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, kwargs, 0, 1)
    if not args:
        return 0.0
    value = converted(m, "float", args[0], at, ("__float__", "__index__"))
    if value is not MISSING:
        return m.unknown(at, Opaque("", at, holds=(args[0],))) if type(value) is int else value
    known_arguments(m, args, kwargs)
    return float(args[0])


def complex_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    known_arguments(m, args, kwargs)
    return complex(*args, **kwargs)


def str_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    if len(args) > 1 or kwargs:
        known_arguments(m, args, kwargs)
        return str(*args, **kwargs)
    return m.pure(at, m.text, args[0], at) if args else ""


def repr_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, kwargs, 1, 1)
    return m.pure(at, m.text, args[0], at, True)


def bool_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, kwargs, 0, 1)
    return m.truth(args[0], at) if args else False


def list_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, kwargs, 0, 1)
    return m.listed(args[0], at) if args else []


def tuple_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, kwargs, 0, 1)
    return args[0] if args and type(args[0]) is tuple else tuple(m.listed(args[0], at)) if args else ()


def set_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, kwargs, 0, 1)
    items = items_of(m, args[0], at) if args else []
    m.known(*items)
    m.weigh(items)
    m.meter.elements(len(items) * 2, at)
    hashes.hashing_all(m, items)
    if args and isinstance(args[0], set | frozenset):
        return set(args[0])
    return set(items)


def frozenset_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    return frozenset(set_(m, args, kwargs, at))


def dict_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, {}, 0, 1)
    out: dict[Any, Any] = {}
    m.call(Bound(m.attribute(out, "update", at).function, out), args, kwargs, at)
    return out


def range_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, kwargs, 1, 3)
    m.known(*args)
    return range(*[operators.index_of(m, one) if type(one) is Instance else one for one in args])


def slice_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, kwargs, 1, 3)
    return slice(*args)


def type_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    from layercalc.readers.script.attributes import class_of

    if len(args) != 1:
        raise Fault(at, "A class made by type() is not followed; write a `class` statement.")
    return class_of(m, args[0], at)
