"""Images read between their elements, at points from −1 to 1 along each axis, the last axis first."""

from __future__ import annotations

import math
from typing import Any

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Unknown, differ, known, text
from layercalc.errors import ShapeError
from layercalc.layers.channels import first, last
from layercalc.layers.torch.base import Ints, function
from layercalc.ops import Tensor

METHODS, OUTSIDE = ("linear", "nearest", "cubic"), ("zeros", "border", "reflection")


@function("grid_sampler", "grid_sampler_2d", "grid_sampler_3d")
def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """(batch, channels, *spatial) at the points (batch, *out, axes) of a grid (Jaderberg et al. 2015)."""
    if interpolation_mode not in (0, 1, 2) or padding_mode not in (0, 1, 2):
        raise ShapeError(f"There are no modes {interpolation_mode} and {padding_mode}.", "interpolation_mode")
    rank = input.ndim - 2
    if rank not in (2, 3) or grid.ndim != input.ndim or differ(grid.shape[-1], rank):
        raise ShapeError(
            f"A grid {text(grid.shape)} has not a point of {rank} numbers for {text(input.shape)}.", "grid"
        )
    slopes = [n if isinstance(n, Unknown) else (n - 1 if align_corners else n) / 2 for n in input.shape[2:]]
    starts = [n if isinstance(n, Unknown) else (n - 1) / 2 for n in input.shape[2:]]
    slope, start = (ops.known(np.array(each, object), str(grid.dtype)) for each in (slopes, starts))
    at = ops.add(ops.multiply(ops.flip(grid, axis=grid.ndim - 1), slope), start)
    how: Any = {"method": METHODS[interpolation_mode], "outside": OUTSIDE[padding_mode], "corners": align_corners}
    return first(ops.sample_at(last(input), at, **how))


@function("affine_grid_generator")
def affine_grid_generator(theta: Tensor, size: Ints, align_corners: bool) -> Tensor:
    """Where affine maps (batch, axes, axes + 1) take the elements of images of a size: (batch, *spatial, axes)."""
    batch, _, *spatial = size
    rank = len(spatial)
    if rank not in (2, 3) or theta.ndim != 3 or differ(theta.shape[1], rank) or differ(theta.shape[2], rank + 1):
        raise ShapeError(f"Maps {text(theta.shape)} do not fit images of {text(tuple(size))}.", "theta")
    if not known(spatial):
        raise ShapeError(f"The points of images of {text(tuple(size))} are made where their sizes are known.", "size")
    count = math.prod(spatial)

    def make() -> np.ndarray:
        places = np.meshgrid(*(line(n, align_corners) for n in spatial), indexing="ij")[::-1]
        return np.stack([*(one.reshape(-1) for one in places), np.ones(count)])

    points = ops.built(make, (rank + 1, count), str(theta.dtype))
    made = ops.transpose(ops.matmul(theta, points), axes=(0, 2, 1))
    return ops.reshape(made, to=(batch, *spatial, rank))


def line(n: int, corners: bool) -> np.ndarray:
    """The centres of n elements from −1 to 1, or with `corners` the outermost at the ends."""
    if corners:
        return np.linspace(-1, 1, n) if n > 1 else np.zeros(n)
    return (2 * np.arange(n) + 1) / n - 1
