"""Verdicts and differences as people and other programs read them; a module for each kind of reader."""

from collections.abc import Callable
from typing import Any

from layercalc.budgets import Judged
from layercalc.formats.badge import badge, metric_badge
from layercalc.formats.github import github
from layercalc.formats.gitlab import gitlab, metrics
from layercalc.formats.junit import junit
from layercalc.formats.markdown import diff_markdown, markdown
from layercalc.formats.sarif import sarif
from layercalc.formats.verdict_tables import as_json, check_sheets, csv, diff_sheet, text
from layercalc.wording import nearest

FORMATS: dict[str, Callable[[Judged], str]] = {
    "table": text,
    "text": text,
    "json": as_json,
    "csv": csv,
    "markdown": markdown,
    "junit": junit,
    "github": github,
    "github-summary": markdown,
    "gitlab": gitlab,
    "gitlab-metrics": metrics,
    "sarif": sarif,
    "badge": badge,
}
MEDIA = {
    "json": "application/json",
    "text": "text/plain",
    "table": "text/plain",
    "csv": "text/csv",
    "markdown": "text/markdown",
    "sarif": "application/sarif+json",
    "gitlab-metrics": "application/openmetrics-text",
    "junit": "application/xml",
    "github": "text/plain",
    "github-summary": "text/markdown",
    "gitlab": "application/json",
    "badge": "application/json",
}
BADGE = "badge:"  # and a metric


def is_format(form: str) -> bool:
    return form in FORMATS or (form.startswith(BADGE) and form != BADGE)


def rendered(form: str, judged: Judged) -> str:
    """A verdict in a format; `badge:METRIC` shows that total. ValueError says what there is instead."""
    if form in FORMATS:
        return FORMATS[form](judged)
    if is_format(form):
        return metric_badge(judged, form.removeprefix(BADGE))
    raise ValueError(f"There is no format {form!r}.{nearest(form, list(FORMATS))} There are {', '.join(FORMATS)}.")


def report_badge(form: str, report: dict[str, Any]) -> str:
    """`badge:METRIC` of a report; ValueError names the metrics."""
    return rendered(form, [("", {"passed": True, "results": [], "totals": report["totals"]})])


__all__ = [
    "BADGE",
    "FORMATS",
    "MEDIA",
    "check_sheets",
    "diff_markdown",
    "diff_sheet",
    "is_format",
    "rendered",
    "report_badge",
]
