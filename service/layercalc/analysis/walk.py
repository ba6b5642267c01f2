"""The reading with shapes: every layer's output shapes, weights, cost and memory."""

from collections.abc import Iterable, Sequence
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
from layercalc.model import Call, Model
from layercalc.ops import Spec
from layercalc.ops.tracing import MAX_VISITS

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


@dataclass(slots=True)
class Row:
    """One use of one layer; what stands below `traced` is known once all rows are."""

    name: str
    owner: Owner  # of the layer's weights
    call: Call
    inputs: list[Value]
    traced: Traced
    layer: str = field(init=False)  # the row of the layer's first use
    weights: list[Held] = field(init=False)
    counts: dict[str, Dim] = field(init=False)  # those of the trace, shared weights left out

    held: list[tuple[Owner, WeightSpec]] = field(init=False)  # the weights, and whose each is

    def __post_init__(self) -> None:
        identity, path = self.owner
        weights = self.traced.weights
        self.held = [(one.owner or Owner(identity, path + one.path), one) for one in weights] if weights else []


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
        holding = [row for row in self.rows if row.held]
        frozen = {owner for row in holding for owner, weight in row.held if not weight.trainable}  # in one use: in all
        for row in self.rows:
            row.layer, row.weights, row.counts = layers.setdefault(row.owner, row.name), [], row.traced.counts
        for row in holding:
            for owner, weight in row.held:
                name = names.get(owner)
                shared = name is not None
                if name is None:
                    own_name = owner.identity == FILE
                    name = names[owner] = free(owner.path if own_name else f"{row.name}/{weight.path}", taken)
                if weight.trainable and owner in frozen:
                    weight = weight._replace(trainable=False)
                row.weights.append(Held(name, weight, shared))
            own = [weight for _, weight, shared in row.weights if not shared]
            if own != row.traced.weights:
                row.counts = row.traced.counts | weighed(own)

    def totals(self) -> dict[str, Dim]:
        """The sums over all rows, shared weights once."""
        counts = [row.counts for row in self.rows]
        return {metric: sum(map(itemgetter(metric), counts), 0) for metric in METRICS}

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
            raise InvalidModel([{**call.location.at(), "detail": detail}])
        name = self.prefix + call.name + (f"@{call.use}" if call.use > 1 else "")
        owner = used(call, self.owner)
        order = (*self.order, self.position[id(call)])
        if isinstance(call.layer, Model):
            return self.descend(call.layer, name, owner, order, inputs, named)
        traced = self.read(call.layer, inputs, named)
        for value in named.values():
            inputs += value if isinstance(value, list) else [value]
        row = Row(name, owner, call, inputs, traced)
        self.same_weights(row)
        self.keys.append((order, row))
        return [Value(spec, mask, name) for spec, mask in traced.outputs]

    def read(self, layer: Layer, inputs: list[Value], named: dict[str, Any]) -> Traced:
        """The layer read on these specs, from the cache if one like it has been."""
        pairs = [value[:2] for value in inputs]
        others: dict[str, Any] = {}
        every, key = pairs, (layer, self.frozen, *pairs)
        if named:
            others = {k: [v[:2] for v in one] if isinstance(one, list) else one[:2] for k, one in named.items()}
            key = (*key, *((k, tuple(one) if isinstance(one, list) else one) for k, one in others.items()))
            every = [*pairs, *(v for o in others.values() for v in (o if isinstance(o, list) else [o]))]
        kinds = kinds_of(every)
        traced = self.cache.get((key, kinds))
        if traced is None:
            traced = self.cache[key, kinds] = self.traced(layer, pairs, others, (key, kinds))
        return traced

    def traced(self, layer: Layer, pairs: list[Any], others: dict[str, Any], key: tuple[Any, Any]) -> Traced:
        """The layer read on these specs, by an earlier request if it was and no size is unknown nor a value known."""
        store = STORE.get()
        make = partial(trace, layer, pairs, others, self.visits, self.frozen)
        if store is None or not layer.lasting or not LASTING.issuperset(key[1]):
            return make()
        found: Traced = store.traces.made(key, make, trace_bytes)
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
        self.analysis.faults.append({**call.location.at(path), "detail": detail, "layer": name})


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
