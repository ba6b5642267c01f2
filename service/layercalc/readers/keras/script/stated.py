"""Output shapes that a layer states beside its `call`: Keras 3 goes by them, Keras 2 by the `call`."""

from typing import TYPE_CHECKING, Any

from layercalc.dims import shown
from layercalc.readers.keras.script import settings, tensors
from layercalc.readers.keras.script.arguments import plain
from layercalc.readers.keras.script.values import LayerObject, OwnObject, TensorObject
from layercalc.readers.script import MISSING, Fault
from layercalc.readers.script.faults import Raised, Unknown
from layercalc.readers.script.values import Bound, Function

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames


def check(names: "KerasNames", own: OwnObject, given: Any, outs: list[TensorObject], at: Any) -> None:
    """Fault where a layer states other output shapes than its `call` gives for inputs of these shapes."""
    if own.instance is not None and type(spec := own.instance.cls.find("compute_output_spec")) is Function:
        raise Fault(spec.node, f"compute_output_spec of {own.title} is not followed; leave it out.")
    m = names.machine
    depth, frame = m.meter.depth, m.frame
    try:
        found, where, node = stated(names, own, given, at)
        value = None if found is MISSING else plain(names, found, at)
    except (Raised, Unknown):
        return
    except Fault as fault:
        if fault.limit:
            raise
        return
    finally:
        m.meter.depth, m.frame = depth, frame
    listed = shapes_in(value)
    if len(listed) != len(outs):
        return
    for one, tensor in zip(listed, outs, strict=True):
        real = tensors.shape_of(names, tensor, at)
        if len(one) != len(real) or any(None not in pair and len({*pair}) > 1 for pair in zip(one, real, strict=True)):
            told = (
                f"{where} gives {shown(tuple(one))}, which Keras 3 takes; its call gives {shown(real)}, as in Keras 2"
            )
            raise Fault(node, f"{told}. Make them agree.")


def shapes_in(value: Any) -> list[list[int | None]]:
    """One shape or a list of shapes, whole ones; nothing for what is none."""
    if not isinstance(value, list) or not value:
        return []
    if all(isinstance(one, list) for one in value):
        return [each for one in value for each in shapes_in(one)]
    return [value] if all(one is None or type(one) is int for one in value) else []


def stated(names: "KerasNames", own: OwnObject, given: Any, at: Any) -> tuple[Any, str, Any]:
    """The shapes, of inputs of the shapes `given`, what says so, and where; MISSING where nothing does."""
    m = names.machine
    if own.function is not None:
        value = own.output_shape
        if isinstance(value, Function | Bound):
            return m.call(value, [given], {}, at), f"output_shape of {own!r}", at
        if not isinstance(value, list | tuple):
            return MISSING, "", at
        first = plain(names, given, at)
        while isinstance(first, list | dict) and first:
            first = next(iter(first if isinstance(first, list) else first.values()))
        shape = plain(names, value, at)
        nested = bool(shape) and all(isinstance(one, list) for one in shape)
        whole = [[first, *one] for one in shape] if nested else [first, *shape]
        return whole, f"output_shape of {own!r}", at
    cls = own.instance.cls
    found = cls.find("compute_output_shape")
    if type(found) is Function:
        return m.call(Bound(found, own.instance), [given], {}, at), f"compute_output_shape of {own.title}", found.node
    if isinstance(own.base, LayerObject) and type(call := cls.find("call")) is Function:
        told = f"compute_output_shape of {own.base.kind.type}, from which {own.title} derives,"
        return of_base(names, own.base, given, at), told, call.node
    return MISSING, "", at


def of_base(names: "KerasNames", base: LayerObject, given: Any, at: Any) -> Any:
    """What the layer of Keras' gives, which is asked by nobody else."""
    probed = names.probed
    try:
        return settings.output_shape(names, base, given, at)
    finally:
        names.probed = probed


__all__ = ["check"]
