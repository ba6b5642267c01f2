"""Layers that compute on images at inference: resizing, cropping, contrast. A batch in front is optional."""

from typing import Any, ClassVar

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Dim, Unknown, known, least, most, presumably, provably, text, unequal
from layercalc.errors import ShapeError
from layercalc.layers.array_fields import Ints
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Field, Int, Number, ValidationError
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.fields import DataFormat
from layercalc.layers.keras.interpolation import INTERPOLATIONS, resize
from layercalc.ops import Tensor
from layercalc.wording import finite


class Image(Layer):
    """A layer on (height, width, channels), with the batch in front or not."""

    rank = 2
    batched = False
    legacy: ClassVar[dict[str, str | None]] = {"bounding_box_format": None, "data_format": None}  # act on boxes only

    def axes(self, x: Tensor) -> tuple[int, int]:
        """The axes of rows and columns."""
        if x.ndim not in (3, 4):
            raise ShapeError(
                f"{self.type} takes images of 3 axes, or 4 with the batch; received {text(x.shape)}: {x.ndim}."
            )
        return x.ndim - 3, x.ndim - 2


class Range(Field):
    """Two numbers, the smaller first."""

    def expects(self) -> str:
        return "a list of two numbers"

    def schema_of(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}

    def read(self, value: Any, name: str) -> tuple[float, ...]:
        if not isinstance(value, list | tuple) or len(value) != 2 or not all(map(finite, value)):
            raise self.refuse(value)
        return tuple(sorted(map(float, value)))


def floated(x: Tensor) -> Tensor:
    """Integers as floats of the dtype that is computed in."""
    return x if str(x.dtype) in ops.FLOATS else ops.autocast(ops.cast(x, to="float32"))


def ranged(x: Tensor, source: tuple[float, ...], target: tuple[float, ...]) -> Tensor:
    """Numbers from one range stretched over another."""
    if source == target:
        return x
    x = ops.divide(ops.subtract(x, ops.constant(source[0])), ops.constant(source[1] - source[0]))
    return ops.add(ops.multiply(x, ops.constant(target[1] - target[0])), ops.constant(target[0]))


def shared(length: Dim, to: int, of: int, single: bool) -> Dim:
    """Length · to / of, rounded down; in single precision where Keras has it so and that makes a difference."""
    whole = length * to
    if single and presumably(whole >= 1 << 24) and presumably(whole < 1 << 31):
        return int(np.float32(whole) / np.float32(of))
    return whole // of


