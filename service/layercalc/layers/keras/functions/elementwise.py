"""Functions of single elements: arithmetic, comparisons, logic, and activations."""

from typing import Any, ClassVar

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.errors import ShapeError
from layercalc.layers.fields import Bool, Int, Number
from layercalc.layers.keras.functions.base import AnyDtype, Axes, Operation, named, number, operation, tensor
from layercalc.ops import ACTIVATIONS, FLOATS, OPS, Tensor


class Binary(Operation):
    """One element of each of two tensors, with broadcasting."""

    op: ClassVar[Any]
    floating: ClassVar[bool] = False

    def compute(self, *args: Any, **kwargs: Any) -> Tensor:
        a, b = self.signature.bind(*args, **kwargs).args
        return self.op(tensor(a, b), tensor(b, a))


class Unary(Operation):
    """One element."""

    op: ClassVar[Any]

    def compute(self, *args: Any, **kwargs: Any) -> Tensor:
        (x,) = self.signature.bind(*args, **kwargs).args
        return self.op(tensor(x)) if self.op is not None else tensor(x)


PAIRS = {
    "Add": "add", "Subtract": "subtract", "Multiply": "multiply", "Divide": "divide", "TrueDivide": "divide",
    "DivideNoNan": "divide_no_nan", "FloorDivide": "floor_divide", "Mod": "mod", "Fmod": "fmod", "Power": "power",
    "Maximum": "maximum", "Minimum": "minimum", "Fmax": "fmax", "Fmin": "fmin", "Arctan2": "arctan2",
    "Hypot": "hypot", "Logaddexp": "logaddexp", "Logaddexp2": "logaddexp2", "Heaviside": "heaviside",
    "Nextafter": "nextafter", "Ldexp": "ldexp", "Gcd": "gcd", "Lcm": "lcm", "Equal": "equal",
    "NotEqual": "not_equal", "Greater": "greater", "GreaterEqual": "greater_equal", "Less": "less",
    "LessEqual": "less_equal",
}  # fmt: skip
for _name, _op in PAIRS.items():
    named(_name, Binary, "x1 x2", f"{_op} of two tensors, element by element.", op=OPS[_op])

BITS = {
    "BitwiseAnd": "bitwise_and", "BitwiseOr": "bitwise_or", "BitwiseXor": "bitwise_xor",
    "BitwiseLeftShift": "left_shift", "LeftShift": "left_shift", "BitwiseRightShift": "right_shift",
    "RightShift": "right_shift",
}  # fmt: skip
for _name, _op in BITS.items():
    named(_name, Binary, "x y", f"{_op} of two tensors of integers, element by element.", op=OPS[_op])


class Logical(Binary):
    """Truth of one element of each of two tensors: what is not 0 is true."""

    def compute(self, *args: Any, **kwargs: Any) -> Tensor:
        a, b = self.signature.bind(*args, **kwargs).args
        return self.op(truth(tensor(a, b)), truth(tensor(b, a)))


def truth(x: Tensor) -> Tensor:
    return x if str(x.dtype) == "bool" else ops.cast(x, to="bool")


for _name, _op in {"LogicalAnd": "logical_and", "LogicalOr": "logical_or", "LogicalXor": "logical_xor"}.items():
    named(_name, Logical, "x1 x2", f"{_op} of two tensors, element by element.", op=OPS[_op])


@operation
class LogicalNot(Operation):
    """True where an element is 0."""

    def compute(self, x: Any) -> Tensor:
        return ops.logical_not(truth(tensor(x)))


