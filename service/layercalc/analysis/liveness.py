"""Which activations are live while a network runs: their bytes at each row, and the most of them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from layercalc import deadline
from layercalc.analysis.in_place import overwritable, same
from layercalc.analysis.readings import Value
from layercalc.analysis.walk import Analysis, Row
from layercalc.columns import Column
from layercalc.dims import NUMBERS, Dim, Unknown, largest, several
from layercalc.formulas import Formula, Substitution, Undecided

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

    def __init__(self, analysis: Analysis):
        inputs = analysis.inputs
        self.last = last = {value.source: -1 for value in inputs}
        self.bytes: dict[str, Dim] = {value.source: value.spec.bytes for value in inputs}
        self.root: dict[str, str] = {}  # of views alone
        views = []
        for step, row in enumerate(analysis.executed):
            name, traced = row.name, row.traced
            for _, _, source in row.inputs:
                last[source] = step
            last[name], self.bytes[name] = step, traced.counts["activation_bytes"]
            if traced.view and row.inputs:  # it has no bytes of its own, and holds those that it looks at
                source = row.inputs[0][2]
                self.root[name], self.bytes[name] = self.root.get(source, source), 0
                views.append((name, source))
        for value in analysis.outputs:
            last[value.source] = len(analysis.executed)
        for name, source in reversed(views):
            last[source] = max(last[source], last[name])

    def whole(self, value: Value) -> str:
        """The tensor that has the bytes of a value."""
        return self.root.get(value[2], value[2])

    def overwritten(self, step: int, row: Row, may: dict[int, bool | None]) -> Dim:
        """The bytes of a row's output if it is written over an input that is read for the last time, else 0.

        `may` are the inputs that its ops could write over.
        """
        inputs = row.inputs
        made, unsure = self.bytes[row.name], False
        for index, sure in may.items():
            whole = self.whole(inputs[index])
            if self.last[whole] != step or (fits := same(self.bytes[whole], made)) is False:
                continue
            if len(inputs) > 1:
                reads = [place for place, one in enumerate(inputs) if self.whole(one) == whole]
                if not all(place in may and inputs[place].source == inputs[index].source for place in reads):
                    continue
                sure = all(may[place] for place in reads)
            if sure and fits:
                return made
            unsure = True
        return Unknown("which layer may overwrite its input at which sizes") if unsure else 0


def live(analysis: Analysis) -> Live:
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
        may = row.traced.notes.get("overwritable")
        if may is None:
            may = row.traced.fact(overwritable)
        in_place.append(now - lives.overwritten(step, row, may) if may else now)
        now = now - gone
    return Live(inputs, rows, in_place)


def peak(analysis: Analysis, found: Live, rows: Iterable[Dim]) -> tuple[Dim, str | None]:
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
