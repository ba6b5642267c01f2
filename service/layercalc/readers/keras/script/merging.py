"""What Keras 1 made of other layers: `merge([a, b], mode="concat")`, `Merge([left, right])`, `TimeDistributedDense(3)`.

Source: keras 1.2.2 (engine/topology.py, layers/core.py).
"""

from typing import TYPE_CHECKING, Any

from layercalc.layers.keras.base import KERAS
from layercalc.readers.keras.keras1_arguments import merged
from layercalc.readers.keras.script import layers, tensors
from layercalc.readers.keras.script.arguments import arguments, flat
from layercalc.readers.keras.script.values import (
    CallObject,
    GraphObject,
    Kind,
    MergedObject,
    SequentialObject,
    TensorObject,
)
from layercalc.readers.script import Fault
from layercalc.readers.script.calls import functions_in

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

ORDER = ["mode", "concat_axis", "dot_axes", "output_shape", "output_mask", "arguments"]
OF_DENSE = [
    *("output_dim", "init", "activation", "weights", "W_regularizer", "b_regularizer", "activity_regularizer"),
    *("W_constraint", "b_constraint", "bias", "input_dim", "input_length"),
]
OUTSIDE = ("name", "input_dim", "input_length", "input_shape", "batch_input_shape", "trainable")


def construct(names: "KerasNames", which: Kind, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """One of them, called by its name."""
    if not names.translated:
        names.translated = True
        names.warn(at, f"Written for Keras 1: {which.name} is read as the layers that it is today")
    if which.name == "TimeDistributedDense":
        return distributed(names, which, args, kwargs, at)
    first = "inputs" if which.name == "merge" else "layers"
    given, _ = arguments(names, args, kwargs, [first, *ORDER, "node_indices", "tensor_indices", "name"], at)
    inputs = given.pop(first, None)
    given = {key: one for key, one in given.items() if one is not None}
    if strange := [key for key in given if key not in (*ORDER, "name")]:
        raise Fault(at, f"{which.name} is not read with {strange[0]!r}.")
    made = layer_of(names, which, given, at)
    if isinstance(inputs, list | tuple) and len(inputs) < 2:
        raise Fault(at, f"{which.name} takes at least two of them; received {len(inputs)}.")
    if which.name == "merge":
        return tensors.apply(names, made, [inputs], {}, at)
    if inputs is None:
        return made
    ends = [end_of(names, one, at) for one in flat(names, inputs, at)]
    result = tensors.apply(names, made, [ends], {}, at)
    return MergedObject(result.call, result.output) if isinstance(result, TensorObject) else result


def layer_of(names: "KerasNames", which: Kind, given: dict[str, Any], at: Any) -> Any:
    """The layer of today that does what a mode says; a function is a Lambda."""
    if functions_in([given.get("mode")]):
        how = {key: one for key, one in given.items() if key in ("output_shape", "arguments", "name")}
        return layers.make_lambda(names, Kind("Lambda", which.path, names.replaced), [given["mode"]], how, at)
    config = {key: names.known(one, at) for key, one in given.items()}
    found = merged({"mode": "sum", **config})
    if found is None:
        raise Fault(at, f"{which.name} is read with the modes sum, mul, concat, ave, max, dot, cos, or a function.")
    kind, own = found
    return layers.make(names, KERAS.kinds[kind], which, [], own, at)


def end_of(names: "KerasNames", one: Any, at: Any) -> TensorObject:
    """What a branch gives: a tensor, or the output of a model that has its input shape."""
    one = names.piece(one, at)
    if isinstance(one, TensorObject):
        return one
    if isinstance(one, SequentialObject):
        names.inside.add(id(one))
        return names.sequence(one, at)[-1]
    if isinstance(one, GraphObject) and len(one.outputs) == 1:
        names.inside.add(id(one))
        return one.outputs[0]
    raise Fault(
        at, f"Expected a model with an input shape and one output, or a tensor; received {names.describe(one)}."
    )


def inputs_of(names: "KerasNames", tensor: TensorObject) -> list[TensorObject]:
    """The inputs that a tensor is made of, in the order of the branches."""
    found: dict[int, CallObject] = {}
    seen: set[int] = set()
    pending = [tensor]
    while pending:
        call = pending.pop().call
        if id(call) in seen:
            continue
        seen.add(id(call))
        if call.layer is None:
            found[id(call)] = call
        pending += reversed(flat(names, [call.inputs, list(call.named.values())], None))
    return [TensorObject(call, 0) for call in found.values()]


def distributed(names: "KerasNames", which: Kind, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`TimeDistributedDense(3, input_dim=4, input_length=5)`: a Dense of every step."""
    given, _ = arguments(names, args, kwargs, OF_DENSE, at)
    outer = {key: given.pop(key) for key in OUTSIDE if key in given}
    if outer.get("input_dim") is not None:
        outer["input_shape"] = (outer.get("input_length"), outer["input_dim"])
    outer = {key: one for key, one in outer.items() if key not in ("input_dim", "input_length")}
    inner = Kind("Dense", which.path.replace(which.name, "Dense"), names.replaced)
    dense = layers.make(names, KERAS.kinds["Dense"], inner, [], given, at)
    return layers.make(names, KERAS.kinds["TimeDistributed"], which, [dense], outer, at)
