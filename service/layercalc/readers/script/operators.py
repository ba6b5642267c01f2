"""Operators on values: exact as Python's, every size reckoned before the value is built."""

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import counters, hashes, members, texts
from layercalc.readers.script.faults import Unknown
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.unbound import doubtful
from layercalc.readers.script.values import (
    MISSING,
    MUTABLE,
    SCALARS,
    Bound,
    Class,
    Counted,
    Float64,
    Foreign,
    Function,
    Instance,
    Int64,
    Native,
    View,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

SYMBOLS: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.MatMult: "@",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in", ast.USub: "-", ast.UAdd: "+", ast.Invert: "~",
}  # fmt: skip
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "<<": operator.lshift, ">>": operator.rshift, "&": operator.and_,
    "|": operator.or_, "^": operator.xor, "@": operator.matmul,
}  # fmt: skip
UNARY: dict[str, Callable[[Any], Any]] = {"-": operator.neg, "+": operator.pos, "~": operator.invert, "abs": abs}
DUNDERS = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "<<": "lshift",
    ">>": "rshift", "&": "and", "|": "or", "^": "xor", "@": "matmul",
}  # fmt: skip
UNARIES = {"-": "__neg__", "+": "__pos__", "~": "__invert__", "abs": "__abs__"}
NUMBERS = frozenset((int, float, bool, complex, Int64, Float64))
NUMPY = (Int64, Float64)
SEQUENCES = (str, bytes, list, tuple)
PLAIN_SPECIAL = frozenset(("__eq__", "__ne__", "__str__", "__repr__", "__bool__", "__hash__", "__call__"))


def binary(m: "Machine", op: str, a: Any, b: Any, node: ast.AST | None) -> Any:
    """A op b."""
    ta, tb = type(a), type(b)
    if ta in NUMBERS and tb in NUMBERS:
        return number(m, op, a, b, node)
    if ta is Opaque or tb is Opaque:
        known = [one for one in (a, b) if type(one) not in SCALARS and not (isinstance(one, Foreign) and one.lasting)]
        m.touch([one for one in known if type(one) is not Opaque or one.holds], m.reason(node, "this operation"))
        return m.unknown(node, *(one for one in (a, b) if type(one) is Opaque))
    if op == "%" and ta is str:
        return m.pure(node, texts.percent, m, a, b, node)
    if (isinstance(a, Foreign) and is_native(m, b)) or (isinstance(b, Foreign) and is_native(m, a)):
        return m.vocabulary.binary(op, a, b, node)
    if ta is Instance or tb is Instance:
        return of_instances(m, op, a, b, node)
    if isinstance(a, Foreign) or isinstance(b, Foreign):
        return m.vocabulary.binary(op, a, b, node)
    if op == "%" and ta is bytes:
        return Opaque("", node)
    if ta is Counted or tb is Counted:
        return counters.binary(m, op, a, b, node)
    if ta is View or tb is View:
        a, b = (one.host() if type(one) is View else one for one in (a, b))
    if op != "*" and with_list(ta, tb):
        return Opaque("", node)
    if isinstance(a, Native) or isinstance(b, Native) or ta is Class or tb is Class:
        of_class = any(type(one) is Class and (one.opaque, one.foreign) != (None, None) for one in (a, b))
        return Opaque("", node) if op == "|" or of_class else wrong_types(m, op, a, b, node)
    return m.pure(node, containers, m, op, a, b, node)


def with_list(a: type, b: type) -> bool:
    """Whether one is a number of NumPy's and the other a list, of which it makes an array."""
    return (a in NUMPY and b in (list, tuple)) or (b in NUMPY and a in (list, tuple))


def is_native(m: "Machine", value: Any) -> bool:
    """Whether a value is an array: what a framework's values do with one is the framework's to say."""
    return type(value) is Instance and value.cls is m.kept.get("ndarray")


