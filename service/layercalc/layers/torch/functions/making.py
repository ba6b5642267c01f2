"""Tensors made of numbers and sizes."""

import math
from typing import Any

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Unknown, text
from layercalc.errors import ShapeError
from layercalc.formulas import Formula
from layercalc.layers.torch.base import DEFAULT, Ints, function, number, of_number
from layercalc.ops import Tensor
from layercalc.ops.slicing import by_name
from layercalc.ops.slicing import steps as number_of

LONGEST = 1 << 24  # numbers that are made


def filled(name: str, value: Any) -> None:
    """Zeros and ones, by sizes or like another tensor."""

    @function(name)
    def by_size(
        size: Ints, dtype: str | None = None, layout: Any = None, device: Any = None, pin_memory: Any = None
    ) -> Tensor:
        return ops.full(tuple(size), value, dtype or DEFAULT)

    like_another(name, value)


def like_another(name: str, value: int) -> None:
    """The same in the shape of another tensor, or by sizes and of its type."""

    @function(f"{name}_like")
    def like(
        self: Tensor,
        dtype: str | None = None,
        layout: Any = None,
        device: Any = None,
        pin_memory: Any = None,
        memory_format: Any = None,
    ) -> Tensor:
        return ops.full(self.shape, value, dtype or str(self.dtype))

    @function(f"new_{name}")
    def new(
        self: Tensor,
        size: Ints,
        dtype: str | None = None,
        layout: Any = None,
        device: Any = None,
        pin_memory: Any = None,
    ) -> Tensor:
        return ops.full(tuple(size), value, dtype or str(self.dtype))


filled("zeros", 0)
filled("ones", 1)


@function("full")
def full(
    size: Ints,
    fill_value: Any,
    dtype: str | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = None,
) -> Tensor:
    """One number everywhere."""
    return ops.full(tuple(size), fill_value, dtype or of_number(fill_value))


@function("full_like")
def full_like(
    self: Tensor,
    fill_value: Any,
    dtype: str | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = None,
    memory_format: Any = None,
) -> Tensor:
    """One number in the shape of another tensor."""
    return ops.full(self.shape, fill_value, dtype or str(self.dtype))


@function("new_full")
def new_full(
    self: Tensor,
    size: Ints,
    fill_value: Any,
    dtype: str | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = None,
) -> Tensor:
    """One number, of the type of another tensor."""
    return ops.full(tuple(size), fill_value, dtype or str(self.dtype))


@function("scalar_tensor")
def scalar_tensor(
    s: Any, dtype: str | None = None, layout: Any = None, device: Any = None, pin_memory: Any = None
) -> Tensor:
    """A number as a tensor."""
    return number(s, dtype or of_number(s))


@function("arange.start_step")
def arange(
    start: Any,
    end: Any,
    step: Any = 1,
    dtype: str | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = None,
) -> Tensor:
    """Numbers from one up to another."""
    given = (start, end, step)
    to = dtype or (DEFAULT if any(isinstance(one, float) for one in given) else "int64")
    unknown = next((one for one in given if isinstance(one, Unknown)), None)
    if unknown is not None:
        return ops.full((unknown,), 0, to)
    if step == 0:
        raise ShapeError("A range whose step is 0 does not end.", "step")
    if by_name(start, end, step):
        return ops.full((number_of(start, end, step),), 0, to)
    count = max(math.ceil((end - start) / step), 0)
    if start == 0 and step == 1 and end.__class__ is not int and isinstance(end, int):
        return along_batch(end, to)
    return ops.full((count,), 0, to) if count > LONGEST else ops.known(start + np.arange(count) * step, to)


def along_batch(n: Any, dtype: str) -> Tensor:
    """0, 1, … for every sample of a batch."""
    return ops.constant(np.arange(n), dtype, shape=(n,))


@function("arange")
def arange_to(
    end: Any, dtype: str | None = None, layout: Any = None, device: Any = None, pin_memory: Any = None
) -> Tensor:
    """Numbers from 0 up to another."""
    return arange(0, end, 1, dtype)


@function("arange.start")
def arange_from(
    start: Any, end: Any, dtype: str | None = None, layout: Any = None, device: Any = None, pin_memory: Any = None
) -> Tensor:
    """Numbers from one up to another."""
    return arange(start, end, 1, dtype)


