"""Verdicts and differences as tables."""

import json
from typing import Any

from layercalc.amounts import shape_text
from layercalc.budgets import Judged
from layercalc.escapes import json_text
from layercalc.formats.formulas import CELL, LINE, amount, drawn, sizes_of
from layercalc.formats.sheet import Sheet, as_csv, as_text, placed, stored_lines, warning_lines, where

KEYS = ("metric", "layer", "level", "limit", "actual", "excess", "passed")


def check_sheet(verdict: dict[str, Any]) -> Sheet:
    """One line for each fault and each budget, failures first."""
    results = sorted(verdict["results"], key=lambda one: (one["passed"], one["level"] == "warn"))
    words = [["FAULT", f"{where(one)}{one['detail']}"] for one in verdict.get("errors", ())]
    words += [["ok" if one["passed"] else one["level"].upper(), one["detail"]] for one in results]
    raw = [[one.get(key) for key in KEYS] for one in verdict["results"]]
    notes = [*stored_lines(verdict), *warning_lines(verdict.get("warnings", ())), outcome([("", verdict)])]
    return Sheet("check", ["Result", "Budget"], words, list(KEYS), raw, notes)


def outcome(judged: Judged) -> str:
    """The last line: passed or not, and how many of what."""
    verdicts = [verdict for _, verdict in judged]
    results = [one for verdict in verdicts for one in verdict["results"]]
    failed = sum(not one["passed"] and one["level"] == "error" for one in results)
    warned = sum(not one["passed"] and one["level"] == "warn" for one in results)
    unjudged = sum("errors" in verdict for verdict in verdicts)
    said = f"{failed} of {len(results)} budgets exceeded" if results or not unjudged else "no budget judged"
    said += f", {warned} warned of" if warned else ""
    if len(verdicts) == 1:
        said += "; the model cannot be judged" if unjudged else ""
    else:
        kept = sum(verdict["passed"] for verdict in verdicts)
        said += f"; {kept} of {len(verdicts)} models passed" + (f", {unjudged} cannot be judged" if unjudged else "")
    return f"{'Passed' if all(verdict['passed'] for verdict in verdicts) else 'FAILED'}: {said}."


def check_sheets(judged: Judged) -> list[Sheet]:
    """A table for each model; of several, those that passed have one line each, and a last line sums up."""
    if len(judged) == 1:
        return [check_sheet(judged[0][1])]
    sheets = []
    for name, verdict in judged:
        if bad(verdict):
            sheet = check_sheet(verdict)
            sheet.title = f"check {name}"
            sheets.append(sheet)
    fine = [[name, f"{len(verdict['results'])} budgets hold"] for name, verdict in judged if not bad(verdict)]
    read = [one for _, verdict in judged if not bad(verdict) for one in verdict.get("warnings", ())]
    return [*sheets, Sheet("check", ["Model", "Result"], fine, [], [], [*warning_lines(read), outcome(judged)])]


def bad(verdict: dict[str, Any]) -> bool:
    return not verdict["passed"] or not all(one["passed"] for one in verdict["results"])


def text(judged: Judged) -> str:
    return "\n".join(as_text(sheet) for sheet in check_sheets(judged))


def csv(judged: Judged) -> str:
    """One line for each budget; of several models, the model first.

    A fault, and a warning of the model's reader, are a line with nothing but its words.
    """
    if len(judged) == 1 and not ("errors" in judged[0][1] or judged[0][1].get("warnings")):
        return as_csv(check_sheet(judged[0][1]))
    raw = []
    for name, verdict in judged:
        raw += [[name, *(one.get(key) for key in KEYS), one["detail"]] for one in verdict["results"]]
        raw += [
            [name, kind, *[None] * (len(KEYS) - 2), passed, f"{where(one)}{one['detail']}"]
            for key, kind, passed in (("errors", "fault", False), ("warnings", "warning", True))
            for one in verdict.get(key, ())
        ]
    return as_csv(Sheet("check", [], [], ["model", *KEYS, "detail"], raw))


def as_json(judged: Judged) -> str:
    """The verdict; those of several models in a list. Drawings are of other formats."""
    plain_ones = [(name, {key: part for key, part in one.items() if key != "drawing"}) for name, one in judged]
    if len(plain_ones) == 1:
        found = plain_ones[0][1]
    else:
        passed = all(one["passed"] for _, one in plain_ones)
        found = {"passed": passed, "models": [{"model": name, **one} for name, one in plain_ones]}
    return json_text(found)


def diff_sheet(found: dict[str, Any]) -> Sheet:
    """One line for each layer that changed, and the totals before and after; in CSV a line for each warning too."""
    keys = ["change", "before", "after", "type"]
    metrics = ["params", "flops"]
    rows = []
    for one in found["layers"]:
        fields = ", ".join(f"{key} {plain(a)} → {plain(b)}" for key, (a, b) in one["fields"].items())
        named = one.get("output_formula", (None, None))
        pairs = zip(one["output_shape"], named, strict=True)
        shapes = [shape_text(sizes_of(shape, formula) or ()) if shape else "–" for shape, formula in pairs]
        shape = shapes[0] if shapes[0] == shapes[1] else " → ".join(shapes)
        deltas = [difference(one["deltas"].get(metric, 0), one, metric) for metric in metrics]
        rows.append([one["change"], one["after"] or one["before"], one["type"], fields, shape, *deltas])
    notes = [
        f"{metric}: {amount(one, 'before')} → {amount(one, 'after')} ({difference(one['delta'], one, 'delta', LINE)})"
        for metric, one in found["totals"].items()
        if one["delta"] or amount(one, "before") != amount(one, "after")
    ] or ["The totals are the same."]
    notes += stored_lines(found) + warning_lines(found["warnings"])
    raw = [
        [*(one[key] for key in keys), *(one["deltas"].get(metric, 0) for metric in metrics)] for one in found["layers"]
    ]
    raw += [["warning", placed(one), *[None] * 4] for one in found["warnings"]]
    heads = ["Change", "Layer", "Type", "Fields", "Output shape", "Params", "FLOPs"]
    title = "no difference" if found["identical"] else "diff"
    return Sheet(title, heads, rows, [*keys, *metrics], raw, notes, numbers=2)


def plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def difference(n: int | None, of: dict[str, Any], key: str, room: int = CELL) -> str:
    """A difference for people: a number, a formula in signs, or unknown."""
    formula = of.get("formulas", {}).get(key)
    return signed(n) if n is not None or formula is None else drawn(formula, room)


def signed(n: int | None) -> str:
    return "unknown" if n is None else f"{n:+,}" if n else "0"
