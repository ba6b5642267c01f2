"""What formulas prove of the values within budgets: that they are one run, and its ends."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from layercalc.analysis.metrics import MEMORY, REACH, SHAPE
from layercalc.budgets import Budget
from layercalc.formulas import Undecided, at, parsed
from layercalc.formulas.growth import first_where, grows_from

MOST_BEFORE = 1 << 16  # values that are tried before those of which formulas tell


class Run(NamedTuple):
    """From `start` on, the values that hold are those from `low` (None: none does) to `high` (None: without end)."""

    start: int
    low: int | None
    high: int | None


Told = tuple[Callable[[int], int], Mapping[str, Any]]  # a metric of each value, and the limits that it is held against


def proven(report: dict[str, Any], name: str, budgets: Sequence[Budget], first: int) -> Run | None:
    """What the formulas of a report with one size by name prove of the sizes within budgets; None where they do not."""
    start = first_told(report.get("conditions") or (), name, first)
    if start is None or set(report.get("dims") or ()) - {name}:
        return None
    told: list[Told] = []
    for budget in budgets:
        formula = formula_of(report, budget, name)
        if formula is None or not proven_to_grow(formula, name, start):
            return None
        told.append((lambda n, formula=formula: at(formula, {name: n}), budget.limits))  # type: ignore[misc]
    return run_of(start, told)


def run_of(start: int, told: Sequence[Told], refused: Callable[[int], bool] = lambda _: False) -> Run:
    """The run of values from `start` on by metrics that grow, each within its limits, none from one refused on."""
    low: int | None = start
    high: int | None = None
    for metric, limits in told:
        for kind, limit in limits.items():
            if kind in ("min", "equals") and low is not None:
                least = first_where(lambda n, found=metric, most=limit: found(n) >= most, start)  # type: ignore[misc]
                low = None if least is None else max(low, least)
            if kind in ("max", "equals"):
                over = first_where(lambda n, found=metric, most=limit: found(n) > most, start)  # type: ignore[misc]
                high = high if over is None else over - 1 if high is None else min(high, over - 1)
    if high is None or (high >= start and refused(high)):
        last = first_where(refused, start)
        high = high if last is None else last - 1
    if low is not None and high is not None and high < low:
        low = None
    return Run(start, low, high)


def first_told(conditions: Sequence[str], name: str, first: int) -> int | None:
    """The first size for which conditions hold that are least sizes of the name; None for any other condition."""
    first = max(first, 1)  # as formulas take names to be
    for one in conditions:
        left, sign, right = one.partition(" >= ")
        if left != name or not sign or not right.isdecimal():
            return None
        first = max(first, int(right))
    return first


def formula_of(report: dict[str, Any], budget: Budget, name: str) -> Any:
    """A metric of the whole as a formula or number; None where it is neither."""
    if budget.layer is not None or budget.output is not None or budget.metric in (SHAPE, REACH):
        return None
    of_memory = budget.metric in MEMORY
    part = report["memory"] if of_memory else report["totals"]
    text = (part.get("formulas") or {}).get(budget.metric)
    if text is not None:
        try:
            return parsed(text, {name: (1, None)})
        except (Undecided, ValueError):
            return None
    found: Any = part
    for key in budget.metric.split(".") if of_memory else (budget.metric,):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def proven_to_grow(formula: Any, name: str, start: int) -> bool:
    try:
        return grows_from(formula, name, start)
    except Undecided:
        return False
