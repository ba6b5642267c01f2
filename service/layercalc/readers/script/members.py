"""Attributes of the text's objects and classes: the order of their classes, descriptors, slots, and object's own."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import texts
from layercalc.readers.script.faults import Fault
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.python_names import in_python
from layercalc.readers.script.reach import parts
from layercalc.readers.script.unbound import perhaps
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
    Native,
    Property,
    Slot,
    StaticMethod,
    Super,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

At = ast.AST | None
INTROSPECTION = frozenset(
    [
        "__globals__", "__builtins__", "__subclasses__", "__code__", "__closure__", "__mro__", "__bases__", "__base__",
        "mro", "__getattribute__", "__reduce__", "__reduce_ex__", "__subclasshook__", "__loader__", "__spec__",
        "__import__", "gi_frame", "gi_code", "cr_frame", "tb_frame", "f_globals", "f_locals", "f_back", "f_builtins",
        "__func__", "__self__", "__kwdefaults__", "__defaults__", "__init_subclass__", "__prepare__", "__objclass__",
        "__class_getitem__", "__weakref__", "__traceback__", "func_globals", "func_code", "__wrapped__",
        "__set_name__", "__abstractmethods__",
    ]
)  # fmt: skip
UNFOLLOWED = frozenset(
    [
        "__new__", "__getattribute__", "__del__", "__mro_entries__", "__prepare__", "__class__", "__subclasshook__",
        "__dict__", "__bases__", "__mro__", "__abstractmethods__",
    ]
)  # fmt: skip


def looks_inside(name: str, node: At) -> Fault:
    return Fault(node, f"{name} looks into Python itself, which is not run here; write what it is wanted for.")


def unfollowed(cls: Class, name: str, node: At) -> Fault:
    return Fault(node, f"{cls.name} defines {name}, which is not followed; write its effect in __init__.")


def has(found: Any, name: str) -> bool:
    """Whether an attribute of a class is a descriptor that has this method."""
    return type(found) is Instance and found.cls.find(name) is not MISSING


def bind(m: "Machine", found: Any, owner: Any, cls: Class, node: At) -> Any:
    """What an attribute of a class gives when it is asked of an object (owner is None: of the class itself)."""
    kind = type(found)
    if kind is Function or kind is Native:
        return found if owner is None else Bound(found, owner)
    if kind is Property:
        return found if owner is None else m.call(found.getter, [owner], {}, node)
    if kind is StaticMethod:
        return found.function
    if kind is ClassMethod:
        return Bound(found.function, cls)
    if kind is Instance and found.cls.find("__get__") is not MISSING:
        return m.special(found, "__get__", [owner, cls], node)
    if kind is Slot:
        return Opaque("", node)
    if kind is Opaque:  # a method of the object or of the class, for all that is known
        held = (*found.holds, cls if owner is None else owner)
        return Opaque(found.cause, found.node, found.root, origin=found.origin, holds=held)
    return found


def prevails(found: Any) -> bool:
    """Whether an attribute of a class goes before the object's own."""
    return type(found) is Property or (type(found) is Instance and (has(found, "__set__") or has(found, "__delete__")))


def of_instance(m: "Machine", value: Instance, name: str, node: At) -> Any:
    cls, attrs = value.cls, value.attrs
    doubted = m.doubted(value)
    if doubted is not None:
        return cls if name == "__class__" else m.from_spoilt(doubted, node)
    found = cls.find(name)
    if found is not MISSING and prevails(found):
        return bind(m, found, value, cls, node) if type(found) is Property or has(found, "__get__") else found
    own = attrs.get(name, MISSING)
    if own is not MISSING:
        return perhaps(m, own, node, *cls.every(name)) if type(own) is Opaque else own
    if found is not MISSING and type(found) is not Slot:
        return bind(m, perhaps(m, found, node, *cls.every(name)) if type(found) is Opaque else found, value, cls, node)
    if name == "__class__":
        return cls
    if name == "__dict__" and value.data is not None and value.data is attrs:
        return value
    if name == "__dict__" and cls.dict:
        hidden = cls.native and any(key.startswith("_") for key in attrs)  # what it keeps in slots of its own
        return m.unknown(node, value) if hidden else attrs
    if name in INTROSPECTION:
        raise looks_inside(name, node)
    return fallback(m, value, cls, name, node)


