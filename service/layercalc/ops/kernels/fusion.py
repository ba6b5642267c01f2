"""A tensor whose numbers wait until somebody reads them, so that the pointwise ops after a kernel join it in cache.

A convolution, its bias, a batch normalisation, an activation and a residual addition are then one pass over memory.
Whoever asks for the numbers between them gets them: what is still referred to is computed on the way.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from math import prod
from typing import Any, NamedTuple

from layercalc import lazy_numpy as np
from layercalc.ops.kernels.scratch import BLOCK_BYTES
from layercalc.ops.kernels.threads import spread

WIDE = 1 << 10  # elements that a vector over channels is repeated to, for the inner loop to be long

Finish = Callable[["np.ndarray", int], None]  # the rows of (positions, channels) that were made, and where they start

Make = Callable[[Finish, "np.ndarray | None"], "np.ndarray"]


def unfinished(rows: np.ndarray, start: int) -> None:
    """Nothing joins the kernel."""


def parts(rows: int, row_bytes: int, least: int = 1, most: int = BLOCK_BYTES) -> Iterator[tuple[int, int]]:
    """Ranges of rows that stay in cache."""
    step = max(most // max(row_bytes, 1), least)
    for start in range(0, rows, step):
        yield start, min(start + step, rows)


Axes = tuple[int, ...]


class Affine:
    """x · scale + shift for each channel."""

    def __init__(self, scale: np.ndarray | None, shift: np.ndarray):
        self.scale, self.shift = scale, shift
        self.wide: dict[int, tuple[np.ndarray | None, np.ndarray]] = {}

    def after(self, first: Affine) -> Affine:
        """Both in one."""
        if self.scale is None:
            return Affine(first.scale, first.shift + self.shift)
        scale = self.scale if first.scale is None else first.scale * self.scale
        return Affine(scale, first.shift * self.scale + self.shift)

    def repeated(self, times: int) -> tuple[np.ndarray | None, np.ndarray]:
        """Scale and shift for so many positions at once, which makes the inner loop long."""
        if times not in self.wide:
            scale = None if self.scale is None else repeated(self.scale, times)
            self.wide[times] = scale, repeated(self.shift, times)
        return self.wide[times]

    def __call__(self, rows: np.ndarray, start: int, out: np.ndarray) -> None:
        count, channels = rows.shape
        times = 1
        while times * channels < WIDE and count % (2 * times) == 0:
            times *= 2
        scale, shift = self.repeated(times)
        x, to = (one.reshape(-1, times * channels) for one in (rows, out))
        np.add(x if scale is None else np.multiply(x, scale, out=to), shift, out=to)


def repeated(vectors: np.ndarray, times: int) -> np.ndarray:
    """Each of the last axis so many times in a row; np.tile takes three times as long."""
    out = np.empty((*vectors.shape[:-1], times, vectors.shape[-1]), vectors.dtype)
    out[:] = vectors[..., None, :]
    return out.reshape(*vectors.shape[:-1], -1)


class Step(NamedTuple):
    """A pointwise op, with what it takes beside the tensor: tensors of the same shape as rows, or one number."""

    op: Any
    others: tuple[np.ndarray, ...]
    place: int
    attributes: dict[str, Any]

    def __call__(self, rows: np.ndarray, start: int, out: np.ndarray) -> None:
        stop = start + len(rows)
        around = [one[start:stop] if one.ndim == 2 else one for one in self.others]
        self.op.into(out, *around[: self.place], rows, *around[self.place :], **self.attributes)


class Made:
    """The shape that a tensor and all that joined it turned out to have."""

    shape: tuple[int, ...] | None = None


class Seen(NamedTuple):
    """The same of a tensor that is seen with its axes in another order."""

    made: Made
    axes: Axes

    @property
    def shape(self) -> tuple[int, ...] | None:
        return None if self.made.shape is None else reordered(self.made.shape, self.axes)


class Pending:
    """`make(finish, scale)` gives the array, each channel times `scale` if there is one; `steps` join it.

    `folds`: scaling what the array is made of costs less than scaling the array.
    """

    __slots__ = ("__weakref__", "array", "dtype", "folds", "made", "make", "parents", "shape", "steps", "taken")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype, make: Make | None, folds: bool = False):
        self.shape, self.dtype, self.make, self.folds = shape, dtype, make, folds
        self.steps: list[Affine | Step] = []
        self.parents: list[tuple[weakref.ref[Pending], int]] = []
        self.array: np.ndarray | None = None
        self.made, self.taken = Made(), False

    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: prod(self.shape))

    def then(self, step: Affine | Step) -> Pending:
        """What comes of one more step."""
        child = Pending(self.shape, self.dtype, self.make, self.folds)
        child.parents = [*self.parents, (weakref.ref(self), len(self.steps))]
        child.made = self.made
        child.steps = [*self.steps, step]
        self.taken = True
        return child

    def force(self) -> np.ndarray:
        """The numbers."""
        if self.array is None:
            make, steps, folds, scale = self.make, self.steps, self.folds, None
            for ref, done in reversed(self.parents):
                parent = ref()
                if parent is not None:  # somebody may still read it
                    make, steps, folds = over(parent.force()), steps[done:], False
                    break
            assert make is not None
            steps = merged(steps)
            if folds and steps and isinstance(steps[0], Affine):
                scale, steps[0] = steps[0].scale, Affine(None, steps[0].shift)
            self.array = make(finisher(steps), scale)
            self.make, self.steps, self.parents = None, [], []
            self.made.shape = self.array.shape
        return self.array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.force(), dtype)


class Transposed:
    """A tensor that waits, seen with its axes in another order: axis i is axis `axes[i]` of `base`."""

    __slots__ = ("axes", "base", "shape")

    def __init__(self, base: Pending, axes: Axes):
        self.base, self.axes, self.shape = base, axes, reordered(base.shape, axes)

    dtype = property(lambda self: self.base.dtype)
    ndim = property(lambda self: len(self.shape))
    size = property(lambda self: self.base.size)
    made = property(lambda self: Seen(self.base.made, self.axes))

    def force(self) -> np.ndarray:
        """The numbers: a view."""
        return self.base.force().transpose(self.axes)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.force(), dtype)


def reordered(sizes: tuple[int, ...], axes: Axes) -> tuple[int, ...]:
    return tuple([sizes[axis] for axis in axes])


def seen(x: Any, axes: Axes) -> Any:
    """A tensor with its axes in another order: numbers that wait go on waiting."""
    if x.__class__ is Transposed:
        x, axes = x.base, reordered(x.axes, axes)
    if axes == tuple(range(len(axes))):
        return x
    return Transposed(x, axes) if x.__class__ is Pending else x.transpose(axes)


def inverse(axes: Axes) -> Axes:
    return tuple(map(axes.index, range(len(axes))))


def order(x: Any) -> Axes:
    """The order that the axes of a tensor are seen in, which lies in memory without gaps in another if not in this."""
    plain = tuple(range(x.ndim))
    if x.__class__ is Transposed:
        return x.axes
    if x.__class__ is Pending or x.flags.c_contiguous:
        return plain
    lying = tuple(sorted(plain, key=lambda axis: -abs(x.strides[axis])))
    return inverse(lying) if x.transpose(lying).flags.c_contiguous else plain


def merged(steps: list[Affine | Step]) -> list[Affine | Step]:
    """Affine steps that follow one another as one."""
    out: list[Affine | Step] = []
    for step in steps:
        if isinstance(step, Affine) and out and isinstance(out[-1], Affine):
            out[-1] = step.after(out[-1])
        else:
            out.append(step)
    return out


def finisher(steps: list[Affine | Step]) -> Finish:
    """All steps on rows that were just made, in place, a piece in cache at a time."""
    if not steps:
        return unfinished

    def finish(rows: np.ndarray, start: int) -> None:
        for first, last in parts(len(rows), rows.shape[1] * rows.itemsize):
            piece = rows[first:last]
            for step in steps:
                step(piece, start + first, piece)

    return finish


def over(x: np.ndarray) -> Make:
    """The steps on an array that stays as it is."""

    def make(finish: Finish, scale: np.ndarray | None = None) -> np.ndarray:
        out = np.empty(x.shape, x.dtype)
        rows, source = flat(out), flat(x)

        def copied(first: int, last: int) -> None:
            rows[first:last] = source[first:last]
            finish(rows[first:last], first)

        spread(copied, parts(len(rows), rows.shape[1] * rows.itemsize))
        return out

    return make


def flat(x: np.ndarray) -> np.ndarray:
    """(positions, channels)."""
    return x.reshape(-1, x.shape[-1])
