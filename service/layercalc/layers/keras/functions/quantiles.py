"""Quantiles, percentiles and the median of numbers."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.layers.fields import Bool, Choice
from layercalc.layers.keras.functions.base import Axes, Operation, operation, tensor
from layercalc.ops import Tensor
from layercalc.ops.quantile import METHODS, nan_quantile, quantile


class Share(Operation):
    """The value below which a share of the elements lies."""

    axis = Axes(None)
    method = Choice(METHODS, "linear")
    keepdims = Bool(False)
    op: ClassVar[Any] = quantile
    whole: ClassVar[float] = 1.0  # what all of the elements are called

    def compute(self, x: Any, q: Any) -> Tensor:
        x = tensor(x)
        share = ops.cast(tensor(q, x), to="float32")
        if self.whole != 1:
            share = ops.divide(share, ops.constant(self.whole, "float32"))
        return self.op(x, share, axes=self.axes_of(self.axis, x), method=self.method, keepdims=self.keepdims)


@operation
class Quantile(Share):
    """The value below which a share q of the elements lies."""


@operation
class Percentile(Share):
    """The value below which q hundredths of the elements lie."""

    whole = 100.0


@operation
class Nanquantile(Share):
    """The value below which a share q of the numbers lies."""

    op = nan_quantile


@operation
class Nanpercentile(Share):
    """The value below which q hundredths of the numbers lie."""

    op, whole = nan_quantile, 100.0


@operation
class Nanmedian(Operation):
    """The middle number, or the mean of the two."""

    axis = Axes(None)
    keepdims = Bool(False)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        half = ops.constant(0.5, "float32")
        return nan_quantile(x, half, axes=self.axes_of(self.axis, x), method="linear", keepdims=self.keepdims)
