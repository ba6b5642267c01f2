"""What changed between two models: layers aligned, the arguments that differ, and what that does to each metric."""

import re
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc.analysis import Analysis, Row
from layercalc.earlier import METRICS
from layercalc.layers import Layer
from layercalc.layers.base import fields_of, snake_case

UNSAID = ("name", "inputs")


class Watched(list[str]):
    """A list that is compared: whoever looks at one of it looks at the clock, since comparing may take n² steps."""

    def __getitem__(self, index: Any) -> Any:
        deadline.check()
        return super().__getitem__(index)


class Side(NamedTuple):
    """A model as it is compared: its report, and the arguments of each row's layer (none of a mere report)."""

    report: dict[str, Any]
    arguments: dict[str, dict[str, Any]]


def side(report: dict[str, Any], analysis: Analysis | None = None) -> Side:
    found = {row.name: arguments(row) for row in analysis.rows} if analysis else {}
    return Side(report, found)


def arguments(row: Row) -> dict[str, Any]:
    return said(row.call.layer) if row.call.layer is not None else {}


def said(layer: Layer) -> dict[str, Any]:
    """The arguments of a layer as plain values."""
    return {name: plain(getattr(layer, name, None)) for name in fields_of(type(layer))}


def plain(value: Any) -> Any:
    if isinstance(value, Layer):
        return {"type": value.type, **said(value)}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    name = getattr(value, "name", None)
    return name if isinstance(name, str) else type(value).__name__


def compared(before: Side, after: Side) -> dict[str, Any]:
    """The contract's diff."""
    olds, news = before.report["layers"], after.report["layers"]
    layers = []
    for i, j in aligned(before, after):
        if i is None:
            layers.append(lone("added", None, news[j]))
        elif j is None:
            layers.append(lone("removed", olds[i], None))
        else:
            line = changed(olds[i], news[j], before, after)
            if line is not None:
                layers.append(line)
    totals = {
        metric: {
            "before": was,
            "after": after.report["totals"].get(metric),
            "delta": delta(was, after.report["totals"].get(metric)),
        }
        for metric, was in before.report["totals"].items()
        if not isinstance(was, dict)
    }
    ends = [[one[key] for key in ("inputs", "outputs")] for one in (bare(before.report), bare(after.report))]
    same = not layers and all(one["before"] == one["after"] for one in totals.values()) and ends[0] == ends[1]
    return {"identical": same, "totals": totals, "layers": layers}


def bare(report: dict[str, Any]) -> dict[str, Any]:
    """The inputs and outputs without names that nobody gave."""
    return {key: [(one["shape"], one["dtype"]) for one in report[key]] for key in ("inputs", "outputs")}


def aligned(before: Side, after: Side) -> list[tuple[int | None, int | None]]:
    """Pairs of rows, in the order of the new model and what is gone where it stood.

    Names that were given tie rows together; between them runs of equal rows, then rows of one name, then of one type.
    """
    olds, news = before.report["layers"], after.report["layers"]
    said = bool(before.arguments and after.arguments)
    marks = [Watched(mark(row, one, said) for row in one.report["layers"]) for one in (before, after)]
    pairs: list[tuple[int | None, int | None]] = []
    for tag, a, b, c, d in SequenceMatcher(None, marks[0], marks[1], autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += zip(range(a, b), range(c, d), strict=True)
            continue
        left, right = list(range(a, b)), list(range(c, d))
        for key in ("name", "type"):
            for i in deadline.each(list(left)):
                match = next((j for j in right if olds[i][key] == news[j][key]), None)
                if match is not None:
                    pairs.append((i, match))
                    left.remove(i)
                    right.remove(match)
        pairs += [(i, None) for i in left] + [(None, j) for j in right]
    moved = {olds[i]["name"]: i for i, j in pairs if i is not None and j is None and given(olds[i])}
    for j in deadline.each(
        [j for i, j in pairs if i is None]
    ):  # a name that was given is the same layer wherever it stands
        found = moved.get(news[j]["name"]) if j is not None and given(news[j]) else None
        if found is not None:
            pairs = [pair for pair in pairs if pair not in ((found, None), (None, j))] + [(found, j)]
    return sorted(pairs, key=lambda pair: (pair[1] if pair[1] is not None else pair[0] or 0, pair[0] or 0))


def mark(row: dict[str, Any], side: Side, told: bool) -> str:
    """What makes two rows the same: everything, but a name only where one was given, arguments where both are told."""
    found = side.arguments.get(row["name"], {}) if told else {}
    config = {key: value for key, value in found.items() if key not in UNSAID}
    name = row["name"] if given(row) else ""
    return repr((name, row["type"], config, row["output_shape"], row["params"], row["flops"]))


def given(row: dict[str, Any]) -> bool:
    """Whether a name is other than the one that a layer gets where none is given."""
    last = row["name"].rsplit("/", 1)[-1].split("@")[0]
    return re.fullmatch(rf"{re.escape(snake_case(row['type']))}(_\d+)?", last) is None


def delta(before: Any, after: Any) -> int | None:
    return after - before if isinstance(before, int) and isinstance(after, int) else None


def lone(change: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    """A row that only one of the models has."""
    row = old or new or {}
    sign = 1 if new else -1
    return {
        "change": change,
        "before": old and old["name"],
        "after": new and new["name"],
        "type": row["type"],
        "fields": {},
        "output_shape": [old and old["output_shape"], new and new["output_shape"]],
        "deltas": {metric: sign * row[metric] if isinstance(row[metric], int) else None for metric in METRICS},
    }


def changed(old: dict[str, Any], new: dict[str, Any], before: Side, after: Side) -> dict[str, Any] | None:
    """Two rows that are one layer, if anything about it changed."""
    was, now = before.arguments.get(old["name"]), after.arguments.get(new["name"])
    fields = {"type": [old["type"], new["type"]]} if old["type"] != new["type"] else {}
    if old["name"] != new["name"] and (given(old) or given(new)):
        fields["name"] = [old["name"], new["name"]]
    if was is not None and now is not None and old["type"] == new["type"]:
        fields |= {
            key: [was.get(key), now.get(key)] for key in now if key not in UNSAID and was.get(key) != now.get(key)
        }
    deltas = {metric: delta(old[metric], new[metric]) for metric in METRICS if old[metric] != new[metric]}
    shapes = [old["output_shape"], new["output_shape"]]
    if not fields and not deltas and shapes[0] == shapes[1]:
        return None
    return {
        "change": "changed",
        "before": old["name"],
        "after": new["name"],
        "type": new["type"],
        "fields": fields,
        "output_shape": shapes,
        "deltas": deltas,
    }
