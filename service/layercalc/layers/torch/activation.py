"""Activation functions, and the dropouts that a model in use leaves out."""

from typing import Any, ClassVar

from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Int, Number, ValidationError
from layercalc.layers.initializers import Constant
from layercalc.layers.torch.base import number, same
from layercalc.layers.torch.functions import activation as functions
from layercalc.layers.torch.functions.elementwise import multiply
from layercalc.layers.torch.module import Module, Unused, function, module
from layercalc.ops import Tensor

EXAMPLE: Any = ({}, (2, 8))


class Plain(Module):
    """An activation without arguments, whatever `inplace` says."""

    called = ""
    example: ClassVar[Any] = EXAMPLE

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return function(self.called)(input)


class InPlace(Plain):
    """The same, where the result may be written over the input."""

    inplace = Bool(False)


def plain(name: str, called: str, kind: type[Plain], doc: str) -> None:
    """An activation that has no arguments of its own."""
    module(type(name, (kind,), {"called": called, "__doc__": doc, "__module__": __name__}))


plain("Sigmoid", "sigmoid", Plain, "1 / (1 + exp(−x)).")
plain("Tanh", "tanh", Plain, "The hyperbolic tangent.")
plain("Softsign", "softsign", Plain, "x / (1 + |x|).")
plain("Tanhshrink", "tanhshrink", Plain, "x − tanh(x).")
plain("LogSigmoid", "log_sigmoid", Plain, "The logarithm of the sigmoid.")
plain("ReLU", "relu", InPlace, "max(x, 0).")
plain("ReLU6", "relu6", InPlace, "x kept between 0 and 6.")
plain("SELU", "selu", InPlace, "Klambauer et al. 2017.")
plain("SiLU", "silu", InPlace, "x · sigmoid(x).")
plain("Mish", "mish", InPlace, "x · tanh(softplus(x)).")
plain("Hardswish", "hardswish", InPlace, "x · relu6(x + 3) / 6.")
plain("Hardsigmoid", "hardsigmoid", InPlace, "relu6(x + 3) / 6.")


@module
class LeakyReLU(Module):
    """`negative_slope` · x below 0."""

    negative_slope = Number(0.01)
    inplace = Bool(False)

    example: ClassVar[Any] = EXAMPLE

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.leaky_relu(input, self.negative_slope)


@module
class RReLU(Module):
    """The mean of the slopes below 0, in a model in use."""

    lower = Number(0.125)
    upper = Number(1 / 3)
    inplace = Bool(False)

    example: ClassVar[Any] = EXAMPLE

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.rrelu(input, self.lower, self.upper)


@module
class ELU(Module):
    """alpha · (exp(x) − 1) below 0."""

    alpha = Number(1.0)
    inplace = Bool(False)

    example: ClassVar[Any] = EXAMPLE

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.elu(input, self.alpha)


@module
class CELU(Module):
    """alpha · (exp(x / alpha) − 1) below 0."""

    alpha = Number(1.0)
    inplace = Bool(False)

    example: ClassVar[Any] = EXAMPLE

    def check(self) -> None:
        if self.alpha == 0:
            raise ValidationError("alpha divides, and may not be 0.", "alpha")

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.celu(input, self.alpha)


@module
class GELU(Module):
    """x · Φ(x) (Hendrycks & Gimpel 2016), by the error function or by tanh."""

    approximate = Choice(("none", "tanh"), "none")

    example: ClassVar[Any] = EXAMPLE

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.gelu(input, self.approximate)


@module
class Softplus(Module):
    """log(1 + exp(beta · x)) / beta."""

    beta = Number(1.0)
    threshold = Number(20.0)

    example: ClassVar[Any] = EXAMPLE

    def check(self) -> None:
        if self.beta == 0:
            raise ValidationError("beta divides, and may not be 0.", "beta")

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.softplus(input, self.beta, self.threshold)


@module
class Softshrink(Module):
    """Numbers brought nearer to 0 by `lambd`."""

    lambd = Number(0.5, min=0)

    example: ClassVar[Any] = EXAMPLE

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.softshrink(input, self.lambd)


@module
class Hardshrink(Module):
    """0 between −lambd and lambd."""

    lambd = Number(0.5)

    example: ClassVar[Any] = EXAMPLE

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.hardshrink(input, self.lambd)


@module
class Hardtanh(Module):
    """Numbers kept between two bounds."""

    min_val = Number(-1.0)
    max_val = Number(1.0)
    inplace = Bool(False)
    min_value = Number(None)  # older names of the first two
    max_value = Number(None)

    example: ClassVar[Any] = EXAMPLE

    def bounds(self) -> tuple[float, float]:
        least = self.min_val if self.min_value is None else self.min_value
        return least, self.max_val if self.max_value is None else self.max_value

    def check(self) -> None:
        if self.bounds()[0] > self.bounds()[1]:
            raise ValidationError(f"min_val {self.bounds()[0]} is above max_val {self.bounds()[1]}.", "max_val")

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.hardtanh(input, *self.bounds())


@module
class Threshold(Module):
    """x above `threshold`, else `value`."""

    threshold = Number()
    value = Number()
    inplace = Bool(False)

    example: ClassVar[Any] = ({"threshold": 0.1, "value": -2.0}, (2, 8))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.threshold(input, self.threshold, self.value)


@module
class PReLU(Module):
    """A learned slope below 0: one, or one for each channel, the second axis."""

    num_parameters = Int(1, min=1)
    init = Number(0.25)

    example: ClassVar[Any] = ({"num_parameters": 3}, (2, 3, 8))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        if self.num_parameters != 1:
            self.expects(input, 1, "num_parameters", "channels")
        return functions.prelu(input, weight("weight", (self.num_parameters,), Constant(self.init)))


@module
class GLU(Module):
    """One half of an axis by the sigmoid of the other."""

    dim = Int(-1)

    example: ClassVar[Any] = EXAMPLE

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.glu(input, self.dim)


class Shares(Module):
    """Numbers that add up to 1 along an axis."""

    dim = Int(None)

    example: ClassVar[Any] = ({"dim": 1}, (2, 8))

    def axis(self, x: Tensor) -> int:
        """As torch guesses it where none is named (`_get_softmax_dim`), with a warning there."""
        if self.dim is None:
            return 0 if x.ndim in (0, 1, 3) else 1
        return self.dim


@module
class Softmax(Shares):
    """Shares along an axis."""

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.softmax(input, self.axis(input))


@module
class LogSoftmax(Shares):
    """The logarithms of shares along an axis."""

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.log_softmax(input, self.axis(input))


@module
class Softmin(Shares):
    """Shares of −x along an axis."""

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return functions.softmax(multiply(input, number(-1.0, str(input.dtype))), self.axis(input))


@module
class Softmax2d(Module):
    """Shares over the channels of (batch, channels, height, width)."""

    example: ClassVar[Any] = ({}, (2, 3, 4, 4))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        if input.ndim not in (3, 4):
            raise ShapeError(
                f"Softmax2d takes channels, height and width, a batch or none; received {text(input.shape)}."
            )
        return functions.softmax(input, input.ndim - 3)


class Dropped(Module):
    """Nothing, in a model in use."""

    p = Number(0.5, min=0, max=1)
    inplace = Unused(False)

    example: ClassVar[Any] = EXAMPLE

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return same(input)


def dropout(name: str) -> None:
    """A dropout: all are the same in a model in use."""
    module(type(name, (Dropped,), {"__doc__": Dropped.__doc__, "__module__": __name__}))


for _name in ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"):
    dropout(_name)
