"""Masks of tensors, where a layer of the text's own asks for one: as tensors of the graph, as Keras hands them on."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script import applied, tensors
from layercalc.readers.keras.script.values import (
    CallObject,
    FunctionName,
    LayerObject,
    OperationObject,
    OwnObject,
    TensorObject,
    TracedObject,
    origin,
)
from layercalc.readers.script import MISSING, Fault, Opaque
from layercalc.readers.script.values import Bound

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

At = Any
Made = Callable[[], TensorObject]  # makes the mask where the text comes to it
NOT_EQUAL, ANY = FunctionName("keras.ops.not_equal"), FunctionName("keras.ops.any")
MAKERS = ("Embedding", "Masking")


def given(
    names: "KerasNames", own: OwnObject, args: list[Any], kwargs: dict[str, Any], parameters: list[str], at: At
) -> dict[str, Any]:
    """The masks that Keras gives to a call by name, beside its arguments: that of its only tensors, as `mask`."""
    by_name = {**dict(zip(parameters, args, strict=False)), **kwargs}
    held = {key: one for key, one in by_name.items() if tensors_in(names, one, at)}
    asked = [
        key for key in ("mask", *(f"{one}_mask" for one in held)) if key in parameters and by_name.get(key) is None
    ]
    if not asked or not held:
        return {}
    if len(held) == 1 and "mask" in asked and own.function is None:
        (value,) = held.values()
        if not any(masked(names, one, at) for one in tensors_in(names, value, at)):
            return {}
        return {"mask": applied.changed(names, value, lambda one: made(names, one, at))}
    for one in (one for value in held.values() for one in tensors_in(names, value, at)):
        if masked(names, one, at):
            raise differs(f"A mask comes to {own!r}, which asks for {asked[0]!r}", at)
    return {}


def differs(told: str, at: At) -> Fault:
    return Fault(at, f"{told}; versions of Keras differ in whether they give it there. Give it by name.")


def tensors_in(names: "KerasNames", value: Any, at: At) -> list[TensorObject]:
    return [one for one in applied.flat_or_unknown(names, value, at) if isinstance(one, TensorObject)]


def made(names: "KerasNames", tensor: TensorObject, at: At) -> TensorObject | None:
    found = masked(names, tensor, at)
    return None if found is None else found()


def masked(names: "KerasNames", tensor: TensorObject, at: At) -> Made | None:
    """How the mask of a tensor is made; None where it has none. Those before it are looked at first."""
    known = names.masks
    if key_of(tensor) not in known:
        pending, found = [tensor], {}
        while pending:
            one = pending.pop()
            if key_of(one) not in known and key_of(one) not in found:
                names.machine.meter.work(64, at)
                found[key_of(one)] = one
                pending += before(names, one, at)
        for one in sorted(found.values(), key=lambda one: one.call.order):
            known[key_of(one)] = one.call, of_call(names, one, at)
    return known[key_of(tensor)][1]


def key_of(tensor: TensorObject) -> tuple[int, int]:
    return id(tensor.call), max(tensor.output, 0)


def before(names: "KerasNames", tensor: TensorObject, at: At) -> list[TensorObject]:
    """The tensors whose masks decide that of this one."""
    call = tensor.call
    if id(call) in names.entered:
        return [names.entered[id(call)][1]]
    if isinstance(call.layer, TracedObject):
        inner = call.layer.outputs[max(tensor.output, 0)]
        return [inner, *tensors_in(names, names.firsts[id(call)][1], at)]
    return [one for one in call.inputs if isinstance(one, TensorObject)]


def of_call(names: "KerasNames", tensor: TensorObject, at: At) -> Made | None:
    """The same, those before it known."""
    call, around = tensor.call, before(names, tensor, at)
    if id(call) in names.entered:
        told_of = "What is called here asks for the mask of what the layer around it is given"
        return doubted(differs(told_of, at)) if masked(names, around[0], at) else None
    if call.layer is None:
        return None
    if isinstance(call.layer, TracedObject):
        return of_own(names, call, around, at)
    layer = origin(call.layer)
    if isinstance(layer, OperationObject):
        return None
    if isinstance(layer, LayerObject) and (found := of_layer(names, layer, call.inputs, at)) is not None:
        return found
    if len(around) == 1 and isinstance(layer, LayerObject):
        if told(names, tensor, at) or told(names, around[0], at):
            return masked(names, around[0], at) if told(names, tensor, at) else None
    elif told(names, tensor, at):
        return doubted(through(layer, at))
    return doubted(through(layer, at)) if any(masked(names, one, at) for one in around) else None


def doubted(fault: Fault) -> Made:
    """A mask of which it is not known that there is one: a fault where it is asked for."""

    def refuse() -> TensorObject:
        raise fault

    return refuse


def told(names: "KerasNames", tensor: TensorObject, at: At) -> bool:
    """Whether a tensor has a mask by what layers of Keras' make of theirs."""
    return tensors.outputs(names, tensor.call, at)[max(tensor.output, 0)].mask is not None