def fallback(m: "Machine", value: Instance, cls: Class, name: str, node: At) -> Any:
    """An attribute that neither the object nor the text's classes have."""
    if cls.foreign is not None:
        found = m.vocabulary.inherited(value, name, node)
        if found is not MISSING:
            return found
    getter = cls.find("__getattr__")
    if getter is not MISSING:
        found = m.special(value, "__getattr__", [name], node)
        if type(found) is Opaque:
            m.risk(node)
        return found
    builtin = OBJECT.get(name)
    if builtin is not None:
        return Bound(builtin, value)
    return lacks(m, value, name, node)


def lacks(m: "Machine", value: Any, name: str, node: At, told: str = "") -> Any:
    """No table has the attribute: one that Python has is not known, any other is an error."""
    if in_python(value, name):
        if type(value) is Cursor:  # of which kind is not kept, and zip() has no send
            m.risk(node)
        return Opaque("", node, holds=(value,))
    older = m.vocabulary.of_older(value, name, node)
    if older is not MISSING:
        m.risk(node)
        return older
    return m.fail("AttributeError", f"{told or repr(texts.kind(value)) + ' object'} has no attribute {name!r}", node)


def of_super(m: "Machine", value: Super, name: str, node: At) -> Any:
    order = value.kind.mro
    owner = value.owner
    for cls in order[order.index(value.cls) + 1 :]:
        if m.spoilt(cls.attrs):
            return m.from_spoilt(cls.attrs, node)
        if name in cls.attrs:
            return bind(m, cls.attrs[name], None if owner is value.kind else owner, value.kind, node)
    if value.kind.foreign is not None and type(owner) is Instance:
        found = m.vocabulary.inherited(owner, name, node)
        if found is not MISSING:
            return found
    if value.kind.foreign is not None and owner is value.kind:
        found = m.vocabulary.class_member(value.kind, name, node)
        if found is not MISSING:
            return found
    builtin = OBJECT.get(name)
    if builtin is not None:
        return Bound(builtin, owner)
    return lacks(m, value, name, node, "'super' object")


def of_class(m: "Machine", value: Class, name: str, node: At) -> Any:
    if name in ("__name__", "__qualname__"):
        return value.name
    doubted = m.doubted(value)
    if doubted is not None:
        return m.from_spoilt(doubted, node)
    found = value.find(name)
    if found is not MISSING:
        return bind(
            m, perhaps(m, found, node, *value.every(name)) if type(found) is Opaque else found, None, value, node
        )
    if name == "__members__" and value.members is not None:
        return dict(value.members)
    if name in INTROSPECTION:
        raise looks_inside(name, node)
    if value.foreign is not None and (found := m.vocabulary.class_member(value, name, node)) is not MISSING:
        return found
    if value.opaque is not None or value.foreign is not None:
        return Opaque("", node, holds=(value,))
    if name in OBJECT:
        return OBJECT[name]
    return lacks(m, value, name, node, f"type object {value.name!r}")


# -- setting and deleting


def set_class_attribute(m: "Machine", value: Any, name: str, item: Any, node: At) -> None:
    """An attribute of a class or a function set from outside."""
    if type(value) is Class and (name in UNFOLLOWED or name == "__slots__"):
        raise unfollowed(value, name, node)
    if m.spoilt(value.attrs):
        m.touch([item], m.reason(node))
    m.changing(value.attrs)
    value.attrs[name] = m.guarded_name(value.attrs, name, item) if value.attrs.volatile else item


def set_on_instance(m: "Machine", value: Instance, name: str, item: Any, node: At) -> None:
    """value.name = item, by way of the class's __setattr__."""
    hook = value.cls.find("__setattr__")
    if hook is not MISSING and m.doubted(value) is None:
        m.special(value, "__setattr__", [name, item], node)
    else:
        put_attribute(m, value, name, item, node)


