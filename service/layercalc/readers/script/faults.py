"""What ends the reading of a text, or leaves a part of it: faults, exceptions of the text, and the unknown."""

import ast
from typing import Any

from layercalc.locations import spot


class Fault(Exception):  # noqa: N818
    """The text cannot be followed here. `limit` names the bound that was passed, `exception` what the text raised."""

    def __init__(self, node: ast.AST | None, detail: str, *, limit: str = "", exception: str = ""):
        super().__init__(detail)
        self.node, self.detail, self.limit, self.exception = node, detail, limit, exception

    def where(self) -> dict[str, int]:
        """Line and column, from 1, and where the construct ends."""
        if getattr(self.node, "lineno", None) is None:
            return {}
        node: Any = self.node
        found = spot(node)
        if node.end_lineno is not None and node.end_col_offset is not None:
            found |= {"end_line": int(node.end_lineno), "end_column": node.end_col_offset + 1}
        return found

    def error(self) -> dict[str, Any]:
        """As the answers of this package list faults."""
        return {**self.where(), "detail": self.detail}


class Raised(Exception):  # noqa: N818
    """An exception of the text: `value` is the instance that `except` would bind."""

    def __init__(self, value: Any, node: ast.AST | None):
        super().__init__()
        self.value, self.node = value, node


class Unknown(Exception):  # noqa: N818
    """The result of what is being computed depends on a value that is not known."""

    def __init__(self, source: Any):
        super().__init__()
        self.source = source
