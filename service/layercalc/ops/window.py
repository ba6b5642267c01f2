"""A window sliding over (batch, *spatial, channels), for any number of spatial axes.

Conventions are TensorFlow's (tf.nn.convolution): "valid" keeps the windows that fit, "same" gives ceil(n / stride)
positions and puts the odd padding element at the end, "causal" pads the start only.
"""

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

from layercalc.dims import Dim, Shape, Unknown, provably, text
from layercalc.errors import ShapeError
from layercalc.ops.reach import Span, Spans

AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def span(k: Dim, dilation: Dim) -> Dim:
    """How many positions a window of k elements covers when they stand `dilation` apart."""
    return (k - 1) * dilation + 1


def positions(
    spatial: Shape, window: Shape, *, strides: Shape, padding: str, dilation_rate: Shape, field: str
) -> tuple[Dim, ...]:
    """How many windows there are along each spatial axis; `field` is what the window's size is called in a layer."""
    sizes = []
    for axis, n, k, stride, dilation in zip(AXES[len(window)], spatial, window, strides, dilation_rate, strict=True):
        if padding == "valid":
            reach = span(k, dilation)
            out = (n - reach) // stride + 1
            if provably(n < reach):
                raise ShapeError(unfitting(axis, spatial, window, n, k, stride, dilation, field), field)
        else:
            out = -(-n // stride)
            if provably(n < 1):
                raise ShapeError(f"{axis} of the input is {n}: there is nothing to slide over in {text(spatial)}.")
        sizes.append(out)
    return tuple(sizes)


def unfitting(axis: str, spatial: Shape, window: Shape, n: Dim, k: Dim, stride: Dim, dilation: Dim, field: str) -> str:
    """Why a window does not fit, in numbers, and the least that would make it."""
    reach = span(k, dilation)
    spread = f"({k} − 1)·{dilation} + 1 = {reach}" if dilation != 1 else f"{k}"
    fits = (n - 1) // dilation + 1
    ways = [f"make the input's {axis} at least {reach}", "use padding 'same'"]
    if provably(fits >= 1):
        ways.insert(0, f"set {field} to at most {fits} along {axis}")
    return (
        f"A {text(window)} window does not fit in {text(spatial)}: {axis} = ⌊({n} − {reach}) / {stride}⌋ + 1 = "
        f"{(n - reach) // stride + 1}, the window covers {spread}. To fit, {', or '.join(ways)}."
    )


def pads(n: int, k: int, stride: int, dilation: int, padding: str) -> tuple[int, int]:
    """How many elements are added before and after one axis."""
    reach = span(k, dilation)
    if padding == "valid":
        return 0, 0
    if padding == "causal":
        return reach - 1, 0
    total = max((-(-n // stride) - 1) * stride + reach - n, 0)
    return total // 2, total - total // 2


def slid(
    spans: Spans, x: Shape, window: Shape, *, strides: Shape, padding: str, dilation_rate: Shape, **_: Any
) -> Spans:
    """How far the places of windows over (batch, *spatial, channels) see."""
    found: list[Span | None] = []
    for n, k, stride, rate, one in zip(x[1:-1], window, strides, dilation_rate, spans[1:-1], strict=True):
        before = 0 if padding == "valid" or isinstance(n, Unknown) else pads(n, k, stride, rate, padding)[0]
        found.append(one and one.slid(span(k, rate), stride, before))
    return None, *found, None


def padded_size(x: Shape, window: Shape, *, strides: Shape, padding: str, dilation_rate: Shape) -> Dim:
    """How many elements (batch, *spatial, channels) has once it is padded for a window."""
    spatial = [
        n if padding == "valid" or isinstance(n, Unknown) else n + sum(pads(n, k, stride, dilation, padding))
        for n, k, stride, dilation in zip(x[1:-1], window, strides, dilation_rate, strict=True)
    ]
    return x[0] * prod(spatial) * x[-1]


def padded(x: np.ndarray, around: Sequence[tuple[int, int]], fill: float = 0) -> np.ndarray:
    """X with its spatial axes padded; x itself where there is nothing to add."""
    if not any(map(any, around)):
        return x
    shape = (x.shape[0], *(n + sum(pair) for n, pair in zip(x.shape[1:-1], around, strict=True)), x.shape[-1])
    out = np.full(shape, fill, x.dtype) if fill else np.zeros(shape, x.dtype)
    out[inner(around, x.shape[1:-1])] = x
    return out


def inner(around: Sequence[tuple[int, int]], spatial: Sequence[int]) -> tuple[slice, ...]:
    """Where the original stands in what `padded` made of it."""
    return (slice(None), *(slice(before, before + n) for (before, _), n in zip(around, spatial, strict=True)))


def taps(
    window: Sequence[int], out: Sequence[int], strides: Sequence[int], dilation_rate: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """Every element of the window, with the slices of the padded input that it meets over all positions."""
    for tap in product(*map(range, window)):
        starts = [t * d for t, d in zip(tap, dilation_rate, strict=True)]
        where = [slice(a, a + (n - 1) * s + 1, s) for a, n, s in zip(starts, out, strides, strict=True)]
        yield tap, (slice(None), *where)
