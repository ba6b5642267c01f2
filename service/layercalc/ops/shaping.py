"""Ops that move data or look at it another way."""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import Any

from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, Unknown, differ, known, most, of_batch, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Op
from layercalc.ops.elementwise import broadcast
from layercalc.ops.slicing import cut
from layercalc.ops.spans import Span, Spans, together
from layercalc.ops.spec import Tensor
from layercalc.ops.window import AXES


def stays(n: Dim, m: Dim, others: Shape, rest: Shape) -> bool:
    """Whether an axis stays what it is, where `others` become the `rest`; an unknown size, if these are as large."""
    if n.__class__ is m.__class__ is int:
        return bool(n == m)
    (a, open_a), (b, open_b) = parted(others), parted(rest)
    return isinstance(n, Unknown) is isinstance(m, Unknown) and open_a == open_b and bool(a == b)


def parted(shape: Shape) -> tuple[Dim, int]:
    """The product of the sizes that are known, and how many are not."""
    there = [n for n in shape if not isinstance(n, Unknown)]
    return size(tuple(there)), len(shape) - len(there)


class Reshape(Op):
    """The same elements in another shape; one size may be −1, which is then what remains."""

    view = True
    gathers = True

    def shape(self, x: Shape, *, to: Shape) -> Shape:
        rest: Dim = 1
        for dim in to:
            rest = rest if isinstance(dim, int) and dim == -1 else rest * dim
        total = size(x)
        if any(isinstance(dim, int) and dim == -1 for dim in to):
            if known((total, rest)) and (rest == 0 or differ(total % rest, 0)):
                raise ShapeError(
                    f"{text(x)} has {total} elements, which {text(to)} cannot share out: {total} / {rest} is not whole."
                )
            left = total // rest if known((total, rest)) else next(d for d in (total, rest) if isinstance(d, Unknown))
            return tuple(left if isinstance(dim, int) and dim == -1 else dim for dim in to)
        if differ(total, rest):
            raise ShapeError(f"{text(x)} has {total} elements, {text(to)} has {rest}; they must be the same number.")
        return to

    def reach(self, out: Shape, spans: list[Spans], x: Shape, *, to: Shape) -> Spans:
        """Axes stay what they are as long as all before them, or all after them, do; the batch's sees nothing."""
        found: list[Span | None] = [None] * len(out)
        seen = [place for place in range(1, min(len(x), len(out))) if spans[0][place]]
        for place in range(max(seen, default=-1) + 1):
            if not stays(x[place], out[place], x[place + 1 :], out[place + 1 :]):
                break
            found[place] = spans[0][place]
        seen = [place for place in range(1, min(len(x), len(out))) if spans[0][-place]]
        for place in range(1, max(seen, default=0) + 1):
            if not stays(x[-place], out[-place], x[:-place], out[:-place]):
                break
            found[-place] = spans[0][-place]
        return tuple(found)

    def run(self, x: Any, *, to: Any) -> np.ndarray:
        return x.reshape(to)


class Transpose(Op):
    """The axes in another order."""

    view = True

    def shape(self, x: Shape, *, axes: tuple[int, ...]) -> Shape:
        return tuple(x[axis] for axis in axes)

    def reach(self, out: Shape, spans: list[Spans], x: Shape, *, axes: tuple[int, ...]) -> Spans:
        return tuple(spans[0][axis] for axis in axes)

    def run(self, x: Any, *, axes: tuple[int, ...]) -> np.ndarray:
        return x.transpose(axes)


class Flip(Op):
    """One axis backwards."""

    view = True

    def shape(self, x: Shape, *, axis: int) -> Shape:
        return x

    def run(self, x: Any, *, axis: int) -> np.ndarray:
        return np.flip(x, axis)


class Take(Op):
    """x[..., start:stop, ...] on one axis."""

    view = True

    def shape(self, x: Shape, *, axis: int, start: Dim, stop: Dim) -> Shape:
        out = list(x)
        out[axis] = of_batch(stop - start, start, stop)
        return tuple(out)

    def run(self, x: Any, *, axis: int, start: int, stop: int) -> np.ndarray:
        return x[(slice(None),) * (axis % x.ndim) + (slice(start, stop),)]


