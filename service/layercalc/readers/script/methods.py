"""Methods of plain values, by type and name: a complete table of those that compute on known values alone.

Each takes the value as its first argument. What is asked of a spoilt container, or of unknown arguments, is unknown;
what would be put into a spoilt container is spoilt with it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import comparisons, counters, texts
from layercalc.readers.script.faults import Unknown
from layercalc.readers.script.mutation import (
    SET_METHODS,
    append,
    clear,
    copy,
    dict_pop,
    extend,
    get,
    insert,
    move_to_end,
    pop,
    popitem,
    remove,
    reverse,
    set_add,
    set_discard,
    set_operation,
    set_pop,
    set_remove,
    set_update,
    setdefault,
    sort,
    update,
    view,
)
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import (
    MISSING,
    SCALARS,
    Counted,
    Cursor,
    Default,
    Float64,
    Instance,
    Int64,
    Names,
    Native,
    Ordered,
    Record,
    View,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]


def known_arguments(m: "Machine", args: Args, kwargs: Kwargs) -> None:
    """Raise Unknown unless all arguments are plain, deep down."""
    for value in (*args, *kwargs.values()):
        if type(value) not in SCALARS:
            if type(value) is Opaque:
                raise Unknown(value)
            if not isinstance(value, list | tuple | dict | set | frozenset | slice):
                if type(value) is Instance:
                    converting(m, value)
                    continue
                raise Unknown(Opaque(f"a {texts.kind(value)}"))
            m.weigh(value)


CONVERSIONS = ("__float__", "__complex__", "__int__", "__fspath__", "__bytes__", "__trunc__", "__pow__", "__rpow__")


def converting(m: "Machine", value: Instance) -> None:
    """Host code sees an object of the text as an index alone: what else it can be made into is not known."""
    if value.cls.native or any(value.cls.find(name) is not MISSING for name in CONVERSIONS):
        m.touch([value], Opaque("what a conversion may have changed", m.here))
        raise Unknown(Opaque("what an object is converted to"))


def pure(host: Callable[..., Any], name: str, grows: Callable[..., int] | None = None) -> Native:
    """A method that only looks at its value; `grows` says how large its result may be."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        known_arguments(m, args, kwargs)
        size = len(args[0]) if isinstance(args[0], str | bytes | list | tuple) else 0
        m.meter.work(size * 2)
        if isinstance(args[0], str | bytes):
            m.meter.hold(min(grows(*args), 1 << 60) if grows is not None else size, at)
        result = host(*args, **kwargs)
        if isinstance(result, list | tuple):
            m.meter.elements(len(result), at)
        return result

    return Native(name, run)


def looking(name: str) -> Native:
    """Index and count: they compare, so that one unknown element may decide."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        value, item, *bounds = args
        m.known(value, item, *bounds)
        m.weigh(item)
        found = 0
        span = range(*slice(*(bounds or [None]), *([None] if len(bounds) == 1 else [])).indices(len(value)))
        for index in span:
            m.meter.work(32, at)
            one = value[index]
            same = one is item or m.truth(comparisons.compare(m, "==", one, item, at), at)
            if type(same) is Opaque:
                raise Unknown(same)
            if same and name == "index":
                return index
            found += bool(same)
        if name == "index":
            raise ValueError("value is not in list" if isinstance(value, list) else "tuple.index(x): x not in tuple")
        return found

    return Native(name, run)


def changing(name: str, change: Callable[..., Any]) -> Native:
    """A method that changes its value: `change(machine, value, args, kwargs, node)`."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        value, *rest = args
        if m.spoilt(value):
            m.risk(at)
            m.touch([*rest, *kwargs.values()], m.reason(at, "what has changed the container"))
            return m.from_spoilt(value, at)
        m.changing(value)
        try:
            return change(m, value, rest, kwargs, at)
        except Unknown as error:
            m.risk(at)
            reason = Opaque(f"a {name} of something unknown", at, error.source.first)
            m.journal.poison(value, reason, (*rest, *kwargs.values(), error.source))
            return m.from_spoilt(value, at)

    return Native(name, run)


