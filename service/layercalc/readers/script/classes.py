"""Classes of the text: bodies, C3 order, decorators, objects made of them."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.exceptions import is_exception
from layercalc.readers.script.faults import Fault
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.scope import CLASS, Scope, of_body
from layercalc.readers.script.values import (
    MISSING,
    Bound,
    Class,
    ClassMethod,
    Foreign,
    Function,
    Instance,
    Native,
    Property,
    StaticMethod,
    Type,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

At = ast.AST | None
PLAIN_BASES = {"object", "ABC", "Protocol", "Generic"}


def define(m: "Machine", node: ast.ClassDef, scope: Scope) -> Class:
    """The class of a `class` statement."""
    bases = [m.value(one, scope) for one in node.bases]
    keywords = {one.arg: m.value(one.value, scope) for one in node.keywords}
    cls = Class(node.name, [one for one in bases if type(one) is Class], m)
    inherit(m, cls, [one for one in bases if type(one) is not Class], keywords, node)
    cls.mro = [cls, *linear(m, cls.bases, node)]
    body = Scope(CLASS, of_body(node.body), scope)
    cls.attrs = body.vars
    frame = m.frame
    m.frame = body
    m.frames.append(body)
    try:
        m.block(node.body, body)
    finally:
        m.frames.pop()
    m.frame = frame
    for value in cls.attrs.values():
        own(value, cls)
    if "__eq__" in cls.attrs and "__hash__" not in cls.attrs:
        cls.attrs["__hash__"] = None
    for name in ("__new__", "__getattribute__", "__del__", "__mro_entries__", "__prepare__"):
        if name in cls.attrs and cls.opaque is None:
            raise Fault(node, f"{node.name} defines {name}, which is not followed; write its effect in __init__.")
    if cls.foreign is not None:
        m.vocabulary.derive(cls, cls.foreign, node)
    for parent in cls.mro[1:]:
        if "__init_subclass__" in parent.attrs:
            hook = parent.attrs["__init_subclass__"]
            m.call(Bound(hook.function if type(hook) is ClassMethod else hook, cls), [], {}, node)
            break
    if cls.opaque is not None:
        m.touch([cls], m.reason(node, f"the unknown base of {node.name}"))
    return cls


def inherit(m: "Machine", cls: Class, others: list[Any], keywords: dict[str | None, Any], node: ast.ClassDef) -> None:
    """The bases that are no classes of the text: a foreign one, Python's own, or unknown ones."""
    for parent in cls.bases:
        cls.foreign = cls.foreign or parent.foreign
        cls.opaque = parent.opaque if cls.opaque is None else cls.opaque
    for one in others:
        if isinstance(one, Foreign):
            cls.foreign = one
        elif not (isinstance(one, Native) and one.name in PLAIN_BASES):
            if isinstance(one, Type):
                cause = f"{node.name}, a class derived from Python's {one.name}"
                cls.opaque = Opaque(cause, node)
            else:
                cls.opaque = one if type(one) is Opaque else Opaque(f"the base of {node.name}", node)
    for value in keywords.values():
        known = (isinstance(value, Native) and value.name == "ABCMeta") or type(value) is bool
        if not known and cls.opaque is None:
            cls.opaque = Opaque(f"the metaclass of {node.name}", node)


def own(value: Any, cls: Class) -> None:
    """Tell the functions of a class whose they are, for super()."""
    if type(value) is Function and value.owner is None:
        value.owner = cls
    elif type(value) is StaticMethod or type(value) is ClassMethod:
        own(value.function, cls)
    elif type(value) is Property:
        own(value.getter, cls)
        own(value.setter, cls)


def linear(m: "Machine", bases: list[Class], node: At) -> list[Class]:
    """The method resolution order behind a class: C3."""
    lists = [list(base.mro) for base in bases] + [list(bases)]
    order: list[Class] = []
    while lists := [one for one in lists if one]:
        for candidate in (one[0] for one in lists):
            if not any(candidate in one[1:] for one in lists):
                break
        else:
            m.fail("TypeError", "Cannot create a consistent method resolution order (MRO) for bases", node)
        m.meter.work(64 * len(lists), node)
        order.append(candidate)
        lists = [one[1:] if one[0] is candidate else one for one in lists]
    return order


def instantiate(m: "Machine", cls: Class, args: list[Any], kwargs: dict[str, Any], node: At) -> Any:
    """cls(*args, **kwargs)."""
    if m.journal.spoilt and any(m.spoilt(one.attrs) for one in cls.mro):
        source = cls.opaque
        if source is None:
            source = m.from_spoilt(next(one.attrs for one in cls.mro if m.spoilt(one.attrs)), node)
        return m.unknown_call(Opaque(f"{cls.name}()", node, source.first, holds=(cls,)), args, kwargs, node)
    if cls.opaque is not None:
        source = Opaque(f"{cls.name}()", node, cls.opaque.first, holds=(cls,))
        return m.unknown_call(source, args, kwargs, node)
    value = Instance(cls)
    m.meter.hold(400, node)
    if is_exception(m, cls):
        value.attrs["args"] = tuple(args)
    if cls.foreign is not None:
        value.core = m.vocabulary.create(value, cls.foreign, args, kwargs, node)
    init = cls.find("__init__")
    if init is MISSING:
        if (args or kwargs) and cls.foreign is None:
            m.fail("TypeError", f"{cls.name}() takes no arguments", node)
        return value
    result = m.call(Bound(init, value), args, kwargs, node)
    if result is not None and type(result) is not Opaque and type(init) is Function:
        m.fail("TypeError", f"__init__() should return None, not {type(result).__name__!r}", node)
    return value


def fields_of(cls: Class) -> dict[str, Any]:
    """The fields of a dataclass by name, those of its bases first."""
    found: dict[str, Any] = {}
    for one in reversed(cls.mro):
        if one.fields is not None:
            found.update(one.fields["own"])
    return found
