"""What another tool counts: a rule for each op, the tool's unit, and where the tool says so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from layercalc.dims import Dim, Shape, Unknown, size
from layercalc.formulas import Undecided
from layercalc.ops.tracing import Entry


class Use(NamedTuple):
    """One traced op as a rule sees it: what it read and gave, and the ops before and after it in its layer."""

    entry: Entry
    previous: Entry | None
    next: Entry | None
    batch: Dim

    @property
    def x(self) -> Shape:
        """The shape of the first input."""
        return self.entry.shapes[0]

    @property
    def y(self) -> Shape:
        """The shape of the result."""
        return self.entry.out.shape

    @property
    def inputs(self) -> Dim:
        """How many elements the first input has."""
        return size(self.x)

    @property
    def outputs(self) -> Dim:
        """How many elements the result has."""
        return size(self.y)

    @property
    def before(self) -> str:
        """The name of the op before it."""
        return self.previous.op.name if self.previous else ""

    @property
    def after(self) -> str:
        """The name of the op after it."""
        return self.next.op.name if self.next else ""

    @property
    def macs(self) -> Dim:
        return self.entry.cost.macs

    def option(self, name: str, default: Any = None) -> Any:
        return self.entry.attributes.get(name, default)


@dataclass(frozen=True)
class Rule:
    """What a tool counts for an op, in words after "counts it as", in a number, and where the tool says so."""

    says: str
    count: Callable[[Any], Dim | tuple[Dim, ...] | None]
    source: str


class Loop(NamedTuple):
    """A recurrent layer as a tool sees it: one module, of which it knows the sizes."""

    features: Dim
    units: int
    gates: int
    bias: bool
    steps: Dim
    batch: Dim
    layer: Any

    @property
    def products(self) -> Dim:
        """The MACs of one step of one sample: every gate reads the input and the state."""
        return self.gates * self.units * (self.features + self.units)


@dataclass(frozen=True)
class Convention:
    """A tool's way to count. An op without a rule is one that the tool does not see, and counts 0."""

    name: str
    tool: str
    unit: str  # MACs or FLOPs
    rule: str
    source: str
    rules: Mapping[str, Rule]
    loops: Mapping[str, Rule] = field(default_factory=dict)  # by the module that a recurrent layer is to the tool
    ignored: frozenset[str] | None = None  # the ops that it is known not to count; without, all that have no rule
    unrolls: bool = False  # other loops are counted op by op, step by step; without, nothing can be said of them
    program: Callable[[Any, Dim], dict[str, Any]] | None = None  # what it counts for a row of an exported program
    assumes: Callable[[Any], bool] | None = None  # whether it takes for granted there how functions were called
    skips_unread: bool = False  # a row of such whose results nothing reads is none that it sees
    drops_unknown: bool = False  # what has no static shape is left out in silence; without, the count is unknown

    def terms(self, layer: Any, entries: list[Entry], batch: Dim) -> dict[str, Dim | None]:
        """What the tool counts for one layer, by op, or by module where it sees a layer as one.

        Unknown where a dimension is; None where nobody has found out what the tool counts.
        """
        recurrence = layer.recurrence
        if recurrence is not None and recurrence[0] in self.loops:
            module, inner, ways = recurrence
            return self.looped(module, inner, ways, entries, batch)
        if not self.unrolls and any(entry.times != 1 for entry in entries):
            return {layer.type: None}
        out: dict[str, Dim | None] = {}
        last = len(entries) - 1
        for place, entry in enumerate(entries):
            name = entry.op.name
            rule = self.rules.get(name)
            if name == "declared":
                number = entry.cost.macs if self.unit == "MACs" else entry.cost.flops
                out[name] = out.get(name, 0) + number * entry.times
            elif rule is None and self.ignored is not None and name not in self.ignored and not entry.op.view:
                out[name] = None
            elif rule is not None:
                previous = entries[place - 1] if place else None
                following = entries[place + 1] if place < last else None
                counted = self.counted(rule, Use(entry, previous, following, batch))
                number = None if counted is None else self.added(counted) * entry.times
                out[name] = None if number is None or out.get(name, 0) is None else out.get(name, 0) + number
        return out

    def counted(self, rule: Rule, use: Use) -> Dim | tuple[Dim, ...] | None:
        """What a rule counts for an op; unknown where it decides by sizes that have names."""
        try:
            return rule.count(use)
        except Undecided as error:
            return Unknown(str(error))

    def looped(self, module: str, layer: Any, ways: int, entries: list[Entry], batch: Dim) -> dict[str, Dim | None]:
        """A recurrent layer that the tool has a module for, `ways` times if it runs both ways."""
        kernel = next(entry.shapes[1] for entry in entries if entry.op.name == "matmul")
        steps = next((entry.times for entry in entries if entry.times != 1), 1)
        loop = Loop(kernel[0], layer.units, kernel[1] // layer.units, layer.use_bias, steps, batch, layer)
        counted = self.loops[module].count(loop)
        return {module: None if counted is None else self.added(counted) * ways}

    def added(self, counted: Dim | tuple[Dim, ...]) -> Dim:
        parts = counted if isinstance(counted, tuple) else (counted,)
        if self.drops_unknown:
            parts = tuple(part for part in parts if not isinstance(part, Unknown))
        return sum(parts, 0)


def zero(_: Any) -> Dim:
    return 0


def macs(use: Use) -> Dim:
    return use.macs


def twice(use: Use) -> Dim:
    return 2 * use.macs


def inputs(use: Use) -> Dim:
    return use.inputs


def outputs(use: Use) -> Dim:
    return use.outputs


def affine(use: Use) -> bool:
    """Whether a normalisation has a gamma or a beta."""
    return bool(use.option("scale") or use.option("center"))


CONVOLUTIONS = ("conv", "depthwise_conv", "conv_transpose")
POOLS = tuple(
    f"{kind}_pool" for kind in ("max", "average", "global_max", "global_average", "adaptive_max", "adaptive_average")
)


def linear(use: Use) -> bool:
    """Whether a product is one with a matrix of weights, as torch.nn.Linear's, and not one of two batches."""
    return len(use.entry.shapes[1]) == 2