def number(m: "Machine", op: str, a: Any, b: Any, node: ast.AST | None) -> Any:
    """Arithmetic of numbers, and of numpy's, which have a range."""
    if isinstance(a, int) and isinstance(b, int):
        if op == "**" and b > 0 and (a > 1 or a < -1):
            m.meter.digits(a.bit_length() * b if b < 1 << 40 else 1 << 40, node)
        elif op == "<<" and b > 0 and a:
            m.meter.digits(a.bit_length() + b, node)
        elif op == "*":
            m.meter.digits(a.bit_length() + b.bit_length(), node)
    try:
        result = BINARY[op](a, b)
    except Exception as error:
        if isinstance(a, NUMPY) or isinstance(b, NUMPY):
            return Opaque("", node)
        return m.fail_as(error, node)
    if type(result) is int and (op == "+" or op == "-"):
        m.meter.digits(result.bit_length() - 1, node)
    return wrapped(result, node) if isinstance(a, NUMPY) or isinstance(b, NUMPY) else result


def wrapped(result: Any, node: ast.AST | None) -> Any:
    """The result as numpy has it: int64 wraps round, so that one out of its range is not known."""
    if isinstance(result, bool):
        return result
    if isinstance(result, int):
        return Int64(result) if -(1 << 63) <= result < 1 << 63 else Opaque("", node)
    return Float64(result) if isinstance(result, float) else Opaque("", node)


def containers(m: "Machine", op: str, a: Any, b: Any, node: ast.AST | None) -> Any:
    """Operators of strings, lists, tuples, sets and dicts."""
    m.known(a, b)
    if op == "*" and (isinstance(a, SEQUENCES) or isinstance(b, SEQUENCES)):
        sequence, times = (a, b) if isinstance(a, SEQUENCES) else (b, a)
        if isinstance(times, int) and times > 0:
            size = len(sequence) * times
            m.meter.hold(size, node) if isinstance(sequence, str | bytes) else m.meter.elements(size, node)
    elif op == "+" and isinstance(a, SEQUENCES) and isinstance(b, SEQUENCES):
        size = len(a) + len(b)
        m.meter.hold(size, node) if isinstance(a, str | bytes) else m.meter.elements(size, node)
    elif op in ("|", "&", "-", "^"):
        for one in (a, b):
            if isinstance(one, set | frozenset | dict):
                m.weigh(one)
                m.meter.elements(len(one), node)
                hashes.hashing_all(m, one)
    return BINARY[op](a, b)


def wrong_types(m: "Machine", op: str, a: Any, b: Any, node: ast.AST | None) -> Any:
    kinds = f"{texts.kind(a)!r} and {texts.kind(b)!r}"
    return m.fail("TypeError", f"unsupported operand type(s) for {op}: {kinds}", node)


def method(value: Any, name: str) -> Any:
    """A method of an instance's class as the operators look it up, or MISSING."""
    return value.cls.find(name) if type(value) is Instance else MISSING


def special(m: "Machine", value: Any, name: str, args: list[Any], node: ast.AST | None) -> Any:
    """What a dunder of an instance's class gives, or MISSING."""
    if type(value) is not Instance:
        return MISSING
    found = value.cls.find(name)
    doubted = m.doubted(value)
    if doubted is not None and (found is not MISSING or doubted is not value.attrs):
        m.touch(args, m.reason(node, f"{name} of a {value.cls.name}"))
        return m.from_spoilt(doubted, node)
    if found is MISSING or found is None:
        if found is MISSING and value.cls.native and name not in PLAIN_SPECIAL:
            return m.unknown_call(Opaque("", node, holds=(value,)), args, {}, node)
        return MISSING
    if type(found) is Function or isinstance(found, Native):
        return m.call(Bound(found, value), args, {}, node)
    return m.call(members.bind(m, found, value, value.cls, node), args, {}, node)


def of_instances(m: "Machine", op: str, a: Any, b: Any, node: ast.AST | None) -> Any:
    """Operators of which one side is an object of the text."""
    name = DUNDERS[op]
    order = [(a, f"__{name}__", b), (b, f"__r{name}__", a)]
    if (
        type(a) is type(b)
        and a.cls is not b.cls
        and b.cls.derives(a.cls)
        and method(b, order[1][1]) is not method(a, order[1][1])
    ):
        order.reverse()
    if type(a) is type(b) and a.cls is b.cls:
        order.pop()
    for owner, dunder, other in order:
        result = special(m, owner, dunder, [other], node)
        if result is not MISSING and result is not NotImplemented:
            return result
    if any(isinstance(one, Foreign) or (type(one) is Instance and one.core is not None) for one in (a, b)):
        return m.vocabulary.binary(op, a, b, node)
    return wrong_types(m, op, a, b, node)


