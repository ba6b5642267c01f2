"""Windows sliding over (batch, *spatial, channels) in numbers, for any number of spatial axes.

Along each axis a window has a size, a stride, a dilation and a pair of pads: the elements added before and after.
Whoever knows them by a word, such as "same", resolves it first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any

from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, certainly, least, most, provably, text
from layercalc.errors import Offer, ShapeError
from layercalc.ops.base import READING, Op
from layercalc.ops.spans import Span, Spans
from layercalc.ops.spec import Tensor

AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def axis_name(place: int, rank: int) -> str:
    """What one of so many spatial axes is called."""
    return AXES[rank][place] if rank in AXES else f"spatial axis {place + 1}"


Pads = Sequence[tuple[Dim, Dim]]


class Sliding(Op):
    """An op with windows. Where nothing is said, they take every step, stand close and see no padding.

    `positions`: how many there are along each axis, where the pads were made for a number of them. It follows from the
    pads, but where these depend on the size of an axis no formula shows it.
    """

    def __call__(
        self,
        x: Tensor,
        *others: Tensor,
        strides: Shape | None = None,
        pads: Pads | None = None,
        dilations: Shape | None = None,
        positions: Shape | None = None,
        **how: Any,
    ) -> Tensor:
        rank = x.ndim - 2
        once = (1,) * rank
        how["strides"], how["dilations"] = strides or once, dilations or once
        how["pads"], how["positions"] = pads or ((0, 0),) * rank, positions
        return READING.get().op(self, (x, *others), how)


def span(k: Dim, dilation: Dim) -> Dim:
    """How many elements a window of k covers when they stand `dilation` apart."""
    return (k - 1) * dilation + 1


class Unfitting(ShapeError):  # noqa: N818
    """A window larger than what it slides over, first at the axis `place`."""

    def __init__(self, place: int, spatial: Shape, window: Shape, strides: Shape, pads: Pads, dilations: Shape) -> None:
        self.place, self.spatial, self.window = place, spatial, window
        self.stride, self.pads, self.dilation = strides[place], pads[place], dilations[place]
        self.reaches = [n + sum(around) for n, around in zip(spatial, pads, strict=True)]
        self.dilations = dilations
        super().__init__(self.said("the window"))

    def named(self, field: str, instead: str = "", least: Shape = ()) -> ShapeError:
        """The same to somebody who calls the window's size `field`, and may do something else `instead`.

        A window smaller than `least` is not offered.
        """
        message, fitting = self.said(field, instead), self.fitting()
        sizes = fitting if isinstance(fitting, list) else [fitting] * len(least)
        fits = fitting is not None and all(n >= k for n, k in zip(sizes, least, strict=False))
        return ShapeError(Offer(message, fitting) if fits else message, field)

    def fitting(self) -> int | list[int] | None:
        """The largest window that fits and is no larger along any axis; None where it would have no element."""
        sizes: list[int] = []
        for k, inside, dilation in zip(self.window, self.reaches, self.dilations, strict=True):
            room = (inside - 1) // dilation + 1 if isinstance(inside, int) and isinstance(dilation, int) else k
            if not isinstance(k, int) or not isinstance(room, int) or room < 1:
                return None
            sizes.append(min(k, room))
        return sizes[0] if all(one == sizes[0] for one in sizes) else sizes

    def said(self, field: str, instead: str = "") -> str:
        """Why it does not fit, in numbers, and the least that would make it."""
        axis, n, k = axis_name(self.place, len(self.window)), self.spatial[self.place], self.window[self.place]
        reach, inside = span(k, self.dilation), n + sum(self.pads)
        spread = f"({k} − 1)·{self.dilation} + 1 = {reach}" if self.dilation != 1 else f"{k}"
        around = "".join(f" + {pad}" for pad in self.pads if pad != 0)
        fits = (inside - 1) // self.dilation + 1
        more = instead or f"pad {axis} with {reach - inside} more"
        ways = [f"make the input's {axis} at least {reach - sum(self.pads)}", more]
        if certainly(fits >= 1):
            ways.insert(0, f"set {field} to at most {fits} along {axis}")
        return (
            f"A {text(self.window)} window does not fit in {text(self.spatial)}: {axis} = "
            f"⌊({n}{around} − {reach}) / {self.stride}⌋ + 1 = {(inside - reach) // self.stride + 1}, the window covers "
            f"{spread}. To fit, {', or '.join(ways)}."
        )


def counted(
    spatial: Shape,
    window: Shape,
    *,
    strides: Shape,
    pads: Pads,
    dilations: Shape,
    positions: Shape | None = None,
    ceil_mode: bool = False,
) -> Shape:
    """How many windows there are along each axis: all that fit, unless `positions` says.

    With `ceil_mode` the last may hang over the end, if it begins before it.
    """
    if positions is not None:
        for place, n in enumerate(spatial):
            if provably(n < 1):
                axis = axis_name(place, len(spatial))
                raise ShapeError(f"{axis} of the input is {n}: there is nothing to slide over in {text(spatial)}.")
        return positions
    sizes = []
    for place, (n, k, stride, around, dilation) in enumerate(
        zip(spatial, window, strides, pads, dilations, strict=True)
    ):
        before, after = around
        room = n + before + after - span(k, dilation)
        out = room // stride + 1
        if ceil_mode:
            out = least(-(-room // stride) + 1, -(-(n + before) // stride))
        if provably(out < 1):
            raise Unfitting(place, spatial, window, strides, pads, dilations)
        sizes.append(out)
    return tuple(sizes)


def slid(spans: Spans, window: Shape, *, strides: Shape, pads: Pads, dilations: Shape, **_: Any) -> Spans:
    """How far the places of windows over (batch, *spatial, channels) see."""
    found: list[Span | None] = []
    for k, stride, (before, _), dilation, one in zip(window, strides, pads, dilations, spans[1:-1], strict=True):
        found.append(one and one.slid((k - 1) * dilation + 1, stride, before))
    return None, *found, None


def around(
    spatial: Shape, window: Shape, out: Shape, *, strides: Shape, pads: Pads, dilations: Shape, **_: Any
) -> list[tuple[Dim, Dim]]:
    """What has to be added before and after each axis for `out` windows: no more than they see."""
    sizes = zip(spatial, window, out, strides, pads, dilations, strict=True)
    return [(before, most((to - 1) * s + span(k, d) - before - n, 0)) for n, k, to, s, (before, _), d in sizes]


def padded_size(x: Shape, window: Shape, out: Shape, **how: Any) -> Dim:
    """How many elements (batch, *spatial, channels) has once it is padded for `out` windows along each axis."""
    added = around(x[1:-1], window, out, **how)
    return x[0] * prod(n + before + after for n, (before, after) in zip(x[1:-1], added, strict=True)) * x[-1]


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
    window: Sequence[int], out: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """Every element of the window, with the slices of the padded input that it meets over all positions."""
    for tap in product(*map(range, window)):
        starts = [t * d for t, d in zip(tap, dilations, strict=True)]
        where = [slice(a, a + (n - 1) * s + 1, s) for a, n, s in zip(starts, out, strides, strict=True)]
        yield tap, (slice(None), *where)
