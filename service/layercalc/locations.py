"""Where in a document something stands, so that an error can say so."""

import ast
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from layercalc.errors import Offer, pointer

MOST_KEYS = 100  # of an object, or numbers of a row, that are written anew


class JsonLocation(NamedTuple):
    """A layer in a JSON document: its own pointer, its config, and the key that has the config, if it is not all of it.

    `as_sent` says whether the config is what stands there, or a translation of it into today's words.
    """

    path: tuple[object, ...]
    config: dict[str, Any]
    key: str = ""
    as_sent: bool = True

    @property
    def config_path(self) -> tuple[object, ...]:
        return (*self.path, self.key) if self.key else self.path

    def at(self, path: tuple[object, ...] = ()) -> dict[str, Any]:
        """Where a fault stands: the key of the config that the path leads to, else the layer."""
        if not path:
            return {"pointer": inside(self.path)}
        node: Any = self.config
        found: list[object] = []
        for token in path:
            if isinstance(node, list) and isinstance(token, str) and token.isdecimal():
                token = int(token)
            if not holds(node, token):
                break
            node = node[token]
            found.append(token)
        return {"pointer": pointer(*self.config_path, *found) if found else pointer(*self.path)}

    def fix(self, path: tuple[object, ...], offer: Offer) -> dict[str, Any] | None:
        """What to put there, as a value at a pointer; an argument gets another name with the layer that has it."""
        if not offer.renames:
            where = pointer(*self.config_path, *path)
            there = len(path) == 1 or self.at(path)["pointer"] == where
            return {"pointer": where, "value": offer.value} if there else None
        if not self.as_sent or len(path) != 1 or path[0] not in self.config or not short(self.config):
            return None
        renamed = {offer.value if key == path[0] else key: value for key, value in self.config.items()}
        return {"pointer": pointer(*self.config_path), "value": renamed}


def inside(path: tuple[object, ...]) -> str:
    """The pointer of a path; many of one document differ in the index at their end alone."""
    return f"{beginning(path[:-1])}/{path[-1]}" if path and type(path[-1]) is int else pointer(*path)


@lru_cache(64)
def beginning(path: tuple[object, ...]) -> str:
    return pointer(*path)


def short(value: Any, most: int = MOST_KEYS) -> bool:
    """Whether a JSON value has few keys and elements in all, so that it may be written out in an answer."""
    pending, seen = [value], 0
    while pending and seen <= most:
        one = pending.pop()
        inside = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        seen += len(inside) if inside else len(one) // 100 if isinstance(one, str) else 0
        pending += inside if seen <= most else ()
    return seen <= most


def holds(node: Any, token: object) -> bool:
    """Whether a JSON value has such a key or index."""
    if isinstance(node, dict):
        return token in node
    return isinstance(node, list) and isinstance(token, int) and token < len(node)


class CellLine(int):
    """A line of a cell of a notebook, both counted from one; in words it says both. Later cells are greater."""

    cell: int

    def __new__(cls, line: int, cell: int) -> "CellLine":
        self = super().__new__(cls, line)
        self.cell = cell
        return self

    def __str__(self) -> str:
        return f"{int(self)} of cell {self.cell}"

    def __gt__(self, other: int) -> bool:
        return (self.cell, int(self)) > (getattr(other, "cell", 0), int(other))


Range = tuple[int, int, int, int]  # line and column of the first character, and of what follows the last


class Argument(NamedTuple):
    """Where an argument stands, counted from one; what is written there where it is a literal, and its name."""

    line: int
    column: int
    literal: Range | None = None
    name: Range | None = None

    @classmethod
    def of(cls, node: ast.expr, keyword: ast.keyword | None = None) -> "Argument":
        literal = name = None
        if is_literal(node) and node.end_lineno is not None and node.end_col_offset is not None:
            literal = node.lineno, node.col_offset + 1, node.end_lineno, node.end_col_offset + 1
        if keyword is not None and keyword.arg:
            line, column = keyword.lineno, keyword.col_offset + 1
            name = line, column, line, column + len(keyword.arg)
        return cls(node.lineno, node.col_offset + 1, literal, name)


