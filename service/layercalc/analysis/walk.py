"""The reading with shapes: every layer's output shapes, weights, cost and memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc.analysis.tracing import METRICS, Traced, kinds_of, trace, trace_bytes
from layercalc.analysis.weight_specs import HERE, Owner, WeightSpec, free, used, weighed
from layercalc.cache import STORE
from layercalc.dims import Batch, Dim, Unknown, shown
from layercalc.errors import InvalidModel, ShapeError, UnknownWeightError
from layercalc.layers import Layer
from layercalc.layers.base import FILE
from layercalc.locations import mendable
from layercalc.model import Call, Model
from layercalc.ops import Spec
from layercalc.ops.tracing import LOOK, MAX_VISITS

Pairs = list[tuple[Spec, Spec | None]]  # a tensor and its mask

LASTING = {Spec, int, Batch}  # the kinds of what a trace may have been read on to be kept


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


@dataclass(slots=True, eq=False)
class Row:
    """One use of one layer; what stands below `keys` is known once all rows are."""

    name: str
    owner: Owner  # of the layer's weights
    call: Call
    inputs: list[Value]
    traced: Traced
    keys: list[Owner]  # whose each weight of the trace is
    layer: str = field(init=False)  # the row of the layer's first use
    weights: list[Held] = field(init=False)
    counts: dict[str, Dim] = field(init=False)  # those of the trace, shared weights left out

    @property
    def held(self) -> list[tuple[Owner, WeightSpec]]:
        """The weights of the trace, and whose each is."""
        return list(zip(self.keys, self.traced.weights, strict=True))

    @property
    def own(self) -> list[WeightSpec]:
        """The weights that no row before this one holds."""
        return [weight for _, weight, shared in self.weights if not shared]


@dataclass
class Analysis:
    """A model read with shapes: rows in the document's order, and what went wrong on the way."""

    model: Model
    inputs: list[Value]
    outputs: list[Value] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    executed: list[Row] = field(default_factory=list)
    again: set[Owner] = field(default_factory=set)  # the weights that more than one row holds
    faults: list[dict[str, Any]] = field(default_factory=list)

    @property
    def weights(self) -> Iterable[tuple[str, WeightSpec]]:
        """Every weight once, named, in the order of Keras' get_weights()."""
        return ((held.name, held.weight) for row in self.rows for held in row.weights if not held.shared)

    @property
    def names(self) -> dict[Owner, str]:
        """What each weight is called, by whose it is."""
        return {key: held.name for row in self.rows for key, held in zip(row.keys, row.weights, strict=True)}

    def settle(self) -> None:
        """Say of every row, in the document's order, which layer it is of and what its weights are called and count."""
        layers: dict[Owner, str] = {}
        names: list[str] = []
        for row in self.rows:
            traced, inside = row.traced, f"{row.name}/"
            row.layer, row.counts = layers.setdefault(row.owner, row.name), traced.counts
            row.weights = []
            for weight in traced.weights:
                owner = weight[4]
                name = owner[1] if owner and owner[0] == FILE else inside + weight[0]
                names.append(name)
                row.weights.append(Held(name, weight, False))
        if self.again or len(set(names)) < len(names):
            self.share()

    def share(self) -> None:
        """Name a weight that several rows hold by the first, which counts it; what is frozen in one is so in all.

        Two weights that would have one name are told apart by a number.
        """
        every = [(key, one.weight) for row in self.rows for key, one in zip(row.keys, row.weights, strict=True)]
        frozen = {key for key, weight in every if not weight.trainable}
        taken: set[str] = set()
        known: dict[Owner, str] = {}
        for row in self.rows:
            held = []
            for key, (name, weight, _) in zip(row.keys, row.weights, strict=True):
                shared = key in known
                if not shared:
                    known[key] = free(name, taken)
                weight = weight._replace(trainable=False) if key in frozen and weight.trainable else weight
                held.append(Held(known[key], weight, shared))
            row.weights = held
            if row.own != row.traced.weights:
                row.counts = row.traced.counts | weighed(row.own)

    def totals(self) -> dict[str, Dim]:
        """The sums over all rows, shared weights once."""
        counts = [row.counts for row in self.rows]
        return {metric: sum(map(itemgetter(metric), counts), 0) for metric in METRICS}

    def peak(self, along: Iterable[Dim] | None = None) -> tuple[Dim, str | None]:
        """The most activation bytes live at once, and the row that runs then, or None if it is none yet.

        `along` is what `live` gives, where it has been asked already.
        """
        most: Dim = sum((value.spec.bytes for value in self.inputs), 0)
        where: str | None = None
        for row, live in zip(self.executed, self.live() if along is None else along, strict=True):
            if live.__class__ is Unknown:
                return live, row.name
            if live > most:
                most, where = live, row.name
        return most, where

    def live(self) -> Iterator[Dim]:
        """The activation bytes that are live while each row runs, in the order of the run.

        At layer boundaries: inputs included, views free, outputs kept.

        While a layer runs, its inputs and its outputs are live; a tensor dies after the last layer that reads it.
        """
        steps = len(self.executed)
        bytes_of: dict[str, Dim] = {value.source: value.spec.bytes for value in self.inputs}
        root: dict[str, str] = {}  # of a view: what it is a view of
        last = dict.fromkeys(bytes_of, -1)
        for step, row in enumerate(self.executed):
            for _, _, source in row.inputs:
                last[root.get(source, source)] = step
            if row.traced.view and row.inputs:
                root[row.name] = root.get(source := row.inputs[0].source, source)
            else:
                bytes_of[row.name], last[row.name] = row.traced.counts["activation_bytes"], step
        for value in self.outputs:
            last[root.get(value.source, value.source)] = steps
        freed: list[Dim] = [0] * (steps + 2)  # after each step; the last is before the first
        for source, step in last.items():
            freed[step] = freed[step] + bytes_of[source]
        live: Dim = sum((value.spec.bytes for value in self.inputs), 0)
        for row, gone in zip(self.executed, freed, strict=False):
            live = live + bytes_of.get(row.name, 0)
            yield live
            live = live - gone


