"""Expressions, by the type of their node."""

import ast
from ast import Starred
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import (
    attributes,
    calls,
    comparisons,
    comprehensions,
    functions,
    hashes,
    items,
    operators,
    texts,
)
from layercalc.readers.script.faults import Fault, Unknown
from layercalc.readers.script.names import load
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.operators import SYMBOLS
from layercalc.readers.script.paths import branch
from layercalc.readers.script.scope import CLASS, Scope
from layercalc.readers.script.spoil import blur
from layercalc.readers.script.unbound import doubtful
from layercalc.readers.script.values import MISSING, SCALARS, Foreign, Function, Instance

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine


def constant(m: "Machine", node: ast.Constant, scope: Scope) -> Any:
    value = node.value
    if type(value) is int:
        m.meter.digits(value.bit_length(), node)
    return value


def name(m: "Machine", node: ast.Name, scope: Scope) -> Any:
    value = load(m, scope, node.id, node)
    if type(value) is Opaque and value.maybe:
        m.missed.add(node.id)
        m.risk(node)
        if scope.kind is CLASS and (outer := m.globals.vars.get(node.id, MISSING)) is not MISSING:
            return m.journal.either(value, value, outer, cause=value.cause)
    return value


def sequence(m: "Machine", elements: list[ast.expr], scope: Scope) -> list[Any]:
    """The values of a display, those of starred parts run through; Unknown if one of these is not known."""
    out: list[Any] = []
    unknown: Unknown | None = None
    for one in elements:
        if type(one) is Starred:
            value = m.value(one.value, scope)
            try:
                out += m.listed(value, one)
            except Unknown as error:
                unknown = error
                out.append(value)
        else:
            out.append(m.value(one, scope))
    if unknown is not None:
        m.risk(elements[0])
        holds = tuple(one for one in out if type(one) not in SCALARS)
        raise Unknown(Opaque("", elements[0], unknown.source.first, holds=holds))
    return out


def display(make: Callable[[list[Any]], Any]) -> Callable[..., Any]:
    def of(m: "Machine", node: Any, scope: Scope) -> Any:
        m.meter.elements(len(node.elts), node)
        try:
            found = make(sequence(m, node.elts, scope))
            return m.journal.made(found) if make is list else found
        except Unknown as error:
            return error.source

    return of


def set_display(m: "Machine", node: ast.Set, scope: Scope) -> Any:
    m.meter.elements(len(node.elts) * 3, node)
    try:
        items = sequence(m, node.elts, scope)
        m.weigh(items)
        hashes.hashing_all(m, items)
    except Unknown as error:
        return error.source
    return m.pure(node, set, items)


def dict_display(m: "Machine", node: ast.Dict, scope: Scope) -> Any:
    m.meter.elements(len(node.keys) * 3, node)
    out: dict[Any, Any] = {}
    pending: list[tuple[ast.expr, Any, Any]] = []

    def put() -> None:
        for at, key, value in pending:
            if type(key) is str and not m.spoilt(out):
                m.meter.hold(100, at)
                out[key] = value
            else:
                items.set_item(m, out, key, value, at)
        pending.clear()

    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            put()
            update_from(m, out, m.value(value, scope), value)
        else:
            pending.append((key, m.value(key, scope), m.value(value, scope)))
    put()
    return m.journal.made(out)


def mapped(m: "Machine", value: Any, node: ast.AST) -> Any:
    """What stands behind `**`: of an object of the text that has keys(), a dict."""
    if type(value) is Instance and value.cls.find("keys") is not MISSING:
        return m.call(m.builtins["dict"], [value], {}, node)
    return value


def update_from(m: "Machine", out: dict[Any, Any], value: Any, node: ast.AST) -> None:
    """out.update(value), of a mapping."""
    value = mapped(m, value, node)
    if isinstance(value, dict) and not m.spoilt(value) and doubtful(m, value) is None:
        m.meter.elements(len(value) * 3, node)
        hashes.hashing_all(m, value)
        for key, one in value.items():
            out[key] = one
    elif type(value) is Opaque or isinstance(value, dict | Foreign):
        m.risk(node)
        m.journal.poison(out, Opaque("a mapping that is not known", node), (value,))
    else:
        m.fail("TypeError", f"{texts.kind(value)!r} object is not a mapping", node)


