"""json, statistics and textwrap: Python's own, on values that are plain."""

import json
import statistics
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.faults import Raised
from layercalc.readers.script.methods import known_arguments
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import SCALARS, Class, Computed, Instance, Native, Record

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]
LONGEST = 1_000_000  # characters of JSON that are read


def loads(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """json.loads(text)."""
    known_arguments(m, args, kwargs)
    (text,) = args
    if kwargs or type(text) not in (str, bytes) or len(text) > LONGEST:
        return Opaque("", at, holds=(*args, *kwargs.values()))
    m.meter.hold(len(text) * 20, at)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        value = Instance(decode_error(m))
        value.attrs["args"] = (str(error),)
        raise Raised(value, at) from None
    except ValueError as error:  # an integer of too many digits
        m.fail("ValueError", str(error), at)


def decode_error(m: "Machine") -> Class:
    """json.JSONDecodeError, which is a ValueError."""
    made = m.kept_class("JSONDecodeError", {})
    parent = m.exceptions["ValueError"]
    made.bases, made.mro, made.builtin, made.native = [parent], [made, *parent.mro], True, False
    return made


def dumps(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """json.dumps(value), of what JSON has."""
    (value,) = args
    known_arguments(m, args, kwargs)
    if set(kwargs) - {"indent", "sort_keys", "separators", "ensure_ascii"} or not plain(m, value):
        return Opaque("", at)
    indent = kwargs.get("indent")
    if (type(indent) is int and indent > 16) or (type(indent) is str and len(indent) > 16):
        return Opaque("", at)
    made = json.dumps(value, **kwargs)
    m.meter.hold(len(made), at)
    return made


def plain(m: "Machine", value: Any) -> bool:
    """Whether JSON has a value as Python's own classes have it."""
    m.meter.deepen(None)
    try:
        if isinstance(value, dict):
            return all(type(key) is str and plain(m, one) for key, one in value.items())
        if isinstance(value, list | tuple) and type(value) is not Record:
            return all(plain(m, one) for one in value)
        return type(value) in (int, float, str, bool, type(None))
    finally:
        m.meter.depth -= 1


def on_numbers(host: Callable[..., Any]) -> Native:
    """A function of statistics, of numbers."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        items = m.listed(args[0], at)
        known_arguments(m, items, {})
        if kwargs or len(args) > 1 or not all(type(one) in (int, float) for one in items) or len(items) > 10_000:
            return Opaque("", at)
        m.meter.work(len(items) * 256, at)
        try:
            return host(items)
        except statistics.StatisticsError as error:
            raise ValueError(str(error)) from None

    return Native(host.__name__, run)


def on_text(host: Callable[..., str]) -> Native:
    """A function of textwrap, of short texts."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        known_arguments(m, args, kwargs)
        given = (*args, *kwargs.values())
        if not all(type(one) in SCALARS for one in given) or any(type(x) is str and len(x) > 10_000 for x in given):
            return Opaque("", at)
        m.meter.hold(sum(len(one) for one in given if type(one) is str) * 32, at)
        return host(*args, **kwargs)

    return Native(host.__name__, run)


JSON: dict[str, Any] = {
    "loads": Native("loads", loads),
    "dumps": Native("dumps", dumps),
    "JSONDecodeError": Computed(lambda m, at: decode_error(m)),
}
STATISTICS: dict[str, Any] = {
    host.__name__: on_numbers(host)
    for host in (
        statistics.mean, statistics.fmean, statistics.median, statistics.median_low, statistics.median_high,
        statistics.mode, statistics.stdev, statistics.pstdev, statistics.variance, statistics.pvariance,
    )
}  # fmt: skip
TEXTWRAP: dict[str, Any] = {"dedent": on_text(textwrap.dedent), "indent": on_text(textwrap.indent)}
