"""Products with a weight, over the last axis."""

from typing import Any, ClassVar

from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Int
from layercalc.layers.torch.base import same
from layercalc.layers.torch.functions.linear import bilinear, linear
from layercalc.layers.torch.module import Module, module, spread
from layercalc.ops import Tensor


class Product(Module):
    """input · weightᵀ + bias over the last axis."""

    fields_last = True
    in_features: Any = None

    out_features = Int(min=1)
    bias = Bool(True)

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        if self.in_features is not None:
            self.expects(input, -1, "in_features", "features")
        elif not input.ndim:
            raise ShapeError(
                f"{self.type} takes an input with features on its last axis; received {text(input.shape)}."
            )
        features = input.shape[-1] if self.in_features is None else self.in_features
        scale = spread(features)
        kernel = weight("weight", (self.out_features, features), scale)
        return linear(input, kernel, weight("bias", (self.out_features,), scale) if self.bias else None)


@module
class Linear(Product):
    """input · weightᵀ + bias over the last axis."""

    in_features = Int(min=1)

    example: ClassVar[Any] = ({"in_features": 8, "out_features": 3}, (2, 8))


@module
class LazyLinear(Product):
    """The same for as many features as the input has."""

    example: ClassVar[Any] = ({"out_features": 3, "bias": False}, (2, 5, 8))


@module
class Bilinear(Module):
    """x1ᵀ · A · x2 + b, for each of the results a matrix A."""

    in1_features = Int(min=1)
    in2_features = Int(min=1)
    out_features = Int(min=1)
    bias = Bool(True)

    example: ClassVar[Any] = ({"in1_features": 3, "in2_features": 4, "out_features": 5}, [(2, 3), (2, 4)])

    def call(self, weight: Weight, input1: Tensor, input2: Tensor) -> Tensor:
        self.expects(input1, -1, "in1_features", "features")
        self.expects(input2, -1, "in2_features", "features")
        scale = spread(self.in1_features)
        kernel = weight("weight", (self.out_features, self.in1_features, self.in2_features), scale)
        return bilinear(input1, input2, kernel, weight("bias", (self.out_features,), scale) if self.bias else None)


@module
class Identity(Module):
    """The input itself."""

    example: ClassVar[Any] = ({}, (2, 8))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        return same(input)
