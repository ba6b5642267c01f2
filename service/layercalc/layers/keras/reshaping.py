"""Layers that move, cut, pad or repeat, and those that stretch."""

from math import prod
from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import Shape, divisor, size, text
from layercalc.errors import Offer, ShapeError, offering
from layercalc.layers.array_fields import MAX_DEPTH, Dims, Ints, Numbers, Pairs
from layercalc.layers.base import Weight
from layercalc.layers.fields import Choice, Int, ValidationError, integer
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.fields import DataFormat
from layercalc.layers.keras.interpolation import INTERPOLATIONS, resize
from layercalc.layers.keras.pooling import spatial_axes
from layercalc.ops import Tensor


@layer
class Flatten(Layer):
    """All axes but the batch in one; channels_first puts the channels last before."""

    data_format = DataFormat()

    example: ClassVar[Any] = {}, (2, 4, 4, 3)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        return ops.reshape(x, to=(x.shape[0], size(x.shape[1:])))


MOST_SIZES = 16  # of a shape of which one is changed


class TargetShape(Ints):
    """Sizes without the batch, one of them possibly −1."""

    def expects(self) -> str:
        return "a list of sizes without the batch, each an integer of at least 0, one of them possibly -1"

    def read(self, value: Any, name: str) -> tuple[int, ...]:
        if isinstance(value, list | tuple) and list(value).count(-1) + list(value).count(None) > 1:
            raise self.refuse(value, "Only one size can be left to compute.")
        if isinstance(value, list | tuple):
            value = [-1 if size is None else size for size in value]
        return super().read(value, name)

    def schema_of(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": ["integer", "null"], "minimum": -1}}


@layer
class Reshape(Layer):
    """The same elements in another shape."""

    target_shape = TargetShape(min=-1, single=False)

    example: ClassVar[Any] = {"target_shape": [6, -1]}, (2, 4, 3)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        try:
            inner = ops.OPS["reshape"].shape(x.shape[1:], to=self.target_shape)
        except ShapeError as error:
            told, total = f"{error} (The batch is left out.)", size(x.shape[1:])
            sizes = refilled(total, self.target_shape) if isinstance(total, int) else None
            raise ShapeError(offering(told, sizes), "target_shape") from None
        return ops.reshape(x, to=(x.shape[0], *inner))


def refilled(total: int, to: tuple[int, ...]) -> list[int] | None:
    """Those sizes with one of them changed as little as makes them hold so many elements; None if none does."""
    if len(to) > MOST_SIZES:
        return None
    found: list[tuple[float, int, int]] = []
    for place, n in enumerate(to):
        rest = prod(dim for at, dim in enumerate(to) if at != place and dim != -1)
        if n > 0 and rest > 0 and total > 0 and total % rest == 0:
            fitting = divisor(total // rest, n) if -1 in to else total // rest
            if fitting is not None:
                found.append((max(fitting, n) / min(fitting, n), -place, fitting))
    if not found:
        return None
    _, last, fitting = min(found)
    return [fitting if place == -last else n for place, n in enumerate(to)]


class Order(Ints):
    """Each of the axes behind the batch once, counted from 1."""

    def meant(self, value: Any) -> Any:
        from_zero = isinstance(value, list | tuple) and sorted(map(str, value)) == sorted(map(str, range(len(value))))
        return [integer(n) + 1 for n in value] if from_zero else super().meant(value)


@layer
class Permute(Layer):
    """The axes in another order, counted from 1 behind the batch."""

    dims = Order(min=1, single=False)

    example: ClassVar[Any] = {"dims": [2, 1]}, (2, 4, 3)

    def check(self) -> None:
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValidationError(f"Expected each of 1 to {len(self.dims)} once; received {text(self.dims)}.", "dims")

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        if x.ndim != len(self.dims) + 1:
            raise ShapeError(
                f"{len(self.dims)} dims are for an input of {len(self.dims) + 1} axes; {text(x.shape)} has {x.ndim}.",
                "dims",
            )
        return ops.transpose(x, axes=(0, *self.dims))


@layer
class RepeatVector(Layer):
    """(batch, features) to (batch, n, features)."""

    n = Int(min=1)

    example: ClassVar[Any] = {"n": 3}, (2, 4)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        self.needs_rank(x, 2, "batch, features")
        return ops.repeat(ops.reshape(x, to=(x.shape[0], 1, x.shape[1])), axis=1, times=self.n)


class ZeroPadding(Layer):
    """Zeros around the spatial axes."""

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        spatial_axes(self, x)
        return ops.pad(x, padding=((0, 0), *self.padding, (0, 0)))


@layer(ZeroPadding1D=1, ZeroPadding2D=2)
class ZeroPaddingByOne(ZeroPadding):
    """Zeros around the spatial axes."""

    padding = Pairs(1)
    data_format = DataFormat()

    examples: ClassVar[Any] = {1: ({"padding": [1, 2]}, (2, 4, 3)), 2: ({"padding": [[0, 1], [2, 3]]}, (2, 4, 4, 3))}


@layer(ZeroPadding3D=3)
class ZeroPaddingVolume(ZeroPadding):
    """Zeros around the spatial axes."""

    padding = Pairs(((1, 1), (1, 1), (1, 1)))
    data_format = DataFormat()

    examples: ClassVar[Any] = {3: ({"padding": 1}, (2, 2, 3, 4, 2))}


def cropped(spatial: Shape, cropping: Any) -> list[Any] | None:
    """The cropping that leaves one element where there is less; None where there is none, or that is not known."""
    if not all(isinstance(n, int) and n > 0 for n in spatial):
        return None
    pairs = []
    for n, (before, after) in zip(spatial, cropping, strict=True):
        before = min(before, n - 1)
        pairs.append([before, min(after, n - 1 - before)])
    return pairs if len(pairs) > 1 else pairs[0]


class CroppingLayer(Layer):
    """Elements cut off the ends of the spatial axes."""

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        spatial_axes(self, x)
        try:
            return ops.crop(x, cropping=self.cropping)
        except ShapeError as error:
            left = cropped(x.shape[1:-1], self.cropping)
            raise ShapeError(error.message if left is None else Offer(error.message, left), "cropping") from None


@layer
class Cropping1D(CroppingLayer):
    """Elements cut off the ends of the one spatial axis."""

    rank = 1
    cropping = Pairs((1, 1))

    example: ClassVar[Any] = {"cropping": [1, 2]}, (2, 6, 3)


@layer(Cropping2D=2)
class Cropping(CroppingLayer):
    """Elements cut off the ends of the spatial axes."""

    cropping = Pairs(((0, 0), (0, 0)))
    data_format = DataFormat()

    examples: ClassVar[Any] = {2: ({"cropping": [[1, 0], [1, 2]]}, (2, 5, 5, 3))}


@layer(Cropping3D=3)
class CroppingVolume(CroppingLayer):
    """Elements cut off the ends of the spatial axes."""

    cropping = Pairs(((1, 1), (1, 1), (1, 1)))
    data_format = DataFormat()

    examples: ClassVar[Any] = {3: ({}, (2, 4, 4, 4, 2))}


class UpSampling(Layer):
    """Every spatial axis `size` times as long, each element repeated."""

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        spatial_axes(self, x)
        return ops.upsample(x, times=tuple(self.size))


@layer
class UpSampling1D(UpSampling):
    """Every step `size` times in a row."""

    rank = 1
    size = Dims(2)

    example: ClassVar[Any] = {"size": 3}, (2, 4, 3)


@layer(UpSampling2D=2)
class UpSamplingImage(UpSampling):
    """Rows and columns `size` times as many: repeated (nearest) or interpolated."""

    size = Dims(2)
    data_format = DataFormat()
    interpolation = Choice(("nearest", *(one for one in INTERPOLATIONS if one != "nearest")), "nearest")

    examples: ClassVar[Any] = {2: ({"interpolation": "bilinear"}, (2, 3, 4, 2))}

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        if self.interpolation == "nearest":
            return super().call(weight, x)
        rows, columns = spatial_axes(self, x)
        to = x.shape[rows] * self.size[0], x.shape[columns] * self.size[1]
        return resize(x, axes=(rows, columns), to=to, interpolation=self.interpolation)


@layer(UpSampling3D=3)
class UpSamplingVolume(UpSampling):
    """Every spatial axis `size` times as long, each element repeated."""

    size = Dims(2)
    data_format = DataFormat()

    examples: ClassVar[Any] = {3: ({}, (2, 2, 3, 2, 2))}


class Scale(Numbers):
    """A number, or one for each of the last axes; Keras writes it as an array."""

    def read(self, value: Any, name: str, depth: int = MAX_DEPTH) -> Any:
        if isinstance(value, dict) and value.get("class_name") == "__numpy__" and isinstance(value.get("config"), dict):
            value = value["config"].get("value")
        return super().read(value, name, depth)


@layer
class Rescaling(Layer):
    """x · scale + offset."""

    scale = Scale()
    offset = Scale(0.0)

    supports_masking = True
    example: ClassVar[Any] = {"scale": 0.00392156862745098}, (2, 4, 4, 3)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        return ops.add(ops.multiply(x, ops.constant(self.scale)), ops.constant(self.offset))
