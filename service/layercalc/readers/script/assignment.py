"""Assignment to names, attributes, items, and to several targets at once."""

import ast
from typing import TYPE_CHECKING, Any

from layercalc.readers.script import attributes, items
from layercalc.readers.script.faults import Fault, Unknown
from layercalc.readers.script.opaque import Opaque
from layercalc.readers.script.scope import Scope

if TYPE_CHECKING:
    from layercalc.readers.script.machine import Machine


def assign(m: "Machine", target: ast.expr, value: Any, scope: Scope) -> None:
    """Target = value."""
    kind = type(target)
    if kind is ast.Name:
        m.store(scope, target.id, value, target)  # type: ignore[attr-defined]
    elif isinstance(target, ast.Attribute):
        owner = m.value(target.value, scope)
        attributes.set_attribute(m, owner, target.attr, value, target)
    elif isinstance(target, ast.Subscript):
        owner = m.value(target.value, scope)
        items.set_item(m, owner, m.value(target.slice, scope), value, target)
    elif isinstance(target, ast.Tuple | ast.List):
        unpack(m, target, value, scope)
    else:
        raise Fault(target, f"An assignment to {kind.__name__} is not followed.")


def unpack(m: "Machine", target: ast.Tuple | ast.List, value: Any, scope: Scope) -> None:
    """a, *b, c = value."""
    wanted = target.elts
    star = next((index for index, one in enumerate(wanted) if type(one) is ast.Starred), None)
    try:
        items = taken(m, value, None if star is not None else len(wanted) + 1, target)
    except Unknown as error:
        m.risk(target)
        for one in wanted:
            inner = one.value if isinstance(one, ast.Starred) else one
            source = error.source
            assign(m, inner, Opaque("", inner, source.first, holds=source.holds), scope)
        return
    if star is None:
        if len(items) != len(wanted):
            few = len(items) < len(wanted)
            counts = f"(expected {len(wanted)}, got {len(items)})" if few else f"(expected {len(wanted)})"
            m.fail("ValueError", f"{'not enough' if few else 'too many'} values to unpack {counts}", target)
        for one, item in zip(wanted, items, strict=True):
            assign(m, one, item, scope)
        return
    after = len(wanted) - star - 1
    if len(items) < star + after:
        counts = f"(expected at least {star + after}, got {len(items)})"
        m.fail("ValueError", f"not enough values to unpack {counts}", target)
    middle = items[star : len(items) - after]
    starred = wanted[star]
    assert isinstance(starred, ast.Starred)
    pairs = [*zip(wanted[:star], items, strict=False), (starred.value, middle)]
    pairs += zip(wanted[star + 1 :], items[len(items) - after :], strict=True)
    for one, item in pairs:
        assign(m, one, item, scope)


def taken(m: "Machine", value: Any, most: int | None, node: ast.AST) -> list[Any]:
    """The items of a value, no more than are needed to see that there are too many."""
    if type(value) is tuple:
        return list(value)
    if most is None:
        return m.listed(value, node)
    out: list[Any] = []
    for item in m.iterate(value, node):
        out.append(item)
        if len(out) >= most:
            break
    return out
