"""Notebooks of Jupyter (nbformat 3 and 4): the Python in their cells, read from the first to the last."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn

from layercalc import deadline
from layercalc.errors import Refused, Unreadable, pointer
from layercalc.limits import UNLIMITED, Limits
from layercalc.locations import CellLine, at_line
from layercalc.wording import received

Tokens = tuple[object, ...]

PYTHON = frozenset({"python", "ipython", "python2", "python3", "pyspark"})
KERNELS = {"ir": "R", "irkernel": "R", "julia": "Julia"}  # the names of those that say no language


class Notebook(NamedTuple):
    """The cells of code that have something in them, by their number among all cells, counted from one.

    `old` says that a kernel of Python 2 ran them.
    """

    cells: dict[int, str]
    old: bool

    def tree(self, limits: Limits = UNLIMITED) -> ast.Module:
        """One syntax tree of all of them; lines and columns are those in their cells."""
        from layercalc.readers.code_bounds import bounded_code
        from layercalc.readers.pastes import tree_of_cells

        try:
            bounded_code("\n".join(self.cells.values()), limits)
        except Refused as error:
            for fault in error.every:
                fault |= at_line(self.line(fault["line"]), fault["column"])
            raise
        return tree_of_cells(self.cells.items(), self.old)

    def line(self, line: int) -> CellLine:
        """The place in its cell of a line of all cells together."""
        for number, code in self.cells.items():
            lines = code.count("\n") + 1
            if line <= lines:
                return CellLine(line, number)
            line -= lines
        return CellLine(line, max(self.cells))

    @contextmanager
    def standing(self) -> Iterator[None]:
        """A fault of the code as a whole stands where the code begins."""
        try:
            yield
        except Refused as error:
            for fault in error.every:
                if "line" in fault:
                    fault.setdefault("cell", min(self.cells))
            raise


def is_notebook(document: Any) -> bool:
    return isinstance(document, dict) and "nbformat" in document and ("cells" in document or "worksheets" in document)


def notebook(document: dict[str, Any], path: Tokens = ()) -> Notebook:
    """The cells of a document; Unreadable where they are of another language, or there are none."""
    told = language(document)
    if told.lower() not in PYTHON:
        refuse((*path, "metadata"), f"A notebook of {told[:40]}: only cells of Python are read.")
    found = {number: code for number, code in cells(document, path) if code.strip()}
    if not found:
        refuse(path, "A notebook without code: no cell of type 'code' has something in it.")
    return Notebook(found, old(document))


def language(document: dict[str, Any]) -> str:
    """The language of the kernel, as a notebook names it; Python where it names none."""
    for part, key in (("language_info", "name"), ("kernelspec", "language")):
        if said := about(document, part, key):
            return said
    kernel = about(document, "kernelspec", "name").lower()  # chosen freely
    return next((of for name, of in KERNELS.items() if kernel == name or kernel.startswith(f"{name}-")), "python")


def old(document: dict[str, Any]) -> bool:
    """Whether a kernel of Python 2 ran the notebook."""
    version = about(document, "language_info", "version")
    return version.startswith("2.") or (not version and about(document, "kernelspec", "name") == "python2")


def about(document: dict[str, Any], part: str, key: str) -> str:
    """What the metadata of a notebook say; nothing where they do not say it in a text."""
    metadata = document.get("metadata")
    found = metadata.get(part) if isinstance(metadata, dict) else None
    said = found.get(key) if isinstance(found, dict) else None
    return said if isinstance(said, str) else ""


def cells(document: dict[str, Any], path: Tokens) -> Iterator[tuple[int, str]]:
    """The cells of Python by number, those of nbformat 4, or of the worksheets of nbformat 3."""
    listed: list[tuple[Tokens, Any]] = [(path, document)]
    if "cells" not in document:
        at = (*path, "worksheets")
        listed = [((*at, index), sheet) for index, sheet in enumerate(items(document["worksheets"], at))]
    number = 0
    for where, sheet in listed:
        inside = sheet.get("cells", []) if isinstance(sheet, dict) else refuse_value(where, "an object", sheet)
        for index, one in enumerate(items(inside, (*where, "cells"))):
            deadline.check()
            number += 1
            place = (*where, "cells", index)
            if not isinstance(one, dict):
                refuse_value(place, "a cell: an object with cell_type and source", one)
            if is_python(one):
                yield number, source(one, place)


def is_python(cell: dict[str, Any]) -> bool:
    """Whether a cell is code, and not of another language than the notebook's."""
    said = cell.get("language")  # of nbformat 3
    other = about(cell, "vscode", "languageId") or (said if isinstance(said, str) else "")
    return cell.get("cell_type") == "code" and (not other or other.lower() in PYTHON)


def source(cell: dict[str, Any], path: Tokens) -> str:
    """The text of a cell, which may be listed line by line."""
    key = "input" if "source" not in cell and "input" in cell else "source"
    found = cell.get(key, "")
    if isinstance(found, list) and all(isinstance(line, str) for line in found):
        return "".join(found)
    if not isinstance(found, str):
        refuse_value((*path, key), "a string, or a list of strings", found)
    return found


def items(value: Any, path: Tokens) -> list[Any]:
    if not isinstance(value, list):
        refuse_value(path, "a list", value)
    found: list[Any] = value
    return found


def refuse_value(path: Tokens, expected: str, value: Any) -> NoReturn:
    refuse(path, f"Expected {expected}; received {received(value)}.")


def refuse(path: Tokens, detail: str) -> NoReturn:
    raise Unreadable([{"pointer": pointer(*path), "detail": detail}], status=422)
