"""GitLab: the code quality report, and the metrics report, which is OpenMetrics text."""

import json
from collections.abc import Iterator

from layercalc.verdicts.findings import Judged, findings, titled

SEVERITIES = {"fault": "critical", "error": "major", "warn": "minor"}


def gitlab(judged: Judged) -> str:
    """Code quality: an entry for each finding, with a fingerprint that stays while the budget does."""
    entries = [
        {
            "description": one.detail,
            "check_name": f"layercalc/{one.result.get('metric', 'fault')}",
            "fingerprint": one.key,
            "severity": SEVERITIES[one.level],
            "location": {"path": one.file or "stdin", "lines": {"begin": one.line}},
        }
        for one in findings(judged)
    ]
    return json.dumps(entries, ensure_ascii=False, indent=2) + "\n"


def metrics(judged: Judged) -> str:
    """Every total of every model, the limits on them, and whether all hold. What is unknown is left out, never 0."""
    totals: dict[str, list[str]] = {}
    limits: dict[str, list[str]] = {}
    passed = []
    for name, verdict in judged:
        for metric, n in verdict["totals"].items():
            if isinstance(n, int):
                totals.setdefault(metric, []).append(sample(f"layercalc_{metric}", n, model=name))
        for title, _, one in titled(name, verdict):
            if isinstance(one["limit"], int) and not one.get("layer"):
                labels = {"model": name, "budget": title, "level": one["level"]}
                limits.setdefault(one["metric"], []).append(
                    sample(f"layercalc_{one['metric']}_limit", one["limit"], **labels)
                )
        passed.append(sample("layercalc_passed", int(verdict["passed"]), model=name))
    blocks = [
        *family("layercalc_passed", "Whether every budget of the model holds.", passed),
        *(line for key, lines in totals.items() for line in family(f"layercalc_{key}", f"{key} of the model.", lines)),
        *(
            line
            for key, lines in limits.items()
            for line in family(f"layercalc_{key}_limit", f"What the budget allows of {key}.", lines)
        ),
    ]
    return "".join(f"{line}\n" for line in (*blocks, "# EOF"))


def family(name: str, words: str, samples: list[str]) -> Iterator[str]:
    if samples:
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
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
