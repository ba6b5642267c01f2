"""What a row of an exported program does, function by function, as tools see it that watch a model run."""

from typing import Any, NamedTuple

from layercalc.analysis.tracing import Traced
from layercalc.analysis.weight_specs import WeightRecorder
from layercalc.layers.base import PARAMETER
from layercalc.ops import READING, Spec, Tracing
from layercalc.ops.tracing import Entry


class SeenCall(NamedTuple):
    """A call of a function: its arguments by name (tensors as specs), its results, and the ops that it is made of."""

    word: str  # as `conv2d`
    caller: str  # as `function.relu`
    arguments: dict[str, Any]
    results: tuple[Any, ...]
    entries: list[Entry]


class Seen(NamedTuple):
    """A row: the module that it is a call of or stands in, what goes in and comes out, and the calls in it."""

    kind: str  # the module's class with its package
    called: bool  # whether the row is a call of it
    inner: bool  # whether there are modules inside it
    around: tuple[str, ...]
    again: bool  # whether the module stands in other places of the model too
    inputs: list[Spec]
    outputs: list[Spec]
    parameters: list[tuple[str, Spec]]  # of the module itself, by their names in it
    calls: list[SeenCall]


def observed(layer: Any, traced: Traced) -> Seen | None:
    """What the row of a layer does; None of one that is no part of a program."""
    place = getattr(layer, "place", None)
    if place is None:
        return None
    calls: list[SeenCall] = []
    tracing = Tracing()
    begun = 0

    def watch(node: Any, given: dict[str, Any], made: Any) -> None:
        nonlocal begun
        word = node.function.name.partition(".")[0]
        calls.append(SeenCall(word, node.caller, given, tuple(made), tracing.entries[begun:]))
        begun = len(tracing.entries)

    inputs = [spec for spec, _ in traced.asked[0]]
    token = READING.set(tracing)
    try:
        layer(WeightRecorder({}), *inputs, watch=watch)
    finally:
        READING.reset(token)
    own = [
        (one.path.removeprefix(f"{place.path}."), Spec(one.array.shape, one.array.dtype))
        for one in layer.held
        if one.kind == PARAMETER
    ]
    given = [spec for name, spec in zip(layer.reads, inputs, strict=True) if name not in layer.sizes]
    outputs = [spec for spec, _ in traced.outputs]
    parameters = [(name, spec) for name, spec in own if "." not in name] if place.called else []
    return Seen(place.kind, place.called, place.inner, place.around, place.again, given, outputs, parameters, calls)
