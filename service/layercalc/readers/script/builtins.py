"""Python's builtin functions and classes, over known values."""

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import comparisons, operators, texts
from layercalc.readers.script.constructors import (
    bool_,
    complex_,
    converted,
    dict_,
    float_,
    frozenset_,
    given,
    int_,
    length,
    list_,
    range_,
    repr_,
    set_,
    slice_,
    str_,
    tuple_,
    type_,
)
from layercalc.readers.script.faults import Fault, Raised, Unknown
from layercalc.readers.script.inspection import (
    callable_,
    delattr_,
    getattr_,
    hasattr_,
    isinstance_,
    issubclass_,
    setattr_,
    super_,
)
from layercalc.readers.script.methods import ARITY, known_arguments, with_arity
from layercalc.readers.script.mutation import items_of, sorted_list
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.scope import MODULE
from layercalc.readers.script.unbound import doubtful
from layercalc.readers.script.values import (
    MISSING,
    MUTABLE,
    SCALARS,
    Class,
    ClassMethod,
    Cursor,
    Foreign,
    Instance,
    Native,
    Property,
    StaticMethod,
    Type,
    View,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]
At = ast.AST | None
TEXT = "Code made from text is not followed; write it out"


def print_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> None:
    """Print changes nothing but what __str__ of the text's own classes does, and `write` of a file that is given."""
    if set(kwargs) - {"sep", "end", "file", "flush"}:
        raise TypeError("print() got an unexpected keyword argument")
    file = kwargs.get("file")
    for one in args:
        if type(one) not in SCALARS and type(one) is not Opaque and not isinstance(one, Foreign):
            m.pure(at, m.text, one, at)
    if file is None:
        return
    m.risk(at)
    if type(file) is not Opaque or file.holds:
        m.touch([file, *args], m.reason(at, "print() to this file"))


def enumerate_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    start = args[1] if len(args) > 1 else kwargs.get("start", 0)
    m.known(start)
    return Cursor("enumerate", enumerate(m.iterate(args[0], at), start), (args[0],))


def zip_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    strict = m.truth(kwargs.get("strict", False), at)
    m.known(strict)
    return Cursor("zip", zip(*[m.iterate(one, at) for one in args], strict=strict), tuple(args))


def map_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    f, *sources = args
    if not sources:
        raise TypeError("map() must have at least two arguments.")
    iterators = [m.iterate(one, at) for one in sources]

    def host() -> Iterator[Any]:
        for items in zip(*iterators, strict=False):
            yield m.call(f, list(items), {}, at)

    return Cursor("map", host(), tuple(args))


def filter_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    f, source = args
    items = m.iterate(source, at)

    def host() -> Iterator[Any]:
        for item in items:
            truth = m.truth(item if f is None else m.call(f, [item], {}, at), at)
            if type(truth) is Opaque:
                raise Unknown(truth)
            if truth:
                yield item

    return Cursor("filter", host(), tuple(args))


def sorted_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    (source,) = args
    if isinstance(source, set | frozenset) and kwargs.get("key") is None:
        return sorted_list(m, items_of(m, source, at), kwargs, at)
    return sorted_list(m, m.listed(source, at), kwargs, at)


def reversed_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    (value,) = args
    m.known(value)
    if type(value) is Instance:
        found = operators.special(m, value, "__reversed__", [], at)
        if found is not MISSING:
            return found
        count = length(m, args, {}, at)
        m.known(count)
        return Cursor(
            "reversed", (operators.special(m, value, "__getitem__", [i], at) for i in reversed(range(count))), (value,)
        )
    if type(value) is View:
        m.known(value.of)
        return Cursor("reversed", iter(reversed(list(value.host()))), (value.of,))
    if isinstance(value, Foreign):
        return Cursor("reversed", iter(m.listed(value, at)[::-1]), (value,))
    if not isinstance(value, str | bytes | list | tuple | range | dict):
        raise TypeError(f"{texts.kind(value)!r} object is not reversible")
    return Cursor("reversed", iter(reversed(value)), (value,))


