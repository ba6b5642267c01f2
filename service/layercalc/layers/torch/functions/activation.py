"""Activation functions, and what a model in use leaves out of training."""

from typing import Any

from layercalc import ops
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import axis_of, cast, function, number, same, together
from layercalc.layers.torch.functions.elementwise import clamp
from layercalc.ops import Tensor
from layercalc.ops.activation import ACTIVATIONS
from layercalc.ops.base import OPS

SOFTMAX: Any = ACTIVATIONS["softmax"]
LOG_SOFTMAX: Any = ACTIVATIONS["log_softmax"]
GLU: Any = ACTIVATIONS["glu"]


def plain(name: str, op: Any) -> None:
    """An activation without arguments."""

    def call(self: Tensor) -> Tensor:
        return op(self)

    function(name)(call)


for _name, _op in {
    "relu": "relu",
    "relu6": "relu6",
    "silu": "silu",
    "mish": "mish",
    "hardswish": "hard_silu",
    "hardsigmoid": "hard_sigmoid",
    "log_sigmoid": "log_sigmoid",
    "softsign": "softsign",
    "tanhshrink": "tanh_shrink",
    "selu": "selu",
}.items():
    plain(_name, OPS[_op])


@function("gelu")
def gelu(self: Tensor, approximate: str = "none") -> Tensor:
    """Hendrycks & Gimpel 2016, by the error function or by tanh."""
    if approximate not in ("none", "tanh"):
        raise ShapeError(f"approximate is 'none' or 'tanh', not {approximate!r}.", "approximate")
    return OPS["gelu"](self, approximate=approximate == "tanh")


@function("leaky_relu")
def leaky_relu(self: Tensor, negative_slope: float = 0.01) -> Tensor:
    """Slope · x below 0."""
    return OPS["leaky_relu"](self, negative_slope=negative_slope)


@function("elu")
def elu(self: Tensor, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Tensor:
    """Scale · x above 0, scale · alpha · (exp(input_scale · x) − 1) below."""
    if input_scale != 1:
        raise ShapeError("elu with an input_scale is not read.", "input_scale")
    y = OPS["elu"](self, alpha=alpha)
    return y if scale == 1 else ops.multiply(y, number(scale, str(self.dtype)))


@function("celu")
def celu(self: Tensor, alpha: float = 1.0) -> Tensor:
    """max(0, x) + min(0, alpha · (exp(x / alpha) − 1))."""
    return OPS["celu"](self, alpha=alpha)


@function("hardtanh")
def hardtanh(self: Tensor, min_val: float = -1, max_val: float = 1) -> Tensor:
    """Numbers kept between two bounds."""
    return clamp(self, float(min_val), float(max_val))


@function("hardshrink")
def hardshrink(self: Tensor, lambd: float = 0.5) -> Tensor:
    """0 between −lambd and lambd."""
    return OPS["hard_shrink"](self, threshold=lambd)


@function("softshrink")
def softshrink(self: Tensor, lambd: float = 0.5) -> Tensor:
    """Numbers brought nearer to 0 by lambd."""
    return OPS["soft_shrink"](self, threshold=lambd)


@function("threshold")
def threshold(self: Tensor, threshold: float, value: float) -> Tensor:
    """X above the threshold, else the value."""
    return OPS["threshold"](self, threshold=threshold, default_value=value)


@function("softplus")
def softplus(self: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """log(1 + exp(beta · x)) / beta; above the threshold x itself, which it then equals in 32 bits."""
    if beta == 1:
        return OPS["softplus"](self)
    factor = number(beta, str(self.dtype))
    return ops.divide(OPS["softplus"](ops.multiply(self, factor)), factor)


@function("prelu")
def prelu(self: Tensor, weight: Tensor) -> Tensor:
    """A learned slope below 0: one, or one for each channel."""
    if weight.ndim == 1 and self.ndim > 2 and weight.shape[0] != 1:
        weight = ops.reshape(weight, to=(*weight.shape, *(1,) * (self.ndim - 2)))
    return ops.prelu(self, weight)


@function("softmax", "softmax.int")
def softmax(self: Tensor, dim: int, dtype: str | None = None) -> Tensor:
    """Shares along an axis."""
    return SOFTMAX(self if dtype is None else cast(self, dtype), axis=axis_of(dim, self.ndim))


@function("log_softmax", "log_softmax.int")
def log_softmax(self: Tensor, dim: int, dtype: str | None = None) -> Tensor:
    """Their logarithms."""
    return LOG_SOFTMAX(self if dtype is None else cast(self, dtype), axis=axis_of(dim, self.ndim))


@function("_softmax", "_safe_softmax")
def core_softmax(self: Tensor, dim: int, half_to_float: bool = False, dtype: str | None = None) -> Tensor:
    """The same in core ATen."""
    return softmax(self, dim, "float32" if half_to_float else dtype)


@function("_log_softmax")
def core_log_softmax(self: Tensor, dim: int, half_to_float: bool = False) -> Tensor:
    """The same in core ATen."""
    return log_softmax(self, dim, "float32" if half_to_float else None)


@function("glu")
def glu(self: Tensor, dim: int = -1) -> Tensor:
    """One half of an axis by the sigmoid of the other."""
    return GLU(self, axis=axis_of(dim, self.ndim))


def dropout(name: str) -> None:
    """Nothing, in a model in use."""

    def call(input: Tensor, p: float, train: bool) -> Tensor:
        if train and p > 0:
            raise ShapeError("Dropout draws random numbers in training; export the model after model.eval().", "train")
        return same(input)

    function(name)(call)


for _name in ("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"):
    dropout(_name)


@function("native_dropout")
def native_dropout(input: Tensor, p: float, train: bool | None) -> Any:
    """Nothing, and which elements stay: all."""
    if train and p > 0:
        raise ShapeError("Dropout draws random numbers in training; export the model after model.eval().", "train")
    return same(input), ops.full(input.shape, 1, "bool")


@function("rrelu")
def rrelu(
    self: Tensor, lower: float = 0.125, upper: float = 1 / 3, training: bool = False, generator: None = None
) -> Tensor:
    """The mean slope below 0, in a model in use."""
    if training:
        raise ShapeError("rrelu draws random numbers in training; export the model after model.eval().", "training")
    return OPS["leaky_relu"](self, negative_slope=(lower + upper) / 2)


@function("_prelu_kernel")
def prelu_kernel(self: Tensor, weight: Tensor) -> Tensor:
    """The same in core ATen, whose weight lines up."""
    a, b = together(self, weight)
    return ops.prelu(a, b)
