"""Which candidates are answered, and in which order: the first, the best by one objective, or a Pareto front of two."""

from __future__ import annotations

from collections.abc import Sequence
from sys import getsizeof
from typing import Any, NamedTuple

from layercalc import lazy_numpy as np
from layercalc.analysis.metrics import SHAPE
from layercalc.errors import InvalidModel, Tokens, pointer
from layercalc.sweeps.metrics import METRICS
from layercalc.wording import nearest, received

EXAMPLE = '{"max": "params"}, or a list of two such for the Pareto front'
MOST_FRONT = 100_000  # candidates on a front


class Objective(NamedTuple):
    """What is to be as large (max) or as small (min) as can be."""

    word: str
    metric: str

    def losses(self, values: np.ndarray) -> np.ndarray:
        """The same as numbers of which the least are best; what is unknown is None."""
        if self.word == "min":
            return values
        return -values if values.dtype != object else np.array([None if n is None else -n for n in values], object)


class Found(NamedTuple):
    """Candidates by their numbers, with the value of each metric."""

    numbers: np.ndarray
    metrics: dict[str, np.ndarray]

    def taken(self, where: np.ndarray) -> Found:
        return Found(self.numbers[where], {name: values[where] for name, values in self.metrics.items()})

    @property
    def bytes(self) -> int:
        """What the values take in memory, or somewhat more: of Python's objects as many as the largest for each."""
        values = self.metrics.values()
        objects = sum(max(map(getsizeof, one), default=0) * len(one) for one in values if one.dtype == object)
        return self.numbers.nbytes + sum(one.nbytes for one in values) + objects

    def joined(self, other: Found) -> Found:
        """Those of both."""
        metrics = {name: together(values, other.metrics[name]) for name, values in self.metrics.items()}
        return Found(np.concatenate([self.numbers, other.numbers]), metrics)


def together(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    if one.dtype != two.dtype:
        one, two = one.astype(object), two.astype(object)
    return np.concatenate([one, two])


class Selection(NamedTuple):
    """How many candidates are answered at most, and by which objectives; with no limit all that match."""

    objectives: tuple[Objective, ...] = ()
    limit: int | None = None

    def of(self, found: Found) -> Found:
        """Those that are answered, in their order, among some."""
        if not self.objectives:
            return found if self.limit is None else found.taken(np.arange(min(self.limit, len(found.numbers))))
        losses = [one.losses(found.metrics[one.metric]) for one in self.objectives]
        known = np.ones(len(found.numbers), bool)
        for one in losses:
            if one.dtype == object:
                known &= np.array([n is not None for n in one], bool)
        if len(losses) == 1 and self.limit is not None and losses[0].dtype != object and len(known) > 4 * self.limit:
            known &= losses[0] <= np.partition(losses[0], self.limit)[self.limit]
        where = np.flatnonzero(known)
        losses = [one[where] for one in losses]
        order = np.lexsort((found.numbers[where], *reversed([ranked(one) for one in losses])))
        if len(losses) > 1:
            order = order[front(*[one[order] for one in losses])]
            if len(order) > MOST_FRONT:
                detail = (
                    f"More than {MOST_FRONT:,} candidates are on the front; say one objective, or limits in `where`."
                )
                raise InvalidModel([{"pointer": "/best", "detail": detail}])
        elif self.limit is not None:
            order = order[: self.limit]
        return found.taken(where[order])

    def cut(self, found: Found) -> Found:
        """At most as many as are answered of those in their order."""
        return found if self.limit is None else found.taken(np.arange(min(self.limit, len(found.numbers))))


def ranked(values: np.ndarray) -> np.ndarray:
    """Numbers that are ordered as these, for a sort of arrays."""
    return np.unique(values, return_inverse=True)[1] if values.dtype == object else values


def front(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Which of pairs in ascending order have no other that is as small in both and smaller in one."""
    if not len(one):
        return np.zeros(0, bool)
    begins = np.concatenate([[True], one[1:] != one[:-1]]).astype(bool)
    group = np.cumsum(begins) - 1
    least = two[begins]  # of each group, since its pairs are in order
    better = np.ones(len(least), bool)
    better[1:] = least[1:] < np.minimum.accumulate(least)[:-1]
    return np.asarray(better[group] & (two == least[group]), bool)


def read_best(given: Any, path: Tokens = ("best",)) -> tuple[Objective, ...]:
    """The objectives that a request says; InvalidModel says what is wrong."""
    if given is None:
        return ()
    several = given if isinstance(given, list | tuple) else [given]
    if not 1 <= len(several) <= 2:
        raise InvalidModel([{"pointer": pointer(*path), "detail": f"Expected {EXAMPLE}; received {received(given)}."}])
    found, faults = [], []
    for place, one in enumerate(several):
        at = (*path, place) if isinstance(given, list | tuple) else path
        words = list(one) if isinstance(one, dict) else []
        if len(words) != 1 or words[0] not in ("max", "min"):
            faults.append({"pointer": pointer(*at), "detail": f"Expected {EXAMPLE}; received {received(one)}."})
        elif (detail := unknown(one[words[0]], (SHAPE,))) is not None:
            faults.append({"pointer": pointer(*at, words[0]), "detail": detail})
        else:
            found.append(Objective(words[0], one[words[0]]))
    if faults:
        raise InvalidModel(faults)
    return tuple(found)


def read_columns(given: Sequence[str], path: Tokens = ("columns",)) -> tuple[str, ...]:
    """The metrics that a request asks for; InvalidModel names one that there is not."""
    faults = []
    for place, one in enumerate(given):
        if (detail := unknown(one)) is not None:
            faults.append({"pointer": pointer(*path, place), "detail": detail})
    if faults:
        raise InvalidModel(faults)
    return tuple(dict.fromkeys(given))


def unknown(metric: Any, beside: Sequence[str] = ()) -> str | None:
    """What to say of a metric that there is not."""
    known = [one for one in METRICS if one not in beside]
    if metric in known:
        return None
    near = nearest(metric, known) if isinstance(metric, str) else ""
    return f"There is no metric {received(metric)} here.{near} There are {', '.join(known)}."
