"""enum.Enum and IntEnum: members made once, looked up by value and by name; auto() counts."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import comparisons, operators
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import (
    MISSING,
    SCALARS,
    Class,
    ClassMethod,
    Computed,
    Cursor,
    Function,
    Instance,
    Native,
    Property,
    StaticMethod,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

At = ast.AST | None

CHANGING = frozenset(("__init__", "__new__", "__init_subclass__", "__set_name__", "__eq__", "__hash__", "__setattr__"))


AUTO = "enum.auto()"  # the origin of what auto() gives, which is no value before the class is made


def is_auto(value: Any) -> bool:
    return type(value) is Opaque and value.origin == AUTO


def base(m: "Machine", name: str, members: dict[str, Any], parents: list[Class]) -> Class:
    """A class of the module `enum`, without members."""
    made = m.kept_class(name, members)
    made.bases, made.mro, made.members = parents, [made, *(one for parent in parents for one in parent.mro)], {}
    return made


def fill(m: "Machine", cls: Class, node: At) -> None:
    """Make the members of an enumeration; one of a kind that is not followed is unknown, as is all that it has."""
    from layercalc.readers.script import flags

    bits = flags.is_flag(cls)
    whole = bits or any(one.name == "IntEnum" and one.native for one in cls.mro)
    cls.members = {}
    numbers = [0]
    for name, given in list(cls.attrs.items()):
        if isinstance(given, Function | Property | StaticMethod | ClassMethod) and name not in CHANGING:
            continue
        if name.startswith("__") and name.endswith("__") and name not in CHANGING:
            continue
        following = flags.following(numbers) if bits else numbers[-1] + 1
        value = following if is_auto(given) else given
        if bits and type(value) is int and value < 0:
            return forget(m, cls, node)
        if not followed(cls, name, value, whole) or (is_auto(given) and numbers[-1] != max(numbers)):
            return forget(m, cls, node)
        numbers += [value] if type(value) is int else []
        same = [one for one in cls.members.values() if equal(m, one.attrs["_value_"], value, node)]
        if not same:
            same = [Instance(cls)]
            same[0].attrs.update(_value_=value, _name_=name)
            m.meter.hold(400, node)
        cls.members[name] = cls.attrs[name] = same[0]
    return None


def followed(cls: Class, name: str, value: Any, whole: bool) -> bool:
    """Whether a name of an enumeration's body is a member of a plain value, in all versions of Python."""
    if (
        name in CHANGING
        or (name.startswith("_") and name.endswith("_"))
        or name.startswith(f"_{cls.name.lstrip('_')}__")
    ):
        return False
    if whole:
        return type(value) is int
    return type(value) in SCALARS or (type(value) is tuple and all(type(one) in SCALARS for one in value))


def equal(m: "Machine", a: Any, b: Any, node: At) -> bool:
    result = m.truth(comparisons.compare(m, "==", a, b, node), node)
    return type(result) is not Opaque and bool(result)


def forget(m: "Machine", cls: Class, node: At) -> None:
    cls.members = None
    cls.opaque = Opaque(f"{cls.name}, an enumeration of a kind that is not followed", node)
    m.touch([cls], m.reason(node, "an enumeration"))


def distinct(cls: Class, node: At = None) -> list[Instance]:
    """The members in order, without aliases."""
    from layercalc.readers.script import flags

    flags.single(cls, node)
    return list({id(one): one for one in (cls.members or {}).values()}.values())


def lookup(m: "Machine", cls: Class, args: list[Any], kwargs: dict[str, Any], node: At) -> Any:
    """Color(3): the member of this value; a class made by a call is not followed."""
    if len(args) != 1 or kwargs or not cls.members or cls.find("_missing_") is not MISSING:
        return m.unknown_call(Opaque("", node, holds=(cls,)), args, kwargs, node)
    from layercalc.readers.script import flags

    (value,) = args
    m.known(value)
    if type(value) is Instance and value.cls is cls:
        return value
    if flags.is_flag(cls) and type(value) is int:
        return flags.of_value(m, cls, value, node)
    for one in distinct(cls):
        same = m.truth(comparisons.compare(m, "==", one.attrs["_value_"], value, node), node)
        if type(same) is Opaque:
            return m.unknown(node, same)
        if same:
            return one
    return m.fail("ValueError", f"{value!r} is not a valid {cls.name}" if type(value) in SCALARS else cls.name, node)


