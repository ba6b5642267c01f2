"""The attributes that Python's own objects have beside those that are followed: asked for, they are not known."""

from functools import cache
from typing import Any

from layercalc import lazy_numpy as np
from layercalc.readers.script.methods import METHODS
from layercalc.readers.script.values import (
    Bound,
    Class,
    Counted,
    Cursor,
    Default,
    Float64,
    Function,
    Instance,
    Int64,
    Names,
    Native,
    Ordered,
    Property,
    Record,
    View,
)

HOSTS: dict[type, type] = {
    Names: dict,
    Ordered: dict,
    Default: dict,
    Counted: dict,
    Record: tuple,
    View: type({}.items()),
    Cursor: type(_ for _ in ()),
    Function: type(lambda: 0),
    Bound: type(Native.__repr__.__get__(0)),
    Class: type,
    Property: property,
}
ORDER = {"__lt__", "__le__", "__gt__", "__ge__"}  # object has them to say no; total_ordering asks who has others
SCALARS = {Int64: "int64", Float64: "float64"}  # of NumPy
KINDS = (*METHODS, *HOSTS, type(...), type(NotImplemented))
NAMES = {kind: frozenset(dir(HOSTS.get(kind, kind))) for kind in KINDS}
NAMES[Class] -= ORDER
NAMES[Ordered] |= {"move_to_end", "__dict__"}
NAMES[Default] |= {"default_factory", "__missing__", "__copy__"}
NAMES[Counted] |= {
    "__missing__", "__dict__", "__weakref__", "__module__", "_keep_positive",
    *(f"__{name}__" for name in ("add", "sub", "and", "pos", "neg", "iadd", "isub", "iand")),
}  # fmt: skip
NAMES[Record] |= {"_fields", "_make", "_field_defaults", "__match_args__", "__module__", "__slots__"}
OBJECT, EXCEPTION = frozenset(dir(object())) - ORDER, frozenset(dir(BaseException())) - ORDER
ENUMERATION = frozenset(["__len__", "__iter__", "__getitem__", "__contains__", "__bool__", "__reversed__"])
DATACLASS = frozenset(["__dataclass_fields__", "__dataclass_params__", "__match_args__"])


@cache
def of_scalar(name: str) -> frozenset[str]:
    return frozenset(dir(np.named(name)))


def in_python(value: Any, name: str) -> bool:
    """Whether Python gives a value of this kind the attribute."""
    if type(value) in (Instance, Class):
        cls = value if type(value) is Class else value.cls
        if cls.mro[-1].name == "BaseException" and name in EXCEPTION:
            return True
        if name in DATACLASS and any(one.fields is not None for one in cls.mro):
            return True
        if name in ("__module__", "__doc__") and not (cls.builtin or cls.native):
            return True
        if type(value) is Class and cls.members is not None and name in ENUMERATION:
            return True
    if type(value) in SCALARS:
        return name in of_scalar(SCALARS[type(value)])
    return name in NAMES.get(type(value), OBJECT)
