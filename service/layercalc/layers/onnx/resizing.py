"""Images in another size."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from layercalc import ops
from layercalc.dims import Unknown
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Ints, Numbers, Value, axes_of, numbers, operator
from layercalc.layers.onnx.base import sizes as of_tensor
from layercalc.ops import Tensor
from layercalc.ops.resizing import (
    HALF,
    Places,
    align_corners,
    asymmetric,
    crop_and_resize,
    half_pixel,
    half_pixel_symmetric,
)

MODES = ("nearest", "linear", "cubic")


def places(mode: str, n: Any, to: Any, scale: Any, roi: tuple[float, float] | None) -> Places:
    """coordinate_transformation_mode as numbers; with align_corners sizes are not rounded yet."""
    if isinstance(scale, Unknown) or isinstance(n, Unknown):
        return half_pixel(scale if isinstance(scale, Unknown) else n)
    slope, exact = 1 / Fraction(scale), Fraction(scale) * n
    by_name: dict[str, Callable[[], Places]] = {
        "half_pixel": lambda: half_pixel(slope),
        "pytorch_half_pixel": lambda: half_pixel(slope) if to > 1 else Places(Fraction(0)),
        "half_pixel_symmetric": lambda: half_pixel_symmetric(slope, n, to),
        "asymmetric": lambda: asymmetric(slope),
        "tf_half_pixel_for_nn": lambda: Places(slope, HALF),
        "align_corners": lambda: align_corners(slope, n, exact),
        "tf_crop_and_resize": lambda: crop_and_resize(slope, n, exact, *(roi or (0, 1))),
    }
    if mode not in by_name:
        listed = ", ".join(by_name)
        raise ShapeError(f"The mode is one of {listed}; received {mode!r}.", "coordinate_transformation_mode")
    return by_name[mode]()


def targets(x: Tensor, axes: Ints, scales: Any, sizes: Any, policy: str) -> list[tuple[Any, Any]]:
    """The factor and the new size of each axis."""
    old = [x.shape[axis] for axis in axes]
    if sizes is None:
        if len(scales) != len(axes):
            raise ShapeError(f"{len(axes)} axes need as many scales; received {len(scales)}.", "scales")
        return [(by, scaled(n, by)) for n, by in zip(old, scales, strict=True)]
    if len(sizes) != len(axes):
        raise ShapeError(f"{len(axes)} axes need as many sizes; received {len(sizes)}.", "sizes")
    by = [quotient(to, n) for to, n in zip(sizes, old, strict=True)]
    if policy == "stretch":
        return list(zip(by, sizes, strict=True))
    if any(isinstance(one, Unknown) for one in by):
        raise ShapeError(f"keep_aspect_ratio_policy {policy} needs sizes that are known.")
    one = (min if policy == "not_larger" else max)(by)
    return [(one, math.floor(n * one + HALF)) for n in old]


def quotient(to: Any, n: Any) -> Any:
    """The factor between two sizes; unknown where one is."""
    unknown = next((one for one in (to, n) if isinstance(one, Unknown)), None)
    return Fraction(to, n or 1) if unknown is None else unknown


def scaled(n: Any, by: Any) -> Any:
    """⌊n · by⌋, by being a float of 32 bits."""
    unknown = next((m for m in (n, by) if isinstance(m, Unknown)), None)
    if isinstance(n, int) and by == 1:
        return n
    if by == 1 or unknown is None:
        return n if by == 1 else math.floor(n * by)
    return unknown


def resized(x: Tensor, axes: Ints, by: list[tuple[Any, Any]], roi: Any, how: dict[str, Any]) -> Tensor:
    """One axis after the other."""
    mode, place_by = how["mode"], how["places"]
    crop = place_by == "tf_crop_and_resize"
    outside = how["outside"] if crop else None
    for place, (axis, (scale, to)) in enumerate(zip(axes, by, strict=True)):
        if not isinstance(scale, Unknown) and scale == 1 and not crop:
            continue
        ends = (roi[place], roi[place + len(axes)]) if crop else None
        at = places(place_by, x.shape[axis], to, scale, ends)
        if mode == "nearest":
            x = ops.resize_nearest(x, axis=axis, to=to, at=at, rounding=how["rounding"], outside=outside)
            continue
        smaller = not isinstance(scale, Unknown) and scale < 1
        x = ops.resize(
            x,
            axis=axis,
            to=to,
            at=at,
            method=mode,
            antialias=bool(how["antialias"]) and smaller,
            exclude_outside=bool(how["exclude_outside"]),
            a=how["a"],
            outside=outside,
        )
    return x


def checked(mode: str, rounding: str = "floor") -> None:
    if mode not in MODES:
        raise ShapeError(f"The mode is one of {', '.join(MODES)}; received {mode!r}.", "mode")
    if rounding not in ops_roundings():
        raise ShapeError(f"nearest_mode is one of {', '.join(ops_roundings())}; received {rounding!r}.", "nearest_mode")


def ops_roundings() -> tuple[str, ...]:
    return ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")


@operator(11)
def Resize(
    x: Tensor,
    roi: Value = None,
    scales: Value = None,
    sizes: Value = None,
    *,
    antialias: int = 0,
    axes: Ints | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> Tensor:
    """X by factors, or in given sizes."""
    checked(mode, nearest_mode)
    where = axes_of(range(x.ndim) if axes is None else axes, x.ndim)
    by = None if scales is None or (scales.ndim and scales.shape[0] == 0) else of_tensor(scales)
    to = None if sizes is None or (sizes.ndim and sizes.shape[0] == 0) else of_tensor(sizes)
    if (by is None) == (to is None):
        raise ShapeError("Resize takes scales or sizes, one of them.")
    how = {
        "mode": mode,
        "places": coordinate_transformation_mode,
        "rounding": nearest_mode,
        "outside": extrapolation_value,
        "antialias": antialias,
        "exclude_outside": exclude_outside,
        "a": cubic_coeff_a,
    }
    region = numbers(roi) if coordinate_transformation_mode == "tf_crop_and_resize" and roi is not None else None
    if coordinate_transformation_mode == "tf_crop_and_resize" and (region is None or len(region) != 2 * len(where)):
        raise ShapeError(f"tf_crop_and_resize needs a region of {2 * len(where)} numbers.", "roi")
    made = resized(x, where, targets(x, where, by, to, keep_aspect_ratio_policy), region, how)
    return ops.reshape(x, to=x.shape) if made is x else made


def upsampled(x: Tensor, scales: Any, mode: str) -> Tensor:
    """As Upsample and the first Resize did: from the first element on."""
    checked(mode)
    how = {
        "mode": mode,
        "places": "asymmetric",
        "rounding": "floor",
        "outside": 0.0,
        "antialias": 0,
        "exclude_outside": 0,
        "a": -0.75,
    }
    where = tuple(range(x.ndim))
    made = resized(x, where, targets(x, where, list(scales), None, "stretch"), None, how)
    return ops.reshape(x, to=x.shape) if made is x else made


@operator(10, "Resize")
def resize_10(x: Tensor, scales: Value, *, mode: str = "nearest") -> Tensor:
    """X by factors."""
    return upsampled(x, of_tensor(scales), mode)


@operator(1, "Upsample")
def upsample_images(x: Tensor, *, height_scale: float, mode: str = "nearest", width_scale: float) -> Tensor:
    """Images by factors."""
    return upsampled(x, (1.0, 1.0, height_scale, width_scale), {"bilinear": "linear"}.get(mode, mode))


@operator(7, "Upsample")
def upsample_by_attribute(x: Tensor, *, scales: Numbers, mode: str = "nearest") -> Tensor:
    """X by factors."""
    return upsampled(x, scales, mode)


@operator(9, ends=10)
def Upsample(x: Tensor, scales: Value, *, mode: str = "nearest") -> Tensor:
    """X by factors, which are an input."""
    return upsampled(x, of_tensor(scales), mode)
