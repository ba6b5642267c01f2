"""Expressions over names, `2*w` or `max(8, w//4)`: parsed and evaluated here, never by Python."""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from math import isfinite
from typing import Any, NamedTuple

from layercalc.dims import least, most
from layercalc.formulas import Formula
from layercalc.wording import HUGE, MAX_DIGITS, is_name, received

MAX_CHARACTERS = 300
MAX_POWER = 1_000
MAX_DEPTH = 50
LONG = f"it has more than {MAX_DIGITS} digits"
EXAMPLE = "an expression over the names of the space, such as 2*w or max(8, w//4)"


class InvalidExpression(ValueError):  # noqa: N818
    """A text that is no expression, or one that has no value for a candidate."""


class Expression(NamedTuple):
    """What a placeholder says: its text, the tree of it, and the names in it."""

    text: str
    tree: Any
    names: frozenset[str]

    @property
    def word(self) -> bool:
        """Whether it is a name alone, whose value may be of any kind."""
        return isinstance(self.tree, str)


def power(base: Any, exponent: Any) -> Any:
    """A power of numbers that stays one that can be written."""
    if isinstance(exponent, int):
        exponent = operator.index(exponent)
    if not 0 <= exponent <= MAX_POWER:
        raise InvalidExpression(f"a power is from 0 to {MAX_POWER:,}, not {exponent}")
    if isinstance(base, int) and (abs(base).bit_length() - 1) * exponent >= HUGE.bit_length():  # of each candidate
        raise InvalidExpression(LONG)
    found = base**exponent
    if isinstance(found, int) and abs(found) >= HUGE:
        raise InvalidExpression(LONG)
    return found


OPERATORS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": power,
}
SIGNS: dict[str, Callable[..., Any]] = {"-": operator.neg, "+": operator.pos}
TOKEN = re.compile(r"\s*(?:(\d+\.\d*(?:e[+-]?\d+)?|\.?\d+(?:e[+-]?\d+)?)|([A-Za-z]\w*)|(\*\*|//|[-+*/%(),]))", re.ASCII)
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "max": lambda *values: reduce(larger, values),
    "min": lambda *values: reduce(smaller, values),
    "int": lambda value: value if isinstance(value, int) else int(value),
    "round": round,
    "abs": abs,
}
SEVERAL = ("max", "min")  # those that take more than one value


def larger(a: Any, b: Any) -> Any:
    return most(a, b) if isinstance(a, int) and isinstance(b, int) else max(a, b)


def smaller(a: Any, b: Any) -> Any:
    return least(a, b) if isinstance(a, int) and isinstance(b, int) else min(a, b)


def parsed(text: Any) -> Expression:
    """The expression that a text is; InvalidExpression says what else it is."""
    if not isinstance(text, str) or not text.strip():
        raise InvalidExpression(f"Expected {EXAMPLE}; received {received(text)}.")
    if len(text) > MAX_CHARACTERS:
        raise InvalidExpression(f"An expression has at most {MAX_CHARACTERS} characters; this one has {len(text):,}.")
    tree = Parser(text).whole()
    return Expression(text.strip(), tree, frozenset(names_of(tree)))


