"""The modules that rows stand in, as a tree with sums: what torchinfo shows, from what each call stands in."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from layercalc import deadline
from layercalc.analysis.walk import Analysis
from layercalc.dims import Dim, Shape
from layercalc.model import INPUTS, Container, Ref


@dataclass(eq=False)
class Level:
    """One call of a module that has rows inside: a run of them, with the sums of their counts."""

    name: str  # its path, with `@2` behind it the second time
    type: str | None
    depth: int  # 1 in the model itself
    first: int  # the place of its first row, and of its last
    last: int
    parent: "Level | None"
    counts: dict[str, Dim] = field(default_factory=dict)
    shape: Shape = ()  # of the last tensor made inside that is read outside


def levels(analysis: Analysis) -> list[Level]:
    """Every level before those inside it; none where the document says nothing of modules."""
    if not [row for row in analysis.rows if row.call.around]:
        return []
    found: list[Level] = []
    opened: list[tuple[Container, Level]] = []
    uses: dict[str, int] = {}
    for index, row in enumerate(deadline.each(analysis.rows)):
        around, common = row.call.around, 0
        while common < min(len(around), len(opened)) and opened[common][0] is around[common]:
            common += 1
        del opened[common:]
        for container in around[common:]:
            use = uses[container.path] = uses.get(container.path, 0) + 1
            name = f"{container.path}@{use}" if use > 1 else container.path
            parent = opened[-1][1] if opened else None
            found.append(Level(name, container.type, len(opened) + 1, index, index, parent))
            opened.append((container, found[-1]))
        for _, level in opened:
            level.last = index
        if opened:
            add(opened[-1][1], row.counts)
    for level in reversed(found):
        if level.parent is not None:
            add(level.parent, level.counts)
    shaped(found, analysis)
    return found


def add(level: Level, counts: dict[str, Dim]) -> None:
    level.counts = {metric: level.counts.get(metric, 0) + n for metric, n in counts.items()}


def shaped(found: Iterable[Level], analysis: Analysis) -> None:
    """Say of every level which shape it gives."""
    rows = analysis.rows
    until = last_reads(analysis)
    for level in found:
        gives = next((one for one in range(level.last, level.first - 1, -1) if until[one][1] > level.last), level.last)
        level.shape = rows[gives].traced.outputs[until[gives][0]][0].shape


def last_reads(analysis: Analysis) -> list[tuple[int, int]]:
    """Of every row which of its outputs is read last, and by which row; one past the last is the model's own output."""
    model, rows = analysis.model, analysis.rows
    places = {id(row.call): place for place, row in enumerate(rows)}
    place_of = [places.get(id(call), -1) for call in model.calls]
    found = [(0, -1)] * len(rows)

    def note(ref: Ref, reader: int) -> None:
        if ref.source != INPUTS and (made := place_of[ref.source]) >= 0 and reader > found[made][1]:
            found[made] = max(ref.output, 0), reader

    for reader, row in enumerate(rows):
        for ref in row.call.reads():
            note(ref, reader)
    for ref in model.outputs:
        note(ref, len(rows))
    return found
