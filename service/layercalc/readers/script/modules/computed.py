"""NumPy's functions and the arithmetic of arrays on values that are known: NumPy's own, on the same numbers."""

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc import lazy_numpy as np
from layercalc.readers.script.methods import known_arguments
from layercalc.readers.script.modules import arrays
from layercalc.readers.script.modules.arrays import (
    ARITHMETIC,
    MOST,
    NUMBERS,
    Args,
    Kwargs,
    array,
    broadcast,
    dtype_of,
    is_array,
    labels_of,
    scalar,
)
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import Cursor, Instance, Int64, Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Otherwise = Callable[["Machine", Args, Kwargs, Any], Any]


class Unheld(Exception):  # noqa: N818
    """A value that NumPy cannot be given."""


def hosted(m: "Machine", value: Any, left: list[int] | None = None) -> Any:
    """A value as NumPy is given it; Unheld for what is not made of known numbers, or of more than `left`."""
    left = [MOST] if left is None else left
    if is_array(m, value):
        values, shape = labels_of(m, value, None, list), value.attrs["shape"]
        if type(values) is not list or any(type(one) is Opaque for one in shape):
            raise Unheld
        take(m, left, len(values))
        return np.array(values).reshape(shape)
    if isinstance(value, list | tuple):
        m.known(value)
        take(m, left, len(value))
        m.meter.deepen(None)
        try:
            made = [hosted(m, one, left) for one in value]
        finally:
            m.meter.depth -= 1
        return tuple(made) if isinstance(value, tuple) else made
    if value is None or type(value) is bool:
        return value
    if type(value) not in NUMBERS or abs(value) >= 1 << 62:
        raise Unheld
    return plain(value)


def take(m: "Machine", left: list[int], count: int) -> None:
    m.meter.work(count * 16)
    left[0] -= count
    if left[0] < 0:
        raise Unheld


def known(m: "Machine", made: Any, at: Any, base: Any = None) -> Any:
    """What NumPy made: a number, or an array with its values, of which only the shape is kept where they are many."""
    if type(made) is int:
        return made
    if not isinstance(made, np.ndarray):
        return scalar(m, made, at) if isinstance(made, int | float | np.number | np.bool_) else Opaque("", at)
    plain = made.dtype in (np.int64, np.float64) and 0 < made.size <= MOST
    return array(m, made.shape, made.ravel().tolist() if plain else Opaque("", at), at, base)


