"""Keras' words for interpolation as numbers, by the conventions of tf.image.resize: half-pixel centres."""

from typing import Any

from layercalc import ops
from layercalc.dims import Dim
from layercalc.ops import Tensor
from layercalc.ops.resizing import HALF, Places, half_pixel, ratio

METHODS: dict[str, dict[str, Any]] = {
    "bilinear": {"method": "linear"},
    "nearest": {},
    "lanczos3": {"method": "lanczos3", "exclude_outside": True},
    "lanczos5": {"method": "lanczos5", "exclude_outside": True},
    "bicubic": {"method": "cubic", "a": -0.5, "exclude_outside": True, "steps": 1024},  # TensorFlow tabulates it
    "area": {"method": "area"},
}
INTERPOLATIONS = tuple(METHODS)


def resize(
    x: Tensor, *, axes: tuple[int, int], to: tuple[Dim, Dim], interpolation: str, antialias: bool = False
) -> Tensor:
    """Rows, then columns in another size; nearest and area know no antialias."""
    for axis, n in zip(axes, to, strict=True):
        slope = ratio(x.shape[axis], n)
        if interpolation == "nearest":
            x = ops.resize_nearest(x, axis=axis, to=n, at=Places(slope, HALF, single=True), rounding="floor")
            continue
        how = METHODS[interpolation]
        if antialias and interpolation != "area":
            how = how | {"antialias": True, "exclude_outside": True}
        x = ops.resize(x, axis=axis, to=n, at=half_pixel(slope, single=True), **how)
    return x
