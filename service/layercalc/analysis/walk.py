"""The reading with shapes: every layer's output shapes, weights, cost and memory."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc.analysis.weight_specs import HERE, Asking, Owner, WeightSpec, free, used, weighed
from layercalc.cache import KEPT
from layercalc.dims import Dim, Shape, Unknown, provably, shown, size
from layercalc.errors import InvalidModel, ShapeError, UnknownWeightError
from layercalc.layers import Layer
from layercalc.model import Call, Model, apply
from layercalc.ops import READING, Spec, Tracing
from layercalc.ops.base import MAX_VISITS, Entry
from layercalc.readers.keras.script.tensors import SHAPES

MAX_BITS = 14_000  # of a count: what Python prints without being asked twice (4,300 digits)

MAX_AXES = 64

METRICS = ("params", "trainable_params", "non_trainable_params", "macs", "flops", "param_bytes", "activation_bytes")


@dataclass(slots=True, eq=False)
class Traced:
    """One layer read on given input specs; cached, since a layer holds no state."""

    outputs: list[tuple[Spec, Spec | None]]
    weights: list[WeightSpec]
    entries: list[Entry]
    counts: dict[str, Dim]
    view: bool  # whether the output is the input's memory
    asked: tuple[list[Any], dict[str, Any]]  # the call it was traced for: (spec, mask) by position and by name
    seen_as: list[tuple[Spec, Spec, tuple[int, ...]]]
    allocated: list[tuple[int, Spec]] = field(default_factory=list)
    scopes: list[tuple[int, int]] = field(default_factory=list)
    notes: dict[Any, Any] = field(default_factory=dict)  # what was found out from it alone, by who asked

    def note(self, key: Any, find: Callable[..., Any], *about: Any) -> Any:
        """What was found out from this trace alone, once."""
        if key not in self.notes:
            self.notes[key] = find(*about)
        return self.notes[key]

    def channels(self, axes: int, given: bool = False) -> int:
        """Which axis of the output (or of what is `given`), if it has so many, has the channels: those seen last.

        A call that looks at its tensors in another order says so by the layouts in `seen_as`.
        """
        found = axes - 1
        inside = {id(spec) for spec in self.reads}
        for before, after, order in self.seen_as:
            moved = order != tuple(range(len(order)))
            if id(before) in inside and not moved:
                inside.add(id(after))
            elif moved and len(order) == axes and (id(before) in inside) is given:
                found = order[-1] if given else order.index(axes - 1)
        return found

    @property
    def traffic(self) -> Dim:
        """The fewest bytes to move: inputs, weights and outputs once, or what the ops move if that is less."""
        once = sum([spec.bytes for spec in self.reads], self.counts["param_bytes"] + self.counts["activation_bytes"])
        moved = sum([read + written for read, written in self.moved], 0)
        return moved if self.view or provably(moved < once) else once

    @property
    def moved(self) -> list[tuple[Dim, Dim]]:
        """The bytes that each op reads and writes."""
        found: list[tuple[Dim, Dim]] = self.note("moved", moved, self.entries)
        return found

    @property
    def reads(self) -> list[Spec]:
        """Every tensor of the call, in the order of a row's inputs."""
        inputs, named = self.asked
        if not named:
            return [spec for spec, _ in inputs]
        others = [one for value in named.values() for one in (value if isinstance(value, list) else [value])]
        return [spec for spec, _ in (*inputs, *others)]


def moved(entries: list[Entry]) -> list[tuple[Dim, Dim]]:
    return [(entry.read, entry.written) for entry in entries]


def trace(
    layer: Layer, inputs: list[tuple[Spec, Spec | None]], named: dict[str, Any], visits: list[int], lock: bool
) -> Traced:
    """Read one layer with shapes; `lock` if the model it is in is not trainable."""
    found: dict[str, WeightSpec] = {}
    weight = Asking(found, lock=lock)
    tracing = Tracing(visits)
    token = READING.set(tracing)
    try:
        outputs = apply(layer, weight, inputs, named)
    except ValueError as error:
        if isinstance(error, ShapeError) or "integer string conversion" not in str(error):
            raise
        raise ShapeError("A number here has more than 4,000 digits; make the shapes smaller.") from None
    finally:
        READING.reset(token)
    counts, view = totalled(list(found.values()), tracing.entries, outputs)
    asked = inputs, named
    beside = tracing.seen_as, tracing.allocated, tracing.scopes
    return Traced(outputs, list(found.values()), tracing.entries, counts, view, asked, *beside)


