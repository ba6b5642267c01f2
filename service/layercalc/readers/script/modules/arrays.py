"""NumPy on plain values: functions of numbers, and arrays of known shape, small ones with their values.

An array is an object with the attributes `shape` (sizes, some of which may be Opaque), `_values` (flat numbers,
Labels, or Opaque) and `_base` (of a view).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from layercalc import lazy_numpy as np
from layercalc.readers.script.methods import known_arguments
from layercalc.readers.script.modules.system import UNKNOWN
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.operators import wrapped
from layercalc.readers.script.values import Float64, Foreign, Instance, Int64, Native, Property

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]
MOST = 1_000  # values that an array is kept with
NUMBERS = (int, float, Int64, Float64)


@dataclass(frozen=True)
class Labels:
    """The values of an array of labels: each of the numbers from 0 that are less than `count`, in any order."""

    count: int


@dataclass(frozen=True)
class Rows:
    """The values of an array of rows, each with a one at a label, of which there are so many."""

    count: int


class Ragged(Exception):  # noqa: N818
    """No array of numbers."""


def scalar(m: "Machine", value: Any, at: Any) -> Any:
    """A number as NumPy gives it."""
    if isinstance(value, bool | np.bool_):
        return Opaque("", at)
    return wrapped(int(value) if isinstance(value, int | np.integer) else float(value), at)


def array(m: "Machine", shape: tuple[Any, ...], values: Any, at: Any, base: Any = None) -> Instance:
    m.meter.hold(400 + 40 * (len(values) if type(values) is list else 0), at)
    made = Instance(m.kept_class("ndarray", MEMBERS))
    made.attrs.update(shape=shape, _values=values, _base=base)
    return made


def sizes(m: "Machine", value: Any) -> tuple[int, ...]:
    """A shape as an argument: a number, or several."""
    m.known(value)
    items = [value] if isinstance(value, int) else m.listed(value, None)
    known_arguments(m, items, {})
    if not all(isinstance(one, int) for one in items) or any(one < 0 for one in items):
        raise TypeError("expected a sequence of integers")
    return tuple(int(one) for one in items)


def nested(m: "Machine", value: Any) -> tuple[tuple[int, ...], list[Any] | None]:
    """The shape and the flat numbers of nested lists, None where arrays are in them; Ragged if they are none."""
    if isinstance(value, list | tuple):
        m.known(value)
        parts = [nested(m, one) for one in value]
        m.meter.work(64 * len(parts))
        if any(shape != parts[0][0] for shape, _ in parts):
            raise Ragged("the lists are of different lengths")
        flats = [flat for _, flat in parts if flat is not None]
        found = None if len(flats) < len(parts) else [one for flat in flats for one in flat]
        return (len(parts), *(parts[0][0] if parts else ())), found
    if is_array(m, value):
        return known_shape(m, value), None
    m.known(value)
    if type(value) not in NUMBERS:
        raise Ragged("no number")
    return (), [value]


def of_values(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.array(…), np.asarray(…)."""
    value = args[0]
    if is_array(m, value):
        return array(m, value.attrs["shape"], labels_of(m, value, at), at, value)
    if not isinstance(value, list | tuple):
        return Opaque("", at, holds=(value,))
    m.meter.deepen(at)
    m.weigh(value)
    try:
        shape, flat = nested(m, value)
    except Ragged:
        return Opaque("", at, holds=(value,))
    finally:
        m.meter.depth -= 1
    if flat is None:
        return array(m, shape, Opaque("", at), at)
    dtype = args[1] if len(args) == 2 else kwargs.get("dtype")
    kind = dtype_of(dtype)
    whole = all(isinstance(one, int) for one in flat)
    plain = flat and len(flat) <= MOST and (kind is not None or dtype is None) and set(kwargs) <= {"dtype"}
    if plain and kind is None and not whole and any(isinstance(one, int) for one in flat):
        kind = float
    values: Any = [one if kind is None else kind(one) for one in flat] if plain and small(flat) else Opaque("", at)
    return array(m, shape, values, at)


def small(values: Args) -> bool:
    """Whether numbers are such as int64 and float64 hold, with room for sums."""
    return all(abs(one) < 1 << 62 for one in values)


def dtype_of(value: Any) -> type | None:
    """`int` and `float` as NumPy takes them, as int64 and float64; None for other types."""
    names: dict[str, type] = {"int": int, "int64": int, "float": float, "float64": float}
    return names.get(value.name if isinstance(value, Native) else value) if isinstance(value, Native | str) else None


def is_array(m: "Machine", value: Any) -> bool:
    return type(value) is Instance and value.cls is m.kept.get("ndarray") and not m.spoilt(value.attrs)


