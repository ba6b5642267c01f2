"""What the methods of lists, dicts and sets do, of known values; `methods.py` has the table."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import comparisons, hashes, texts
from layercalc.readers.script.faults import Fault, Raised, Unknown
from layercalc.readers.script.journal import maybe
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.unbound import doubtful, perhaps
from layercalc.readers.script.values import MISSING, Default, Instance, Names, Native, Ordered, View

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]


# -- lists


def append(m: "Machine", value: list[Any], args: Args, kwargs: Kwargs, at: Any) -> None:
    (item,) = args
    m.meter.hold(16, at)
    m.vocabulary.put(value, item, at)
    value.append(item)


def extend(m: "Machine", value: list[Any], args: Args, kwargs: Kwargs, at: Any) -> None:
    (source,) = args
    if type(source) is list:
        m.known(source)
        m.meter.elements(len(source), at)
        for one in source:
            m.vocabulary.put(value, one, at)
        value.extend(source)
        return
    for one in m.iterate(source, at):
        m.meter.hold(40, at)
        m.meter.work(32, at)
        m.vocabulary.put(value, one, at)
        value.append(one)


def insert(m: "Machine", value: list[Any], args: Args, kwargs: Kwargs, at: Any) -> None:
    index, item = args
    m.known(index)
    m.meter.hold(40, at)
    m.meter.work(len(value))
    m.vocabulary.put(value, item, at)
    value.insert(index, item)


def pop(m: "Machine", value: list[Any], args: Args, kwargs: Kwargs, at: Any) -> Any:
    m.known(*args)
    m.meter.work(len(value))
    return value.pop(*args)


def remove(m: "Machine", value: list[Any], args: Args, kwargs: Kwargs, at: Any) -> None:
    (item,) = args
    for index, one in enumerate(value):
        m.meter.work(32, at)
        same = one is item or m.truth(comparisons.compare(m, "==", one, item, at), at)
        if type(same) is Opaque:
            raise Unknown(same)
        if same:
            del value[index]
            return
    raise ValueError("list.remove(x): x not in list")


def clear(m: "Machine", value: Any, args: Args, kwargs: Kwargs, at: Any) -> None:
    value.clear()


def reverse(m: "Machine", value: list[Any], args: Args, kwargs: Kwargs, at: Any) -> None:
    m.meter.work(len(value))
    value.reverse()


def sort(m: "Machine", value: list[Any], args: Args, kwargs: Kwargs, at: Any) -> None:
    value[:] = sorted_list(m, list(value), kwargs, at)


def sorted_list(m: "Machine", items: list[Any], kwargs: Kwargs, at: Any) -> list[Any]:
    """sorted(items, key=…, reverse=…): the items in order, equal ones as they stood."""
    key = kwargs.get("key")
    backwards = m.truth(kwargs.get("reverse", False), at)
    if type(backwards) is Opaque:
        raise Unknown(backwards)
    if set(kwargs) - {"key", "reverse"}:
        raise TypeError("sort() got an unexpected keyword argument")
    m.meter.elements(len(items), at)
    m.meter.work(len(items) * 8 * max(len(items).bit_length(), 1), at)
    keys = items if key is None else [m.call(key, [one], {}, at) for one in items]
    for one in keys:
        m.weigh(one)
    if len(keys) > 1:
        for one in keys:
            m.known(one)
    m.meter.deepen(at, 3)
    order = sorted(range(len(items)), key=keys.__getitem__, reverse=backwards)
    m.meter.depth -= 3
    return [items[index] for index in order]


# -- dicts


def get(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    value, key, default = (*args, None)[:3]
    m.known(key)
    if type(value) is Names and type(key) is str and not m.spoilt(value):
        return perhaps(m, value.get(key, default), at, default)
    m.known(value)
    hashes.hashing(m, value, key)
    return value.get(key, default)


def dict_pop(m: "Machine", value: Any, args: Args, kwargs: Kwargs, at: Any) -> Any:
    m.known(args[0])
    hashes.hashing(m, value, args[0])
    if args[0] not in value and len(args) < 2:
        raise Raised(m.exception("KeyError", args[0]), at)
    return perhaps(m, value.pop(*args), at, *args[1:]) if type(value) is Names else value.pop(*args)


def popitem(m: "Machine", value: Any, args: Args, kwargs: Kwargs, at: Any) -> Any:
    if (unsure := doubtful(m, value)) is not None:
        raise Fault(at, f"Which name this takes depends on {unsure.why}.")
    if type(value) is Ordered and (args or kwargs) and value:
        last = args[0] if args else kwargs["last"]
        m.known(last)
        key = next(reversed(value)) if last else next(iter(value))
        return key, value.pop(key)
    return value.popitem()


def move_to_end(m: "Machine", value: Any, args: Args, kwargs: Kwargs, at: Any) -> None:
    key = args[0]
    last = args[1] if len(args) > 1 else kwargs.get("last", True)
    m.known(key, last)
    rest = {one: item for one, item in value.items() if one != key}
    m.meter.elements(len(value), at)
    item = value[key]
    value.clear()
    value.update({**rest, key: item} if last else {key: item, **rest})


def setdefault(m: "Machine", value: Any, args: Args, kwargs: Kwargs, at: Any) -> Any:
    m.known(args[0])
    hashes.hashing(m, value, args[0])
    m.meter.hold(100, at)
    found = value.setdefault(*args)
    if type(value) is Names and maybe(found):
        value[args[0]] = found = m.journal.either(found, found, *(args[1:] or [None]), cause=found.cause)
    return found


def update(m: "Machine", value: Any, args: Args, kwargs: Kwargs, at: Any) -> None:
    from layercalc.readers.script.items import set_item

    for key, one in pairs(m, args[0], at) if args else ():
        m.meter.work(32, at)
        set_item(m, value, key, one, at)
    for name, one in kwargs.items():
        set_item(m, value, name, one, at)


def pairs(m: "Machine", source: Any, at: Any) -> list[tuple[Any, Any]]:
    """The items of a mapping, or of an iterable of pairs."""
    from layercalc.readers.script import mappings
    from layercalc.readers.script.items import get_item

    m.known(source)
    if type(source) is Instance and mappings.plainly(source) and m.doubted(source) is None:
        source = source.data
        m.known(source)
    if type(source) is Instance and source.cls.find("keys") is not MISSING:
        keys = m.listed(m.call(m.attribute(source, "keys", at), [], {}, at), at)
        return [(key, get_item(m, source, key, at)) for key in keys]
    if type(source) is View or not isinstance(source, dict):
        found = [tuple(m.listed(one, at)) for one in m.listed(source, at)]
        if any(len(one) != 2 for one in found):
            raise ValueError("dictionary update sequence element has a length other than 2")
        return found
    m.meter.elements(len(source), at)
    return list(source.items())


def copy(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    (value,) = args
    m.known(value)
    m.meter.elements(len(value) * (3 if not isinstance(value, list) else 1), at)
    if type(value) is Default:
        return Default(value.factory, value)
    return dict(value) if type(value) is Names else type(value)(value)


def view(kind: str) -> Native:
    return Native(kind, lambda m, args, kwargs, at: View(kind, args[0]))


# -- sets


def set_add(m: "Machine", value: set[Any], args: Args, kwargs: Kwargs, at: Any) -> None:
    (item,) = args
    m.known(item)
    m.meter.hold(80, at)
    hashes.hashing(m, value, item)
    value.add(item)


def set_update(m: "Machine", value: set[Any], args: Args, kwargs: Kwargs, at: Any) -> None:
    for source in args:
        for one in items_of(m, source, at):
            set_add(m, value, [one], {}, at)


def set_remove(m: "Machine", value: set[Any], args: Args, kwargs: Kwargs, at: Any) -> None:
    m.known(*args)
    hashes.hashing(m, value, args[0])
    if args[0] not in value:
        raise Raised(m.exception("KeyError", args[0]), at)
    value.remove(args[0])


def set_discard(m: "Machine", value: set[Any], args: Args, kwargs: Kwargs, at: Any) -> None:
    m.known(*args)
    hashes.hashing(m, value, args[0])
    value.discard(args[0])


def set_pop(m: "Machine", value: set[Any], args: Args, kwargs: Kwargs, at: Any) -> Any:
    if not texts.orderly(value):
        raise Unknown(Opaque("the order of a set", at))
    return value.pop()


def items_of(m: "Machine", source: Any, at: Any) -> list[Any]:
    """The items of an iterable whose order does not matter."""
    if isinstance(source, set | frozenset):
        m.known(source)
        m.meter.elements(len(source), at)
        return list(source)
    return m.listed(source, at)


def set_operation(name: str) -> Native:
    """union, intersection and the like, which take any iterables."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        value, *rest = args
        m.known(value)
        others = [items_of(m, one, at) for one in rest]
        for one in (value, *others):
            m.weigh(one)
            m.meter.elements(len(one) * 2, at)
            hashes.hashing_all(m, one)
        return SET_METHODS[name](value, *others)

    return Native(name, run)


SET_METHODS: dict[str, Callable[..., Any]] = {
    "union": set.union, "intersection": set.intersection, "difference": set.difference,
    "symmetric_difference": set.symmetric_difference, "issubset": set.issubset, "issuperset": set.issuperset,
    "isdisjoint": set.isdisjoint,
}  # fmt: skip
