"""What a row of an exported program does, function by function, as tools see it that watch a model run."""

from typing import Any, NamedTuple

from layercalc.analysis.tracing import Traced
from layercalc.analysis.weight_specs import WeightRecorder
from layercalc.formulas import guarded
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
    written: Any = None  # where it was called, and which of the calls there it is


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
    core: bool = False  # whether functions are in parts
    told: bool = True  # whether the program says which functions Python called
    borrowed: bool = False  # whether it reads a parameter of a module that it is no call of


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
        calls.append(SeenCall(word, node.caller, given, tuple(made), tracing.entries[begun:], node.written))
        begun = len(tracing.entries)

    inputs = [spec for spec, _ in traced.asked[0]]
    token = READING.set(tracing)
    try:
        with guarded():  # what is taken for granted of sizes is known since it was traced
            layer(WeightRecorder({}), *inputs, watch=watch)
    finally:
        READING.reset(token)
    own: dict[str, tuple[str, Spec]] = {}  # by tensor; of one with two names, that of the module
    held = sorted(
        (one for one in layer.held if one.kind == PARAMETER), key=lambda one: not inside(one.path, place.path)
    )
    for one in held:
        own.setdefault(one.array.name, (below(one.path, place.path), Spec(one.array.shape, one.array.dtype)))
    borrowed = any(one.path.rpartition(".")[0] != place.path for one in held)
    given = [spec for name, spec in zip(layer.reads, inputs, strict=True) if name not in layer.sizes]
    outputs = [spec for spec, _ in traced.outputs]
    parameters = [(name, spec) for name, spec in own.values() if "." not in name] if place.called else []
    return Seen(
        place.kind,
        place.called,
        place.inner,
        place.around,
        place.again,
        given,
        outputs,
        parameters,
        calls,
        place.core,
        place.told,
        borrowed and not place.called,
    )


def inside(path: str, module: str) -> bool:
    """Whether a parameter has a name of the module, or of one inside it."""
    return not module or path.startswith(f"{module}.")


def below(path: str, module: str) -> str:
    """A parameter's name in its module; of a tied one, whose name is another module's, its last part."""
    if not module:
        return path
    return path.removeprefix(f"{module}.") if inside(path, module) else path.rpartition(".")[2]
