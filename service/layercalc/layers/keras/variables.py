"""What only a text of code has: weights that stand in a graph, tensors of values that nobody knows, ranges of sizes."""

import inspect
from typing import Any

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Unknown
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.initializers import ZEROS
from layercalc.layers.keras.base import KERAS, Layer
from layercalc.layers.keras.functions.base import AnyDtype, Operation, Sizes
from layercalc.ops import Tensor

MOST = 1 << 22  # numbers of a range


class Variable(Layer):
    """A weight as a tensor: `self.add_weight(shape=…)`. It takes no input."""

    type = "Variable"
    of_vocabulary = KERAS
    takes = (0, 0)
    accepts = frozenset()

    def __init__(self, name: str, shape: tuple[int, ...], initializer: Any, trainable: bool, dtype: str | None):
        self.name, self.shape, self.initializer, self.stored = name, shape, initializer, dtype
        self.trainable = trainable

    def __call__(self, weight: Weight, *inputs: Tensor, **_: Any) -> Any:
        return weight.owned(self)(self.name or "", self.shape, self.initializer or ZEROS, True, self.stored)

    def mask(self, masks: Any, *inputs: Tensor) -> None:
        return None


class Made(Operation):
    """What an operation that only a text of code calls has in common; such are in no document."""

    of_vocabulary = KERAS
    accepts, takes = frozenset(), (0, None)


class Drawn(Made):
    """A tensor of a shape that is known, and of values that are not."""

    type = "Given"
    signature = inspect.Signature([])
    only_analysed = "Its values are random, or not in the text."

    shape = Sizes()
    dtype = AnyDtype()

    def compute(self) -> Tensor:
        sizes = (self.shape,) if isinstance(self.shape, int) else self.shape
        return ops.broadcast_to(ops.constant(0, self.dtype or "float32"), to=sizes)


class Arange(Made):
    """Whole numbers at equal distances, between sizes that are known once shapes are."""

    type = "Arange"
    signature = inspect.Signature([inspect.Parameter(one, inspect.Parameter.POSITIONAL_OR_KEYWORD) for one in "abc"])

    dtype = AnyDtype()

    def compute(self, start: Any, stop: Any, step: Any) -> Tensor:
        ends = [ops.values_of(one) if hasattr(one, "dtype") else one for one in (start, stop, step)]
        unknown = [one for one in ends if isinstance(one, Unknown)]
        if unknown and all(one.__class__ in (int, Unknown) for one in ends):
            return ops.broadcast_to(ops.constant(0, self.dtype or "int32"), to=(unknown[0],))
        if not all(one.__class__ is int for one in ends):
            raise ShapeError("The number of steps of this range is not known; the shape of the input must name it.")
        numbers = range(*ends)
        if len(numbers) > MOST:
            raise ShapeError(f"A range of more than {MOST:,} numbers.")
        return ops.constant(np.arange(numbers.start, numbers.stop, numbers.step), self.dtype or "int32")
