"""Python source made of lines that were sent, and from each of its columns the way back to theirs."""

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, repeat
from operator import not_
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc.errors import Unreadable
from layercalc.locations import CellLine, at_line, spot

NEWLINE = re.compile(r"\r\n|\r|\n")  # as Python counts lines
SAID = re.compile(r"\b(line )(\d{1,9})\b")  # in what Python's parser says
LAST = 1 << 62  # past every column


class Line:
    """A line as it was sent, where code begins in it, and what stands in its place: (begin, end, text) each."""

    __slots__ = ("begin", "edits", "number", "text")

    def __init__(self, number: int, text: str, begin: int = 0):
        self.number, self.text, self.begin = number, text, begin
        self.edits: list[tuple[int, int, str]] = []

    @property
    def code(self) -> str:
        """What is left of the line behind a prompt."""
        return self.text[self.begin :]

    def edit(self, begin: int, end: int, text: str = "") -> None:
        self.edits.append((begin, end, text))

    def replace(self, text: str, begin: int | None = None) -> None:
        """Put something in the place of all that is left of the line."""
        self.edit(self.begin if begin is None else begin, len(self.text), text)

    def clean(self) -> "Clean":
        """The line as Python reads it."""
        out: list[str] = []
        steps: list[tuple[int, int, int]] = []
        at = length = 0
        edits = [(0, self.begin, ""), *self.edits] if self.begin else self.edits
        for begin, end, text in sorted(edits):
            out += [self.text[at:begin], text]
            length += begin - at
            steps.append((length, begin, begin))
            length += len(text)
            steps.append((length, end, len(self.text)))
            at = end
        return Clean("".join([*out, self.text[at:]]), self.number, steps)


class Clean(NamedTuple):
    """A line for Python; the steps say from which column on it stands for which, and up to where, in the one sent."""

    text: str
    number: int
    steps: Sequence[tuple[int, int, int]] = ()

    def is_sent(self, number: int) -> bool:
        """Whether it was sent like that, as the line of this number, and Python's columns are those of characters."""
        return not self.steps and self.number == number and self.text.isascii()

    def column(self, column: int) -> int:
        """The column that was sent, both counted from zero."""
        at = bisect_right(self.steps, (column, LAST, LAST)) - 1
        if at < 0:
            return column
        begin, there, most = self.steps[at]
        return min(there + column - begin, most)


def lines_in(text: str) -> list[str]:
    """The lines of a text."""
    return NEWLINE.split(text) if "\r" in text else text.split("\n")


class Unparsed(Exception):  # noqa: N818
    """Python's parser cannot read a text, for the cause that it gives."""

    def __init__(self, cause: Exception):
        super().__init__(str(cause))
        self.cause = cause


class Source:
    """Lines for Python's parser. `cell` is the number of the notebook's cell that they come from."""

    def __init__(self, texts: list[str], cell: int | None = None, lines: Sequence[Clean] | None = None):
        self.texts, self.cell = texts, cell
        self.cleaned = lines
        self.offsets: dict[int, list[int]] = {}

    @classmethod
    def as_sent(cls, text: str, cell: int | None = None) -> "Source":
        return cls(lines_in(text), cell)

    @classmethod
    def of(cls, lines: Iterable[Line], cell: int | None = None) -> "Source":
        cleaned = [line.clean() for line in lines]
        return cls([line.text for line in cleaned], cell, cleaned)

    def parse(self) -> ast.Module:
        """The syntax tree, its places those of what was sent; Unparsed where there is none."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # of somebody else's code: nobody reads our stderr for them
            try:
                tree = ast.parse("\n".join(self.texts))
            except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
                raise Unparsed(error) from None
        self.relocate(tree)
        return tree

    def relocate(self, tree: ast.Module) -> None:
        """Give the nodes the places of what was sent, columns in characters; what stands as it was sent has them."""
        if self.cell is not None:
            still: Any = repeat(False, len(self.texts))
        elif self.cleaned is None:
            still = map(str.isascii, self.texts)
        else:
            still = (line.is_sent(number) for number, line in enumerate(self.cleaned, 1))
        moved = [*map(not_, still)]
        until = list(accumulate(moved, initial=0))  # how many of the lines before each place have moved
        waiting: list[Any] = [tree] if until[-1] else []
        for node in deadline.each(waiting):
            if getattr(node, "lineno", None) is not None:
                decorators = getattr(node, "decorator_list", None)
                first = min([node.lineno, *(one.lineno for one in decorators)]) if decorators else node.lineno
                if until[min(node.end_lineno, len(moved))] == until[min(first, len(moved)) - 1]:
                    continue
                self.relocate_node(node)
            waiting += ast.iter_child_nodes(node)

    def relocate_node(self, node: Any) -> None:
        end = self.sent(node.end_lineno, self.character(node.end_lineno, node.end_col_offset))
        node.lineno, node.col_offset = self.sent(node.lineno, self.character(node.lineno, node.col_offset))
        node.end_lineno, node.end_col_offset = end
        if self.cell is not None:
            node.lineno, node.end_lineno = CellLine(node.lineno, self.cell), CellLine(node.end_lineno, self.cell)

    def character(self, line: int, offset: int) -> int:
        """The column of a byte of a line in UTF-8."""
        text = self.texts[line - 1]
        if text.isascii():
            return offset
        if line not in self.offsets:
            self.offsets[line] = [at for at, sign in enumerate(text) for _ in sign.encode("utf-8", "replace")]
        known = self.offsets[line]
        return known[offset] if offset < len(known) else len(text)

    def sent(self, line: int, column: int) -> tuple[int, int]:
        """The line, from one, and column, from zero, that was sent."""
        line = min(max(line, 1), len(self.texts))
        if self.cleaned is None:
            return line, max(column, 0)
        one = self.cleaned[line - 1]
        return one.number, one.column(max(column, 0))

    def fault(self, error: Exception) -> Unreadable:
        """What Python's parser said, as a fault of the text that was sent."""
        read = "Neither JSON nor Keras code" if self.cell is None else "Not Python"
        if not isinstance(error, SyntaxError):
            return fault(1, 1, f"{read}: {str(error) or 'nested too deeply for a parser'}.", self.cell)
        line, column = self.sent(error.lineno or 1, (error.offset or 1) - 1)
        return fault(line, column + 1, f"{read}: {self.worded(error.msg)}.", self.cell)

    def worded(self, told: str) -> str:
        """A message of the parser, the lines that it names those that were sent."""
        return SAID.sub(lambda found: f"{found[1]}{self.sent(int(found[2]), 0)[0]}", told)


def fault(line: int, column: int, detail: str, cell: int | None = None, status: int | None = None) -> Unreadable:
    """A fault at a line and column, both from one, of a cell of a notebook if there are some."""
    place = at_line(line if cell is None else CellLine(line, cell), column)
    return Unreadable([{**place, "detail": detail}], status=status)


def fault_at(node: Any, detail: str) -> Unreadable:
    """A fault at a node of a tree, of what is no wrong Python."""
    return Unreadable([{**spot(node), "detail": detail}], status=422)


def lines_of(text: str) -> list[Line]:
    return [Line(number, one) for number, one in enumerate(lines_in(text), 1)]
