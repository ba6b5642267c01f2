"""Classes of the text: bodies, C3 order, decorators, objects made of them."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import enumerations, mappings
from layercalc.readers.script.exceptions import is_exception
from layercalc.readers.script.members import UNFOLLOWED, bind, unfollowed
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.private import mangled
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
    Slot,
    StaticMethod,
    Type,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

At = ast.AST | None
PLAIN_BASES = {"object", "Protocol", "Generic"}


def define(m: "Machine", node: ast.ClassDef, scope: Scope) -> Any:
    """The class of a `class` statement."""
    bases = [m.value(one, scope) for one in node.bases]
    keywords = {one.arg: m.value(one.value, scope) for one in node.keywords}
    named = len(bases) == 1 and isinstance(bases[0], Native) and bases[0].name == "NamedTuple"
    if named and (record := named_tuple(m, node, scope)) is not None:
        return record
    cls = Class(node.name, [one for one in bases if type(one) is Class], m)
    metaclass = keywords.pop("metaclass", None)
    inherit(m, cls, [one for one in bases if type(one) is not Class], metaclass, node)
    if None in keywords and cls.opaque is None:
        cls.opaque = Opaque(f"the keywords of {node.name}", node)
    cls.mro = [cls, *linear(m, cls.bases, node)]
    body = Scope(CLASS, of_body(node.body, walrus=id(node) not in m.plain), scope)
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
    finish(m, cls, node)
    if cls.opaque is not None:
        m.touch([cls], m.reason(node, f"the unknown base of {node.name}"))
        made_by = Opaque(f"the class {node.name}", node, cls.opaque.first, holds=(cls.opaque, metaclass, *bases))
        m.unknown_call(made_by, [cls, *keywords.values()], {}, node)
        return cls
    announce(m, cls, keywords, node)
    return cls


def named_tuple(m: "Machine", node: ast.ClassDef, scope: Scope) -> Any:
    """`class A(NamedTuple)` with nothing but fields; None for one with methods."""
    from layercalc.readers.script.modules.containers import record_type

    fields = [one for one in node.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)]
    if len(node.body) - len(fields) > (ast.get_docstring(node, clean=False) is not None) or not fields:
        return None
    defaults = [m.value(one.value, scope) for one in fields if one.value is not None]
    names = tuple(one.target.id for one in fields if isinstance(one.target, ast.Name))
    return record_type(node.name, names, tuple(defaults))


def finish(m: "Machine", cls: Class, node: ast.ClassDef) -> None:
    """What follows from the names of a class: hashing, slots, abstract methods; what cannot be followed is refused."""
    attrs = cls.attrs
    if "__eq__" in attrs and "__hash__" not in attrs:
        attrs["__hash__"] = None
    if cls.opaque is None:
        for name in attrs:
            if name in UNFOLLOWED and mappings.derived(cls):
                cls.opaque = Opaque(f"{node.name}, a class derived from dict with its own {name}", node)
            elif name in UNFOLLOWED:
                raise unfollowed(cls, name, node)
    if "__slots__" in attrs and cls.opaque is None:
        slots(m, cls, node)
    if cls.abstract is not None:
        names = {name for name, one in attrs.items() if is_abstract(one)}
        names |= {name for base in cls.bases for name in base.abstract or () if is_abstract(cls.find(name))}
        cls.abstract = frozenset(names)
    if cls.opaque is None and any(one.members is not None for one in cls.bases):
        enumerations.fill(m, cls, node)
    if cls.foreign is not None:
        m.vocabulary.derive(cls, cls.foreign, node)


def slots(m: "Machine", cls: Class, node: ast.ClassDef) -> None:
    """__slots__: a place for each name, and none for others unless a base has it."""
    given = cls.attrs["__slots__"]
    names = [given] if type(given) is str else m.listed(given, node)
    m.known(*names)
    for name in names:
        if type(name) is not str or not name.isidentifier():
            m.fail("TypeError", "__slots__ must be identifiers", node)
        if name in ("__dict__", "__weakref__"):
            continue
        if name in cls.attrs:
            m.fail("ValueError", f"{name!r} in __slots__ conflicts with class variable", node)
        name = mangled(name, cls.name)
        cls.attrs[name] = Slot(name)
    plain = all(not one.dict for one in cls.bases) and cls.foreign is None
    cls.dict = "__dict__" in names or not plain


def is_abstract(value: Any) -> bool:
    """Whether abc.abstractmethod has marked it."""
    if type(value) is Property:
        return any(map(is_abstract, value.parts))
    if type(value) is StaticMethod or type(value) is ClassMethod:
        return is_abstract(value.function)
    return type(value) is Function and value.attrs.get("__isabstractmethod__") is True


def announce(m: "Machine", cls: Class, keywords: dict[Any, Any], node: ast.ClassDef) -> None:
    """__set_name__ of what the class has, then __init_subclass__ of its bases."""
    for name, value in list(cls.attrs.items()):
        if type(value) is Instance and value.cls.find("__set_name__") is not MISSING:
            m.special(value, "__set_name__", [cls, name], node)
    for parent in cls.mro[1:]:
        if "__init_subclass__" in parent.attrs:
            hook = parent.attrs["__init_subclass__"]
            m.call(Bound(hook.function if type(hook) is ClassMethod else hook, cls), [], keywords, node)
            return
    if keywords and cls.foreign is None:
        m.fail("TypeError", f"{cls.name}.__init_subclass__() takes no keyword arguments", node)


def inherit(m: "Machine", cls: Class, others: list[Any], metaclass: Any, node: ast.ClassDef) -> None:
    """What the bases hand down, and those that are no classes of the text: foreign, Python's own, or unknown ones."""
    for parent in cls.bases:
        cls.foreign = cls.foreign or parent.foreign
        cls.opaque = parent.opaque if cls.opaque is None else cls.opaque
        cls.generic |= parent.generic
        if parent.abstract is not None:
            cls.abstract = frozenset()
        if parent.native and parent.name != "ABC" and (parent.members is None or parent.members):
            cls.opaque = Opaque(f"the base of {node.name}", node)
    for one in others:
        if isinstance(one, Foreign):
            cls.foreign = one
        elif not (isinstance(one, Native) and one.name in PLAIN_BASES):
            if isinstance(one, Type) and one.host is dict and len(node.bases) == 1:
                cls.bases = [mappings.base(m)]
            elif isinstance(one, Type):
                cause = f"{node.name}, a class derived from Python's {one.name}"
                cls.opaque = Opaque(cause, node)
            else:
                cls.opaque = one if type(one) is Opaque else Opaque(f"the base of {node.name}", node)
        elif isinstance(one, Native) and one.name != "object":
            cls.generic = True
            cls.abstract = frozenset() if one.name == "Protocol" else cls.abstract
    if isinstance(metaclass, Native) and metaclass.name == "ABCMeta":
        cls.abstract = frozenset()
    elif metaclass is not None and not (isinstance(metaclass, Type) and metaclass.name == "type"):
        cls.opaque = cls.opaque or Opaque(f"the metaclass of {node.name}", node)


def own(value: Any, cls: Class) -> None:
    """Tell the functions of a class whose they are, for super()."""
    if type(value) is Function and value.owner is None:
        value.owner = cls
    elif type(value) is StaticMethod or type(value) is ClassMethod:
        own(value.function, cls)
    elif type(value) is Property:
        for one in value.parts:
            own(one, cls)


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
    if cls.members is not None:
        return enumerations.lookup(m, cls, args, kwargs, node)
    if cls.abstract:
        names = ", ".join(sorted(cls.abstract))
        m.fail("TypeError", f"Can't instantiate abstract class {cls.name} without an implementation of {names}", node)
    value = Instance(cls)
    m.meter.hold(400, node)
    if mappings.derived(cls):
        m.journal.born(value)
        value.data = m.journal.made({})
    if is_exception(m, cls):
        value.attrs["args"] = tuple(args)
    if cls.foreign is not None:
        value.core = m.vocabulary.create(value, cls.foreign, args, kwargs, node)
    init = cls.find("__init__")
    if init is MISSING:
        if (args or kwargs) and cls.foreign is None:
            m.fail("TypeError", f"{cls.name}() takes no arguments", node)
        return value
    result = m.call(bind(m, init, value, cls, node), args, kwargs, node)
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