class Crop(Op):
    """Cut elements off both ends of the spatial axes of (batch, *spatial, channels)."""

    view = True

    def shape(self, x: Shape, *, cropping: Any) -> Shape:
        out = []
        for axis, n, (before, after) in zip(AXES[len(cropping)], x[1:-1], cropping, strict=True):
            if provably(before + after >= n):
                raise ShapeError(
                    f"{axis} = {n} − {before} − {after} = {n - before - after}: cropping must leave at least one; "
                    f"crop at most {n - 1} of {n}.",
                    "cropping",
                )
            out.append(n - before - after)
        return x[0], *out, x[-1]

    def reach(self, out: Shape, spans: list[Spans], x: Shape, *, cropping: Any) -> Spans:
        inside = zip(spans[0][1:-1], cropping, strict=True)
        return spans[0][0], *(one and one.slid(1, 1, -before) for one, (before, _) in inside), spans[0][-1]

    def run(self, x: Any, *, cropping: Any) -> np.ndarray:
        return x[(slice(None), *(slice(a, n - b) for n, (a, b) in zip(x.shape[1:-1], cropping, strict=True)))]


class Pad(Op):
    """Elements before and after each axis: one value, or the tensor's own, mirrored or its edge."""

    free = True
    slowness = 6

    def workspace(self, out: Shape, x: Shape, *, padding: Any, mode: str = "constant", value: float = 0) -> Dim:
        return 0 if mode == "constant" else size(out)

    def shape(self, x: Shape, *, padding: Any, mode: str = "constant", value: float = 0) -> Shape:
        out = []
        for axis, (n, (before, after)) in enumerate(zip(x, padding, strict=True)):
            limit = {"reflect": n - 1, "symmetric": n}.get(mode, before + after)
            if provably(limit < most(before, after)):
                raise ShapeError(f"{mode} can add at most {limit} elements to axis {axis} of {text(x)}.", "pad_width")
            out.append(n if before == after == 0 else of_batch(n + before + after, n, before, after))
        return tuple(out)

    def reach(self, out: Shape, spans: list[Spans], x: Shape, *, padding: Any, **_: Any) -> Spans:
        every = zip(spans[0], padding, strict=True)
        return tuple(one and one.slid(1, 1, before) for one, (before, _) in every)

    def run(self, x: Any, *, padding: Any, mode: str = "constant", value: float = 0) -> np.ndarray:
        if mode != "constant":
            return np.pad(x, padding, mode)  # type: ignore[call-overload]
        shape = self.shape(x.shape, padding=padding)
        out = np.full(shape, value, x.dtype) if value else np.zeros(shape, x.dtype)  # which costs less
        out[tuple(slice(before, before + n) for n, (before, _) in zip(x.shape, padding, strict=True))] = x
        return out


class GetItem(Op):
    """x[key], with a key of integers, slices, new axes and at most one ellipsis (NumPy's basic indexing)."""

    view = True

    def shape(self, x: Shape, *, key: tuple[Any, ...]) -> Shape:
        taken = sum(one is not None and one is not Ellipsis for one in key)
        if taken > len(x):
            raise ShapeError(f"{taken} indices are too many for {text(x)}, which has {len(x)} axes.", "key")
        at = key.index(Ellipsis) if Ellipsis in key else len(key)
        whole = (slice(None),) * (len(x) - taken)
        out, axes = [], iter(x)
        for one in (*key[:at], *whole, *key[at + 1 :]):
            n = 1 if one is None else next(axes)
            if isinstance(one, int):
                if provably(n <= one) or provably(n < -one):
                    raise ShapeError(f"There is no index {one} in an axis of {n} in {text(x)}.", "key")
            elif one is None or one == slice(None) or isinstance(n, Unknown):
                out.append(n)
            else:
                out.append(cut(n, one))
        return tuple(out)

    def run(self, x: Any, *, key: tuple[Any, ...]) -> np.ndarray:
        return np.asarray(x[key])


class Roll(Op):
    """The elements of an axis moved along, those that fall off the end put at the start."""

    free = True
    slowness = 3

    def shape(self, x: Shape, *, shift: int, axis: int) -> Shape:
        return x

    def run(self, x: Any, *, shift: int, axis: int) -> np.ndarray:
        return np.roll(x, shift, axis)


class Diagonal(Op):
    """The elements of two axes whose places differ by `offset`, as a last axis."""

    view = True

    def shape(self, x: Shape, *, offset: int, axes: tuple[int, int]) -> Shape:
        rows, columns = x[axes[0]], x[axes[1]]
        if isinstance(rows, Unknown) or isinstance(columns, Unknown):
            length: Dim = rows if isinstance(rows, Unknown) else columns
        else:
            length = max(0, min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns))
        return (*(n for axis, n in enumerate(x) if axis not in axes), length)

    def run(self, x: Any, *, offset: int, axes: tuple[int, int]) -> np.ndarray:
        return np.diagonal(x, offset, *axes)


