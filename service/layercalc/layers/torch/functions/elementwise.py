"""Functions of one element of each operand."""

import math
from typing import Any

from layercalc import ops
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import (
    DEFAULT,
    cast,
    category,
    function,
    is_tensor,
    number,
    result_type,
    same,
    together,
)
from layercalc.ops import FLOATS, Tensor
from layercalc.ops.base import OPS

UNARY = {
    **{name: name for name in ("exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "sqrt", "rsqrt", "sin", "cos")},
    **{name: name for name in ("tan", "sinh", "cosh", "ceil", "floor", "trunc", "isfinite", "isinf", "isnan")},
    **{name: name for name in ("isneginf", "isposinf", "signbit", "square", "reciprocal", "erf", "erfc", "erfinv")},
    **{name: name for name in ("deg2rad", "rad2deg", "sinc", "i0", "bitwise_not", "logical_not", "tanh", "sigmoid")},
    **{name: f"arc{name[1:]}" for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh")},
    **dict.fromkeys(("abs", "absolute"), "absolute"),
    **dict.fromkeys(("neg", "negative"), "negative"),
    **dict.fromkeys(("sign", "sgn"), "sign"),
    "special_expit": "sigmoid",
    "fix": "trunc",
}


def unary(name: str, op: Any) -> None:
    def call(self: Tensor) -> Tensor:
        return op(self)

    function(name)(call)


for _name, _op in UNARY.items():
    unary(_name, OPS[_op])


@function("round", "round.decimals")
def round_(self: Tensor, decimals: int = 0) -> Tensor:
    """Half to even."""
    return OPS["round"](self, decimals=decimals)


@function()
def nan_to_num(
    self: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """Numbers in place of what is none."""
    return OPS["nan_to_num"](self, nan=nan or 0.0, posinf=posinf, neginf=neginf)


def scaled(x: Any, alpha: Any) -> Any:
    """A summand times its factor."""
    if alpha == 1:
        return x
    return multiply(x, alpha) if is_tensor(x) else x * alpha


@function("add", "__add__")
def add(self: Any, other: Any, alpha: Any = 1) -> Tensor:
    """Self + alpha · other."""
    return ops.add(*together(self, scaled(other, alpha)))


@function("sub", "subtract", "__sub__")
def subtract(self: Any, other: Any, alpha: Any = 1) -> Tensor:
    """Self − alpha · other."""
    return ops.subtract(*together(self, scaled(other, alpha)))


@function("rsub")
def rsub(self: Any, other: Any, alpha: Any = 1) -> Tensor:
    """Other − alpha · self."""
    return subtract(other, self, alpha)


@function("mul", "multiply", "__mul__")
def multiply(self: Any, other: Any) -> Tensor:
    """The product; of truths whether both are."""
    a, b = together(self, other)
    return ops.logical_and(a, b) if str(a.dtype) == "bool" else ops.multiply(a, b)


@function("div", "divide", "true_divide", "div.Tensor_mode", "div.Scalar_mode")
def divide(self: Any, other: Any, rounding_mode: str | None = None) -> Tensor:
    """A quotient of floats; rounded towards 0 or down it is of the type of its operands."""
    if rounding_mode is None:
        dtype = result_type(self, other)
        dtype = dtype if dtype in FLOATS else DEFAULT
        return ops.divide(cast(self, dtype), cast(other, dtype))
    a, b = together(self, other)
    if rounding_mode == "floor":
        return OPS["floor_divide"](a, b)
    return OPS["trunc"](ops.divide(a, b)) if str(a.dtype) in FLOATS else OPS["truncate_divide"](a, b)


@function("pow", "pow_")
def power(self: Any, exponent: Any) -> Tensor:
    """A power; the second and the half one are a square and a root."""
    dtype = result_type(self, exponent)
    if not is_tensor(exponent) and is_tensor(self):
        x = cast(self, dtype)
        if exponent == 2:
            return OPS["square"](x)
        if exponent == 0.5:
            return OPS["sqrt"](x)
    return OPS["power"](cast(self, dtype), cast(exponent, dtype))


PAIRS = {
    "maximum": "maximum",
    "minimum": "minimum",
    "max.other": "maximum",
    "min.other": "minimum",
    "fmax": "fmax",
    "fmin": "fmin",
    "floor_divide": "floor_divide",
    "remainder": "mod",
    "fmod": "fmod",
    "atan2": "arctan2",
    "arctan2": "arctan2",
    "hypot": "hypot",
    "logaddexp": "logaddexp",
    "logaddexp2": "logaddexp2",
    "copysign": "copysign",
    "logical_xor": "logical_xor",
    "bitwise_left_shift": "left_shift",
    "bitwise_right_shift": "right_shift",
    "__lshift__": "left_shift",
    "__rshift__": "right_shift",
    **dict.fromkeys(("eq",), "equal"),
    **dict.fromkeys(("ne", "not_equal"), "not_equal"),
    **dict.fromkeys(("gt", "greater"), "greater"),
    **dict.fromkeys(("ge", "greater_equal"), "greater_equal"),
    **dict.fromkeys(("lt", "less"), "less"),
    **dict.fromkeys(("le", "less_equal"), "less_equal"),
}
FLOATING = ("atan2", "arctan2")


def pair(name: str, op: Any) -> None:
    def call(self: Any, other: Any) -> Tensor:
        a, b = together(self, other)
        if name in FLOATING and str(a.dtype) not in FLOATS:
            a, b = cast(a, DEFAULT), cast(b, DEFAULT)
        return op(a, b)

    function(name)(call)


for _name, _op in PAIRS.items():
    pair(_name, OPS[_op])


def logic(name: str, op: Any, bits: Any, *names: str) -> None:
    """And, or, xor: of truths, or of bits where the operands are integers."""

    def call(self: Any, other: Any) -> Tensor:
        a, b = together(self, other)
        return op(a, b) if str(a.dtype) == "bool" or name.startswith("logical") else bits(a, b)

    function(name, *names)(call)


for _word in ("and", "or", "xor"):
    logic(f"bitwise_{_word}", OPS[f"logical_{_word}"], OPS[f"bitwise_{_word}"], f"__{_word}__")
    if _word != "xor":
        logic(f"logical_{_word}", OPS[f"logical_{_word}"], None)


@function("clamp", "clip", "clamp.Tensor")
def clamp(self: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Numbers kept between two bounds."""
    if not is_tensor(min) and not is_tensor(max):
        dtype = result_type(self, *(one for one in (min, max) if one is not None))
        low, high = (-math.inf if min is None else min), (math.inf if max is None else max)
        if dtype in FLOATS:
            return OPS["clip"](cast(self, dtype), low=float(low), high=float(high))
    x = self
    if min is not None:
        x = ops.maximum(*together(x, min))
    return x if max is None else ops.minimum(*together(x, max))


@function("clamp_min")
def clamp_min(self: Tensor, min: Any) -> Tensor:
    """Numbers of at least that."""
    return clamp(self, min=min)


@function("clamp_max")
def clamp_max(self: Tensor, max: Any) -> Tensor:
    """Numbers of at most that."""
    return clamp(self, max=max)


@function("where", "where.self", "where.ScalarSelf", "where.ScalarOther", "where.Scalar")
def where(condition: Tensor, self: Any, other: Any) -> Tensor:
    """One of two, element by element."""
    a, b = together(self, other)
    return ops.select(cast(condition, "bool"), a, b)


@function("masked_fill")
def masked_fill(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """A number where the mask is true."""
    return ops.select(mask, cast(value, str(self.dtype)), self)


@function("lerp")
def lerp(self: Tensor, end: Tensor, weight: Any) -> Tensor:
    """Self + weight · (end − self)."""
    return add(self, multiply(subtract(end, self), weight))


@function("addcmul")
def addcmul(self: Tensor, tensor1: Tensor, tensor2: Tensor, value: Any = 1) -> Tensor:
    """Self + value · tensor1 · tensor2."""
    return add(self, multiply(tensor1, tensor2), alpha=value)


@function("addcdiv")
def addcdiv(self: Tensor, tensor1: Tensor, tensor2: Tensor, value: Any = 1) -> Tensor:
    """Self + value · tensor1 / tensor2."""
    return add(self, divide(tensor1, tensor2), alpha=value)


@function("xlogy")
def xlogy(self: Any, other: Any) -> Tensor:
    """Self · log(other), 0 where self is."""
    a, b = (one if category(str(one.dtype)) == 2 else cast(one, DEFAULT) for one in together(self, other))
    zero = number(0, str(a.dtype))
    return ops.select(ops.equal(a, zero), zero, ops.multiply(a, OPS["log"](b)))


@function("frac")
def frac(self: Tensor) -> Tensor:
    """What stands behind the point."""
    return ops.subtract(self, OPS["trunc"](self))


@function("logit")
def logit(self: Tensor, eps: float | None = None) -> Tensor:
    """log(x / (1 − x)), x kept off 0 and 1 by eps."""
    x = self if eps is None else clamp(self, eps, 1 - eps)
    return OPS["log"](ops.divide(x, ops.subtract(number(1, str(x.dtype)), x)))


@function("isclose")
def isclose(self: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """|self − other| ≤ atol + rtol · |other|."""
    if equal_nan:
        raise ShapeError("isclose with equal_nan is not read.", "equal_nan")
    return ops.less_equal(OPS["absolute"](subtract(self, other)), add(multiply(OPS["absolute"](other), rtol), atol))


@function("real", "conj", "conj_physical", "resolve_conj", "resolve_neg", "positive")
def real(self: Tensor) -> Tensor:
    """Of numbers that are real, themselves."""
    return same(self)


@function("ldexp", "ldexp.Tensor")
def ldexp(self: Tensor, other: Tensor) -> Tensor:
    """Self · 2 to the power of other."""
    return multiply(self, power(2.0, other))


@function("heaviside")
def heaviside(self: Tensor, values: Tensor) -> Tensor:
    """0 below 0, 1 above, and a given value at it."""
    return OPS["heaviside"](*together(self, values))


@function("special_ndtr")
def ndtr(self: Tensor) -> Tensor:
    """The share of a normal distribution below a number."""
    half = number(0.5, str(self.dtype))
    scale = number(-math.sqrt(0.5), str(self.dtype))
    return ops.multiply(OPS["erfc"](ops.multiply(self, scale)), half)


@function("special_xlog1py")
def xlog1py(self: Any, other: Any) -> Tensor:
    """Self · log(1 + other), 0 where self is."""
    return xlogy(self, add(other, 1))


@function("special_entr")
def entr(self: Tensor) -> Tensor:
    """−x · log(x), 0 at 0 and −∞ below."""
    zero = number(0, str(self.dtype))
    low = ops.select(ops.less(self, zero), number(-math.inf, str(self.dtype)), zero)
    return ops.select(ops.greater(self, zero), OPS["negative"](ops.multiply(self, OPS["log"](self))), low)
