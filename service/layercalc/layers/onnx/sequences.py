"""Sequences of tensors of one shape: held as one tensor whose first axis they are; an empty one has no other axis."""

from typing import Any

from layercalc import ops
from layercalc.dims import Shape, Unknown, differ, of_batch, text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Value, axis_of, numbers, operator, same_dtype, sizes
from layercalc.layers.onnx.dtypes import dtype_of
from layercalc.ops import Tensor


def empty(x: Tensor) -> bool:
    """Whether a sequence has no members, and thus none whose shape is known."""
    return x.ndim == 1 and not isinstance(x.shape[0], Unknown) and x.shape[0] == 0


def member(x: Tensor) -> Tensor:
    """A tensor as a sequence of one."""
    return ops.reshape(x, to=(1, *x.shape))


def alike(shapes: list[Shape]) -> None:
    for shape in shapes[1:]:
        if len(shape) != len(shapes[0]) or any(map(differ, shape, shapes[0])):
            listed = " and ".join(map(text, (shapes[0], shape)))
            raise ShapeError(f"A sequence of tensors of different shapes, {listed}, is not read.")


@operator(11)
def SequenceEmpty(*, dtype: int = 1) -> Tensor:
    """A sequence without members."""
    return ops.full((0,), 0, dtype_of(dtype))


@operator(11)
def SequenceConstruct(x: Tensor, *others: Tensor) -> Tensor:
    """A sequence of tensors."""
    same_dtype(x, *others)
    alike([one.shape for one in (x, *others)])
    parts = [member(one) for one in (x, *others)]
    return parts[0] if len(parts) == 1 else ops.concatenate(*parts, axis=0)


def place_of(position: Tensor, length: Any) -> Any:
    """A position counted from the front; None where it is not known yet, or is the end."""
    at = None if position is None else sizes(position)[0]
    if at is None or isinstance(at, Unknown) or isinstance(length, Unknown):
        return None
    if not -length <= at <= length:
        raise ShapeError(f"There is no place {at} in a sequence of {length}.")
    return at + length if at < 0 else at


@operator(11)
def SequenceInsert(sequence: Tensor, tensor: Tensor, position: Value = None) -> Tensor:
    """One more member, before a position or at the end."""
    same_dtype(sequence, tensor)
    if empty(sequence):
        return member(tensor)
    alike([sequence.shape[1:], tensor.shape])
    length = sequence.shape[0]
    at = place_of(position, length)
    if at is None or at == length:
        return ops.concatenate(sequence, member(tensor), axis=0)
    before, behind = (ops.take(sequence, axis=0, start=a, stop=b) for a, b in ((0, at), (at, length)))
    return ops.concatenate(before, member(tensor), behind, axis=0)


@operator(11)
def SequenceErase(sequence: Tensor, position: Value = None) -> Tensor:
    """One member less: that at a position, or the last."""
    length = sequence.shape[0]
    at = place_of(position, length)
    at = length - 1 if at is None else at
    if empty(sequence) or (isinstance(at, int) and at >= length):
        raise ShapeError(f"There is no place {at} in a sequence of {length}.")
    if isinstance(at, Unknown):
        return ops.take(sequence, axis=0, start=0, stop=at)
    parts = [ops.take(sequence, axis=0, start=a, stop=b) for a, b in ((0, at), (at + 1, length))]
    return ops.concatenate(*parts, axis=0)


@operator(11)
def SequenceAt(sequence: Tensor, position: Tensor) -> Tensor:
    """The member at a position."""
    if empty(sequence):
        raise ShapeError("An empty sequence has no members.")
    return ops.gather(sequence, ops.reshape(position, to=()), axis=0, wrap=True)


@operator(11)
def SequenceLength(sequence: Tensor) -> Tensor:
    """How many members there are."""
    return ops.reshape(ops.take(ops.shape_of(sequence, "int64"), axis=0, start=0, stop=1), to=())


@operator(11)
def SplitToSequence(x: Tensor, split: Value = None, *, axis: int = 0, keepdims: int = 1) -> Tensor:
    """Parts of equal size along an axis; without a size each place is one, and may lose that axis."""
    place = axis_of(axis, x.ndim)
    n = x.shape[place]
    each: Any = [1] if split is None else numbers(split)
    if split is not None and split.ndim == 1:
        total = sum(each, 0)
        if differ(total, n):
            raise ShapeError(f"Parts of {text(each)} sum to {total}; axis {place} of {text(x.shape)} is {n}.", "split")
        alike([(one,) for one in each])
    size = each[0] if each else 0
    if isinstance(n, Unknown) or isinstance(size, Unknown) or size < 1 or n % size:
        raise ShapeError(
            f"Axis {place} of {text(x.shape)} must be known, and be cut into parts of one size, not {size}."
        )
    apart = ops.reshape(x, to=(*x.shape[:place], of_batch(n // size, n), size, *x.shape[place + 1 :]))
    order = (place, *(i for i in range(apart.ndim) if i != place))
    made = ops.transpose(apart, axes=order)
    if split is None and not keepdims:
        gone = place + 1
        made = ops.reshape(made, to=(*made.shape[:gone], *made.shape[gone + 1 :]))
    return made


@operator(11)
def ConcatFromSequence(sequence: Tensor, *, axis: int, new_axis: int = 0) -> Tensor:
    """The members one after another along an axis, or along a new one."""
    if empty(sequence):
        raise ShapeError("An empty sequence has no members to be joined.")
    place = axis_of(axis, sequence.ndim - (0 if new_axis else 1))
    order = (*range(1, place + 1), 0, *range(place + 1, sequence.ndim))
    turned = ops.transpose(sequence, axes=order)
    if new_axis:
        return turned
    count, n = turned.shape[place], turned.shape[place + 1]
    return ops.reshape(turned, to=(*turned.shape[:place], of_batch(count * n, count, n), *turned.shape[place + 2 :]))
