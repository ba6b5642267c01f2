"""Operations that read images and other tensors between their elements."""

from typing import Any

from layercalc import ops
from layercalc.dims import differ, text
from layercalc.errors import ShapeError, blaming
from layercalc.layers.fields import Bool, Choice, Int, Number
from layercalc.layers.keras.functions.base import Operation, Sizes, integers, operation, tensor
from layercalc.layers.keras.functions.image import inside
from layercalc.ops import OPS, Tensor

FILL_MODES = ("constant", "nearest", "wrap", "reflect")


class Projected(Operation):
    """Images read through a transform of the plane."""

    interpolation: Any
    fill_mode: Any = "constant"
    fill_value: Any

    def projected(self, images: Any, transforms: Tensor) -> Tensor:
        def through(x: Tensor) -> Tensor:
            y = x if x.ndim == 4 else ops.reshape(x, to=(1, *x.shape))
            bilinear = self.interpolation == "bilinear"
            y = ops.project(y, transforms, bilinear=bilinear, mode=self.fill_mode, fill=self.fill_value)
            return y if x.ndim == 4 else ops.reshape(y, to=x.shape)

        return inside(self, tensor(images), through)


@operation
class AffineTransform(Projected):
    """Images turned, sheared, scaled and moved: 8 numbers for each, or for all."""

    interpolation = Choice(("nearest", "bilinear"), "bilinear")
    fill_mode: Any = Choice(FILL_MODES, "constant")
    fill_value = Number(0.0)
    data_format = Choice(("channels_last", "channels_first"), None)

    def compute(self, images: Any, transform: Any) -> Tensor:
        t = tensor(transform)
        return self.projected(images, ops.reshape(t, to=(1, *t.shape)) if t.ndim == 1 else t)


@operation
class PerspectiveTransform(Projected):
    """Images so distorted that four points of each come to stand on four others."""

    interpolation = Choice(("nearest", "bilinear"), "bilinear")
    fill_value = Number(0.0)
    data_format = Choice(("channels_last", "channels_first"), None)

    def compute(self, images: Any, start_points: Any, end_points: Any) -> Tensor:
        start, end = (self.points(tensor(one)) for one in (start_points, end_points))
        return self.projected(images, ops.homography(start, end))

    def points(self, x: Tensor) -> Tensor:
        x = x if str(x.dtype) == "float32" else ops.cast(x, to="float32")
        return ops.reshape(x, to=(1, *x.shape)) if x.ndim == 2 else x


@operation
class MapCoordinates(Operation):
    """The values of a tensor at coordinates, (axes, ...), between its elements by interpolation."""

    order = Int()
    fill_mode = Choice((*FILL_MODES, "mirror"), "constant")
    fill_value = Number(0.0)

    def compute(self, inputs: Any, coordinates: Any) -> Tensor:
        x, at = tensor(inputs), tensor(coordinates)
        if self.order not in (0, 1):
            raise ShapeError(f"Expected the order 0 (nearest) or 1 (linear); received {self.order}.", "order")
        if self.order and str(at.dtype) not in ops.FLOATS:
            raise ShapeError(f"Coordinates to interpolate between are floats; received {at.dtype}.", "order")
        with blaming(mode="fill_mode"):
            return ops.map_coordinates(x, at, order=self.order, mode=self.fill_mode, fill=self.fill_value)


METHODS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear"), "linear"),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), "cubic"),
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}


@operation
class ScaleAndTranslate(Operation):
    """Axes scaled and moved into another shape; integers stay integers."""

    spatial_dims = Sizes()
    method = Choice(tuple(METHODS))
    antialias = Bool(True)

    def compute(self, images: Any, output_shape: Any, scale: Any, translation: Any) -> Tensor:
        x, to = tensor(images), integers(output_shape, "output_shape")
        scale, shift = (self.floats(one) for one in (scale, translation))
        dims = (self.spatial_dims,) if isinstance(self.spatial_dims, int) else self.spatial_dims
        axes, floating = self.axes_of(dims, x, "spatial_dims"), str(x.dtype) in ops.FLOATS
        if len(to) != x.ndim or any(differ(n, to[i]) for i, n in enumerate(x.shape) if i not in axes and to[i] > 0):
            raise ShapeError(f"{text(x.shape)} cannot become {list(to)} along axes {list(axes)}.")
        for one in (scale, shift):
            if one.ndim != 1 or differ(one.shape[0], len(axes)):
                raise ShapeError(f"Each of the {len(axes)} axes takes one number; received {text(one.shape)}.")
        y = x if floating else ops.cast(x, to="float32")
        how = {"method": METHODS[self.method], "antialias": self.antialias}
        for i, axis in enumerate(axes):
            by, move = (ops.get_item(one, key=(i,)) for one in (scale, shift))
            y = ops.scale_axis(y, by, move, axis=axis, to=to[axis], **how)
        if floating or not axes:
            return y if axes else x
        every = tuple(range(x.ndim))
        low, high = ops.reduce_min(x, axes=every), ops.reduce_max(x, axes=every)
        y = ops.minimum(ops.maximum(OPS["round"](y), ops.cast(low, to="float32")), ops.cast(high, to="float32"))
        return ops.cast(y, to=str(x.dtype))

    def floats(self, value: Any) -> Tensor:
        x = tensor(value)
        return x if str(x.dtype) in ops.FLOATS else ops.cast(x, to="float32")
