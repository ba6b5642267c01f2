"""The search for the end of the run of values that hold: by what formulas prove, else value by value."""

from collections.abc import Callable
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc.amounts import number_text
from layercalc.errors import InvalidModel, Refused
from layercalc.fitting.proof import MOST_BEFORE, Run
from layercalc.fitting.question import Asked
from layercalc.fitting.values import Values

PROVEN = "formula"  # what tells of values that formulas told
MOST_TRIED = 1 << 20  # values of one fit
MOST_SKIPPED = 1 << 12  # values that are no network before the first that is, of a range that is not said

Judge = Callable[[int], dict[str, Any]]  # the verdict of one value; Refused


class End(NamedTuple):
    """The end of the run: its last value, the value that ends it, and why there is none of them."""

    value: int | None
    next: int | None = None
    why: str = ""
    proof: str = "tried"


def fitted(asked: Asked, judge: Judge) -> dict[str, Any]:
    """The contract's answer."""
    values = begun(asked)
    if values is None:
        judge(asked.values.first)  # says why none of the first is a network
        raise InvalidModel([{"parameter": "range", "detail": "No value makes a network; give a range that does."}])
    end = found(asked, values)
    verdict, stopped = verdicts(judge, end)
    if wrong(end, verdict, stopped):
        end = tried(asked, values)
        verdict, stopped = verdicts(judge, end)
    out: dict[str, Any] = {
        "vary": asked.vary,
        "goal": asked.goal,
        "value": end.value,
        "next": end.next,
        "stopped_by": stopped,
        "totals": None if verdict is None else verdict["totals"],
        **(asked.storage.titles if asked.storage else {}),
        "proof": end.proof,
        "detail": sentence(asked, end, stopped),
        "warnings": [] if verdict is None else verdict["warnings"],
    }
    return out


def begun(asked: Asked) -> Values | None:
    """The values of the request; where it says none, from the first that makes a network."""
    if not asked.open:
        return asked.values
    for run in asked.values.runs(MOST_SKIPPED):
        if (place := asked.first(run, (), True)) is not None:
            return asked.values._replace(first=run[place])
    return None


def found(asked: Asked, values: Values) -> End:
    """The end of the run from the first value on, or from the last one down."""
    asked = asked._replace(values=values)
    run = asked.proof()
    if run is not None and (run.start - values.first) // values.step > MOST_BEFORE:
        run = None
    if run is None:
        return tried(asked, values)
    return proven_largest(asked, values, run) if asked.goal == "largest" else proven_smallest(asked, values, run)


def tried(asked: Asked, values: Values) -> End:
    """The same where nothing is proven."""
    if asked.goal == "largest":
        return by_trial(asked, values)
    if values.last is None:
        return End(None, None, "The range has no end, and formulas do not prove that all values from some on hold.")
    return by_trial(asked, values, down=True)


def by_trial(asked: Asked, values: Values, down: bool = False) -> End:
    """Value by value from the first on, or from the last one down: the one before the first that does not hold."""
    begin, end, missing = ("last", "down", "another beginning") if down else ("first", "up", "an end")
    last = None
    for run in values.runs(min(MOST_TRIED, asked.limits.max_candidates), down=down):
        deadline.check()
        held = asked.first(run, asked.within, False)
        if held is not None:
            known = run[held - 1] if held else last
            return End(known, run[held], f"The {begin} value does not hold." if known is None else "")
        last = run[-1]
    if last == (values.first if down else values.last):
        return End(last)
    return End(None, None, f"All values {end} to {last:,} hold; give the range {missing}, no further are tried.")


def proven_largest(asked: Asked, values: Values, run: Run) -> End:
    """The largest value by formulas that grow, the values before their first tried."""
    start = values.at(max(run.start, values.first), up=True)
    if values.last is not None and start > values.last:
        return by_trial(asked, values)
    if start > values.first:
        before = by_trial(asked, values._replace(last=start - values.step))
        if before.value is None or before.next is not None:
            return before
    if run.low is None or run.low > start or (run.high is not None and run.high < start):
        last = None if start == values.first else start - values.step
        return End(last, start, "" if last is not None else "The first value does not hold.", PROVEN)
    if run.high is None:
        why = "No end is found: what the budgets limit does not grow past them."
        return End(None, None, why, PROVEN) if values.last is None else End(values.last, None, "", PROVEN)
    high = values.at(run.high, up=False)
    if values.last is not None and high >= values.last:
        return End(values.last, None, "", PROVEN)
    return End(high, high + values.step, "", PROVEN)


def proven_smallest(asked: Asked, values: Values, run: Run) -> End:
    """The smallest value from which on all hold."""
    if run.high is not None and (values.last is None or values.last > run.high):
        if values.last is None:
            return End(None, None, f"No end is found: {run.high + 1:,} and all larger do not hold.", PROVEN)
        return End(None, values.last, "The last value does not hold.", PROVEN)
    if run.low is None or (values.last is not None and run.low > values.last):
        return End(
            None, values.last, "No value holds." if values.last is None else "The last value does not hold.", PROVEN
        )
    low = values.at(max(run.low, values.first), up=True)
    start = values.at(max(run.start, values.first), up=True)
    if values.last is not None and low > values.last:
        return End(None, values.last, "The last value does not hold.", PROVEN)
    if low > start:
        return End(low, low - values.step, "", PROVEN)
    if start == values.first:
        return End(start, None, "", PROVEN)
    below = by_trial(asked, values._replace(last=start - values.step), down=True)
    return below if below.value is not None or below.next is None else End(start, below.next, "", PROVEN)


def verdicts(judge: Judge, end: End) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The verdict of the value, and what stops the next: the first budget that it fails, or why it is no network."""
    verdict = stopped = None
    if end.value is not None:
        try:
            verdict = judge(end.value)
        except Refused:
            if end.proof != PROVEN:
                raise
    if end.next is not None:
        try:
            stopped = next((dict(one) for one in judge(end.next)["results"] if not one["passed"]), None)
        except Refused as error:
            fault = error.every[0]
            stopped = {key: fault[key] for key in ("pointer", "parameter", "line", "column", "detail") if key in fault}
    return verdict, stopped


def wrong(end: End, verdict: dict[str, Any] | None, stopped: dict[str, Any] | None) -> bool:
    """Whether an end that formulas gave is none: its value does not hold, or the next one does."""
    holds = end.value is None or (verdict is not None and verdict["passed"])
    return end.proof == PROVEN and not (holds and (end.next is None or stopped is not None))


def sentence(asked: Asked, end: End, stopped: dict[str, Any] | None) -> str:
    """The answer in words."""
    what = f"{asked.vary} {number_text(end.value)}" if end.value is not None else f"No {asked.vary}"
    if end.value is None:
        told = f"{what} is found. {end.why}"
    else:
        through = "up to it" if asked.goal == "largest" else "from it on"
        told = f"{what} is the {asked.goal} of which every value of the range {through} holds"
        told += "." if end.next is not None else ", which is all of the range."
    if stopped is not None and end.next is not None:
        told += f" At {number_text(end.next)}: {stopped['detail']}"
    return told
