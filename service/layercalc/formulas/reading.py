"""Formulas from their text, as reports hold it."""

import ast
from collections.abc import Callable, Mapping
from operator import add, floordiv, mod, mul, sub
from typing import Any

from layercalc.formulas.atoms import Bounds
from layercalc.formulas.extremes import extreme
from layercalc.formulas.formula import Formula, named

LONGEST = 20_000  # characters
MOST_POWER = 64
MOST_BITS = 14_000  # of a number in it
BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.FloorDiv: floordiv, ast.Mod: mod,
}  # fmt: skip


def parsed(text: str, ranges: Mapping[str, Bounds] | None = None) -> Any:
    """The number or formula of a Python expression in names of sizes, each in its range (at least 1).

    ValueError for what is none; Undecided where it would take too long.
    """
    try:
        if len(text) > LONGEST:
            raise ValueError("it is too long")
        return value(ast.parse(text.strip(), mode="eval").body, ranges or {})
    except (SyntaxError, RecursionError, MemoryError, ZeroDivisionError) as error:
        raise ValueError(f"{text[:100]!r} is no formula") from error


def value(node: ast.expr, ranges: Mapping[str, Bounds]) -> Any:
    """The number or formula of a part of it."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.Name):
        low, high = ranges.get(node.id, (1, None))
        return named(node.id, 1 if low is None else low, high)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -value(node.operand, ranges)
    if isinstance(node, ast.BinOp) and type(node.op) in BINARY:
        return printable(BINARY[type(node.op)](value(node.left, ranges), value(node.right, ranges)))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        power = value(node.right, ranges)
        if type(power) is int and 0 <= power <= MOST_POWER:
            return printable(value(node.left, ranges) ** power)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args and not node.keywords:
        word = node.func.id
        if word in ("max", "min"):
            return extreme(word, *(value(one, ranges) for one in node.args))
    raise ValueError(f"{ast.unparse(node)[:100]!r} is no formula")


def printable(n: Any) -> Any:
    """The same; ValueError for one with a number that nobody could print."""
    if any(c.bit_length() > MOST_BITS for c in (n.terms.values() if isinstance(n, Formula) else (n,))):
        raise ValueError("a number in it has more than 4,000 digits")
    return n
