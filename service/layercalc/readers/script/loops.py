"""`for` and `while`: run as often as Python would, where that is known; else repeated until nothing more is learnt."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script.assignment import assign
from layercalc.readers.script.faults import Fault, Raised, Unknown
from layercalc.readers.script.generators import holding
from layercalc.readers.script.iteration import left
from layercalc.readers.script.journal import BREAK, CONTINUE, RAISE
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.paths import BROKE, Returned, Signal, branch, close, repeat
from layercalc.readers.script.scope import Scope
from layercalc.readers.script.spoil import blur
from layercalc.readers.script.values import Cursor

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine


MANY, FEW = 10, 200  # parts of the steps that are left of a text
PART = {MANY: "a tenth", FEW: "a two-hundredth"}


class Pace:
    """The steps that a loop takes: one that takes too many is followed no further, as if it ran any number of times.

    A tenth of the steps that are left is enough for one that makes no part of a model, half of them for any other.
    Where no more is wanted than what it may change, in a function that may be called or a loop that was given up, and
    when one that was given up is met again, much less is.
    """

    __slots__ = ("fuel", "m", "node", "part", "parts")

    def __init__(self, m: "Machine", node: ast.AST):
        self.m, self.node, self.fuel, self.parts = m, node, m.meter.fuel, m.vocabulary.parts
        few = m.speculating or m.meter.hurried or id(node) in m.meter.given_up
        self.part = FEW if few else MANY

    def check(self, half: bool) -> None:
        """Unknown where the loop has taken too many."""
        if (why := self.passed(half)) is not None:
            raise Unknown(why)

    def passed(self, half: bool) -> Opaque | None:
        """Why the loop is followed no further, where it has taken too many."""
        taken = self.fuel - self.m.meter.fuel
        if taken > self.fuel // self.part and (self.m.vocabulary.parts == self.parts or self.m.speculating):
            told = PART[self.part]
        elif half and taken > self.fuel >> 1:
            told = "half"
        else:
            return None
        self.m.meter.given_up.add(id(self.node))
        every = f"the {self.m.meter.bounds.steps:,} steps that a text may take (max_script_steps)"
        return Opaque(f"a loop that takes more than {told} of what is left of {every}", self.node)


class Loop:
    """One loop being run."""

    def __init__(self, m: "Machine", node: ast.For | ast.While, scope: Scope):
        self.m, self.node, self.scope = m, node, scope
        self.mark = len(m.journal.levels)

    def body(self) -> Signal:
        """Run the body once, paths that `continue` joined; the signal is BROKE, a return, or None."""
        m = self.m
        mark = len(m.journal.levels)
        try:
            signal = m.block(self.node.body, self.scope)
        except Raised as error:
            if not m.journal.exits(mark, CONTINUE):
                raise
            self.survived(mark, CONTINUE, error)
            return None
        if len(m.journal.levels) > mark:
            close(m, mark, CONTINUE)
        return signal if signal is BROKE or type(signal) is Returned else None

    def survived(self, mark: int, kind: str, error: Raised) -> None:
        """Some paths have gone elsewhere, the last one raises: what follows is for the others."""
        m = self.m
        reason = m.journal.levels[-1].reason
        close(m, mark, kind)
        if m.catching:
            m.journal.open(reason, [(RAISE, error)])

    def left(self) -> bool:
        """Whether a path may have left the loop already."""
        levels = self.m.journal.levels
        return len(levels) > self.mark and self.m.journal.exits(self.mark, BREAK)

    def unknown(self, body: Any, source: Opaque) -> Signal:
        """The rest of the loop: it is not known how often it runs, nor whether `else` does."""
        m = self.m
        reason = Opaque("a loop that may run any number of times", self.node, source.first, holds=source.holds)
        m.risk(self.node)

        def fallback(fault: Fault) -> None:
            if any(isinstance(one, ast.Return) for statement in self.node.body for one in ast.walk(statement)):
                raise fault
            blur(m, self.node.body, self.scope, reason)

        hurried = id(self.node) in m.meter.given_up
        m.meter.hurried += hurried
        try:
            repeat(m, body, reason, self.node, fallback)
        finally:
            m.meter.hurried -= hurried
        signal = self.otherwise(reason) if self.node.orelse else None
        return self.done(signal)

    def otherwise(self, reason: Opaque) -> Signal:
        m, orelse = self.m, self.node.orelse
        return branch(m, [lambda: m.block(orelse, self.scope), lambda: None], reason)

    def done(self, signal: Signal) -> Signal:
        """Join the paths that broke out."""
        if len(self.m.journal.levels) > self.mark:
            if type(signal) is Returned and self.m.journal.exits(self.mark, BREAK):
                reason = self.m.journal.levels[-1].reason
                close(self.m, self.mark, BREAK)
                self.m.journal.open(reason, [("return", signal.value)])
                return None
            close(self.m, self.mark, BREAK)
        return signal


def for_(m: "Machine", node: ast.For, scope: Scope) -> Signal:
    source = m.value(node.iter, scope)
    loop, depth = Loop(m, node, scope), m.meter.depth

    def unknown_body(why: Opaque) -> Any:
        def body() -> Signal:
            item = Opaque("an item", node.iter, why.first, holds=why.holds)
            assign(m, node.target, item, scope)
            return loop.body()

        return body

    try:
        if type(source) is Cursor:
            return holding(m, source, lambda: known(m, node, scope, loop, source))
        return known(m, node, scope, loop, source)
    except Unknown as error:
        m.meter.depth = depth
        left(m, source, error.source)
        return loop.unknown(unknown_body(error.source), error.source)
    except Raised as error:
        if not loop.left():
            raise
        loop.survived(loop.mark, BREAK, error)
        return None


def known(m: "Machine", node: ast.For, scope: Scope, loop: Loop, source: Any) -> Signal:
    """Run through an iterable; Unknown where what comes next is not known."""
    items = m.iterate(source, node.iter)
    pace = Pace(m, node)
    while True:
        item = next(items, loop)
        if item is loop:
            break
        pace.check(type(source) is range)
        m.meter.work(32, node)
        assign(m, node.target, item, scope)
        signal = guarded(loop)
        if signal is not None:
            return loop.done(None if signal is BROKE else signal)
        if loop.left():
            raise Unknown(Opaque("a loop that may have ended", node))
    return loop.done(m.block(node.orelse, scope) if node.orelse else None)


def guarded(loop: Loop) -> Signal:
    """The body; an Unknown in it is no end of the items."""
    try:
        return loop.body()
    except Unknown as error:
        raise Fault(error.source.node or loop.node, f"This depends on {error.source.why}.") from None


def while_(m: "Machine", node: ast.While, scope: Scope) -> Signal:
    loop = Loop(m, node, scope)

    def unknown_body() -> Signal:
        signal = loop.body()
        if signal is None:
            m.value(node.test, scope)
        return signal

    pace, depth, endless = Pace(m, node), m.meter.depth, is_endless(node)
    before, m.uncertain = m.uncertain, False
    try:
        while True:
            if not endless or m.uncertain:  # that of known values alone is a slip, and runs into the limit
                pace.check(False)
            truth = m.truth(m.value(node.test, scope), node.test)
            if type(truth) is Opaque:
                return loop.unknown(unknown_body, truth)
            if not truth:
                break
            m.meter.work(32, node)
            signal = loop.body()
            if signal is not None:
                return loop.done(None if signal is BROKE else signal)
            if loop.left():
                return loop.unknown(unknown_body, Opaque("a loop that may have ended", node))
    except Unknown as error:
        if error.source.node is not node:
            raise
        m.meter.depth = depth
        signal = loop.unknown(unknown_body, error.source)
        if endless:
            raise Raised(m.exception("KeyboardInterrupt"), node) from None
        return signal
    except Raised as error:
        if not loop.left():
            raise
        loop.survived(loop.mark, BREAK, error)
        return None
    finally:
        m.uncertain |= before
    return loop.done(m.block(node.orelse, scope) if node.orelse else None)


def is_endless(node: ast.While) -> bool:
    """Whether a loop goes on until the user or an exception ends the program: no condition, no break, no return."""
    left = (ast.Break, ast.Return)
    return isinstance(node.test, ast.Constant) and not any(isinstance(one, left) for one in ast.walk(node))
