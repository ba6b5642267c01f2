"""A dense layer whose product is written as an equation."""

import re
from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import Dim, Unknown, differ, known, text
from layercalc.errors import ShapeError
from layercalc.layers.array_fields import Dimensions
from layercalc.layers.base import Weight
from layercalc.layers.fields import Int, Number, Text, ValidationError
from layercalc.layers.keras.activations import Activation
from layercalc.layers.keras.base import layer
from layercalc.layers.keras.fields import TrainingOnly
from layercalc.layers.keras.initializers import InitializerField
from layercalc.layers.keras.quantisation import Kernel, Quantisable, QuantizationConfig, matrix, projection
from layercalc.ops import Tensor
from layercalc.wording import received, whole

FORMS = re.compile(  # Keras' three: [X],[Y]->[Z], ...[X],[Y]->...[Z] and [X]...,[Y]->[Z]...
    r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)"
    r"|\.{3}([a-zA-Z]+),([a-zA-Z]+)->\.{3}([a-zA-Z]+)"
    r"|([a-zA-Z]{2,})\.{3},([a-zA-Z]+)->([a-zA-Z]+)\.{3}"
)


class PartialShape(Dimensions):
    """Sizes without the batch, null where the input has them; one of them may stand alone."""

    def read(self, value: Any, name: str) -> tuple[int | None, ...]:
        return super().read([value] if whole(value, 0) else value, name)

    def schema_of(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "integer", "minimum": 0}, super().schema_of()]}


class Axes(Text):
    """Letters of an equation."""

    def read(self, value: Any, name: str) -> str:
        text = super().read(value, name)
        if not text or not re.fullmatch("[a-zA-Z]+", text):
            raise self.refuse(value, "It names axes of the output by their letters.")
        return text

    def schema_of(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[a-zA-Z]+$"}


@layer
class EinsumDense(Quantisable):
    """activation(einsum(equation, x, kernel) + bias)."""

    equation = Text()
    output_shape = PartialShape()
    activation = Activation()
    bias_axes = Axes(None)
    kernel_initializer = InitializerField("glorot_uniform")
    bias_initializer = InitializerField("zeros")
    kernel_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    kernel_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()
    lora_rank = Int(None, min=0)
    lora_alpha = Number(None)
    gptq_unpacked_column_size = Int(None, min=0)  # of no effect: it follows from the kernel
    quantization_config = QuantizationConfig()

    example: ClassVar[Any] = {"equation": "abc,cd->abd", "output_shape": [None, 64], "bias_axes": "d"}, (2, 5, 8)

    def check(self) -> None:
        """Keras' three forms: [X],[Y]->[Z], ...[X],[Y]->...[Z] and [X]...,[Y]->[Z]..., nothing left implicit."""
        if not FORMS.fullmatch(self.equation):
            raise ValidationError(
                f"Expected ab,bc->ac, ...ab,bc->...ac or ab...,bc->ac...; received {received(self.equation)}.",
                "equation",
            )
        _, kernel, out = self.terms()
        if strange := [one for one in self.bias_axes or "" if one not in out]:
            raise ValidationError(f"The output has no axis {strange[0]!r}; it has {out}.", "bias_axes")
        if len(set(kernel)) < len(kernel):
            raise ValidationError("The kernel names one axis twice.", "equation")

    def terms(self) -> tuple[str, str, str]:
        """The letters of the input, of the kernel and of the output, ellipses left out."""
        x, kernel, out = self.equation.replace("->", ",").replace(".", "").split(",")
        return x, kernel, out

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        sizes, out = self.sizes(x)
        shape = tuple(sizes[one] for one in self.terms()[1])
        if not known(shape):
            raise ShapeError(
                f"The kernel of {self.equation!r} would be {text(shape)}: name those sizes in output_shape.",
                "output_shape",
            )
        how = self.quantised
        if how is not None and how.mode != "float8" and "..." in self.equation:
            raise ShapeError(f"Keras quantises no equation with an ellipsis to {how.mode}.", "equation")
        bias = self.bias_shape(x, sizes, out)
        kernel, beside = self.held(
            weight,
            "kernel",
            self.laid_out(shape, sizes, out),
            self.kernel_initializer,
            None if bias is None else lambda: weight("bias", bias, self.bias_initializer),
            self.lora_alpha,
        )
        y = ops.einsum(x, kernel, equation=self.equation)
        return self.activation(weight, y if beside is None else ops.add(y, beside))

    def bias_shape(self, x: Tensor, sizes: dict[str, Dim], out: str) -> tuple[Dim, ...] | None:
        if not self.bias_axes:
            return None
        first = min(map(out.index, self.bias_axes))
        along = [sizes[one] if one in self.bias_axes else 1 for one in out[first:]]
        elided = x.ndim - len(self.terms()[0]) if self.equation.endswith("...") else 0
        return (*along, *(1,) * elided)

    def laid_out(self, shape: tuple[Dim, ...], sizes: dict[str, Dim], out: str) -> Kernel:
        """The kernel as it is quantised: the axes that are summed over are rows, the others columns."""
        letters = self.terms()[1]
        rows, columns = matrix(shape, [i for i, one in enumerate(letters) if one not in out])
        scale = tuple(sizes[one] if one in letters else 1 for one in out)
        return Kernel(shape, rows, columns, scale, projection(shape), "zero_point")

    def sizes(self, x: Tensor) -> tuple[dict[str, Dim], str]:
        """The size of every letter, by the input and output_shape, which must agree; and the letters of the output."""
        given, kernel, out = self.terms()
        elided = x.ndim - len(given)
        if elided < 0 or (elided and "..." not in self.equation):
            raise ShapeError(f"{self.equation!r} is for an input of {len(given)} axes; received {text(x.shape)}.")
        left = self.equation.startswith("...")
        sizes: dict[str, Dim] = dict(zip(given, x.shape[elided:] if left else x.shape, strict=False))
        named = out if left and elided else out[1:]  # output_shape leaves the batch out
        if len(self.output_shape) != len(named):
            raise ShapeError(
                f"Expected {len(named)} sizes, those of {named!r}; received {list(self.output_shape)}.", "output_shape"
            )
        for one, n in zip(named, self.output_shape, strict=True):
            if n is not None and one in sizes and differ(sizes[one], n):
                raise ShapeError(
                    f"The axis {one!r} is {sizes[one]} in the input and {n} in output_shape.", "output_shape"
                )
            if n is not None or one not in sizes:
                sizes[one] = Unknown(f"the size of axis {one!r} that output_shape leaves open") if n is None else n
        for one in kernel:
            if one not in sizes:
                raise ShapeError(f"The axis {one!r} of the kernel is in neither input nor output.", "equation")
        return sizes, out
