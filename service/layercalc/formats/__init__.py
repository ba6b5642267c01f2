"""Reports, verdicts and differences as people and other programs read them; a module for each kind of reader."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from layercalc.wording import nearest

if TYPE_CHECKING:
    from layercalc.budgets import Judged
    from layercalc.formats.drawing import Drawing, drawn_difference, drawn_report
    from layercalc.formats.markdown import diff_markdown
    from layercalc.formats.verdict_tables import check_sheets, diff_sheet


def written(module: str, function: str) -> Callable[["Judged"], str]:
    """A format by the function that writes it; its module is imported then, since a run writes one or two of them."""
    return lambda judged: getattr(import_module(f"{__name__}.{module}"), function)(judged)


FORMATS: dict[str, Callable[["Judged"], str]] = {
    "table": written("verdict_tables", "text"),
    "text": written("verdict_tables", "text"),
    "json": written("verdict_tables", "as_json"),
    "csv": written("verdict_tables", "csv"),
    "markdown": written("markdown", "markdown"),
    "junit": written("junit", "junit"),
    "github": written("github", "github"),
    "github-summary": written("markdown", "markdown"),
    "gitlab": written("gitlab", "gitlab"),
    "gitlab-metrics": written("gitlab", "metrics"),
    "sarif": written("sarif", "sarif"),
    "badge": written("badge", "badge"),
}
OTHERS = {
    "check_sheets": "verdict_tables",
    "diff_markdown": "markdown",
    "diff_sheet": "verdict_tables",
    "drawn_report": "drawing",
    "drawn_difference": "drawing",
}
COMMENTS = {"markdown", "github-summary"}  # of verdicts, with a drawing of a small model
DRAWINGS = ("mermaid", "dot")  # of reports and differences


def __getattr__(name: str) -> Any:
    """What is written of differences, and tables for a terminal: imported when asked for, as formats are."""
    if name not in OTHERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{OTHERS[name]}"), name)


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
    "mermaid": "text/vnd.mermaid",
    "dot": "text/vnd.graphviz",
}
BADGE = "badge:"  # and a metric


def is_format(form: str) -> bool:
    return form in FORMATS or (form.startswith(BADGE) and form != BADGE)


def rendered(form: str, judged: "Judged") -> str:
    """A verdict in a format; `badge:METRIC` shows that total. ValueError says what there is instead."""
    if form in FORMATS:
        return FORMATS[form](judged)
    if is_format(form):
        from layercalc.formats.badge import metric_badge

        return metric_badge(judged, form.removeprefix(BADGE))
    raise ValueError(f"There is no format {form!r}.{nearest(form, list(FORMATS))} There are {', '.join(FORMATS)}.")


def beside(*forms: str | None) -> Callable[[dict[str, Any], dict[str, Any] | None], dict[str, Any]] | None:
    """What a check is to say beside its verdict for these formats."""
    if COMMENTS.isdisjoint(forms):
        return None
    sketched: Callable[..., dict[str, Any]] = import_module(f"{__name__}.drawing").sketched
    return sketched


def draw(form: str, drawn: "Drawing") -> str:
    """A drawing in one of the languages for it, each a function in the module of its name."""
    text: str = getattr(import_module(f"{__name__}.{form}"), form)(drawn)
    return text


def report_badge(form: str, report: dict[str, Any]) -> str:
    """`badge:METRIC` of a report; ValueError names the metrics."""
    return rendered(form, [("", {"passed": True, "results": [], "totals": report["totals"]})])


__all__ = [
    "BADGE",
    "DRAWINGS",
    "FORMATS",
    "MEDIA",
    "check_sheets",
    "diff_markdown",
    "diff_sheet",
    "draw",
    "drawn_difference",
    "drawn_report",
    "is_format",
    "rendered",
    "report_badge",
]
