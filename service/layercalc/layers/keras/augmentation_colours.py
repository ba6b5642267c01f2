"""Layers that change the colours of images at random in training: at inference their output is their input."""

from typing import Any, ClassVar

from layercalc.dims import differ, text
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.fields import Int, Number
from layercalc.layers.keras.augmentation import IMAGES, Augmentation, Colours, Factor
from layercalc.layers.keras.base import layer
from layercalc.layers.keras.fields import DataFormat
from layercalc.layers.keras.imaging import Range
from layercalc.ops import Tensor


@layer
class Equalization(Colours):
    """Evens out the histogram of each channel in training; nothing at inference."""

    value_range = Range((0, 255))
    bins = Int(256, min=1)
    data_format = DataFormat()

    example: ClassVar[Any] = {}, IMAGES


@layer
class RandomBrightness(Colours):
    """Adds a random number to all pixels in training; nothing at inference."""

    factor = Factor(min=-1, max=1)
    value_range = Range((0, 255))
    seed = Int(None)

    example: ClassVar[Any] = {"factor": 0.2}, IMAGES


@layer
class RandomColorDegeneration(Colours):
    """Takes a part of the colour away in training; nothing at inference."""

    factor = Factor(min=-1, max=1)
    value_range = Range((0, 255))
    data_format = DataFormat()
    seed = Int(None)

    example: ClassVar[Any] = {"factor": 0.5}, IMAGES

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        self.axes(x)
        if differ(x.shape[-1], 3):
            raise ShapeError(f"Images in colour have 3 channels; {text(x.shape)} has {x.shape[-1]}.")
        return x


@layer
class RandomColorJitter(Colours):
    """Brightness, contrast, saturation and hue at random in training; nothing at inference."""

    value_range = Range((0, 255))
    brightness_factor = Factor(None, min=-1, max=1)
    contrast_factor = Factor(None, min=0, max=1)
    saturation_factor = Factor(None, min=-1, max=1)
    hue_factor = Factor(None, min=0, max=1)
    seed = Int(None)
    data_format = DataFormat()

    example: ClassVar[Any] = {"brightness_factor": 0.2}, IMAGES


@layer
class RandomContrast(Colours):
    """Random contrast in training; nothing at inference."""

    factor = Factor(min=0, max=1)
    value_range = Range((0, 255))
    seed = Int(None)

    example: ClassVar[Any] = {"factor": 0.2}, IMAGES


@layer
class RandomGrayscale(Colours):
    """Takes the colour away at random in training; nothing at inference."""

    factor = Number(0.5, min=0, max=1)
    data_format = DataFormat()
    seed = Int(None)

    example: ClassVar[Any] = {}, IMAGES


@layer
class RandomHue(Colours):
    """Random hue in training; nothing at inference."""

    factor = Factor(min=0, max=1)
    value_range = Range((0, 255))
    data_format = DataFormat()
    seed = Int(None)

    example: ClassVar[Any] = {"factor": 0.2}, IMAGES


@layer
class RandomInvert(Colours):
    """Inverts colours at random in training; nothing at inference."""

    factor = Factor(1.0, min=0, max=1)
    value_range = Range((0, 255))
    seed = Int(None)
    data_format = DataFormat()

    example: ClassVar[Any] = {}, IMAGES


@layer
class RandomPosterization(Colours):
    """Leaves out bits of colour in training; nothing at inference."""

    factor = Factor(min=1, max=8)
    value_range = Range((0, 255))
    data_format = DataFormat()
    seed = Int(None)

    example: ClassVar[Any] = {"factor": 4}, IMAGES


@layer
class RandomSaturation(Colours):
    """Random saturation in training; nothing at inference."""

    factor = Factor(min=-1, max=1)
    value_range = Range((0, 255))
    data_format = DataFormat()
    seed = Int(None)

    example: ClassVar[Any] = {"factor": 0.2}, IMAGES


@layer
class Solarization(Augmentation):
    """Inverts pixels above a random threshold in training; nothing at inference."""

    addition_factor = Factor(0.0, min=0, max=1)
    threshold_factor = Factor(0.0, min=0, max=1)
    value_range = Range((0, 255))
    seed = Int(None)

    example: ClassVar[Any] = {}, IMAGES
