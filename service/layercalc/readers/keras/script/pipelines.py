"""Data sets of tf.data: what the arrays of their elements are, and how many elements there are."""

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script.values import DatasetObject
from layercalc.readers.script import MISSING, Fault, Opaque
from layercalc.readers.script.calls import functions_in
from layercalc.readers.script.faults import Raised, Unknown
from layercalc.readers.script.modules.arrays import array, is_array, of_values
from layercalc.readers.script.spoil import escape
from layercalc.readers.script.values import Bound, Cursor, Function, Module, Native

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

NAME = "tensorflow.data.Dataset"
CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}
DIRECTORY = ("directory", "labels", "label_mode", "class_names", "color_mode", "batch_size", "image_size")
MOST = 3  # epochs in which a loop's first element is known, which cost as much as a forward pass
ENDLESS = 1 << 60  # elements of a data set that begins again and again
Method = Callable[["KerasNames", DatasetObject, list[Any], dict[str, Any], Any], Any]


def module(names: "KerasNames") -> Module:
    """`tf.data.Dataset`, as far as it is known."""
    made = {"from_tensor_slices": slices, "from_tensors": whole, "zip": zipped}

    def native(name: str, run: Any) -> Native:
        return Native(name, lambda m, args, kwargs, at: run(names, args, kwargs, at))

    return Module(NAME, {name: native(name, run) for name, run in made.items()})


def leaves(names: "KerasNames", value: Any, change: Callable[[Any], Any], at: Any) -> Any:
    """A tuple or dict of arrays, each of them changed; a list is an array; what is not known stays so."""
    names.machine.meter.work(64, at)
    if type(value) is tuple:
        return tuple(leaves(names, one, change, at) for one in value)
    if isinstance(value, dict) and not names.machine.spoilt(value):
        return {key: leaves(names, one, change, at) for key, one in value.items()}
    if isinstance(value, list) and not names.machine.spoilt(value):
        value = of_values(names.machine, [value], {}, at)
    return change(value) if is_array(names.machine, value) else Opaque("", at)


