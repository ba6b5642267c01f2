"""Verdicts and differences as people and other programs read them."""

import hashlib
import json
from fractions import Fraction
from typing import Any

from junitparser import Failure, JUnitXml, TestCase, TestSuite

from layercalc.formats import Sheet, number_text, shape_text

Judged = list[tuple[str, dict[str, Any]]]  # the file of each model, and its verdict


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


def junit(judged: Judged) -> str:
    """JUnit XML: a suite for each model, a case for each budget; a warning is the case's output."""
    xml = JUnitXml()
    for name, verdict in judged:
        suite = TestSuite(f"layercalc {name}")
        for one in verdict["results"]:
            case = TestCase(" ".join(filter(None, (one["metric"], one.get("layer")))), classname=name)
            if not one["passed"] and one["level"] == "error":
                case.result = [Failure(one["detail"], "budget")]
            elif not one["passed"]:
                case.system_out = f"warning: {one['detail']}"
            suite.add_testcase(case)
        xml.add_testsuite(suite)
    text: bytes = xml.tostring()  # type: ignore[no-untyped-call]
    return text.decode() + "\n"


def github(judged: Judged) -> str:
    """Workflow commands of GitHub Actions, the worst first, since only ten annotations show."""
    lines = []
    for name, verdict in judged:
        for one in verdict["results"]:
            if not one["passed"]:
                kind = "error" if one["level"] == "error" else "warning"
                title = escaped(f"layercalc: {one['metric']}", ":,")
                share = Fraction(one["excess"], max(one["limit"], 1)) if isinstance(one["excess"], int) else Fraction(0)
                command = f"::{kind} file={escaped(name, ':,')},title={title}::{escaped(one['detail'])}"
                lines.append((kind, -share, command))
    return "".join(f"{command}\n" for _, _, command in sorted(lines))


def escaped(text: str, more: str = "") -> str:
    """GitHub's escapes for data, and with `more` for properties."""
    for mark in "%\r\n" + more:
        text = text.replace(mark, f"%{ord(mark):02X}")
    return text


def gitlab(judged: Judged) -> str:
    """GitLab's code quality report."""
    found = []
    for name, verdict in judged:
        for one in verdict["results"]:
            if not one["passed"]:
                key = json.dumps([name, one["metric"], one.get("layer"), one["level"]])
                found.append(
                    {
                        "description": one["detail"],
                        "check_name": f"layercalc/{one['metric']}",
                        "fingerprint": hashlib.sha256(key.encode()).hexdigest(),
                        "severity": "major" if one["level"] == "error" else "minor",
                        "location": {"path": name, "lines": {"begin": 1}},
                    }
                )
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


FORMATS = {"junit": junit, "github": github, "gitlab": gitlab}
