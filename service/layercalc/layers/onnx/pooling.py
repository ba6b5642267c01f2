"""Pooling."""

import math
from typing import Any, NamedTuple

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Unknown, provably, size, text
from layercalc.errors import ShapeError
from layercalc.layers.channels import first, last
from layercalc.layers.onnx.base import Ints, Value, operator, sizes
from layercalc.layers.onnx.indexing import counted as counted_to
from layercalc.layers.onnx.windows import numbers_of
from layercalc.ops import FLOATS, Tensor
from layercalc.ops.window import around, counted


def pooled(op: Any, x: Tensor, window: Ints, how: dict[str, Any], ceil_mode: int = 0, **more: Any) -> Tensor:
    """The op on what is seen with the channels last."""
    if x.ndim < 3:
        raise ShapeError(f"Expected a batch, channels and spatial axes; received {text(x.shape)}.")
    if any(k < 1 for k in window):
        raise ShapeError(f"kernel_shape must be at least 1; received {list(window)}.", "kernel_shape")
    if ceil_mode and "positions" not in how:
        more["ceil_mode"] = True
    return first(op(last(x), window=window, **how, **more))


@operator(1)
def MaxPool(
    x: Tensor,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Ints | None = None,
    kernel_shape: Ints,
    pads: Ints | None = None,
    storage_order: int = 0,
    strides: Ints | None = None,
    outputs: int,
) -> Any:
    """The largest number of each window."""
    how = numbers_of(x.shape[2:], kernel_shape, strides, pads, dilations, auto_pad)
    if outputs == 1:
        return pooled(ops.max_pool, x, kernel_shape, how, ceil_mode)
    return with_places(x, kernel_shape, how, bool(ceil_mode) and "positions" not in how, storage_order)


def with_places(x: Tensor, window: Ints, how: dict[str, Any], ceil_mode: bool, storage_order: int) -> Any:
    """The largest number of each window, and its number among all elements; with storage_order 1 columns come first."""
    spatial, rank = x.shape[2:], len(window)
    if any(isinstance(n, Unknown) for n in x.shape[1:]):
        y = pooled(ops.max_pool, x, window, how, int(ceil_mode))
        return y, ops.full(y.shape, 0, "int64")
    out = counted(spatial, window, ceil_mode=ceil_mode, **how)
    pads = around(spatial, window, out, **how)
    low = -math.inf if str(x.dtype) in FLOATS else float(np.iinfo(str(x.dtype)).min)
    wide = ops.pad(last(x), padding=((0, 0), *pads, (0, 0)), value=low)
    sliding = {"strides": how["strides"], "dilations": how["dilations"]}
    parts = ops.patches(wide, window=window, **sliding)
    apart = ops.reshape(parts, to=(*parts.shape[:-1], math.prod(window), x.shape[1]))
    tap = ops.argmax(apart, axis=rank + 1)
    y = ops.gather_along(apart, ops.reshape(tap, to=(*tap.shape[:-1], 1, tap.shape[-1])), axis=rank + 1)
    steps = [math.prod(spatial[axis + 1 :]) for axis in range(rank)]
    if storage_order:
        steps = [math.prod(spatial[:axis]) for axis in range(rank)]
    starts = [
        Line(n, s * step, -before * step)
        for n, s, (before, _), step in zip(out, how["strides"], pads, steps, strict=True)
    ]
    starts.append(Line(x.shape[1], math.prod(spatial), 0))
    taps = [Line(k, d * step, 0) for k, d, step in zip(window, how["dilations"], steps, strict=True)]
    inside = ops.built(lambda: summed(taps).reshape(-1), (math.prod(window),), "int64")
    base = ops.built(lambda: summed(starts), (*out, x.shape[1]), "int64")
    inside = ops.gather(inside, tap, axis=0)
    place = ops.add(inside, base)
    image = ops.multiply(counted_to(x.shape[0]), ops.known(x.shape[1] * math.prod(spatial), "int64"))
    place = ops.add(place, ops.reshape(image, to=(x.shape[0], *(1,) * (rank + 1))))
    return first(ops.reshape(y, to=tap.shape)), first(place)


class Line(NamedTuple):
    """Numbers along an axis: how many, how far apart, and the first."""

    many: int
    step: int
    start: int


def summed(lines: list[Line]) -> np.ndarray:
    """The sum of one number of each line, for all places."""
    return np.add.reduce(np.meshgrid(*(np.arange(n) * step + start for n, step, start in lines), indexing="ij"))


@operator(9)
def MaxUnpool(
    x: Tensor,
    indices: Tensor,
    output_shape: Value = None,
    *,
    kernel_shape: Ints,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """Each number where MaxPool found it, 0 elsewhere."""
    rank = len(kernel_shape)
    how = numbers_of(x.shape[2:], kernel_shape, strides, pads, None, "NOTSET")
    spread = zip(x.shape[2:], kernel_shape, how["strides"], how["pads"], strict=True)
    inner = (*x.shape[:2], *((n - 1) * s - sum(pair) + k for n, k, s, pair in spread))
    flat = ops.full((size(inner),), 0, str(x.dtype))
    places = ops.reshape(ops.cast(indices, to="int64"), to=(size(x.shape), 1))
    made = ops.scatter(flat, places, ops.reshape(x, to=(size(x.shape),)), kind=None)
    made = ops.reshape(made, to=inner)
    wanted = inner if output_shape is None else tuple(sizes(output_shape))
    if len(wanted) != rank + 2 or any(provably(to < n) for n, to in zip(inner, wanted, strict=True)):
        raise ShapeError(f"{text(inner)} does not fit in the output_shape {text(wanted)}.", "output_shape")
    after = tuple((0, to - n) for n, to in zip(inner, wanted, strict=True))
    return made if wanted == inner else ops.pad(made, padding=after)


@operator(1)
def AveragePool(
    x: Tensor,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: Ints | None = None,
    kernel_shape: Ints,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """The mean of each window."""
    how = numbers_of(x.shape[2:], kernel_shape, strides, pads, dilations, auto_pad)
    more = {"count_include_pad": True} if count_include_pad else {}
    return pooled(ops.average_pool, x, kernel_shape, how, ceil_mode, **more)


@operator(2)
def LpPool(
    x: Tensor,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: Ints | None = None,
    kernel_shape: Ints,
    p: int = 2,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """The p-norm of each window."""
    how = numbers_of(x.shape[2:], kernel_shape, strides, pads, dilations, auto_pad)
    return pooled(ops.lp_pool, x, kernel_shape, how, ceil_mode, p=p)


def over_all(x: Tensor) -> Ints:
    """The spatial axes."""
    if x.ndim < 3:
        raise ShapeError(f"Expected a batch, channels and spatial axes; received {text(x.shape)}.")
    return tuple(range(2, x.ndim))


@operator(1)
def GlobalAveragePool(x: Tensor) -> Tensor:
    """The mean over the spatial axes."""
    return ops.global_average_pool(x, axes=over_all(x), keepdims=True)


@operator(1)
def GlobalMaxPool(x: Tensor) -> Tensor:
    """The largest number over the spatial axes."""
    return ops.global_max_pool(x, axes=over_all(x), keepdims=True)


@operator(2)
def GlobalLpPool(x: Tensor, *, p: int = 2) -> Tensor:
    """The p-norm over the spatial axes."""
    axes = over_all(x)
    window = x.shape[2:]
    return first(ops.lp_pool(last(x), window=tuple(window), p=p)) if axes else x
