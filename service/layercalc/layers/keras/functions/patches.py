"""Operations that lay windows side by side, or put them back together."""

from typing import Any

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError, blaming
from layercalc.layers.fields import Choice, Int
from layercalc.layers.keras.functions.base import Operation, Sizes, operation, tensor
from layercalc.layers.keras.padding import slide
from layercalc.ops import Tensor
from layercalc.ops.window import Unfitting


@operation
class ExtractPatches(Operation):
    """The pixels of each window, of images or volumes, with the batch or without."""

    size = Sizes()
    strides = Sizes(None, null=True)
    dilation_rate = Sizes(1)
    padding = Choice(("valid", "same"), "valid")
    data_format = Choice(("channels_last", "channels_first"), None)

    def compute(self, images: Any) -> Tensor:
        x = tensor(images)
        window = several(self.size, 2, "size") if isinstance(self.size, int) else self.size
        rank = len(window)
        if rank not in (2, 3) or min(window) < 1:
            raise ShapeError(f"Expected 2 or 3 integers of at least 1; received {list(window)}.", "size")
        if x.ndim not in (rank + 1, rank + 2):
            raise ShapeError(f"Windows of {rank} axes take {rank + 1} or {rank + 2} axes; received {text(x.shape)}.")
        alone, first = x.ndim == rank + 1, self.data_format == "channels_first"
        x = ops.reshape(x, to=(1, *x.shape)) if alone else x
        x = ops.layout(x, (0, *range(2, rank + 2), 1)) if first else x
        strides = window if self.strides is None else several(self.strides, rank, "strides")
        rates = several(self.dilation_rate, rank, "dilation_rate")
        how = {"size": window, "strides": strides, "padding": self.padding, "dilations": rates}
        y = slide(ops.patches, x, window=window, field="size", **how)
        y = ops.layout(y, (0, rank + 1, *range(1, rank + 1))) if first else y
        return ops.reshape(y, to=y.shape[1:]) if alone else y


def several(value: Any, count: int, field: str, least: int = 1) -> tuple[int, ...]:
    """One integer for each axis."""
    numbers = (value,) * count if isinstance(value, int) else tuple(value)
    if len(numbers) != count or any(n < least for n in numbers):
        raise ShapeError(f"Expected {count} integers of at least {least}; received {list(numbers)}.", field)
    return numbers


class Windows(Operation):
    """Windows on images with the channels first, as PyTorch has them."""

    kernel_size: Any
    dilation: Any
    padding: Any
    stride: Any

    def window(self) -> dict[str, Any]:
        return {
            "window": several(self.kernel_size, 2, "kernel_size"),
            "dilations": several(self.dilation, 2, "dilation"),
            "strides": several(self.stride, 2, "stride"),
            "pads": tuple((n, n) for n in several(self.padding, 2, "padding", least=0)),
        }


@operation
class Unfold(Windows):
    """The elements of each window as columns: (batch, channels · window, positions)."""

    kernel_size = Sizes()
    dilation = Sizes(1)
    padding = Sizes(0)
    stride = Sizes(1)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if x.ndim != 4:
            raise ShapeError(f"Unfold takes (batch, channels, height, width); received {text(x.shape)}.")
        channels, how = x.shape[1], self.window()
        try:
            y = ops.patches(ops.transpose(x, axes=(0, 2, 3, 1)), **how)
        except Unfitting as error:
            raise error.named("kernel_size", "use a larger padding") from None
        batch, rows, columns, each = y.shape
        y = ops.reshape(y, to=(batch, rows * columns, each // channels if channels != 0 else 0, channels))
        return ops.reshape(ops.transpose(y, axes=(0, 3, 2, 1)), to=(batch, each, rows * columns))


@operation
class Fold(Windows):
    """Windows (batch, channels · window, positions) added up where they stood."""

    output_size = Sizes()
    kernel_size = Sizes()
    dilation = Sizes(1)
    padding = Sizes(0)
    stride = Sizes(1)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if x.ndim != 3:
            raise ShapeError(f"Fold takes (batch, channels · window, positions); received {text(x.shape)}.")
        to = several(self.output_size, 2, "output_size")
        try:
            return ops.fold(x, output_size=to, **self.window())
        except ShapeError as error:
            raise ShapeError(str(error), "kernel_size" if error.field == "window" else error.field) from None


@operation
class ExtractSequences(Operation):
    """Stretches of the last axis, one every `sequence_stride` elements."""

    sequence_length = Int(min=1)
    sequence_stride = Int(min=1)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if not x.ndim:
            raise ShapeError("ExtractSequences takes at least one axis; received a scalar.")
        with blaming(length="sequence_length"):
            return ops.frames(x, length=self.sequence_length, stride=self.sequence_stride)
