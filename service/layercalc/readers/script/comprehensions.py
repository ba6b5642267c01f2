"""Comprehensions and generator expressions: scopes of their own, the first iterable evaluated outside."""

import ast
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import items
from layercalc.readers.script.assignment import assign
from layercalc.readers.script.faults import Fault, Unknown
from layercalc.readers.script.loops import Pace
from layercalc.readers.script.names import peek
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.paths import branch, repeat
from layercalc.readers.script.scope import COMPREHENSION, Scope, of_comprehension
from layercalc.readers.script.spoil import blur
from layercalc.readers.script.values import SCALARS, Cursor

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

Emit = Callable[[Scope], None]


def inner(m: "Machine", node: Any, scope: Scope) -> Scope:
    info = m.infos.get(id(node))
    if info is None:
        info = m.infos[id(node)] = of_comprehension(node)
    made = Scope(COMPREHENSION, info, scope, scope.function)
    made.first = scope.first
    return made


class Eager:
    """A comprehension run through at once; `unknown` is what it depends on, if it is not known which items it has."""

    def __init__(self, m: "Machine", node: Any, scope: Scope, emit: Emit):
        self.m, self.node, self.emit = m, node, emit
        self.unknown: Opaque | None = None
        self.pace, self.taken = Pace(m, node), 0
        self.size: int | None = None  # how many items it has, where only so many as `taken` are known
        self.scope = inner(m, node, scope)
        first = m.value(node.generators[0].iter, scope)
        self.level(0, first)

    def level(self, index: int, source: Any) -> None:
        """Run through the iterable of one `for`."""
        m, clause = self.m, self.node.generators[index]
        if clause.is_async:
            m.fail("TypeError", "asynchronous comprehension", self.node)
        depth = m.meter.depth
        try:
            for item in m.iterate(source, clause.iter):
                if (why := self.pace.passed(False)) is not None:
                    return self.cut(index, source, why)
                m.meter.work(64, self.node)
                assign(m, clause.target, item, self.scope)
                self.conditions(index, 0)
                self.taken += 1
        except Unknown as error:
            m.meter.depth = depth
            self.rest(index, error.source)

    def cut(self, index: int, source: Any, why: Opaque) -> None:
        """It takes too many steps: the items that are left are not known, but their number is where each gives one."""
        simple = len(self.node.generators) == 1 and not self.node.generators[0].ifs
        size = len(source) if simple and isinstance(source, range | list | tuple) else None
        self.rest(index, why)
        if size is not None and not (type(source) is list and (self.m.spoilt(source) or len(source) != size)):
            self.size = size

    def rest(self, index: int, source: Opaque) -> None:
        """It is not known what comes, nor how often."""
        m, clause = self.m, self.node.generators[index]
        self.unknown = source
        m.risk(self.node)
        reason = Opaque("a loop over something that is not known", clause.iter, source.first, holds=source.holds)

        def body() -> None:
            assign(m, clause.target, Opaque("an item", clause.iter, reason.root, holds=source.holds), self.scope)
            self.conditions(index, 0)

        repeat(m, body, reason, self.node, lambda fault: blur(m, [self.node], self.scope, reason))

    def conditions(self, index: int, at: int) -> None:
        """The `if`s of one `for`, then the next `for`, then the element."""
        m, clause = self.m, self.node.generators[index]
        for place in range(at, len(clause.ifs)):
            truth = m.truth(m.value(clause.ifs[place], self.scope), clause.ifs[place])
            if type(truth) is Opaque:
                self.unknown = truth
                reason = Opaque("a condition that is not known", clause.ifs[place], truth.first)
                arms: list[Any] = [partial(self.conditions, index, place + 1), lambda: None]
                branch(m, arms, reason, partial(self.blurred, reason))
                return
            if not truth:
                return
        if index + 1 < len(self.node.generators):
            self.level(index + 1, m.value(self.node.generators[index + 1].iter, self.scope))
        else:
            self.emit(self.scope)

    def blurred(self, reason: Opaque, fault: Fault) -> None:
        blur(self.m, [self.node], self.scope, reason)

    def result(self, value: Any, held: Any) -> Any:
        if self.unknown is None:
            return self.m.journal.made(value)
        holds = (tuple(one for one in held if type(one) not in SCALARS), self.unknown)
        return Opaque("", self.node, self.unknown.first, holds=holds)


def list_comprehension(m: "Machine", node: ast.ListComp, scope: Scope) -> Any:
    out: list[Any] = []

    def emit(inside: Scope) -> None:
        m.meter.hold(40, node)
        out.append(m.value(node.elt, inside))

    made = Eager(m, node, scope, emit)
    found = made.result(out, out)
    if made.size is None:
        return found
    m.meter.elements(made.size, node)
    return m.journal.made([*out[: made.taken], *[found] * (made.size - made.taken)])


def set_comprehension(m: "Machine", node: ast.SetComp, scope: Scope) -> Any:
    found: list[Any] = []

    def emit(inside: Scope) -> None:
        m.meter.hold(120, node)
        found.append(m.value(node.elt, inside))

    made = Eager(m, node, scope, emit)
    if made.unknown is not None:
        return made.result(None, found)
    return m.call(m.builtins["set"], [found], {}, node)


def dict_comprehension(m: "Machine", node: ast.DictComp, scope: Scope) -> Any:
    out: dict[Any, Any] = {}
    values: list[Any] = []

    def emit(inside: Scope) -> None:
        key = m.value(node.key, inside)
        value = m.value(node.value, inside)
        values.append(value)
        items.set_item(m, out, key, value, node)

    return Eager(m, node, scope, emit).result(out, values)


def generator_expression(m: "Machine", node: ast.GeneratorExp, scope: Scope) -> Cursor:
    first = m.value(node.generators[0].iter, scope)
    made = inner(m, node, scope)
    try:
        source: Any = m.iterate(first, node)
    except Unknown:
        source = None
    return Cursor("generator", lazily(m, node, made, 0, first, source), (first, *closed_over(m, node, scope)))


def closed_over(m: "Machine", node: ast.GeneratorExp, scope: Scope) -> tuple[Any, ...]:
    """What a generator reaches by its names, as it runs later."""
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    m.meter.work(64 * len(names))
    found = (peek(m, scope, name) for name in names)
    return tuple(one for one in found if type(one) not in SCALARS)


def lazily(m: "Machine", node: Any, scope: Scope, index: int, first: Any, source: Any) -> Iterator[Any]:
    """The items as they are asked for. Where they are not known, the rest is run for what it changes, then Unknown."""
    clause = node.generators[index]
    try:
        if source is None:
            source = m.iterate(first, clause.iter)
        for item in source:
            m.meter.work(64, node)
            assign(m, clause.target, item, scope)
            passed = True
            for one in clause.ifs:
                truth = m.truth(m.value(one, scope), one)
                if type(truth) is Opaque:
                    raise Unknown(truth)
                if not truth:
                    passed = False
                    break
            if not passed:
                continue
            if index + 1 < len(node.generators):
                following = m.value(node.generators[index + 1].iter, scope)
                yield from lazily(m, node, scope, index + 1, following, None)
            else:
                yield m.value(node.elt, scope)
    except Unknown as error:
        blur(m, [node], scope, error.source)
        raise
