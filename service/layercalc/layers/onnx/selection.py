"""Operators whose result is as large as values say: the size is unknown before a pass, unless these are known."""

from typing import Any

from layercalc import ops
from layercalc.dims import Unknown, of_batch, size, text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Value, axis_of, operator
from layercalc.ops import Tensor


@operator(9, decides="how many elements are not 0")
def NonZero(x: Tensor) -> Tensor:
    """Where the elements that are not 0 stand: (axes, how many)."""
    return ops.nonzero(x)


def flattened(x: Tensor) -> Tensor:
    """All elements one after another."""
    return ops.reshape(x, to=(of_batch(size(x.shape), *x.shape),))


@operator(9, decides="how many places are chosen")
def Compress(x: Tensor, condition: Tensor, *, axis: int | None = None) -> Tensor:
    """The places of an axis, or of all elements, at which a list is true."""
    if condition.ndim != 1:
        raise ShapeError(f"The condition is a list of truths; received {text(condition.shape)}.")
    flat = flattened(x) if axis is None else x
    return ops.gather(flat, ops.chosen(condition), axis=0 if axis is None else axis_of(axis, x.ndim))


@operator(11, decides="how many different elements there are")
def Unique(x: Tensor, *, axis: int | None = None, sorted: int = 1, outputs: int) -> Any:
    """Each element, or slice along an axis, once: with where it stood first, which each is, and how many there are."""
    place = 0 if axis is None else axis_of(axis, x.ndim)
    slices = flattened(x) if axis is None else x
    order = (place, *(i for i in range(slices.ndim) if i != place))
    turned = ops.transpose(slices, axes=order)
    if isinstance(turned.shape[0], Unknown) and outputs > 2:
        raise ShapeError(f"How many slices there are of {text(x.shape)} must be known.")
    rows = ops.reshape(turned, to=(turned.shape[0], size(turned.shape[1:])))
    first = ops.unique_places(rows, ascending=bool(sorted))
    y = ops.gather(slices, first, axis=place)
    if outputs < 3:
        return y, first
    which = ops.row_of(rows, ops.gather(rows, first, axis=0))
    one = ops.full((rows.shape[0],), 1, "int64")
    return y, first, which, ops.segments(one, which, n=first.shape[0], kind="add")


@operator(10, decides="how many boxes are kept")
def NonMaxSuppression(
    boxes: Tensor,
    scores: Tensor,
    max_output_boxes_per_class: Value = None,
    iou_threshold: Value = None,
    score_threshold: Value = None,
    *,
    center_point_box: int = 0,
) -> Tensor:
    """The best of the boxes that overlap: image, class and box of each that is kept."""
    if center_point_box not in (0, 1):
        raise ShapeError(f"center_point_box is 0 or 1, not {center_point_box}.", "center_point_box")
    given = [
        ops.known(0, dtype) if absent(x) else x
        for x, dtype in ((max_output_boxes_per_class, "int64"), (iou_threshold, "float32"))
    ]
    given += [] if absent(score_threshold) else [score_threshold]
    return ops.suppressed(boxes, scores, *given, centred=bool(center_point_box))


def absent(x: Tensor) -> bool:
    """Whether a threshold is left out, or empty."""
    return x is None or (0 in x.shape)
