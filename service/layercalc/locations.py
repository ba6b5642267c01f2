"""Where in a document something stands, so that an error can say so."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from layercalc.errors import pointer


class JsonLocation(NamedTuple):
    """A layer in a JSON document: its own pointer, that of its config, and the config as it was sent."""

    path: tuple[object, ...]
    config_path: tuple[object, ...]
    config: dict[str, Any]

    def at(self, path: tuple[object, ...] = ()) -> dict[str, Any]:
        """Where a fault stands: the key of the config that the path leads to, else the layer."""
        if not path:
            return {"pointer": pointer(*self.path)}
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


class CodeLocation(NamedTuple):
    """A call in Keras code: the line and column of the call and of each argument, counted from one."""

    line: int
    column: int
    arguments: dict[str, tuple[int, int]]

    def at(self, path: tuple[object, ...] = ()) -> dict[str, Any]:
        line, column = self.line, self.column
        if path:
            line, column = self.arguments.get(str(path[0]), (line, column))
        return at_line(line, column)


def at_line(line: int, column: int) -> dict[str, int]:
    """Line and column as answers list them, and the cell of a notebook."""
    cell = {"cell": line.cell} if isinstance(line, CellLine) else {}
    return {**cell, "line": int(line), "column": column}


def spot(node: Any) -> dict[str, int]:
    """Where a node of a syntax tree stands: line and column, from one, and the cell of a notebook."""
    return at_line(getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1)


class NodeLocation(NamedTuple):
    """A part of a graph in a file: its path as JSON would have it, and the numbers of its attributes by name."""

    path: tuple[object, ...]
    attributes: Mapping[str, int] = {}

    def at(self, path: tuple[object, ...] = ()) -> dict[str, Any]:
        """Where a fault stands: the attribute that the path begins with, else the part."""
        number = self.attributes.get(str(path[0])) if path else None
        return {"pointer": pointer(*self.path, *(() if number is None else ("attribute", number)))}


Location = JsonLocation | CodeLocation | NodeLocation
