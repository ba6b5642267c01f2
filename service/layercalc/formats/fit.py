"""The answer of a fit as a table: the value, what is next to it, what stops that one."""

from typing import Any

from layercalc.amounts import bytes_text, number_text
from layercalc.formats.sheet import Sheet, placed, stored_lines, warning_lines

KEYS = ("vary", "goal", "value", "next", "metric", "limit", "actual")


def fit_sheet(answer: dict[str, Any]) -> Sheet:
    """One line, the sentence of it and the totals under it; of arguments a line for each combination that holds."""
    if isinstance(answer["vary"], list):
        rows = [list(one.values()) for one in answer["values"]]
        words = [[str(value) for value in row] for row in rows]
        return Sheet("fit", answer["vary"], words, answer["vary"], rows, under(answer))
    stopped = answer["stopped_by"] or {}
    cells = [
        answer["vary"],
        *(("none" if answer[key] is None else number_text(answer[key])) for key in ("value", "next")),
        placed(stopped) if stopped else "",
    ]
    raw = [[answer[key] for key in KEYS[:4]] + [stopped.get(key) for key in KEYS[4:]]]
    heads = [f"{answer['goal'].capitalize()}", "Value", "Next", "Stopped by"]
    return Sheet("fit", heads, [cells], list(KEYS), raw, under(answer))


def under(answer: dict[str, Any]) -> list[str]:
    """What is said under the lines."""
    totals = {key: n for key, n in (answer["totals"] or {}).items() if not isinstance(n, dict)}
    notes = [answer["detail"]]
    notes += [f"{key}: {bytes_text(n) if key.endswith('bytes') else number_text(n)}" for key, n in totals.items()]
    return notes + stored_lines(answer) + warning_lines(answer["warnings"])