SINGLES = {
    "Abs": "absolute", "Absolute": "absolute", "Fabs": "absolute", "Negative": "negative", "Sign": "sign",
    "Square": "square", "Reciprocal": "reciprocal", "Ceil": "ceil", "Floor": "floor", "Trunc": "trunc",
    "Isfinite": "isfinite", "Isinf": "isinf", "Isnan": "isnan", "Isneginf": "isneginf", "Isposinf": "isposinf",
    "Signbit": "signbit", "Deg2rad": "deg2rad", "Rad2deg": "rad2deg", "Sinc": "sinc", "I0": "i0", "Erf": "erf",
    "Erfc": "erfc", "Erfinv": "erfinv", "Rsqrt": "rsqrt", "BitwiseInvert": "bitwise_not", "BitwiseNot": "bitwise_not",
}  # fmt: skip
SINGLES |= {name.capitalize(): name for name in (*ops.TRANSCENDENTAL, "tanh")}
for _name, _op in SINGLES.items():
    named(_name, Unary, "x", f"{_op}, element by element.", op=OPS[_op])

PLAIN = {
    "Selu": "selu", "Sigmoid": "sigmoid", "Silu": "silu", "Softplus": "softplus",
    "Softsign": "softsign", "HardSigmoid": "hard_sigmoid", "HardSilu": "hard_silu", "HardTanh": "hard_tanh",
    "LogSigmoid": "log_sigmoid", "SparsePlus": "sparse_plus", "SparseSigmoid": "sparse_sigmoid",
    "TanhShrink": "tanh_shrink",
}  # fmt: skip
for _name, _op in PLAIN.items():
    named(_name, Unary, "x", f"The activation {_op}.", op=ACTIVATIONS[_op])


class Shaped(Operation):
    """An activation with arguments."""

    op: ClassVar[str]

    def compute(self, x: Any) -> Tensor:
        known = {key: value for key, value in vars(self).items() if key in ARGUMENTS}
        op: Any = OPS[self.op]
        return op(tensor(x), **known)


ARGUMENTS = {"alpha", "negative_slope", "threshold", "default_value", "approximate", "b"}


@operation
class Celu(Shaped):
    """The activation celu."""

    op, alpha = "celu", Number(1.0)


@operation
class Elu(Shaped):
    """The activation elu."""

    op, alpha = "elu", Number(1.0)


@operation
class LeakyRelu(Shaped):
    """The activation leaky_relu."""

    op, negative_slope = "leaky_relu", Number(0.2)


@operation
class Gelu(Shaped):
    """The activation gelu."""

    op, approximate = "gelu", Bool(True)


@operation
class HardShrink(Shaped):
    """The activation hard_shrink."""

    op, threshold = "hard_shrink", Number(0.5)


@operation
class SoftShrink(Shaped):
    """The activation soft_shrink."""

    op, threshold = "soft_shrink", Number(0.5)


@operation
class Squareplus(Shaped):
    """The activation squareplus."""

    op, b = "squareplus", Number(4)


@operation
class Threshold(Shaped):
    """The activation threshold."""

    op, threshold, default_value = "threshold", Number(), Number()


class Along(Operation):
    """An activation along one axis; over all elements where the axis is null."""

    axis = Axes(-1, null=True)
    op: ClassVar[Any]

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if self.axis is not None:
            axes = self.axes_of(self.axis, x)
            return self.op(x, axis=axes[0] if len(axes) == 1 else axes)
        return ops.reshape(self.op(ops.reshape(x, to=(-1,)), axis=0), to=x.shape)


@operation
class Softmax(Along):
    """exp(x) / Σ exp(x)."""

    op = ACTIVATIONS["softmax"]


@operation
class LogSoftmax(Along):
    """x − log Σ exp(x)."""

    op = ACTIVATIONS["log_softmax"]


@operation
class Sparsemax(Along):
    """The activation sparsemax."""

    op = ACTIVATIONS["sparsemax"]


@operation
class Glu(Along):
    """Half of an axis times the sigmoid of the other half."""

    op = ACTIVATIONS["glu"]


