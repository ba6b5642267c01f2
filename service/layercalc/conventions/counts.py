"""What conventions count for an analysis, and why two of them differ."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from layercalc import deadline
from layercalc.analysis.observing import Seen, observed
from layercalc.analysis.tracing import by_name
from layercalc.analysis.walk import Analysis, Row
from layercalc.conventions.base import Convention, Rule
from layercalc.conventions.programs.seen import unified, why
from layercalc.dims import Dim, Unknown
from layercalc.formulas import Formula, Undecided, code

Terms = dict[str, Dim | None]  # by op, or by module; None is a number that nobody can say


class Counts:
    """What the conventions count for an analysis: by row, in total, and by op where two are held against each other."""

    def __init__(self, analysis: Analysis, conventions: Iterable[Convention]):
        shapes = [value.spec.shape for value in analysis.inputs if value.spec.shape]
        named = any(Formula in map(type, shape) for shape in shapes)  # then a size is one that is not told yet
        self.conventions = [replace(one, drops_unknown=False) if named else one for one in conventions]
        self.told = analysis.model.of_vocabulary.conventions
        batch = shapes[0][0] if shapes else 1
        self.rows: list[dict[str, Dim | None]] = []
        self.blind: dict[str, Row] = {}  # by convention the first row of which nobody knows what the tool counts
        self.terms: dict[str, Terms] = {one.name: {} for one in self.conventions}
        self.assumed: dict[str, Row] = {}  # by convention the first row of which something is taken for granted
        read = rows_read(analysis)
        for row in deadline.each(analysis.rows):
            counted: dict[str, Dim | None] = {}
            for one in self.conventions:
                unseen = one.skips_unread and row.name not in read and hasattr(row.call.layer, "place")
                terms: Terms = {} if unseen else row.traced.note((one.name, batch), terms_of, row, one, batch)
                counted[one.name] = total(terms)
                if counted[one.name] is None:
                    self.blind.setdefault(one.name, row)
                elif one.assumes is not None and one.name not in self.assumed and assumes(one, row):
                    self.assumed[one.name] = row
                merge(self.terms[one.name], terms)
            self.rows.append(counted)

    def totals(self) -> dict[str, Dim | None]:
        return {one.name: total(self.terms[one.name]) for one in self.conventions}

    def warnings(self) -> list[dict[str, Any]]:
        """Why a count is null where no dimension is unknown, and what one takes for granted."""
        told = [{"pointer": "", "detail": self.told}] if self.told else []
        for name, row in self.blind.items():
            seen = seen_of(row)
            reason = f"; {why(seen)}" if seen is not None else ""
            detail = (
                f"What {name} reports for {row.name!r} is not known: its count of it and its total are null{reason}"
            )
            told.append({**row.call.location.at(), "detail": detail})
        for name, row in self.assumed.items():
            if name not in self.blind:
                told.append({**row.call.location.at(), "detail": GRANTED.format(name=name, row=row.name)})
        return told

    def reconciliation(self) -> list[dict[str, Any]]:
        """For each pair of conventions the terms whose sum is their difference, the largest first."""
        pairs = [(a, b) for place, a in enumerate(self.conventions) for b in self.conventions[place + 1 :]]
        return [self.between(a, b) for a, b in pairs]

    def between(self, a: Convention, b: Convention) -> dict[str, Any]:
        first, second = self.terms[a.name], self.terms[b.name]
        terms: list[dict[str, Any]] = []
        for op in dict.fromkeys((*first, *second)):
            one, other = first.get(op, 0), second.get(op, 0)
            if not same(one, other):
                counts = {a.name: one, b.name: other, "difference": less(other, one)}
                detail = f"{op}: {a.name} counts {says(a, op, one)}; {b.name} counts {says(b, op, other)}."
                terms.append({"op": op, **written(counts), "detail": detail})
        terms.sort(key=lambda term: -abs(term["difference"] or 0))
        totals = self.totals()
        difference = less(totals[b.name], totals[a.name])
        return {"between": [a.name, b.name], **written({"difference": difference}), "terms": terms}


GRANTED = (
    "No line of code in the file tells how functions are called: {name}'s count takes for granted, from {row!r} on, "
    "that x + y and x * y are operators, and that functions of torch.nn.functional are called by its name"
)


def rows_read(analysis: Analysis) -> set[str]:
    """The rows that an output depends on."""
    found = {value.source for value in analysis.outputs}
    for row in reversed(analysis.executed):
        if row.name in found:
            found.update(value.source for value in row.inputs)
    return found


def terms_of(row: Row, convention: Convention, batch: Dim) -> Terms:
    """What a convention counts for a row, by op."""
    if convention.ignored and masked(row):
        return {"mask": None}
    try:
        if convention.program is not None and (seen := seen_of(row)):
            return unified(convention.program(seen, batch))
        return convention.terms(row.call.layer, row.traced.entries, batch)
    except TypeError as error:  # Undecided is one
        if not by_name(*row.traced.asked):
            raise
        return {row.call.layer.type: Unknown(str(error))}  # type: ignore[union-attr]


def seen_of(row: Row) -> Seen | None:
    """A row of an exported program as tools see it; None of another."""
    found: Seen | None = row.traced.note("seen", observed, row.call.layer, row.traced)
    return found


def assumes(convention: Convention, row: Row) -> bool:
    """Whether a convention takes something for granted of a row."""
    seen = seen_of(row)
    return seen is not None and convention.assumes is not None and convention.assumes(seen)


def total(terms: Terms) -> Dim | None:
    """The sum, or None where one of the numbers is not to be had."""
    return None if None in terms.values() else sum(terms.values(), 0)  # type: ignore[arg-type]


def masked(row: Row) -> bool:
    """Whether the layer makes a mask, or uses one in another way than a loop does."""
    given = any(value.mask is not None for value in row.inputs)
    made = any(mask is not None for _, mask in row.traced.outputs)
    layer = row.call.layer
    assert layer is not None
    return (made and not given) or (given and "mask" in layer.accepts and layer.recurrence is None)


def merge(into: Terms, terms: Terms) -> None:
    for op, number in terms.items():
        before = into.get(op, 0)
        into[op] = None if number is None or before is None else before + number


def plain(n: Dim | None) -> int | None:
    return None if n is None or isinstance(n, Unknown | Formula) else int(n)


def written(counts: Terms) -> dict[str, Any]:
    """Counts as a report has them, with the expressions of those that depend on sizes by name."""
    formulas = {name: code(n) for name, n in counts.items() if isinstance(n, Formula)}
    return {**{name: plain(n) for name, n in counts.items()}, **({"formulas": formulas} if formulas else {})}


def less(one: Dim | None, other: Dim | None) -> Dim | None:
    return None if one is None or other is None else one - other


def same(one: Dim | None, other: Dim | None) -> bool:
    """Whether two counts are one at all sizes."""
    try:
        return bool(one == other)
    except Undecided:
        return False


def says(convention: Convention, op: str, number: Dim | None) -> str:
    rule: Rule | None = convention.rules.get(op) or convention.loops.get(op)
    if rule is None and number is not None and (isinstance(number, Unknown | Formula) or number):
        return "it as a module or function of its own"
    return rule.says if rule else "nothing, since it does not see it"
