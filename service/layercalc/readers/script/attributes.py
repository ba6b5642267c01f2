"""Attributes and items: of objects and classes of the text by Python's rules, of plain values by tables of names.

Nothing of the text is ever looked up on a real Python object: what is in no table is unknown, or an error.
"""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import operators, texts
from layercalc.readers.script.faults import Fault
from layercalc.readers.script.methods import HOST_NAMES, METHODS
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import (
    MISSING,
    Bound,
    Class,
    ClassMethod,
    Computed,
    Default,
    Foreign,
    Function,
    Instance,
    Module,
    Names,
    Native,
    Property,
    Record,
    RecordType,
    StaticMethod,
    Super,
    Type,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

At = ast.AST | None
INTROSPECTION = frozenset(
    [
        "__globals__",
        "__builtins__",
        "__subclasses__",
        "__code__",
        "__closure__",
        "__mro__",
        "__bases__",
        "__base__",
        "mro",
        "__getattribute__",
        "__reduce__",
        "__reduce_ex__",
        "__subclasshook__",
        "__loader__",
        "__spec__",
        "__import__",
        "gi_frame",
        "gi_code",
        "cr_frame",
        "tb_frame",
        "f_globals",
        "f_locals",
        "f_back",
        "f_builtins",
        "__func__",
        "__self__",
        "__kwdefaults__",
        "__defaults__",
        "__init_subclass__",
        "__prepare__",
        "__objclass__",
        "__class_getitem__",
        "__weakref__",
        "__traceback__",
        "func_globals",
        "func_code",
        "__func__",
        "__wrapped__",
        "__set_name__",
    ]
)  # fmt: skip
GONE = "an iterator that something unknown has moved"


def attribute(m: "Machine", value: Any, name: str, node: At) -> Any:
    """value.name."""
    kind = type(value)
    if kind is Instance:
        return of_instance(m, value, name, node)
    if kind is Opaque:
        return of_opaque(m, value, name, node)
    if kind is Module:
        return of_module(m, value, name, node)
    if isinstance(value, Foreign):
        found = m.vocabulary.attribute(value, name, node)
        return lacking(m, value, name, node) if found is MISSING else found
    if kind is Super:
        return of_super(m, value, name, node)
    if kind is Class:
        return of_class(m, value, name, node)
    if name in INTROSPECTION:
        raise Fault(node, f"{name} looks into Python itself, which is not run here; write what it is wanted for.")
    if name == "__class__":
        return class_of(m, value, node)
    table = METHODS.get(kind)
    if table is not None:
        found = table.get(name, MISSING)
        if found is not MISSING:
            return Bound(found, value)
        if kind is Record and name in value.kind.fields:
            return value[value.kind.fields.index(name)]
        if name in ("real", "imag", "numerator", "denominator", "start", "stop", "step"):
            return host_member(m, value, name, node)
        if name in HOST_NAMES.get(kind, ()):
            return Opaque("", node, holds=(value,))
    elif kind is Function:
        return of_function(m, value, name, node)
    elif kind is Bound:
        return m.attribute(value.function, name, node)
    elif kind is Property:
        return of_property(value, name, node)
    elif isinstance(value, Native):
        return of_native(m, value, name, node)
    return lacking(m, value, name, node)


MEMBERS: dict[Any, dict[str, Any]] = {
    int: {"real": lambda x: int(x), "imag": lambda x: 0, "numerator": lambda x: int(x), "denominator": lambda x: 1},
    float: {"real": lambda x: x, "imag": lambda x: 0.0},
    complex: {"real": lambda x: x.real, "imag": lambda x: x.imag},
    range: {"start": lambda x: x.start, "stop": lambda x: x.stop, "step": lambda x: x.step},
    slice: {"start": lambda x: x.start, "stop": lambda x: x.stop, "step": lambda x: x.step},
}
MEMBERS[bool] = MEMBERS[int]


def host_member(m: "Machine", value: Any, name: str, node: At) -> Any:
    found = MEMBERS.get(type(value), {}).get(name)
    return lacking(m, value, name, node) if found is None else found(value)


def lacking(m: "Machine", value: Any, name: str, node: At) -> Any:
    return m.fail("AttributeError", f"{texts.kind(value)!r} object has no attribute {name!r}", node)


def of_opaque(m: "Machine", value: Opaque, name: str, node: At) -> Opaque:
    m.risk(node)
    if name in INTROSPECTION:
        raise Fault(node, f"{name} looks into Python itself, which is not run here; write what it is wanted for.")
    origin = f"{value.origin}.{name}" if value.origin and len(value.origin) < 200 else ""
    root = value.first
    return Opaque("" if isinstance(node, ast.expr) else name, node, root, origin=origin, holds=value.holds)


def of_module(m: "Machine", module: Module, name: str, node: At) -> Any:
    """A member of a known module; one that it does not list may be there all the same, and is unknown."""
    replaced = m.overrides.get(module.name)
    if replaced is not None and name in replaced:
        return replaced[name]
    found = module.find(name)
    if type(found) is Computed:
        found = m.overrides.setdefault(module.name, Names())[name] = found.make(m, node)
    if found is MISSING:
        found = m.module(f"{module.name}.{name}")
        if found is None:
            m.risk(node)
            return Opaque(f"{module.name}.{name}", node, origin=f"{module.name}.{name}")
    return found


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
    return found


def of_instance(m: "Machine", value: Instance, name: str, node: At) -> Any:
    cls, attrs = value.cls, value.attrs
    if m.journal.spoilt and (m.spoilt(attrs) or m.spoilt(cls.attrs)):
        if name == "__class__":
            return cls
        return m.from_spoilt(attrs if m.spoilt(attrs) else cls.attrs, node)
    found = cls.find(name)
    if type(found) is Property:
        return m.call(found.getter, [value], {}, node)
    own = attrs.get(name, MISSING)
    if own is not MISSING:
        if type(own) is Opaque and own.maybe:
            m.risk(node)
        return own
    if found is not MISSING:
        return bind(m, found, value, cls, node)
    if name == "__class__":
        return cls
    if name == "__dict__":
        return attrs
    if name in INTROSPECTION:
        raise Fault(node, f"{name} looks into Python itself, which is not run here; write what it is wanted for.")
    return fallback(m, value, cls, name, node)


def fallback(m: "Machine", value: Instance, cls: Class, name: str, node: At) -> Any:
    """An attribute that neither the object nor the text's classes have."""
    if cls.foreign is not None:
        found = m.vocabulary.inherited(value, name, node)
        if found is not MISSING:
            return found
    getter = cls.find("__getattr__")
    if getter is not MISSING:
        return m.call(Bound(getter, value), [name], {}, node)
    builtin = OBJECT.get(name)
    if builtin is not None:
        return Bound(builtin, value)
    return lacking(m, value, name, node)


def of_super(m: "Machine", value: Super, name: str, node: At) -> Any:
    order = value.kind.mro
    owner = value.owner
    for cls in order[order.index(value.cls) + 1 :]:
        if m.spoilt(cls.attrs):
            return m.from_spoilt(cls.attrs, node)
        if name in cls.attrs:
            return bind(m, cls.attrs[name], owner, value.kind, node)
    if value.kind.foreign is not None and type(owner) is Instance:
        found = m.vocabulary.inherited(owner, name, node)
        if found is not MISSING:
            return found
    builtin = OBJECT.get(name)
    if builtin is not None:
        return Bound(builtin, owner)
    return m.fail("AttributeError", f"'super' object has no attribute {name!r}", node)


def of_class(m: "Machine", value: Class, name: str, node: At) -> Any:
    if name in ("__name__", "__qualname__"):
        return value.name
    if m.spoilt(value.attrs):
        return m.from_spoilt(value.attrs, node)
    for cls in value.mro:
        if name in cls.attrs:
            return bind(m, cls.attrs[name], None, value, node)
    if name in INTROSPECTION:
        raise Fault(node, f"{name} looks into Python itself, which is not run here; write what it is wanted for.")
    if (
        name in ("__doc__", "__module__", "__dict__", "__annotations__")
        or value.opaque is not None
        or value.foreign is not None
    ):
        return Opaque("", node, holds=(value,))
    if name in OBJECT:
        return OBJECT[name]
    return m.fail("AttributeError", f"type object {value.name!r} has no attribute {name!r}", node)


def of_function(m: "Machine", value: Function, name: str, node: At) -> Any:
    if name in value.attrs:
        return value.attrs[name]
    if name in ("__name__", "__qualname__"):
        return value.name if name == "__name__" else Opaque("", node)
    if name in ("__doc__", "__module__", "__annotations__", "__dict__"):
        return Opaque("", node, holds=(value,))
    return m.fail("AttributeError", f"'function' object has no attribute {name!r}", node)


def of_property(value: Property, name: str, node: At) -> Any:
    """@x.setter, @x.getter, @x.deleter."""
    if name == "setter":
        return Native("setter", lambda m, args, kwargs, at: Property(value.getter, args[0]), (value,))
    if name == "getter":
        return Native("getter", lambda m, args, kwargs, at: Property(args[0], value.setter), (value,))
    if name == "deleter":
        return Native("deleter", lambda m, args, kwargs, at: value, (value,))
    return Opaque("", node, holds=(value,))


def of_native(m: "Machine", value: Native, name: str, node: At) -> Any:
    if name in ("__name__", "__qualname__"):
        return value.name
    if value.members is not None and name in value.members:
        return value.members[name]
    if isinstance(value, Type):
        table = METHODS.get(value.host) if isinstance(value.host, type) else None
        found = (table or {}).get(name, MISSING)
        if name == "fromkeys" and value.host is dict:
            return Native("fromkeys", lambda m, args, kwargs, at: fromkeys(m, args, at))
        if name == "maketrans" and value.host is str:
            return Opaque("", node)
        if found is not MISSING:
            return found
        if name in OBJECT:
            return OBJECT[name]
    if isinstance(value, RecordType) and name == "_fields":
        return value.fields
    if isinstance(value, RecordType) and name == "_make":
        return Native("_make", lambda m, args, kwargs, at: m.call(value, m.listed(args[0], at), {}, at), (value,))
    return Opaque("", node, holds=(value,))


def fromkeys(m: "Machine", args: list[Any], node: At) -> Any:
    keys = m.listed(args[0], node)
    m.meter.elements(len(keys) * 3, node)
    operators.hashing_all(m, keys)
    return m.pure(node, dict.fromkeys, keys, args[1] if len(args) > 1 else None)


def class_of(m: "Machine", value: Any, node: At) -> Any:
    """type(value)."""
    kind = type(value)
    if kind is Opaque:
        return m.unknown(node, value)
    if kind is Instance:
        return value.cls
    if kind is Record:
        return value.kind
    if kind is Class:
        return m.builtins["type"]
    found = m.builtins.get({Names: "dict"}.get(kind, kind.__name__))
    if isinstance(found, Type) and found.host in (kind, dict if kind is Names else kind):
        return found
    return Opaque("", node)


# -- setting


def set_attribute(m: "Machine", value: Any, name: str, item: Any, node: At) -> None:
    """value.name = item."""
    kind = type(value)
    if kind is Instance:
        hook = value.cls.find("__setattr__")
        if hook is not MISSING and not m.spoilt(value.attrs):
            m.call(Bound(hook, value), [name, item], {}, node)
        else:
            put_attribute(m, value, name, item, node)
    elif kind is Opaque:
        m.risk(node)
        m.touch([*value.holds, item], m.reason(node, "the object that this is set on"))
    elif kind is Class or kind is Function:
        if m.spoilt(value.attrs):
            m.touch([item], m.reason(node))
        m.changing(value.attrs)
        value.attrs[name] = m.guarded_name(value.attrs, name, item) if value.attrs.volatile else item
    elif kind is Module:
        replaced = m.overrides.setdefault(value.name, Names())
        m.changing(replaced)
        replaced[name] = item
    elif isinstance(value, Foreign):
        m.vocabulary.set_attribute(value, name, item, node)
    elif kind is Default and name == "default_factory":
        m.changing(value)
        m.touch([value], m.reason(node))
    else:
        lacking(m, value, name, node)


def put_attribute(m: "Machine", value: Instance, name: str, item: Any, node: At) -> None:
    """object.__setattr__."""
    found = value.cls.find(name)
    if m.journal.spoilt and (m.spoilt(value.attrs) or m.spoilt(value.cls.attrs)):
        m.risk(node)
        m.touch([item, value], m.reason(node, "the object that this is set on, which may have changed,"))
        return
    if type(found) is Property:
        if found.setter is None:
            m.fail("AttributeError", f"property {name!r} of {value.cls.name!r} object has no setter", node)
        m.call(found.setter, [value, item], {}, node)
        return
    if name in ("__class__", "__dict__"):
        raise Fault(node, f"{name} cannot be replaced here; make an object of the class that is meant.")
    fields = value.cls.fields
    if fields is not None and fields.get("frozen"):
        raise Fault(node, f"{value.cls.name} is frozen: an attribute of it cannot be set.")
    m.changing(value.attrs)
    value.attrs[name] = m.guarded_name(value.attrs, name, item) if value.attrs.volatile else item
    if value.cls.foreign is not None:
        m.vocabulary.attached(value, name, item, node)


def del_attribute(m: "Machine", value: Any, name: str, node: At) -> None:
    """Del value.name."""
    if type(value) in (Instance, Class):
        if m.spoilt(value.attrs):
            return
        if name not in value.attrs:
            lacking(m, value, name, node)
        m.changing(value.attrs)
        del value.attrs[name]
    else:
        m.risk(node)
        m.touch([value], m.reason(node, "this deletion"))


def nothing(m: "Machine", args: list[Any], kwargs: dict[str, Any], node: At) -> None:
    """object.__init__."""
    if len(args) > 1 or kwargs:
        m.fail("TypeError", "object.__init__() takes exactly one argument (the instance to initialize)", node)


OBJECT: dict[str, Any] = {
    "__init__": Native("__init__", nothing),
    "__setattr__": Native("__setattr__", lambda m, a, k, at: put_attribute(m, a[0], a[1], a[2], at)),
    "__init_subclass__": Native("__init_subclass__", lambda m, a, k, at: None),
    "__str__": Native("__str__", lambda m, a, k, at: m.pure(at, m.text, a[0], at)),
    "__repr__": Native("__repr__", lambda m, a, k, at: m.pure(at, m.text, a[0], at, True)),
    "__eq__": Native("__eq__", lambda m, a, k, at: Opaque("", at)),
    "__hash__": Native("__hash__", lambda m, a, k, at: Opaque("", at)),
    "__new__": Native("__new__", lambda m, a, k, at: Opaque("", at)),
}