def joined(m: "Machine", node: ast.JoinedStr, scope: Scope) -> Any:
    """An f-string."""
    out: list[str] = []
    unknown: Any = None
    for part in node.values:
        if type(part) is ast.Constant:
            out.append(str(part.value))
            continue
        assert type(part) is ast.FormattedValue
        value = m.value(part.value, scope)
        spec = m.value(part.format_spec, scope) if part.format_spec is not None else ""
        if type(value) is Opaque or type(spec) is Opaque:
            unknown = value if type(value) is Opaque else spec
            continue
        shown = m.pure(part, formatted, m, value, spec, part)
        if type(shown) is Opaque:
            unknown = shown
        else:
            out.append(shown)
    if unknown is not None:
        return m.unknown(node, unknown)
    m.meter.hold(sum(map(len, out)), node)
    return "".join(out)


def formatted(m: "Machine", value: Any, spec: str, node: ast.FormattedValue) -> str:
    if node.conversion != -1:
        shown = str(texts.text(m, value, node, node.conversion != 115))
        value = shown if node.conversion != 97 else shown.encode("ascii", "backslashreplace").decode()
    return texts.format_value(m, value, spec, node)


def binary(m: "Machine", node: ast.BinOp, scope: Scope) -> Any:
    left = m.value(node.left, scope)
    return operators.binary(m, SYMBOLS[type(node.op)], left, m.value(node.right, scope), node)


def unary(m: "Machine", node: ast.UnaryOp, scope: Scope) -> Any:
    value = m.value(node.operand, scope)
    if type(node.op) is ast.Not:
        truth = m.truth(value, node)
        return m.unknown(node, truth) if type(truth) is Opaque else not truth
    return operators.unary(m, SYMBOLS[type(node.op)], value, node)


def choose(m: "Machine", arms: list[Callable[[], Any]], reason: Opaque, nodes: list[ast.expr], scope: Scope) -> Any:
    """The value of one of several expressions, it is not known which."""
    results: list[Any] = []

    def run(arm: Callable[[], Any]) -> Callable[[], None]:
        return lambda: results.append(arm())

    branch(m, [run(arm) for arm in arms], reason, lambda fault: blur(m, nodes, scope, reason))
    first = results[0] if results else reason
    if len(results) == len(arms) and all(one is first for one in results[1:]):
        return first
    from layercalc.readers.script.paths import agreed

    return agreed(m, results, reason) if len(results) == len(arms) else m.journal.either(reason, *results, reason)


def conditional(m: "Machine", node: ast.IfExp, scope: Scope) -> Any:
    truth = m.truth(m.value(node.test, scope), node.test)
    if type(truth) is not Opaque:
        return m.value(node.body if truth else node.orelse, scope)
    arms = [lambda: m.value(node.body, scope), lambda: m.value(node.orelse, scope)]
    return choose(m, arms, decides(node, truth), [node.body, node.orelse], scope)


def decides(node: ast.AST, truth: Opaque) -> Opaque:
    """The reason of what depends on a condition that is not known."""
    return Opaque("a choice by something that is not known", node, truth.first, holds=truth.holds)


def same(value: Any) -> Any:
    return value


def boolean(m: "Machine", node: ast.BoolOp, scope: Scope, at: int = 0) -> Any:
    is_or = type(node.op) is ast.Or
    for index in range(at, len(node.values)):
        value = m.value(node.values[index], scope)
        if index == len(node.values) - 1:
            return value
        truth = m.truth(value, node)
        if type(truth) is Opaque:
            rest = index + 1
            arms: list[Any] = [partial(same, value), partial(boolean, m, node, scope, rest)]
            return choose(m, arms, decides(node, truth), list(node.values[rest:]), scope)
        if truth is is_or:
            return value
    return None


def compare(m: "Machine", node: ast.Compare, scope: Scope, at: int = 0, left: Any = None) -> Any:
    if at == 0:
        left = m.value(node.left, scope)
    for index in range(at, len(node.ops)):
        right = m.value(node.comparators[index], scope)
        result = comparisons.compare(m, SYMBOLS[type(node.ops[index])], left, right, node)
        if index == len(node.ops) - 1:
            return result
        truth = m.truth(result, node)
        if type(truth) is Opaque:
            rest = index + 1
            arms: list[Any] = [partial(same, result), partial(compare, m, node, scope, rest, right)]
            return choose(m, arms, decides(node, truth), list(node.comparators[rest:]), scope)
        if not truth:
            return result
        left = right
    return None


def lambda_(m: "Machine", node: ast.Lambda, scope: Scope) -> Function:
    return functions.define(m, node, scope, "<lambda>")


def walrus(m: "Machine", node: ast.NamedExpr, scope: Scope) -> Any:
    value = m.value(node.value, scope)
    m.store(scope, node.target.id, value, node)
    return value


