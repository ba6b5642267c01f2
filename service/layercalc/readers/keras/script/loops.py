"""Cells of the text's own in `RNN(cell)`: one step followed, on a step of the input and the states."""

from typing import TYPE_CHECKING, Any

from layercalc.analysis.readings import Value
from layercalc.ops import Spec
from layercalc.readers.keras.script import applied, tensors
from layercalc.readers.keras.script.arguments import location_of, plain
from layercalc.readers.keras.script.values import CallObject, OwnObject, TensorObject, TracedObject
from layercalc.readers.script import MISSING, Fault

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames


def cell(names: "KerasNames", own: OwnObject, inputs: list[Any], at: Any) -> TracedObject:
    """The graph of one step of a cell: of an input (batch, …) and states to an output and states."""
    told = f"RNN around {own!r}, of the text's own, is not read"
    if own.instance is None:
        raise Fault(at, f"{told}; write a class with `call(inputs, states)`.")
    if own.instance.cls.find("get_initial_state") is not MISSING:
        raise Fault(at, f"{told}, which says itself what its states begin with.")
    sizes = state_sizes(names, own, at)
    if len(inputs) != 1:
        raise Fault(at, f"{told} with states or constants given to its call; leave them out.")
    found = tensors.outputs(names, inputs[0].call, at)[max(inputs[0].output, 0)][0]
    if len(found.shape) < 3:
        raise Fault(at, "RNN takes (batch, steps, features).")
    step = entry(names, (found.shape[0], *found.shape[2:]), str(found.dtype), at)
    states = [entry(names, (found.shape[0], *size), "float32", at) for size in sizes]
    result = names.apart(lambda: applied.traced(names, own, [step, states], {}, at))
    every = applied.flat_or_unknown(names, result, at)
    graph: Any = every[0].call.layer if every and isinstance(every[0], TensorObject) else None
    if not isinstance(graph, TracedObject) or type(result) is not tuple or len(result) != 2:
        raise Fault(at, f"Expected `call` of {own.title} to give an output and the states.")
    if own.nested or len(graph.inputs) != 1 + len(sizes):
        raise Fault(at, f"{told}, which holds layers, or takes tensors from outside; write its weights in `build`.")
    shapes = [tensors.shape_of(names, one, at)[1:] for one in graph.outputs]
    if shapes[1:] != sizes or shapes[0] not in sizes:
        listed = ", ".join(str(list(one)) for one in shapes)
        raise Fault(at, f"{told}: of states {[list(one) for one in sizes]} a step gives the shapes {listed}.")
    graph.cell = sizes, sizes.index(shapes[0])
    return graph


def state_sizes(names: "KerasNames", own: OwnObject, at: Any) -> list[tuple[int | None, ...]]:
    """`state_size` of a cell: of one state or several, each a number or a shape."""
    given = plain(names, names.machine.attribute(own.instance, "state_size", at), at)
    rows = given if isinstance(given, list | tuple) else [given]
    sizes: list[Any] = [tuple(one) if isinstance(one, list | tuple) else (one,) for one in rows]
    if not sizes or not all(type(n) is int and n > 0 for one in sizes for n in one):
        raise Fault(at, f"Expected state_size of {own.title} to be whole numbers; received {names.describe(given)}.")
    return sizes


def entry(names: "KerasNames", shape: Any, dtype: str, at: Any) -> TensorObject:
    """An input of the step's graph."""
    call = CallObject("input", location_of(at))
    names.specs[id(call)] = call, [Value(names.readings.same(Spec(shape, dtype)), None, call.name)]
    call.shape = tensors.shape_of(names, TensorObject(call, 0), at)
    return TensorObject(call, 0)
