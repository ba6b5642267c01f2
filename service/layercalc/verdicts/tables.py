"""Verdicts and differences as tables."""

import json
from typing import Any

from layercalc.formats import Sheet, number_text, shape_text


def check_sheet(verdict: dict[str, Any]) -> Sheet:
    """One line for each budget, failures first."""
    keys = ["metric", "layer", "level", "limit", "actual", "excess", "passed"]
    results = sorted(verdict["results"], key=lambda one: (one["passed"], one["level"] == "warn"))
    words = [["ok" if one["passed"] else one["level"].upper(), one["detail"]] for one in results]
    failed = sum(not one["passed"] and one["level"] == "error" for one in results)
    note = f"{'Passed' if verdict['passed'] else 'FAILED'}: {failed} of {len(results)} budgets exceeded."
    raw = [[one.get(key) for key in keys] for one in verdict["results"]]
    return Sheet("check", ["Result", "Budget"], words, keys, raw, [note])


def diff_sheet(found: dict[str, Any]) -> Sheet:
    """One line for each layer that changed, and the totals before and after."""
    keys = ["change", "before", "after", "type"]
    metrics = ["params", "flops"]
    rows = []
    for one in found["layers"]:
        fields = ", ".join(f"{key} {plain(a)} → {plain(b)}" for key, (a, b) in one["fields"].items())
        shapes = [shape_text(shape) if shape else "–" for shape in one["output_shape"]]
        shape = shapes[0] if shapes[0] == shapes[1] else " → ".join(shapes)
        deltas = [signed(one["deltas"].get(metric, 0)) for metric in metrics]
        rows.append([one["change"], one["after"] or one["before"], one["type"], fields, shape, *deltas])
    notes = [
        f"{metric}: {number_text(one['before'])} → {number_text(one['after'])} ({signed(one['delta'])})"
        for metric, one in found["totals"].items()
        if one["before"] != one["after"]
    ] or ["The totals are the same."]
    raw = [
        [*(one[key] for key in keys), *(one["deltas"].get(metric, 0) for metric in metrics)] for one in found["layers"]
    ]
    heads = ["Change", "Layer", "Type", "Fields", "Output shape", "Params", "FLOPs"]
    title = "no difference" if found["identical"] else "diff"
    return Sheet(title, heads, rows, [*keys, *metrics], raw, notes, numbers=2)


def plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def signed(n: int | None) -> str:
    return "unknown" if n is None else f"{n:+,}" if n else "0"