def put_attribute(m: "Machine", value: Instance, name: str, item: Any, node: At, past: bool = False) -> None:
    """What __setattr__ does where no class of the text has its own; `past` what a foreign class does of it too."""
    from layercalc.readers.script import mappings

    found = value.cls.find(name)
    if value.data is not None and value.data is value.attrs:
        mappings.guard(m, value, [item], node)
    if m.doubted(value) is not None:
        m.risk(node)
        m.touch([item, value], m.reason(node, "the object that this is set on, which may have changed,"))
        return
    if type(found) is Property:
        if found.setter is None:
            m.fail("AttributeError", f"property {name!r} of {value.cls.name!r} object has no setter", node)
        m.call(found.setter, [value, item], {}, node)
        return
    if has(found, "__set__"):
        m.special(found, "__set__", [value, item], node)
        return
    if prevails(found):
        m.fail("AttributeError", "__set__", node)
    if name == "__dict__" and value.data is not None:
        mappings.replace(m, value, item, node)
        return
    if name in ("__class__", "__dict__"):
        raise Fault(node, f"{name} cannot be replaced here; make an object of the class that is meant.")
    if not value.cls.dict and type(found) is not Slot:
        m.fail("AttributeError", f"{value.cls.name!r} object has no attribute {name!r}", node)
    m.changing(value.attrs)
    if value.cls.foreign is not None and not past:
        item = mappings.attached(m, item, node)
    value.attrs[name] = m.guarded_name(value.attrs, name, item) if value.attrs.volatile else item
    if value.cls.foreign is not None and not past:
        m.vocabulary.attached(value, name, item, node)


def del_from(m: "Machine", value: Instance | Class, name: str, node: At) -> None:
    """Del value.name, by way of the class's __delattr__."""
    if m.doubted(value) is not None:
        m.risk(node)
        return
    if type(value) is Instance and value.cls.find("__delattr__") is not MISSING:
        m.special(value, "__delattr__", [name], node)
    else:
        drop_attribute(m, value, name, node)


def drop_attribute(m: "Machine", value: Any, name: str, node: At) -> None:
    """object.__delattr__."""
    if type(value) is Instance:
        found = value.cls.find(name)
        if has(found, "__delete__"):
            m.special(found, "__delete__", [value], node)
            return
        if type(found) is Property and found.deleter is not None:
            m.call(found.deleter, [value], {}, node)
            return
        if prevails(found):
            m.fail("AttributeError", f"property {name!r} cannot be deleted", node)
    if name not in value.attrs:
        m.fail("AttributeError", f"no attribute {name!r}", node)
    perhaps(m, value.attrs[name], node)
    m.changing(value.attrs)
    del value.attrs[name]


def nothing(m: "Machine", args: list[Any], kwargs: dict[str, Any], node: At) -> None:
    """object.__init__, object.__init_subclass__."""
    if len(args) > 1 or kwargs:
        m.fail("TypeError", "object.__init__() takes exactly one argument (the instance to initialize)", node)


def set_on_some(m: "Machine", values: list[Any], name: str, node: At) -> None:
    """An attribute is set on something unknown, which may be one of these values or part of one."""
    pending, seen = list(values), set()
    while pending:
        one = pending.pop()
        if type(one) in SCALARS or id(one) in seen:
            continue
        m.meter.work(32, node)
        seen.add(id(one))
        if isinstance(one, Foreign):
            m.vocabulary.set_on_some(one, name, node)
        else:
            pending += parts(one)


def put(m: "Machine", args: list[Any], kwargs: dict[str, Any], node: At, past: bool = False) -> None:
    value, name, item = args
    if type(value) is Instance and type(name) is str:
        put_attribute(m, value, name, item, node, past)
    else:
        m.risk(node)
        m.touch(args, m.reason(node, "object.__setattr__()"))
        set_on_some(m, args, "", node)


def drop(m: "Machine", args: list[Any], kwargs: dict[str, Any], node: At) -> None:
    value, name = args
    if type(value) is Instance and type(name) is str and m.doubted(value) is None:
        drop_attribute(m, value, name, node)
    else:
        m.risk(node)
        m.touch(args, m.reason(node, "object.__delattr__()"))


PUT = Native("__setattr__", lambda m, args, kwargs, node: put(m, args, kwargs, node, past=True))  # object's own
OBJECT: dict[str, Any] = {
    "__init__": Native("__init__", nothing),
    "__setattr__": Native("__setattr__", put),
    "__delattr__": Native("__delattr__", drop),
    "__init_subclass__": Native("__init_subclass__", nothing),
    "__str__": Native("__str__", lambda m, a, k, at: m.pure(at, m.text, a[0], at)),
    "__repr__": Native("__repr__", lambda m, a, k, at: m.pure(at, m.text, a[0], at, True)),
    "__eq__": Native("__eq__", lambda m, a, k, at: Opaque("", at)),
    "__hash__": Native("__hash__", lambda m, a, k, at: Opaque("", at)),
    "__new__": Native("__new__", lambda m, a, k, at: Opaque("", at)),
}
