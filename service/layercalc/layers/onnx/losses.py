"""Losses by class: a number for each sample and place, or their sum or mean."""

from typing import Any

from layercalc import ops
from layercalc.dims import differ, text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Value, operator
from layercalc.ops import Tensor
from layercalc.ops.activation import ACTIVATIONS
from layercalc.ops.base import OPS

LOG_SOFTMAX: Any = ACTIVATIONS["log_softmax"]


def by_class(x: Tensor, target: Tensor, weight: Tensor, reduction: str, ignore_index: int | None) -> Tensor:
    """−x at the class of each place times the class' weight; places of the class that is ignored count nothing."""
    if x.ndim < 2 or target.ndim != x.ndim - 1 or any(map(differ, target.shape, (x.shape[0], *x.shape[2:]))):
        raise ShapeError(f"Classes of {text(target.shape)} are not one for each place of {text(x.shape)}.")
    if weight is not None and (weight.ndim != 1 or differ(weight.shape[0], x.shape[1])):
        raise ShapeError(f"{x.shape[1]} classes need as many weights; received {text(weight.shape)}.")
    if reduction not in ("none", "sum", "mean"):
        raise ShapeError(f"The reduction is none, sum or mean, not {reduction!r}.", "reduction")
    dtype, share = str(x.dtype), None
    ignored = None
    if ignore_index is not None:
        ignored = ops.equal(target, ops.known(ignore_index, str(target.dtype)))
        target = ops.select(ignored, ops.known(0, str(target.dtype)), target)
    place = ops.reshape(target, to=(x.shape[0], 1, *x.shape[2:]))
    loss = OPS["negative"](ops.reshape(ops.gather_along(x, place, axis=1), to=target.shape))
    if weight is not None:
        share = ops.gather(weight, target, axis=0)
    if ignored is not None:
        share = ops.known(1, dtype) if share is None else share
        share = ops.select(ignored, ops.known(0, dtype), share)
    loss = loss if share is None else ops.multiply(loss, share)
    axes = tuple(range(loss.ndim))
    if reduction == "none":
        return loss
    if reduction == "mean" and share is not None:
        return ops.divide(ops.reduce_sum(loss, axes=axes), ops.reduce_sum(share, axes=axes))
    return (ops.reduce_sum if reduction == "sum" else ops.reduce_mean)(loss, axes=axes)


@operator(12)
def NegativeLogLikelihoodLoss(
    x: Tensor, target: Tensor, weight: Value = None, *, ignore_index: int | None = None, reduction: str = "mean"
) -> Tensor:
    """By logarithms of probabilities."""
    return by_class(x, target, weight, reduction, ignore_index)


@operator(12)
def SoftmaxCrossEntropyLoss(
    scores: Tensor,
    labels: Tensor,
    weights: Value = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
    outputs: int,
) -> Any:
    """By scores, whose LogSoftmax over the classes is the second output."""
    logarithms = LOG_SOFTMAX(scores, axis=1)
    loss = by_class(logarithms, labels, weights, reduction, ignore_index)
    return loss if outputs == 1 else (loss, logarithms)