def attribute(m: "Machine", node: ast.Attribute, scope: Scope) -> Any:
    return attributes.attribute(m, m.value(node.value, scope), node.attr, node)


def subscript(m: "Machine", node: ast.Subscript, scope: Scope) -> Any:
    value = m.value(node.value, scope)
    return items.get_item(m, value, m.value(node.slice, scope), node)


def slice_(m: "Machine", node: ast.Slice, scope: Scope) -> slice:
    parts = [None if one is None else m.value(one, scope) for one in (node.lower, node.upper, node.step)]
    return slice(*parts)


def arguments(m: "Machine", node: ast.Call, scope: Scope) -> tuple[list[Any], dict[str, Any], Opaque | None]:
    """The arguments of a call; the third is what is not known if they cannot be told apart."""
    unknown: Opaque | None = None
    args: list[Any] = []
    for one in node.args:
        if type(one) is Starred:
            value = m.value(one.value, scope)
            try:
                args += m.listed(value, one)
            except Unknown as error:
                unknown = error.source
                args.append(value)
        else:
            args.append(m.value(one, scope))
    kwargs: dict[str, Any] = {}
    for keyword in node.keywords:
        value = m.value(keyword.value, scope)
        if keyword.arg is not None:
            kwargs[keyword.arg] = value
            continue
        value = mapped(m, value, node)
        if isinstance(value, dict) and not m.spoilt(value) and doubtful(m, value) is None:
            spread(m, kwargs, value, node)
        elif type(value) is Opaque or isinstance(value, dict | Foreign):
            shown = m.from_spoilt(value, node) if m.spoilt(value) else Opaque("", node, holds=(value,))
            unknown = value if type(value) is Opaque else shown
            kwargs[""] = value
        else:
            m.fail("TypeError", "argument after ** must be a mapping", node)
    return args, kwargs, unknown


def spread(m: "Machine", kwargs: dict[str, Any], value: dict[Any, Any], node: ast.AST) -> None:
    """f(**value)."""
    m.meter.elements(len(value), node)
    for key, one in value.items():
        if type(key) is not str:
            m.fail("TypeError", "keywords must be strings", node)
        if key in kwargs:
            m.fail("TypeError", f"got multiple values for keyword argument {key!r}", node)
        kwargs[key] = one


def call(m: "Machine", node: ast.Call, scope: Scope) -> Any:
    f = m.value(node.func, scope)
    if node.args or node.keywords:
        args, kwargs, unknown = arguments(m, node, scope)
        if unknown is not None:
            calls.hand_over(m, f, [*args, *kwargs.values()], node)
            holds = (f,) if type(f) is not Opaque else f.holds
            source = Opaque("", node, unknown.first, holds=holds)
            return m.unknown_call(source, args, kwargs, node)
    else:
        args, kwargs = [], {}
    frame, m.frame = m.frame, scope
    result = calls.call(m, f, args, kwargs, node)
    m.frame = frame
    return result


def unsupported(what: str, instead: str) -> Callable[..., Any]:
    def of(m: "Machine", node: ast.AST, scope: Scope) -> Any:
        raise Fault(node, f"{what} is not followed; {instead}.")

    return of


EXPRESSIONS: dict[type, Callable[..., Any]] = {
    ast.Constant: constant,
    ast.Name: name,
    ast.Tuple: display(tuple),
    ast.List: display(list),
    ast.Set: set_display,
    ast.Dict: dict_display,
    ast.JoinedStr: joined,
    ast.BinOp: binary,
    ast.UnaryOp: unary,
    ast.BoolOp: boolean,
    ast.Compare: compare,
    ast.IfExp: conditional,
    ast.Lambda: lambda_,
    ast.NamedExpr: walrus,
    ast.Attribute: attribute,
    ast.Subscript: subscript,
    ast.Slice: slice_,
    ast.Call: call,
    ast.ListComp: comprehensions.list_comprehension,
    ast.SetComp: comprehensions.set_comprehension,
    ast.DictComp: comprehensions.dict_comprehension,
    ast.GeneratorExp: comprehensions.generator_expression,
    ast.Yield: unsupported("`yield` inside an expression", "write it on a line of its own, or as `name = yield value`"),
    ast.YieldFrom: unsupported("`yield from` inside an expression", "write it on a line of its own"),
    ast.Await: unsupported("`await`", "write plain functions"),
    ast.Starred: unsupported("`*` here", "write the parts out"),
}
