"""collections.Counter: its text in Python, which the interpreter follows over a dict of its own kind."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.values import CONTAINERS, MISSING, SCALARS, Counted, Instance, Native

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Args = list[Any]
Kwargs = dict[str, Any]
At = ast.AST | None

SOURCE = """
def update(self, iterable=None, /, **kwds):
    if iterable is not None:
        if isinstance(iterable, dict):
            if self:
                for elem, count in iterable.items():
                    self[elem] = count + self.get(elem, 0)
            else:
                dict.update(self, iterable)
        else:
            for elem in iterable:
                self[elem] = self.get(elem, 0) + 1
    if kwds:
        update(self, kwds)
def subtract(self, iterable=None, /, **kwds):
    if iterable is not None:
        if isinstance(iterable, dict):
            for elem, count in iterable.items():
                self[elem] = self.get(elem, 0) - count
        else:
            for elem in iterable:
                self[elem] = self.get(elem, 0) - 1
    if kwds:
        subtract(self, kwds)
def most_common(self, n=None):
    ordered = sorted(self.items(), key=lambda pair: pair[1], reverse=True)
    return ordered if n is None else ordered[:max(n, 0)]
def elements(self):
    return (elem for elem, count in self.items() for _ in range(count))
def total(self):
    return sum(self.values())
def __repr__(self):
    if not self:
        return 'Counter()'
    try:
        shown = dict(self.most_common())
    except TypeError:
        shown = dict(self)
    return f'Counter({shown!r})'
def add(result, a, b):
    for elem, count in a.items():
        newcount = count + b[elem]
        if newcount > 0:
            result[elem] = newcount
    for elem, count in b.items():
        if elem not in a and count > 0:
            result[elem] = count
    return result
def sub(result, a, b):
    for elem, count in a.items():
        newcount = count - b[elem]
        if newcount > 0:
            result[elem] = newcount
    for elem, count in b.items():
        if elem not in a and count < 0:
            result[elem] = 0 - count
    return result
def union(result, a, b):
    for elem, count in a.items():
        other_count = b[elem]
        newcount = other_count if count < other_count else count
        if newcount > 0:
            result[elem] = newcount
    for elem, count in b.items():
        if elem not in a and count > 0:
            result[elem] = count
    return result
def intersection(result, a, b):
    for elem, count in a.items():
        other_count = b[elem]
        newcount = count if count < other_count else other_count
        if newcount > 0:
            result[elem] = newcount
    return result
def pos(result, a):
    for elem, count in a.items():
        if count > 0:
            result[elem] = count
    return result
def neg(result, a):
    for elem, count in a.items():
        if count < 0:
            result[elem] = 0 - count
    return result
def keep_positive(self):
    for elem in [elem for elem, count in self.items() if not count > 0]:
        del self[elem]
    return self
def iadd(self, other):
    for elem, count in other.items():
        self[elem] += count
    return keep_positive(self)
def isub(self, other):
    for elem, count in other.items():
        self[elem] -= count
    return keep_positive(self)
def iunion(self, other):
    for elem, other_count in other.items():
        count = self[elem]
        if other_count > count:
            self[elem] = other_count
    return keep_positive(self)
def iintersection(self, other):
    for elem, count in self.items():
        other_count = other[elem]
        if other_count < count:
            self[elem] = other_count
    return keep_positive(self)
def le(a, b):
    return all(a[elem] <= b[elem] for one in (a, b) for elem in one)
"""
METHODS = ("most_common", "elements", "total", "__repr__")
BINARY = {"+": "add", "-": "sub", "|": "union", "&": "intersection"}
INPLACE = {op: f"i{name}" for op, name in BINARY.items()}
UNARY = {"+": "pos", "-": "neg"}


def followed(m: "Machine", name: str, args: Args, kwargs: Kwargs, at: At) -> Any:
    """A call of a function of the text above."""
    from layercalc.readers.script.modules.written import library

    return m.call(library(m, SOURCE).vars[name], args, kwargs, at)


def method(name: str) -> Native:
    return Native(name, lambda m, args, kwargs, at: followed(m, name, args, kwargs, at))


def counting(name: str) -> Native:
    """Update or subtract: an object of the text that has keys may be a mapping, which collections.abc decides."""

    def run(m: "Machine", args: Args, kwargs: Kwargs, at: At) -> Any:
        if any(type(one) is Instance and one.cls.find("keys") is not MISSING for one in args):
            return m.unknown_call(Opaque("", at), args, kwargs, at)
        return followed(m, name, args, kwargs, at)

    return Native(name, run)


def binary(m: "Machine", op: str, a: Any, b: Any, at: At) -> Any:
    """A op b, of which one at least is a Counter."""
    from layercalc.readers.script import operators

    if type(a) is type(b) and op in BINARY:
        return followed(m, BINARY[op], [Counted(), a, b], {}, at)
    other = type(b if type(a) is Counted else a)
    if (other in SCALARS and other not in operators.NUMPY) or (other in CONTAINERS and (op, other) != ("|", dict)):
        return operators.wrong_types(m, op, a, b, at)
    return Opaque("", at, holds=(a, b))


def unary(m: "Machine", op: str, value: Counted, at: At) -> Any:
    return followed(m, UNARY[op], [Counted(), value], {}, at)


def inplace(m: "Machine", op: str, a: Counted, b: Any, at: At) -> Any:
    return followed(m, INPLACE[op], [a, b], {}, at)


def ordered(m: "Machine", op: str, a: Counted, b: Counted, at: At) -> Any:
    """Whether one holds no more of anything than the other."""
    if op in (">", ">="):
        a, b = b, a
    less = followed(m, "le", [a, b], {}, at)
    if op in ("<=", ">=") or less is False:
        return less
    return m.unknown(at, less) if type(less) is Opaque else m.compare("!=", a, b, at)


TABLE = {name: method(name) for name in METHODS} | {"update": counting("update"), "subtract": counting("subtract")}