class Shapes:
    """The visitor that reads with shapes: descends into nested models, and keeps a row for every other call.

    Equal specs on edges are one object, so that a layer that was read on the same ones is found by them.
    """

    def __init__(self, analysis: Analysis, model: Model, prefix: str = "", owner: Owner = HERE, outer: Any = None):
        self.analysis, self.model, self.prefix, self.owner = analysis, model, prefix, owner
        self.frozen: bool = not model.trainable or (outer is not None and outer.frozen)
        self.found: dict[int, Row | Shapes] = {}  # by the id of the call
        self.cache: dict[Any, tuple[Traced, Pairs]] = {} if outer is None else outer.cache
        self.specs: dict[Any, Spec] = {} if outer is None else outer.specs
        self.built: dict[Owner, Row] = {} if outer is None else outer.built
        self.visits: list[int] = [0] if outer is None else outer.visits

    def visit(self, call: Call, inputs: list[Value], named: dict[str, Any]) -> Sequence[Value]:
        layer = call.layer
        assert layer is not None
        if not self.visits[0] % LOOK:
            deadline.check()
        self.visits[0] += 1
        if self.visits[0] > MAX_VISITS:
            detail = f"The model calls more than {MAX_VISITS:,} layers, nested models unrolled."
            raise InvalidModel([{**call.location.at(), "detail": detail}])
        name = self.prefix + call.name + (f"@{call.use}" if call.use > 1 else "")
        owner = used(call, self.owner)
        if isinstance(layer, Model):
            return self.descend(call, layer, Shapes(self.analysis, layer, f"{name}/", owner, self), inputs, named)
        traced, outputs = self.read(layer, inputs, named)
        for value in named.values():
            inputs += value if isinstance(value, list) else [value]
        identity, path = owner
        row = Row(name, owner, call, inputs, traced, keys := [])
        for one in traced.weights:
            key: Any = one[4] or (identity, path + one[0])  # equal to an Owner
            if key in self.built:
                self.same_weight(key, one)
            else:
                self.built[key] = row
            keys.append(key)
        self.found[id(call)] = row
        self.analysis.executed.append(row)
        return [Value(spec, mask, name) for spec, mask in outputs]

    def read(self, layer: Layer, inputs: list[Value], named: dict[str, Any]) -> tuple[Traced, Pairs]:
        """The layer read on these specs, and its outputs; one that was read on the same is not read again."""
        key: Any
        if len(inputs) == 1:
            spec, mask, _ = inputs[0]
            key = layer, self.frozen, id(spec), id(mask)
        else:
            key = layer, self.frozen, *[id(one) for spec, mask, _ in inputs for one in (spec, mask)]
        for name, value in named.items():
            every = value if isinstance(value, list) else [value]
            key = *key, name, every is value, *[id(one) for spec, mask, _ in every for one in (spec, mask)]
        found = self.cache.get(key)
        if found is None:
            traced = self.traced(layer, inputs, named)
            found = self.cache[key] = (
                traced,
                [(self.same(spec), mask and self.same(mask)) for spec, mask in traced.outputs],
            )
        return found

    def same(self, spec: Spec) -> Spec:
        """The spec, or one like it that is there already; the types of sizes tell an unnamed batch from a 1."""
        if spec.__class__ is not Spec:
            return spec
        return self.specs.setdefault((spec, *map(type, spec.shape)), spec)

    def traced(self, layer: Layer, inputs: list[Value], named: dict[str, Any]) -> Traced:
        """The layer read on these specs, by an earlier request if it was and no size is unknown nor a value known."""
        known: dict[int, Value] = {}

        def pair(value: Value) -> tuple[Spec, Spec | None]:
            spec = value.spec
            if known.setdefault(id(spec), value) is not value:  # another tensor
                spec = Spec(*spec) if spec.__class__ is Spec else spec
            return spec, value.mask

        pairs = [pair(value) for value in inputs]
        others = {key: [*map(pair, one)] if isinstance(one, list) else pair(one) for key, one in named.items()}
        make = partial(trace, layer, pairs, others, self.visits, self.frozen)
        store = STORE.get()
        if store is None or not layer.lasting:
            return make()
        every = [*pairs, *(one for two in others.values() for one in (two if isinstance(two, list) else [two]))]
        kinds = kinds_of(every)
        if not LASTING.issuperset(kinds):
            return make()
        beside = ((key, tuple(one) if isinstance(one, list) else one) for key, one in others.items())
        made: Traced = store.traces.made(((layer, self.frozen, *pairs, *beside), kinds), make, trace_bytes)
        return made

    def same_weight(self, key: Owner, weight: WeightSpec) -> None:
        """Refuse a second use whose inputs ask for another weight than the first built."""
        self.analysis.again.add(key)
        first = self.built[key]
        spec = first.traced.weights[first.keys.index(key)].spec
        if spec != weight.spec:
            raise ShapeError(
                f"{first.name!r} is used again on an input that needs {weight.path} of shape "
                f"{shown(weight.spec.shape)}; its first use made it {shown(spec.shape)}."
            )

    def descend(
        self, call: Call, model: Model, inner: "Shapes", inputs: list[Value], named: dict[str, Any]
    ) -> Sequence[Value]:
        """A nested model: its calls are rows of this analysis under its name."""
        if named or len(inputs) != len(model.inputs):
            raise ShapeError(
                f"The model {model.name!r} takes {len(model.inputs)} inputs, received {len(inputs) + len(named)}."
            )
        model.accept([value.spec.shape for value in inputs])
        self.found[id(call)] = inner
        return model.walk(inputs, inner)

    def rows(self) -> list[Row]:
        """The rows in the document's order."""
        found = [self.found[id(call)] for call in self.model.calls if id(call) in self.found]
        return [row for one in found for row in ([one] if isinstance(one, Row) else one.rows())]

    def fault(self, call: Call, error: ShapeError) -> None:
        spelled = call.layer.spelled if call.layer is not None else {}
        path = (spelled.get(error.field, error.field),) if error.field else ()
        name = self.prefix + call.name
        detail = error.of(name) if isinstance(error, UnknownWeightError) else str(error)
        own = error.field is not None and hasattr(call.layer, error.field)  # it is not of a layer inside this one
        where = mendable(call.location, path, error.message if own else detail)
        self.analysis.faults.append({**where, "detail": detail, "layer": name})


def analyse(model: Model, inputs: list[tuple[str, Spec]]) -> Analysis:
    """Walk a model with shapes. Faults are collected, not raised: what does not depend on them is still read."""
    analysis = Analysis(model, [])
    visitor = Shapes(analysis, model)
    analysis.inputs = [Value(visitor.same(spec), None, name) for name, spec in inputs]
    outputs = model.walk(analysis.inputs, visitor)
    analysis.outputs = [value for value in outputs if value is not None]
    analysis.rows = visitor.rows()
    analysis.settle()
    return analysis
