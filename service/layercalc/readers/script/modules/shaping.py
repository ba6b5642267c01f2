"""NumPy's functions that give arrays of other shapes: joined, padded, repeated, with axes moved."""

import math
from typing import TYPE_CHECKING, Any

from layercalc import lazy_numpy as np
from layercalc.readers.script.methods import known_arguments
from layercalc.readers.script.modules import arrays
from layercalc.readers.script.modules.arrays import (
    Args,
    Kwargs,
    Labels,
    array,
    is_array,
    known_shape,
    labels_of,
    of_sizes,
    of_values,
    reshape,
    sizes,
)
from layercalc.readers.script.modules.computed import computed, of_numpy
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import Instance, Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine


def unknown(at: Any, *args: Any) -> Opaque:
    """What a function gives of arguments that it may hold."""
    return Opaque("", at, holds=args)


def as_array(m: "Machine", value: Any, at: Any) -> Instance | None:
    """An array, or a list of numbers as one; None for what is neither."""
    if not is_array(m, value) and isinstance(value, list | tuple):
        value = of_values(m, [value], {}, at)
    return value if is_array(m, value) else None


def of_view(name: str, method: bool = False) -> Native:
    """A function or method that only moves axes: NumPy's own, on an array of that shape that holds one number."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        own = as_array(m, args[0], at)
        if own is None:
            return unknown(at, *args)
        known_arguments(m, args[1:], kwargs)
        host = vars(np.ndarray)[name] if method else np.named(name)
        made = host(np.broadcast_to(np.zeros(()), known_shape(m, own)), *args[1:], **kwargs)
        return array(m, made.shape, labels_of(m, own, at), at, own)

    return Native(name, run)


def joined(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.concatenate(arrays, axis=0): the sizes along the axis add up, the others are the same."""
    given = [as_array(m, one, at) for one in m.listed(args[0], at)]
    axis = args[1] if len(args) > 1 else kwargs.get("axis", 0)
    m.known(axis)
    found = [one for one in given if one is not None]
    if len(found) < len(given) or not found or type(axis) is not int or set(kwargs) - {"axis"}:
        return unknown(at, *args)
    shapes = [one.attrs["shape"] for one in found]
    rank = len(shapes[0])
    if any(len(one) != rank for one in shapes) or not -rank <= axis < rank:
        raise ValueError("all the input array dimensions must match")
    axis %= rank
    along = [one[axis] for one in shapes]
    size = Opaque("", at) if any(type(one) is Opaque for one in along) else sum(along)
    others = [next((s[k] for s in shapes if type(s[k]) is int), shapes[0][k]) for k in range(rank)]
    if any(type(s[k]) is int and s[k] != others[k] for s in shapes for k in range(rank) if k != axis):
        raise ValueError("all the input array dimensions except for the concatenation axis must match exactly")
    known = [labels_of(m, one, at) for one in found]
    same = all(type(one) is Labels and one == known[0] for one in known)
    return array(m, (*others[:axis], size, *others[axis + 1 :]), known[0] if same else Opaque("", at), at)


