"""The reading with shapes: every layer's output shapes, weights, cost and memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc.analysis.readings import Readings, Value
from layercalc.analysis.tracing import METRICS, Traced
from layercalc.analysis.weight_specs import BUFFERS, HERE, Owner, WeightSpec, free, weighed
from layercalc.dims import Dim, shown, total
from layercalc.errors import InvalidModel, ShapeError, UnknownWeightError
from layercalc.formulas import Conditions, Substitution, conditions, guarded, narrowed, parted
from layercalc.locations import mendable, reshaped
from layercalc.model import INPUTS, Call, Model
from layercalc.ops import Spec
from layercalc.ops.tracing import LOOK, MAX_VISITS, new

NOTHING = Conditions([], [], [])


class Held(NamedTuple):
    """A weight of a row under its name in the model, which is that of the first row to hold it."""

    name: str
    weight: WeightSpec
    shared: bool  # whether a row before this one in the document holds it


@dataclass(slots=True, eq=False, init=False)
class Row:
    """One use of one layer; whether it shares any of it with others is known once all rows are."""

    name: str
    owner: Owner  # of the layer's weights
    call: Call
    inputs: list[Value]
    traced: Traced
    layer: str  # the row of the layer's first use
    names: list[str]  # of the weights
    counts: dict[str, Dim]  # those of the trace, shared weights left out
    told_apart: list[Held] | None  # the weights, where some are shared or have names of their own

    def __init__(self, name: str, owner: Owner, call: Call, inputs: list[Value], traced: Traced):
        self.name, self.owner, self.call, self.inputs, self.traced = name, owner, call, inputs, traced
        self.layer, self.counts, self.told_apart = name, traced.counts, None
        self.names = traced.names(f"{name}/") if traced.weights else []

    @property
    def keys(self) -> list[Owner]:
        """Whose each weight of the trace is."""
        identity, path = self.owner
        return [one[4] or new(Owner, (identity, path + one[0])) for one in self.traced.weights]

    @property
    def held(self) -> list[tuple[Owner, WeightSpec]]:
        """The weights of the trace, and whose each is."""
        return list(zip(self.keys, self.traced.weights, strict=True))

    @property
    def weights(self) -> list[Held]:
        """The weights under their names in the model."""
        if self.told_apart is not None:
            return self.told_apart
        return [new(Held, (name, one, False)) for name, one in zip(self.names, self.traced.weights, strict=True)]

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
    in_order: bool = True  # whether rows were executed in the document's order
    again: set[Owner] = field(default_factory=set)  # the weights that more than one row holds
    faults: list[dict[str, Any]] = field(default_factory=list)
    conditions: Conditions = NOTHING  # what has to hold of sizes that are names
    read: "Analysis | None" = None  # the analysis as it was read, of one whose tensors are taken to be stored otherwise
    storage: Any = None  # how, an analysis.storage.Storage

    @cached_property
    def larger(self) -> Substitution:
        """Sizes by name as they are known to be where the conditions hold."""
        return narrowed(parted(self.conditions.needed)[0])

    @property
    def as_read(self) -> "Analysis":
        """The analysis with each tensor in the dtype that it is computed in."""
        return self.read or self

    @property
    def weights(self) -> Iterable[tuple[str, WeightSpec]]:
        """Every weight once, named, in the order of Keras' get_weights()."""
        return ((held.name, held.weight) for row in self.rows for held in row.weights if not held.shared)

    @property
    def names(self) -> dict[Owner, str]:
        """What each weight is called, by whose it is."""
        return {key: held.name for row in self.rows for key, held in zip(row.keys, row.weights, strict=True)}

    def settle(self) -> None:
        """Say which rows are of one layer, and name and count weights that several rows hold."""
        if len({row.owner for row in self.rows}) < len(self.rows):
            layers: dict[Owner, str] = {}
            for row in self.rows:
                row.layer = layers.setdefault(row.owner, row.name)
        names = [name for row in self.rows for name in row.names]
        if self.again or len(set(names)) < len(names):
            self.share()

    def share(self) -> None:
        """Name a weight that several rows hold by the first, which counts it; what is frozen in one is so in all.

        Two weights that would have one name are told apart by a number.
        """
        frozen = {key for row in self.rows for key, weight in row.held if not weight.trainable}
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
            row.told_apart = held
            if row.own != row.traced.weights:
                row.counts = row.traced.counts | weighed(row.own, row.traced.buffers)

    def totals(self) -> dict[str, Dim]:
        """The sums over all rows, shared weights once."""
        counts = [row.counts for row in self.rows]
        apart = self.model.of_vocabulary.buffers or any(row.traced.buffers for row in self.rows)
        metrics = (*METRICS, *BUFFERS) if apart else METRICS
        sums = map(total, zip(*map(itemgetter(*metrics), counts), strict=True)) if counts else repeat(0)
        return dict(zip(metrics, sums, strict=False))


