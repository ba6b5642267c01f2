"""Functions of images in tf.image and the backend, of which the arguments decide what operations they are."""

from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script import tensors
from layercalc.readers.keras.script.operations import given, operation
from layercalc.readers.keras.script.values import TensorObject
from layercalc.readers.script import Fault

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

OLD_PLACES = "TensorFlow 1 places the pixels of this resize elsewhere than its documentation of today says."


def sides(names: "KerasNames", x: Any, at: Any) -> tuple[int, int]:
    """The height and the width of images, the channels last."""
    shape = tensors.shape_of(names, x, at) if isinstance(x, TensorObject) else ()
    height, width = shape[-3:-1] if len(shape) in (3, 4) else (None, None)
    if height is None or width is None:
        raise Fault(at, "Expected images of known height and width, channels last.")
    names.sized = True
    return height, width


def resize_images(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`K.resize_images(x, height_factor, width_factor, data_format)`: whole multiples of both sizes."""
    x, rows, columns, layout, how = given(
        args, kwargs, "x", "height_factor", "width_factor", "data_format", "interpolation", interpolation="nearest"
    )
    if layout == "channels_first":
        raise Fault(at, "Expected images of known height and width, channels last.")
    height, width = sides(names, x, at)
    return operation(names, "Resize", {"size": [height * rows, width * columns], "interpolation": how}, [x], at)


def resized_as_before(interpolation: str) -> Any:
    """`tf.image.resize_bilinear(images, size, align_corners)` of TensorFlow 1: its shape and counts, not its values."""

    def run(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        x, size, how = given(args, kwargs, "images", "size", "method", method=0)
        if interpolation:
            how = interpolation
        how = {0: "bilinear", 1: "nearest", 2: "bicubic"}.get(how, how)
        made = operation(names, "Resize", {"size": size, "interpolation": how}, [x], at)
        made.call.layer.layer.only_analysed = OLD_PLACES
        return made

    return run


def padding(axes: int) -> Any:
    """`K.spatial_2d_padding(x, ((1, 1), (2, 2)))`: zeros around the axes between batch and channels."""

    def run(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        pairs: Any = (1, 1) if axes == 1 else ((1, 1),) * axes
        x, pairs, layout = given(args, kwargs, "x", "padding", "data_format", padding=pairs)
        pairs = [list(pairs)] if axes == 1 else [list(one) for one in pairs]
        if layout is None:
            layout = "channels_first" if names.set_now(at).channels_first else "channels_last"
        inside = [[0, 0], *pairs] if layout == "channels_first" else [*pairs, [0, 0]]
        return operation(names, "Pad", {"pad_width": [[0, 0], *inside]}, [x], at)

    return run


def pool(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`K.pool2d(x, pool_size, strides, padding, data_format, pool_mode)`, and of 3D."""
    order = ("x", "pool_size", "strides", "padding", "data_format", "pool_mode")
    x, size, strides, padding, layout, how = given(args, kwargs, *order, padding="valid", pool_mode="max")
    if how not in ("max", "avg"):
        raise Fault(at, f"Expected pool_mode as 'max' or 'avg'; received {names.describe(how)}.")
    config = {"pool_size": size, "strides": [1] * len(size) if strides is None else strides, "padding": padding}
    config |= {} if layout is None else {"data_format": layout}
    return operation(names, "MaxPool" if how == "max" else "AveragePool", config, [x], at)


def extract_patches(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`tf.image.extract_patches(images, [1, h, w, 1], …)`; TensorFlow 1 has `ksizes`."""
    first = "ksizes" if "ksizes" in kwargs else "sizes"
    x, *windows, padding = given(args, kwargs, "images", first, "strides", "rates", "padding")
    if not all(isinstance(one, list | tuple) and len(one) == 4 and one[0] == one[3] == 1 for one in windows):
        raise Fault(at, "Expected sizes, strides and rates as [1, rows, columns, 1].")
    size, strides, rates = (list(one[1:3]) for one in windows)
    if any(type(one) is not int for one in (*size, *strides, *rates)):
        raise Fault(at, "Expected sizes, strides and rates as whole numbers.")
    config = {"size": size, "strides": strides, "padding": str(padding).lower()}
    config |= {"dilation_rate": rates[0]} if rates[0] == rates[1] else {"dilation_rate": rates}
    return operation(names, "ExtractPatches", config, [x], at)


def bounding_box(operator: str, margin: str) -> Any:
    """`tf.image.crop_to_bounding_box(image, offset_height, offset_width, target_height, target_width)`, or pad_to_…."""

    def run(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        order = ("image", "offset_height", "offset_width", "target_height", "target_width")
        x, top, left, height, width = given(args, kwargs, *order)
        config = {f"top_{margin}": top, f"left_{margin}": left, "target_height": height, "target_width": width}
        return operation(names, operator, config, [x], at)

    return run


crop_to_bounding_box = bounding_box("CropImages", "cropping")
pad_to_bounding_box = bounding_box("PadImages", "padding")


def central_crop(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`tf.image.central_crop(image, central_fraction)`, its margins found in floats as there."""
    x, part = given(args, kwargs, "image", "central_fraction")
    if type(part) not in (int, float) or not 0 < part <= 1:
        raise Fault(at, f"Expected a fraction above 0 and up to 1; received {names.describe(part)}.")
    if part == 1:
        return x
    sizes = sides(names, x, at)
    starts = [int((n - n * part) / 2) for n in sizes]
    kept = [n - start * 2 for n, start in zip(sizes, starts, strict=True)]
    return crop_to_bounding_box(names, [x, *starts, *kept], {}, at)


def resize_with_crop_or_pad(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
    """`tf.image.resize_with_crop_or_pad(image, target_height, target_width)`: each axis cut or padded in the middle."""
    x, *target = given(args, kwargs, "image", "target_height", "target_width")
    if not all(type(one) is int and one > 0 for one in target):
        raise Fault(at, "Expected a height and a width of at least 1.")
    sizes = sides(names, x, at)
    apart = [to - n for to, n in zip(target, sizes, strict=True)]
    if any(one < 0 for one in apart):
        kept = [min(to, n) for to, n in zip(target, sizes, strict=True)]
        x = crop_to_bounding_box(names, [x, *(max(-one // 2, 0) for one in apart), *kept], {}, at)
    if any(one > 0 for one in apart):
        x = pad_to_bounding_box(names, [x, *(max(one // 2, 0) for one in apart), *target], {}, at)
    return x


BACKEND: dict[str, Any] = {
    "resize_images": resize_images,
    "pool2d": pool,
    "pool3d": pool,
    "temporal_padding": padding(1),
    "spatial_2d_padding": padding(2),
    "spatial_3d_padding": padding(3),
}
TF: dict[str, Any] = {
    "image.extract_patches": extract_patches,
    "image.extract_image_patches": extract_patches,
    "extract_image_patches": extract_patches,
    "image.resize_images": resized_as_before(""),
    "image.resize_bilinear": resized_as_before("bilinear"),
    "image.resize_nearest_neighbor": resized_as_before("nearest"),
    "image.resize_bicubic": resized_as_before("bicubic"),
    "image.crop_to_bounding_box": crop_to_bounding_box,
    "image.pad_to_bounding_box": pad_to_bounding_box,
    "image.central_crop": central_crop,
    "image.resize_with_crop_or_pad": resize_with_crop_or_pad,
    "image.resize_image_with_crop_or_pad": resize_with_crop_or_pad,
}