def stacked(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.stack(arrays, axis=0)."""
    given = [as_array(m, one, at) for one in m.listed(args[0], at)]
    axis = args[1] if len(args) > 1 else kwargs.get("axis", 0)
    m.known(axis)
    if not given or any(one is None for one in given) or type(axis) is not int or set(kwargs) - {"axis"}:
        return unknown(at, *args)
    shapes = {known_shape(m, one) for one in given if one is not None}
    rank = len(next(iter(shapes))) + 1
    if len(shapes) > 1 or not -rank <= axis < rank:
        raise ValueError("all input arrays must have the same shape")
    shape = shapes.pop()
    axis %= rank
    return array(m, (*shape[:axis], len(given), *shape[axis:]), Opaque("", at), at)


def in_axes(m: "Machine", value: Any, least: int, at: Any) -> Any:
    """An array with one axis or two at least, as np.atleast_2d makes it; what else there is as it is."""
    own = as_array(m, value, at)
    shape = () if own is None else own.attrs["shape"]
    if own is None or len(shape) >= least:
        return value if own is None else own
    return array(m, (*(1,) * (least - len(shape)), *shape), labels_of(m, own, at), at, own)


def below(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.vstack(arrays): rows below one another."""
    return joined(m, [[in_axes(m, one, 2, at) for one in m.listed(args[0], at)], 0], kwargs, at)


def beside(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.hstack(arrays): along the second axis, or the only one."""
    given = [in_axes(m, one, 1, at) for one in m.listed(args[0], at)]
    flat = bool(given) and is_array(m, given[0]) and len(given[0].attrs["shape"]) == 1
    return joined(m, [given, 0 if flat else 1], kwargs, at)


def as_columns(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.column_stack(arrays): arrays of one axis as columns, others beside them."""
    given = [as_array(m, one, at) for one in m.listed(args[0], at)]
    if any(one is None for one in given):
        return unknown(at, *args)
    columns = [
        array(m, (*one.attrs["shape"], 1), Opaque("", at), at, one) if len(one.attrs["shape"]) == 1 else one
        for one in given
        if one is not None
    ]
    return joined(m, [columns, 1], kwargs, at)


def appended(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.append(array, values, axis): both flat, where no axis is named."""
    axis = args[2] if len(args) > 2 else kwargs.get("axis")
    both = [as_array(m, one, at) for one in (*args[:2], *(kwargs[key] for key in ("values",) if key in kwargs))]
    m.known(axis)
    if len(both) != 2 or any(one is None for one in both) or set(kwargs) - {"axis", "values"}:
        return unknown(at, *args)
    return joined(m, [[flat(m, [one], {}, at) for one in both] if axis is None else both, axis or 0], {}, at)


def padded(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.pad(array, ((1, 1), (2, 2)), …): also one pair or one number for all axes."""
    own, width = args[0], args[1] if len(args) > 1 else kwargs.get("pad_width")
    known_arguments(m, [width], {})
    if not is_array(m, own):
        return unknown(at, *args)
    shape = known_shape(m, own)
    pairs = np.broadcast_to(np.asarray(width), (len(shape), 2)).tolist()
    return array(m, tuple(n + a + b for n, (a, b) in zip(shape, pairs, strict=True)), Opaque("", at), at)


def repeated(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.repeat(array, 3, axis=-1)."""
    own, count = as_array(m, args[0], at), args[1] if len(args) > 1 else kwargs.get("repeats")
    axis = args[2] if len(args) > 2 else kwargs.get("axis")
    known_arguments(m, [count, axis], {})
    if own is None or type(count) is not int or count < 0:
        return unknown(at, *args)
    shape = known_shape(m, own)
    if axis is None:
        return array(m, (math.prod(shape) * count,), Opaque("", at), at)
    axis = range(len(shape))[axis]
    return array(m, (*shape[:axis], shape[axis] * count, *shape[axis + 1 :]), Opaque("", at), at)


def tiled(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.tile(array, (2, 1))."""
    own, reps = as_array(m, args[0], at), sizes(m, args[1] if len(args) > 1 else kwargs.get("reps"))
    if own is None:
        return unknown(at, *args)
    shape = known_shape(m, own)
    rank = max(len(shape), len(reps))
    pairs = zip((1,) * (rank - len(shape)) + shape, (1,) * (rank - len(reps)) + reps, strict=True)
    return array(m, tuple(n * times for n, times in pairs), Opaque("", at), at)


def like(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.zeros_like(array)."""
    own = as_array(m, args[0], at)
    return unknown(at, *args) if own is None or "shape" in kwargs else array(m, own.attrs["shape"], Opaque("", at), at)


def square(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.eye(3), np.identity(3)."""
    known_arguments(m, args, {})
    rows = sizes(m, args[0])
    columns = sizes(m, args[1]) if len(args) > 1 and args[1] is not None else rows
    return Opaque("", at) if kwargs or len(rows) > 1 else array(m, (*rows, *columns), Opaque("", at), at)


def distinct(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.unique(labels): as many as there are labels; of known numbers, each of them once."""
    own = as_array(m, args[0], at)
    labels = labels_of(m, own, at) if own is not None else None
    known = labels_of(m, own, at, list) if own is not None else None
    if (
        type(known) is list
        and len(args) == 1
        and not kwargs
        and all(type(one) in (int, float) and one == one for one in known)
    ):
        found = sorted(set(known))
        return array(m, (len(found),), found, at)
    if len(args) > 1 or kwargs or type(labels) is not Labels:
        return unknown(at, *args)
    count = labels.count
    return array(m, (count,), list(range(count)), at)


def flat(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """array.flatten()."""
    return reshape(m, [args[0], -1], {}, at)


def reshaped(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """np.reshape(array, shape)."""
    own = as_array(m, args[0], at)
    wanted = args[1] if len(args) > 1 else kwargs.get("newshape", kwargs.get("shape"))
    if own is None:
        return of_unknown(m, args[0], [wanted], at)
    return reshape(m, [own, wanted], {}, at)


def of_unknown(m: "Machine", own: Any, wanted: Args, at: Any) -> Any:
    """Something unknown brought into a shape: an array of it."""
    items = wanted[0] if len(wanted) == 1 and isinstance(wanted[0], tuple | list) else wanted
    m.known(items)
    if not items or not all(type(one) is Opaque or (type(one) is int and one >= -1) for one in items):
        return unknown(at, own, *wanted)
    return array(m, of_sizes(items, at), Opaque("", at), at)


def method(value: Opaque, found: Opaque) -> Native:
    """`value.reshape` of something unknown: an array of that shape, if sizes are what it is given."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        items = args[0] if len(args) == 1 and isinstance(args[0], tuple | list) else args
        if kwargs or not any(type(one) is int for one in items):
            return m.unknown_call(found, args, kwargs, at)
        m.risk(at)
        return of_unknown(m, value, args, at)

    return Native("reshape", run, holds=(found,))


VIEWS = (
    "expand_dims", "squeeze", "transpose", "swapaxes", "moveaxis", "rollaxis", "atleast_1d", "atleast_2d",
    "atleast_3d", "flip", "fliplr", "flipud", "broadcast_to", "rot90",
)  # fmt: skip
SHAPING: dict[str, Any] = {
    **{name: of_view(name) for name in VIEWS},
    "reshape": Native("reshape", reshaped),
    "ravel": Native("ravel", lambda m, args, kwargs, at: reshaped(m, [args[0], -1], {}, at)),
    "concatenate": Native("concatenate", joined),
    "stack": Native("stack", stacked),
    **{name: computed(name, of_numpy("vstack"), below) for name in ("vstack", "row_stack")},
    "hstack": computed("hstack", of_numpy("hstack"), beside),
    "column_stack": computed("column_stack", of_numpy("column_stack"), as_columns),
    "append": computed("append", of_numpy("append"), appended),
    "pad": Native("pad", padded),
    "repeat": Native("repeat", repeated),
    "tile": Native("tile", tiled),
    **{name: Native(name, like) for name in ("zeros_like", "ones_like", "empty_like", "full_like")},
    "eye": Native("eye", square),
    "identity": Native("identity", square),
    "unique": Native("unique", distinct),
}
arrays.MEMBERS.update(
    {name: of_view(name, method=True) for name in ("squeeze", "transpose", "swapaxes")},
    flatten=Native("flatten", flat),
    ravel=Native("ravel", flat),
    repeat=Native("repeat", repeated),
)
