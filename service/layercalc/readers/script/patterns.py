"""`match` statements."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import operators
from layercalc.readers.script.faults import Fault, Unknown
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.paths import Signal, branch
from layercalc.readers.script.scope import Scope
from layercalc.readers.script.spoil import blur
from layercalc.readers.script.values import Instance

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine


def match(m: "Machine", node: ast.Match, scope: Scope) -> Signal:
    subject = m.value(node.subject, scope)
    return cases(m, node, subject, 0, scope)


def cases(m: "Machine", node: ast.Match, subject: Any, at: int, scope: Scope) -> Signal:
    """The first case that fits; from one that may fit on, each may run."""
    for index in range(at, len(node.cases)):
        case = node.cases[index]
        try:
            fits = pattern(m, case.pattern, subject, scope)
            if fits and case.guard is not None:
                truth = m.truth(m.value(case.guard, scope), case.guard)
                if type(truth) is Opaque:
                    raise Unknown(truth)
                fits = bool(truth)
        except Unknown as error:
            return unknown(m, node, subject, index, scope, error.source)
        if fits:
            return m.block(case.body, scope)
    return None


def unknown(m: "Machine", node: ast.Match, subject: Any, index: int, scope: Scope, source: Opaque) -> Signal:
    case = node.cases[index]
    reason = Opaque("a case that may not run", case.pattern, source.first)
    m.risk(node)
    blur(m, [case.pattern], scope, Opaque(reason.cause, reason.node, reason.root, holds=(subject,)))

    def rest() -> Signal:
        return cases(m, node, subject, index + 1, scope)

    return branch(m, [lambda: m.block(case.body, scope), rest], reason, None)


def pattern(m: "Machine", node: ast.pattern, value: Any, scope: Scope) -> bool:
    """Whether a value fits a pattern, whose names are bound; Unknown if that is not known."""
    if isinstance(node, ast.MatchValue):
        return same(m, "==", value, m.value(node.value, scope), node)
    if isinstance(node, ast.MatchSingleton):
        return same(m, "is", value, node.value, node)
    if isinstance(node, ast.MatchAs):
        if node.pattern is not None and not pattern(m, node.pattern, value, scope):
            return False
        if node.name is not None:
            m.store(scope, node.name, value, node)
        return True
    if isinstance(node, ast.MatchOr):
        return any(pattern(m, one, value, scope) for one in node.patterns)
    if type(value) is Opaque:
        raise Unknown(value)
    if isinstance(node, ast.MatchSequence):
        return sequence(m, node, value, scope)
    if isinstance(node, ast.MatchClass) and not node.patterns and not node.kwd_patterns:
        fits = m.call(m.builtins["isinstance"], [value, m.value(node.cls, scope)], {}, node)
        return same(m, "is", fits, True, node)
    raise Fault(node, "This pattern is not followed; write `if` and `elif`.")


def same(m: "Machine", op: str, a: Any, b: Any, node: ast.AST) -> bool:
    result = m.truth(operators.compare(m, op, a, b, node), node)
    if type(result) is Opaque:
        raise Unknown(result)
    return bool(result)


def sequence(m: "Machine", node: ast.MatchSequence, value: Any, scope: Scope) -> bool:
    if type(value) is Instance:
        raise Fault(node, "A sequence pattern on an object is not followed; write `if` and `elif`.")
    if not isinstance(value, list | tuple | range):
        return False
    items = m.listed(value, node)
    star = next((i for i, one in enumerate(node.patterns) if isinstance(one, ast.MatchStar)), None)
    if star is None:
        return len(items) == len(node.patterns) and all(
            pattern(m, one, item, scope) for one, item in zip(node.patterns, items, strict=True)
        )
    after = len(node.patterns) - star - 1
    if len(items) < star + after:
        return False
    middle = node.patterns[star]
    assert isinstance(middle, ast.MatchStar)
    pairs = [*zip(node.patterns[:star], items, strict=False)]
    pairs += zip(node.patterns[star + 1 :], items[len(items) - after :], strict=True)
    if not all(pattern(m, one, item, scope) for one, item in pairs):
        return False
    if middle.name is not None:
        m.store(scope, middle.name, items[star : len(items) - after], node)
    return True