def through(layer: Any, at: At) -> Fault:
    return Fault(at, f"A mask may come through {layer!r} to a `call` that asks for it; that is not read.")


def of_layer(names: "KerasNames", layer: LayerObject, inputs: list[Any], at: At) -> Made | None:
    """The mask that a layer makes of what it is given: Embedding of its integers, Masking of its numbers."""
    if len(inputs) != 1:
        return None
    if layer.kind.type == "Embedding" and layer.config.get("mask_zero"):
        return lambda: tensors.function(names, NOT_EQUAL, [inputs[0], 0], {}, at)
    if layer.kind.type == "Masking":
        value = layer.config.get("mask_value", 0.0)
        return lambda: tensors.function(
            names, ANY, [tensors.function(names, NOT_EQUAL, [inputs[0], value], {}, at)], {"axis": -1}, at
        )
    return None


def asked(names: "KerasNames", layer: LayerObject, value: Any, at: At) -> Any:
    """`layer.compute_mask(x)`, of those layers that make one."""
    if layer.kind.type not in MAKERS or not isinstance(value, TensorObject):
        return Opaque("", at)
    found = of_layer(names, layer, [value], at)
    return None if found is None else found()


def of_own(names: "KerasNames", call: CallObject, around: list[TensorObject], at: At) -> Made | None:
    """What `compute_mask` of the text gives; Keras' own, where `supports_masking` is set, the mask of the input."""
    graph, own = call.layer, call.layer.own
    inner, *first = around
    if masked(names, inner, at):
        return doubted(through(own, at))
    if own.instance is None:
        return None
    given = [masked(names, one, at) for one in first]
    cls, found = own.instance.cls, own.instance.cls.find("compute_mask")
    supports = own.instance.attrs.get("supports_masking", cls.find("supports_masking"))
    if supports is False or (supports is MISSING and found is MISSING) or (found is MISSING and not any(given)):
        return None
    if len(first) > 1 or len(graph.outputs) > 1 or supports not in (True, MISSING):
        return doubted(through(own, at))
    if found is MISSING:
        return given[0]
    return computed(names, Bound(found, own.instance), first[0], given[0], at)


def computed(names: "KerasNames", function: Bound, first: TensorObject, mask: Made | None, at: At) -> Made | None:
    """What `compute_mask(inputs, mask)` gives."""
    takes = applied.parameters_of(function)
    try:
        args = [first, None if mask is None else mask()][: max(len(takes), 1)]
        result = names.machine.call(function, args, {}, at)
    except Fault as fault:
        if fault.limit:
            raise
        return doubted(fault)
    if type(result) is Opaque:
        return doubted(Fault(at, f"The mask that compute_mask gives is not known: {result.why}."))
    if result is None:
        return None
    if not isinstance(result, TensorObject):
        return doubted(Fault(at, f"Expected a mask or None of compute_mask; received {names.describe(result)}."))
    return lambda: result
