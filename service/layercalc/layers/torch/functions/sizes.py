"""Sizes of tensors as numbers, and Python's arithmetic on them; what is made of a batch stays one."""

import math
import operator
from typing import Any

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Batch, Unknown, least, most
from layercalc.errors import ShapeError
from layercalc.formulas import Formula
from layercalc.layers.torch.base import axis_of, function
from layercalc.ops import Tensor


@function("sym_size.int", "sym_size")
def sym_size(self: Tensor, dim: int) -> Tensor:
    """The size of an axis, as a tensor of one number."""
    size: Any = self.shape[axis_of(dim, self.ndim)]
    return ops.known(np.array(size, object) if size.__class__ is not int else size, "int64")


@function("sym_numel")
def sym_numel(self: Tensor) -> Any:
    """How many elements there are."""
    return kept(math.prod(self.shape), self.shape)


def kept(value: Any, parts: Any) -> Any:
    """A number as one of a batch where one of those that it is made of is."""
    return Batch(value) if value.__class__ is int and any(isinstance(n, Batch) for n in parts) else value


def arithmetic(name: str, call: Any) -> None:
    """An operation on sizes."""

    @function(name)
    def of_sizes(a: Any, b: Any) -> Any:
        unknown = next((n for n in (a, b) if isinstance(n, Unknown)), None)
        if unknown is not None:
            return unknown
        try:
            return kept(call(*(n if isinstance(n, Formula) else int(n) for n in (a, b))), (a, b))
        except (ArithmeticError, ValueError):
            raise ShapeError(f"{name} of the sizes {a} and {b} is no size.") from None


def bounded_power(a: Any, b: Any) -> Any:
    """A power of few digits."""
    if isinstance(b, int) and (not 0 <= b <= 64 or (isinstance(a, int) and abs(a) > 1 << 64)):
        raise ValueError
    return a**b


for _name, _call in {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "pow": bounded_power,
}.items():
    arithmetic(f"_operator.{_name}", _call)
arithmetic("torch.sym_max", most)
arithmetic("torch.sym_min", least)


@function("_operator.neg")
def negative(a: Any) -> Any:
    """A size below 0, as padding has it."""
    return -(int(a) if isinstance(a, int) else a)
