"""Verdicts and differences as people and other programs read them; a module for each kind of reader."""

from collections.abc import Callable

from layercalc.layers import nearest
from layercalc.verdicts.badge import badge, metric_badge
from layercalc.verdicts.findings import Judged
from layercalc.verdicts.github import github
from layercalc.verdicts.gitlab import gitlab, metrics
from layercalc.verdicts.junit import junit
from layercalc.verdicts.markdown import diff_markdown, markdown
from layercalc.verdicts.sarif import sarif
from layercalc.verdicts.tables import check_sheet, diff_sheet

FORMATS: dict[str, Callable[[Judged], str]] = {
    "markdown": markdown,
    "junit": junit,
    "github": github,
    "github-summary": markdown,
    "gitlab": gitlab,
    "gitlab-metrics": metrics,
    "sarif": sarif,
    "badge": badge,
}


def rendered(form: str, judged: Judged) -> str:
    """A verdict in a format; `badge:METRIC` shows that total. ValueError says what there is instead."""
    name, _, metric = form.partition(":")
    if not metric and name in FORMATS:
        return FORMATS[name](judged)
    if name != "badge" or not metric:
        raise ValueError(f"There is no format {form!r}.{nearest(form, list(FORMATS))}")
    return metric_badge(judged, metric)


__all__ = ["FORMATS", "Judged", "check_sheet", "diff_markdown", "diff_sheet", "metric_badge", "rendered"]
