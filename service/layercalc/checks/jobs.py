"""Models checked, one after another or in several processes; one that cannot be judged hides no other's verdict."""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from layercalc import verbs
from layercalc.budgets import Judged
from layercalc.cache import Store, store, using
from layercalc.checks.baselines import Missing, from_file, from_git
from layercalc.checks.plan import Job
from layercalc.cores import available
from layercalc.errors import InvalidBudgets, Refused
from layercalc.files.named import in_file, read_model
from layercalc.formats.sheet import where
from layercalc.limits import Limits

KEPT_BYTES = 64 << 20
ALONE = 1.0  # seconds that are spent in this process before others are started, which takes about as long


def verdict(job: Job) -> dict[str, Any]:
    """The verdict of one model; Refused says what cannot be judged, in which file and line."""
    document = read_model(job.name)[0]
    try:
        was = past(job)
    except Missing:
        if not job.new:
            raise
        return first(job, document)
    try:
        return in_files(verbs.check(document, job.budgets, was, **job.options), job)
    except InvalidBudgets as error:
        for fault in error.errors:
            fault["detail"] = f"{job.name}: {fault['detail']}"
        raise
    except Refused as error:
        if was is not None and all(fault.get("pointer", "").startswith("/baseline") for fault in error.errors):
            for fault in error.errors:
                fault["pointer"] = fault["pointer"].removeprefix("/baseline")
                fault["detail"] = f"The baseline is no model: {fault['detail']}"
            raise in_file(error, job.baseline or f"{job.name} at {job.ref}") from None
        raise in_file(error, job.name) from None


def first(job: Job, document: Any) -> dict[str, Any]:
    """The verdict of a model that is new: nothing of it has increased."""
    rising = any("max_increase" in one.limits for one in job.budgets)
    try:
        found = verbs.check(document, job.budgets, document if rising else None, **job.options)
    except Refused as error:
        raise in_file(error, job.name) from None
    found.pop("baseline", None)
    found["warnings"] = [one for one in found["warnings"] if not of_baseline(one)]
    return {**in_files(found, job), "new": True}


def of_baseline(one: dict[str, Any]) -> bool:
    return str(one.get("pointer", "")).startswith("/baseline")


def in_files(found: dict[str, Any], job: Job) -> dict[str, Any]:
    """A verdict whose warnings say in which file they are; those of a commit, at which."""
    warnings = []
    for one in found["warnings"]:
        past = of_baseline(one)
        rest = {key: value for key, value in one.items() if key != "pointer" or not past}
        if past and (inside := one["pointer"].removeprefix("/baseline")):
            rest = {"pointer": inside, **rest}
        if past and not job.baseline:
            rest["detail"] = f"At {job.ref}: {where(rest)}{rest['detail']}"
            rest = {"detail": rest["detail"]}
        file = job.baseline if past and job.baseline else job.name
        warnings.append({**({} if file == "-" else {"file": file}), **rest})
    return {**found, "warnings": warnings}


def past(job: Job) -> Any:
    """The baseline of a job, or None."""
    try:
        if job.ref is not None:
            return from_git(job.name, job.ref)
        return None if job.baseline is None else from_file(job.baseline)
    except Refused as error:
        if job.where:
            for fault in error.errors:
                named = f"{fault['file']}: " if "file" in fault else ""
                fault["detail"] = f"{named}{fault['detail']}"
                fault.update(job.where)
        raise


def judge(job: Job) -> dict[str, Any]:
    """The verdict, or in its place `errors` that say why there is none."""
    try:
        with using(kept()):
            return verdict(job)
    except Refused as error:
        return unjudged(error.title, error.errors, error.layers)


@cache
def kept() -> Store:
    """The layers and traces of the models before, of this process: those that are checked together are often alike."""
    return store(Limits(max_kept_bytes=KEPT_BYTES, max_kept_answers=0))


def unjudged(title: str, errors: list[dict[str, Any]], layers: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """No verdict, and why; `layers` are the rows that were computed before a shape fault."""
    out = {"passed": False, "results": [], "totals": {}, "title": title, "errors": errors, "warnings": []}
    return out if layers is None else {**out, "layers": layers}


def run(
    jobs: Sequence[Job], processes: int | None = None, progress: Callable[[int, int, str], None] | None = None
) -> Judged:
    """Every job's verdict, in their order.

    `processes` is how many may work at a time (None: as many as there are cores); more than one are started only when
    one alone has been busy for about as long as they take to start. `progress` hears how many of how many are done, and
    which was the last.
    """
    found: dict[int, dict[str, Any]] = {}

    def note(index: int, one: dict[str, Any]) -> None:
        found[index] = one
        if progress is not None:
            progress(len(found), len(jobs), jobs[index].name)

    workers = min(available() if processes is None else processes, len(jobs))
    start = time.monotonic()
    left = list(range(len(jobs)))
    left.sort(key=lambda index: jobs[index].name != "-")  # standard input is this process's
    while left and (workers < 2 or time.monotonic() - start < ALONE or jobs[left[0]].name == "-" or len(left) < 2):
        index = left.pop(0)
        note(index, judge(jobs[index]))
    if left:
        for index, one in shared_out({index: jobs[index] for index in left}, workers):
            note(index, one)
    return [(job.name, found[index]) for index, job in enumerate(jobs)]


def shared_out(jobs: dict[int, Job], workers: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each job's verdict as it comes from one of several processes."""
    # few models need no more than this process
    from concurrent.futures import Future, ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: dict[Future[dict[str, Any]], int] = {pool.submit(judge, job): index for index, job in jobs.items()}
        try:
            for future in as_completed(waiting):
                try:
                    yield waiting[future], future.result()
                except BrokenProcessPool:
                    detail = "The process that analysed it ended before it was done; is there memory enough?"
                    errors = [{"file": jobs[waiting[future]].name, "detail": detail}]
                    yield waiting[future], unjudged("The model cannot be checked", errors)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def exit_code(judged: Judged) -> int:
    """0 where every budget is kept, 1 where one is not, 2 where a model cannot be judged, which goes before."""
    if any("errors" in one for _, one in judged):
        return 2
    return 0 if all(one["passed"] for _, one in judged) else 1
