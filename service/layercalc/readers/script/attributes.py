"""Attributes, by what has them: of objects and classes of the text by Python's rules, of plain values by tables.

Nothing of the text is ever looked up on a real Python object: what is in no table is unknown, or an error.
"""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import hashes, mappings, members
from layercalc.readers.script.faults import Fault
from layercalc.readers.script.members import (
    INTROSPECTION,
    OBJECT,
    PUT,
    lacks,
    looks_inside,
    of_class,
    of_instance,
    of_super,
    set_on_some,
)
from layercalc.readers.script.methods import METHODS
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import (
    CONTAINERS,
    MISSING,
    Bound,
    Class,
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
    Super,
    Type,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

At = ast.AST | None


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
        if m.catching and not m.vocabulary.is_everywhere(value, name):
            m.risk(node)
        found = m.vocabulary.attribute(value, name, node)
        return lacks(m, value, name, node) if found is MISSING else found
    if kind is Super:
        return of_super(m, value, name, node)
    if kind is Class:
        return of_class(m, value, name, node)
    if name in INTROSPECTION:
        raise looks_inside(name, node)
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
    elif kind is Function:
        return of_function(m, value, name, node)
    elif kind is Bound:
        return m.attribute(value.function, name, node)
    elif kind is Property:
        return of_property(value, name, node)
    elif isinstance(value, Native):
        return of_native(m, value, name, node)
    return lacks(m, value, name, node)


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
    return lacks(m, value, name, node) if found is None else found(value)


def of_opaque(m: "Machine", value: Opaque, name: str, node: At) -> Any:
    m.risk(node)
    if name in INTROSPECTION:
        raise looks_inside(name, node)
    if name in ("__setattr__", "__delattr__", "__dict__"):
        set_on_some(m, [value], name, node)
    origin = f"{value.origin}.{name}" if value.origin and len(value.origin) < 200 else ""
    root = value.first
    found = Opaque("" if isinstance(node, ast.expr) else name, node, root, origin=origin, holds=value.holds)
    if name == "reshape" and not value.origin:
        from layercalc.readers.script.modules.shaping import method

        return method(value, found)
    return found


def of_module(m: "Machine", module: Module, name: str, node: At) -> Any:
    """A member of a known module; one that it does not list may be there all the same, and is unknown."""
    if m.overrides:
        replaced = m.overrides.get(module.name)
        if replaced is not None and name in replaced:
            return replaced[name]
        if by := set_by_another_name(m, module, name):
            return Opaque(f"{name}, which the text sets in {by}, another name of {module.name}", node)
    if m.catching and not m.vocabulary.is_everywhere(module, name):
        m.risk(node)
    found = module.find(name)
    if type(found) is Computed:
        found = m.overrides.setdefault(module.name, Names())[name] = found.make(m, node)
    if found is MISSING:
        found = m.module(f"{module.name}.{name}")
        if found is None:
            m.risk(node)
            return Opaque(f"{module.name}.{name}", node, origin=f"{module.name}.{name}")
    return found


def set_by_another_name(m: "Machine", module: Module, name: str) -> str:
    """Another name of the module by which the text has set a member of it, or an empty string."""
    same = m.vocabulary.same_module(module.name)
    for other, replaced in m.overrides.items():
        if name in replaced and other != module.name and m.vocabulary.same_module(other) == same:
            known = m.module(other)
            if known is None or replaced[name] is not known.find(name):
                return other
    return ""


def of_function(m: "Machine", value: Function, name: str, node: At) -> Any:
    if name in value.attrs:
        return value.attrs[name]
    if name in ("__name__", "__qualname__"):
        return value.name if name == "__name__" else Opaque("", node)
    if value.decorated:
        m.risk(node)
        return Opaque("", node, holds=(value,))
    return lacks(m, value, name, node)


def of_property(value: Property, name: str, node: At) -> Any:
    """@x.setter, @x.getter, @x.deleter."""
    if name in ("getter", "setter", "deleter"):
        given = {"getter": value.getter, "setter": value.setter, "deleter": value.deleter}
        return Native(name, lambda m, args, kwargs, at: Property(**given | {name: args[0]}), (value,))
    return Opaque("", node, holds=(value,))


def of_native(m: "Machine", value: Native, name: str, node: At) -> Any:
    if value.members is not None and name in value.members:
        found = value.members[name]
        return lacks(m, value, name, node) if found is MISSING else found
    if name in ("__name__", "__qualname__"):
        return value.name
    if isinstance(value, Type):
        table = METHODS.get(value.host) if isinstance(value.host, type) else None
        found = (table or {}).get(name, MISSING)
        if name == "fromkeys" and value.host is dict:
            return Native("fromkeys", lambda m, args, kwargs, at: fromkeys(m, args, at))
        if value.host is dict and name in mappings.MEMBERS:
            return mappings.MEMBERS[name]
        if name == "maketrans" and value.host is str:
            return Opaque("", node)
        if found is not MISSING:
            return found
        if name in OBJECT:
            return PUT if name == "__setattr__" else OBJECT[name]
    if isinstance(value, RecordType) and name == "_fields":
        return value.fields
    if isinstance(value, RecordType) and name == "_make":
        return Native("_make", lambda m, args, kwargs, at: m.call(value, m.listed(args[0], at), {}, at), (value,))
    return m.unknown(node, value)


def fromkeys(m: "Machine", args: list[Any], node: At) -> Any:
    keys = m.listed(args[0], node)
    m.meter.elements(len(keys) * 3, node)
    hashes.hashing_all(m, keys)
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
    if isinstance(value, Foreign):
        return m.vocabulary.class_of(value, node)
    if kind in CONTAINERS and (told := m.vocabulary.wraps(value)):
        return m.unknown(node, Opaque(told, node))
    found = m.builtins.get({Names: "dict"}.get(kind, kind.__name__))
    if isinstance(found, Type) and found.host in (kind, dict if kind is Names else kind):
        return found
    return Opaque("", node)


# -- setting


def set_attribute(m: "Machine", value: Any, name: str, item: Any, node: At) -> None:
    """value.name = item."""
    kind = type(value)
    if kind is Instance:
        members.set_on_instance(m, value, name, item, node)
    elif kind is Opaque:
        m.risk(node)
        m.touch([*value.holds, item], m.reason(node, "the object that this is set on"))
        set_on_some(m, [value], name, node)
    elif kind is Class or kind is Function:
        members.set_class_attribute(m, value, name, item, node)
    elif kind is Module and value.name == "builtins":
        raise Fault(node, f"{name} of builtins is set, which any function may use; bind a name of the text.")
    elif kind is Module:
        replaced = m.overrides.setdefault(value.name, Names())
        m.changing(replaced)
        replaced[name] = item
    elif isinstance(value, Foreign):
        m.vocabulary.set_attribute(value, name, item, node)
    elif isinstance(value, Native) and value.name == "partial" and name not in ("func", "args", "keywords"):
        assert value.members is not None
        m.changing(value.members)
        value.members[name] = item
    elif kind is Default and name == "default_factory":
        m.changing(value)
        m.touch([value], m.reason(node))
    else:
        lacks(m, value, name, node)


def del_attribute(m: "Machine", value: Any, name: str, node: At) -> None:
    """Del value.name."""
    if isinstance(value, Instance | Class):
        members.del_from(m, value, name, node)
    else:
        m.risk(node)
        m.touch([value], m.reason(node, "this deletion"))