def unknown(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """What a function gives of arguments that are not known."""
    known_arguments(m, [one for one in args if not is_array(m, one)], kwargs)
    m.risk(at)
    return Opaque("", at, holds=tuple(args))


def of_numpy(name: str) -> Callable[..., Any]:
    """NumPy's function of that name."""
    return lambda *args, **named: np.named(name)(*args, **named)


def computed(name: str, host: Callable[..., Any], otherwise: Otherwise = unknown) -> Native:
    """A function whose result is no larger than what it is given; `otherwise` says what is known of other arguments."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        left = [MOST]
        try:
            given, named = [hosted(m, one, left) for one in args], {k: hosted(m, v, left) for k, v in kwargs.items()}
        except Unheld:
            return otherwise(m, args, kwargs, at)
        m.meter.work(512, at)
        with np.errstate(all="ignore"):
            return known(m, host(*given, **named), at)

    return Native(name, run)


def elementwise(name: str) -> Native:
    """np.sqrt(x); of arrays whose values are not known, the shape is."""
    return computed(name, of_numpy(name), same_shape)


def same_shape(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """An operation with numbers and arrays, whose shapes are broadcast."""
    if kwargs or not any(is_array(m, one) for one in args):
        return unknown(m, args, kwargs, at)
    found = broadcast(m, args)
    return Opaque("", at) if found is None else array(m, found, Opaque("", at), at)


def spaced(name: str) -> Native:
    """np.linspace(start, stop, 50) and the like."""
    host = of_numpy(name)

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        named = {key: one for key, one in kwargs.items() if key != "dtype"}
        known_arguments(m, args, named)
        count = args[2] if len(args) > 2 else named.get("num", 50)
        ends = [*args[:2], *(named[key] for key in ("start", "stop") if key in named)]
        if type(count) is not int or not all(type(one) in NUMBERS for one in ends) or named.get("retstep"):
            return Opaque("", at)
        if count > MOST:
            return array(m, (count,), Opaque("", at), at)
        with np.errstate(all="ignore"):
            made = host(*args, **named)
        return converted(m, made, kwargs.get("dtype"), at)

    return Native(name, run)


def converted(m: "Machine", made: Any, dtype: Any, at: Any) -> Any:
    """An array of another type: int64 and float64 are followed."""
    if dtype is None:
        return known(m, made, at)
    kind = dtype_of(dtype)
    if kind is None or (kind is int and not np.all(np.abs(made) < 1 << 62)):
        return array(m, made.shape, Opaque("", at), at)
    return known(m, made.astype(kind), at)


def arange(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    known_arguments(m, args, {key: one for key, one in kwargs.items() if key != "dtype"})
    if set(kwargs) - {"dtype"} or not args or not all(type(one) in NUMBERS and abs(one) < 1 << 40 for one in args):
        return Opaque("", at)
    start, stop, step = (0, args[0], 1) if len(args) == 1 else (*args, 1)[:3]
    count = len(range(*args)) if all(isinstance(one, int) for one in args) else max(-(-(stop - start) // step), 0)
    if count <= MOST:
        return converted(m, np.arange(*map(plain, args)), kwargs.get("dtype"), at)
    whole = all(isinstance(one, int) for one in args)
    return array(m, (count,), Opaque("", at), at) if whole else Opaque("", at)


def plain(value: Any) -> Any:
    return int(value) if isinstance(value, int) else float(value)


def cast(otherwise: Otherwise) -> Otherwise:
    """array.astype(int)."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        try:
            own = hosted(m, args[0])
        except Unheld:
            return otherwise(m, args, kwargs, at)
        return converted(m, own, args[1] if len(args) > 1 else kwargs.get("dtype", ""), at)

    return run


def rows(m: "Machine", own: Instance, at: Any) -> Any:
    """The iterator of an array whose values are known."""
    held = hosted(m, own)
    return Cursor("array", iter([known(m, one, at, own if np.ndim(one) else None) for one in held]), (own,))


def iterate(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    try:
        return rows(m, args[0], at)
    except Unheld:
        return Opaque("", at, holds=(args[0],))


def to_list(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    try:
        return hosted(m, args[0]).tolist()
    except Unheld:
        return Opaque("", at)


def item(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """array[key] of known values, with numbers and slices; of others the shape."""
    own, key = args
    keys = tuple([int(one) if type(one) is Int64 else one for one in (key if isinstance(key, tuple) else (key,))])
    key = keys if isinstance(key, tuple) else keys[0]
    parts = [each for one in keys for each in ((one.start, one.stop, one.step) if type(one) is slice else (one,))]
    if all(one is None or one is Ellipsis or type(one) is int for one in parts):
        try:
            return known(m, hosted(m, own)[key], at, own)
        except Unheld:
            pass
    return arrays.item(m, [own, key], kwargs, at)


def number(name: str, kind: type) -> Native:
    """int(array), float(array): of one value."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        try:
            held = hosted(m, args[0])
        except Unheld:
            return Opaque("", at)
        if held.size != 1:
            raise TypeError("only length-1 arrays can be converted to Python scalars")
        return kind(held.item()) if held.ndim == 0 else Opaque("", at)

    return Native(name, run)


def reduced(name: str) -> Native:
    """np.sum(x) of all the numbers, exact; along an axis, or of none that are known, as NumPy has it."""
    whole, along = arrays.reduction(name), computed(name, of_numpy(name), arrays.reduced)

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        return (along if kwargs or len(args) > 1 else whole).run(m, args, kwargs, at)

    return Native(name, run)


def differences(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.diff(x), once."""
    return DIFFERENCES.run(m, args, kwargs, at) if len(args) == 1 and not kwargs else unknown(m, args, kwargs, at)


DIFFERENCES = computed("diff", of_numpy("diff"))
SPREADS = ("median", "std", "var")
SAME_SIZE = (
    "cumsum", "cumprod", "sort", "argmin", "dot", "ptp", "average", "around", "clip",
    "argsort", "nansum", "ndim", "size",
)  # fmt: skip
COMPUTED: dict[str, Any] = {
    **{name: computed(name, of_numpy(name)) for name in SAME_SIZE},
    **{name: computed(name, of_numpy(name), arrays.reduced) for name in SPREADS},
    **{name: reduced(name) for name in arrays.REDUCTIONS},
    "amax": reduced("max"),
    "amin": reduced("min"),
    "argmax": computed("argmax", of_numpy("argmax"), arrays.position),
    "diff": Native("diff", differences),
    "round": computed("round", of_numpy("round"), same_shape),
    **{name: spaced(name) for name in ("linspace", "logspace", "geomspace")},
    "arange": Native("arange", arange),
}


COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge", "and_", "or_", "xor")


def operation(name: str, swapped: bool) -> Native:
    host: Callable[[Any, Any], Any] = vars(operator)[name]
    otherwise = same_shape if name != "matmul" else swap(arrays.product) if swapped else arrays.product
    return computed(name, (lambda a, b: host(b, a)) if swapped else host, otherwise)


def swap(of: Otherwise) -> Otherwise:
    return lambda m, args, kwargs, at: of(m, args[::-1], kwargs, at)


arrays.MEMBERS.update(
    {f"__{name.rstrip('_')}__": operation(name, False) for name in (*ARITHMETIC, "matmul", *COMPARISONS)}
    | {f"__r{name}__": operation(name, True) for name in (*ARITHMETIC, "matmul")},
    __neg__=computed("neg", operator.neg, same_shape),
    __abs__=computed("abs", operator.abs, same_shape),
    __getitem__=Native("item", item),
    __iter__=Native("iter", iterate),
    __int__=number("int", int),
    __float__=number("float", float),
    tolist=Native("tolist", to_list),
    astype=Native("astype", cast(arrays.copied)),
    **{name: computed(name, of_numpy(name)) for name in ("cumsum", "cumprod", "argmin", "clip", "dot")},
    **{name: computed(name, of_numpy(name), arrays.reduced) for name in ("std", "var")},
    **{name: reduced(name) for name in arrays.REDUCTIONS},
    argmax=computed("argmax", of_numpy("argmax"), arrays.position),
    round=computed("round", of_numpy("round"), same_shape),
)
