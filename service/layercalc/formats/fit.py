"""The answer of a fit as a table: the value, what is next to it, what stops that one."""

from typing import Any

from layercalc.amounts import bytes_text, number_text
from layercalc.formats.sheet import Sheet, placed, stored_lines, warning_lines

KEYS = ("vary", "goal", "value", "next", "metric", "limit", "actual")


def fit_sheet(answer: dict[str, Any]) -> Sheet:
    """One line, the sentence of it and the totals under it."""
    stopped = answer["stopped_by"] or {}
    cells = [
        answer["vary"],
        *(("none" if answer[key] is None else number_text(answer[key])) for key in ("value", "next")),
        placed(stopped) if stopped else "",
    ]
    totals = {key: n for key, n in (answer["totals"] or {}).items() if not isinstance(n, dict)}
    notes = [answer["detail"]]
    notes += [f"{key}: {bytes_text(n) if key.endswith('bytes') else number_text(n)}" for key, n in totals.items()]
    notes += stored_lines(answer) + warning_lines(answer["warnings"])
    raw = [[answer[key] for key in KEYS[:4]] + [stopped.get(key) for key in KEYS[4:]]]
    heads = [f"{answer['goal'].capitalize()}", "Value", "Next", "Stopped by"]
    return Sheet("fit", heads, [cells], list(KEYS), raw, notes)