def totalled(
    weights: list[WeightSpec], entries: list[Entry], outputs: list[tuple[Spec, Spec | None]]
) -> tuple[dict[str, Dim], bool]:
    """The counts of a layer, and whether it only looks at its input another way."""
    macs: Dim = 0
    flops: Dim = 0
    view = True
    for op, cost, times, *_ in entries:
        view = view and op.view
        some_macs, some_flops = (cost.macs * times, cost.flops * times) if times != 1 else (cost.macs, cost.flops)
        macs, flops = macs + some_macs, flops + some_flops
    activation = sum((spec.bytes for spec, _ in outputs), 0)
    of_weights = weighed(weights)
    stored = of_weights.pop("param_bytes")
    counts = of_weights | {"macs": macs, "flops": flops, "param_bytes": stored, "activation_bytes": activation}
    for name, count in counts.items():
        if isinstance(count, int) and count.bit_length() > MAX_BITS:
            raise ShapeError(f"{name} has more than 4,000 digits; make the shapes smaller.")
    for spec, _ in outputs:
        if fault := unwieldy(spec.shape):
            raise ShapeError(f"The output has {fault}.")
    return counts, view


def unwieldy(shape: Shape) -> str:
    """What makes a shape one that no program can use or print, or an empty string."""
    if len(shape) > MAX_AXES:
        return f"{len(shape)} axes; at most {MAX_AXES} are taken, as in NumPy"
    elements = size(shape)
    return (
        "more than 4,000 digits in its size" if isinstance(elements, int) and elements.bit_length() > MAX_BITS else ""
    )


class Value(NamedTuple):
    """A tensor on an edge of the flattened graph: what it is, its mask, and the row or input it comes from."""

    spec: Spec
    mask: Spec | None
    source: str


class Held(NamedTuple):
    """A weight of a row under its name in the model, which is that of the first row to hold it."""

    name: str
    weight: WeightSpec
    shared: bool  # whether a row before this one in the document holds it


@dataclass(slots=True)
class Row:
    """One use of one layer; what stands below `traced` is known once all rows are."""

    name: str
    owner: Owner  # of the layer's weights
    call: Call
    inputs: list[Value]
    traced: Traced
    layer: str = ""  # the row of the layer's first use
    weights: list[Held] = field(default_factory=list)
    counts: dict[str, Dim] = field(default_factory=dict)  # those of the trace, shared weights left out

    held: list[tuple[Owner, WeightSpec]] = field(init=False)  # the weights, and whose each is

    def __post_init__(self) -> None:
        identity, path = self.owner
        self.held = [(weight.owner or Owner(identity, path + weight.path), weight) for weight in self.traced.weights]


