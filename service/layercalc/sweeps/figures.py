"""What a sweep says of a network: the metrics of budgets, of many candidates at once."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from layercalc import lazy_numpy as np
from layercalc.analysis.liveness import PEAKS, live, peak
from layercalc.analysis.memory import memory
from layercalc.analysis.metrics import MEMORY, REACH, SHAPE
from layercalc.analysis.receptive_field import fields
from layercalc.analysis.roofline import Device, computed_in, seconds
from layercalc.analysis.storage import Storage, stored_in
from layercalc.analysis.walk import Analysis
from layercalc.budgets import Budget
from layercalc.budgets.judging import held, places
from layercalc.budgets.ranges import Unjudged
from layercalc.budgets.reading import located
from layercalc.budgets.subject import WHOLE, Subject
from layercalc.columns import Column
from layercalc.dims import Unknown, shown
from layercalc.errors import InvalidBudgets
from layercalc.formulas import Formula
from layercalc.report import output_names
from layercalc.sweeps.metrics import SECONDS


class Wanted(NamedTuple):
    """What is to be said of each candidate: metrics, whether it holds the budgets of `where`, seconds on a device."""

    metrics: Sequence[str]
    where: Sequence[Budget] = ()
    device: Device | None = None
    storage: Storage | None = None

    @property
    def asked(self) -> set[str]:
        return {*self.metrics, *(budget.metric for budget in self.where)}

    @property
    def rows(self) -> bool:
        """Whether single layers are asked about."""
        return REACH in self.asked or any(
            budget.layer is not None or budget.output is not None for budget in self.where
        )


def figures(analysis: Analysis, wanted: Wanted) -> dict[str, Any]:
    """Each metric as a number, column, array or shape, None for what is unknown; `matching`: whether `where` holds."""
    if wanted.storage:
        analysis = stored_in(analysis, wanted.storage)
    subject = Subject(summary(analysis, wanted))
    out = {metric: subject.value(metric, WHOLE) for metric in wanted.metrics if metric != SECONDS}
    if SECONDS in wanted.metrics and wanted.device is not None:
        pairs = zip(analysis.rows, analysis.as_read.rows, strict=True)
        dtypes = [computed_in([one.traced.outputs[0][0].dtype for one in pair], wanted.device) for pair in pairs]
        parts = [(row.counts["flops"], row.traced.traffic) for row in analysis.rows]
        moved = [(known(flops), known(n), dtype) for (flops, n), dtype in zip(parts, dtypes, strict=True)]
        out[SECONDS] = seconds(moved, wanted.device)
    out[MATCHING] = matching(subject, wanted.where)
    return out


MATCHING = "matching"


def summary(analysis: Analysis, wanted: Wanted) -> dict[str, Any]:
    """As much of a report as budgets look at, with columns where it has numbers."""
    asked = wanted.asked
    sums = analysis.totals()
    if asked & {*PEAKS, *MEMORY}:
        lives = live(analysis)
        sums |= {name: peak(analysis, lives, along)[0] for name, along in zip(PEAKS, lives[1:], strict=True)}
    out: dict[str, Any] = {
        "totals": {metric: known(n) for metric, n in sums.items()},
        "memory": known(memory(analysis, sums, None, None)) if asked & set(MEMORY) else {},
        "outputs": [
            {"name": name, "shape": shown(value.spec.shape)}
            for value, name in zip(analysis.outputs, output_names(analysis), strict=True)
        ],
        "layers": [],
        "warnings": [],
    }
    if wanted.rows:
        seen = fields(analysis) if REACH in asked else [None] * len(analysis.rows)
        out["layers"] = [
            {
                "name": row.name,
                **({"module": row.call.module} if row.call.module else {}),
                **{metric: known(n) for metric, n in row.counts.items()},
                SHAPE: shown(row.traced.outputs[0][0].shape) if row.traced.outputs else [],
                REACH: field,
            }
            for row, field in zip(analysis.rows, seen, strict=True)
        ]
    return out


def known(n: Any) -> Any:
    """Counts at any depth, None for what is unknown; a column stays one."""
    if isinstance(n, dict):
        return {key: known(value) for key, value in n.items()}
    if isinstance(n, Unknown | Formula):
        return None
    return +n if isinstance(n, int) else n


def matching(subject: Subject, budgets: Sequence[Budget]) -> Any:
    """Whether all budgets hold: a truth, or an array of them. InvalidBudgets for one that cannot be judged."""
    found: Any = True
    for budget in budgets:
        try:
            for place in places(subject, budget):
                for kind in budget.limits:
                    actual, limit, excess = held(subject, budget, kind, place)
                    found = found & (actual == limit if excess is None else within(excess))
        except Unjudged as error:
            raise InvalidBudgets([{**located(budget, *error.key), "detail": str(error)}]) from None
    return found


def within(excess: Any) -> Any:
    return np.asarray(excess.array <= 0, bool) if type(excess) is Column else excess <= 0
