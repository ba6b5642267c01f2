"""Layers that change images at random in training: at inference their output is their input."""

from typing import Any, ClassVar

from layercalc.layers.array_fields import Ints
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Field, Int, Number
from layercalc.layers.keras.base import layer
from layercalc.layers.keras.fields import DataFormat
from layercalc.layers.keras.imaging import Image, Range, floated
from layercalc.ops import Tensor
from layercalc.wording import finite, whole


class Factor(Field):
    """How much is changed: a number, or a list of the least and the most."""

    def __init__(self, default: Any = ..., *, min: float, max: float, **kwargs: Any):
        super().__init__(default, **kwargs)
        self.min, self.max = min, max

    def expects(self) -> str:
        return f"a number from {self.min} to {self.max}, or a list of two numbers there"

    def schema_of(self) -> dict[str, Any]:
        pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
        return {"anyOf": [{"type": "number", "minimum": self.min, "maximum": self.max}, pair]}

    def read(self, value: Any, name: str) -> Any:
        if isinstance(value, list | tuple):
            if len(value) != 2 or not all(map(finite, value)) or value[0] > self.max or value[1] < self.min:
                raise self.refuse(value)
            return tuple(sorted(map(float, value)))
        if not finite(value) or not self.min <= value <= self.max:
            raise self.refuse(value)
        return float(value)


class Odd(Ints):
    """An odd integer, or a list of two."""

    def read(self, value: Any, name: str) -> tuple[int, ...]:
        loaded = super().read(value, name)
        if any(n % 2 == 0 for n in loaded):
            raise self.refuse(value, "A kernel has a middle: its size is odd.")
        return loaded

    def meant(self, value: Any) -> Any:
        sizes = super().meant(value)
        return (
            [n | 1 if whole(n) else n for n in sizes]
            if isinstance(sizes, list)
            else sizes | 1
            if whole(sizes)
            else sizes
        )

    def schema_of(self) -> dict[str, Any]:
        one: dict[str, Any] = {"type": "integer", "minimum": 1, "not": {"multipleOf": 2}}
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 2, "maxItems": 2}]}


INTERPOLATION = ("nearest", "bilinear")
FILLS = ("reflect", "wrap", "constant", "nearest")
IMAGES: Any = (2, 8, 8, 3)


class Augmentation(Image):
    """Hands images on unchanged, integers as floats."""

    legacy: ClassVar[dict[str, str | None]] = {**Image.legacy, "factor": None}

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        self.axes(x)
        return floated(x)


class Colours(Augmentation):
    """Hands images on unchanged, integers as they are."""

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        self.axes(x)
        return x


@layer
class AugMix(Augmentation):
    """Mixes chains of random changes in training (Hendrycks et al. 2020); nothing at inference."""

    value_range = Range((0, 255))
    num_chains = Int(3)
    chain_depth = Int(3)
    factor = Factor(0.3, min=0, max=1)
    alpha = Number(1.0)
    all_ops = Bool(True)
    interpolation = Choice(INTERPOLATION, "bilinear")
    seed = Int(None)
    data_format = DataFormat()

    example: ClassVar[Any] = {}, IMAGES


@layer
class CutMix(Augmentation):
    """Pastes a part of one image into another in training (Yun et al. 2019); nothing at inference."""

    factor = Factor(1.0, min=0, max=1)
    seed = Int(None)
    data_format = DataFormat()

    example: ClassVar[Any] = {}, IMAGES


@layer
class MaxNumBoundingBoxes(Colours):
    """Bounds the number of boxes that go with an image; images it hands on."""

    max_number = Int()
    fill_value = Int(-1)

    example: ClassVar[Any] = {"max_number": 5}, IMAGES


@layer
class MixUp(Colours):
    """Mixes pairs of images in training (Zhang et al. 2018); nothing at inference."""

    alpha = Number(0.2)
    data_format = DataFormat()
    seed = Int(None)

    example: ClassVar[Any] = {}, IMAGES


@layer
class RandAugment(Augmentation):
    """A few changes drawn from many in training (Cubuk et al. 2020); nothing at inference."""

    value_range = Range((0, 255))
    num_ops = Int(2)
    factor = Factor(0.5, min=0, max=1)
    interpolation = Choice(INTERPOLATION, "bilinear")
    seed = Int(None)
    data_format = DataFormat()

    example: ClassVar[Any] = {}, IMAGES


@layer
class RandomErasing(Augmentation):
    """Erases a random part in training (Zhong et al. 2020); nothing at inference."""

    factor = Factor(1.0, min=0, max=1)
    scale = Factor((0.02, 0.33), min=0, max=1)
    fill_value = Number(None)
    value_range = Range((0, 255))
    seed = Int(None)
    data_format = DataFormat()

    example: ClassVar[Any] = {}, IMAGES


@layer
class RandomGaussianBlur(Augmentation):
    """Blurs images at random in training; nothing at inference."""

    factor = Factor(1.0, min=0, max=1)
    kernel_size = Odd(3, min=1, count=2)
    sigma = Factor(1.0, min=0, max=1)
    value_range = Range((0, 255))
    data_format = DataFormat()
    seed = Int(None)

    example: ClassVar[Any] = {"kernel_size": 5}, IMAGES


@layer
class RandomSharpness(Augmentation):
    """Random sharpness in training; nothing at inference."""

    factor = Factor(min=0, max=1)
    value_range = Range((0, 255))
    data_format = DataFormat()
    seed = Int(None)

    example: ClassVar[Any] = {"factor": 0.2}, IMAGES