def labels_of(m: "Machine", value: Instance, at: Any, kind: type = Labels) -> Any:
    """The values that an array is known to hold, of this kind, as long as nothing is written to what it views."""
    values = value.attrs["_values"]
    one = value
    while one is not None:
        if m.spoilt(one.attrs) or type(one.attrs["_values"]) is not kind:
            return Opaque("", at)
        one = one.attrs["_base"]
    return values


def copied(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """array.astype(…), array.copy(): what is written to one may be the other's."""
    own = args[0]
    kind = type(own.attrs["_values"])
    values = labels_of(m, own, at, kind) if kind in (Labels, Rows, list) else Opaque("", at)
    return array(m, own.attrs["shape"], values, at, own)


def position(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.argmax(rows, axis=1): the labels of rows."""
    own, axis = args[0], args[1] if len(args) > 1 else kwargs.get("axis")
    m.known(axis)
    rows = labels_of(m, own, at, Rows) if is_array(m, own) else None
    if type(rows) is not Rows or axis not in (1, -1) or len(own.attrs["shape"]) != 2:
        return Opaque("", at, holds=(own,))
    return array(m, own.attrs["shape"][:-1], Labels(rows.count), at)


def filled(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.zeros(shape) and the like: the shape is known, the values are not wanted."""
    return array(m, sizes(m, args[0] if args else kwargs["shape"]), Opaque("", at), at)


def drawn(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.random.rand(2, 3)."""
    return array(m, sizes(m, list(args)), Opaque("", at), at) if args else Opaque("", at)


def sized(position: int) -> Callable[..., Any]:
    """np.random.normal(…, size=shape), which is the argument of that position: numbers of that shape."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        shape = args[position] if len(args) > position else kwargs.get("size")
        return Opaque("", at) if shape is None else array(m, sizes(m, shape), Opaque("", at), at)

    return run


def permuted(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.random.permutation(n), or of an array, which keeps its shape."""
    own = args[0]
    if is_array(m, own):
        return array(m, own.attrs["shape"], Opaque("", at), at)
    return array(m, (own,), Opaque("", at), at) if type(own) is int and own >= 0 else Opaque("", at)


def random_of(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    shape = args[0] if args else kwargs.get("size")
    return Opaque("", at) if shape is None else array(m, sizes(m, shape), Opaque("", at), at)


def numbers(m: "Machine", value: Any) -> list[Any] | None:
    """The numbers of an array, a list or one number, as far as they are known and of one kind."""
    if is_array(m, value):
        found = labels_of(m, value, None, list)
        return found if type(found) is list else None
    m.known(value)
    if isinstance(value, Foreign):
        value = m.vocabulary.plain(value)
    if isinstance(value, list | tuple):
        m.weigh(value)
        try:
            return nested(m, value)[1]
        except Ragged:
            return None
    return [value] if type(value) in NUMBERS else None


def listed(m: "Machine", value: Any) -> Any:
    """An array of known numbers as nested lists; any other value as it is."""
    found = labels_of(m, value, None, list) if is_array(m, value) else None
    if type(found) is not list or any(type(one) is Opaque for one in value.attrs["shape"]):
        return value
    for size in value.attrs["shape"][:0:-1]:
        found = [found[start : start + size] for start in range(0, len(found), size)] if size else []
    return found if value.attrs["shape"] else found[0]


def reduced(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """mean, std, sum along axes: an array without them, or with axes of one in their places."""
    own, axis = args[0], args[1] if len(args) > 1 else kwargs.get("axis")
    keepdims = kwargs.get("keepdims", False)
    if not is_array(m, own) or len(args) > 2 or set(kwargs) - {"axis", "keepdims"}:
        return Opaque("", at, holds=(own,))
    shape = own.attrs["shape"]
    axes = [axis] if type(axis) is int else list(axis) if isinstance(axis, tuple | list) else []
    rank = len(shape)
    if not axes or type(keepdims) is not bool or not all(type(one) is int and -rank <= one < rank for one in axes):
        return Opaque("", at, holds=(own,))
    gone = {one % rank for one in axes}
    left = tuple(1 if k in gone else size for k, size in enumerate(shape) if keepdims or k not in gone)
    return array(m, left, Opaque("", at), at)


def reduction(name: str) -> Native:
    """prod, sum, max, min, mean of all the numbers."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        found = numbers(m, args[0])
        if is_array(m, args[0]) and type(args[0].attrs["_values"]) is Labels:
            labels = labels_of(m, args[0], at)
            found = [0, labels.count - 1] if name in ("max", "min") and type(labels) is Labels else None
        if found is None or kwargs or len(args) > 1 or (not found and name not in ("prod", "sum")):
            return Opaque("", at, holds=(args[0],))
        if not found:
            return Float64(1.0 if name == "prod" else 0.0)
        m.meter.work(len(found) * 16, at)
        whole = all(isinstance(one, int) for one in found)
        if whole and name in ("prod", "sum"):
            m.meter.digits(sum(max(int(one).bit_length(), 1) for one in found), at)
            return scalar(m, math.prod(map(int, found)) if name == "prod" else sum(map(int, found)), at)
        if any(abs(one) >= 1 << 62 for one in found):
            return Opaque("", at)
        with np.errstate(all="ignore"):
            return scalar(m, np.named(name)(np.array([int(x) if whole else float(x) for x in found])), at)

    return Native(name, run)


REDUCTIONS = ("prod", "sum", "max", "min", "mean")


def shape_of(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    value = args[0]
    if is_array(m, value):
        return value.attrs["shape"]
    if isinstance(value, list | tuple):
        try:
            return nested(m, value)[0]
        except Ragged:
            return Opaque("", at)
    return Opaque("", at)


# -- methods of arrays


def known_shape(m: "Machine", value: Instance) -> tuple[int, ...]:
    shape = value.attrs["shape"]
    m.known(value.attrs, shape)
    m.known(*shape)
    return cast("tuple[int, ...]", shape)


def item(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """array[i], array[a:b, c]: whole numbers and slices."""
    value, key = args
    m.known(value.attrs, value.attrs["shape"])
    shape = value.attrs["shape"]
    keys = key if isinstance(key, tuple) else (key,)
    if any(isinstance(x, Foreign) for one in keys for x in (parts(one) if type(one) is slice else (one,))):
        return m.vocabulary.item(value, key, at)
    if any(type(one) is Opaque for one in keys) and valueless(value):  # a part, to which numbers may be written
        m.risk(at)
        return Opaque("", at)
    if any(one is None or one is Ellipsis for one in keys):
        return widened(m, value, keys, at)
    if len(keys) == 1 and is_array(m, keys[0]) and len(keys[0].attrs["shape"]) == 1:  # rows by number, or by a mask
        numbered = type(labels_of(m, keys[0], at, list)) is list
        return array(m, (keys[0].attrs["shape"][0] if numbered else Opaque("", at), *shape[1:]), Opaque("", at), at)
    kept: list[Any] = []
    for index, one in enumerate(keys):
        if index >= len(shape) or (type(one) is not slice and type(one) is not int):
            return Opaque("", at, holds=(value,))
        if type(one) is slice:
            kept.append(cut(m, one, shape[index], at))
        elif type(shape[index]) is Opaque:
            m.risk(at)
        elif not -shape[index] <= one < shape[index]:
            raise IndexError(f"index {one} is out of bounds for axis {index} with size {shape[index]}")
    left = (*kept, *shape[len(keys) :])
    return array(m, left, Opaque("", at), at, value) if left else Opaque("", at)


def valueless(value: Any) -> bool:
    """Whether no values are known of an array, nor of those that it is a view of."""
    while value is not None:
        if type(value.attrs["_values"]) is not Opaque:
            return False
        value = value.attrs["_base"]
    return True


def parts(key: slice) -> tuple[Any, Any, Any]:
    return key.start, key.stop, key.step


def cut(m: "Machine", key: slice, size: Any, at: Any) -> Any:
    """How many are left of so many."""
    m.known(*parts(key))
    return Opaque("", at) if type(size) is Opaque else len(range(*key.indices(size)))


def widened(m: "Machine", value: Instance, keys: tuple[Any, ...], at: Any) -> Any:
    """array[:, None], array[..., 0]: axes of size one, and all the axes that are left."""
    shape = value.attrs["shape"]
    real = sum(one is not None and one is not Ellipsis for one in keys)
    if real > len(shape) or sum(one is Ellipsis for one in keys) > 1:
        return Opaque("", at, holds=(value,))
    out: list[Any] = []
    axis = 0
    for one in (*keys, *(() if any(one is Ellipsis for one in keys) else (Ellipsis,))):
        if one is None:
            out.append(1)
        elif one is Ellipsis:
            rest = len(shape) - real
            out += shape[axis : axis + rest]
            axis += rest
        else:
            if type(one) is slice:
                out.append(cut(m, one, shape[axis], at))
            elif type(one) is not int or type(shape[axis]) is Opaque or not -shape[axis] <= one < shape[axis]:
                return Opaque("", at, holds=(value,))
            axis += 1
    return array(m, tuple(out), Opaque("", at), at, value) if out else Opaque("", at)


def forget(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """What is written to an array: its values, and those of the one it looks into, are not known."""
    value = args[0]
    while value is not None:
        m.known(value.attrs)
        m.changing(value.attrs)
        value.attrs["_values"] = Opaque("", at)
        value = value.attrs["_base"]


def in_place(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    forget(m, args, kwargs, at)
    return args[0]


def length(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    shape = known_shape(m, args[0])
    if not shape:
        raise TypeError("len() of unsized object")
    return shape[0]


def broadcast(m: "Machine", values: Args) -> tuple[int, ...] | None:
    """The shape that arrays and numbers give together, as NumPy has it; None where there is something else."""
    if not all(type(one) in NUMBERS or is_array(m, one) for one in values):
        return None
    found = [one for one in values if is_array(m, one)]
    if len(found) == 1:
        return cast("tuple[int, ...]", found[0].attrs["shape"])
    return np.broadcast_shapes(*(known_shape(m, one) for one in values if is_array(m, one)))


def product(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """The matrix product of arrays whose values are not known."""
    if kwargs or not all(is_array(m, one) for one in args):
        m.risk(at)
        return Opaque("", at, holds=tuple(args))
    a, b = (known_shape(m, one) for one in args)
    if not a or not b or a[-1] != b[-min(len(b), 2)]:
        raise ValueError(f"matmul: shapes {a} and {b} do not fit")
    rows, columns = a[-2:-1], b[-1:] if len(b) > 1 else ()
    shape = (*np.broadcast_shapes(a[:-2], b[:-2]), *rows, *columns)
    return array(m, shape, Opaque("", at), at) if shape else Opaque("", at)


def of_sizes(wanted: Any, at: Any) -> tuple[Any, ...]:
    """The shape that reshape() is given, where -1 stands for a size that is not known."""
    return tuple(one if type(one) is Opaque or one >= 0 else Opaque("", at) for one in wanted)


def reshape(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    own, *rest = args
    shape = own.attrs["shape"]
    wanted = rest[0] if len(rest) == 1 and isinstance(rest[0], tuple | list) else rest
    m.known(wanted)
    if kwargs or not all(type(one) is Opaque or (type(one) is int and one >= -1) for one in wanted):
        return Opaque("", at, holds=(own,))
    if any(type(one) is Opaque for one in (*shape, *wanted)):
        return array(m, of_sizes(wanted, at), labels_of(m, own, at), at, own)
    rest_size = math.prod(one for one in wanted if one != -1)
    total = math.prod(shape)
    if wanted.count(-1) > 1 or (total != rest_size if -1 not in wanted else rest_size == 0 or total % rest_size):
        raise ValueError(f"cannot reshape array of size {total} into shape {tuple(wanted)}")
    made = tuple(total // rest_size if one == -1 else one for one in wanted)
    return array(m, made, labels_of(m, own, at, list if type(own.attrs["_values"]) is list else Labels), at, own)


def property_(f: Callable[["Machine", Instance, Any], Any]) -> Property:
    return Property(Native("property", lambda m, args, kwargs, at: f(m, args[0], at)))


ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
MEMBERS: dict[str, Any] = {
    "__setitem__": Native("set", forget),
    "__len__": Native("len", length),
    "__bool__": Native("bool", lambda m, args, kwargs, at: Opaque("", at)),
    "__contains__": Native("contains", lambda m, args, kwargs, at: Opaque("", at)),
    "__str__": Native("str", lambda m, args, kwargs, at: Opaque("", at)),
    "__repr__": Native("repr", lambda m, args, kwargs, at: Opaque("", at)),
    "__format__": Native("format", lambda m, args, kwargs, at: Opaque("", at)),
    "__hash__": None,
    **{
        f"__{name}__": Native(name, lambda m, args, kwargs, at: Opaque("", at))
        for name in (
            "index",
            "round",
        )
    },
    **{f"__i{name}__": Native(name, in_place) for name in ARITHMETIC},
    "__getattr__": UNKNOWN,
    "__setattr__": Native(
        "setattr", lambda m, args, kwargs, at: m.touch(args, m.reason(at, "an attribute set on an array"))
    ),
    "copy": Native("copy", copied),
    "reshape": Native("reshape", reshape),
    "ndim": property_(lambda m, value, at: len(known_shape(m, value))),
    "size": property_(lambda m, value, at: math.prod(known_shape(m, value))),
    "T": property_(lambda m, value, at: array(m, known_shape(m, value)[::-1], Opaque("", at), at, value)),
}
