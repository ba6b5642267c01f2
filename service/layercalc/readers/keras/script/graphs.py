"""The calls that tensors come from, and the tensors that a model takes."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script.arguments import flat
from layercalc.readers.keras.script.scan import held_by
from layercalc.readers.keras.script.values import CallObject, GraphObject, TensorObject
from layercalc.readers.script import Fault

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

END = 256  # of Meter.work: an input or output of a model, until it stands in the report


def tensors_of(names: "KerasNames", call: CallObject, at: Any) -> list[TensorObject]:
    """The tensors that a call is given, in its order."""
    for one in call.inputs:
        if type(one) is not TensorObject or one.spoilt is not None:
            break
    else:
        if not call.named:
            return call.inputs
    return flat(names, [call.inputs, list(call.named.values())], at)


def every_tensor(call: CallObject) -> list[TensorObject]:
    """The same, whether they are known or not."""
    return [one for value in (call.inputs, *call.named.values()) for one in held_by(value)]


def calls_of(model: GraphObject, given: Callable[[CallObject], Iterable[TensorObject]]) -> list[CallObject]:
    """The calls of layers between a model's inputs and outputs, as they are met from these; `given` is as above."""
    inputs = {(id(one.call), max(one.output, 0)) for one in model.inputs}
    pending, found = list(model.outputs), dict[int, CallObject]()
    while pending:
        one = pending.pop()
        call = one.call
        if call.layer is None or id(call) in found or (id(call), max(one.output, 0)) in inputs:
            continue
        found[id(call)] = call
        pending += given(call)
    return list(found.values())


def by_name(names: "KerasNames", model: GraphObject, given: dict[str, Any], at: Any) -> list[Any]:
    """The inputs of a model in its order, from a dict by the model's own keys or the names of its inputs."""
    keys = model.keys if model.keys is not None else [one.call.name for one in model.inputs]
    if sorted(keys, key=str) != sorted(given, key=str):
        raise Fault(at, f"Expected the inputs {', '.join(map(str, keys))}; received {', '.join(map(str, given))}.")
    return [given[key] for key in keys]
