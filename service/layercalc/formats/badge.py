"""Badges: the JSON that shields.io's endpoint badge fetches (schemaVersion 1)."""

from typing import Any

from layercalc.amounts import brief
from layercalc.budgets import Judged
from layercalc.escapes import json_text
from layercalc.formats.findings import counted
from layercalc.formats.formulas import counts_of
from layercalc.wording import nearest

RED, YELLOW, GREEN, BLUE, GREY = "red", "yellow", "brightgreen", "blue", "lightgrey"


def badge(judged: Judged) -> str:
    """The verdict: red where a budget is exceeded, yellow where one is warned of."""
    faults, over, warned, _ = counted(judged)
    if faults:
        return endpoint("model budgets", "not judged", GREY, isError=True)
    if over:
        return endpoint("model budgets", f"{over} exceeded", RED)
    return (
        endpoint("model budgets", f"{warned} warning{'s' * (warned > 1)}", YELLOW)
        if warned
        else endpoint("model budgets", "passing", GREEN)
    )


def metric_badge(judged: Judged, metric: str) -> str:
    """A total (of several models the largest), coloured by the budgets on it; blue where there is none."""
    if any(verdict.get("errors") for _, verdict in judged):
        return endpoint(metric, "not judged", GREY, isError=True)
    every = sorted({key for _, verdict in judged for key in counts_of(verdict["totals"])})
    if every and metric not in every:
        raise ValueError(f"There is no metric {metric!r}.{nearest(metric, every)} There are {', '.join(every)}.")
    known = [verdict["totals"].get(metric) for _, verdict in judged]
    results = [one for _, verdict in judged for one in verdict["results"] if one["metric"] == metric]
    levels = {one["level"] for one in results if not one["passed"]}
    colour = RED if "error" in levels else YELLOW if levels else GREEN if results else BLUE
    if None in known or not known:
        return endpoint(metric, "unknown", GREY)
    return endpoint(metric, brief(metric, max(n for n in known if n is not None))[0], colour)


def endpoint(label: str, message: str, color: str, **more: Any) -> str:
    shown = {"schemaVersion": 1, "label": label.replace("_", " "), "message": message, "color": color, **more}
    return json_text(shown)
