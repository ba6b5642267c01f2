"""Counts that depend on sizes by name, held against limits at every size of their ranges."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import product
from math import prod
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc.formulas import LEAST, RELATIONS, Formula, Guard, Undecided, at, certain, grows, parsed, proven

Sizes = Mapping[str, int] | None  # by name

MOST_SIZES = 20_000  # that are tried one by one
FARTHEST = 1 << 40  # how far sizes without an end are tried


class Unjudged(ValueError):  # noqa: N818
    """A budget that nothing can be said of."""

    def __init__(self, message: str, *key: str):
        super().__init__(message)
        self.key = key


class Outcome(NamedTuple):
    """Whether something holds at every size, and at which it is worst; `why` is why nothing can be said."""

    passed: bool
    sizes: dict[str, int] | None = None
    why: str = ""


class Ranges:
    """The names of a report's sizes with the ranges that they lie in, and what its formulas take for granted."""

    def __init__(self, report: Mapping[str, Any]):
        self.report = report
        self.ends = {name: (one["min"], one["max"]) for name, one in report.get("dims", {}).items()}

    def formula(self, text: str) -> Any:
        """The number or formula that an expression of the report, or of the baseline, is in these ranges."""
        try:
            found = parsed(text, self.ends)
        except (ValueError, Undecided) as error:
            raise Unjudged(f"The formula {text[:100]} is none that a limit can be held against: {error}.") from None
        other = sorted({name.text for name in found.names()} - self.ends.keys()) if isinstance(found, Formula) else ()
        if other:
            named = f"which the model does not name: it names {', '.join(self.ends) or 'none'}"
            raise Unjudged(f"The baseline depends on the size {other[0]!r}, {named}.", "metric")
        return found

    @cached_property
    def conditions(self) -> list[Guard]:
        """Those that some sizes of the ranges do not meet."""
        found = []
        for text in self.report.get("conditions", ()):
            relation = next(one for one in RELATIONS if one in text)
            left, _, right = text.partition(relation)
            apart = self.formula(left) - self.formula(right)
            if not certain(apart, relation) and (relation != LEAST or not proven(apart)):
                found.append(Guard(apart, relation))
        return found

    def count(self, row: Mapping[str, Any], metric: str, sizes: Sizes) -> Any:
        """A count of a row; of one that depends on sizes by name, what it is at these."""
        now, formula = row.get(metric), row.get("formulas", {}).get(metric)
        if now is not None or formula is None or sizes is None:
            return now
        try:
            return number(self.formula(formula), sizes)
        except Unjudged:
            return None

    def met(self, sizes: dict[str, int]) -> bool:
        """Whether the formulas hold at these sizes."""
        return all(one.holds(sizes) for one in self.conditions)

    def never_above(self, apart: Any) -> Outcome:
        """Whether a formula is at most 0 at every size of the ranges, and where it is largest.

        A size that breaks it is one at which the formulas hold; where they do not at some, nothing is proven.
        """
        if grows(apart):
            found = self.along(apart, up=True)
        elif grows(-apart):
            found = self.along(apart, up=False)
        elif self.few:
            found = self.each(apart)
        else:
            broken = next((one for one in self.samples() if self.met(one) and at(apart, one) > 0), None)
            unknown = "neither a proof nor a size that breaks it was found"
            found = Outcome(True) if broken is None and proven(-apart) else Outcome(False, broken, unknown)
        if found.passed and self.conditions:
            return Outcome(False, None, f"the counts are known where {', '.join(map(str, self.conditions))} alone")
        return found

    def along(self, apart: Any, up: bool) -> Outcome:
        """The same of a formula that is largest where all sizes are largest, or smallest."""
        if not up or all(high is not None for _, high in self.ends.values()):
            sizes = {name: high if up else low for name, (low, high) in self.ends.items()}
            if at(apart, sizes) <= 0:
                return Outcome(True, sizes)
            if self.met(sizes):
                return Outcome(False, sizes)
        broken = next((one for one in self.samples() if self.met(one) and at(apart, one) > 0), None)
        if broken is None:
            return Outcome(True) if proven(-apart) else Outcome(False, None, "no size that breaks it was found")
        return Outcome(False, broken)

    @property
    def few(self) -> bool:
        """Whether the sizes are so few that each can be tried."""
        ends = self.ends.values()
        return all(high is not None for _, high in ends) and prod(high - low + 1 for low, high in ends) <= MOST_SIZES

    def each(self, apart: Any) -> Outcome:
        """The same of every size, one by one."""
        worst: tuple[int, dict[str, int]] | None = None
        for numbers in deadline.each(product(*(range(low, high + 1) for low, high in self.ends.values()))):
            sizes = dict(zip(self.ends, numbers, strict=True))
            if self.met(sizes) and (worst is None or at(apart, sizes) > worst[0]):
                worst = at(apart, sizes), sizes
        if worst is None:
            return Outcome(False, None, "the network exists at none of the sizes")
        return Outcome(worst[0] <= 0, worst[1])

    def samples(self) -> Iterator[dict[str, int]]:
        """Sizes from small to large, all of them as far beyond their least, and one of them beyond the others."""
        step = 1
        while step <= FARTHEST:
            near = {name: self.within(name, step - 1) for name in self.ends}
            yield near
            for name in self.ends:
                yield {**near, name: self.within(name, step * step)}
            step = step * 3 // 2 + 1

    def within(self, name: str, more: int) -> int:
        low, high = self.ends[name]
        return int(low + more if high is None else min(low + more, high))


def shown_sizes(sizes: Mapping[str, int]) -> str:
    """Sizes in a sentence: H = 512, W = 512."""
    return ", ".join(f"{name} = {n:,}" for name, n in sizes.items())


def number(n: Any, sizes: Sizes) -> int | None:
    """A number, or a formula at these sizes."""
    return int(n) if not isinstance(n, Formula) else None if sizes is None else n.at(sizes)
