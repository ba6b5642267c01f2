"""Operators on images: read at points of a grid, pooled by region, convolved with a kernel that moves."""

import math
from typing import Any

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import differ, hidden, size, text
from layercalc.errors import ShapeError
from layercalc.layers.channels import first, last
from layercalc.layers.onnx.base import Ints, Learned, Value, operator, sizes
from layercalc.layers.onnx.convolution import window_of
from layercalc.layers.onnx.windows import numbers_of
from layercalc.ops import Tensor
from layercalc.ops.window import counted

METHODS = {"bilinear": "linear", "bicubic": "cubic", "nearest": "nearest", "linear": "linear", "cubic": "cubic"}
OUTSIDE = ("zeros", "border", "reflection")


@operator(16)
def GridSample(
    x: Tensor, grid: Tensor, *, align_corners: int = 0, mode: str = "linear", padding_mode: str = "zeros"
) -> Tensor:
    """X at points that are given from −1 to 1 along each axis, the last axis first (Jaderberg et al. 2015)."""
    if mode not in METHODS:
        raise ShapeError(f"The mode is one of {', '.join(METHODS)}; received {mode!r}.", "mode")
    if padding_mode not in OUTSIDE:
        raise ShapeError(f"padding_mode is one of {', '.join(OUTSIDE)}; received {padding_mode!r}.", "padding_mode")
    if x.ndim != grid.ndim or x.ndim < 3 or differ(grid.shape[-1], x.ndim - 2):
        raise ShapeError(f"A grid {text(grid.shape)} has not a point of {x.ndim - 2} numbers for {text(x.shape)}.")
    at = ops.flip(grid, axis=grid.ndim - 1)
    slopes = [(n - 1 if align_corners else n) / 2 if isinstance(n, int) else hidden(n) for n in x.shape[2:]]
    starts = [(n - 1) / 2 if isinstance(n, int) else hidden(n) for n in x.shape[2:]]
    dtype = str(grid.dtype)
    slope, start = (ops.known(np.array(each, object), dtype) for each in (slopes, starts))
    at = ops.add(ops.multiply(at, slope), start)
    how: Any = {"method": METHODS[mode], "outside": padding_mode, "corners": bool(align_corners)}
    return first(ops.sample_at(last(x), at, **how))


@operator(20)
def AffineGrid(theta: Tensor, size: Value, *, align_corners: int = 0) -> Tensor:
    """Where an affine map takes the elements of images of a size, from −1 to 1: (batch, *spatial, axes)."""
    wanted = sizes(size)
    rank = len(wanted) - 2
    if rank not in (2, 3) or theta.ndim != 3 or differ(theta.shape[1], rank) or differ(theta.shape[2], rank + 1):
        raise ShapeError(f"Maps {text(theta.shape)} do not fit images of {text(wanted)}.")
    batch, _, *spatial = wanted
    count = math.prod(spatial)

    def make() -> np.ndarray:
        places = np.meshgrid(*(line(n, bool(align_corners)) for n in spatial), indexing="ij")[::-1]
        return np.stack([*(one.reshape(-1) for one in places), np.ones(count)])

    points = ops.built(make, (rank + 1, count), str(theta.dtype))
    made = ops.transpose(ops.matmul(theta, points), axes=(0, 2, 1))
    return ops.reshape(made, to=(batch, *spatial, rank))


def line(n: int, corners: bool) -> np.ndarray:
    """The centres of n elements from −1 to 1, or with `corners` the outermost at the ends."""
    return np.linspace(-1, 1, n) if corners else (2 * np.arange(n) + 1) / n - 1


def aligned(
    x: Tensor, rois: Tensor, images: Tensor, to: Ints, mode: str, samples: int, scale: float, half: bool
) -> Tensor:
    """Regions of images in cells."""
    if mode not in ("avg", "max"):
        raise ShapeError(f"The mode is avg or max; received {mode!r}.", "mode")
    if min(to) < 1 or samples < 0:
        raise ShapeError("output_height and output_width are at least 1, sampling_ratio at least 0.", "output_height")
    how: Any = {"to": to, "samples": samples, "scale": scale, "half_pixel": half, "largest": mode == "max"}
    return first(ops.roi_align(last(x), rois, images, **how))


@operator(10, "RoiAlign")
def roi_align_10(
    x: Tensor,
    rois: Tensor,
    batch_indices: Tensor,
    *,
    mode: str = "avg",
    output_height: int = 1,
    output_width: int = 1,
    sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
) -> Tensor:
    """Regions of images in cells, without half an element's shift (He et al. 2017)."""
    to = (output_height, output_width)
    return aligned(x, rois, batch_indices, to, mode, sampling_ratio, spatial_scale, False)


