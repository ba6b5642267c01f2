"""`match` statements."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import comparisons, hashes, texts
from layercalc.readers.script.classes import fields_of
from layercalc.readers.script.faults import Fault, Unknown
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.paths import Signal, branch
from layercalc.readers.script.scope import Scope
from layercalc.readers.script.spoil import blur
from layercalc.readers.script.values import MISSING, Class, Foreign, Instance, RecordType, Type

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine

ITSELF = (int, float, str, bytes, bool, list, tuple, dict, set, frozenset)  # whose one position is the value itself


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
    if isinstance(node, ast.MatchMapping):
        return mapping(m, node, value, scope)
    if isinstance(node, ast.MatchClass):
        return of_class(m, node, value, scope)
    raise Fault(node, "This pattern is not followed; write `if` and `elif`.")


def same(m: "Machine", op: str, a: Any, b: Any, node: ast.AST) -> bool:
    result = m.truth(comparisons.compare(m, op, a, b, node), node)
    if type(result) is Opaque:
        raise Unknown(result)
    return bool(result)


def mapping(m: "Machine", node: ast.MatchMapping, value: Any, scope: Scope) -> bool:
    """{"key": pattern, **rest}: of a dict that has the keys."""
    m.known(value)
    if isinstance(value, Instance | Foreign):
        raise Fault(node, "A mapping pattern on an object is not followed; write `if` and `elif`.")
    if not isinstance(value, dict):
        return False
    keys = [m.value(key, scope) for key in node.keys]
    m.known(*keys)
    for key, one in zip(keys, node.patterns, strict=True):
        hashes.hashing(m, value, key)
        if key not in value or not pattern(m, one, value[key], scope):
            return False
    if node.rest is not None:
        m.meter.elements(len(value) * 3, node)
        m.store(scope, node.rest, {key: one for key, one in value.items() if key not in keys}, node)
    return True


def of_class(m: "Machine", node: ast.MatchClass, value: Any, scope: Scope) -> bool:
    """Point(0, y=y): the attributes that __match_args__ names by position, and others by name."""
    cls = m.value(node.cls, scope)
    fits = m.call(m.builtins["isinstance"], [value, cls], {}, node)
    if not same(m, "is", fits, True, node):
        return False
    patterns = list(node.patterns)
    if isinstance(cls, Type) and cls.host in ITSELF and patterns and not pattern(m, patterns.pop(0), value, scope):
        return False
    names = [*matched(m, cls, node)[: len(patterns)], *node.kwd_attrs] if patterns else node.kwd_attrs
    given = [*patterns, *node.kwd_patterns]
    if len(names) < len(given):
        m.fail("TypeError", f"{texts.kind(value)}() accepts fewer positional sub-patterns", node)
    return all(has(m, value, name, one, scope) for name, one in zip(names, given, strict=True))


def has(m: "Machine", value: Any, name: str, node: ast.pattern, scope: Scope) -> bool:
    found = m.call(m.builtins["getattr"], [value, name, MISSING], {}, node)
    return found is not MISSING and pattern(m, node, found, scope)


def matched(m: "Machine", cls: Any, node: ast.MatchClass) -> list[Any]:
    """The names of __match_args__: a dataclass has those of its fields."""
    if isinstance(cls, RecordType):
        return list(cls.fields)
    if type(cls) is not Class or cls.opaque is not None or m.doubted(cls) is not None:
        raise Fault(node, "The positions of this pattern are not followed; write `if` and `elif`.")
    found = cls.find("__match_args__")
    if found is MISSING:
        found = [name for name, one in fields_of(cls).items() if one.init and not one.keyword]
    names = m.listed(found, node)
    m.known(*names)
    return names


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
