"""Whether models that a text makes are equal: alike in all but their names and weights."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script.graphs import calls_of, tensors_of
from layercalc.readers.keras.script.values import (
    GraphObject,
    LayerObject,
    OperationObject,
    OwnObject,
    SequentialObject,
    TensorObject,
)
from layercalc.readers.script import Instance
from layercalc.readers.script.values import SCALARS

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames


def all_equal(names: "KerasNames", models: list[Any]) -> bool:
    """Whether each of these models is like the first."""
    first, *others = (form(names, one, {}) for one in models)
    return all(one == first for one in others)


def form(names: "KerasNames", value: Any, seen: dict[int, int]) -> Any:
    """What a model or layer is but for names: plain values that compare; one object in two places is told as such."""
    value = value.core if type(value) is Instance else value
    names.machine.meter.work(256)
    if type(value) in SCALARS:
        return value
    if isinstance(value, list | tuple):
        return [form(names, one, seen) for one in value]
    if isinstance(value, dict):
        return {key: form(names, one, seen) for key, one in value.items()}
    if id(value) in seen:
        return ("again", seen[id(value)])
    seen[id(value)] = len(seen)
    if getattr(value, "spoilt", None) is not None:
        return ("unknown", id(value))
    if isinstance(value, OwnObject) and value.root is not None:
        return (value.title, value.trainable, form(names, value.root, seen))
    if isinstance(value, SequentialObject):
        return ("Sequential", value.shape, value.trainable, [form(names, one, seen) for one in value.items])
    if isinstance(value, GraphObject):
        extra = [one.layer for one in getattr(value, "extra", ())]  # weights that lead to no output
        return (*graph(names, value, seen), value.trainable, form(names, extra, seen))
    if isinstance(value, OperationObject):
        arguments = {key: one for key, one in vars(value.layer).items() if key != "name"}
        return (type(value.layer).__name__, form(names, arguments, seen))
    if isinstance(value, LayerObject) and value.layer is None:
        return (value.kind.type, value.shape, form(names, value.config, seen), form(names, value.then, seen))
    if isinstance(value, TensorObject) and value.call.layer is None:
        return (value.call.shape, value.call.dtype)
    return ("other", id(value))


def graph(names: "KerasNames", model: GraphObject, seen: dict[int, int]) -> tuple[Any, ...]:
    """The calls of a functional model in their order: what is called, and on which of the tensors before."""
    calls = sorted(calls_of(model, lambda call: tensors_of(names, call, None)), key=lambda one: one.order)
    places = {id(one.call): ("input", index) for index, one in enumerate(model.inputs)}
    places |= {id(one): ("call", index) for index, one in enumerate(calls)}

    def at(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [at(one) for one in value]
        return (places.get(id(value.call), id(value.call)), value.output)

    told = [
        (form(names, one.layer, seen), at(one.inputs), {key: at(each) for key, each in one.named.items()})
        for one in calls
    ]
    return [(one.call.shape, one.call.dtype) for one in model.inputs], told, at(model.outputs)
