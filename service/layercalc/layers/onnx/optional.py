"""Tensors that may be missing: those that are there, or are left out of the node."""

from layercalc import ops
from layercalc.layers.onnx.base import operator
from layercalc.ops import Tensor


@operator(18)
def OptionalGetElement(x: Tensor) -> Tensor:
    """The tensor itself."""
    return ops.reshape(x, to=x.shape)


@operator(18)
def OptionalHasElement(x: Tensor = None) -> Tensor:
    """Whether a tensor is given."""
    return ops.known(x is not None, "bool")
