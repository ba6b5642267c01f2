"""enum.Flag and IntFlag: members of an enumeration that are sets of bits, and what is made of several."""

import ast
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import enumerations, operators
from layercalc.readers.script.faults import Unknown
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import Class, Computed, Instance, Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

At = ast.AST | None
OPERATIONS = {"|": lambda a, b: a | b, "&": lambda a, b: a & b, "^": lambda a, b: a ^ b}
VERSIONS = "what versions of Python give of a flag in different ways"


def is_flag(cls: Class) -> bool:
    """Whether a class is an enumeration of bits."""
    return any(one.native and one.name == "Flag" for one in cls.mro)


def is_whole(cls: Class) -> bool:
    """Whether its members are integers too."""
    return any(one.native and one.name == "IntFlag" for one in cls.mro)


def following(numbers: list[int]) -> int:
    """What auto() gives behind these: the next bit."""
    return 1 << max(numbers).bit_length()


def every_bit(cls: Class) -> int:
    return reduce(or_, (one.attrs["_value_"] for one in (cls.members or {}).values()), 0)


def single(cls: Class, node: At) -> None:
    """Refuse to run through an enumeration that has more than bits, which versions of Python list in different ways."""
    values = [one.attrs["_value_"] for one in (cls.members or {}).values()]
    if is_flag(cls) and any(one.bit_count() != 1 for one in values):
        raise Unknown(Opaque(VERSIONS, node))


def of_value(m: "Machine", cls: Class, value: int, node: At) -> Any:
    """The member of this value: one with a name, or one that several make, the same every time."""
    if value < 0 or value & ~every_bit(cls):  # refused, from Python 3.11.4 on
        return m.unknown(node, Opaque(VERSIONS, node))
    for one in (cls.members or {}).values():
        if one.attrs["_value_"] == value:
            return one
    made = cls.combined.get(value)
    if made is None:
        m.meter.hold(400, node)
        made = cls.combined[value] = Instance(cls)
        made.attrs.update(_value_=value, _name_=Opaque(VERSIONS, node))
    return made


def combined(op: str) -> Native:
    """`A | B`, of two members of one class; of an IntFlag with an integer too."""

    def run(m: "Machine", args: list[Any], kwargs: dict[str, Any], at: At) -> Any:
        own, other = args
        m.known(other)
        if type(other) is Instance and other.cls is own.cls:
            return of_value(m, own.cls, OPERATIONS[op](own.attrs["_value_"], other.attrs["_value_"]), at)
        if is_whole(own.cls) and type(other) is int:
            return of_value(m, own.cls, OPERATIONS[op](own.attrs["_value_"], other), at)
        return NotImplemented if not is_whole(own.cls) else m.unknown(at, Opaque(VERSIONS, at))

    return Native(op, run)


def inverted(m: "Machine", args: list[Any], kwargs: dict[str, Any], at: At) -> Any:
    own = args[0]
    if is_whole(own.cls):
        return m.unknown(at, Opaque(VERSIONS, at))
    return of_value(m, own.cls, every_bit(own.cls) & ~own.attrs["_value_"], at)


def contains(m: "Machine", args: list[Any], kwargs: dict[str, Any], at: At) -> Any:
    own, other = args
    m.known(other)
    if type(other) is not Instance or other.cls is not own.cls:
        return m.unknown(at, Opaque(VERSIONS, at))
    return other.attrs["_value_"] & own.attrs["_value_"] == other.attrs["_value_"]


UNSURE = Native("version", lambda m, args, kwargs, at: m.unknown(at, Opaque(VERSIONS, at)))
FLAG: dict[str, Any] = {
    **{f"__{operators.DUNDERS[op]}__": combined(op) for op in OPERATIONS},
    "__invert__": Native("invert", inverted),
    "__contains__": Native("contains", contains),
    "__bool__": Native("bool", lambda m, args, kwargs, at: bool(args[0].attrs["_value_"])),
    **dict.fromkeys(("__repr__", "__str__", "__format__", "__iter__", "__len__"), UNSURE),
}
WHOLE = {
    **enumerations.INT,
    **FLAG,
    **{f"__r{operators.DUNDERS[op]}__": combined(op) for op in OPERATIONS},
}


def flag_class(m: "Machine", at: At) -> Class:
    return enumerations.base(m, "Flag", FLAG, [enumerations.enum_class(m, at)])


def int_flag_class(m: "Machine", at: At) -> Class:
    return enumerations.base(m, "IntFlag", WHOLE, [flag_class(m, at)])


FLAGS: dict[str, Any] = {"Flag": Computed(flag_class), "IntFlag": Computed(int_flag_class)}
