"""One layer read with shapes: its outputs, weights, ops and counts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from layercalc.analysis.weight_specs import WeightRecorder, WeightSpec, weighed
from layercalc.dims import Dim, Shape, Unknown, provably, size
from layercalc.errors import ShapeError
from layercalc.layers import Layer
from layercalc.model import apply
from layercalc.ops import READING, Spec, Tracing
from layercalc.ops.tracing import Entry

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
    weight = WeightRecorder(found, lock=lock)
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
    every = sum(counts.values(), 0)
    if isinstance(every, Unknown) or every.bit_length() > MAX_BITS:
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


def kinds_of(pairs: Iterable[tuple[Spec, Spec | None]]) -> tuple[type, ...]:
    """The type of each spec and of each size in it: they tell a batch that nobody named from the 1 that it equals."""
    kinds: list[type] = []
    for pair in pairs:
        for spec in pair:
            if spec is not None:
                kinds.append(spec.__class__)
                kinds += map(type, spec.shape)
    return tuple(kinds)


def trace_bytes(traced: Traced) -> int:
    """About how many bytes a trace takes, with what is found out from it."""
    return 3_000 + 3_000 * len(traced.entries) + 500 * len(traced.weights)
