"""isinstance, getattr and the other builtins that ask what a value is and has."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import enumerations, operators
from layercalc.readers.script.constructors import given
from layercalc.readers.script.faults import Raised
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.python_names import in_python
from layercalc.readers.script.values import (
    MISSING,
    PLAIN,
    SCALARS,
    Bound,
    Class,
    Cursor,
    Foreign,
    Function,
    Instance,
    Module,
    Native,
    RecordType,
    Super,
    Type,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]
At = ast.AST | None


def isinstance_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, kwargs, 2, 2)
    value, kinds = args
    unknown: Opaque | None = None
    kinds = flat(kinds)
    if isinstance(value, Foreign) and (own := {kind.name for kind in kinds if isinstance(kind, Type)} - {"object"}):
        found = m.vocabulary.is_plain(value, own, at)
        if found is True:
            return True
        unknown = found if type(found) is Opaque else None
    for kind in kinds:
        found = belongs(m, value, kind, at)
        if found is True:
            return True
        unknown = found if type(found) is Opaque else unknown
    return False if unknown is None else m.unknown(at, unknown)


def flat(kinds: Any) -> list[Any]:
    return [one for kind in kinds for one in flat(kind)] if isinstance(kinds, tuple) else [kinds]


def belongs(m: "Machine", value: Any, kind: Any, at: At) -> Any:
    """isinstance(value, kind), for one class."""
    if type(kind) is Opaque:
        return kind
    if type(value) is Opaque:
        return True if isinstance(kind, Type) and kind.host is object else value
    if isinstance(kind, Type):
        if isinstance(value, operators.NUMPY):
            return kind.name in ("object", "float") and (kind.name == "object" or isinstance(value, float))
        if kind.host is object:
            return True
        if kind.name == "type":
            known = isinstance(value, Class | Type | RecordType) or not isinstance(value, Native)
            return isinstance(value, Class | Type | RecordType) if known else Opaque("", at, holds=(value,))
        if type(value) in SCALARS or isinstance(value, list | tuple | dict | set | frozenset | slice):
            return isinstance(value, kind.host)
        if kind.host is dict and type(value) is Instance and value.data is not None:
            return True
        return kind.host is int and enumerations.is_number(value)
    if type(kind) is Class:
        return type(value) is Instance and value.cls.derives(kind)
    if isinstance(kind, RecordType):
        return value.__class__.__name__ == "Record" and value.kind is kind
    if isinstance(kind, Foreign):
        return m.vocabulary.is_instance(value, kind, at)
    if isinstance(kind, Native | Function | Bound):
        return Opaque("whether a value is of this class", at)
    return m.fail("TypeError", "isinstance() arg 2 must be a type, a tuple of types, or a union", at)


def issubclass_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, kwargs, 2, 2)
    kind, parents = args
    parents = flat(parents)
    if type(kind) in PLAIN or type(kind) in (Function, Bound, Instance, Module):
        raise TypeError("issubclass() arg 1 must be a class")
    if type(kind) is Class and any(isinstance(one, Type) and one.host is object for one in parents):
        return True
    if type(kind) is Class and all(type(one) is Class for one in parents) and kind.opaque is None:
        return any(kind.derives(one) for one in parents)
    if isinstance(kind, Type) and all(isinstance(one, Type) for one in parents) and isinstance(kind.host, type):
        return any(issubclass(kind.host, one.host) for one in parents)
    return Opaque("", at)


def callable_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    (value,) = args
    if type(value) is Opaque or isinstance(value, Foreign):
        return m.unknown(at, value) if type(value) is Opaque else Opaque("", at)
    if type(value) is Instance:
        return Opaque("", at) if value.core is not None else value.cls.find("__call__") is not MISSING
    return isinstance(value, Function | Bound | Native | Class)


def getattr_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, kwargs, 2, 3)
    value, name, *default = args
    m.known(name)
    if type(name) is not str:
        raise TypeError("attribute name must be string")
    if default and not m.vocabulary.is_everywhere(value, name):
        return lacked(m, value, name, at)
    told = m.vocabulary.has(value, name, at) if default and is_foreign(value) else None
    if told is False:
        return default[0]
    if type(told) is Opaque:
        return Opaque("", at, holds=(value, *(one for one in default if type(one) not in SCALARS)))
    try:
        found = m.attribute(value, name, at)
    except Raised as error:
        if default and type(error.value) is Instance and error.value.cls.name == "AttributeError":
            return default[0]
        raise
    if default and type(found) is Opaque:
        found.holds += tuple(one for one in default if type(one) not in SCALARS)
    return found


def lacked(m: "Machine", value: Any, name: str, at: At) -> Opaque:
    """What depends on an attribute that some versions of a framework have."""
    told = value.name if type(value) is Module else m.vocabulary.describe(value)
    return Opaque(f"{told}.{name}, which not all versions have,", at)


def is_foreign(value: Any) -> bool:
    """Whether a vocabulary knows what the value has: its own, or an object of a class that derives from one of its."""
    return isinstance(value, Foreign) or (type(value) is Instance and value.core is not None)


def hasattr_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, kwargs, 2, 2)
    value, name = args
    if type(name) is str and not m.vocabulary.is_everywhere(value, name):
        return lacked(m, value, name, at)
    if is_foreign(value) and type(name) is str:
        told = m.vocabulary.has(value, name, at)
        if told is not None:
            return told
    try:
        found = getattr_(m, args, {}, at)
    except Raised as error:
        if type(error.value) is Instance and error.value.cls.name == "AttributeError":
            return False
        raise
    if type(value) is not Cursor and in_python(value, name):
        return True
    own = type(args[0]) is Instance and not m.spoilt(args[0].attrs) and args[0].attrs.get(args[1]) is found
    if type(found) is Opaque and (not own or found.maybe):
        return m.unknown(at, found)
    return True


def setattr_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> None:
    from layercalc.readers.script.attributes import set_attribute

    given(args, kwargs, 3, 3)
    if type(args[1]) is not str:
        m.risk(at)
        m.touch([args[0], args[2]], m.reason(at, "setattr() of a name that is not known"))
        return
    set_attribute(m, args[0], args[1], args[2], at)


def delattr_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> None:
    from layercalc.readers.script.attributes import del_attribute

    given(args, kwargs, 2, 2)
    m.known(args[1])
    del_attribute(m, args[0], args[1], at)


def super_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    """super(), super(Class, self)."""
    if len(args) == 2:
        cls, owner = args
    else:
        scope: Any = m.frame
        while scope is not None and (scope.function is None or scope.function.owner is None):
            scope = scope.outer
        if scope is None:
            raise RuntimeError("super(): no arguments")
        cls, owner = scope.function.owner, m.frame.first if m.frame.first is not None else scope.first
    if type(owner) is Instance and type(cls) is Class and cls in owner.cls.mro:
        return Super(cls, owner.cls, owner)
    if type(owner) is Class and type(cls) is Class and cls in owner.mro:
        return Super(cls, owner, owner)
    return Opaque("", at, holds=tuple(one for one in (cls, owner) if type(one) not in SCALARS))