@operator(16)
def RoiAlign(
    x: Tensor,
    rois: Tensor,
    batch_indices: Tensor,
    *,
    coordinate_transformation_mode: str = "half_pixel",
    mode: str = "avg",
    output_height: int = 1,
    output_width: int = 1,
    sampling_ratio: int = 0,
    spatial_scale: float = 1.0,
) -> Tensor:
    """Regions of images in cells (He et al. 2017, arXiv:1703.06870)."""
    modes = {"half_pixel": True, "output_half_pixel": False}
    if coordinate_transformation_mode not in modes:
        told = f"The mode is one of {', '.join(modes)}; received {coordinate_transformation_mode!r}."
        raise ShapeError(told, "coordinate_transformation_mode")
    to, half = (output_height, output_width), modes[coordinate_transformation_mode]
    return aligned(x, rois, batch_indices, to, mode, sampling_ratio, spatial_scale, half)


@operator(1)
def MaxRoiPool(x: Tensor, rois: Tensor, *, pooled_shape: Ints, spatial_scale: float = 1.0) -> Tensor:
    """The largest number in each cell of regions."""
    if len(pooled_shape) != 2 or min(pooled_shape) < 1:
        raise ShapeError(f"pooled_shape is two sizes of at least 1; received {list(pooled_shape)}.", "pooled_shape")
    return first(ops.roi_pool(last(x), rois, to=pooled_shape, scale=spatial_scale))


@operator(19)
def DeformConv(
    x: Tensor,
    w: Learned,
    offset: Tensor,
    b: Learned = None,
    mask: Tensor = None,
    *,
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    offset_group: int = 1,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """A convolution whose window is read where offsets say (Zhu et al. 2018, arXiv:1811.11168)."""
    window_of(w, x, kernel_shape)
    rank, window = x.ndim - 2, w.shape[2:]
    how = numbers_of(x.shape[2:], window, strides, pads, dilations, "NOTSET")
    out = counted(x.shape[2:], window, **how)
    batch, channels, taps = x.shape[0], x.shape[1], size(window)
    if not isinstance(taps, int) or not isinstance(channels, int):
        raise ShapeError("The sizes of the window and the number of channels must be known.")
    if channels % offset_group or channels % group or w.shape[0] % group or differ(w.shape[1], channels // group):
        raise ShapeError(f"{group} and {offset_group} groups cannot share {text(x.shape)} with {text(w.shape)}.")
    wanted = (batch, offset_group * taps * rank, *out)
    if offset.ndim != x.ndim or any(map(differ, offset.shape, wanted)):
        raise ShapeError(f"Expected offsets of {text(wanted)}; received {text(offset.shape)}.")
    moved = ops.reshape(offset, to=(batch * offset_group, taps, rank, *out))
    at = ops.add(ops.transpose(moved, axes=(0, 1, *range(3, 3 + rank), 2)), standing(out, window, how))
    own = channels // offset_group
    images = ops.reshape(x, to=(batch * offset_group, own, *x.shape[2:]))
    read = ops.sample_at(last(images), at, method="linear", outside="zeros", corners=True)
    if mask is not None:
        read = ops.multiply(read, ops.reshape(mask, to=(batch * offset_group, taps, *out, 1)))
    each, places = channels // group, size(out)
    apart = ops.reshape(read, to=(batch, offset_group, taps, places, own))
    apart = ops.reshape(ops.transpose(apart, axes=(0, 3, 1, 4, 2)), to=(batch, places, group, each * taps))
    kernels = ops.reshape(w, to=(group, w.shape[0] // group, each * taps))
    y = ops.matmul(ops.transpose(apart, axes=(0, 2, 1, 3)), ops.transpose(kernels, axes=(0, 2, 1)))
    y = ops.reshape(ops.transpose(y, axes=(0, 2, 1, 3)), to=(batch, *out, w.shape[0]))
    return first(y if b is None else ops.bias_add(y, b))


def standing(out: Any, window: Any, how: dict[str, Any]) -> Tensor:
    """Where the elements of each window stand: (taps, *out, axes)."""
    rank, taps = len(window), math.prod(window)
    return ops.built(lambda: places(out, window, how), (taps, *out, rank), "float32")


def places(out: Any, window: Any, how: dict[str, Any]) -> np.ndarray:
    rank, taps = len(window), math.prod(window)
    starts = [np.arange(n) * s - before for n, s, (before, _) in zip(out, how["strides"], how["pads"], strict=True)]
    inside = np.meshgrid(*(np.arange(k) * d for k, d in zip(window, how["dilations"], strict=True)), indexing="ij")
    grid = np.meshgrid(*starts, indexing="ij")
    each = [a.reshape(taps, *(1,) * rank) + b for a, b in zip(inside, grid, strict=True)]
    return np.stack(each, -1)