@dataclass
class Analysis:
    """A model read with shapes: rows in the document's order, and what went wrong on the way."""

    model: Model
    inputs: list[Value]
    outputs: list[Value] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    executed: list[Row] = field(default_factory=list)
    names: dict[Owner, str] = field(default_factory=dict)  # of the weights
    faults: list[dict[str, Any]] = field(default_factory=list)

    @property
    def weights(self) -> Iterable[tuple[str, WeightSpec]]:
        """Every weight once, named, in the order of Keras' get_weights()."""
        return ((held.name, held.weight) for row in self.rows for held in row.weights if not held.shared)

    def settle(self) -> None:
        """Say of every row, in the document's order, which layer it is of and what its weights are called and count."""
        layers: dict[Owner, str] = {}
        names = self.names
        taken: set[str] = set()
        pairs = (pair for row in self.rows for pair in row.held)
        frozen = {owner for owner, weight in pairs if not weight.trainable}  # one use that is makes all of them
        for row in self.rows:
            row.layer = layers.setdefault(row.owner, row.name)
            for owner, weight in row.held:
                shared = owner in names
                if not shared:
                    names[owner] = free(f"{row.name}/{weight.path}", taken)
                if weight.trainable and owner in frozen:
                    weight = weight._replace(trainable=False)
                row.weights.append(Held(names[owner], weight, shared))
            own = [weight for _, weight, shared in row.weights if not shared]
            row.counts = row.traced.counts if own == row.traced.weights else row.traced.counts | weighed(own)

    def totals(self) -> dict[str, Dim]:
        """The sums over all rows, shared weights once."""
        out: dict[str, Dim] = dict.fromkeys(METRICS, 0)
        for row in self.rows:
            for metric, count in row.counts.items():
                out[metric] = out[metric] + count
        return out

    def peak(self) -> tuple[Dim, str | None]:
        """The most activation bytes live at once, and the row that runs then, or None if it is none yet.

        At layer boundaries: inputs included, views free, outputs kept.

        While a layer runs, its inputs and its outputs are live; a tensor dies after the last layer that reads it.
        """
        bytes_of: dict[str, Dim] = {value.source: value.spec.bytes for value in self.inputs}
        root = {source: source for source in bytes_of}
        last = dict.fromkeys(bytes_of, -1)
        for step, row in enumerate(self.executed):
            name = row.name
            root[name] = root[row.inputs[0].source] if row.traced.view and row.inputs else name
            bytes_of[name] = 0 if root[name] != name else row.traced.counts["activation_bytes"]
            last[name] = step
            for value in row.inputs:
                last[root[value.source]] = step
        for value in self.outputs:
            last[root[value.source]] = len(self.executed)
        ends: dict[int, list[str]] = {}
        for source, step in last.items():
            ends.setdefault(step, []).append(source)
        live: Dim = sum((value.spec.bytes for value in self.inputs), 0)
        most: Dim = live
        where: str | None = None
        for step, row in enumerate(self.executed):
            live = live + bytes_of[row.name]
            if isinstance(live, Unknown):
                return live, row.name
            if live > most:
                most, where = live, row.name
            for source in ends.get(step, ()):
                live = live - bytes_of[source]
        return most, where


def plain_kinds(pairs: list[tuple[Spec, Spec | None]]) -> tuple[type, ...] | None:
    """The type of each size, as a batch equals a number; None where a size is unknown or a value known."""
    kinds: list[type] = []
    for pair in pairs:
        for spec in pair:
            if spec is not None:
                if spec.__class__ is not Spec:
                    return None
                kinds += map(type, spec.shape)
    return None if Unknown in kinds else tuple(kinds)


def trace_bytes(traced: Traced) -> int:
    """About how many bytes a trace takes, with what is found out from it."""
    return 3_000 + 3_000 * len(traced.entries) + 500 * len(traced.weights)


