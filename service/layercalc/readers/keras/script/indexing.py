"""Parts of tensors, and the outputs of a call that nobody has told apart."""

from typing import TYPE_CHECKING, Any

from layercalc.model import ALL
from layercalc.readers.keras.script import tensors
from layercalc.readers.keras.script.arguments import unknown_in
from layercalc.readers.keras.script.values import TensorObject
from layercalc.readers.script import Fault
from layercalc.readers.script.opaque import derived

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames


def several(names: "KerasNames", tensor: TensorObject, at: Any) -> list[TensorObject]:
    """The outputs of a call that nobody has told apart; none where there is but one."""
    if tensor.output != ALL or tensor.call.layer is None:
        return []
    count = len(tensors.outputs(names, tensor.call, at))
    return [TensorObject(tensor.call, index) for index in range(count)] if count > 1 else []


def item(names: "KerasNames", tensor: TensorObject, key: Any, at: Any) -> Any:
    """`x[:, 0]`; of several outputs that nobody has told apart, one of them, or some."""
    names.sure(tensor, at)
    unknown = unknown_in(names, key)
    if unknown is not None:
        return derived(at, unknown)
    if every := several(names, tensor, at):
        return names.part(every, key, at)
    if type(key) is tuple and sum(one is Ellipsis for one in key) > 1:
        raise Fault(at, "A key holds at most one ellipsis.")
    return tensors.recorded_call(names, "GetItem", [tensor, list(key) if type(key) is tuple else key], at)


def split(names: "KerasNames", tensor: TensorObject, at: Any) -> Any:
    """The outputs of a call, one by one; a single tensor is not run through."""
    if every := several(names, tensor, at):
        return every
    raise Fault(at, "A symbolic tensor cannot be run through; use layers or slices.")
