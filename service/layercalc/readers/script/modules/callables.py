"""functools and contextlib."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.script import hashes
from layercalc.readers.script.faults import Unknown
from layercalc.readers.script.methods import known_arguments
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import MISSING, Cursor, Function, Native, Property

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]


def partial(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Native:
    f, *first = args
    named = dict(kwargs)

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        return m.call(f, [*first, *args], {**named, **kwargs}, at)

    members = {"func": f, "args": tuple(first), "keywords": named, "__name__": MISSING, "__qualname__": MISSING}
    return Native("partial", run, (f, *first, *named.values()), members)


def reduce(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    f, source, *initial = args
    items = m.iterate(source, at)
    total = initial[0] if initial else next(items, MISSING)
    if total is MISSING:
        raise TypeError("reduce() of empty iterable with no initial value")
    for one in items:
        m.meter.work(32, at)
        total = m.call(f, [total, one], {}, at)
    return total


def wraps(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Native:
    """The decorator gives the function back, under the name of the one it wraps."""
    wrapped = args[0]

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        if type(args[0]) is Function and type(wrapped) is Function:
            args[0].attrs["__name__"] = wrapped.attrs.get("__name__", wrapped.name)
        return args[0]

    return Native("wraps", run)


def remembered(m: "Machine", f: Any) -> Native:
    """A function with a cache: called again with the same arguments, it gives the same object."""
    cache: dict[Any, Any] = {}

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        try:
            known_arguments(m, args, kwargs)
            key = (tuple(map(typed, args)), tuple((name, typed(one)) for name, one in kwargs.items()))
            hashes.hashing(m, cache, key)
            if key in cache:
                return cache[key]
        except Unknown:
            return m.unknown_call(Opaque("", at, holds=(f, *cache.values())), args, kwargs, at)
        m.changing(cache)
        cache[key] = m.call(f, args, kwargs, at)
        return cache[key]

    return Native(f.name if type(f) is Function else "cached function", run, (f, cache))


def typed(value: Any) -> Any:
    return (type(value), repr(value)) if isinstance(value, float | bool) else value


def cached(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    """lru_cache and cache, with or without arguments; one that forgets is unknown."""
    if args and type(args[0]) is Function:
        return remembered(m, args[0])
    size = args[0] if args else kwargs.get("maxsize", 128)
    if size is None or (type(size) is int and size >= 128):
        return Native("cache", lambda m, args, kwargs, at: remembered(m, args[0]))
    return Opaque("a cache that forgets", at)


FUNCTOOLS: dict[str, Any] = {
    "partial": Native("partial", partial),
    "reduce": Native("reduce", reduce),
    "wraps": Native("wraps", wraps),
    "lru_cache": Native("lru_cache", cached),
    "cache": Native("cache", cached),
    "cached_property": Native("cached_property", lambda m, args, kwargs, at: cached_property(m, args[0])),
}


def cached_property(m: "Machine", f: Any) -> Property:
    """Computed once for an object, then kept in its attributes."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        attrs = args[0].attrs
        name = f"{id(f)} of {getattr_name(f)}"
        if name not in attrs:
            value = m.call(f, args, {}, at)
            m.changing(attrs)
            attrs[name] = value
        return attrs[name]

    return Property(Native("cached_property", run, (f,)))


def getattr_name(f: Any) -> str:
    return str(f.name) if type(f) is Function else "a property"


def context_manager(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Native:
    (f,) = args

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        made = m.call(f, args, kwargs, at)
        if type(made) is Cursor:
            made.name = "manager"
        return made

    return Native("context manager", run, (f,))


CONTEXTLIB: dict[str, Any] = {
    "contextmanager": Native("contextmanager", context_manager),
    "suppress": Native("suppress", lambda m, args, kwargs, at: Native("suppress", m.call, tuple(args))),
    "nullcontext": Native(
        "nullcontext", lambda m, args, kwargs, at: Native("nullcontext", m.call, (args[0] if args else None,))
    ),
}
