"""str(), repr(), format(), % and str.format of known values, bounded before they are made."""

import _string  # type: ignore[import-not-found]
import ast
import re
import string
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.faults import Fault, Raised, Unknown
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import (
    MISSING,
    MUTABLE,
    SCALARS,
    Bound,
    Class,
    Counted,
    Cursor,
    Default,
    Float64,
    Foreign,
    Function,
    Instance,
    Int64,
    Module,
    Names,
    Native,
    Ordered,
    Property,
    Record,
    RecordType,
    Super,
    Type,
    View,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

PRECISION = 2_000  # digits after the point that a float may be written with
CONVERSION = re.compile(
    r"%(?:\((?P<key>[^()]*)\))?(?P<flags>[#0\- +]*)(?P<width>\*|\d*)(?:\.(?P<precision>\*|\d*))?[hlL]?(?P<kind>.)?",
    re.S,
)


KINDS: dict[type, str] = {
    type(None): "NoneType",
    Bound: "method",
    Class: "type",
    Counted: "Counter",
    Default: "defaultdict",
    Float64: "float64",
    Function: "function",
    Int64: "int64",
    Module: "module",
    Names: "dict",
    Native: "builtin_function_or_method",
    Ordered: "OrderedDict",
    Property: "property",
    Super: "super",
}  # what Python and NumPy call the classes of values that have one of their own here


def kind(value: Any) -> str:
    """The name of a value's class."""
    if type(value) is Instance:
        return str(value.cls.name)
    if type(value) is Record:
        return value.kind.name
    if type(value) is Cursor:
        return value.name
    if type(value) is View:
        return f"dict_{value.kind}"
    if isinstance(value, Type | RecordType):
        return "type"
    return KINDS.get(type(value), type(value).__name__)


def described(value: Any) -> str:
    """A value of the text's own, or a name of Python's, for a message."""
    if isinstance(value, Class | Type | RecordType):
        return f"the class {value.name}, which is not called"
    if isinstance(value, Function | Native):
        return f"the function {value.name}, which is not called"
    if type(value) is Bound and isinstance(value.function, Function | Native):
        return f"the method {value.function.name}, which is not called"
    return repr(value) if type(value) is Module else f"an object of {kind(value)}"


def said(m: "Machine", value: Any) -> str:
    """The message of an exception, as far as it is known."""
    try:
        return str(text(m, value, None))[:200]
    except (Unknown, Raised, Fault):
        return ""


def text(m: "Machine", value: Any, node: ast.AST | None, represent: bool = False) -> Any:
    """str(value) or repr(value); Unknown where Python's would hold an address, or something unknown."""
    result = write(m, value, node, represent, [])
    m.meter.hold(len(result), node)
    return result


def write(m: "Machine", value: Any, node: ast.AST | None, represent: bool, inside: list[int]) -> str:
    type_of = type(value)
    if type_of is str:
        m.meter.work(len(value))
        return repr(value) if represent else value
    if type_of in (Int64, Float64):
        if represent:
            raise Unknown(Opaque("", node))
        return repr(int(value)) if type_of is Int64 else repr(float(value))
    if type_of in SCALARS:
        m.meter.work(32)
        return repr(value)
    if type_of is Instance:
        return write_instance(m, value, node, represent)
    if type_of is Class:
        if value.builtin and value.name not in m.exceptions:
            raise Unknown(Opaque("", node))
        if value.members is not None:
            return f"<enum '{value.name}'>"
        return f"<class '{value.name}'>" if value.builtin else f"<class '__main__.{value.name}'>"
    if isinstance(value, Type):
        return repr(value)
    if type_of is Counted:
        return plain(m.call(m.attribute(value, "__repr__", node), [], {}, node))
    if isinstance(value, Foreign):
        return plain(m.vocabulary.convert("repr" if represent else "str", value, node))
    if (
        type_of is View
        or type_of is Ordered
        or type_of is Default
        or not isinstance(value, list | tuple | dict | set | frozenset | slice)
    ):
        raise Unknown(value if type_of is Opaque else Opaque("", node))
    return write_container(m, value, node, inside)


def write_container(m: "Machine", value: Any, node: ast.AST | None, inside: list[int]) -> str:
    m.known(value)
    if id(value) in inside:
        return "[...]" if isinstance(value, list) else "{...}" if isinstance(value, dict) else "(...)"
    if isinstance(value, set | frozenset) and not orderly(value):
        raise Unknown(Opaque("the order of a set", node))
    m.meter.deepen(node)
    m.meter.work(256)
    inside.append(id(value))
    if isinstance(value, dict):
        parts = [f"{write(m, k, node, True, inside)}: {write(m, v, node, True, inside)}" for k, v in value.items()]
    elif isinstance(value, slice):
        parts = [write(m, one, node, True, inside) for one in (value.start, value.stop, value.step)]
    else:
        parts = []
        for one in value:
            part = write(m, one, node, True, inside)
            m.meter.hold(len(part) + 2, node)
            parts.append(part)
    inside.pop()
    m.meter.depth -= 1
    joined = ", ".join(parts)
    m.meter.hold(len(joined), node)
    if isinstance(value, Record):
        return f"{value.kind.name}({', '.join(f'{a}={b}' for a, b in zip(value.kind.fields, parts, strict=True))})"
    if isinstance(value, slice):
        return f"slice({joined})"
    if isinstance(value, tuple):
        return f"({joined},)" if len(parts) == 1 else f"({joined})"
    if isinstance(value, set | frozenset):
        braces = f"{{{joined}}}"
        if isinstance(value, frozenset):
            return f"frozenset({braces})" if parts else "frozenset()"
        return braces if parts else "set()"
    return f"[{joined}]" if isinstance(value, list) else f"{{{joined}}}"


def orderly(value: Any) -> bool:
    """Whether a set runs through its items in an order that is the same in every run of Python."""
    return len(value) <= 1 or all(type(one) is int or type(one) is bool for one in value)


def write_instance(m: "Machine", value: Instance, node: ast.AST | None, represent: bool) -> str:
    from layercalc.readers.script.operators import special

    names = ("__repr__",) if represent else ("__str__", "__repr__")
    is_error = m.exceptions["BaseException"] in value.cls.mro
    for name in names:
        result = special(m, value, name, [], node)
        if result is not MISSING:
            return plain(
                result
                if type(result) is str or type(result) is Opaque
                else m.fail("TypeError", f"{name} returned non-string", node)
            )
        if is_error and value.cls.find(name) is MISSING:
            return write_error(m, value, node, represent)
    raise Unknown(Opaque("", node))


def write_error(m: "Machine", value: Instance, node: ast.AST | None, represent: bool) -> str:
    """An exception: what it was made of."""
    m.known(value.attrs)
    args = value.attrs.get("args", ())
    if type(args) is not tuple:
        raise Unknown(Opaque("", node))
    if represent:
        return f"{value.cls.name}({', '.join(write(m, one, node, True, []) for one in args)})"
    if len(args) == 1:
        return write(m, args[0], node, value.cls.derives(m.exceptions["KeyError"]), [])
    return write(m, args, node, True, []) if args else ""


def plain(value: Any) -> str:
    if type(value) is not str:
        raise Unknown(value if type(value) is Opaque else Opaque("a text"))
    return value


def format_value(m: "Machine", value: Any, spec: str, node: ast.AST | None) -> str:
    """format(value, spec)."""
    type_of = type(value)
    if type_of is Instance:
        from layercalc.readers.script.operators import special

        result = special(m, value, "__format__", [spec], node)
        if result is not MISSING:
            return plain(result)
    if not spec:
        return str(text(m, value, node))
    if type_of is Opaque or type_of in MUTABLE:
        m.known(value)
    if isinstance(value, Foreign):
        raise Unknown(Opaque("", node))
    check_spec(m, spec, value, node)
    if type_of is Int64:
        value = int(value)
    elif type_of is Float64:
        value = float(value)
    if type_of in SCALARS and type_of is not range:
        result = format(value, spec)
        m.meter.hold(len(result), node)
        return result
    name = kind(value)
    raise TypeError(f"unsupported format string passed to {name}.__format__")


def check_spec(m: "Machine", spec: str, value: Any, node: ast.AST | None) -> None:
    """Account for the widths of a format before anything is padded to them."""
    for digits in re.findall(r"\d+", spec):
        m.meter.hold(int(digits) if len(digits) < 12 else 1 << 60, node)
    point = re.search(r"\.(\d+)", spec)
    if point and isinstance(value, float | int | complex) and int(point[1][:12]) > PRECISION:
        raise Fault(node, f"A number with more than {PRECISION:,} digits after the point.", limit="digits")


def percent(m: "Machine", pattern: str, args: Any, node: ast.AST | None) -> str:
    """Pattern % args."""
    m.known(args)
    mapping = args if isinstance(args, dict) else None
    values: Iterator[Any] = iter(args if isinstance(args, tuple) else (args,))
    out: list[str] = []
    at = 0
    while (start := pattern.find("%", at)) >= 0:
        out.append(pattern[at:start])
        found = CONVERSION.match(pattern, start)
        if found is None or not found["kind"]:
            raise ValueError("incomplete format")
        at = found.end()
        m.meter.work(64, node)
        if found["kind"] == "%":
            out.append("%")
            continue
        if found["key"] is not None:
            if type(args) is Instance:
                raise Unknown(Opaque("a format of an object", node, holds=(args,)))
            if mapping is None:
                raise TypeError("format requires a mapping")
            m.weigh(mapping)
            value = mapping[found["key"]]
            numbers = []
        else:
            numbers = [star(values) for one in (found["width"], found["precision"]) if one == "*"]
            value = taken(values)
        out.append(one_conversion(m, found, value, numbers, node))
    out.append(pattern[at:])
    if mapping is None and not isinstance(args, list) and next(values, MISSING) is not MISSING:
        if type(args) is Instance and args.cls.find("__getitem__") is not MISSING:
            raise Unknown(Opaque("a format of an object", node, holds=(args,)))
        raise TypeError("not all arguments converted during string formatting")
    result = "".join(out)
    m.meter.hold(len(result), node)
    return result


def taken(values: Iterator[Any]) -> Any:
    value = next(values, MISSING)
    if value is MISSING:
        raise TypeError("not enough arguments for format string")
    return value


def star(values: Iterator[Any]) -> int:
    value = taken(values)
    if type(value) is Opaque:
        raise Unknown(value)
    if not isinstance(value, int):
        raise TypeError("* wants int")
    return int(value)


def one_conversion(m: "Machine", found: re.Match[str], value: Any, numbers: list[int], node: ast.AST | None) -> str:
    """One %-conversion, its widths accounted for."""
    letter, flags = found["kind"], found["flags"]
    width, precision = found["width"], found["precision"]
    if width == "*":
        number = numbers.pop(0)
        width, flags = str(abs(number)), flags + ("-" if number < 0 else "")
    if precision == "*":
        precision = str(max(numbers.pop(0), 0))
    spec = "%" + flags + width + ("" if precision is None else "." + precision)
    if letter in "sra":
        shown = str(text(m, value, node, letter != "s"))
        value = shown if letter != "a" else shown.encode("ascii", "backslashreplace").decode()
        letter = "s"
    else:
        if type(value) is Opaque:
            raise Unknown(value)
        if type(value) not in SCALARS:
            if type(value) is Instance or isinstance(value, Foreign):
                raise Unknown(Opaque("", node))
            raise TypeError(f"%{letter} format: a real number is required, not {kind(value)}")
        for digits in (width, precision or ""):
            if digits and (len(digits) > 6 or (digits is precision and int(digits) > PRECISION)):
                raise Fault(node, "A number written with too many digits.", limit="digits")
    check_spec(m, spec, None, node)
    return str((spec + letter) % (value,))


def format_fields(m: "Machine", pattern: str, args: list[Any], kwargs: dict[str, Any], node: ast.AST | None) -> str:
    """pattern.format(*args, **kwargs), with attributes and items as the text itself would reach them."""
    return fields_of(m, pattern, args, kwargs, node, 2, [0, False])


def fields_of(
    m: "Machine",
    pattern: str,
    args: list[Any],
    kwargs: dict[str, Any],
    node: ast.AST | None,
    depth: int,
    auto: list[Any],
) -> str:
    if depth < 0 or len(pattern) > 100_000:
        raise ValueError("Max string recursion exceeded")
    out: list[str] = []
    for literal, name, spec, conversion in string.Formatter().parse(pattern):
        m.meter.work(64, node)
        out.append(literal)
        if name is None:
            continue
        first, rest = _string.formatter_field_name_split(name)
        if first == "":
            if auto[1]:
                raise ValueError("cannot switch from manual field specification to automatic field numbering")
            first, auto[0] = auto[0], auto[0] + 1
        elif isinstance(first, int):
            if auto[0]:
                raise ValueError("cannot switch from automatic field numbering to manual field specification")
            auto[1] = True
        if isinstance(first, int):
            if first >= len(args):
                raise IndexError(f"Replacement index {first} out of range for positional args tuple")
            value = args[first]
        else:
            value = kwargs[first]
        for is_attribute, key in rest:
            value = m.attribute(value, key, node) if is_attribute else item(m, value, key, node)
        if conversion:
            value = text(m, value, node, conversion != "s")
        if type(value) is Opaque:
            raise Unknown(value)
        inner = fields_of(m, spec, args, kwargs, node, depth - 1, auto) if spec and "{" in spec else spec or ""
        part = format_value(m, value, inner, node)
        m.meter.hold(len(part), node)
        out.append(part)
    result = "".join(out)
    m.meter.hold(len(result), node)
    return result


def item(m: "Machine", value: Any, key: Any, node: ast.AST | None) -> Any:
    from layercalc.readers.script.items import get_item

    return get_item(m, value, key, node)
