"""Activation functions, and what acts in training only."""

from typing import Any

from layercalc import ops
from layercalc.dims import Shape, size, text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Value, operator, same_dtype
from layercalc.layers.onnx.elementwise import each, one_number
from layercalc.ops import Tensor
from layercalc.ops.activation import ACTIVATIONS
from layercalc.ops.base import OPS

for _name, _op in {
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Mish": "mish",
    "HardSwish": "hard_silu",
}.items():
    each(_name, OPS[_op])


def scalar(value: float, like: Tensor) -> Tensor:
    """A number in the dtype of a tensor."""
    return ops.known(value, str(like.dtype))


@operator(6)
def LeakyRelu(x: Tensor, *, alpha: float = 0.01) -> Tensor:
    """Alpha · x below 0."""
    return OPS["leaky_relu"](x, negative_slope=alpha)


@operator(6)
def Elu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """Alpha · (exp(x) − 1) below 0."""
    return OPS["elu"](x, alpha=alpha)


@operator(12)
def Celu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """max(0, x) + min(0, alpha · (exp(x / alpha) − 1))."""
    return OPS["celu"](x, alpha=alpha)


SELU = 1.6732631921768188, 1.0507010221481323


@operator(6)
def Selu(x: Tensor, *, alpha: float = SELU[0], gamma: float = SELU[1]) -> Tensor:
    """Gamma times Elu."""
    if abs(alpha - SELU[0]) < 1e-6 and abs(gamma - SELU[1]) < 1e-6:
        return OPS["selu"](x)
    return ops.multiply(OPS["elu"](x, alpha=alpha), scalar(gamma, x))


@operator(10)
def ThresholdedRelu(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """X where it is above alpha, else 0."""
    return OPS["threshold"](x, threshold=alpha, default_value=0.0)


@operator(6)
def HardSigmoid(x: Tensor, *, alpha: float = 0.2, beta: float = 0.5) -> Tensor:
    """Alpha · x + beta, between 0 and 1."""
    if abs(alpha - 1 / 6) < 1e-7 and beta == 0.5:
        return OPS["hard_sigmoid"](x)
    return OPS["clip"](ops.add(ops.multiply(x, scalar(alpha, x)), scalar(beta, x)), low=0.0, high=1.0)


@operator(9)
def Shrink(x: Tensor, *, lambd: float = 0.5, bias: float = 0.0) -> Tensor:
    """X + bias below −lambd, x − bias above it, 0 between them."""
    zero = scalar(0, x)
    low = ops.select(ops.less(x, scalar(-lambd, x)), ops.add(x, scalar(bias, x)), zero)
    return ops.select(ops.greater(x, scalar(lambd, x)), ops.subtract(x, scalar(bias, x)), low)


@operator(20)
def Gelu(x: Tensor, *, approximate: str = "none") -> Tensor:
    """Hendrycks & Gimpel 2016."""
    if approximate not in ("none", "tanh"):
        raise ShapeError(f"approximate is none or tanh, not {approximate!r}.", "approximate")
    return OPS["gelu"](x, approximate=approximate == "tanh")


@operator(24)
def Swish(x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """X · sigmoid(alpha · x)."""
    if alpha == 1.0:
        return OPS["silu"](x)
    return ops.multiply(x, OPS["sigmoid"](ops.multiply(x, scalar(alpha, x))))


@operator(27)
def SwiGLU(a: Tensor, b: Tensor, *, alpha: float = 1.0) -> Tensor:
    """Swish of one tensor times another."""
    same_dtype(a, b)
    if a.shape != b.shape:
        raise ShapeError(f"SwiGLU takes tensors of one shape; received {text(a.shape)} and {text(b.shape)}.")
    return ops.multiply(Swish(a, alpha=alpha), b)


@operator(1, "PRelu")
def prelu_by_channel(x: Tensor, slope: Tensor) -> Tensor:
    """X above 0, slope · x below; a vector is of the channels, the second axis."""
    if slope.ndim == 1 and x.ndim > 2 and slope.shape != (1,):
        slope = ops.reshape(slope, to=(*slope.shape, *(1,) * (x.ndim - 2)))
    return ops.prelu(x, fitted(slope, x.shape))


@operator(7)
def PRelu(x: Tensor, slope: Tensor) -> Tensor:
    """X above 0, slope · x below."""
    return ops.prelu(x, fitted(slope, x.shape))


def fitted(slope: Tensor, shape: Shape) -> Tensor:
    """A tensor that is seen in the shape of another, never the other way."""
    if slope.ndim > len(shape):
        raise ShapeError(f"A slope of {slope.ndim} axes does not fit a tensor of {len(shape)}.")
    return slope


def along(name: str) -> None:
    """Softmax and LogSoftmax: along one axis since 13, before that over all axes from one on."""
    op: Any = ACTIVATIONS[{"Softmax": "softmax", "LogSoftmax": "log_softmax"}[name]]

    def call(x: Tensor, *, axis: int = -1) -> Tensor:
        return op(x, axis=axis)

    def older(x: Tensor, *, axis: int = 1) -> Tensor:
        if not -x.ndim <= axis <= x.ndim:
            raise ShapeError(f"There is no axis {axis} in a tensor of {x.ndim} axes.", "axis")
        return op(x, axis=tuple(range(axis % x.ndim if axis < x.ndim else axis, x.ndim)))

    operator(1, name)(older)
    operator(13, name)(call)


along("Softmax")
along("LogSoftmax")


@operator(1, "Hardmax")
def hardmax_over_all(x: Tensor, *, axis: int = 1) -> Tensor:
    """The same over all axes from one on, as one."""
    if not -x.ndim <= axis <= x.ndim:
        raise ShapeError(f"There is no axis {axis} in a tensor of {x.ndim} axes.", "axis")
    start = axis + x.ndim if axis < 0 else axis
    flat = ops.reshape(x, to=(size(x.shape[:start]), size(x.shape[start:])))
    return ops.reshape(Hardmax(flat, axis=1), to=x.shape)


@operator(13)
def Hardmax(x: Tensor, *, axis: int = -1) -> Tensor:
    """1 where the first of the largest numbers along an axis stands, 0 elsewhere."""
    place = axis % x.ndim
    return ops.one_hot(ops.argmax(x, axis=place), n=x.shape[place], axis=place, to=str(x.dtype))


def kept_whole(x: Tensor, outputs: int, mask: int, dtype: str) -> Any:
    """The tensor itself, at inference, and the mask that ONNX Runtime gives beside it."""
    made = ops.reshape(x, to=x.shape)
    return made if outputs < 2 else (made, ops.full(x.shape, mask, dtype))


@operator(1, "Dropout")
def dropout_of_numbers(x: Tensor, *, ratio: float = 0.5, is_test: int = 0, outputs: int) -> Any:
    """The tensor itself, and a mask of its type."""
    return kept_whole(x, outputs, 0, str(x.dtype))


@operator(10)
def Dropout(x: Tensor, *, ratio: float = 0.5, outputs: int) -> Any:
    """The tensor itself, and a mask that nothing is left out by."""
    return kept_whole(x, outputs, 0, "bool")


@operator(12, "Dropout")
def dropout_by_inputs(
    x: Tensor,
    ratio: Value = None,
    training_mode: Value = None,
    *,
    seed: int = 0,
    outputs: int,
) -> Any:
    """The same, whose ratio is an input; in training mode it draws random numbers."""
    if training_mode is not None and one_number(training_mode) is not False and one_number(ratio or training_mode) != 0:
        raise ShapeError("Dropout in training mode draws random numbers; export the model for inference.")
    return kept_whole(x, outputs, 1, "bool")
