"""Layers and models called on arrays of literal shape: what they give, and the input shape that they have by it."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script import applied, makers, tensors
from layercalc.readers.keras.script.arguments import location_of
from layercalc.readers.keras.script.values import CallObject, LayerObject, OwnObject, SequentialObject, TensorObject
from layercalc.readers.script import Fault, Opaque
from layercalc.readers.script.modules.arrays import array, is_array

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames


MOST = 4  # calls of one object on data, of which more is known than that there is data


def as_tensors(names: "KerasNames", value: Any, at: Any) -> Any:
    """Arguments with tensors in place of arrays."""

    def change(one: Any) -> Any:
        return makers.as_tensor(names, one, at) if is_array(names.machine, one) else one

    return applied.changed(names, value, change)


def computed(names: "KerasNames", function: Any, given: tuple[list[Any], dict[str, Any]], at: Any) -> Any:
    """What a function of tensors gives of arrays: arrays; one of an unknown number of samples has a batch of them."""
    batch: Any = 1

    def change(one: Any) -> Any:
        nonlocal batch
        first, *rest = one.attrs["shape"] or (1,)
        if type(first) is not Opaque or names.machine.spoilt(one.attrs):
            return makers.as_tensor(names, one, at)
        batch = Opaque("", at, first.first)
        return input_of(tuple(names.known(size, at) for size in rest), at)

    m, parts = names.machine, names.parts
    depth, frame = m.meter.depth, m.frame
    try:
        args, kwargs = (applied.changed(names, one, change) for one in given)
        return as_arrays(names, names.apart(lambda: function(args, kwargs)), batch, at)
    except Fault as fault:  # of a function that is not read, of data
        if fault.limit:
            raise
    finally:
        m.meter.depth, m.frame, names.parts = depth, frame, parts
    m.risk(at)
    return Opaque("", at)


def on_arrays(names: "KerasNames", layer: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """A layer or model on arrays of literal shape: an array of the shape that it gives. A Sequential is built so."""
    batches: list[int] = []

    def as_input(one: Any) -> TensorObject:
        shape = shape_in(names, one, at)
        batches.append(shape[0] if shape else 1)
        return input_of(shape[1:], at)

    given = applied.changed(names, args, as_input)
    first = next((one for one in applied.flat_or_unknown(names, given, at) if isinstance(one, TensorObject)), None)
    if isinstance(layer, SequentialObject) and first is not None and names.input_of(layer) == (None, None):
        names.machine.changing(layer)
        layer.shape = first.call.shape
    calls = names.calls.get(id(layer))
    result = names.apart(lambda: tensors.apply(names, layer, given, applied.changed(names, kwargs, as_input), at))
    if id(layer) in names.calls:
        names.strays.append(names.calls[id(layer)][1].pop())
    if calls is None:
        names.calls.pop(id(layer), None)
    if isinstance(layer, LayerObject) and layer.shape is None and len(batches) == 1 and first is not None:
        names.probed = [*names.probed, (layer, first.call.shape)]
    names.inside.discard(id(layer))
    return as_arrays(names, result, batches[0], at)


def own_on_arrays(names: "KerasNames", own: OwnObject, args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """A call on arrays of literal shape: the model has inputs of these shapes, and the result is arrays."""
    batches: list[Any] = []

    def as_input(one: Any) -> TensorObject:
        shape = shape_in(names, one, at)
        if not shape:
            raise Fault(at, "Expected an array with a batch in front.")
        batches.append(shape[0])
        return input_of(shape[1:], at)

    given, named = applied.changed(names, args, as_input), applied.changed(names, kwargs, as_input)
    times = names.ran[id(own)] = names.ran.get(id(own), 0) + 1
    parts, again = names.parts, own.root is not None
    if again and times > MOST:
        names.blind = True
        return Opaque("", at)
    result = names.with_data(lambda: applied.traced(names, own, given, named, at))
    names.parts = parts if again else names.parts  # a loop that calls it on data makes no part of a model
    return as_arrays(names, result, batches[0], at)


def shape_in(names: "KerasNames", value: Any, at: Any) -> Any:
    """The shape of an array; its sizes behind the batch are known."""
    shape = value.attrs["shape"]
    names.machine.known(value.attrs, shape)
    for size in shape[1:]:
        names.known(size, at)
    return shape


def as_arrays(names: "KerasNames", result: Any, batch: Any, at: Any) -> Any:
    """Tensors as arrays of their shapes, the batch in front."""

    def shaped(one: TensorObject) -> Any:
        shape: Any = tensors.shape_of(names, one, at)
        if not shape or None in shape[1:]:
            return Opaque("", at)
        return array(names.machine, (batch if shape[0] is None else shape[0], *shape[1:]), Opaque("", at), at)

    return applied.changed(names, result, shaped)


def input_of(shape: Any, at: Any, name: str = "") -> TensorObject:
    call = CallObject(name or "input", location_of(at))
    call.shape = (None, *shape)
    return TensorObject(call, 0)
