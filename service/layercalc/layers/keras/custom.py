"""A layer that is not described but declared: numbers in place of what cannot be computed."""

from collections.abc import Iterable
from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import Dim, Unknown
from layercalc.errors import Offer
from layercalc.layers.base import Weight
from layercalc.layers.fields import Field, Int, ValidationError, note
from layercalc.layers.initializers import ZEROS
from layercalc.layers.keras.base import Layer, layer
from layercalc.ops import Tensor
from layercalc.wording import received, whole

Sizes = tuple[int | None, ...]


class OutputShape(Field):
    """The shape of the output without the batch, or led by null for the batch; a list of such for several outputs."""

    def expects(self) -> str:
        return "a list of sizes (the batch left out, or null in front), or a list of such lists"

    def schema_of(self) -> dict[str, Any]:
        one = {"type": "array", "items": {"type": ["integer", "null"], "minimum": 0}}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}

    def read(self, value: Any, name: str) -> tuple[Sizes, ...]:
        if not isinstance(value, list | tuple):
            raise self.refuse(value)
        several = bool(value) and all(isinstance(one, list | tuple) for one in value)
        shapes = value if several else [value]
        if not all(dim is None or whole(dim, 0) for shape in shapes for dim in shape):
            raise self.refuse(value)
        if any(len(shape) > 1 and shape[0] is None and shape[1] is not None for shape in shapes):
            note((name,), f"the leading null of {received(value)} read as the batch")
        return tuple(tuple(shape[1:] if shape and shape[0] is None else shape) for shape in shapes)


class OutputDtype(Field):
    """The dtype of the output; a list of such, with null for one that is not said, for several outputs."""

    def expects(self) -> str:
        return f"a dtype, one of {', '.join(ops.WIDTH)}, or a list of them"

    def words(self) -> Iterable[str]:
        return ops.WIDTH

    def schema_of(self) -> dict[str, Any]:
        one = {"enum": list(ops.WIDTH)}
        return {"anyOf": [one, {"type": "array", "items": {"anyOf": [one, {"type": "null"}]}, "minItems": 1}]}

    def read(self, value: Any, name: str) -> tuple[str | None, ...]:
        each = tuple(value) if isinstance(value, list | tuple) and value else (value,)
        if not all(one in ops.WIDTH if isinstance(one, str) else one is None for one in each):
            raise self.refuse(value)
        return each


@layer
class Custom(Layer):
    """What a layer is declared to be, in place of one that cannot be computed here; it cannot be run.

    Counts are for one sample, by our own rule: flops are at least two for each multiply-accumulate. What is left out is
    not known, and the totals it is part of are null.
    """

    output_shape = OutputShape()
    params = Int(None, min=0)
    non_trainable_params = Int(0, min=0)
    macs = Int(None, min=0)
    flops = Int(None, min=0)
    output_dtype = OutputDtype(None)

    supports_masking = True
    only_analysed = "A Custom layer declares numbers and holds nothing that could be run."
    example: ClassVar[Any] = {"output_shape": [10], "params": 100, "macs": 80, "flops": 170}, (2, 5)

    def check(self) -> None:
        if self.params is not None and self.non_trainable_params > self.params:
            told = f"More than all params, {self.params}."
            raise ValidationError(Offer(told, self.params), "non_trainable_params")
        if None not in (self.macs, self.flops) and self.flops < 2 * self.macs:
            told = f"A multiply-accumulate is two flops: expected at least {2 * self.macs}."
            raise ValidationError(Offer(told, 2 * self.macs), "flops")
        if self.output_dtype is not None and len(self.output_dtype) != len(self.output_shape):
            raise ValidationError(f"Expected one for each of {len(self.output_shape)} outputs.", "output_dtype")

    def call(self, weight: Weight, *inputs: Tensor) -> Any:
        params = self.declared("params", self.params)
        weight("params", (params - self.non_trainable_params,), ZEROS)
        if self.non_trainable_params:
            weight("non_trainable_params", (self.non_trainable_params,), ZEROS, trainable=False)
        batch = inputs[0].shape[0] if inputs[0].ndim else 1
        macs = self.declared("macs", self.macs)
        flops = 2 * macs if self.flops is None else self.flops
        outputs, kinds = [], self.output_dtype or (None,) * len(self.output_shape)
        for index, sizes in enumerate(self.output_shape):
            shape = (batch, *(Unknown("a size that a Custom layer leaves open") if n is None else n for n in sizes))
            counts = (0, 0) if index else (macs * batch, flops * batch)
            outputs.append(ops.declared(*inputs, to=shape, macs=counts[0], flops=counts[1], kind=kinds[index]))
        return tuple(outputs) if len(outputs) > 1 else outputs[0]

    def declared(self, what: str, count: int | None) -> Dim:
        """A count, or an unknown one that says whose it is."""
        return Unknown(f"the {what} that a Custom layer does not declare", True) if count is None else count