def unary(m: "Machine", op: str, value: Any, node: ast.AST | None) -> Any:
    """-value, +value, ~value, abs(value)."""
    kind = type(value)
    if kind in NUMBERS:
        result = m.pure(node, UNARY[op], value)
        return wrapped(result, node) if isinstance(value, NUMPY) else result
    if kind is Opaque:
        m.touch(value.holds, m.reason(node, "this operation"))
        return m.unknown(node, value)
    if kind is Instance:
        result = special(m, value, UNARIES[op], [], node)
        if result is not MISSING:
            return result
    if isinstance(value, Foreign) or (kind is Instance and value.core is not None):
        return m.vocabulary.unary(op, value, node)
    if kind is Counted and op in counters.UNARY:
        return counters.unary(m, op, value, node)
    return m.fail("TypeError", f"bad operand type for unary {op}: {texts.kind(value)!r}", node)


def inplace(m: "Machine", op: str, a: Any, b: Any, node: ast.AST | None) -> Any:
    """A op= b: lists, sets and dicts change in place."""
    kind = type(a)
    if kind is Instance:
        result = special(m, a, f"__i{DUNDERS[op]}__", [b], node)
        if result is not MISSING and result is not NotImplemented:
            return result
    if kind is list and op == "+" and type(b) not in NUMPY:
        m.call(m.attribute(a, "extend", node), [b], {}, node)
        return a
    if kind is dict and op == "|" and not isinstance(b, dict):
        m.call(m.attribute(a, "update", node), [b], {}, node)
        return a
    if kind is Counted and op in counters.INPLACE:
        return counters.inplace(m, op, a, b, node)
    if kind in MUTABLE and type(b) is not Instance and not (kind is list and op != "*"):
        result = binary(m, op, a, b, node)
        m.changing(a)
        if type(result) is Opaque:
            m.touch([a], m.reason(node, "this operation"))
        elif kind is list:
            a[:] = result
        else:
            a.clear()
            a.update(result)
        return a
    return binary(m, op, a, b, node)


def truth(m: "Machine", value: Any, node: ast.AST | None) -> Any:
    """bool(value): True, False or Opaque."""
    kind = type(value)
    if kind is bool:
        return value
    if kind in SCALARS:
        return bool(value)
    if kind is Opaque:
        return value
    if kind in MUTABLE:
        if m.spoilt(value):
            return m.from_spoilt(value, node)
        unsure = doubtful(m, value)
        return bool(value) if unsure is None else unsure
    if kind is View:
        return truth(m, value.of, node)
    if kind is Instance:
        return truth_of_instance(m, value, node)
    if isinstance(value, Foreign):
        return m.vocabulary.truth(value, node)
    if isinstance(value, tuple | frozenset):
        return bool(value)
    return True


def truth_of_instance(m: "Machine", value: Instance, node: ast.AST | None) -> Any:
    result = special(m, value, "__bool__", [], node)
    if result is MISSING:
        result = special(m, value, "__len__", [], node)
        if result is MISSING:
            return m.vocabulary.truth(value, node) if value.core is not None else True
        return truth(m, result, node)
    if type(result) is Opaque or type(result) is bool:
        return result
    return m.fail("TypeError", "__bool__ should return bool", node)


def hash_of(m: "Machine", value: Instance) -> int:
    """hash() of an object of the text, which C code asks for."""
    found = value.cls.find("__hash__")
    if found is None:
        raise TypeError(f"unhashable type: {value.cls.name!r}")
    if found is MISSING:
        return object.__hash__(value)
    result = special(m, value, "__hash__", [], None)
    if type(result) is not int:
        raise Unknown(result if type(result) is Opaque else Opaque("a hash"))
    return hash(result)


def index_of(m: "Machine", value: Instance) -> Any:
    """The integer that an object of the text stands for as an index."""
    result = special(m, value, "__index__", [], None)
    if result is MISSING:
        raise TypeError(f"{value.cls.name!r} object cannot be interpreted as an integer")
    if type(result) is Opaque:
        raise Unknown(result)
    return result
