"""Limits moved on purpose: in the budgets file, each in its place, to what the models are today."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from layercalc.budgets import Budget, Judged
from layercalc.checks.plan import Job
from layercalc.checks.source import Source, parsed, read_source
from layercalc.dims import text
from layercalc.errors import pointer

MOVED = {"max": max, "min": min}


class Move(NamedTuple):
    """One limit: where it stands, what it was and is, and the models that moved it; `why` it stays where it does."""

    file: str
    line: int
    title: str
    before: str
    after: str
    models: list[str]
    why: str = ""

    def sentence(self) -> str:
        where = f"{self.file}:{self.line}: {self.title}"
        models = ", ".join(self.models[:3]) + (f" and {len(self.models) - 3} more" if len(self.models) > 3 else "")
        return (
            f"{where}: stays, {self.why} ({models})"
            if self.why
            else f"{where}: {self.before} -> {self.after} ({models})"
        )


def update(file: str, jobs: Sequence[Job], judged: Judged) -> list[Move]:
    """Move every limit of the file that a model breaks to that model's number, the largest where several do."""
    broken: dict[tuple[tuple[object, ...], str], list[tuple[str, Budget, Any]]] = defaultdict(list)
    for job, (name, verdict) in zip(jobs, judged, strict=True):
        for budget, result in zip(job.budgets, verdict["results"], strict=True):
            if not result["passed"] and budget.file == file:
                broken[(budget.at, result["kind"])].append((name, budget, result["actual"]))
    source = read_source(file)
    values: dict[str, str] = {}
    moves = [moved(source, kind, found, values) for (_, kind), found in broken.items()]
    if values:
        content = source.changed(values)
        parsed(file, content)  # still a document
        body = Path(file).read_bytes()
        Path(file).write_bytes((b"\xef\xbb\xbf" if body.startswith(b"\xef\xbb\xbf") else b"") + content.encode())
    return sorted(moves, key=lambda move: (move.line, move.title))


def moved(source: Source, kind: str, found: list[tuple[str, Budget, Any]], values: dict[str, str]) -> Move:
    """One limit's move; the new text joins `values`."""
    budget = found[0][1]
    names = [name for name, _, _ in found]
    actuals = [actual for _, _, actual in found]
    where = pointer(*budget.at, kind)
    before = budget.written.get(kind)
    told = text(before) if isinstance(before, list) else str(before)
    parts = (source.name, budget.lines.get(kind, budget.lines[""]), f"{budget.metric} {kind}", told)
    why = ""
    if budget.set is not None and where not in source.spots:
        why = f"it is the preset {budget.set!r}"
    elif kind == "max_increase":
        why = "it is against the baseline, which moves when that does"
    elif kind == "equals" and any(actual != actuals[0] for actual in actuals):
        why = "the models differ in it"
    elif not source.changeable(where):
        why = "it stands behind a YAML anchor, an alias or over several lines; move it by hand"
    if why:
        return Move(*parts, told, names, why)
    new = MOVED[kind](actuals) if kind in MOVED else actuals[0]
    values[where] = text(new) if isinstance(new, list) else str(new)
    return Move(*parts, values[where], names)