class Concatenate(Op):
    """Tensors one after another along an axis; all other axes are equal."""

    free = True
    slowness = 3

    def shape(self, *shapes: Shape, axis: int) -> Shape:
        first, axis = shapes[0], axis % len(shapes[0])
        total: Dim = 0
        out = list(first)
        for shape in shapes:
            if len(shape) != len(first):
                raise ShapeError(f"Only tensors of one rank can be joined; received {', '.join(map(text, shapes))}.")
            for i, (a, b) in enumerate(zip(out, shape, strict=True)):
                if i != axis and differ(a, b):
                    raise ShapeError(
                        f"Joining {', '.join(map(text, shapes))} along axis {axis}: all other axes must be equal, but "
                        f"axis {i} is {a} in one and {b} in another."
                    )
                if isinstance(a, Unknown) and i != axis:
                    out[i] = b
            total = total + shape[axis]
        out[axis] = of_batch(total, *(shape[axis] for shape in shapes))
        return tuple(out)

    def reach(self, out: Shape, spans: list[Spans], *shapes: Shape, axis: int) -> Spans:
        side = axis % len(out)
        return tuple(None if place == side else one for place, one in enumerate(together(spans, len(out))))

    def run(self, *arrays: Any, axis: int) -> np.ndarray:
        return np.concatenate(arrays, axis)


class Repeat(Op):
    """Every element of an axis `times` times in a row."""

    free = True
    slowness = 6

    def shape(self, x: Shape, *, axis: int, times: Dim) -> Shape:
        longer = of_batch(x[axis] * times, x[axis], times)
        return tuple(longer if i == axis else n for i, n in enumerate(x))

    def run(self, x: Any, *, axis: int, times: int) -> np.ndarray:
        return np.repeat(x, times, axis)


class Upsample(Op):
    """Every spatial axis of (batch, *spatial, channels) some times as long, each element repeated."""

    free = True
    slowness = 26

    def lead(self, x: Shape, *, times: Shape) -> int:
        return 1

    def workspace(self, out: Shape, x: Shape, *, times: Shape) -> Dim:
        return size(x) * prod(times[:-1])

    def shape(self, x: Shape, *, times: Shape) -> Shape:
        return x[0], *(n * k for n, k in zip(x[1:-1], times, strict=True)), x[-1]

    def reach(self, out: Shape, spans: list[Spans], x: Shape, *, times: Shape) -> Spans:
        inside = zip(spans[0][1:-1], times, strict=True)
        return spans[0][0], *(one and one.slid(1, Fraction(1, max(k, 1))) for one, k in inside), spans[0][-1]

    def run(self, x: Any, *, times: tuple[int, ...]) -> np.ndarray:
        for axis, k in enumerate(times, 1):
            x = np.repeat(x, k, axis)
        return x


class BroadcastTo(Op):
    """The same values seen in a larger shape."""

    view = True

    def shape(self, x: Shape, *, to: Shape) -> Shape:
        if len(x) > len(to) or any(differ(a, b) for a, b in zip(broadcast(x, to), to, strict=True)):
            raise ShapeError(f"{text(x)} cannot be seen as {text(to)}.")
        return to

    def run(self, x: Any, *, to: Any) -> np.ndarray:
        return np.broadcast_to(x, to)


class Cast(Op):
    """The same values in another dtype."""

    free = True
    elementwise = True
    slowness = 3

    def shape(self, x: Shape, *, to: str) -> Shape:
        return x

    def dtype(self, *dtypes: str, **attributes: Any) -> str:
        return str(attributes["to"])

    def reach(self, out: Shape, spans: list[Spans], *_: Shape, **__: Any) -> Spans:
        return spans[0]

    def run(self, x: Any, *, to: str) -> np.ndarray:
        return x.astype(to)


reshape = Reshape("reshape")
transpose = Transpose("transpose")
flip = Flip("flip")
take = Take("take")
crop = Crop("crop")
pad = Pad("pad")
get_item = GetItem("get_item")
roll = Roll("roll")
diagonal = Diagonal("diagonal")
concatenate = Concatenate("concatenate")
repeat = Repeat("repeat")
upsample = Upsample("upsample")
broadcast_to = BroadcastTo("broadcast_to")
cast = Cast("cast")


def step(x: Tensor, t: int) -> Tensor:
    """x[:, t]"""
    part = take(x, axis=1, start=t, stop=t + 1)
    return reshape(part, to=(x.shape[0], *x.shape[2:]))
