"""What is wrong in a number of verdicts, worst first, with the place to edit; every format starts from it."""

import json
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from layercalc.budgets import Judged
from layercalc.formats.sheet import where

LEVELS = ("fault", "error", "warn", "note")  # a fault is why nothing could be judged, a note what a model is read with


class Finding(NamedTuple):
    """A budget that is exceeded, a fault that kept one from being judged, or a warning of the model's reader.

    `file` is None for standard input.
    """

    level: str
    model: str
    title: str
    detail: str
    file: str | None
    line: int
    key: str
    result: dict[str, Any]


def findings(judged: Judged) -> list[Finding]:
    """Every fault, then what is exceeded, then what is warned of, each by how far past its limit, then the notes."""
    found = [
        one
        for name, verdict in judged
        for one in (*faults(name, verdict), *exceeded(name, verdict), *notes(name, verdict))
    ]
    return sorted(found, key=lambda one: (LEVELS.index(one.level), -overshoot(one.result)))


def faults(name: str, verdict: dict[str, Any]) -> Iterator[Finding]:
    return said(name, verdict, "errors", "fault", "fault")


def notes(name: str, verdict: dict[str, Any]) -> Iterator[Finding]:
    return said(name, verdict, "warnings", "note", "warning")


def said(name: str, verdict: dict[str, Any], key: str, level: str, title: str) -> Iterator[Finding]:
    """What a verdict says of the document, each in its place."""
    for number, one in enumerate(verdict.get(key, ())):
        inside = {
            key: value for key, value in one.items() if key not in ("file", "line" if "column" not in one else "")
        }
        line = 1 if "cell" in one else one.get("line", 1)  # of the file
        file = path(one.get("file", name))
        yield Finding(level, name, title, where(inside) + one["detail"], file, line, digest(name, title, number), {})


def exceeded(name: str, verdict: dict[str, Any]) -> Iterator[Finding]:
    for title, key, one in titled(name, verdict):
        if not one["passed"]:
            file, line = place(name, one)
            yield Finding(one["level"], name, title, one["detail"], file, line, key, one)


def titled(name: str, verdict: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The results, each with a title that is its own among those of the model, and a key that stays from run to run."""
    seen: Counter[str] = Counter()
    for one in verdict["results"]:
        of = one.get("layer") or one.get("output")
        title = " ".join(filter(None, (one["metric"], f"of {of}" if of else "", one.get("kind"))))
        title = f"{one['name']}: {title}" if one.get("name") else title
        seen[title] += 1
        title += f" ({seen[title]})" if seen[title] > 1 else ""
        yield title, digest(name, title, one["level"]), one


def place(name: str, result: dict[str, Any]) -> tuple[str | None, int]:
    """The line of the budgets file to edit, else the model."""
    source = result.get("source")
    return (path(source["file"]), source["line"]) if source else (path(name), 1)


def path(name: str) -> str | None:
    """A path as version control writes it."""
    if name == "-":
        return None
    name = name.replace("\\", "/")
    while name.startswith("./"):
        name = name[2:]
    return name


def digest(*parts: object) -> str:
    from hashlib import sha256  # loads OpenSSL

    return sha256(json.dumps(parts).encode()).hexdigest()


def overshoot(result: dict[str, Any]) -> Fraction:
    """How far past its limit, in limits; a wrong shape is further than any number."""
    if not result:
        return Fraction(0)
    if not isinstance(result["excess"], int):
        return Fraction(10**30)
    return Fraction(result["excess"], max(result["limit"], 1))


def counted(judged: Judged) -> tuple[int, int, int, int]:
    """How many faults, budgets exceeded, warnings and budgets there are."""
    levels = Counter(one.level for one in findings(judged))
    return levels["fault"], levels["error"], levels["warn"], sum(len(verdict["results"]) for _, verdict in judged)


def headline(judged: Judged) -> str:
    """The outcome in a few words."""
    bad, over, warned, budgets = counted(judged)
    if bad:
        return f"{bad} fault{'s' * (bad > 1)}: the budgets could not be judged"
    if over:
        return f"{over} of {budgets} budget{'s' * (budgets > 1)} exceeded"
    if warned:
        return f"{warned} warning{'s' * (warned > 1)}, no budget exceeded"
    return f"all {budgets} budgets hold" if budgets > 1 else "the budget holds"
