"""dataclasses, abc and typing."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import mappings
from layercalc.readers.script.classes import fields_of
from layercalc.readers.script.faults import Raised
from layercalc.readers.script.modules import copies
from layercalc.readers.script.modules.system import UNKNOWN
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import (
    MISSING,
    Bound,
    Class,
    Computed,
    Function,
    Instance,
    Native,
    Property,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]


class Field:
    """What dataclasses.field(…) says."""

    def __init__(self, default: Any, factory: Any, init: bool, keyword: bool, shown: bool, compared: bool):
        self.default, self.factory, self.init, self.keyword = default, factory, init, keyword
        self.shown, self.compared = shown, compared


def field(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Field:
    flags = {name: kwargs.get(name, True) is True for name in ("init", "repr", "compare")}
    return Field(
        kwargs.get("default", MISSING), kwargs.get("default_factory", MISSING), flags["init"],
        kwargs.get("kw_only") is True, flags["repr"], flags["compare"],
    )  # fmt: skip


def dataclass(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """@dataclass, with or without arguments."""
    if not args:
        return Native("dataclass", lambda m, args, _, at: made(m, args[0], kwargs, at))
    return made(m, args[0], kwargs, at)


def made(m: "Machine", cls: Any, options: Kwargs, at: Any) -> Any:
    if type(cls) is not Class or options.get("slots"):
        m.touch([cls], m.reason(at, "this decorator"))
        return Opaque("a dataclass of a kind that is not followed", at, holds=(cls,))
    names = cls.attrs.get("__annotations__", {})
    fields: dict[str, Field] = {}
    for name, annotation in names.items():
        if annotation.split("[")[0].split(".")[-1] in ("ClassVar", "InitVar", "KW_ONLY"):
            if not annotation.split("[")[0].endswith("ClassVar"):
                return Opaque("a dataclass with InitVar or KW_ONLY", at, holds=(cls,))
            continue
        found = cls.attrs.get(name, MISSING)
        if type(found) in (list, dict, set):
            raise ValueError(f"mutable default for field {name} is not allowed: use default_factory")
        one = found if type(found) is Field else Field(found, MISSING, True, False, True, True)
        one.keyword = one.keyword or options.get("kw_only") is True
        fields[name] = one
        if type(found) is Field:
            if found.default is MISSING:
                del cls.attrs[name]
            else:
                cls.attrs[name] = found.default
    cls.fields = {"own": fields, "frozen": options.get("frozen") is True}
    if cls.fields["frozen"]:
        for name in ("__setattr__", "__delattr__"):
            if name in cls.attrs:
                raise TypeError(f"Cannot overwrite attribute {name} in class {cls.name}")
            cls.attrs[name] = FROZEN
    if options.get("init", True) is not False and "__init__" not in cls.attrs:
        cls.attrs["__init__"] = Native("__init__", lambda m, args, kwargs, at: init(m, cls, args, kwargs, at))
    if options.get("repr", True) is not False and "__repr__" not in cls.attrs:
        cls.attrs["__repr__"] = Native("__repr__", lambda m, args, kwargs, at: represent(m, cls, args[0], at))
    if options.get("eq", True) is not False and "__eq__" not in cls.attrs:
        cls.attrs["__eq__"] = Native("__eq__", lambda m, args, kwargs, at: equal(m, cls, args[0], args[1], at))
        cls.attrs.setdefault("__hash__", Native("__hash__", hash_of) if cls.fields["frozen"] else None)
    if options.get("order"):
        for name in ("lt", "le", "gt", "ge"):
            if f"__{name}__" in cls.attrs:
                raise TypeError(f"Cannot overwrite attribute __{name}__ in class {cls.name}")
            cls.attrs[f"__{name}__"] = ordering(cls, name)
    if options.get("unsafe_hash"):
        cls.attrs["__hash__"] = Native("__hash__", hash_of)
    return cls


def ordering(cls: Class, name: str) -> Native:
    """`__lt__` and the like, by the fields in turn."""
    op = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}[name]
    return Native(name, lambda m, args, kwargs, at: compared(m, cls, op, args[0], args[1], at))


def frozen(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """Setting or deleting an attribute of a frozen dataclass: a FrozenInstanceError, which is an AttributeError."""
    error = m.kept_class("FrozenInstanceError", {})
    parent = m.exceptions["AttributeError"]
    error.bases, error.mro, error.builtin, error.native = [parent], [error, *parent.mro], True, False
    raise Raised(Instance(error), at)


FROZEN = Native("frozen", frozen)


def hash_of(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Opaque:
    return Opaque("a hash", at)


def init(m: "Machine", cls: Class, args: Args, kwargs: Kwargs, at: Any) -> None:
    value, *given = args
    fields: Any = fields_of(cls)
    positional = [name for name, one in fields.items() if one.init and not one.keyword]
    values = dict(zip(positional, given, strict=False))
    if len(given) > len(positional):
        raise TypeError(f"{cls.name}.__init__() takes {len(positional) + 1} positional arguments")
    for name, item in kwargs.items():
        if name in values or name not in fields or not fields[name].init:
            raise TypeError(f"{cls.name}.__init__() got an unexpected keyword argument {name!r}")
        values[name] = item
    m.changing(value.attrs)
    for name, one in fields.items():
        if name in values:
            value.attrs[name] = values[name]
        elif one.factory is not MISSING:
            value.attrs[name] = m.call(one.factory, [], {}, at)
        elif one.default is not MISSING:
            value.attrs[name] = one.default
        elif one.init:
            raise TypeError(f"{cls.name}.__init__() missing 1 required positional argument: {name!r}")
    if cls.foreign is not None:
        for name in fields:
            if name in value.attrs:
                value.attrs[name] = mappings.attached(m, value.attrs[name], at)
                m.vocabulary.attached(value, name, value.attrs[name], at)
    after = value.cls.find("__post_init__")
    if after is not MISSING:
        m.call(Bound(after, value), [], {}, at)


def represent(m: "Machine", cls: Class, value: Instance, at: Any) -> Any:
    parts = []
    for name, one in fields_of(cls).items():
        if one.shown:
            shown = m.pure(at, m.text, m.attribute(value, name, at), at, True)
            if type(shown) is Opaque:
                return shown
            parts.append(f"{name}={shown}")
    joined = f"{value.cls.name}({', '.join(parts)})"
    m.meter.hold(len(joined), at)
    return joined


def equal(m: "Machine", cls: Class, a: Instance, b: Any, at: Any) -> Any:
    return compared(m, cls, "==", a, b, at)


def compared(m: "Machine", cls: Class, op: str, a: Instance, b: Any, at: Any) -> Any:
    """A comparison of the fields of two objects of one class, as tuples."""
    if type(b) is not Instance or b.cls is not a.cls:
        return NotImplemented
    names = [name for name, one in fields_of(cls).items() if one.compared]
    sides = [tuple(m.attribute(one, name, at) for name in names) for one in (a, b)]
    return m.compare(op, sides[0], sides[1], at)


def as_dict(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """asdict: of dataclasses in one another, in lists and dicts; other values are copied."""
    if len(args) != 1 or kwargs or not is_object(args[0]):
        return Opaque("", at, holds=tuple(args))
    return plain_of(m, args[0], dict, at)


def as_tuple(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    if len(args) != 1 or kwargs or not is_object(args[0]):
        return Opaque("", at, holds=tuple(args))
    return plain_of(m, args[0], lambda pairs: tuple(value for _, value in pairs), at)


def is_object(value: Any) -> bool:
    """Whether a value is an object of a dataclass."""
    return type(value) is Instance and bool(fields_of(value.cls))


def plain_of(m: "Machine", value: Any, make: Callable[..., Any], at: Any) -> Any:
    m.meter.deepen(at)
    m.meter.hold(100, at)
    m.known(value)
    if is_object(value):
        m.known(value.attrs)
        names = fields_of(value.cls)
        made: Any = make([(name, plain_of(m, m.attribute(value, name, at), make, at)) for name in names])
    elif type(value) is list or type(value) is tuple:
        made = type(value)(plain_of(m, one, make, at) for one in value)
    elif type(value) is dict:
        made = {plain_of(m, key, make, at): plain_of(m, one, make, at) for key, one in value.items()}
    else:
        made = copies.deep(m, [value], {}, at)
    m.meter.depth -= 1
    return made


def all_fields(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """fields(…): their names and defaults."""
    cls = args[0].cls if type(args[0]) is Instance else args[0]
    if type(cls) is not Class or not fields_of(cls):
        return Opaque("", at, holds=(args[0],))
    made = [Instance(m.kept_class("Field", {"__getattr__": UNKNOWN})) for _ in fields_of(cls)]
    for one, name in zip(made, fields_of(cls), strict=True):
        one.attrs["name"] = name
    return tuple(made)


def is_dataclass(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    (value,) = args
    m.known(value)
    cls = value.cls if type(value) is Instance else value
    if type(cls) is Class and (cls.native or cls.opaque is not None):
        return Opaque("", at)
    return type(cls) is Class and any(one.fields is not None for one in cls.mro)


def replace(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    value = args[0]
    m.known(value)
    if type(value) is not Instance:
        return Opaque("", at, holds=(value,))
    m.known(value.attrs)
    fields: Any = fields_of(value.cls)
    kept = {name: value.attrs[name] for name, one in fields.items() if one.init and name in value.attrs}
    return m.call(value.cls, [], {**kept, **kwargs}, at)


def same(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """A decorator that gives back what it is given."""
    return args[0]


def abstract_base(m: "Machine") -> Class:
    """abc.ABC: what derives from it is made only when nothing of it is abstract."""
    made = m.kept_class("ABC", {})
    made.abstract = frozenset()
    return made


def abstract(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    (f,) = args
    if type(f) is Property and type(f.getter) is Function:
        f.getter.attrs["__isabstractmethod__"] = True
    elif type(f) is Function:
        f.attrs["__isabstractmethod__"] = True
    return f


def abstract_property(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    return abstract(m, [m.call(m.builtins["property"], args, kwargs, at)], {}, at)


IGNORED = Native("same", same)
DATACLASSES: dict[str, Any] = {
    "dataclass": Native("dataclass", dataclass),
    "field": Native("field", field),
    "asdict": Native("asdict", as_dict),
    "astuple": Native("astuple", as_tuple),
    "fields": Native("fields", all_fields),
    "is_dataclass": Native("is_dataclass", is_dataclass),
    "replace": Native("replace", replace),
}
ABC: dict[str, Any] = {
    "ABC": Computed(lambda m, at: abstract_base(m)),
    "ABCMeta": Native("ABCMeta", same),
    "abstractmethod": Native("abstractmethod", abstract),
    "abstractproperty": Native("abstractproperty", abstract_property),
}
TYPING: dict[str, Any] = {
    "cast": Native("cast", lambda m, args, kwargs, at: args[1]),
    "TYPE_CHECKING": False,
    "NamedTuple": Native("NamedTuple", lambda m, args, kwargs, at: Opaque("", at, holds=(*args, *kwargs.values()))),
    "Protocol": Native("Protocol", same),
    "Generic": Native("Generic", same),
    "overload": IGNORED,
    "final": IGNORED,
    "runtime_checkable": IGNORED,
    "no_type_check": IGNORED,
    "NewType": Native("NewType", lambda m, args, kwargs, at: IGNORED),
}