class Parser:
    """Reads a text from left to right; operators bind as Python's do."""

    def __init__(self, text: str):
        self.text, self.place, self.depth = text.rstrip(), 0, 0
        self.kind, self.token = 0, ""
        self.advance()

    def advance(self) -> str:
        """Go to the next token; the one that was read."""
        before = self.token
        if self.place >= len(self.text):
            self.kind, self.token = 0, ""
            return before
        found = TOKEN.match(self.text, self.place)
        if found is None:
            raise self.strange(self.text[self.place :].lstrip()[:1])
        self.kind, self.token, self.place = found.lastindex or 0, found[found.lastindex or 0], found.end()
        return before

    def strange(self, token: str) -> InvalidExpression:
        where = f"{token!r} does not fit" if token else "it ends too early"
        made = f"numbers, names, {' '.join(OPERATORS)}, ( ) and {', '.join(FUNCTIONS)}"
        return InvalidExpression(f"{self.text.strip()!r} is no expression: {where}. One is made of {made}.")

    def whole(self) -> Any:
        tree = self.sum()
        if self.token:
            raise self.strange(self.token)
        return tree

    def sum(self) -> Any:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise InvalidExpression(f"An expression has at most {MAX_DEPTH} levels of parentheses and signs.")
        tree = self.product()
        while self.token in ("+", "-"):
            tree = (OPERATORS[self.advance()], tree, self.product())
        self.depth -= 1
        return tree

    def product(self) -> Any:
        tree = self.signed()
        while self.token in ("*", "/", "//", "%"):
            tree = (OPERATORS[self.advance()], tree, self.signed())
        return tree

    def signed(self) -> Any:
        signs = []
        while self.token in SIGNS and self.kind == 3:
            signs.append(SIGNS[self.advance()])
        tree = self.atom()
        if self.token == "**":
            self.advance()
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise InvalidExpression(f"An expression has at most {MAX_DEPTH} levels of parentheses and powers.")
            tree = (power, tree, self.signed())
            self.depth -= 1
        for sign in reversed(signs):
            tree = (sign, tree)
        return tree

    def atom(self) -> Any:
        kind, token = self.kind, self.token
        if kind == 1:
            return number(self.advance())
        if kind == 3 and token == "(":
            return self.inside()
        if kind != 2:
            raise self.strange(token)
        self.advance()
        if self.token != "(":
            if not is_name(token) or token in FUNCTIONS:
                raise self.strange(token)
            return token
        if token not in FUNCTIONS:
            raise InvalidExpression(f"There is no function {token!r}. There are {', '.join(FUNCTIONS)}.")
        return self.call(token)

    def inside(self) -> Any:
        """What stands in parentheses."""
        self.advance()
        tree = self.sum()
        if self.token != ")":
            raise self.strange(self.token)
        self.advance()
        return tree

    def call(self, name: str) -> Any:
        """The values that a function is applied to."""
        self.advance()
        values = [self.sum()]
        while self.token == ",":
            self.advance()
            values.append(self.sum())
        if self.token != ")":
            raise self.strange(self.token)
        self.advance()
        if name not in SEVERAL and len(values) > 1:
            raise InvalidExpression(f"{name} takes one value; it has {len(values)} here.")
        return FUNCTIONS[name], *values


def number(text: str) -> int | float:
    """The number that a text is."""
    if text.isdecimal():
        if len(text) > MAX_DIGITS:
            raise InvalidExpression(f"A number has at most {MAX_DIGITS} digits.")
        return int(text)
    found = float(text)
    if not isfinite(found):
        raise InvalidExpression("A number is not finite.")
    return found


def names_of(tree: Any) -> Iterator[str]:
    """The names in a tree."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, tuple):
        for part in tree[1:]:
            yield from names_of(part)


def evaluated(expression: Expression, values: Mapping[str, Any]) -> Any:
    """The value of an expression for a candidate, or for many as a column; InvalidExpression where it has none."""
    if expression.word:
        return values[expression.tree]
    try:
        found = computed(expression.tree, values)
    except (ArithmeticError, ValueError, TypeError) as error:
        raise InvalidExpression(f"{expression.text!r} has no value here: {error}.") from None
    if isinstance(found, complex):
        raise InvalidExpression(f"{expression.text!r} has no value here: it is no number on the line.")
    if isinstance(found, float) and not isfinite(found):
        raise InvalidExpression(f"{expression.text!r} has no value here: it is no finite number.")
    return found


def computed(tree: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(tree, str):
        value = values[tree]
        if not isinstance(value, int | float | Formula) or isinstance(value, bool):
            raise InvalidExpression(f"{tree} is {received(value)}, no number")
        return value
    if not isinstance(tree, tuple):
        return tree
    return tree[0](*[computed(part, values) for part in tree[1:]])
