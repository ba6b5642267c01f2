"""One layer read with shapes: its outputs, weights, ops and counts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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

Asked = tuple[list[Any], dict[str, Any]]  # a call: (spec, mask) by position and by name

FACTS: dict[str, Callable[["Traced"], Any]] = {}  # by name: what else follows from a trace alone


def fact(find: Callable[["Traced"], Any]) -> Callable[["Traced"], Any]:
    """Something that is asked of most traces: `traced.fact(find)` finds it out once."""
    FACTS[find.__name__] = find
    return find


class Tape(NamedTuple):
    """What was noted while a layer was read; a tensor is one object in all of it."""

    outputs: list[tuple[Spec, Spec | None]]
    weights: list[WeightSpec]
    entries: list[Entry]
    seen_as: list[tuple[Spec, Spec, tuple[int, ...]]]
    allocated: list[tuple[int, Spec]]
    scopes: list[tuple[int, int]]
    amounts: list[Amounts]  # of each op


@dataclass(slots=True, eq=False)
class Traced:
    """One layer read on given input specs; cached, since a layer holds no state."""

    outputs: list[tuple[Spec, Spec | None]]
    weights: list[WeightSpec]
    asked: Asked  # the call it was traced for
    reads: list[Spec]  # every tensor of it, in the order of a row's inputs
    counts: dict[str, Dim]
    traffic: Dim  # the fewest bytes to move
    view: bool  # whether the output is the input's memory
    turned: bool  # whether tensors are looked at with their axes in another order
    buffers: bool  # whether they are counted apart from the parameters
    ops: int  # how many
    owned: bool  # whether weights belong to objects inside the layer
    noted: Tape | Callable[[], Tape]  # or how to read the layer for it
    notes: dict[Any, Any] = field(default_factory=dict)  # what was found out from it alone, by who asked

    @property
    def tape(self) -> Tape:
        """What was noted while it was read, or is now."""
        if not isinstance(self.noted, Tape):
            self.noted = self.noted()
        return self.noted

    @property
    def entries(self) -> list[Entry]:
        return self.tape.entries

    def names(self, inside: str) -> list[str]:
        """What the weights are called in a row whose own names begin so; those of a file by their own names."""
        if not self.owned:
            return [inside + one[0] for one in self.weights]
        return [one[4][1] if one[4] and one[4][0] == FILE else inside + one[0] for one in self.weights]

    def fact(self, find: Callable[["Traced"], Any]) -> Any:
        """One of the `FACTS`."""
        name = find.__name__
        found = self.notes.get(name)
        if found is None:
            found = self.notes[name] = find(self)
        return found

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
        if not self.turned:
            return found
        inside = {id(spec) for spec in self.reads}
        for before, after, order in self.tape.seen_as:
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
    return followed(outputs, list(found.values()), tracing, (inputs, named), layer.of_vocabulary.buffers)


def followed(
    outputs: list[tuple[Spec, Spec | None]],
    weights: list[WeightSpec],
    noted: "Tracing | Tape",
    asked: Asked,
    buffers: bool,
) -> Traced:
    """A trace with all that follows from its ops, in one pass over them; ShapeError for numbers nobody could print."""
    macs: Dim = 0
    flops: Dim = 0
    moved: Dim = 0
    view = True
    amounts: list[Amounts] = []
    for op, cost, times, out, _, _, specs in noted.entries:
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
        amounts.append((some, read, written))
    activation: Dim = 0
    for spec, _ in outputs:
        activation = activation + spec.bytes
    counts = weighed(weights, buffers)
    stored = counts.pop("param_bytes")
    counts["macs"], counts["flops"], counts["param_bytes"] = macs, flops, stored
    counts["activation_bytes"] = activation
    printable(counts)
    for spec, _ in outputs:
        if fault := unwieldy(spec[0]):
            raise ShapeError(f"The output has {fault}.")
    reads = reads_of(asked)
    if not view:
        once = stored + counts.get("buffer_bytes", 0) + activation
        for spec in reads:
            once = once + spec.bytes
        moved = least(moved, once)
    turned = bool([axes for _, _, axes in noted.seen_as if axes != tuple(range(len(axes)))])
    owned = any(one.owner for one in weights)
    tape = Tape(outputs, weights, noted.entries, noted.seen_as, noted.allocated, noted.scopes, amounts)
    return Traced(outputs, weights, asked, reads, counts, moved, view, turned, buffers, len(amounts), owned, tape)


def reads_of(asked: Asked) -> list[Spec]:
    """Every tensor of a call, in the order of a row's inputs."""
    inputs, named = asked
    reads = [pair[0] for pair in inputs]
    for one in named.values() if named else ():
        reads += [spec for spec, _ in (one if isinstance(one, list) else [one])]
    return reads


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


def printable(counts: dict[str, Dim]) -> None:
    """ShapeError for a count that is too long to be printed."""
    every = sum(counts.values())
    if not isinstance(every, int) or every >= MOST:
        for name, count in counts.items():
            if isinstance(count, int) and count >= MOST:
                raise ShapeError(f"{name} has more than 4,000 digits; make the shapes smaller.")


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
    return 3_000 + 3_000 * traced.ops + 500 * len(traced.weights)