class Shapes:
    """The visitor that reads with shapes: descends into nested models, and keeps a row for every other call."""

    def __init__(
        self, analysis: Analysis, prefix: str = "", owner: Owner = HERE, order: tuple[int, ...] = (), cache: Any = None
    ):
        self.analysis, self.prefix, self.owner, self.order = analysis, prefix, owner, order
        self.cache: dict[Any, Traced] = {} if cache is None else cache
        self.keys: list[tuple[tuple[int, ...], Row]] = []
        self.built: dict[Owner, tuple[str, Spec]] = {}
        self.visits = [0]
        self.position = {id(call): i for i, call in enumerate(analysis.model.calls)} if not prefix else {}
        self.frozen = not analysis.model.trainable if not prefix else False

    def visit(self, call: Call, inputs: list[Value], named: dict[str, Any]) -> Sequence[Value]:
        assert call.layer is not None
        deadline.check()
        self.visits[0] += 1
        if self.visits[0] > MAX_VISITS:
            detail = f"The model calls more than {MAX_VISITS:,} layers, nested models unrolled."
            raise InvalidModel([{**call.place.at(), "detail": detail}])
        name = self.prefix + call.name + (f"@{call.use}" if call.use > 1 else "")
        owner = used(call, self.owner)
        order = (*self.order, self.position[id(call)])
        if isinstance(call.layer, Model):
            return self.descend(call.layer, name, owner, order, inputs, named)
        traced = self.read(call.layer, inputs, named)
        reads = [*inputs, *(v for value in named.values() for v in (value if isinstance(value, list) else [value]))]
        row = Row(name, owner, call, reads, traced)
        self.same_weights(row)
        self.keys.append((order, row))
        return [Value(spec, mask, name) for spec, mask in traced.outputs]

    def read(self, layer: Layer, inputs: list[Value], named: dict[str, Any]) -> Traced:
        """The layer read on these specs, from the cache if one like it has been."""
        pairs = [(value.spec, value.mask) for value in inputs]
        others = {
            key: [(v.spec, v.mask) for v in value] if isinstance(value, list) else (value.spec, value.mask)
            for key, value in named.items()
        }
        key = (layer, self.frozen, *pairs, *((k, tuple(v) if isinstance(v, list) else v) for k, v in others.items()))
        traced = self.cache.get(key)
        if traced is None:
            traced = self.cache[key] = self.traced(layer, pairs, others, key)
        return traced

    def traced(self, layer: Layer, pairs: list[Any], others: dict[str, Any], key: Any) -> Traced:
        """The layer read on these specs, by an earlier request if it was."""
        store = KEPT.get()
        kinds = None
        if store is not None and layer.lasting:
            kinds = plain_kinds([*pairs, *(v for o in others.values() for v in (o if isinstance(o, list) else [o]))])
        if store is None or kinds is None:
            return trace(layer, pairs, others, self.visits, self.frozen)
        make = lambda: trace(layer, pairs, others, self.visits, self.frozen)  # noqa: E731
        found: Traced = store.traces.made((key, kinds), make, trace_bytes)
        return found

    def same_weights(self, row: Row) -> None:
        """Refuse a second use whose inputs ask for other weights than the first built."""
        for owner, weight in row.held:
            first, spec = self.built.setdefault(owner, (row.name, weight.spec))
            if spec != weight.spec:
                raise ShapeError(
                    f"{first!r} is used again on an input that needs {weight.path} of shape "
                    f"{shown(weight.spec.shape)}; its first use made it {shown(spec.shape)}."
                )

    def descend(
        self, model: Model, name: str, owner: Owner, order: tuple[int, ...], inputs: list[Value], named: dict[str, Any]
    ) -> Sequence[Value]:
        """A nested model: its calls are rows of this analysis under its name."""
        if named or len(inputs) != len(model.inputs):
            raise ShapeError(
                f"The model {model.name!r} takes {len(model.inputs)} inputs, received {len(inputs) + len(named)}."
            )
        model.accept([value.spec.shape for value in inputs])
        inner = Shapes(self.analysis, f"{name}/", owner, order, self.cache)
        inner.keys, inner.built, inner.visits = self.keys, self.built, self.visits
        inner.position = {id(call): i for i, call in enumerate(model.calls)}
        inner.frozen = self.frozen or not model.trainable
        return model.walk(inputs, inner)

    def fault(self, call: Call, error: ShapeError) -> None:
        spelled = call.layer.spelled if call.layer is not None else {}
        path = (spelled.get(error.field, error.field),) if error.field else ()
        name = self.prefix + call.name
        detail = error.of(name) if isinstance(error, UnknownWeightError) else str(error)
        self.analysis.faults.append({**call.place.at(path), "detail": detail, "layer": name})


def analyse(model: Model, inputs: list[tuple[str, Spec]]) -> Analysis:
    """Walk a model with shapes. Faults are collected, not raised: what does not depend on them is still read."""
    values = [Value(spec, None, name) for name, spec in inputs]
    analysis = Analysis(model, values)
    visitor = Shapes(analysis)
    outputs = model.walk(values, visitor)
    analysis.outputs = [value for value in outputs if value is not None]
    analysis.executed = [row for _, row in visitor.keys]
    analysis.rows = [row for _, row in sorted(visitor.keys, key=lambda pair: pair[0])]
    analysis.settle()
    return analysis


SHAPES.update(trace=trace, analyse=analyse)
