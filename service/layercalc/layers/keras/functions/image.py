"""Operations on images, (batch, height, width, channels) or one image without the batch."""

from collections.abc import Callable
from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import Unknown, differ, provably, text, unequal
from layercalc.errors import ShapeError
from layercalc.layers.fields import Bool, Choice, Int, Number
from layercalc.layers.keras.functions.base import Operation, Sizes, operation, tensor
from layercalc.layers.keras.imaging import Resizing
from layercalc.layers.keras.interpolation import INTERPOLATIONS
from layercalc.ops import Tensor


def inside(operation: Any, x: Tensor, seen: Callable[[Tensor], Tensor]) -> Tensor:
    """A function of images with the channels last, whatever the layout is."""
    if x.ndim not in (3, 4):
        raise ShapeError(f"{operation.type} takes images of 3 or 4 axes; received {text(x.shape)}.")
    n, lead = x.ndim, tuple(range(x.ndim - 3))
    if operation.data_format != "channels_first":
        return seen(x)
    y = seen(ops.layout(x, (*lead, n - 2, n - 1, n - 3)))
    return ops.layout(y, (*lead, n - 1, n - 3, n - 2))


class Image(Operation):
    """Something on the two axes before the channels."""

    data_format: Any = Choice(("channels_last", "channels_first"), None)

    def compute(self, images: Any) -> Tensor:
        return inside(self, tensor(images), self.seen)

    def seen(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def margins(self, first: Any, last: Any, target: Any, n: Any, inward: bool, field: str) -> tuple[Any, Any]:
        """How much before and after: two of three numbers are given, the third follows."""
        if (target is not None and first is None and last is None) or None not in (first, last, target):
            raise ShapeError("Exactly two of the margins before and after and the target are given.", field)
        if target is None:
            before, after = first or 0, last or 0
        else:
            rest = n - target if inward else target - n
            before, after = (rest - last, last) if first is None else (first, rest - first)
        if provably(before < 0) or provably(after < 0) or (inward and provably(before + after > n)):
            raise ShapeError(f"An axis of {n} cannot have {before} and {after} margins.", field)
        return before, after


@operation
class Resize(Image):
    """Another size, by interpolation, as the layer of that name does it."""

    size = Sizes()
    interpolation = Choice(INTERPOLATIONS, "bilinear")
    antialias = Bool(False)
    crop_to_aspect_ratio = Bool(False)
    pad_to_aspect_ratio = Bool(False)
    fill_mode = Choice(("constant",), "constant")
    fill_value = Number(0.0)

    def seen(self, x: Tensor) -> Tensor:
        size = (self.size,) * 2 if isinstance(self.size, int) else self.size
        if len(size) != 2 or any(provably(n < 1) for n in size):
            raise ShapeError(f"Expected a height and a width of at least 1; received {list(size)}.", "size")
        config = {**vars(self), "height": size[0], "width": size[1], "data_format": "channels_last"}
        return Resizing(config).call(None, x)  # type: ignore[arg-type]


@operation
class CropImages(Image):
    """Margins cut off."""

    top_cropping = Int(None, min=0)
    left_cropping = Int(None, min=0)
    bottom_cropping = Int(None, min=0)
    right_cropping = Int(None, min=0)
    target_height = Int(None, min=0)
    target_width = Int(None, min=0)

    def seen(self, x: Tensor) -> Tensor:
        h, w = x.ndim - 3, x.ndim - 2
        rows = self.margins(
            self.top_cropping, self.bottom_cropping, self.target_height, x.shape[h], True, "target_height"
        )
        columns = self.margins(
            self.left_cropping, self.right_cropping, self.target_width, x.shape[w], True, "target_width"
        )
        for axis, (a, b) in ((h, rows), (w, columns)):
            x = ops.take(x, axis=axis, start=a, stop=x.shape[axis] - b)
        return x


@operation
class PadImages(Image):
    """Zeros around."""

    top_padding = Int(None, min=0)
    left_padding = Int(None, min=0)
    bottom_padding = Int(None, min=0)
    right_padding = Int(None, min=0)
    target_height = Int(None, min=0)
    target_width = Int(None, min=0)

    def seen(self, x: Tensor) -> Tensor:
        h, w = x.ndim - 3, x.ndim - 2
        rows = self.margins(
            self.top_padding, self.bottom_padding, self.target_height, x.shape[h], False, "target_height"
        )
        columns = self.margins(
            self.left_padding, self.right_padding, self.target_width, x.shape[w], False, "target_width"
        )
        return ops.pad(x, padding=(*((0, 0),) * h, rows, columns, (0, 0)))


@operation
class RGBToGrayscale(Image):
    """0.2989 red + 0.587 green + 0.114 blue (ITU-R BT.601); an image of one channel as it is."""

    def seen(self, x: Tensor) -> Tensor:
        channels, dtype = x.shape[-1], str(x.dtype)
        if not unequal(channels, 1) and not isinstance(channels, Unknown):
            return x
        if differ(channels, 3):
            raise ShapeError(f"Expected 1 or 3 channels; {text(x.shape)} has {channels}.")
        x = x if dtype in ops.FLOATS else ops.cast(x, to="float32")
        y = ops.matmul(x, ops.constant([[0.2989], [0.587], [0.114]], str(x.dtype)))
        return y if dtype in ops.FLOATS else ops.cast(y, to=dtype)


class Colours(Image):
    """Three channels from 0 to 1 in another colour space."""

    op: ClassVar[Any]

    def seen(self, x: Tensor) -> Tensor:
        if str(x.dtype) not in ops.FLOATS:
            raise ShapeError(f"{self.type} takes floats; received {x.dtype}.")
        return self.op(x)


@operation
class RGBToHSV(Colours):
    """Red, green and blue as hue, saturation and value."""

    op = ops.rgb_to_hsv


@operation
class HSVToRGB(Colours):
    """Hue, saturation and value as red, green and blue."""

    op = ops.hsv_to_rgb