def is_literal(node: ast.expr) -> bool:
    """Whether an expression is a number, a text or a short row of them, which may be written anew."""
    if isinstance(node, ast.Tuple | ast.List):
        return len(node.elts) <= MOST_KEYS and all(isinstance(one, ast.Constant) for one in node.elts)
    return isinstance(node, ast.Constant)


class CodeLocation(NamedTuple):
    """A call in Keras code: the line and column of the call and of each argument, counted from one.

    `made` are the arguments of the call that made the layer, where this one applies it.
    """

    line: int
    column: int
    arguments: Mapping[str, Argument]
    made: Mapping[str, Argument] = {}

    def at(self, path: tuple[object, ...] = ()) -> dict[str, Any]:
        found = self.arguments.get(str(path[0])) if path else None
        return at_line(self.line, self.column) if found is None else at_line(found.line, found.column)

    def fix(self, path: tuple[object, ...], offer: Offer) -> dict[str, Any] | None:
        """What to write there, where the argument is written out in the call and not in a notebook's cell."""
        found = (self.arguments or self.made).get(str(path[0])) if len(path) == 1 else None
        where = found and (found.name if offer.renames else found.literal)
        if not where or isinstance(where[0], CellLine):
            return None
        text = offer.value if offer.renames else literal(offer.value)
        return {**dict(zip(("line", "column", "end_line", "end_column"), where, strict=True)), "text": text}


def literal(value: Any) -> str:
    """A value as Python has it, rows of sizes as tuples."""
    return repr(tupled(value))


def tupled(value: Any) -> Any:
    return tuple(map(tupled, value)) if isinstance(value, list) else value


def at_line(line: int, column: int) -> dict[str, int]:
    """Line and column as answers list them, and the cell of a notebook."""
    cell = {"cell": line.cell} if isinstance(line, CellLine) else {}
    return {**cell, "line": int(line), "column": column}


def spot(node: Any) -> dict[str, int]:
    """Where a node of a syntax tree stands: line and column, from one, and the cell of a notebook."""
    return at_line(getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1)


def renamed(node: ast.expr, name: str) -> dict[str, Any] | None:
    """The change of a name, or of the last part of a dotted one, that is not in a cell of a notebook."""
    last = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    if not last or isinstance(node.end_lineno, CellLine) or node.end_lineno is None or node.end_col_offset is None:
        return None
    line, end = node.end_lineno, node.end_col_offset + 1
    return {"line": line, "column": end - len(last), "end_line": line, "end_column": end, "text": name}


class NodeLocation(NamedTuple):
    """A part of a graph in a file: its path as JSON would have it, and its attributes, each with its name."""

    path: tuple[object, ...]
    attributes: Sequence[Mapping[str, Any]] = ()

    def number(self, name: str) -> int | None:
        """The number of the attribute of that name."""
        return next((i for i, one in enumerate(self.attributes) if one["name"] == name), None)

    def at(self, path: tuple[object, ...] = ()) -> dict[str, Any]:
        """Where a fault stands: the attribute that the path begins with, else the part."""
        number = self.number(str(path[0])) if path else None
        return {"pointer": pointer(*self.path, *(() if number is None else ("attribute", number)))}


Location = JsonLocation | CodeLocation | NodeLocation


SHAPES = {"input_shape": 0, "shape": 0, "batch_shape": 1, "batch_input_shape": 1}  # and how many sizes lead: the batch


def reshaped(location: Location, batch: Any, shape: list[int | None]) -> dict[str, Any] | None:
    """The change that gives what stands there another shape, where the document names one shape there."""
    if isinstance(location, NodeLocation):
        return None
    held = location.config if isinstance(location, JsonLocation) else location.arguments
    keys = [key for key in SHAPES if key in held]
    if len(keys) != 1:
        return None
    return location.fix((keys[0],), Offer("", [*([batch] * SHAPES[keys[0]]), *shape]))


def mendable(location: Location, path: tuple[object, ...], detail: str) -> dict[str, Any]:
    """Where a fault stands and the change that its message offers, if it offers one that can be made there."""
    offered = isinstance(detail, Offer) and not isinstance(location, NodeLocation)
    fix = location.fix(path, detail) if offered and path else None  # type: ignore[union-attr, arg-type]
    return {**location.at(path), **({"fix": fix} if fix else {})}
