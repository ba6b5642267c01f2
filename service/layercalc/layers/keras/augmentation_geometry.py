"""Layers that turn, move and bend images at random in training: at inference their output is their input."""

from typing import Any, ClassVar

from layercalc.layers.fields import Choice, Int, Number
from layercalc.layers.keras.augmentation import FILLS, IMAGES, INTERPOLATION, Augmentation, Factor
from layercalc.layers.keras.base import layer
from layercalc.layers.keras.fields import DataFormat
from layercalc.layers.keras.imaging import Range


@layer
class RandomElasticTransform(Augmentation):
    """Distorts images like rubber in training (Simard et al. 2003); nothing at inference."""

    factor = Factor(1.0, min=0, max=1)
    scale = Factor(1.0, min=0, max=1)
    interpolation = Choice(INTERPOLATION, "bilinear")
    fill_mode = Choice(("constant", "nearest", "wrap", "mirror", "reflect"), "reflect")
    fill_value = Number(0.0)
    value_range = Range((0, 255))
    seed = Int(None)
    data_format = DataFormat()

    example: ClassVar[Any] = {}, IMAGES


@layer
class RandomFlip(Augmentation):
    """Flips images at random in training; nothing at inference."""

    mode = Choice(("horizontal", "vertical", "horizontal_and_vertical"), "horizontal_and_vertical")
    seed = Int(None)
    data_format = DataFormat()

    example: ClassVar[Any] = {"mode": "horizontal"}, IMAGES


@layer
class RandomPerspective(Augmentation):
    """Random perspective in training; nothing at inference."""

    factor = Factor(1.0, min=0, max=1)
    scale = Number(1.0, min=0, max=1)
    interpolation = Choice(INTERPOLATION, "bilinear")
    fill_value = Number(0.0)
    seed = Int(None)
    data_format = DataFormat()

    example: ClassVar[Any] = {}, IMAGES


@layer
class RandomRotation(Augmentation):
    """Turns images at random in training; nothing at inference."""

    factor = Factor(min=-1, max=1)
    fill_mode = Choice(FILLS, "reflect")
    interpolation = Choice(INTERPOLATION, "bilinear")
    seed = Int(None)
    fill_value = Number(0.0)
    data_format = DataFormat()

    example: ClassVar[Any] = {"factor": 0.1}, IMAGES


@layer
class RandomShear(Augmentation):
    """Shears images at random in training; nothing at inference."""

    x_factor = Factor(0.0, min=0, max=1)
    y_factor = Factor(0.0, min=0, max=1)
    interpolation = Choice(INTERPOLATION, "bilinear")
    fill_mode = Choice(FILLS, "reflect")
    fill_value = Number(0.0)
    data_format = DataFormat()
    seed = Int(None)

    example: ClassVar[Any] = {"x_factor": 0.2}, IMAGES


@layer
class RandomTranslation(Augmentation):
    """Shifts images at random in training; nothing at inference."""

    height_factor = Factor(min=-1, max=1)
    width_factor = Factor(min=-1, max=1)
    fill_mode = Choice(FILLS, "reflect")
    interpolation = Choice(INTERPOLATION, "bilinear")
    seed = Int(None)
    fill_value = Number(0.0)
    data_format = DataFormat()

    example: ClassVar[Any] = {"height_factor": 0.1, "width_factor": 0.1}, IMAGES


@layer
class RandomZoom(Augmentation):
    """Zooms at random in training; nothing at inference."""

    height_factor = Factor(min=-1, max=1)
    width_factor = Factor(None, min=-1, max=1)
    fill_mode = Choice(FILLS, "reflect")
    interpolation = Choice(INTERPOLATION, "bilinear")
    seed = Int(None)
    fill_value = Number(0.0)
    data_format = DataFormat()

    example: ClassVar[Any] = {"height_factor": 0.1}, IMAGES
