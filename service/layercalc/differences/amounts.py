"""Counts of two models: numbers, formulas of sizes by name, and how they differ."""

from collections.abc import Iterable, Mapping
from typing import Any

from layercalc.formulas import Undecided, code, parsed

Counts = Mapping[str, Any]


def amount(of: Counts | None, metric: str) -> int | str | None:
    """A count of a row or of totals: a number, or its expression; 0 where there is no row, None where it is unknown."""
    if of is None:
        return 0
    n = of.get(metric)
    return of.get("formulas", {}).get(metric) if n is None else n


def apart(was: Any, now: Any) -> int | str | None:
    """How two amounts differ: a number, an expression, or None where one of them is unknown."""
    if was is None or now is None:
        return None
    try:
        difference = formula(now) - formula(was)
    except (ValueError, Undecided):
        return None
    return code(difference) if hasattr(difference, "terms") else int(difference)


def formula(n: int | str) -> Any:
    return parsed(n) if isinstance(n, str) else n


def deltas(was: Counts | None, now: Counts | None, metrics: Iterable[str]) -> dict[str, Any]:
    """The `deltas` of these metrics, and in `formulas` those that depend on sizes by name."""
    found = {metric: apart(amount(was, metric), amount(now, metric)) for metric in metrics}
    by_name = {metric: one for metric, one in found.items() if isinstance(one, str)}
    out: dict[str, Any] = {"deltas": {metric: None if metric in by_name else one for metric, one in found.items()}}
    return out | ({"formulas": by_name} if by_name else {})


def totals(was: Counts, now: Counts, metric: str) -> dict[str, Any]:
    """A total before and after, and the difference; in `formulas` what depends on sizes by name."""
    pair = amount(was, metric), amount(now, metric)
    found = dict(zip(("before", "after", "delta"), (*pair, apart(*pair)), strict=True))
    by_name = {key: one for key, one in found.items() if isinstance(one, str)}
    out: dict[str, Any] = {key: None if key in by_name else one for key, one in found.items()}
    return out | ({"formulas": by_name} if by_name else {})