def slices(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`from_tensor_slices((x, y))`: an element of each first axis."""
    counts: list[int] = []

    def part(one: Any) -> Any:
        first, *rest = one.attrs["shape"] or (MISSING,)
        if type(first) is not int:
            return Opaque("", at)
        counts.append(first)
        return array(names.machine, tuple(rest), Opaque("", at), at)

    given = args[0] if args else kwargs.get("tensors")
    element = leaves(names, given, part, at)
    if not counts:
        return Opaque("", at, holds=(given,))
    return DatasetObject(element, min(counts))


def whole(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> DatasetObject:
    """`from_tensors(x)`: one element."""
    return DatasetObject(leaves(names, args[0] if args else kwargs.get("tensors"), lambda one: one, at), 1)


def zipped(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`zip((a, b))`: elements side by side."""
    given = args[0] if len(args) == 1 and type(args[0]) is tuple else tuple(args)
    if not given or not all(isinstance(one, DatasetObject) for one in given):
        return Opaque("", at)
    return DatasetObject(tuple(one.element for one in given), min(one.count for one in given))


def directory(names: "KerasNames") -> Native:
    """`image_dataset_from_directory(path, image_size=(180, 180))`: batches of images of that size, and their labels."""

    def run(m: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        given = dict(zip(DIRECTORY, args, strict=False)) | kwargs
        channels = CHANNELS.get(mode) if type(mode := given.get("color_mode", "rgb")) is str else None
        size, batch = given.get("image_size", (256, 256)), given.get("batch_size", 32)
        size = tuple(size) if isinstance(size, list | tuple) and not m.spoilt(size) else ()
        if channels is None or len(size) != 2 or not all(type(one) is int for one in size):
            return Opaque("", at)
        one = (*size, channels) if batch is None else (Opaque("", at), *size, channels)
        images = array(m, one, Opaque("", at), at)
        bare = given.get("labels", "inferred") is None or given.get("label_mode", "int") is None
        made = DatasetObject(images if bare else (images, Opaque("", at)), ENDLESS)
        subset = given.get("subset")
        if type(subset) not in (str, type(None)):
            return Opaque("", at)
        return (made, made) if subset == "both" else made

    return Native("image_dataset_from_directory", run)


def method(names: "KerasNames", value: DatasetObject, name: str, at: Any) -> Any:
    """A method of a data set; what is made by one that is not known here is not known either."""
    run = METHODS.get(name)
    if run is None:
        return Opaque("", at)
    return Native(name, lambda m, args, kwargs, at: run(names, value, args, kwargs, at), (value,))


def same(names: "KerasNames", own: DatasetObject, args: list[Any], kwargs: dict[str, Any], at: Any) -> DatasetObject:
    """shuffle, cache, prefetch: the same elements."""
    return own


def number(args: list[Any], kwargs: dict[str, Any]) -> Any:
    return args[0] if args else kwargs.get("count", kwargs.get("batch_size"))


def repeated(names: "KerasNames", own: DatasetObject, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    count = number(args, kwargs)
    times = ENDLESS if count in (None, -1) else count
    return DatasetObject(own.element, min(own.count * times, ENDLESS) if type(times) is int and times > 0 else 0)


def taken(names: "KerasNames", own: DatasetObject, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    count = number(args, kwargs)
    return DatasetObject(
        own.element, 0 if type(count) is not int else own.count if count < 0 else min(own.count, count)
    )


def skipped(names: "KerasNames", own: DatasetObject, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    count = number(args, kwargs)
    return DatasetObject(own.element, max(own.count - count, 0) if type(count) is int and count >= 0 else 0)


def batched(names: "KerasNames", own: DatasetObject, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`batch(32)`: elements of that many, of fewer where there are no more."""
    size, drop = number(args, kwargs), args[1] if len(args) > 1 else kwargs.get("drop_remainder", False)
    if type(size) is not int or size < 1 or type(drop) is not bool:
        return Opaque("", at)
    first = size if drop else min(size, own.count or size)
    element = leaves(
        names, own.element, lambda one: array(names.machine, (first, *one.attrs["shape"]), Opaque("", at), at), at
    )
    return DatasetObject(element, own.count // size if drop else math.ceil(own.count / size))


def mapped(names: "KerasNames", own: DatasetObject, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`map(f)`: what f makes of an element; where that cannot be followed, it is not known."""
    m = names.machine
    f = args[0] if args else kwargs.get("map_func")
    if not isinstance(f, Function | Bound):
        return m.unknown_call(Opaque("", at), [f], {}, at)
    depth, frame = m.meter.depth, m.frame
    try:
        element = m.call(f, list(own.element) if type(own.element) is tuple else [own.element], {}, at)
        return DatasetObject(leaves(names, element, lambda one: one, at), own.count)
    except (Fault, Raised, Unknown) as error:
        if isinstance(error, Fault) and error.limit:
            raise
    finally:
        m.meter.depth, m.frame = depth, frame
    for one in functions_in([f]):
        escape(m, one, m.reason(at, "map()"))
    return Opaque("", at)


def elements(names: "KerasNames", value: DatasetObject, at: Any) -> Iterator[Any]:
    """The first element, then what is not known but for an end after the last."""
    times = names.looped[id(at)] = names.looped.get(id(at), 0) + 1
    if not value.count or times > MOST:
        raise Unknown(Opaque("a data set", at))
    yield value.element
    if value.count > 1:
        raise Unknown(Opaque("the rest of a data set", at))


def iterate(names: "KerasNames", value: DatasetObject, at: Any) -> Cursor:
    return Cursor("iterator", elements(names, value, at), (value,))


def numbered(names: "KerasNames", own: DatasetObject, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`enumerate()`: each element behind its number."""
    return DatasetObject((array(names.machine, (), Opaque("", at), at), own.element), own.count)


METHODS: dict[str, Method] = {
    **dict.fromkeys(("shuffle", "cache", "prefetch", "with_options"), same),
    "repeat": repeated,
    "take": taken,
    "skip": skipped,
    "batch": batched,
    "map": mapped,
    "enumerate": numbered,
    "as_numpy_iterator": lambda names, own, args, kwargs, at: iterate(names, own, at),
}


def trained_on(value: Any) -> Any:
    """What a model gets of what it is trained on: of an element of a data set, the first part."""
    if not isinstance(value, DatasetObject):
        return value
    return value.element[0] if type(value.element) is tuple and value.element else value.element


__all__ = ["NAME", "directory", "iterate", "method", "module", "trained_on"]
