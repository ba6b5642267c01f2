"""Operators of one element of each input."""

import math
from typing import Any

from layercalc import ops
from layercalc.dims import Shape
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Value, operator, same_dtype
from layercalc.ops import FLOATS, Tensor
from layercalc.ops.activation import ACTIVATIONS
from layercalc.ops.base import OPS


def each(name: str, op: Any, since: int = 1) -> None:
    """An operator of one input that is an op."""

    def call(x: Tensor) -> Tensor:
        return op(x)

    operator(since, name)(call)


for _name, _op in {
    **{name: name.lower() for name in ("Exp", "Log", "Sqrt", "Sin", "Cos", "Tan", "Sinh", "Cosh")},
    "Asin": "arcsin",
    "Acos": "arccos",
    "Atan": "arctan",
    "Asinh": "arcsinh",
    "Acosh": "arccosh",
    "Atanh": "arctanh",
    "Ceil": "ceil",
    "Floor": "floor",
    "Round": "round",
    "Abs": "absolute",
    "Sign": "sign",
    "Neg": "negative",
    "Reciprocal": "reciprocal",
    "Erf": "erf",
    "IsNaN": "isnan",
    "Not": "logical_not",
    "BitwiseNot": "bitwise_not",
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Mish": "mish",
    "HardSwish": "hard_silu",
}.items():
    each(_name, OPS[_op])


@operator(10)
def IsInf(x: Tensor, *, detect_negative: int = 1, detect_positive: int = 1) -> Tensor:
    """Whether numbers are infinite, of one sign or both."""
    if detect_negative and detect_positive:
        return OPS["isinf"](x)
    if not detect_negative and not detect_positive:
        return ops.full(x.shape, 0, "bool")
    return OPS["isneginf" if detect_negative else "isposinf"](x)


@operator(1)
def Identity(x: Tensor) -> Tensor:
    """The tensor itself."""
    return ops.reshape(x, to=x.shape)


def aligned(a: Tensor, b: Tensor, broadcast: int, axis: int | None) -> Tensor:
    """The second tensor of operators before 7, which lined up from an axis on."""
    if a.shape == b.shape or (broadcast and axis is None):
        return b
    if not broadcast or axis is None:
        raise ShapeError("Before opset 7 the shapes must be equal, unless the attribute broadcast is 1.")
    start = axis % a.ndim
    return ops.reshape(b, to=(*b.shape, *(1,) * (a.ndim - start - b.ndim)))


def divided(a: Tensor, b: Tensor) -> Tensor:
    """A quotient of floats, or of integers towards 0."""
    return ops.divide(a, b) if str(a.dtype) in FLOATS else OPS["truncate_divide"](a, b)


PAIRS: dict[str, Any] = {
    "Add": ops.add,
    "Sub": ops.subtract,
    "Mul": ops.multiply,
    "Div": divided,
    "Equal": ops.equal,
    "Greater": ops.greater,
    "Less": ops.less,
    "And": ops.logical_and,
    "Or": ops.logical_or,
    "Xor": ops.logical_xor,
}
LATER = {"GreaterOrEqual": (12, ops.greater_equal), "LessOrEqual": (12, ops.less_equal)}
BITS = {"BitwiseAnd": "bitwise_and", "BitwiseOr": "bitwise_or", "BitwiseXor": "bitwise_xor"}


def pair(name: str, op: Any, since: int = 7) -> None:
    """An operator of two inputs of one type."""

    def call(a: Tensor, b: Tensor) -> Tensor:
        same_dtype(a, b)
        return op(a, b)

    operator(since, name)(call)


def older_pair(name: str, op: Any) -> None:
    """The same as it was before opset 7."""

    def call(a: Tensor, b: Tensor, *, broadcast: int = 0, axis: int | None = None) -> Tensor:
        same_dtype(a, b)
        return op(a, aligned(a, b, broadcast, axis))

    operator(1, name)(call)


for _name, _pair in PAIRS.items():
    older_pair(_name, _pair)
    pair(_name, _pair)
