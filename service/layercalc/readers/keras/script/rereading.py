"""Sizes of tensors that a text has read: whether it would read the same where a request says others of the inputs."""

from typing import TYPE_CHECKING, Any

from layercalc.model import Model
from layercalc.readers.keras.script import tensors
from layercalc.readers.keras.script.values import GraphObject, TensorObject
from layercalc.readers.script import Fault

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames


def alike(names: "KerasNames", root: Any, model: Model) -> bool:
    """Whether every size that the text has read is the same at the sizes that the request says of the inputs.

    Where it says none, or the model is no graph of the text's inputs, that is not known: False if any was read.
    """
    if not names.sizes_read:
        return True
    asked = names.requested([one.name for one in model.inputs]) if names.requested is not None else {}
    if not asked or not isinstance(root, GraphObject) or len(root.inputs) != len(model.inputs):
        return False
    inputs = {id(one.call): one.call for one in root.inputs}
    known, shapes = names.specs, {key: call.shape for key, call in inputs.items()}
    before = [read(names, *one) for one in names.sizes_read]
    names.specs = {}
    try:
        for tensor, one in zip(root.inputs, model.inputs, strict=True):
            if one.name in asked and tensor.call.shape:
                told = [n if type(n) is int else None for n in asked[one.name]]  # a name may be any number
                tensor.call.shape = (tensor.call.shape[0], *told)
        return before == [read(names, *one) for one in names.sizes_read]
    except Fault as fault:
        if fault.limit:
            raise
        return False
    finally:
        names.specs = known
        for key, call in inputs.items():
            call.shape = shapes[key]


def read(names: "KerasNames", tensor: TensorObject, axis: int | None) -> int | None:
    """The size of a tensor along an axis, or how many it has."""
    shape = tensors.shape_of(names, tensor, None)
    return len(shape) if axis is None else shape[axis]
