"""From what was pasted to a syntax tree of Python: prompts, fences, commands and blanks that Python does not know.

What Python can read is left as it is. Of the rest nothing inside a string is changed, and what is passed over has no
effect on what the text makes; else it is a fault at its line. Lines and columns are always those that were sent.
"""

import ast
import re
from collections.abc import Callable, Iterable

from layercalc import deadline
from layercalc.errors import Unreadable
from layercalc.readers.pastes import fences, ipython_calls, python2
from layercalc.readers.pastes.fences import no_code
from layercalc.readers.pastes.indentation import Statement, dedent
from layercalc.readers.pastes.magics import CELL, REPEATED, command, of_cell, reads_environment
from layercalc.readers.pastes.scanner import Scanner, behind_blanks, plain_blanks
from layercalc.readers.pastes.sessions import looks_like_code, typed
from layercalc.readers.pastes.source import Line, Source, Unparsed, fault, lines_of

NEXT_CELL = re.compile(r"#\s*(?:%%|In\s?\[)")  # how a script marks its cells
TABS = (8, 4)  # columns to a stop


def tree_of(text: str) -> ast.Module:
    """The syntax tree of a text; Unreadable says where it is no Python."""
    return meant(pasted(text, reads_environment(text)), text)


def tree_of_cells(cells: Iterable[tuple[int, str]], old: bool = False) -> ast.Module:
    """The same of the cells of a notebook, one after another, by number; `old` says that Python 2 ran them."""
    cells = list(cells)
    whole = "\n".join(code for _, code in cells)
    reads = reads_environment(whole)
    body: list[ast.stmt] = []
    for number, code in cells:
        deadline.check()
        body += pasted(code, reads, number).body
    return meant(ast.Module(body, []), whole, old)


def meant(tree: ast.Module, text: str, old: bool = False) -> ast.Module:
    """The tree of all of a text as Python 3 has to read it; `old` says that Python 2 ran it."""
    tree = ipython_calls.written_out(tree, text, pasted)
    return python2.meant(tree) if old or python2.evidence(tree) else tree


def pasted(text: str, reads: bool, cell: int | None = None) -> ast.Module:
    """The tree of a text, or of a cell of a notebook, by what stands in it alone.

    `reads` says whether all of the text asks for variables of the environment.
    """
    source = Source.as_sent(text, cell)
    try:
        tree = source.parse()
    except Unparsed as error:
        found = of_paste(text, reads, cell) if isinstance(error.cause, SyntaxError) else None
        if found is None:
            raise source.fault(error.cause) from None
        return found
    if any(map(prompted, tree.body)) and not sets(tree, "In", "Out"):
        return of_paste(text, reads, cell) or tree
    return tree


def prompted(node: ast.stmt) -> bool:
    """Whether a statement is `In [3]: x = 1`, which Python takes for an annotation."""
    if not isinstance(node, ast.AnnAssign):
        return False
    value = node.target.value if isinstance(node.target, ast.Subscript) else None
    return isinstance(value, ast.Name) and value.id in ("In", "Out")


def sets(tree: ast.Module, *names: str) -> bool:
    """Whether a text gives names of a session a meaning of its own."""
    return any(name in names for node in deadline.each(ast.walk(tree)) for name in python2.names_bound(node))


def of_paste(text: str, reads: bool, cell: int | None) -> ast.Module | None:
    """The tree of what is no Python as it stands; None where nothing can be done."""
    lines = lines_of(text)
    found = fences.blocks(lines) if cell is None else []
    if not found:
        return of_lines(lines, reads, cell)
    body: list[ast.stmt] = []
    for number, block in enumerate(found):
        deadline.check()
        for line in block.lines:
            line.begin = min(block.indent, len(line.text) - len(line.text.lstrip()))
        try:
            tree = of_lines(block.lines, reads, cell, first=number == 0, always=True)
        except Unreadable:
            if len(found) == 1 or not no_code(block):
                raise
        else:
            body += tree.body if tree else []
    return ast.Module(body, [])


