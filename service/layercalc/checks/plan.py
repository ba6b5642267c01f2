"""layercalc.yaml: which models are checked, and against which budgets."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from layercalc.budgets import BASELINES, Budget, Document, Entry, over, placed, read_document, read_parameters
from layercalc.checks.globs import TooMany, files_of
from layercalc.checks.source import Source, read_source
from layercalc.errors import InvalidBudgets, pointer

DEFAULT = "layercalc.yaml"


class Job(NamedTuple):
    """One model to be checked: its file (or `-`), its budgets, how it is analysed, and what it is compared with."""

    name: str
    budgets: list[Budget]
    options: dict[str, Any] = {}
    baseline: str | None = None
    ref: str | None = None
    where: dict[str, Any] = {}  # the file and line that name the baseline
    new: bool = False  # whether the model may be missing at the commit


def plan(
    file: str | None,
    models: Sequence[str] = (),
    own: Mapping[str, Iterable[Any]] | None = None,
    *,
    options: Mapping[str, Any] | None = None,
    baseline: str | None = None,
    ref: str | None = None,
    allow_new: bool = False,
) -> list[Job]:
    """What there is to check: the models named, or all those of a budgets file.

    `own` are budgets by the option they stand in; they, `options` (shapes and batch_size), and `baseline` or `ref` go
    before what the file says. A model that is named is held against the budgets that the file has for every model, and
    for its path. With `allow_new`, one that is not there at the commit is new, and no fault. Raises InvalidBudgets with
    every fault.
    """
    extra = read_parameters(own or {})
    given = {key: value for key, value in (options or {}).items() if value is not None}
    past: dict[str, Any] = {"baseline": baseline, "ref": ref}
    if file is None:
        return [Job(name, extra, given, **past, new=allow_new) for name in models]
    source = read_source(file)
    try:
        document = read_document(source.content, ())
        entries = found(document, source)
    except InvalidBudgets as error:
        raise source.with_lines(error) from None
    names = list(models) or list(dict.fromkeys(name for _, listed in entries for name in listed))
    real = [(entry, set(map(os.path.realpath, listed))) for entry, listed in entries]
    jobs = [job_of(name, source, document, real) for name in names]
    out = []
    for job in jobs:
        job = job._replace(budgets=[*job.budgets, *extra], options=over(job.options, given), new=allow_new)
        out.append(job._replace(**past, where={}) if baseline or ref else job)
    return out


def found(document: Document, source: Source) -> list[tuple[Entry, list[str]]]:
    """The files of each entry; a glob that matches none is a fault."""
    base = Path(source.name).parent
    out, faults = [], []
    for entry in document.models:
        try:
            listed = files_of(entry.path, base)
        except TooMany as error:
            faults.append({"pointer": pointer(*entry.at, "path"), "detail": str(error)})
            continue
        if not listed:
            faults.append({"pointer": pointer(*entry.at, "path"), "detail": f"No file matches {entry.path!r}."})
        out.append((entry, listed))
    if faults:
        raise InvalidBudgets(faults)
    return out


def job_of(name: str, source: Source, document: Document, entries: list[tuple[Entry, set[str]]]) -> Job:
    """One model, by all that the file says of it; what stands further down goes before what stands above."""
    real = os.path.realpath(name)  # Path's raises where links go in a circle
    mine = [entry for entry, listed in entries if name != "-" and real in listed]
    budgets = [*(one for entry in mine for one in entry.budgets), *document.budgets]
    if not budgets:
        detail = f"There is no budget for {name}: it is none of `models`, and there are no `budgets` of every model."
        if name != "-" and not os.path.isfile(real):
            detail = f"There is no file {name}."
        raise InvalidBudgets([{"file": source.name, "detail": detail}])
    options: dict[str, Any] = dict(document.options)
    at: tuple[object, ...] = ("defaults",)
    for entry in mine:
        if entry.options.keys() & BASELINES:
            at = entry.at
        options = over(options, entry.options)
    baseline, ref = options.pop("baseline", None), options.pop("baseline_git", None)
    key = "baseline" if baseline else "baseline_git"
    if baseline:
        named = baseline.replace("{name}", Path(real).name).replace("{stem}", Path(real).stem)
        baseline = str(Path(source.name).parent / named)
    where = {"file": source.name, "line": source.line(pointer(*at, key))} if baseline or ref else {}
    known = placed(budgets, source.name, lambda at: source.line(pointer(*at)))
    return Job(name, known, options, baseline, ref, where)