def window(x: Tensor, axes: tuple[int, int], to: tuple[int, int], single: bool) -> Tensor:
    """The largest part in the middle of an image that has the aspect ratio of the target."""
    sizes = tuple(x.shape[axis] for axis in axes)
    if any(provably(n < 1) for n in sizes):
        raise ShapeError(f"There is no pixel in {text(x.shape)}; rows and columns must be at least 1.")
    unknown = next((n for n in sizes if isinstance(n, Unknown)), None)
    for axis, n, other, mine, others in zip(axes, sizes, sizes[::-1], to, to[::-1], strict=True):
        kept = most(least(n, shared(other, mine, others, single)), 1) if unknown is None else unknown
        x = ops.take(x, axis=axis, start=(n - kept) // 2, stop=(n - kept) // 2 + kept)
    return x


@layer
class Resizing(Image):
    """Images in another size, by the interpolation of tf.image.resize; integers stay integers."""

    height = Int(min=1)
    width = Int(min=1)
    interpolation = Choice(INTERPOLATIONS, "bilinear")
    crop_to_aspect_ratio = Bool(False)
    pad_to_aspect_ratio = Bool(False)
    fill_mode = Choice(("constant",), "constant")
    fill_value = Number(0.0)
    antialias = Bool(False)
    data_format = DataFormat()

    example: ClassVar[Any] = {"height": 4, "width": 6}, (2, 8, 9, 3)

    def check(self) -> None:
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise ValidationError("Only one of crop_ and pad_to_aspect_ratio can be true.", "pad_to_aspect_ratio")

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        axes, to, dtype = self.axes(x), (self.height, self.width), str(x.dtype)
        if self.crop_to_aspect_ratio:
            x = window(x, axes, to, single=True)
        elif self.pad_to_aspect_ratio and known(x.shape[axis] for axis in axes):
            x = self.padded(x, axes, to)
        y = resize(x, axes=axes, to=to, interpolation=self.interpolation, antialias=self.antialias)
        return y if dtype in ops.FLOATS or str(y.dtype) == dtype else ops.to_integer(y, to=dtype)

    def padded(self, x: Tensor, axes: tuple[int, int], to: tuple[int, int]) -> Tensor:
        """Equal margins so that the image has the aspect ratio of the target."""
        sizes = tuple(x.shape[axis] for axis in axes)
        for axis, n, other, mine, others in zip(axes, sizes, sizes[::-1], to, to[::-1], strict=True):
            margin = (max(n, shared(other, mine, others, single=True)) - n) // 2
            if margin:
                shape = tuple(margin if i == axis else size for i, size in enumerate(x.shape))
                border = ops.full(shape, self.fill_value)
                x = ops.concatenate(border, x, border, axis=axis)
        return x


@layer
class CenterCrop(Image):
    """The middle of each image; where one is too small, its largest window of that aspect ratio, resized."""

    height = Int(min=1)
    width = Int(min=1)
    data_format = DataFormat()

    example: ClassVar[Any] = {"height": 4, "width": 5}, (2, 8, 9, 3)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        axes, to = self.axes(x), (self.height, self.width)
        x = floated(x)
        if any(presumably(x.shape[axis] < n) for axis, n in zip(axes, to, strict=True)):
            return resize(window(x, axes, to, single=False), axes=axes, to=to, interpolation="bilinear")
        for axis, n in zip(axes, to, strict=True):
            start = (x.shape[axis] - n) // 2 if known((x.shape[axis],)) else 0  # nothing runs on an unknown size
            x = ops.take(x, axis=axis, start=start, stop=start + n)
        return x


@layer
class RandomCrop(Image):
    """A random part in training; at inference the largest window in the middle of that aspect ratio, resized.

    So it is documented and so the shape is in Keras, whose 3.15 hands on the images in their old size nevertheless.
    """

    height = Int(min=1)
    width = Int(min=1)
    seed = Int(None)
    data_format = DataFormat()

    example: ClassVar[Any] = {"height": 4, "width": 5}, (2, 8, 9, 3)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        axes, to = self.axes(x), (self.height, self.width)
        sizes = [x.shape[axis] for axis in axes]
        if known(sizes) and not any(map(unequal, sizes, to)):
            return x
        return resize(window(floated(x), axes, to, single=False), axes=axes, to=to, interpolation="bilinear")


@layer
class AutoContrast(Image):
    """Each channel of each image stretched so that its least number is the bottom of the range, its largest the top."""

    value_range = Range((0, 255))

    example: ClassVar[Any] = {}, (2, 4, 5, 3)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        x = floated(x)
        axes, top = self.axes(x), (0.0, 255.0)
        y = ranged(x, self.value_range, top)
        low, high = ops.reduce_min(y, axes=axes, keepdims=True), ops.reduce_max(y, axes=axes, keepdims=True)
        scale = ops.divide(ops.constant(255.0), ops.subtract(high, low))
        shift = ops.multiply(ops.subtract(ops.constant(0.0), low), scale)
        y = ops.add(ops.multiply(y, scale), shift)
        y = ops.minimum(ops.maximum(y, ops.constant(0.0)), ops.constant(255.0))
        y = ranged(y, top, self.value_range)
        return ops.select(ops.equal(y, y), y, x)  # a channel of one number has no contrast, and gives NaN


@layer
class ContrastLimitedAdaptiveHistogramEqualization(Image):
    """Contrast evened out tile by tile, with a limit (CLAHE, Zuiderveld 1994); integers stay integers."""

    value_range = Range((0, 255))
    clip_limit = Number(4.0)
    tile_grid_size = Ints((8, 8), min=1, single=False, count=2)
    data_format = DataFormat()

    legacy: ClassVar[dict[str, str | None]] = {**Image.legacy, "factor": None}
    example: ClassVar[Any] = {"tile_grid_size": [2, 2]}, (2, 8, 10, 3)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        self.axes(x)
        dtype, top, shape = str(x.dtype), (0.0, 255.0), x.shape
        y = ranged(x, self.value_range, top)
        y = y if x.ndim == 4 else ops.reshape(y, to=(1, *shape))
        y = ops.clahe(y, grid=self.tile_grid_size, clip_limit=self.clip_limit)
        y = ranged(ops.reshape(y, to=shape), top, self.value_range)
        return y if dtype in ops.FLOATS else ops.cast(y, to=dtype)
