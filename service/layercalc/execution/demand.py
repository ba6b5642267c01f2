"""What a forward pass demands, known from its analysis before it starts: bytes, and how long its ops take."""

from collections.abc import Collection

from layercalc.analysis.readings import Value
from layercalc.analysis.tracing import Traced
from layercalc.analysis.walk import Analysis
from layercalc.dims import Dim, largest, size
from layercalc.ops import FLOATS, WIDTH, Spec
from layercalc.ops.base import Op
from layercalc.ops.spec import NUMPY
from layercalc.ops.spec import width as width_of
from layercalc.ops.tracing import Entry

OWN = "own"  # in place of the dtype that floats are computed in: each in its own
WIDE = 6  # bytes of an element that is held in two, and in four while it is computed with
ANSWER_BYTES = 80  # of a number in an answer: in a list, in the text made of it, and in that as bytes
COMPARED_BYTES = 16  # of a number that is expected, as it was read and in float64: they are read one tensor at a time


def bytes_in(spec: Spec, compute: str) -> Dim:
    """What a tensor takes in a pass that computes floats in that dtype."""
    return size(spec.shape) * width(spec.dtype, compute)


def width(dtype: str, compute: str) -> int:
    if compute == OWN:
        return WIDE if dtype in NUMPY or dtype == "float16" else width_of(dtype)
    return WIDTH[compute] if dtype in FLOATS else width_of(dtype)


def work(analysis: Analysis, compute: str) -> Dim:
    """How long all ops take, in FLOPs of a large matrix product in float32."""
    total: Dim = 0
    for row in analysis.rows:
        total = total + row.traced.note("work", row_work, row.traced)
    wide = compute == OWN and any(row.traced.outputs[0][0].dtype == "float64" for row in analysis.rows)
    return total * (2 if wide or compute == "float64" else 1)


def row_work(traced: Traced) -> Dim:
    return sum([entry.work for entry in traced.entries], 0)


def filling(analysis: Analysis, compute: str) -> tuple[Dim, Dim]:
    """How long it takes to fill all weights by their initializers, and the most bytes that one takes on the way."""
    found = [weight.initializer.demand(weight.spec.shape) for _, weight in analysis.weights]
    return sum([one for one, _ in found], 0), largest(one for _, one in found)


def held(analysis: Analysis, compute: str, keep: Collection[str], compared: Collection[str], seeded: bool) -> Dim:
    """The most bytes that a request holds at once: weights, inputs, what the pass makes, and the answer.

    `keep` are the layers whose outputs are answered, `compared` those (or outputs) that are held against others.
    """
    weights: Dim = 0
    for _, weight in analysis.weights:
        weights = weights + bytes_in(weight.spec, compute)
    inputs: Dim = sum([bytes_in(value.spec, compute) for value in analysis.inputs], 0)
    kept = [value.spec for value in analysis.outputs]
    kept += [row.traced.outputs[0][0] for row in analysis.rows if row.name in keep]
    judged = [row.traced.outputs[0][0] for row in analysis.rows if row.name in compared]
    made: Dim = sum([bytes_in(spec, compute) for spec in (*kept, *kept, *judged)], 0)
    told = ANSWER_BYTES * sum([size(spec.shape) for spec in kept], 0)
    told = largest([told, *(COMPARED_BYTES * size(spec.shape) for spec in judged)])
    filled = filling(analysis, compute)[1] if seeded else 0
    # Outputs are kept while a pass that gave no numbers is run again to find where, and copied from a view.
    return largest([weights + filled, weights + inputs + made + largest([peak(analysis, compute), told])])


def peak(analysis: Analysis, compute: str) -> Dim:
    """The most bytes that the layers of a pass hold at once, beside its inputs and weights."""
    last: dict[str, int] = {}
    root: dict[str, str] = {}
    strided: dict[str, bool] = {value.source: False for value in analysis.inputs}
    held: dict[str, Dim] = {value.source: 0 for value in analysis.inputs}
    inside: list[Dim] = []
    for step, row in enumerate(analysis.executed):
        turned = any(strided[value.source] for value in row.inputs)
        found: Held = row.traced.note(("held", compute, turned), Held, row.traced, compute, turned)
        alias = found.output == 0 and row.inputs
        root[row.name] = root.get(row.inputs[0].source, row.inputs[0].source) if alias else row.name
        strided[row.name], held[row.name], last[row.name] = found.turned, found.output, step
        inside.append(found.most)
        for value in row.inputs:
            for source in (value.source, *aliases(value, root)):
                last[source] = step
    for value in analysis.outputs:
        for source in (value.source, *aliases(value, root)):
            last[source] = len(analysis.executed)
    ends: dict[int, list[str]] = {}
    for source, step in last.items():
        ends.setdefault(step, []).append(source)
    live: Dim = 0
    top: Dim = 0
    for step, row in enumerate(analysis.executed):
        top = largest([top, live + inside[step]])
        live = live + held[row.name]
        for source in ends.get(step, ()):
            live = live - held[source]
    return largest([top, live])


def aliases(value: Value, root: dict[str, str]) -> list[str]:
    """What a tensor is a view of."""
    found = root.get(value.source, value.source)
    return [] if found == value.source else [found]


