"""One layer read with shapes: its outputs, weights, ops and counts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from layercalc.analysis.weight_specs import WeightRecorder, WeightSpec, weighed
from layercalc.dims import Dim, Shape, least, size
from layercalc.errors import ShapeError
from layercalc.layers import Layer
from layercalc.layers.base import FILE
from layercalc.model import apply
from layercalc.ops import READING, Spec, Tracing
from layercalc.ops.base import FREE
from layercalc.ops.constant_folding import by_name as sized_by_name
from layercalc.ops.constant_folding import unnamed as without_names
from layercalc.ops.tracing import Entry

MOST = 1 << 14_000  # of a count: what Python prints without being asked twice has 4,300 digits

MAX_AXES = 64

METRICS = ("params", "trainable_params", "non_trainable_params", "macs", "flops", "param_bytes", "activation_bytes")


Amounts = tuple[Dim, Dim, Dim]  # of an op, all its runs together: FLOPs, bytes read, bytes written (views move none)


@dataclass(slots=True, eq=False)
class Traced:
    """One layer read on given input specs; cached, since a layer holds no state."""

    outputs: list[tuple[Spec, Spec | None]]
    weights: list[WeightSpec]
    entries: list[Entry]
    asked: tuple[list[Any], dict[str, Any]]  # the call it was traced for: (spec, mask) by position and by name
    seen_as: list[tuple[Spec, Spec, tuple[int, ...]]]
    allocated: list[tuple[int, Spec]]
    scopes: list[tuple[int, int]]
    buffers: bool = False  # whether they are counted apart from the parameters
    reads: list[Spec] = field(init=False)  # every tensor of the call, in the order of a row's inputs
    counts: dict[str, Dim] = field(init=False)
    amounts: list[Amounts] = field(init=False)  # of each op
    traffic: Dim = field(init=False)  # the fewest bytes to move
    view: bool = field(init=False)  # whether the output is the input's memory
    owned: bool = field(init=False)  # whether weights belong to objects inside the layer
    notes: dict[Any, Any] = field(default_factory=dict)  # what was found out from it alone, by who asked

    def __post_init__(self) -> None:
        """All that follows from the ops, in one pass over them; ShapeError for numbers that nobody could print."""
        inputs, named = self.asked
        self.reads = [pair[0] for pair in inputs]
        for one in named.values() if named else ():
            self.reads += [spec for spec, _ in (one if isinstance(one, list) else [one])]
        macs: Dim = 0
        flops: Dim = 0
        moved: Dim = 0
        view = True
        self.amounts = []
        for op, cost, times, out, _, _, specs in self.entries:
            some: Dim = 0 if cost is FREE else sum(cost) + cost[0]  # a MAC is two
            read: Dim = 0
            written: Dim = 0
            if not op.view:
                view, read, written = False, op.read(out, *specs), out.bytes
            if times.__class__ is int and times == 1:
                macs = macs + cost[0]
            else:
                macs, some = macs + repeated(cost[0], times), repeated(some, times)
                read, written = (0, 0) if op.view else (read * times, written * times)
            flops, moved = flops + some, moved + read + written
            self.amounts.append((some, read, written))
        activation: Dim = 0
        for spec, _ in self.outputs:
            activation = activation + spec.bytes
        self.owned = bool([one for one in self.weights if one[4]])
        counts = weighed(self.weights, self.buffers)
        stored = counts.pop("param_bytes")
        counts["macs"], counts["flops"], counts["param_bytes"] = macs, flops, stored
        counts["activation_bytes"] = activation
        self.counts, self.view = printable(counts), view
        for spec, _ in self.outputs:
            if fault := unwieldy(spec[0]):
                raise ShapeError(f"The output has {fault}.")
        if view:
            self.traffic = moved
            return
        once = stored + counts.get("buffer_bytes", 0) + activation
        for spec in self.reads:
            once = once + spec.bytes
        self.traffic = least(moved, once)

    def names(self, inside: str) -> list[str]:
        """What the weights are called in a row whose own names begin so; those of a file by their own names."""
        if not self.owned:
            return [inside + one[0] for one in self.weights]
        return [one[4][1] if one[4] and one[4][0] == FILE else inside + one[0] for one in self.weights]

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
    except TypeError:  # Undecided is one; so is what says that a formula is no number
        if not by_name(inputs, named):
            raise
        outputs = None
    except ValueError as error:
        if isinstance(error, ShapeError) or "integer string conversion" not in str(error):
            raise
        raise ShapeError("A number here has more than 4,000 digits; make the shapes smaller.") from None
    finally:
        READING.reset(token)
    if outputs is None:  # it decides by sizes that are names: what it gives is unknown
        others = {key: [*map(unnamed, one)] if isinstance(one, list) else unnamed(one) for key, one in named.items()}
        return trace(layer, [*map(unnamed, inputs)], others, visits, lock)
    beside = tracing.seen_as, tracing.allocated, tracing.scopes
    apart = layer.of_vocabulary.buffers
    return Traced(outputs, list(found.values()), tracing.entries, (inputs, named), *beside, apart)


def by_name(inputs: list[tuple[Spec, Spec | None]], named: dict[str, Any]) -> bool:
    """Whether a size of a call's tensors is a formula."""
    every = [*inputs, *(one for two in named.values() for one in (two if isinstance(two, list) else [two]))]
    return any(sized_by_name(spec) for spec, _ in every)


def unnamed(pair: tuple[Spec, Spec | None]) -> tuple[Spec, Spec | None]:
    """A tensor and its mask whose sizes by name are unknown."""
    spec, mask = pair
    return without_names(spec), mask and without_names(mask)


def repeated(n: Dim, times: Dim) -> Dim:
    """A count so many times; nothing is nothing however often."""
    return n * times if n.__class__ is not int or n else 0


def printable(counts: dict[str, Dim]) -> dict[str, Dim]:
    """The counts; ShapeError for one that is too long to be printed."""
    every = sum(counts.values())
    if not isinstance(every, int) or every >= MOST:
        for name, count in counts.items():
            if isinstance(count, int) and count >= MOST:
                raise ShapeError(f"{name} has more than 4,000 digits; make the shapes smaller.")
    return counts


def unwieldy(shape: Shape) -> str:
    """What makes a shape one that no program can use or print, or an empty string."""
    if len(shape) > MAX_AXES:
        return f"{len(shape)} axes; at most {MAX_AXES} are taken, as in NumPy"
    elements = size(shape)
    return "more than 4,000 digits in its size" if isinstance(elements, int) and elements >= MOST else ""


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
