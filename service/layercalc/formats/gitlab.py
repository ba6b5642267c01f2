"""GitLab: the code quality report, and the metrics report, which is OpenMetrics text."""

from collections.abc import Iterator
from typing import Any

from layercalc.budgets import Judged
from layercalc.escapes import json_text, printable
from layercalc.formats.findings import findings, titled
from layercalc.formats.formulas import counts_of

SEVERITIES = {"fault": "critical", "error": "major", "warn": "minor", "note": "info"}


def gitlab(judged: Judged) -> str:
    """Code quality: an entry for each finding, with a fingerprint that stays while the budget does."""
    entries = [
        {
            "description": one.detail,
            "check_name": f"layercalc/{one.result.get('metric', one.title)}",
            "fingerprint": one.key,
            "severity": SEVERITIES[one.level],
            "location": {"path": one.file or "stdin", "lines": {"begin": one.line}},
        }
        for one in findings(judged)
    ]
    return json_text(entries, indent=2)


def metrics(judged: Judged) -> str:
    """Every total of every model, the limits on them, and whether all hold. What is unknown is left out, never 0."""
    families: dict[tuple[str, str], list[str]] = {}

    def add(name: str, words: str, n: Any, **labels: str) -> None:
        if isinstance(n, int):
            name = f"layercalc_{name.replace('.', '_')}"
            families.setdefault((name, words), []).append(sample(name, int(n), **labels))

    for name, verdict in judged:
        add("passed", "Whether every budget of the model holds.", verdict["passed"], model=name)
    for name, verdict in judged:
        if count := len(verdict.get("warnings", ())):
            add("warnings", "Warnings that the model was read with.", count, model=name)
    for name, verdict in judged:
        for metric, n in counts_of(verdict["totals"]).items():
            add(metric, f"{metric} of the model.", n, model=name)
    for name, verdict in judged:
        for title, _, one in titled(name, verdict):
            words = f"The limit that a budget sets on {one['metric']}."
            add(f"{one['metric']}_limit", words, one["limit"], model=name, budget=title, level=one["level"])
    lines = [line for (name, words), samples in families.items() for line in family(name, words, samples)]
    return "".join(f"{line}\n" for line in (*lines, "# EOF"))


def family(name: str, words: str, samples: list[str]) -> Iterator[str]:
    yield f"# TYPE {name} gauge"
    if name.endswith("_bytes"):
        yield f"# UNIT {name} bytes"
    yield f"# HELP {name} {words}"
    yield from samples


def sample(name: str, n: int, **labels: str) -> str:
    """A line of OpenMetrics; the number in full, since a client that rounds it does so itself."""
    inside = ",".join(f'{key}="{quoted(text)}"' for key, text in labels.items())
    return f"{name}{{{inside}}} {n}"


def quoted(text: str) -> str:
    return printable(text).replace("\\", "\\\\").replace('"', '\\"')
