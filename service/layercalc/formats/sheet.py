"""Answers as tables: for a terminal, plain text, Markdown, CSV. What a client named stays on its line, in its cell."""

import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from layercalc import deadline
from layercalc.amounts import shape_text
from layercalc.escapes import printable
from layercalc.wording import stored_as

if TYPE_CHECKING:
    from rich.table import Table


@dataclass
class Sheet:
    """A table: headings, cells for people, the same rows raw for programs, and lines under it."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    raw_columns: list[str]
    raw: list[list[Any]]
    notes: list[str] = field(default_factory=list)
    numbers: int = 0  # how many columns at the end are numbers


def forward_sheet(result: dict[str, Any]) -> Sheet:
    """A forward pass: what each layer should have given, and what it gave."""
    keys = list(result["layers"][0]) if result["layers"] else ["name", "type"]
    heads = {"analytic_shape": "Analytic shape", "actual_shape": "Actual shape", "match": "Match"}
    shown = [key for key in keys if key not in ("name", "type")]
    raw = [[row[key] for key in keys] for row in result["layers"]]
    notes = [f"Verified: {'yes' if result['verified'] else 'NO'}"]
    if comparison := result["comparison"]:
        errors = f"largest error {comparison['max_abs_error']}, relative {comparison['max_rel_error']}"
        notes.append(f"Comparison: {'passed' if comparison['passed'] else 'FAILED'}, {errors}")
        if first := comparison["first_divergence"]:
            at = f"at {first['index']} {value_text(first['actual'])}, expected {value_text(first['expected'])}"
            notes.append(f"First to differ: {first['layer']}, {at}")
    notes += [f"Output {output['name']}: {shape_text(output['shape'])}" for output in result["outputs"]]
    return Sheet(
        title="forward",
        columns=["Layer", "Type", *(heads.get(key, key) for key in shown)],
        rows=[[row["name"], row["type"], *(value_text(row[key]) for key in shown)] for row in result["layers"]],
        raw_columns=keys,
        raw=raw,
        notes=[*notes, *warning_lines(result["warnings"])],
        numbers=len(shown) - len(heads),
    )


def catalogue_sheet(layers: list[dict[str, Any]]) -> Sheet:
    """The layer types."""
    keys = ["type", "family", "aliases", "description"]
    rows = [[item["type"], item["family"], item["description"]] for item in layers]
    raw = [[item[key] for key in keys] for item in layers]
    return Sheet("layers", ["Type", "Family", "What it does"], rows, keys, raw)


def examples_sheet(examples: list[dict[str, Any]]) -> Sheet:
    """The networks to begin with."""
    keys = ["name", "format", "description"]
    rows = [[item[key] for key in keys] for item in examples]
    return Sheet("examples", ["Name", "Form", "What it is"], rows, keys, rows)


def entry_sheet(entry: dict[str, Any]) -> Sheet:
    """One layer type: its arguments and defaults."""
    keys = ["name", "required", "default"]
    raw = [[field["name"], field["required"], field.get("default")] for field in entry["fields"]]
    rows = [[name, "required" if required else value_text(default)] for name, required, default in raw]
    notes = [entry["description"], *([f"Example: {entry['example']['layer']}"] if entry["example"] else [])]
    return Sheet(entry["type"], ["Argument", "Default"], rows, keys, raw, notes)


def value_text(value: Any) -> str:
    if isinstance(value, list):
        return shape_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def warning_lines(warnings: list[dict[str, Any]]) -> list[str]:
    return [f"Warning: {placed(warning)}" for warning in warnings]


def stored_lines(found: dict[str, Any]) -> list[str]:
    """What tensors are taken to be stored as, where an answer was asked for so."""
    told = stored_as(found)
    return [f"Bytes are those of {told}."] if told else []


def placed(item: dict[str, Any]) -> str:
    """A warning or error in a line, with its place in front."""
    return printable(f"{where(item)}{item['detail']}")


def where(item: dict[str, Any]) -> str:
    """The place of a warning or error, as text in front of it."""
    found = [str(item["file"])] if "file" in item else []
    if "line" in item:
        found += [item["pointer"]] if item.get("pointer") else []  # of the code, in a larger document
        found += [f"cell {item['cell']}"] if "cell" in item else []
        found.append(f"line {item['line']}")
        found += [f"column {item['column']}"] if "column" in item else []
    elif item.get("parameter") or item.get("pointer"):
        found.append(item.get("parameter") or item["pointer"])
    return f"{', '.join(found)}: " if found else ""


def drawn(sheet: Sheet) -> "Table":
    """The table as rich draws it."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    out = Table(box=SIMPLE_HEAD, title=Text(printable(sheet.title)), title_justify="left")
    words = len(sheet.columns) - sheet.numbers
    for index, column in enumerate(sheet.columns):
        out.add_column(column, justify="left" if index < words else "right", no_wrap=sheet.numbers > 0)
    for row in sheet.rows:
        out.add_row(*(Text(printable(cell)) for cell in row))
    return out


