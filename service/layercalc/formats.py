"""A report as text: a table like model.summary(), Markdown, CSV. Units for people stand here and nowhere else."""

import csv
import io
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

COLUMNS = {
    "Layer": "name",
    "Type": "type",
    "Output shape": "output_shape",
    "Params": "params",
    "MACs": "macs",
    "FLOPs": "flops",
}
CSV_COLUMNS = (
    "name",
    "type",
    "inputs",
    "output_shape",
    "params",
    "trainable_params",
    "non_trainable_params",
    "macs",
    "flops",
    "param_bytes",
    "activation_bytes",
)
TOTALS = {
    "params": "params",
    "trainable_params": "trainable",
    "non_trainable_params": "non-trainable",
    "macs": "MACs",
    "flops": "FLOPs",
}
BYTES = {
    "param_bytes": "parameters",
    "activation_bytes": "activations",
    "peak_activation_bytes": "peak of live activations",
}


def shape_text(shape: list[int | None]) -> str:
    """`(None, 28, 28, 1)`, as Keras' summary writes it."""
    return (
        "(" + ", ".join("None" if dim is None else str(dim) for dim in shape) + ("," if len(shape) == 1 else "") + ")"
    )


def number_text(n: int | None) -> str:
    return "unknown" if n is None else f"{n:,}"


def scaled(n: int | None, unit: str, base: int, names: str) -> str:
    """A number in the largest unit that leaves it above one: `1.23 M`, `4.0 KiB`."""
    if n is None:
        return "unknown"
    power = 0
    while power < len(names) and n >= base ** (power + 1):
        power += 1
    if power == 0:
        return f"{n} {unit}".strip()
    hundredths = (n * 100 + base**power // 2) // base**power  # rounded in integers: a count may be past any float
    return f"{hundredths // 100:,}.{hundredths % 100:02} {names[power - 1]}{'i' * (base == 1024)}{unit}"


def cells(report: dict[str, Any]) -> list[list[str]]:
    """The rows of the table."""
    return [
        [
            shape_text(row[key]) if key == "output_shape" else number_text(row[key]) if key in TOTALS else row[key]
            for key in COLUMNS.values()
        ]
        for row in report["layers"]
    ]


def summary_lines(report: dict[str, Any]) -> list[str]:
    """What stands under the table."""
    totals = report["totals"]
    counts = ", ".join(f"{number_text(totals[key])} {name}" for key, name in TOTALS.items())
    memory = ", ".join(f"{scaled(totals[key], 'B', 1024, 'KMGTPEZY')} {name}" for key, name in BYTES.items())
    batch = report["batch_size"] or 1
    lines = [f"Total: {counts}", f"Memory: {memory}", f"For a batch of {batch}; a MAC counts as two FLOPs."]
    return lines + [f"Warning: {where(warning)}{warning['detail']}" for warning in report["warnings"]]


def where(item: dict[str, Any]) -> str:
    """The place of a warning or error, as text in front of it."""
    if "line" in item:
        return f"line {item['line']}, column {item['column']}: "
    if "parameter" in item:
        return f"{item['parameter']}: "
    return f"{item['pointer']}: " if item.get("pointer") else ""


def table(report: dict[str, Any]) -> Table:
    """The table as rich draws it."""
    out = Table(box=SIMPLE_HEAD, title=f"{report['model']['name']} ({report['model']['format']})", title_justify="left")
    for index, column in enumerate(COLUMNS):
        out.add_column(column, justify="left" if index < 3 else "right", no_wrap=True)
    for row in cells(report):
        out.add_row(*row)
    return out


def as_text(report: dict[str, Any]) -> str:
    """A plain table for any width."""
    stream = io.StringIO()
    console = Console(
        file=stream, width=10_000, color_system=None, force_terminal=False, markup=False, emoji=False, highlight=False
    )
    console.print(table(report))
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    return "\n".join([*lines, *summary_lines(report)]).strip("\n") + "\n"


def as_markdown(report: dict[str, Any]) -> str:
    """A Markdown table and the totals under it."""
    escaped = [
        [cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ") for cell in row] for row in cells(report)
    ]
    rows = [list(COLUMNS), ["---", "---", "---", "---:", "---:", "---:"], *escaped]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return (
        "\n".join([f"### {report['model']['name']}", "", *lines, "", *(f"{line}  " for line in summary_lines(report))])
        + "\n"
    )


def as_csv(report: dict[str, Any]) -> str:
    """One line for each row, raw integers."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for row in report["layers"]:
        writer.writerow([cell(row[key]) for key in CSV_COLUMNS])
    return stream.getvalue()


def cell(value: Any) -> Any:
    if isinstance(value, list):
        return (
            "x".join("null" if dim is None else str(dim) for dim in value)
            if not value or not isinstance(value[0], str)
            else " ".join(value)
        )
    return "null" if value is None else value


FORMATS = {"table": as_text, "markdown": as_markdown, "csv": as_csv}
MEDIA = {"text/plain": as_text, "text/markdown": as_markdown, "text/csv": as_csv}