for _name, (_since, _pair) in LATER.items():
    pair(_name, _pair, _since)
for _name, _op in BITS.items():
    pair(_name, OPS[_op], 18)


@operator(11)
def BitShift(a: Tensor, b: Tensor, *, direction: str) -> Tensor:
    """Bits moved to the left or right."""
    same_dtype(a, b)
    return OPS["left_shift" if direction == "LEFT" else "right_shift"](a, b)


@operator(7)
def Pow(a: Tensor, b: Tensor) -> Tensor:
    """A power, of the type of the base."""
    if (exponent := one_number(b)) in (2, 2.0):
        return OPS["square"](a)
    if str(a.dtype) != str(b.dtype) and exponent is not None:
        b = ops.known(exponent, str(a.dtype)) if str(a.dtype) in FLOATS else b
    made = OPS["power"](a, b)
    return made if str(made.dtype) == str(a.dtype) else ops.cast(made, to=str(a.dtype))


def one_number(x: Tensor) -> Any:
    """The value of a tensor of one element, where it is known."""
    if x.shape not in ((), (1,)):
        return None
    try:
        value = ops.values_of(x)
    except ShapeError:
        return None
    return value[0] if isinstance(value, list) else value


@operator(10)
def Mod(a: Tensor, b: Tensor, *, fmod: int = 0) -> Tensor:
    """The rest of a division, with the sign of the divisor, or with fmod that of the dividend."""
    same_dtype(a, b)
    if not fmod and str(a.dtype) in FLOATS:
        raise ShapeError("Mod of floats needs fmod = 1.", "fmod")
    return OPS["fmod" if fmod else "mod"](a, b)


def variadic(name: str, op: Any) -> None:
    """An operator of any number of tensors, two by two."""

    def call(x: Tensor, *others: Tensor) -> Tensor:
        same_dtype(x, *others)
        for one in others:
            x = op(x, one)
        return x

    for since in (6, 8):
        operator(since, name)(call)


for _name, _op in {"Sum": "add", "Max": "maximum", "Min": "minimum"}.items():
    variadic(_name, OPS[_op])


@operator(6)
def Mean(x: Tensor, *others: Tensor) -> Tensor:
    """The mean of tensors, element by element."""
    same_dtype(x, *others)
    for one in others:
        x = ops.add(x, one)
    return ops.divide(x, ops.constant(len(others) + 1, str(x.dtype)))


@operator(9)
def Where(condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """One of two tensors, element by element."""
    same_dtype(a, b)
    return ops.select(condition, a, b)


@operator(6, "Clip")
def clip_by_attributes(x: Tensor, *, min: float = -math.inf, max: float = math.inf) -> Tensor:
    """Numbers kept between two bounds."""
    return OPS["clip"](x, low=min, high=max)


@operator(11)
def Clip(x: Tensor, min: Tensor = None, max: Tensor = None) -> Tensor:
    """Numbers kept between two bounds, which may be tensors of one number."""
    low, high = (-math.inf if min is None else one_number(min)), (math.inf if max is None else one_number(max))
    if low is not None and high is not None and str(x.dtype) in FLOATS:
        return OPS["clip"](x, low=low, high=high)
    x = x if min is None else ops.maximum(x, min)
    return x if max is None else ops.minimum(x, max)


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


@operator(13)
def Hardmax(x: Tensor, *, axis: int = -1) -> Tensor:
    """1 where the first of the largest numbers along an axis stands, 0 elsewhere."""
    place = axis % x.ndim
    return ops.one_hot(ops.argmax(x, axis=place), n=x.shape[place], axis=place, to=str(x.dtype))


@operator(1)
def Dropout(x: Tensor, *, ratio: float = 0.5, outputs: int) -> Any:
    """The tensor itself, at inference, and a mask that keeps all of it."""
    made = ops.reshape(x, to=x.shape)
    return made if outputs < 2 else (made, ops.full(x.shape, 1, "bool"))


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
    return Dropout(x, outputs=outputs)
