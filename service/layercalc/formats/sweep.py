"""A sweep as a table: the values of each candidate, its metrics, and what was no network."""

from collections.abc import Iterator
from typing import Any

from layercalc.amounts import bytes_text, number_text
from layercalc.escapes import json_text
from layercalc.formats.sheet import Sheet, as_csv, placed, stored_lines, value_text, warning_lines
from layercalc.sweeps.results import Candidates

PIECE = 1_000  # rows
MOST_NOTED = 10  # kinds of refusals under a table


def sweep_sheet(answer: dict[str, Any]) -> Sheet:
    """The rows of a sweep, the best first."""
    names = list(answer["rows"][0]["values"]) if answer["rows"] else []
    metrics = answer["columns"]
    rows = [
        [*(value_text(row["values"][name]) for name in names), *(shown(one, row[one]) for one in metrics)]
        for row in answer["rows"]
    ]
    notes = [f"{answer['count']:,} candidates, {answer['valid']:,} networks, {answer['matching']:,} within the limits"]
    refused = answer["refused"]
    notes += [f"No network: {one['count']:,}, such as {example(one)}: {placed(one)}" for one in refused[:MOST_NOTED]]
    if len(refused) > MOST_NOTED:
        notes.append(f"No network for {len(refused) - MOST_NOTED:,} other reasons.")
    raw = [[*row["values"].values(), *(row[one] for one in metrics)] for row in answer["rows"]]
    notes += stored_lines(answer) + warning_lines(answer["warnings"])
    return Sheet("sweep", [*names, *metrics], rows, [*names, *metrics], raw, notes, numbers=len(metrics))


def example(refused: dict[str, Any]) -> str:
    """The values of the first candidate that was refused."""
    return ", ".join(f"{name} = {value_text(value)}" for name, value in refused["example"].items())


def shown(metric: str, value: Any) -> str:
    """A metric for people."""
    if value is None or isinstance(value, list | float):
        return "unknown" if value is None else value_text(value)
    return bytes_text(value) if metric.endswith("bytes") else number_text(value)


def csv_lines(found: Candidates) -> Iterator[str]:
    """The rows as CSV, in pieces: the heading with those of the first, so that it is there once they are."""
    names, columns = found.names, found.columns
    raw: list[list[Any]] = []
    head = [*names, *columns]
    for row in found:
        raw.append([*row["values"].values(), *(row[one] for one in columns)])
        if len(raw) == PIECE:
            yield as_csv(Sheet("", [], [], head, raw), bool(head))
            raw, head = [], []
    if raw or head:
        yield as_csv(Sheet("", [], [], head, raw), bool(head))


def json_lines(found: Candidates) -> Iterator[str]:
    """The rows as JSON, a line for each."""
    return (json_text(row) for row in found)