class Shapes:
    """The visitor that reads with shapes: descends into nested models, and keeps a row for every other call."""

    def __init__(
        self,
        analysis: Analysis,
        model: Model,
        readings: Readings,
        prefix: str = "",
        owner: Owner = HERE,
        outer: "Shapes | None" = None,
    ):
        self.analysis, self.model, self.readings, self.prefix, self.owner = analysis, model, readings, prefix, owner
        analysis.in_order = analysis.in_order and model.in_order
        self.frozen: bool = not model.trainable or (outer is not None and outer.frozen)
        self.found: dict[int, Row | Shapes] = {}  # by the id of the call
        self.built: dict[Owner, Row] = {} if outer is None else outer.built  # by whose the layer's weights are
        self.keyed: dict[Owner, Row] = {} if outer is None else outer.keyed  # and by whose each of them is
        self.visits: list[int] = [0] if outer is None else outer.visits

    def visit(self, call: Call, inputs: list[Value], named: dict[str, Any]) -> Sequence[Value]:
        layer, visits = call.layer, self.visits
        visits[0] = count = visits[0] + 1
        if count % LOOK == 1:
            deadline.check()
        if count > MAX_VISITS:
            detail = f"The model calls more than {MAX_VISITS:,} layers, nested models unrolled."
            raise InvalidModel([{**call.location.at(), "detail": detail}])
        name = self.prefix + call.name
        if call.use > 1:
            name += f"@{call.use}"
        if call.identity is None:
            owner = new(Owner, (self.owner[0], f"{self.owner[1]}{call.name}/"))
        else:
            owner = new(Owner, (call.identity, ""))
        if isinstance(layer, Model):
            inner = Shapes(self.analysis, layer, self.readings, f"{name}/", owner, self)
            return self.descend(call, layer, inner, inputs, named)
        assert layer is not None
        traced, outputs = self.readings.read(layer, self.frozen, inputs, named, visits)
        if named:
            for value in named.values():
                inputs += value if isinstance(value, list) else [value]
        row = Row(name, owner, call, inputs, traced)
        if traced.weights:
            self.build(row)
        self.found[id(call)] = row
        self.analysis.executed.append(row)
        return [new(Value, (spec, mask, name)) for spec, mask in outputs]

    def build(self, row: Row) -> None:
        """Note whose the weights of a row are: one by one where they may be those of another row too."""
        if row.owner[0] is None and not row.traced.owned:
            first = self.built.setdefault(row.owner, row)
            if first is row:
                return
            self.build_each(first)
        self.build_each(row)

    def build_each(self, row: Row) -> None:
        for key, one in row.held:
            first = self.keyed.setdefault(key, row)
            if first is not row:
                self.same_weight(first, key, one)

    def same_weight(self, first: Row, key: Owner, weight: WeightSpec) -> None:
        """Refuse a second use whose inputs ask for another weight than the first built."""
        self.analysis.again.add(key)
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
        return model.walk(inputs, inner, keep=True)

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
        if error.given is not None and (fix := self.given(call, error.given)):
            where["fix"] = fix
        self.analysis.faults.append({**where, "detail": detail, "layer": name})

    def given(self, call: Call, shape: list[int | None]) -> dict[str, Any] | None:
        """The change of the document that gives the model's input, which alone this layer reads, another shape."""
        ref = call.inputs[0] if len(call.inputs) == 1 and not call.named and self.analysis.model is self.model else None
        if ref is None or ref.source != INPUTS:
            return None
        one, value = self.model.inputs[ref.output], self.analysis.inputs[ref.output]
        told = one.shape or ()
        if any(isinstance(dim, str) for dim in told) or shown(told)[1:] != shown(value.spec.shape)[1:]:
            return None  # the request names sizes, or gives their names numbers
        return reshaped(one.location, told[0] if told else None, shape)


def analyse(model: Model, inputs: list[tuple[str, Spec]], readings: Readings | None = None) -> Analysis:
    """Walk a model with shapes. Faults are collected, not raised: what does not depend on them is still read.

    What is among `readings`, those of the model's reader unless they are given, is not read again.
    """
    analysis = Analysis(model, [])
    visitor = Shapes(analysis, model, readings or model.readings or Readings())
    analysis.inputs = [Value(visitor.readings.same(spec), None, name) for name, spec in inputs]
    with guarded() as taken:
        outputs = model.walk(analysis.inputs, visitor, keep=True)
    analysis.conditions = conditions(taken)
    analysis.outputs = [value for value in outputs if value is not None]
    analysis.rows = [*analysis.executed] if analysis.in_order else visitor.rows()
    analysis.settle()
    return analysis
