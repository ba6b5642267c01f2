"""The rows of a report by the modules they are part of, where the document is a graph of modules' operations."""

import re
from collections import Counter
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
    """One row for several: it reads what they read of others."""
    counts = {
        metric: total(row[metric] for row in members)
        for metric in (*METRICS, *BUFFERS)
        if all(metric in row for row in members)
    }
    live = [row.get("live_bytes") for row in members]
    peak = None if None in live else max(live)  # type: ignore[type-var]  # no None among them
    lists = {
        key: [one for row in members for one in row[key] or ()]
        for key in ("inputs", "ops", "weights")
        if all(key in row for row in members)
    }
    own = {row["name"] for row in members}
    lists["inputs"] = [one for one in dict.fromkeys(lists.get("inputs", ())) if one not in own]
    return {**members[-1], "name": path, "type": TYPE, **lists, **counts, "live_bytes": peak}


def total(counts: Iterator[Any]) -> int | None:
    found = list(counts)
    return None if None in found else sum(found)


def units(rows: Sequence[Row], known: Collection[str]) -> list[Row]:
    """The rows beside those of another document, whose rows have `known` names: those of one module there as one.

    The module is the innermost around a row that has a known name, or else the innermost, unless known rows are inside
    it, so that its own operations are rows there too. Each run of its rows is one use, unless the other uses it another
    number of times. Rows read and are read under the names that they have then.
    """
    if not any("module" in row for row in rows):
        return list(rows)
    outer = {path for name in known for path in containers(name)[:-1]}
    members: dict[str, list[list[Row]]] = {}
    before = None
    for row in deadline.each(rows):
        path = row.get("module")
        if not path and not (row["params"] or row["macs"]):
            members[f"\0{row['name']}"] = [[row]]  # it may stand in the middle of a module, whose numbers it makes
            continue
        group = next((one for one in reversed(containers(path or "")) if one in known), None)
        if group is None:
            group = path if path and path not in outer else f"\0{row['name']}"
        runs = members.setdefault(group, [])
        if group != before or not runs:
            runs.append([])
        runs[-1].append(row)
        before = group
    uses = Counter(re.sub(r"@\d+$", "", name) for name in known)
    found: list[Row] = []
    now: dict[str, str] = {}
    places = {row["name"]: place for place, row in enumerate(rows)}
    begins: dict[str, int] = {}
    for path, runs in members.items():
        apart = runs if uses[path] in (0, len(runs)) else [[row for run in runs for row in run]]
        for use, run in enumerate(apart, 1):
            one = run[0] if path.startswith("\0") else joined(f"{path}@{use}" if use > 1 else path, run)
            now |= {row["name"]: one["name"] for row in run}
            begins[one["name"]] = next((places[row["name"]] for row in run if row["macs"]), places[run[0]["name"]])
            found.append(one)
    found.sort(key=lambda one: begins[one["name"]])
    return [one | {"inputs": [now.get(name, name) for name in one.get("inputs") or ()]} for one in found]