def as_text(sheet: Sheet) -> str:
    """A plain table for any width, as rich draws it where there is room; it takes no time for long ones."""
    from rich.cells import cell_len

    rows = [[printable(cell) for cell in row] for row in deadline.each(sheet.rows)]
    widths = [max(cell_len(row[i]) for row in (sheet.columns, *rows)) for i in range(len(sheet.columns))]
    words = len(sheet.columns) - sheet.numbers

    def line(row: list[str]) -> str:
        cells = []
        for index, (cell, width) in enumerate(zip(row, widths, strict=True)):
            blank = " " * (width - cell_len(cell))
            cells.append(cell + blank if index < words else blank + cell)
        return ("  " + "   ".join(cells)).rstrip()

    rule = " " + "─" * (sum(widths) + 3 * len(widths) - 1)
    lines = [printable(sheet.title), "", line(sheet.columns), rule, *map(line, deadline.each(rows)), ""]
    return "\n".join([*lines, *map(printable, sheet.notes)]).strip("\n") + "\n"


def as_markdown(sheet: Sheet) -> str:
    """A Markdown table and the lines under it."""
    marks = ["---"] * (len(sheet.columns) - sheet.numbers) + ["---:"] * sheet.numbers
    escaped = [[indented(prose(cell)) for cell in row] for row in sheet.rows]
    lines = ["| " + " | ".join(row) + " |" for row in (sheet.columns, marks, *escaped)]
    notes = [f"{prose(line)}  " for line in sheet.notes]
    return "\n".join([f"### {prose(sheet.title)}", "", *lines, "", *notes]) + "\n"


LINES = re.compile(r"^[ │]+(?=[├└])")  # of a tree


def indented(cell: str) -> str:
    """A cell whose place in a tree is kept, where Markdown drops spaces that begin it or follow one another."""
    return LINES.sub(lambda found: found[0].replace(" ", "\u00a0"), cell)


MARKUP = re.compile(r"[&<>|\\`*~]|\](?=[(\[:])|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.", re.I)
MENTION = re.compile(r"(?<=[@#!$%])(?=\w)")  # of a person, an issue, a merge request


def code(text: str) -> str:
    """A name, as code, in which nothing is looked up."""
    return f"<code>{entities(printable(text))}</code>"


def prose(text: str) -> str:
    """Text that stays text in Markdown, whoever wrote it: no markup, no cell of a table, no link, no mention."""
    return entities(MENTION.sub("\u200b", printable(text)))


def entities(text: str) -> str:
    return MARKUP.sub(lambda found: f"&#{ord(found[0])};", text)


def as_csv(sheet: Sheet, headed: bool = True) -> str:
    """One line for each row, raw integers; a text that a spreadsheet would take for a formula begins with `'`.

    Without its heading where it is a part of a longer one, not `headed`.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    if headed:
        writer.writerow(sheet.raw_columns)
    writer.writerows([cell(value) for value in row] for row in sheet.raw)
    return stream.getvalue()


def cell(value: Any) -> Any:
    """A value as CSV has it: numbers as they are, negative ones too; a list in one cell."""
    if isinstance(value, list):
        words = ["null" if one is None else str(one) for one in value]
        value = (" " if any(isinstance(one, str) for one in value) else "x").join(words)
    if isinstance(value, str):
        return f"'{printable(value)}" if FORMULA.match(value) else printable(value)
    return "null" if value is None else value


FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")  # OWASP's list; the wide ones count in some countries


FORMATS = {"table": as_text, "text": as_text, "markdown": as_markdown, "csv": as_csv}
MEDIA = {"text/plain": as_text, "text/markdown": as_markdown, "text/csv": as_csv}
