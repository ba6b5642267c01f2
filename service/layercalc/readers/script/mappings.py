"""Classes of the text that derive from dict: their base, whose methods work on the dict that each object is.

What a framework makes of such an object that holds layers or tensors is not known, so that one which may is unknown.
"""

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import comparisons, items, operators, texts
from layercalc.readers.script.methods import METHODS
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import MISSING, Bound, Class, Foreign, Instance, Names, Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]
At = ast.AST | None
Run = Callable[["Machine", Any, Args, At], Any]  # of the dict and what else is given
TABLE = METHODS[dict]


def dict_of(value: Any) -> Any:
    """The dict that a value is, of a class of the text or not; None for another."""
    return value.data if type(value) is Instance else value if isinstance(value, dict) else None


def plainly(value: Instance) -> bool:
    """Whether Python copies its items without asking its methods, as of all whose class has the __iter__ of dict."""
    return value.data is not None and value.cls.find("__iter__") is MEMBERS["__iter__"]


def derived(cls: Class) -> bool:
    """Whether objects of a class are dicts."""
    return any(one.attrs.get("__iter__") is MEMBERS["__iter__"] for one in cls.mro)


def base(m: "Machine") -> Class:
    """The class that stands for dict among the bases of the text's classes."""
    made = m.kept_class("dict", MEMBERS)
    made.builtin, made.dict = True, False
    return made


def replace(m: "Machine", value: Instance, item: Any, node: At) -> None:
    """self.__dict__ = self: its attributes and its items are one from now on; not known where a branch may undo it."""
    if item is value and value.data is value.attrs:
        return
    made_here = all(m.journal.born_since(value, level.number) for level in m.journal.levels)
    if item is not value or value.data is None or m.spoilt(value.data) or not made_here:
        m.risk(node)
        m.touch([value, item], m.reason(node, "attributes replaced as a whole"))
        return
    m.changing(value.attrs)
    value.attrs.clear()
    value.attrs.update(value.data)
    value.data = value.attrs


# -- what a framework may find


def within(m: "Machine", value: Any, node: At) -> list[Any]:
    """What containers and objects of such classes hold, itself among it."""
    pending, seen, found = [value], set[int](), []
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        m.meter.work(32, node)
        found.append(one)
        if (inside := dict_of(one)) is not None:
            pending += inside.values()
        elif isinstance(one, list | tuple | set | frozenset):
            pending += one
    return found


def guard(m: "Machine", value: Any, given: Args, node: At) -> None:
    """Objects of such classes are given these values: with something of a framework, they are not known."""
    for one in within(m, given, node):
        if isinstance(one, Foreign) or (type(one) is Instance and one.core is not None):
            m.risk(node)
            m.touch([value, *given], m.reason(node, "a framework that finds its own in a class derived from dict"))
            return


def attached(m: "Machine", item: Any, node: At) -> Any:
    """What an object of a framework's class has when it is given this: Keras 3 makes a dict of its own of such one."""
    inside = within(m, item, node)
    if any(type(one) is Instance and one.data is not None for one in inside):
        guard(m, item, inside, node)
        return Opaque("what a framework makes of a class derived from dict", node, holds=(item,))
    return item


# -- methods


def on_dict(name: str, run: Run) -> Native:
    """A method that looks at the dict alone."""

    def asked(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
        inside = dict_of(args[0]) if args and not kwargs else None
        return m.unknown_call(Opaque("", at), args, kwargs, at) if inside is None else run(m, inside, args[1:], at)

    return Native(name, asked)


def listed(name: str, known: str = "") -> Native:
    """A method of dict by its table, which asks no other method of the object."""
    method = TABLE[known or name]

    def asked(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
        inside = dict_of(args[0]) if args else None
        if inside is None:
            return m.unknown_call(Opaque("", at), args, kwargs, at)
        if type(args[0]) is Instance:
            guard(m, args[0], [*args[1:], *kwargs.values()], at)
        return m.call(Bound(method, inside), args[1:], kwargs, at)

    return Native(name, asked)


def get_item(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    """dict.__getitem__: what is lacking, __missing__ gives."""
    value, key = args
    inside = dict_of(value)
    if inside is None:
        return m.unknown_call(Opaque("", at), args, kwargs, at)
    if type(value) is Instance and value.cls.find("__missing__") is not MISSING:
        there = comparisons.contains(m, inside, key, at)
        if there is False:
            return m.special(value, "__missing__", [key], at)
        if type(there) is Opaque:
            m.touch([value], m.reason(at, "__missing__"))
            return m.unknown(at, there)
    return items.get_item(m, inside, key, at)


def set_item(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> None:
    value, key, item = args
    inside = dict_of(value)
    if inside is None:
        m.unknown_call(Opaque("", at), args, kwargs, at)
        return
    if type(value) is Instance:
        guard(m, value, [item], at)
    items.set_item(m, inside, key, item, at)


def inplace(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
    m.call(MEMBERS["update"], args, kwargs, at)
    return args[0]


def equal(op: str) -> Run:
    def run(m: "Machine", inside: Any, rest: Args, at: At) -> Any:
        other = dict_of(rest[0])
        return m.unknown(at, rest[0]) if type(rest[0]) is Opaque else compared(m, op, inside, other, at)

    return run


def compared(m: "Machine", op: str, inside: Any, other: Any, at: At) -> Any:
    return NotImplemented if other is None else m.compare(op, inside, other, at)


def union(swapped: bool) -> Run:
    def run(m: "Machine", inside: Any, rest: Args, at: At) -> Any:
        if type(rest[0]) is Opaque or dict_of(rest[0]) is None:
            return m.unknown(at, rest[0]) if type(rest[0]) is Opaque else NotImplemented
        sides = [plain(m, one) for one in (inside, dict_of(rest[0]))]
        return operators.binary(m, "|", sides[swapped], sides[not swapped], at)

    return run


def plain(m: "Machine", inside: Any) -> Any:
    m.known(inside)
    return dict(inside) if type(inside) is Names else inside


def through(name: str) -> Run:
    """A builtin function of the dict."""
    return lambda m, inside, rest, at: m.call(m.builtins[name], [inside, *rest], {}, at)


MEMBERS: dict[str, Any] = {
    **{name: Native(name, lambda m, args, kwargs, at: Opaque("", at, holds=tuple(args)))
       for name in ("fromkeys", "__class_getitem__")},
    **{name: listed(name) for name in TABLE},
    "__init__": listed("__init__", "update"),
    "__getitem__": Native("__getitem__", get_item),
    "__setitem__": Native("__setitem__", set_item),
    "__delitem__": on_dict("__delitem__", lambda m, inside, rest, at: items.del_item(m, inside, rest[0], at)),
    "__contains__": on_dict("__contains__", lambda m, inside, rest, at: comparisons.contains(m, inside, rest[0], at)),
    "__len__": on_dict("__len__", through("len")),
    "__iter__": on_dict("__iter__", through("iter")),
    "__reversed__": on_dict("__reversed__", through("reversed")),
    "__repr__": on_dict("__repr__", lambda m, inside, rest, at: m.pure(at, texts.text, m, inside, at, True)),
    "__eq__": on_dict("__eq__", equal("==")),
    "__ne__": on_dict("__ne__", equal("!=")),
    "__or__": on_dict("__or__", union(False)),
    "__ror__": on_dict("__ror__", union(True)),
    "__ior__": Native("__ior__", inplace),
    "__hash__": None,
}  # fmt: skip
