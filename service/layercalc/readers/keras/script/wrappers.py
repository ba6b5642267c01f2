"""Layers and models of Keras' that hold layers of the text's own: what these are given decides what they are."""

from typing import TYPE_CHECKING, Any

from layercalc.analysis.readings import Value
from layercalc.dims import Batch, Unknown
from layercalc.ops import Spec
from layercalc.readers.keras.script import applied, loops, tensors
from layercalc.readers.keras.script.arguments import location_of
from layercalc.readers.keras.script.values import CallObject, LayerObject, OwnObject, SequentialObject, TensorObject
from layercalc.readers.script import MISSING, Fault

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames


def holds_own(layer: Any) -> bool:
    """Whether a layer wraps one of the text's own, or is followed by what the text computes."""
    if not isinstance(layer, LayerObject):
        return False
    return layer.then is not None or wraps_own(layer)


def wraps_own(layer: LayerObject) -> bool:
    """Whether an argument of a layer is one of the text's own, or a list or layer that has one."""
    if not layer.inside:
        return False
    kinds = set(map(type, layer.config.values()))
    if OwnObject in kinds or not kinds & {list, LayerObject}:
        return OwnObject in kinds
    lists = [one for one in layer.config.values() if type(one) is list]
    inside = [one for one in layer.config.values() if type(one) is LayerObject]
    return any(OwnObject in map(type, one) for one in lists) or any(map(wraps_own, inside))


def owns(model: Any) -> bool:
    """Whether a Sequential has layers of the text's own, which have to know what they are given."""
    if isinstance(model, LayerObject):
        return holds_own(model)
    pending, seen = [model], {id(model)}
    while pending:
        one = pending.pop()
        if isinstance(one, OwnObject) or holds_own(one):
            return True
        for each in one.items if isinstance(one, SequentialObject) else ():
            if id(each) not in seen:  # a model that holds another twice, and so on, doubles with each level
                seen.add(id(each))
                pending.append(each)
    return False


def shape_by_call(names: "KerasNames", model: SequentialObject, inputs: list[Any], at: Any) -> None:
    """A Sequential without an input shape has that of what it is called on first, as in Keras."""
    if len(inputs) == 1 and isinstance(inputs[0], TensorObject):
        names.machine.changing(model)
        model.shape = (None, *tensors.shape_of(names, inputs[0], at)[1:])


def wrapping(names: "KerasNames", layer: LayerObject, inputs: list[Any], at: Any) -> LayerObject:
    """A wrapper around a layer of the text's own, as one around the graph that this makes of what it is given."""
    if layer.kind.type == "RNN" and isinstance(layer.config.get("cell"), OwnObject):
        return wrapped(names, layer, "cell", loops.cell(names, layer.config["cell"], inputs, at), at)
    own = layer.config.get("layer")
    if layer.kind.type not in ("TimeDistributed", "Wrapper") or not isinstance(own, OwnObject) or len(inputs) != 1:
        told = f"{layer.kind.type} around a class of the text's own is not read"
        raise Fault(at, f"{told}; write its steps out, or put a Custom layer in its place.")
    found = tensors.outputs(names, inputs[0].call, at)[max(inputs[0].output, 0)][0]
    inside = CallObject("input", location_of(at))
    timed = layer.kind.type == "TimeDistributed"
    spec = Spec((found.shape[0], *found.shape[2:]), str(found.dtype)) if timed else found
    names.specs[id(inside)] = inside, [Value(names.readings.same(spec), None, inside.name)]
    inside.shape = tuple(None if isinstance(dim, Unknown | Batch) else int(dim) for dim in spec.shape)
    own.timed = timed
    if timed and own.instance is not None and own.instance.cls.find("compute_output_shape") is MISSING:
        told = f"TimeDistributed around {own.title} is read as in Keras 2; Keras 3 asks for its compute_output_shape"
        names.warn(at, told)
    result = names.apart(lambda: applied.traced(names, own, [TensorObject(inside, 0)], {}, at))
    if not isinstance(result, TensorObject):
        raise Fault(at, f"Expected {own!r} to give one tensor inside {layer.kind.type}.")
    return wrapped(names, layer, "layer", result.call.layer, at)


def wrapped(names: "KerasNames", layer: LayerObject, key: str, graph: Any, at: Any) -> LayerObject:
    """The layer around a graph in place of what it holds under the key."""
    made = names.wrapped.get(id(layer))
    if made is None:
        made = LayerObject(layer.kind, {**layer.config, key: graph}, layer.location, layer.name)
        made.given, made.sure, made.stands_for = layer.given, layer.sure, layer
        names.wrapped[id(layer)] = made
        return made
    raise Fault(at, f"{layer!r} is called again, around a layer of the text's own; make two.")
