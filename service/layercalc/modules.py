"""The rows of a report by the modules they are part of, where the document is a graph of modules' operations."""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate
from typing import Any

from layercalc import deadline
from layercalc.analysis.tracing import METRICS
from layercalc.analysis.weight_specs import BUFFERS

Row = dict[str, Any]
PART = re.compile(r"[./]?[^./]+")
TYPE = "module"


def containers(path: str) -> list[str]:
    """The paths of a module and of those around it, outermost first: layer1, layer1.0, layer1.0.conv1."""
    return [*accumulate(PART.findall(path))]


def module_rows(rows: Sequence[Row]) -> dict[str, Row]:
    """A row for each module that holds some: sums of their counts (None where one is unknown), the last one's shapes.

    A path that is the name of a row is that row's alone.
    """
    held: dict[str, list[Row]] = {}
    for row in deadline.each(rows):
        for path in containers(row.get("module", "")):
            held.setdefault(path, []).append(row)
    for row in rows:
        held.pop(row["name"], None)
    return {path: joined(path, members) for path, members in held.items()}


def joined(path: str, members: Sequence[Row]) -> Row:
    """One row for several."""
    counts = {
        metric: total(row[metric] for row in members)
        for metric in (*METRICS, *BUFFERS)
        if all(metric in row for row in members)
    }
    live = [row.get("live_bytes") for row in members]
    peak = None if None in live else max(live)  # type: ignore[type-var]  # no None among them
    return {**members[-1], "name": path, "type": TYPE, "inputs": None, **counts, "live_bytes": peak}


def total(counts: Iterator[Any]) -> int | None:
    found = list(counts)
    return None if None in found else sum(found)


def modular(rows: Sequence[Row], known: Collection[str] = ()) -> list[Row]:
    """The rows, those of one module as one, where the first of them stands.

    The module is the innermost around a row that has a `known` name, or else the innermost. Rows of none that only
    prepare what others read are left out, if there are modules.
    """
    if not any("module" in row for row in rows):
        return list(rows)
    members: dict[str, list[Row]] = {}
    for row in rows:
        if path := row.get("module"):
            members.setdefault(next((one for one in reversed(containers(path)) if one in known), path), []).append(row)
        elif row["params"] or row["macs"]:
            members[f"\0{row['name']}"] = [row]
    return [joined(path, held) if held[0].get("module") else held[0] for path, held in members.items()]
