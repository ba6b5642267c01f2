"""copy.copy and copy.deepcopy of the text's own values."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.script.faults import Unknown
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import (
    MISSING,
    MUTABLE,
    SCALARS,
    Class,
    Default,
    Function,
    Instance,
    Module,
    Names,
    Native,
    Record,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine


def shallow(m: "Machine", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    (value,) = args
    if type(value) in MUTABLE:
        m.known(value)
        m.meter.elements(len(value) * 3, at)
        return Default(value.factory, value) if type(value) is Default else type(value)(value)
    if type(value) in SCALARS or isinstance(value, tuple | frozenset) or type(value) in (Function, Class):
        return value
    if type(value) is Instance and value.cls.members is not None:
        return value
    if type(value) is Instance and value.core is value.data is None and value.cls.find("__copy__") is MISSING:
        m.known(value.attrs)
        made = Instance(value.cls)
        made.attrs.update(value.attrs)
        return made
    return m.unknown(at, Opaque("", at, holds=(value,)))


def deep(m: "Machine", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """A copy of everything reachable; what is shared stays shared. Foreign values make the copy unknown."""
    memo: dict[int, Any] = {}
    return one(m, args[0], memo, at)


def one(m: "Machine", value: Any, memo: dict[int, Any], at: Any) -> Any:
    if type(value) in SCALARS or type(value) in (Function, Class, Module) or isinstance(value, Native):
        return value
    if type(value) is Instance and value.cls.members is not None:
        return value
    if id(value) in memo:
        return memo[id(value)]
    m.meter.deepen(at)
    m.meter.hold(100, at)
    m.known(value)
    made: Any
    if type(value) is list:
        made = memo[id(value)] = []
        made += [one(m, item, memo, at) for item in value]
    elif isinstance(value, dict) and type(value) is not Names:
        made = memo[id(value)] = Default(value.factory) if type(value) is Default else type(value)()
        for key, item in value.items():
            made[one(m, key, memo, at)] = one(m, item, memo, at)
    elif isinstance(value, Record):
        made = Record(one(m, item, memo, at) for item in value)
        made.kind = value.kind
    elif isinstance(value, tuple):
        items = [one(m, item, memo, at) for item in value]
        made = value if all(a is b for a, b in zip(items, value, strict=True)) else tuple(items)
    elif isinstance(value, set | frozenset):
        made = type(value)(one(m, item, memo, at) for item in value)
    elif type(value) is Instance and value.core is value.data is None and value.cls.find("__deepcopy__") is MISSING:
        m.known(value.attrs)
        made = memo[id(value)] = Instance(value.cls)
        for name, item in value.attrs.items():
            made.attrs[name] = one(m, item, memo, at)
    else:
        raise Unknown(Opaque("a deep copy", at, holds=(value,)))
    m.meter.depth -= 1
    memo[id(value)] = made
    return made


COPY: dict[str, Any] = {"copy": Native("copy", shallow), "deepcopy": Native("deepcopy", deep)}
