"""Budgets as texts: what `max_params=5M` limits, and how."""

from collections.abc import Mapping
from typing import Any

from layercalc.amounts import integer
from layercalc.analysis.metrics import SHAPE
from layercalc.budgets.quantities import sizes

KINDS = ("max_increase", "min_delta", "max", "min", "equals")  # the longest names first


def split(name: str) -> tuple[str, str] | None:
    """`max_params` as what it limits how."""
    return next(((kind, name[len(kind) + 1 :]) for kind in KINDS if name.startswith(f"{kind}_")), None)


def limit(text: str) -> dict[str, Any] | None:
    """The budget of a text such as `max_flops=600M`, or `flops=600M` for the most, a shape for what it must be."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        return None
    metric = name.strip().replace("-", "_")
    return budget(*(split(metric) or ("equals" if metric == SHAPE else "max", metric)), value, {})


def budget(kind: str, metric: str, text: str, slack: Mapping[str, str]) -> dict[str, Any]:
    """The budget of a text such as `5M`, `conv*:5K` (of layers) or `mask:null,10` (of an output)."""
    where, colon, limit = text.rpartition(":")
    out: dict[str, Any] = {"metric": metric, kind: sizes(limit) if metric == SHAPE else integer(limit.strip())}
    if colon:
        out["output" if metric == SHAPE else "layer"] = where
    if kind == "max_increase" and metric in slack:
        out["min_delta"] = integer(slack[metric].strip())
    return out
