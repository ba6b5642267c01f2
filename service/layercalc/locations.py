"""Where in a document something stands, so that an error can say so."""

from typing import Any, NamedTuple

from layercalc.errors import pointer


class JsonPlace(NamedTuple):
    """A layer in a JSON document: its own pointer, that of its config, and the config as it was sent."""

    path: tuple[object, ...]
    config_path: tuple[object, ...]
    config: dict[str, Any]

    def at(self, path: tuple[object, ...] = ()) -> dict[str, Any]:
        """Where a fault stands: the key of the config that the path leads to, else the layer."""
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


class CodePlace(NamedTuple):
    """A call in Keras code: the line and column of the call and of each argument, counted from one."""

    line: int
    column: int
    arguments: dict[str, tuple[int, int]]
    cell: int | None = None  # of a notebook, counted from one over all of them

    def at(self, path: tuple[object, ...] = ()) -> dict[str, Any]:
        line, column = self.line, self.column
        if path:
            line, column = self.arguments.get(str(path[0]), (line, column))
        return {**in_cell(self.cell), "line": line, "column": column}


def in_cell(cell: int | None) -> dict[str, int]:
    return {} if cell is None else {"cell": cell}


def spot(node: Any) -> dict[str, int]:
    """Where a node of a syntax tree stands: line and column, from one, and the cell of a notebook."""
    place = {"line": getattr(node, "lineno", 1), "column": getattr(node, "col_offset", 0) + 1}
    return in_cell(getattr(node, "cell", None)) | place


def line_of(node: Any) -> str:
    """The line of a node in words."""
    cell = getattr(node, "cell", None)
    return f"line {node.lineno}" + ("" if cell is None else f" of cell {cell}")


Place = JsonPlace | CodePlace
