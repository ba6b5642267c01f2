"""Which activations are live while a network runs: their bytes at each row, and the most of them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from layercalc import deadline
from layercalc.analysis.in_place import overwritable, same
from layercalc.columns import Column
from layercalc.dims import NUMBERS, Dim, Unknown, largest, several
from layercalc.formulas import Formula, Substitution, Undecided

if TYPE_CHECKING:
    from layercalc.analysis.walk import Analysis, Row


PEAKS = ("peak_activation_bytes", "peak_in_place_bytes")  # in `totals`, of a run as it is and in place


class Live(NamedTuple):
    """The activation bytes that are live while each row runs, in the order of the run, and the model's inputs alone.

    `in_place` is the same where rows overwrite what they may.
    """

    inputs: Dim
    rows: Sequence[Dim]
    in_place: Sequence[Dim]


class Lives:
    """Of every tensor of a run: its bytes, what it is a view of, and the step at which it is read for the last time."""

    def __init__(self, analysis: "Analysis"):
        rows, inputs = analysis.executed, analysis.inputs
        self.last = last = {value.source: -1 for value in inputs}
        for step, row in enumerate(rows):
            for value in row.inputs:
                last[value[2]] = step
            last[row.name] = step
        for value in analysis.outputs:
            last[value.source] = len(rows)
        self.bytes: dict[str, Dim] = {value.source: value.spec.bytes for value in inputs}
        self.bytes |= {row.name: row.traced.counts["activation_bytes"] for row in rows}
        self.root: dict[str, str] = {}  # of views alone
        views = [row for row in rows if row.traced.view and row.inputs]
        for row in views:  # one has no bytes of its own, and holds those that it looks at
            source = row.inputs[0].source
            self.root[row.name], self.bytes[row.name] = self.root.get(source, source), 0
        for row in reversed(views):
            source = row.inputs[0].source
            last[source] = max(last[source], last[row.name])

    def overwritten(self, step: int, row: "Row") -> Dim:
        """The bytes of a row's output if it is written over an input that is read for the last time, else 0."""
        traced = row.traced
        may = traced.notes.get("overwritable")
        if may is None:
            may = traced.fact(overwritable)
        if not may:
            return 0
        sources = [source for _, _, source in row.inputs]
        wholes = [self.root.get(source, source) for source in sources]
        made, unsure = self.bytes[row.name], False
        for index, sure in may.items():
            whole = wholes[index]
            if self.last[whole] != step or (fits := same(self.bytes[whole], made)) is False:
                continue
            if wholes.count(whole) > 1:
                reads = [place for place, one in enumerate(wholes) if one == whole]
                if not all(place in may and sources[place] == sources[index] for place in reads):
                    continue
                sure = all(may[place] for place in reads)
            if sure and fits:
                return made
            unsure = True
        return Unknown("which layer may overwrite its input at which sizes") if unsure else 0


def live(analysis: "Analysis") -> Live:
    """The bytes at layer boundaries: inputs included, views free, outputs kept.

    While a layer runs, its inputs and its outputs are live; a tensor dies after the last layer that reads it. In place,
    a layer that is elementwise in one of its inputs (`in_place.overwritable`) writes its output over it: if nobody
    reads that tensor later, as it is or as a view, it is no output of the model, and it takes as many bytes as the
    output. The model's own inputs may be overwritten as any other tensor.
    """
    lives = Lives(analysis)
    freed: list[Dim] = [0] * (len(analysis.executed) + 2)  # after each step; the last is before the first
    for source, step in lives.last.items():
        freed[step] = freed[step] + lives.bytes[source]
    now = inputs = sum((value.spec.bytes for value in analysis.inputs), 0)
    rows: list[Dim] = []
    in_place: list[Dim] = []
    for step, (row, gone) in enumerate(zip(analysis.executed, freed, strict=False)):
        now = now + lives.bytes[row.name]
        rows.append(now)
        in_place.append(now - lives.overwritten(step, row))
        now = now - gone
    return Live(inputs, rows, in_place)


def peak(analysis: "Analysis", found: Live, rows: Iterable[Dim]) -> tuple[Dim, str | None]:
    """The most bytes that are live at once, and the row that runs then: None if it is none yet, or none at all sizes.

    `rows` are the bytes at each row, those of `found` as they are or in place.
    """
    most: Dim = found.inputs
    where: str | None = None
    lives = [*rows]
    if NUMBERS.issuperset(map(type, (most, *lives))):
        top = max(lives, default=0)
        return (top, analysis.executed[lives.index(top)].name) if top > most else (most, None)
    for row, now in zip(analysis.executed, lives, strict=True):
        if now.__class__ is Unknown:
            return now, row.name
        if several(now) or several(most):
            return highest([most, *lives], analysis.larger), None
        if now > most:
            most, where = now, row.name
    return most, where


def highest(lives: list[Dim], larger: Substitution) -> Dim:
    """The largest of several, some of which depend on sizes by name, which are known to be as large as `larger` has."""
    unknown = [one for one in lives if isinstance(one, Unknown)]
    if unknown:
        return unknown[0]
    try:
        if Column in map(type, lives):
            return largest(deadline.each(lives))
        apart = {one.key if isinstance(one, Formula) else one: one for one in lives}
        return largest(map(larger.of, deadline.each([*apart.values()])))
    except Undecided:
        return Unknown("which layer has the peak at which sizes")
