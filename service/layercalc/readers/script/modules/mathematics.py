"""math and operator."""

import math
import operator as host_operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import comparisons, operators
from layercalc.readers.script.methods import known_arguments
from layercalc.readers.script.values import MISSING, Foreign, Instance, Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]


def function(name: str, host: Callable[..., Any], check: Callable[..., None] | None = None) -> Native:
    """A function of numbers; `check` refuses results that are too large."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        for value in args:
            if isinstance(value, Foreign) or (type(value) is Instance and value.core is not None):
                return m.vocabulary.convert(f"math.{name}", value, at)
        dunder = {"floor": "__floor__", "ceil": "__ceil__", "trunc": "__trunc__"}.get(name)
        if dunder is not None and args and type(args[0]) is Instance:
            found = operators.special(m, args[0], dunder, [], at)
            if found is not MISSING:
                return found
        known_arguments(m, args, kwargs)
        if check is not None:
            check(m, *args, at=at)
        m.meter.work(256)
        return host(*args, **kwargs)

    return Native(name, run)


def factorial(m: "Machine", n: Any, at: Any = None) -> None:
    if isinstance(n, int) and n > 1:
        m.meter.digits(n * n.bit_length(), at)


def chosen(m: "Machine", n: Any, k: Any = None, at: Any = None) -> None:
    if isinstance(n, int) and isinstance(k, int | None):
        m.meter.digits((n if k is None else min(max(k, 0), max(n, 1))) * max(n, 1).bit_length(), at)


def multiples(m: "Machine", *numbers: Any, at: Any = None) -> None:
    m.meter.digits(sum(one.bit_length() for one in numbers if isinstance(one, int)), at)


def prod(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    total = kwargs.get("start", 1)
    for item in m.iterate(args[0], at):
        m.meter.work(32, at)
        total = operators.binary(m, "*", total, item, at)
    return total


def fsum(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    items = m.listed(args[0], at)
    known_arguments(m, items, {})
    return math.fsum(items)


NAMES = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "copysign", "cos", "cosh",
    "degrees", "erf", "erfc", "exp", "exp2", "expm1", "fabs", "floor", "fmod", "frexp", "gamma", "gcd", "hypot",
    "isclose", "isfinite", "isinf", "isnan", "isqrt", "ldexp", "lgamma", "log", "log10", "log1p", "log2", "modf",
    "pow", "radians", "remainder", "sin", "sinh", "sqrt", "tan", "tanh", "trunc", "ulp",
]  # fmt: skip
MATH: dict[str, Any] = {
    **{name: function(name, vars(math)[name]) for name in NAMES},
    **{name: vars(math)[name] for name in ("pi", "e", "tau", "inf", "nan")},
    "factorial": function("factorial", math.factorial, factorial),
    "comb": function("comb", math.comb, chosen),
    "perm": function("perm", math.perm, chosen),
    "lcm": function("lcm", math.lcm, multiples),
    "prod": Native("prod", prod),
    "fsum": Native("fsum", fsum),
}


def binary(op: str) -> Native:
    return Native(op, lambda m, args, kwargs, at: operators.binary(m, op, args[0], args[1], at))


def compare(op: str) -> Native:
    return Native(op, lambda m, args, kwargs, at: comparisons.compare(m, op, args[0], args[1], at))


def unary(op: str) -> Native:
    return Native(op, lambda m, args, kwargs, at: operators.unary(m, op, args[0], at))


def getter(f: Callable[..., Any]) -> Native:
    """Itemgetter and attrgetter."""

    def make(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Native:
        def run(m: "Machine", given: Args, kwargs: Kwargs, at: Any) -> Any:
            found = [f(m, given[0], one, at) for one in args]
            return found[0] if len(found) == 1 else tuple(found)

        return Native("getter", run, tuple(args))

    return Native("getter", make)


def item(m: "Machine", value: Any, key: Any, at: Any) -> Any:
    from layercalc.readers.script.items import get_item

    return get_item(m, value, key, at)


def attribute(m: "Machine", value: Any, name: Any, at: Any) -> Any:
    for part in name.split("."):
        value = m.attribute(value, part, at)
    return value


def index(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    known_arguments(m, args, kwargs)
    return host_operator.index(*args)


OPERATOR: dict[str, Any] = {
    **{
        name: binary(op)
        for name, op in {
            "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
            "lshift": "<<", "rshift": ">>", "and_": "&", "or_": "|", "xor": "^", "matmul": "@", "concat": "+",
        }.items()
    },
    **{
        name: compare(op)
        for name, op in {
            "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "is_": "is", "is_not": "is not",
        }.items()
    },
    "neg": unary("-"), "pos": unary("+"), "invert": unary("~"), "abs": unary("abs"),
    "contains": Native("contains", lambda m, args, kwargs, at: comparisons.compare(m, "in", args[1], args[0], at)),
    "getitem": Native("getitem", lambda m, args, kwargs, at: item(m, args[0], args[1], at)),
    "itemgetter": getter(item),
    "attrgetter": getter(attribute),
    "index": Native("index", index),
    "truth": Native("truth", lambda m, args, kwargs, at: m.truth(args[0], at)),
}  # fmt: skip
