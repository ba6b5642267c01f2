"""Operators of one element of each input."""

import math
from typing import Any

from layercalc import ops
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import operator, same_dtype
from layercalc.ops import FLOATS, Tensor
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


@operator(1, "Pow")
def power_of_axes(a: Tensor, b: Tensor, *, broadcast: int = 0, axis: int | None = None) -> Tensor:
    """The same as it was before opset 7."""
    return Pow(a, aligned(a, b, broadcast, axis))


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


@operator(28, "Mod")
def mod_of_floats(a: Tensor, b: Tensor, *, fmod: int = 0) -> Tensor:
    """The same, of floats by the divisor's sign too."""
    same_dtype(a, b)
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