@function("linspace")
def linspace(
    start: Any,
    end: Any,
    steps: Any,
    dtype: str | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = None,
) -> Tensor:
    """So many numbers from one to another, at equal distances."""
    to = dtype or DEFAULT
    if isinstance(steps, Unknown | Formula) or steps > LONGEST:
        return ops.full((steps,), 0, to)
    return ops.constant(np.linspace(float(start), float(end), steps), to)


@function("eye", "eye.m")
def eye(
    n: Any, m: Any = None, dtype: str | None = None, layout: Any = None, device: Any = None, pin_memory: Any = None
) -> Tensor:
    """1 on the diagonal, 0 elsewhere."""
    columns = n if m is None else m
    below, under = ops.triangle(n, columns, 0), ops.triangle(n, columns, -1)
    return ops.cast(ops.logical_and(below, ops.logical_not(under)), to=dtype or DEFAULT)


def triangle(x: Tensor, diagonal: int, upper: bool) -> Tensor:
    """Matrices with 0 beyond a diagonal."""
    if x.ndim < 2:
        raise ShapeError(f"A triangle is taken of matrices; received {text(x.shape)}.")
    rows, columns = x.shape[-2:]
    keep: Any = ops.triangle(rows, columns, diagonal - 1 if upper else diagonal)
    return ops.select(ops.logical_not(keep) if upper else keep, x, number(0, str(x.dtype)))


@function("tril")
def tril(self: Tensor, diagonal: int = 0) -> Tensor:
    """The triangle on and below a diagonal."""
    return triangle(self, diagonal, False)


@function("triu")
def triu(self: Tensor, diagonal: int = 0) -> Tensor:
    """The triangle on and above a diagonal."""
    return triangle(self, diagonal, True)


@function("diagonal")
def diagonal(self: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The elements of two axes whose places differ by an offset, as a last axis."""
    return ops.diagonal(self, offset=offset, axes=(dim1 % self.ndim, dim2 % self.ndim))


@function("fill", "fill.Tensor", "fill.Scalar")
def fill(self: Tensor, value: Any) -> Tensor:
    """One number everywhere."""
    if hasattr(value, "ndim"):
        return ops.broadcast_to(ops.cast(value, to=str(self.dtype)), to=self.shape)
    return ops.full(self.shape, value, str(self.dtype))


@function("zero")
def zero(self: Tensor) -> Tensor:
    """0 everywhere."""
    return ops.full(self.shape, 0, str(self.dtype))


@function("copy")
def copy(self: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """What another tensor has, in the shape of this one."""
    return ops.broadcast_to(ops.cast(src, to=str(self.dtype)), to=self.shape)


@function("empty", "empty.memory_format")
def empty(
    size: Ints,
    dtype: str | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = None,
    memory_format: Any = None,
) -> Tensor:
    """A tensor that is to be written; here of zeros."""
    return ops.full(tuple(size), 0, dtype or DEFAULT)


like_another("empty", 0)


def places_of(name: str) -> None:
    """Rows and columns of a triangle of a matrix, row by row: (2, places)."""

    @function(name)
    def call(
        row: int,
        col: int,
        offset: int = 0,
        dtype: str | None = "int64",
        layout: Any = None,
        device: Any = None,
        pin_memory: Any = None,
    ) -> Tensor:
        if isinstance(row, Unknown) or isinstance(col, Unknown) or row * col > LONGEST:
            raise ShapeError(f"{name} is read for matrices of known sizes, of at most {LONGEST:,} elements.", "row")
        return ops.known(np.array(getattr(np, name)(row, offset, col)), dtype or "int64")


places_of("tril_indices")
places_of("triu_indices")


def window_of(name: str, word: str) -> None:
    """Weights that fall towards both ends; of a periodic one the last of one more is left out."""

    @function(f"{name}_window", f"{name}_window.periodic")
    def call(
        window_length: int,
        periodic: bool = True,
        dtype: str | None = None,
        layout: Any = None,
        device: Any = None,
        pin_memory: Any = None,
    ) -> Tensor:
        if isinstance(window_length, Unknown) or window_length > LONGEST:
            raise ShapeError(f"{name}_window is read for at most {LONGEST:,} numbers.", "window_length")
        weights = getattr(np, word)
        found = weights(window_length + 1)[:-1] if periodic and window_length > 1 else weights(window_length)
        return ops.built(lambda: found, (window_length,), dtype or DEFAULT)


for _name in ("hamming", "blackman", "bartlett"):
    window_of(_name, _name)
window_of("hann", "hanning")