class Held:
    """What one layer holds: at the most, what its output takes, and whether that may not be in one piece of memory."""

    def __init__(self, traced: Traced, compute: str, turned: bool):
        self.compute = compute
        self.root: dict[int, int] = {}
        self.turned_ids = {id(spec) for spec in traced.reads} if turned else set[int]()
        tape = traced.tape
        for x, seen, axes in tape.seen_as:
            self.root[id(seen)] = id(x)
            if axes != tuple(range(len(axes))) or id(x) in self.turned_ids:
                self.turned_ids.add(id(seen))
        outputs = [spec for pair in tape.outputs for spec in pair if spec is not None]
        self.last = self.last_uses(traced, outputs)
        self.live: dict[int, Dim] = {}
        self.until: dict[int, int] = {}
        self.most: Dim = 0
        self.ends = scope_ends(traced)
        waiting: set[int] = set()
        made = sorted(tape.allocated, key=lambda one: one[0])
        for index, entry in enumerate(traced.entries):
            while made and made[0][0] <= index:
                self.allocate(index, made.pop(0)[1])
            self.run(index, entry, waiting)
        for _, spec in made:
            self.allocate(len(traced.entries), spec)
        self.most = largest([self.most, sum(self.live.values(), 0)])
        kept = {self.of(spec) for spec in outputs}
        self.output: Dim = sum([n for one, n in self.live.items() if one in kept], 0)
        self.turned = any(id(spec) in self.turned_ids for spec in outputs)

    def allocate(self, index: int, spec: Spec) -> None:
        """A tensor that is live from that entry on until it is read for the last time and its function has ended."""
        self.live[id(spec)] = bytes_in(spec, self.compute)
        end = self.ends[index] if index < len(self.ends) else index
        last = self.last.get(id(spec), index)
        self.until[id(spec)] = last if last > end else end

    def of(self, spec: Spec) -> int:
        """The tensor whose memory this one is."""
        found = id(spec)
        while found in self.root:
            found = self.root[found]
        return found

    def last_uses(self, traced: Traced, outputs: list[Spec]) -> dict[int, int]:
        """The entry after which nobody reads a tensor any more, views of it included."""
        for entry in traced.entries:
            if entry.op.view and not self.copied(entry):
                self.root[id(entry.out)] = id(entry.inputs[0])
            if self.strided(entry):
                self.turned_ids.add(id(entry.out))
        last: dict[int, int] = {}
        for index, entry in enumerate(traced.entries):
            for x in (*entry.inputs, entry.out):
                last[self.of(x)] = index
        for spec in outputs:
            last[self.of(spec)] = len(traced.entries)
        return last

    def copied(self, entry: Entry) -> bool:
        """Whether a view is a copy."""
        return entry.op.gathers and any(id(x) in self.turned_ids for x in entry.inputs)

    def strided(self, entry: Entry) -> bool:
        """Whether a result may not be in one piece of memory."""
        if entry.op.gathers or entry.op.finishes:
            return False
        return entry.op.view or entry.op.turned or any(id(x) in self.turned_ids for x in entry.inputs)

    def run(self, index: int, entry: Entry, waiting: set[int]) -> None:
        """One op: its result, its workspace, and copies of what it reads."""
        op, out = entry.op, entry.out
        joins = type(op).joins is not Op.joins or type(op).affine is not Op.affine
        own = [x for x in entry.inputs if id(x) in waiting] if joins and entry.times == 1 else []
        if op.finishes or own:
            waiting.add(id(out))
        beside = width(out.dtype, self.compute) * entry.workspace
        if not op.view:
            beside = beside + self.copies(entry)
        over = next((x for x in own if self.last.get(self.of(x)) == index and x.shape == out.shape), None)
        if over is not None:  # it is written over what it reads
            first = self.of(over)
            self.root[id(out)], self.last[first] = first, self.last.pop(id(out), index)
            self.until[first] = max(self.until.get(first, index), self.last[first])
        elif not op.view or self.copied(entry):
            self.allocate(index, out)
        self.most = largest([self.most, sum(self.live.values(), 0) + beside])
        for one in [one for one in self.live if self.until[one] <= index]:
            del self.live[one]

    def copies(self, entry: Entry) -> Dim:
        """What a run makes of its inputs first: in another dtype, in one piece of memory."""
        op, total = entry.op, 0
        if entry.pieces > 1:
            return 0
        common = op.common_dtype(*(x.dtype for x in entry.inputs))
        for x in entry.inputs:
            to = x.dtype if common is None else common
            if width(to, self.compute) != width(x.dtype, self.compute) or (to in FLOATS) != (x.dtype in FLOATS):
                total = total + size(x.shape) * width(to, self.compute)
            elif id(x) in self.turned_ids:
                total = total + bytes_in(x, self.compute)
        return total


def scope_ends(traced: Traced) -> list[int]:
    """For each entry the last one of the function that it is in, which holds what it has made until then."""
    ends = [len(traced.entries) - 1] * len(traced.entries)
    for start, stop in sorted(traced.tape.scopes, key=lambda one: one[0] - one[1]):  # the innermost comes last
        ends[start:stop] = [stop - 1] * (stop - start)
    return ends