@operation
class Clip(Operation):
    """Elements kept between x_min and x_max."""

    x_min = Number(null=True)
    x_max = Number(null=True)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        low = -float("inf") if self.x_min is None else self.x_min
        high = float("inf") if self.x_max is None else self.x_max
        if str(x.dtype) not in FLOATS:
            low, high = max(low, -(2.0**31)), min(high, 2.0**31 - 1)
        return OPS["clip"](x, low=low, high=high)


@operation
class Round(Operation):
    """Rounded to a number of decimals, halves to even."""

    decimals = Int(0)

    def compute(self, x: Any) -> Tensor:
        return OPS["round"](tensor(x), decimals=self.decimals)


@operation
class NanToNum(Operation):
    """Numbers in place of not-a-number and infinities."""

    nan = Number(0.0)
    posinf = Number(None)
    neginf = Number(None)

    def compute(self, x: Any) -> Tensor:
        return OPS["nan_to_num"](tensor(x), nan=self.nan, posinf=self.posinf, neginf=self.neginf)


@operation
class Where(Operation):
    """x1 where the condition holds, else x2."""

    def compute(self, condition: Any, x1: Any = None, x2: Any = None) -> Tensor:
        if x1 is None or x2 is None:
            raise ShapeError("Where without x1 and x2 lists places: the size of its result depends on the values.")
        a, b = tensor(x1, x2), tensor(x2, x1)
        dtype = ops.promote(str(a.dtype), str(b.dtype))
        a, b = (x if str(x.dtype) == dtype else ops.cast(x, to=dtype) for x in (a, b))
        return ops.select(truth(tensor(condition)), a, b)


@operation
class Cast(Operation):
    """The same values in another dtype."""

    dtype = AnyDtype()

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        return x if self.dtype in (None, str(x.dtype)) else ops.cast(x, to=self.dtype)


@operation
class SaturateCast(Cast):
    """The same values in another dtype, kept in its range."""

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if self.dtype is not None and self.dtype not in (*FLOATS, "bool", "int64", "uint64"):
            limits = np.iinfo(self.dtype)
            x = OPS["clip"](x, low=float(limits.min), high=float(limits.max))
        return super().compute(x)


@operation
class ConvertToTensor(Cast):
    """The tensor itself."""

    sparse = Bool(None)
    ragged = Bool(None)


@operation
class Array(Cast):
    """The tensor itself."""


@operation
class StopGradient(Operation):
    """The tensor itself."""

    def compute(self, variable: Any) -> Tensor:
        return tensor(variable)


@operation
class Copy(Operation):
    """The tensor itself."""

    def compute(self, x: Any) -> Tensor:
        return tensor(x)


class Like(Operation):
    """A tensor of one number, as large as another one."""

    dtype = AnyDtype()

    def filled(self, x: Tensor, value: float) -> Tensor:
        one = ops.constant(value, self.dtype or str(x.dtype))
        return ops.broadcast_to(one, to=x.shape)


@operation
class ZerosLike(Like):
    """Zeros."""

    def compute(self, x: Any) -> Tensor:
        return self.filled(tensor(x), 0)


@operation
class OnesLike(Like):
    """Ones."""

    def compute(self, x: Any) -> Tensor:
        return self.filled(tensor(x), 1)


@operation
class FullLike(Like):
    """One number everywhere."""

    def compute(self, x: Any, fill_value: Any) -> Tensor:
        return self.filled(tensor(x), number(fill_value, "fill_value"))


@operation
class Isclose(Operation):
    """|x1 − x2| ≤ atol + rtol · |x2|."""

    equal_nan = Bool(False)

    def compute(self, x1: Any, x2: Any, rtol: Any = 1e-5, atol: Any = 1e-8) -> Tensor:
        a, b = tensor(x1, x2), tensor(x2, x1)
        difference = OPS["absolute"](ops.subtract(a, b))
        most = ops.add(ops.multiply(OPS["absolute"](b), tensor(rtol, b)), tensor(atol, b))
        return ops.less_equal(difference, most)