def item(m: "Machine", cls: Class, name: Any, node: At) -> Any:
    """Color["RED"]."""
    m.known(name)
    found = (cls.members or {}).get(name) if type(name) is str else None
    if found is None:
        return m.fail("KeyError", name if type(name) is str else "", node)
    return found


def iterate(m: "Machine", cls: Class, node: At) -> Any:
    """The members in turn."""
    return Cursor("enumeration", iter(distinct(cls)), (cls,))


def is_number(value: Any) -> bool:
    """Whether a value is a member of an IntEnum, which is an int."""
    return type(value) is Instance and value.cls.members is not None and value.cls.find("__int__") is AS_INT


# -- what members can do


def hidden(name: str) -> Property:
    return Property(Native(name, lambda m, args, kwargs, at: args[0].attrs[name]))


def number(value: Any) -> Any:
    """The integer that a member of an IntEnum is."""
    return value.attrs["_value_"] if is_number(value) else value


def arithmetic(op: str, swapped: bool = False) -> Native:
    def run(m: "Machine", args: list[Any], kwargs: dict[str, Any], at: At) -> Any:
        a, b = (number(one) for one in (reversed(args) if swapped else args))
        return operators.binary(m, op, a, b, at)

    return Native(op, run)


def comparison(op: str) -> Native:
    def run(m: "Machine", args: list[Any], kwargs: dict[str, Any], at: At) -> Any:
        a, b = map(number, args)
        return comparisons.compare(m, op, a, b, at)

    return Native(op, run)


def represent(m: "Machine", args: list[Any], kwargs: dict[str, Any], at: At) -> Any:
    value = args[0].attrs["_value_"]
    shown = m.pure(at, m.text, value, at, True)
    return shown if type(shown) is Opaque else f"<{args[0].cls.name}.{args[0].attrs['_name_']}: {shown}>"


def refuse(m: "Machine", args: list[Any], kwargs: dict[str, Any], at: At) -> Any:
    """Members are put into no attribute of the name."""
    if args[1] in ("name", "value"):
        m.fail("AttributeError", f"<enum 'Enum'> cannot set attribute {args[1]!r}", at)
    m.risk(at)
    m.touch(args, m.reason(at, "an attribute set on a member of an enumeration"))


AS_INT = Native("int", lambda m, args, kwargs, at: args[0].attrs["_value_"])
VERSIONS = Native("version", lambda m, args, kwargs, at: Opaque("", at))
ENUM: dict[str, Any] = {
    "value": hidden("_value_"),
    "name": hidden("_name_"),
    "__repr__": Native("repr", represent),
    "__str__": Native(
        "str", lambda m, args, kwargs, at: f"{args[0].cls.name}.{args[0].attrs['_name_']}"
    ),
    "__format__": VERSIONS,
    "__setattr__": Native("setattr", refuse),
}  # fmt: skip
INT: dict[str, Any] = {
    **{f"__{operators.DUNDERS[op]}__": arithmetic(op) for op in operators.BINARY if op != "@"},
    **{f"__r{operators.DUNDERS[op]}__": arithmetic(op, True) for op in operators.BINARY if op != "@"},
    **{dunder: comparison(op) for op, dunder in comparisons.COMPARISONS.items()},
    **{f"__{name}__": AS_INT for name in ("int", "index", "trunc", "floor", "ceil", "round")},
    "__hash__": Native("hash", lambda m, args, kwargs, at: hash(args[0].attrs["_value_"])),
    "__float__": Native("float", lambda m, args, kwargs, at: float(args[0].attrs["_value_"])),
    "__bool__": Native("bool", lambda m, args, kwargs, at: bool(args[0].attrs["_value_"])),
    "__neg__": Native("neg", lambda m, args, kwargs, at: -args[0].attrs["_value_"]),
    "__abs__": Native("abs", lambda m, args, kwargs, at: abs(args[0].attrs["_value_"])),
    "__str__": VERSIONS,
}


def enum_class(m: "Machine", at: At) -> Class:
    return base(m, "Enum", ENUM, [])


def int_enum_class(m: "Machine", at: At) -> Class:
    return base(m, "IntEnum", INT, [enum_class(m, at)])


ENUMERATIONS: dict[str, Any] = {
    "Enum": Computed(enum_class),
    "IntEnum": Computed(int_enum_class),
    "auto": Native("auto", lambda m, args, kwargs, at: Opaque("", at, origin=AUTO)),
    "unique": Native("unique", lambda m, args, kwargs, at: args[0]),
}
