"""Kernels stored as small integers, as `model.quantize(…)` leaves them: int8, int4, float8, GPTQ and AWQ.

Sources: keras.src.dtype_policies.dtype_policy and keras.src.layers.core of Keras 3.15. Weights stand in the order of a
model that was quantised after it was built: those that train first. What such a layer computes is counted with the
kernel that the integers stand for.
"""

import re
from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

from layercalc import ops
from layercalc.dims import Dim, Shape
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.fields import Field
from layercalc.layers.initializers import ONES, ZEROS
from layercalc.layers.keras.adapters import adapted, adapters
from layercalc.layers.keras.base import Layer
from layercalc.layers.keras.fields import Quantised
from layercalc.ops import Tensor
from layercalc.wording import whole

ONLY_ANALYSED = "Its kernel is quantised, which is analysed only; a forward pass needs the model as it was before."
CLASS = re.compile(r"(Int8|Int4|Float8)QuantizationConfig|(GPTQ|AWQ)Config")


class Grouping(NamedTuple):
    """What a quantization_config says of the integers: of what mode it is, how many share a scale, and their bits."""

    mode: str
    group: int | None
    bits: int | None


class QuantizationConfig(Field):
    """The quantization_config that Keras writes, of which the block_size, group_size and weight_bits are read."""

    def __init__(self) -> None:
        super().__init__(None, null=True)

    def expects(self) -> str:
        return "null, or a quantization config as Keras serialises it"

    def schema_of(self) -> dict[str, Any]:
        return {"type": "object"}

    def read(self, value: Any, name: str) -> Grouping:
        found = CLASS.fullmatch(str(value.get("class_name"))) if isinstance(value, dict) else None
        config = value.get("config") if found else None
        if not found or not isinstance(config, dict):
            raise self.refuse(value)
        group, bits = config.get("block_size", config.get("group_size")), config.get("weight_bits")
        if not (group is None or whole(group, 1) or group == -1) or not (bits is None or bits in (2, 3, 4, 8)):
            raise self.refuse(value)
        return Grouping((found[1] or found[2]).lower(), group, bits)


class Kernel(NamedTuple):
    """A kernel that may be quantised: its shape, and how Keras lays it out as a matrix whose columns get scales each.

    `scale` is the shape of the scales of int8, `calibrated` the rows and columns of GPTQ and AWQ, `zero` what those
    call the zero points. A table is packed along its rows, and its groups are along them too.
    """

    shape: Shape
    rows: Dim
    columns: Dim
    scale: Shape
    calibrated: tuple[Dim, Dim] | None = None
    zero: str = "kernel_zero"
    table: bool = False


class Quantisable(Layer):
    """A layer whose kernel may be quantised."""

    quantisable = True
    lora_rank: Any
    quantization_config: Any

    def __init__(self, config: dict[str, Any]):
        super().__init__(config)
        if isinstance(self.dtype, Quantised):
            self.only_analysed = ONLY_ANALYSED  # type: ignore[misc]

    @property
    def quantised(self) -> Quantised | None:
        """How its kernel is stored, of a group as the quantization_config has it, where that is of the same mode."""
        policy = self.dtype if isinstance(self.dtype, Quantised) else None
        config: Grouping | None = self.quantization_config
        if policy is None or config is None or config.mode != policy.mode or config.mode in ("int8", "float8"):
            return policy
        return policy.of(config.group, config.bits)

    def held(
        self,
        weight: Weight,
        name: str,
        kernel: Kernel,
        initializer: Any,
        bias: Callable[[], Tensor] | None = None,
        alpha: float | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """The kernel as it is computed with, adapters added, and the bias: all weights, in Keras' order."""
        how = self.quantised
        if how is None or how.mode == "float8":
            whole = weight(name, kernel.shape, initializer, trainable=not self.lora_rank)
            beside = bias() if bias else None
            made = adapted(self, weight, whole, name, alpha)
            if how is not None:
                histories(weight, how.history)
            return made, beside
        beside = bias() if bias else None
        if self.lora_rank:
            adapters(weight, name, kernel.shape, self.lora_rank, "float32")
        if how.mode == "int8":
            weight(name, kernel.shape, ZEROS, False, "int8")
            weight(f"{name}_scale", kernel.scale, ONES, False)
        elif how.mode == "int4":
            packed(weight, name, kernel, how.group)
        else:
            calibrated(weight, name, kernel, how)
        return ops.full(kernel.shape, 0.0), beside


def half(n: Dim) -> Dim:
    """The bytes that n integers of four bits take."""
    return (n + 1) // 2


def groups(n: Dim, group: int | None) -> Dim:
    return 1 if group is None else -(-n // group)


def packed(weight: Weight, name: str, kernel: Kernel, group: int | None) -> None:
    """int4: two to a byte, a scale for each column, or a scale and a zero for each group of rows in it."""
    rows, columns = kernel.rows, kernel.columns
    many = (columns,) if group is None else (groups(rows, group), columns)
    if kernel.table:
        weight(name, (columns, half(rows)), ZEROS, False, "int8")
        many = many[::-1]
    else:
        weight(name, (rows, half(columns)), ZEROS, False, "int8")
    weight(f"{name}_scale", many, ONES, False)
    if group is not None:
        weight(f"{name}_zero", many, ZEROS, False, "int8")
        weight("g_idx", (rows,), ZEROS, False, "float32")


def calibrated(weight: Weight, name: str, kernel: Kernel, how: Quantised) -> None:
    """GPTQ and AWQ: a matrix the other way around, of four bits two to a byte."""
    if kernel.calibrated is None:
        raise ShapeError(f"{how.mode} is of kernels with 2 or 3 axes, and of no table.", "dtype")
    rows, columns = kernel.calibrated
    many = columns, groups(rows, how.group)
    weight(name, (half(columns) if how.bits == 4 else columns, rows), ZEROS, False, "uint8")
    weight(f"{name}_scale", many, ONES, False)
    weight(kernel.zero, many, ZEROS, False, "uint8")
    if how.mode == "awq":
        weight("awq_scales", (rows,), ONES, False)
    weight("g_idx", (rows,), ZEROS, False, "float32")


def histories(weight: Weight, length: int) -> None:
    """float8: a scale and the largest numbers of late, for the input, the kernel and the gradient."""
    for one in ("inputs", "kernel", "outputs_grad"):
        weight(f"{one}_scale", (), ONES, True, "float32")
        weight(f"{one}_amax_history", (length,), ZEROS, True, "float32")


def matrix(shape: Shape, reduced: list[int]) -> tuple[Dim, Dim]:
    """The product of the axes that are summed over, and of the others."""
    return prod(n for i, n in enumerate(shape) if i in reduced), prod(
        n for i, n in enumerate(shape) if i not in reduced
    )


def projection(shape: Shape) -> tuple[Dim, Dim] | None:
    """Rows and columns of a kernel of two axes, or of three: heads are told from features by which are more."""
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) != 3:
        return None
    first, second, last = shape
    return (first, second * last) if first == max(shape) else (first * second, last)
