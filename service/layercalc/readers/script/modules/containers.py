"""collections: OrderedDict, defaultdict, Counter, namedtuple."""

import keyword
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import Counted, Default, Native, Ordered, Record, RecordType

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]


def filled(m: "Machine", out: Any, args: Args, kwargs: Kwargs, at: Any) -> Any:
    """out.update(*args, **kwargs), which what is unknown leaves spoilt."""
    m.call(Native("update", lambda m, a, k, at: m.call(m.attribute(out, "update", at), a, k, at)), args, kwargs, at)
    return out


def ordered(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    return filled(m, Ordered(), args, kwargs, at)


def default(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    factory = args[0] if args else None
    if type(factory) is Opaque:
        return Opaque("", at, holds=factory.holds)
    return filled(m, Default(factory), args[1:], kwargs, at)


def counted(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    return filled(m, Counted(), args, kwargs, at)


def named(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """namedtuple(name, fields, defaults=…)."""
    name, fields = (*args, kwargs.get("field_names"))[:2]
    m.known(name, fields)
    names = fields.replace(",", " ").split() if isinstance(fields, str) else [*m.listed(fields, at)]
    m.known(*names)
    if set(kwargs) - {"defaults", "field_names"}:
        return Opaque("", at)
    if len(set(names)) < len(names) or any(not n.isidentifier() or keyword.iskeyword(n) or n[0] == "_" for n in names):
        raise ValueError("Type names and field names must be valid identifiers")
    return record_type(name, tuple(names), tuple(m.listed(kwargs.get("defaults") or (), at)))


def record_type(name: str, fields: tuple[str, ...], defaults: tuple[Any, ...]) -> RecordType:
    def make(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Record:
        values = dict(zip(fields, args, strict=False))
        for key, one in kwargs.items():
            if key in values or key not in fields:
                raise TypeError(f"{name}() got an unexpected or repeated argument {key!r}")
            values[key] = one
        for key, one in zip(fields[len(fields) - len(defaults) :], defaults, strict=True):
            values.setdefault(key, one)
        if len(args) > len(fields) or len(values) < len(fields):
            raise TypeError(f"{name}() takes {len(fields)} arguments")
        m.meter.elements(len(fields), at)
        made = Record(values[key] for key in fields)
        made.kind = kind
        return made

    kind = RecordType(name, make, fields, defaults)
    return kind


COLLECTIONS: dict[str, Any] = {
    "OrderedDict": Native("OrderedDict", ordered),
    "defaultdict": Native("defaultdict", default),
    "Counter": Native("Counter", counted),
    "namedtuple": Native("namedtuple", named),
}