def extreme(name: str, op: str) -> Native:
    """Min and max: the first of the smallest, or largest, by comparisons of the text's own."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
        key = kwargs.get("key")
        if set(kwargs) - {"key", "default"} or not args:
            raise TypeError(f"{name} expected at least 1 argument, got 0")
        unordered = len(args) == 1 and isinstance(args[0], set | frozenset)
        source = (
            iter(args)
            if len(args) > 1
            else iter(items_of(m, args[0], at))
            if unordered and key is None
            else (m.iterate(args[0], at))
        )
        best: Any = MISSING
        best_key: Any = None
        for item in source:
            m.meter.work(32, at)
            value = item if key is None else m.call(key, [item], {}, at)
            if best is MISSING:
                best, best_key = item, value
                continue
            less = m.truth(comparisons.compare(m, op, value, best_key, at), at)
            if type(less) is Opaque:
                raise Unknown(less)
            if less:
                best, best_key = item, value
        if best is MISSING:
            if "default" in kwargs and len(args) == 1:
                return kwargs["default"]
            raise ValueError(f"{name}() arg is an empty sequence")
        return best

    return Native(name, run)


def sum_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    total = args[1] if len(args) > 1 else kwargs.get("start", 0)
    if isinstance(total, str):
        raise TypeError("sum() can't sum strings [use ''.join(seq) instead]")
    source = (
        iter(args[0]) if isinstance(args[0], set) and all(type(x) is int for x in args[0]) else m.iterate(args[0], at)
    )
    for item in source:
        m.meter.work(32, at)
        total = operators.binary(m, "+", total, item, at)
    return total


def decides(name: str, stop: bool) -> Native:
    """Any and all."""
    from layercalc.readers.script.iteration import left

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
        given(args, kwargs, 1, 1)
        source = items_of(m, args[0], at) if isinstance(args[0], set | frozenset) else m.iterate(args[0], at)
        for item in source:
            m.meter.work(32, at)
            truth = m.truth(item, at)
            if type(truth) is Opaque:
                left(m, args[0], truth)
                raise Unknown(truth)
            if truth is stop:
                return stop
        return not stop

    return Native(name, run)


def number(name: str, host: Callable[..., Any]) -> Native:
    def run(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
        for value in args:
            found = converted(m, name, value, at, ())
            if found is not MISSING:
                return found
            if name == "ascii" and type(value) not in SCALARS:
                shown = m.text(value, at, True)
                return shown.encode("ascii", "backslashreplace").decode()
        known_arguments(m, args, kwargs)
        return host(*args, **kwargs)

    return Native(name, run)


def pow_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    if len(args) == 2 and not kwargs:
        return operators.binary(m, "**", args[0], args[1], at)
    known_arguments(m, args, kwargs)
    for one in args:
        if isinstance(one, int):
            m.meter.digits(one.bit_length() * 4, at)
    m.meter.work(1 << 14)
    return pow(*args, **kwargs)


def divmod_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, kwargs, 2, 2)
    a, b = args
    if type(a) is Instance or type(b) is Instance:
        return m.unknown_call(Opaque("", at), [a, b], {}, at)
    return operators.binary(m, "//", a, b, at), operators.binary(m, "%", a, b, at)


def round_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    if type(args[0]) is Instance and not isinstance(args[0].core, Foreign):
        found = operators.special(m, args[0], "__round__", args[1:], at)
    else:
        found = converted(m, "round", args[0], at, ())
    if found is not MISSING:
        return found
    known_arguments(m, args, kwargs)
    for one in args[1:]:
        if isinstance(one, int):
            m.meter.digits(abs(one) if one < 0 else 0, at)
    return operators.wrapped(round(*args), at) if isinstance(args[0], operators.NUMPY) else round(*args, **kwargs)


def abs_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    given(args, kwargs, 1, 1)
    return operators.unary(m, "abs", args[0], at)


def iter_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    from layercalc.readers.script.iteration import cursor_of

    given(args, kwargs, 1, 1)
    return cursor_of(m, args[0], at)


def next_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    from layercalc.readers.script.iteration import next_of

    given(args, kwargs, 1, 2)
    found = next_of(m, args[0], at)
    if found is not MISSING:
        return found
    if len(args) > 1:
        return args[1]
    raise Raised(m.exception("StopIteration"), at)


def globals_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    m.listing = True
    if m.starred is not None:  # other names than those may be there
        return Opaque("", at, m.starred, holds=(m.globals.vars,))
    return m.globals.vars


def locals_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    m.listing = True
    names = m.frame.vars
    m.meter.elements(len(names), at)
    if m.frame.kind == MODULE:
        return globals_(m, args, kwargs, at)
    found = dict(names)
    if (unsure := doubtful(m, names)) is not None:
        m.journal.poison(found, unsure)
    return found


def vars_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    if not args:
        return locals_(m, args, kwargs, at)
    return m.attribute(args[0], "__dict__", at)


def hash_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    (value,) = args
    m.known(value)
    if type(value) in (int, bool, float):
        return hash(value)
    if type(value) in MUTABLE:
        raise TypeError(f"unhashable type: {texts.kind(value)!r}")
    if type(value) is Instance:
        found = operators.special(m, value, "__hash__", [], at)
        if found is not MISSING and type(found) is not Opaque and not isinstance(found, int):
            raise TypeError("__hash__ method should return an integer")
        return hash(found) if isinstance(found, int) else Opaque("", at)
    return Opaque("", at)


def format_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    value, spec = (*args, "")[:2]
    m.known(value, spec)
    return m.pure(at, texts.format_value, m, value, spec, at)


def chr_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    known_arguments(m, args, kwargs)
    return chr(*args)


def forbidden(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    raise Fault(at, f"{TEXT}.")


def exit_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    raise Raised(m.exception("SystemExit", *args), at)


def property_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    names = ("fget", "fset", "fdel")
    return Property(*(args[place] if place < len(args) else kwargs.get(name) for place, name in enumerate(names)))


def bare_object(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Instance:
    """object(), which has no attributes of its own."""
    given(args, kwargs, 0, 0)
    cls = Class("object", [], m)
    cls.dict = False
    return Instance(cls)


def bytes_(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Opaque:
    """What is made of an object may run its methods."""
    return m.unknown_call(Opaque("", at, origin="builtins.bytes"), args, kwargs, at)


PURE: dict[str, Callable[..., Any]] = {"ord": ord, "hex": hex, "oct": oct, "bin": bin, "ascii": ascii}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": length, "print": print_, "enumerate": enumerate_, "zip": zip_, "map": map_, "filter": filter_,
    "sorted": sorted_, "reversed": reversed_, "sum": sum_, "pow": pow_, "divmod": divmod_, "round": round_, "abs": abs_,
    "isinstance": isinstance_, "issubclass": issubclass_, "callable": callable_, "getattr": getattr_,
    "hasattr": hasattr_, "setattr": setattr_, "delattr": delattr_, "super": super_, "iter": iter_, "next": next_,
    "globals": globals_, "locals": locals_, "vars": vars_, "hash": hash_, "format": format_, "repr": repr_, "chr": chr_,
    "eval": forbidden, "exec": forbidden, "compile": forbidden, "__import__": forbidden, "breakpoint": forbidden,
    "exit": exit_, "quit": exit_, "property": property_, "xrange": range_,
    "staticmethod": lambda m, args, kwargs, at: StaticMethod(args[0]),
    "classmethod": lambda m, args, kwargs, at: ClassMethod(args[0]),
}  # fmt: skip
TYPES: dict[str, tuple[Callable[..., Any], Any]] = {
    "int": (int_, int), "float": (float_, float), "complex": (complex_, complex), "str": (str_, str),
    "bool": (bool_, bool), "list": (list_, list), "tuple": (tuple_, tuple), "set": (set_, set),
    "frozenset": (frozenset_, frozenset), "dict": (dict_, dict), "range": (range_, range), "slice": (slice_, slice),
    "type": (type_, type), "object": (bare_object, object), "bytes": (bytes_, bytes),
    "NoneType": (lambda m, a, k, at: None, type(None)),
}  # fmt: skip
BUILTINS: dict[str, Any] = {
    **{name: number(name, host) for name, host in PURE.items()},
    **{name: Native(name, run) for name, run in FUNCTIONS.items()},
    **{name: Type(name, run, host) for name, (run, host) in TYPES.items()},
    "min": extreme("min", "<"),
    "max": extreme("max", ">"),
    "any": decides("any", True),
    "all": decides("all", False),
    "NotImplemented": NotImplemented,
    "Ellipsis": ...,
    "__debug__": True,
    "__file__": Opaque("__file__, where the text is kept"),
    "__doc__": None,
    "open": Opaque("open(), files are not read", origin="builtins.open"),
    "input": Opaque("input(), what a user types", origin="builtins.input"),
    "id": Opaque("id(), where an object lies", origin="builtins.id"),
    "dir": Opaque("dir()", origin="builtins.dir"),
    "memoryview": Opaque("memoryview", origin="builtins.memoryview"),
    "bytearray": Opaque("bytearray", origin="builtins.bytearray"),
}
del BUILTINS["NoneType"]
for known in [name for name, one in BUILTINS.items() if type(one) is Native and name in ARITY]:
    BUILTINS[known] = with_arity(BUILTINS[known], *ARITY[known], 0)