def of_lines(
    lines: list[Line], reads: bool, cell: int | None, first: bool = True, always: bool = False
) -> ast.Module | None:
    """The tree of lines that belong together; None where they are Python's already and are not parsed `always`.

    `reads` is as for `pasted`.
    """
    lines = typed(lines, cell)
    scanner, statements = scanned(lines, reads, cell)
    if first:
        dedent(statements)
    changed = always or any(line.edits or line.begin for line in lines)
    tabs = any("\t" in one.margin for one in statements)
    if not (changed or tabs):
        return None
    source = Source.of(lines, cell)
    try:
        tree = source.parse()
    except Unparsed as error:
        widths = tabs and isinstance(error.cause, IndentationError)
        found = expanded(statements, lambda: Source.of(lines, cell)) if widths else None
        if found is None:
            raise source.fault(error.cause) from None
        tree = found
    return python2.marked(tree, scanner.python2) if scanner.python2 else tree


def expanded(statements: list[Statement], source: Callable[[], Source]) -> ast.Module | None:
    """The tree where tabs and blanks are mixed, if it is the same whatever a tab stands for."""
    found: dict[str, ast.Module] = {}
    margins = [one.margin for one in statements]
    for width in TABS:
        for one, margin in zip(statements, margins, strict=True):
            one.indent(margin.expandtabs(width))
        try:
            tree = source().parse()
        except Unparsed:
            continue
        found[ast.dump(tree)] = tree
    return next(iter(found.values())) if len(found) == 1 else None


def scanned(lines: list[Line], reads: bool, cell: int | None) -> tuple[Scanner, list[Statement]]:
    """Look through all lines: what is no Python in them gets what stands in its place."""
    scanner = Scanner()
    statements: list[Statement] = []
    inside, head = "", None  # what a command says of the lines of its cell, and the line of the command
    joined = opened = False  # to a command by a backslash; to a statement that opens a block
    for line in lines:
        deadline.check()
        if joined or not scanner.fresh:
            joined = joined and line.text.endswith("\\")
            if scanner.fresh:
                line.replace("")
            else:
                scanner.scan(line)
                opened = scanner.last == ":"
            continue
        at = behind_blanks(line.text, line.begin)
        if inside == "pass" and passed(line, at, cell):
            continue
        statement = Statement(line, at, "", opened)
        statement.indent(plain_blanks(line.text[line.begin : at]))
        if at == len(line.text) or line.text[at] == "#":
            inside = "" if NEXT_CELL.match(line.text, at) else inside
            scanner.scan(line, at)
            continue
        statements.append(statement)
        if CELL.match(line.text, at):
            inside, head = of_command(line, at, cell, begun=len(statements) > 1), line
            opened = False
            continue
        if inside == REPEATED and head is not None:
            if head is statements[-2].line:
                head.edit(len(head.text), len(head.text), "for _ in get_ipython():")
                statement.opened = True
            statement.indent(statement.margin + " ")
        end = of_line(line, at, reads, cell)
        joined = end == len(line.text) and line.text.endswith("\\")
        if end is None or end < len(line.text):
            scanner.scan(line, at if end is None else end)
        opened = scanner.last == ":" and end is None
    return scanner, statements


def of_command(line: Line, at: int, cell: int | None, begun: bool) -> str:
    """What `%%command` makes of the lines under it: `pass`, or `{}` for themselves."""
    found = CELL.match(line.text, at)
    assert found is not None
    meaning, wrong = of_cell(found["name"], found["rest"])
    if wrong or (cell is not None and begun):
        told = wrong or f"%%{found['name']} has to stand in the first line of its cell."
        raise fault(line.number, at + 1, told, cell, status=422)
    line.replace("" if meaning == REPEATED else meaning.replace("{}", "pass"), at)
    return meaning if "{}" in meaning else "pass"


def of_line(line: Line, at: int, reads: bool, cell: int | None) -> int | None:
    """Put what a command in a line does in its place; the place behind it, None where there is none."""
    given = command(line.text, at, reads)
    if given is None:
        return None
    if given.wrong:
        raise fault(line.number, at + 1, given.wrong, cell, status=422)
    line.edit(given.begin, given.end, given.python)
    return given.end


def passed(line: Line, at: int, cell: int | None) -> bool:
    """Pass over a line of a cell that is no code; False where the next cell begins, which a text may not say."""
    if cell is None:
        if NEXT_CELL.match(line.text, at):
            return False
        if looks_like_code(line.text):
            told = "Where the cell ends whose first line begins with %% cannot be told: send it without that cell."
            raise fault(line.number, at + 1, told, status=422)
    line.replace("")
    return True


__all__ = ["tree_of", "tree_of_cells"]
