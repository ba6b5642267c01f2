"""Comparisons of values, and whether a container has one: each accounted for before C code runs it."""

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import counters, hashes, texts
from layercalc.readers.script.faults import Unknown
from layercalc.readers.script.journal import maybe
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.operators import special, truth, with_list
from layercalc.readers.script.values import (
    MISSING,
    SCALARS,
    Bound,
    Class,
    Counted,
    Foreign,
    Instance,
    Names,
    View,
)

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
COMPARISONS = {"==": "__eq__", "!=": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def compare(m: "Machine", op: str, a: Any, b: Any, node: ast.AST | None) -> Any:
    """A op b, for all comparisons."""
    if op == "is" or op == "is not":
        same = identical(m, a, b, node)
        return same if type(same) is Opaque else same is (op == "is")
    if op == "in" or op == "not in":
        found = contains(m, b, a, node)
        return found if type(found) is Opaque else found is (op == "in")
    ta, tb = type(a), type(b)
    if ta in SCALARS and tb in SCALARS:
        return m.pure(node, COMPARE[op], a, b)
    if ta is Opaque or tb is Opaque:
        return m.unknown(node, *(one for one in (a, b) if type(one) is Opaque))
    if ta is Instance or tb is Instance:
        return compare_instances(m, op, a, b, node)
    if isinstance(a, Foreign) or isinstance(b, Foreign):
        return m.vocabulary.compare(op, a, b, node)
    if ta is Counted and tb is Counted and op not in ("==", "!="):
        return counters.ordered(m, op, a, b, node)
    if ta is View or tb is View:
        a, b = (one.host() if type(one) is View else one for one in (a, b))
    return Opaque("", node) if with_list(ta, tb) else m.pure(node, weighed, m, op, a, b, node)


def weighed(m: "Machine", op: str, a: Any, b: Any, node: ast.AST | None) -> Any:
    """A comparison in C, after a look at how large its sides are."""
    m.weigh(a, b)
    m.meter.deepen(node, 3)
    m.comparing += 1
    try:
        return COMPARE[op](a, b)
    finally:
        m.meter.depth -= 3
        m.comparing -= 1


def compare_instances(m: "Machine", op: str, a: Any, b: Any, node: ast.AST | None) -> Any:
    order = [(a, op, b), (b, MIRRORED[op], a)]
    if type(a) is type(b) and a.cls is not b.cls and b.cls.derives(a.cls):
        order.reverse()
    for owner, symbol, other in order:
        result = special(m, owner, COMPARISONS[symbol], [other], node)
        if result is MISSING and symbol == "!=":
            result = special(m, owner, "__eq__", [other], node)
            if result is not MISSING and result is not NotImplemented:
                truth_of = truth(m, result, node)
                result = truth_of if type(truth_of) is Opaque else not truth_of
        if result is not MISSING and result is not NotImplemented:
            return result
    if any(isinstance(one, Foreign) or (type(one) is Instance and one.core is not None) for one in (a, b)):
        return m.vocabulary.compare(op, a, b, node)
    if op in ("==", "!="):
        return (a is b) is (op == "==")
    kinds = f"{texts.kind(a)!r} and {texts.kind(b)!r}"
    return m.fail("TypeError", f"{op!r} not supported between instances of {kinds}", node)


def asked(m: "Machine", op: str, a: Any, b: Any) -> bool:
    """A comparison that C code asks for, as it sorts or compares what holds an object of the text."""
    m.meter.deepen(None, 2)
    result = truth(m, compare(m, op, a, b, None), None)
    m.meter.depth -= 2
    if type(result) is Opaque:
        raise Unknown(result)
    return bool(result)


def identical(m: "Machine", a: Any, b: Any, node: ast.AST | None) -> Any:
    """A is b. Whether equal numbers or strings are one object is Python's affair, and not known."""
    ta, tb = type(a), type(b)
    if ta is Opaque or tb is Opaque:
        return a is b or m.unknown(node, *(one for one in (a, b) if type(one) is Opaque))
    if a is None or b is None or ta is bool or tb is bool or ta is not tb:
        return a is b
    if ta is Bound or ta is View:
        return Opaque("", node)
    if ta in SCALARS or ta is tuple or ta is frozenset:
        if a is b and ta is tuple and a:
            return True
        same = m.pure(node, weighed, m, "==", a, b, node)
        if ta is str and a is b and a.isidentifier():  # of such in a text Python keeps one, and so does Machine.run
            return True
        return Opaque("", node) if same is not False else False
    if isinstance(a, Foreign):
        return m.vocabulary.identical(a, b, node)
    return a is b


def contains(m: "Machine", value: Any, item: Any, node: ast.AST | None) -> Any:
    """Item in value."""
    kind = type(value)
    if kind is Opaque:
        return m.unknown(node, value)
    if kind is Instance:
        found = special(m, value, "__contains__", [item], node)
        if found is not MISSING:
            return truth(m, found, node)
    if isinstance(value, Foreign) or (kind is Instance and value.core is not None):
        return m.vocabulary.contains(value, item, node)
    if isinstance(item, Foreign) and (told := m.vocabulary.contained(item, value, node)) is not None:
        return told
    if kind is Class and value.members is not None:
        return any(one is item for one in value.members.values()) if type(item) is Instance else Opaque("", node)
    if kind is View:
        value = value.host() if value.kind != "keys" else value.of
        m.known(value if isinstance(value, dict) else [])
    if isinstance(value, dict | set | frozenset):
        return m.pure(node, held, m, value, item, node)
    if isinstance(value, str | bytes | range | list | tuple):
        return m.pure(node, searched, m, value, item)
    return iterated(m, value, item, node)


def held(m: "Machine", value: Any, item: Any, node: ast.AST | None) -> bool:
    m.known(item)
    if type(value) is Names and type(item) is str and not m.spoilt(value):
        if maybe(found := value.get(item)):
            raise Unknown(found)
        return item in value
    m.known(value)
    hashes.hashing(m, value, item)
    return item in value


def searched(m: "Machine", value: Any, item: Any) -> bool:
    m.known(value)
    m.known(item)
    m.meter.work(len(value) if not isinstance(value, range) or type(item) is not int else 0)
    if isinstance(value, list | tuple) and type(item) not in SCALARS:
        m.weigh(item)
        m.meter.work(len(value) * 32)
        return any(one is item or truth(m, compare(m, "==", one, item, None), None) for one in value)
    return item in value


def iterated(m: "Machine", value: Any, item: Any, node: ast.AST | None) -> Any:
    from layercalc.readers.script.iteration import left

    try:
        for one in m.iterate(value, node):
            same = one is item or truth(m, compare(m, "==", one, item, node), node)
            if type(same) is Opaque:
                left(m, value, same)
                return same
            if same:
                return True
    except Unknown as error:
        return m.unknown(node, error.source)
    return False
