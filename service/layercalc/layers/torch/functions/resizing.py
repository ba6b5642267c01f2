"""Images in another size."""

import math
from fractions import Fraction
from typing import Any

from layercalc import ops
from layercalc.dims import Unknown, hidden, presumably, provably, text
from layercalc.errors import ShapeError
from layercalc.formulas import Formula, Undecided
from layercalc.layers.torch.base import Ints, function
from layercalc.ops import Tensor
from layercalc.ops.resizing import Places, align_corners, asymmetric, half_pixel


def target(x: Tensor, output_size: Any, scales: Any, rank: int, name: str) -> list[tuple[Any, Any]]:
    """The new size of each spatial axis, and the factor where one is given."""
    if x.ndim != rank + 2:
        raise ShapeError(f"{name} takes (batch, channels and {rank} spatial axes); received {text(x.shape)}.")
    old = x.shape[2:]
    if output_size is not None:
        by = [None] * rank if scales is None else list(scales)
        return list(zip(output_size, by, strict=True))
    if scales is None:
        raise ShapeError(f"{name} needs a size or scale factors.", "size")
    return [(times(n, by), by) for n, by in zip(old, scales, strict=True)]


def times(n: Any, by: float) -> Any:
    """N · by, rounded down; of a size by name where the factor is a share that floats tell exactly."""
    if isinstance(n, Formula):
        share = Fraction(by)
        if share.denominator > FINEST:
            raise Undecided(f"{n} times {by} is rounded.")
        return n * share.numerator // share.denominator
    return n if isinstance(n, Unknown) else math.floor(n * by)


FINEST = 1 << 20


def slope(n: Any, to: Any, scale: Any) -> Any:
    """How many elements one result stands for: 1 / scale where the caller gave one, else old over new."""
    if not isinstance(n, int) or not isinstance(to, int):
        return hidden(to if isinstance(n, int) else n)
    return 1 / Fraction(scale) if scale else Fraction(int(n), int(to) or 1)


def checked(x: Tensor, sizes: list[tuple[Any, Any]]) -> None:
    if any(provably(to < 1) for to, _ in sizes):
        raise ShapeError(f"{text(x.shape)} cannot have sizes of {text([to for to, _ in sizes])}.", "size")


def nearest(x: Tensor, sizes: list[tuple[Any, Any]], exact: bool) -> Tensor:
    checked(x, sizes)
    for axis, (to, scale) in enumerate(sizes, 2):
        n = x.shape[axis]
        if not exact and len(sizes) == 2 and isinstance(n, int) and isinstance(to, int) and to in (n, 2 * n):
            scale = None  # images that keep their size, or double it, are copied by ATen, whatever the scale says
        by = slope(n, to, scale)
        at = (half_pixel(by), "round_prefer_ceil") if exact else (asymmetric(by), "floor")
        x = ops.resize_nearest(x, axis=axis, to=to, at=at[0], rounding=at[1])
    return x


def linear(x: Tensor, sizes: list[tuple[Any, Any]], align: bool, method: str, antialias: bool = False) -> Tensor:
    checked(x, sizes)
    for axis, (to, scale) in enumerate(sizes, 2):
        n = x.shape[axis]
        if method == "linear" and isinstance(n, int) and isinstance(to, int) and n == to:
            scale = None  # an axis that keeps its size is copied
        by = slope(n, to, scale)
        at: Places
        if align and not isinstance(by, Unknown):
            at = align_corners(by, n, to) if to > 1 else Places(Fraction(0))
        else:
            at = half_pixel(by)
        smaller = antialias and (presumably(n > to) if isinstance(by, Unknown) else by > 1)
        a = -0.5 if antialias else -0.75
        x = ops.resize(x, axis=axis, to=to, at=at, method=method, antialias=smaller, exclude_outside=antialias, a=a)
    return x


def nearest_of(rank: int, exact: bool) -> None:
    name = f"{'_' if exact else ''}upsample_nearest{'_exact' if exact else ''}{rank}d"

    @function(f"{name}.vec")
    def by_vector(input: Tensor, output_size: Any, scale_factors: Any) -> Tensor:
        return nearest(input, target(input, output_size, scale_factors, rank, name), exact)

    if rank == 1:

        @function(name)
        def of_one(self: Tensor, output_size: Ints, scales: float | None = None) -> Tensor:
            return nearest(self, target(self, output_size, given(scales), 1, name), exact)

    elif rank == 2:

        @function(name)
        def of_two(
            self: Tensor, output_size: Ints, scales_h: float | None = None, scales_w: float | None = None
        ) -> Tensor:
            return nearest(self, target(self, output_size, given(scales_h, scales_w), 2, name), exact)

    else:

        @function(name)
        def of_three(
            self: Tensor,
            output_size: Ints,
            scales_d: float | None = None,
            scales_h: float | None = None,
            scales_w: float | None = None,
        ) -> Tensor:
            return nearest(self, target(self, output_size, given(scales_d, scales_h, scales_w), 3, name), exact)


def given(*scales: float | None) -> Any:
    return None if None in scales else scales


for _rank in (1, 2, 3):
    nearest_of(_rank, False)
    nearest_of(_rank, True)


def linear_of(name: str, rank: int, method: str, antialias: bool = False) -> None:
    @function(f"{name}.vec")
    def by_vector(input: Tensor, output_size: Any, align_corners: bool, scale_factors: Any) -> Tensor:
        sizes = target(input, output_size, scale_factors, rank, name)
        return linear(input, sizes, align_corners, method, antialias)

    if rank == 1:

        @function(name)
        def of_one(self: Tensor, output_size: Ints, align_corners: bool, scales: float | None = None) -> Tensor:
            return linear(self, target(self, output_size, given(scales), 1, name), align_corners, method)

    elif rank == 2:

        @function(name)
        def of_two(
            self: Tensor,
            output_size: Ints,
            align_corners: bool,
            scales_h: float | None = None,
            scales_w: float | None = None,
        ) -> Tensor:
            sizes = target(self, output_size, given(scales_h, scales_w), 2, name)
            return linear(self, sizes, align_corners, method, antialias)

    else:

        @function(name)
        def of_three(
            self: Tensor,
            output_size: Ints,
            align_corners: bool,
            scales_d: float | None = None,
            scales_h: float | None = None,
            scales_w: float | None = None,
        ) -> Tensor:
            sizes = target(self, output_size, given(scales_d, scales_h, scales_w), 3, name)
            return linear(self, sizes, align_corners, method)


linear_of("upsample_linear1d", 1, "linear")
linear_of("upsample_bilinear2d", 2, "linear")
linear_of("upsample_trilinear3d", 3, "linear")
linear_of("upsample_bicubic2d", 2, "cubic")
linear_of("_upsample_bilinear2d_aa", 2, "linear", True)
linear_of("_upsample_bicubic2d_aa", 2, "cubic", True)