def join(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> str:
    separator, source = args
    items = m.listed(source, at)
    m.known(*items)
    for index, one in enumerate(items):
        if type(one) is not str:
            raise TypeError(f"sequence item {index}: expected str instance, {texts.kind(one)} found")
    m.meter.hold(sum(map(len, items)) + len(separator) * len(items), at)
    return str(separator.join(items))


def format_(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    pattern, *rest = args
    return texts.format_fields(m, pattern, rest, kwargs, at)


def replaced(value: str, old: Any = "", new: Any = "", count: Any = -1) -> int:
    """How long str.replace may become."""
    if not isinstance(old, str) or not isinstance(new, str):
        return len(value)
    return len(value) + (len(value) // max(len(old), 1) + 1) * max(len(new), 0)


def padded(value: str, width: Any = 0, *_: Any) -> int:
    return max(len(value), width if isinstance(width, int) else 0)


def expanded(value: str, tabsize: Any = 8) -> int:
    return len(value) * max(tabsize if isinstance(tabsize, int) else 8, 1)


GROWS: dict[str, Callable[..., int]] = {
    "replace": replaced, "center": padded, "ljust": padded, "rjust": padded, "zfill": padded, "expandtabs": expanded,
}  # fmt: skip
STRING = [
    "capitalize", "casefold", "center", "count", "encode", "endswith", "expandtabs", "find", "index", "isalnum",
    "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isprintable",
    "isspace", "istitle", "isupper", "ljust", "lower", "lstrip", "partition", "removeprefix", "removesuffix",
    "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith",
    "strip", "swapcase", "title", "upper", "zfill",
]  # fmt: skip
BYTES = ["decode", "hex", "startswith", "endswith"]

SEQUENCE = {"index": looking("index"), "count": looking("count")}
LIST = SEQUENCE | {
    "append": changing("append", append),
    "extend": changing("extend", extend),
    "insert": changing("insert", insert),
    "pop": changing("pop", pop),
    "remove": changing("remove", remove),
    "clear": changing("clear", clear),
    "reverse": changing("reverse", reverse),
    "sort": changing("sort", sort),
    "copy": Native("copy", copy),
}
DICT = {
    "get": Native("get", get),
    "keys": view("keys"),
    "values": view("values"),
    "items": view("items"),
    "pop": changing("pop", dict_pop),
    "popitem": changing("popitem", popitem),
    "setdefault": changing("setdefault", setdefault),
    "update": changing("update", update),
    "clear": changing("clear", clear),
    "copy": Native("copy", copy),
}
SET = {name: set_operation(name) for name in SET_METHODS} | {
    "add": changing("add", set_add),
    "update": changing("update", set_update),
    "remove": changing("remove", set_remove),
    "discard": changing("discard", set_discard),
    "pop": changing("pop", set_pop),
    "clear": changing("clear", clear),
    "copy": Native("copy", copy),
}
NUMBER = {"conjugate": pure(lambda x: x, "conjugate")}


def frozen_operation(name: str) -> Native:
    inner = set_operation(name)
    return Native(name, lambda m, args, kwargs, at: thawed(inner.run(m, [set(args[0]), *args[1:]], kwargs, at)))


def thawed(value: Any) -> Any:
    return frozenset(value) if isinstance(value, set) else value


def as_dict(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> dict[str, Any]:
    return dict(zip(args[0].kind.fields, args[0], strict=True))


def replace_fields(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
    value = args[0]
    fields = {**as_dict(m, [value], {}, at), **kwargs}
    if len(fields) != len(value):
        raise ValueError("Got unexpected field names")
    return m.call(value.kind, list(fields.values()), {}, at)


def checked(table: dict[str, Native], shift: int = 1) -> dict[str, Native]:
    """The methods of a table, which take as many arguments as Python's do."""
    return {name: with_arity(one, *ARITY[name], shift) if name in ARITY else one for name, one in table.items()}


def with_arity(native: Native, least: int, most: int, shift: int) -> Native:
    inner = native.run

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: Any) -> Any:
        if not least <= len(args) - shift <= most or (kwargs and native.name not in NAMED):
            raise TypeError(f"{native.name}() takes {least} to {most} arguments ({len(args) - shift} given)")
        return inner(m, args, kwargs, at)

    return Native(native.name, run, native.holds, native.members)


NAMED = {"sort", "update", "popitem", "move_to_end", "format", "sorted", "min", "max", "sum", "enumerate", "zip",
        "print", "int", "str", "dict", "complex", "pow", "round", "property", "exit", "quit"}  # fmt: skip
ARITY = {
    "append": (1, 1), "extend": (1, 1), "insert": (2, 2), "pop": (0, 2), "remove": (1, 1), "clear": (0, 0),
    "reverse": (0, 0), "sort": (0, 0), "copy": (0, 0), "get": (1, 2), "keys": (0, 0), "values": (0, 0), "items": (0, 0),
    "popitem": (0, 1), "setdefault": (1, 2), "update": (0, 1 << 30), "add": (1, 1), "discard": (1, 1), "join": (1, 1),
    "index": (1, 3), "count": (1, 1), "move_to_end": (1, 2), "symmetric_difference": (1, 1), "issubset": (1, 1),
    "issuperset": (1, 1), "isdisjoint": (1, 1),
    "enumerate": (1, 2), "map": (2, 1 << 30), "filter": (2, 2), "sorted": (1, 1), "reversed": (1, 1), "sum": (1, 2),
    "pow": (2, 3), "divmod": (2, 2), "round": (1, 2), "callable": (1, 1), "chr": (1, 1), "hash": (1, 1),
    "format": (1, 2), "ord": (1, 1), "hex": (1, 1), "oct": (1, 1), "bin": (1, 1), "ascii": (1, 1),
    "staticmethod": (1, 1),
    "classmethod": (1, 1), "str": (0, 3), "int": (0, 2), "type": (1, 3), "iter": (1, 2),
}  # fmt: skip
LIST, DICT, SET, SEQUENCE = checked(LIST), checked(DICT), checked(SET), checked(SEQUENCE)
LIST["pop"] = with_arity(LIST["pop"], 0, 1, 1)
DICT["pop"] = with_arity(DICT["pop"], 1, 2, 1)
DICT["update"] = with_arity(DICT["update"], 0, 1, 1)
SET["pop"] = with_arity(SET["pop"], 0, 0, 1)
DICT_ONLY = DICT | {"popitem": with_arity(DICT["popitem"], 0, 0, 1)}

METHODS: dict[Any, dict[str, Native]] = {
    str: {name: pure(vars(str)[name], name, GROWS.get(name)) for name in STRING}
    | {"join": with_arity(Native("join", join), 1, 1, 1), "format": Native("format", format_)},
    bytes: {name: pure(vars(bytes)[name], name) for name in BYTES},
    list: LIST,
    tuple: SEQUENCE,
    Record: SEQUENCE | {"_asdict": Native("_asdict", as_dict), "_replace": Native("_replace", replace_fields)},
    dict: DICT_ONLY,
    Names: DICT_ONLY,
    Ordered: DICT | {"move_to_end": changing("move_to_end", move_to_end)},
    Default: DICT_ONLY,
    Counted: DICT_ONLY | counters.TABLE,
    set: SET,
    frozenset: {name: frozen_operation(name) for name in SET_METHODS} | {"copy": pure(lambda x: x, "copy")},
    range: SEQUENCE,
    int: NUMBER | {"bit_length": pure(int.bit_length, "bit_length"), "bit_count": pure(int.bit_count, "bit_count")},
    float: NUMBER | {"is_integer": pure(float.is_integer, "is_integer")},
    complex: NUMBER,
    slice: {"indices": pure(vars(slice)["indices"], "indices")},
    View: {},
    Cursor: {},
    type(None): {},
    Int64: {"item": pure(int, "item"), "__int__": pure(int, "__int__")},
    Float64: {"item": pure(float, "item"), "is_integer": pure(float.is_integer, "is_integer")},
}
METHODS[bool] = METHODS[int]
