"""The same elements in another shape or order."""

from math import prod
from typing import Any

from layercalc import ops
from layercalc.dims import Unknown, differ, text
from layercalc.errors import ShapeError
from layercalc.layers.channels import last
from layercalc.layers.torch.base import Ints, axes_of, axis_of, few, for_each, function, is_tensor, needs_rank, same
from layercalc.ops import Tensor
from layercalc.ops.elementwise import broadcast


@function("view", "reshape", "_unsafe_view", "view_copy", "_reshape_alias")
def reshape(self: Tensor, size: Ints = (), shape: Ints | None = None, stride: Any = None) -> Tensor:
    """The same elements in another shape; −1 is what remains."""
    return ops.reshape(self, to=tuple(size if shape is None else shape))


@function("view.dtype")
def view_as_dtype(self: Tensor, dtype: str) -> Tensor:
    """The same bits as another type."""
    if dtype != str(self.dtype):
        raise ShapeError("view(dtype), the same bits as another type, is not read.", "dtype")
    return same(self)


@function("view_as", "reshape_as")
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """In the shape of another tensor."""
    return ops.reshape(self, to=other.shape)


@function("flatten", "flatten.using_ints")
def flatten(self: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The axes from one to another as one."""
    if self.ndim == 0:
        return ops.reshape(self, to=(1,))
    first, last = axis_of(start_dim, self.ndim), axis_of(end_dim, self.ndim)
    if first > last:
        raise ShapeError(f"flatten goes from axis {first} to axis {last} of {text(self.shape)}.", "start_dim")
    if first == last:
        return same(self)
    inside = prod(self.shape[first : last + 1])
    return ops.reshape(
        self, to=(*self.shape[:first], marked(inside, self.shape[first : last + 1]), *self.shape[last + 1 :])
    )


def marked(size: Any, parts: Any) -> Any:
    """A product of sizes as that of a batch where one of them is."""
    from layercalc.dims import Batch

    return Batch(size) if isinstance(size, int) and any(isinstance(n, Batch) for n in parts) else size


@function("unflatten", "unflatten.int")
def unflatten(self: Tensor, dim: int, sizes: Ints) -> Tensor:
    """One axis as several."""
    place = axis_of(dim, self.ndim)
    inside = tuple(sizes)
    if -1 in [n for n in inside if isinstance(n, int)]:
        rest = prod(n for n in inside if not (isinstance(n, int) and n == -1))
        n = self.shape[place]
        if not isinstance(rest, Unknown) and (rest == 0 or differ(n % rest, 0)):
            raise ShapeError(f"Axis {place} of {text(self.shape)} cannot be shared out as {text(inside)}.", "sizes")
        left = n if isinstance(n, Unknown) else rest if isinstance(rest, Unknown) else n // rest
        inside = tuple(left if isinstance(one, int) and one == -1 else one for one in inside)
    return ops.reshape(self, to=(*self.shape[:place], *inside, *self.shape[place + 1 :]))


@function("permute")
def permute(self: Tensor, dims: Ints) -> Tensor:
    """The axes in another order."""
    order = axes_of(dims, self.ndim) if self.ndim else ()
    if len(order) != self.ndim:
        raise ShapeError(f"{list(dims)} is no order of the {self.ndim} axes of {text(self.shape)}.", "dims")
    return ops.transpose(self, axes=order)


@function("transpose", "transpose.int", "swapaxes", "swapdims")
def transpose(self: Tensor, dim0: int = 0, dim1: int = 0, axis0: int | None = None, axis1: int | None = None) -> Tensor:
    """Two axes in each other's place."""
    a, b = axis_of(dim0 if axis0 is None else axis0, self.ndim), axis_of(dim1 if axis1 is None else axis1, self.ndim)
    order = list(range(self.ndim))
    if self.ndim:
        order[a], order[b] = b, a
    return ops.transpose(self, axes=tuple(order))


@function("t", "numpy_T", "mT", "matrix_H", "adjoint")
def t(self: Tensor) -> Tensor:
    """The last two axes in each other's place."""
    return same(self) if self.ndim < 2 else transpose(self, -2, -1)


@function("movedim", "movedim.int", "movedim.intlist", "moveaxis", "moveaxis.int")
def movedim(self: Tensor, source: Any, destination: Any) -> Tensor:
    """Axes at other places, the others in their order."""
    come, go = axes_of(source, self.ndim), axes_of(destination, self.ndim)
    order: list[Any] = [None] * self.ndim
    for a, b in zip(come, go, strict=True):
        order[b] = a
    rest = iter([axis for axis in range(self.ndim) if axis not in come])
    return ops.transpose(self, axes=tuple(next(rest) if one is None else one for one in order))


@function("unsqueeze")
def unsqueeze(self: Tensor, dim: int) -> Tensor:
    """With an axis of size 1."""
    place = axis_of(dim, self.ndim + 1)
    return ops.reshape(self, to=(*self.shape[:place], 1, *self.shape[place:]))


@function("squeeze", "squeeze.dim", "squeeze.dims")
def squeeze(self: Tensor, dim: Any = None) -> Tensor:
    """Without axes of size 1; one of another size stays."""
    axes = range(self.ndim) if dim is None else axes_of(dim, self.ndim) if self.ndim else ()
    if unknown := [axis for axis in axes if isinstance(self.shape[axis], Unknown)]:
        raise ShapeError(f"Whether axis {unknown[0]} of {text(self.shape)} is 1 is not known.", "dim")
    gone = [axis for axis in axes if self.shape[axis] == 1]
    return ops.reshape(self, to=tuple(n for axis, n in enumerate(self.shape) if axis not in gone))


@function("expand", "expand_copy")
def expand(self: Tensor, size: Ints, implicit: bool = False) -> Tensor:
    """Axes of 1 seen as longer ones; −1 keeps a size."""
    added = len(size) - self.ndim
    if added < 0:
        raise ShapeError(f"{text(self.shape)} cannot be seen as {text(size)}, which has fewer axes.", "size")
    to = tuple(
        self.shape[place - added] if isinstance(n, int) and n == -1 and place >= added else n
        for place, n in enumerate(size)
    )
    return ops.broadcast_to(self, to=to)


@function("expand_as")
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """Axes of 1 seen as those of another tensor."""
    return ops.broadcast_to(self, to=other.shape)


@function("broadcast_to")
def broadcast_to(self: Tensor, size: Ints) -> Tensor:
    """Axes of 1 seen as longer ones."""
    return expand(self, size)


@function("broadcast_tensors")
def broadcast_tensors(tensors: list[Tensor]) -> list[Tensor]:
    """Tensors in the shape that they broadcast to."""
    to = tensors[0].shape
    for one in tensors[1:]:
        to = broadcast(to, one.shape)
    return [ops.broadcast_to(one, to=to) for one in tensors]


@function("repeat")
def repeat(self: Tensor, repeats: Ints) -> Tensor:
    """The tensor so many times along each axis."""
    if len(repeats) < self.ndim:
        raise ShapeError(f"{text(self.shape)} needs {self.ndim} repeats or more; received {len(repeats)}.", "repeats")
    shape = (*(1,) * (len(repeats) - self.ndim), *self.shape)
    apart = tuple(n for one in shape for n in (1, one))
    wide = tuple(n for one, k in zip(shape, repeats, strict=True) for n in (k, one))
    to = tuple(marked(n * k, (n, k)) for n, k in zip(shape, repeats, strict=True))
    return ops.reshape(ops.broadcast_to(ops.reshape(self, to=apart), to=wide), to=to)


@function("tile")
def tile(self: Tensor, dims: Ints) -> Tensor:
    """The tensor so many times along each axis, the last ones where fewer are named."""
    return repeat(self, (*(1,) * max(self.ndim - len(dims), 0), *dims))


@function("repeat_interleave.self_int")
def repeat_interleave(self: Tensor, repeats: int, dim: int | None = None, output_size: Any = None) -> Tensor:
    """Every element so many times in a row."""
    x = self if dim is not None else ops.reshape(self, to=(-1,))
    return ops.repeat(x, axis=axis_of(0 if dim is None else dim, x.ndim), times=repeats)


@function("flip")
def flip(self: Tensor, dims: Ints) -> Tensor:
    """Axes backwards."""
    x = self
    for axis in axes_of(dims, self.ndim) if len(dims) else ():
        x = ops.flip(x, axis=axis)
    return same(x) if x is self else x


@function("ravel")
def ravel(self: Tensor) -> Tensor:
    """All elements on one axis."""
    return flatten(self)


@function("fliplr")
def fliplr(self: Tensor) -> Tensor:
    """The second axis the other way round."""
    return flip(self, (1,))


@function("flipud")
def flipud(self: Tensor) -> Tensor:
    """The first axis the other way round."""
    return flip(self, (0,))


@function("roll")
def roll(self: Tensor, shifts: Ints, dims: Ints = ()) -> Tensor:
    """Elements moved along axes, and in again at the other end."""
    shifts = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    if not len(dims):
        return ops.reshape(roll(ops.reshape(self, to=(-1,)), shifts, (0,)), to=self.shape)
    x = self
    for shift, axis in zip(shifts, axes_of(dims, self.ndim), strict=True):
        x = ops.roll(x, shift=shift, axis=axis)
    return x


@function("rot90")
def rot90(self: Tensor, k: int = 1, dims: Ints = (0, 1)) -> Tensor:
    """Turned by k right angles."""
    a, b = axes_of(dims, self.ndim)
    turns = k % 4
    if turns == 2:
        return flip(self, (a, b))
    if turns == 0:
        return same(self)
    return flip(transpose(self, a, b), (a,)) if turns == 1 else transpose(flip(self, (a,)), a, b)


@function("pixel_shuffle")
def pixel_shuffle(self: Tensor, upscale_factor: int) -> Tensor:
    """Channels laid out as blocks of rows and columns."""
    r = upscale_factor
    *lead, channels, rows, columns = self.shape
    if differ(channels % r**2, 0):
        raise ShapeError(f"{channels} channels of {text(self.shape)} are no blocks of {r} × {r}.", "upscale_factor")
    n, left = len(lead), channels if isinstance(channels, Unknown) else channels // r**2
    apart = ops.reshape(self, to=(*lead, left, r, r, rows, columns))
    turned = ops.transpose(apart, axes=(*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return ops.reshape(turned, to=(*lead, left, rows * r, columns * r))


@function("pixel_unshuffle")
def pixel_unshuffle(self: Tensor, downscale_factor: int) -> Tensor:
    """Blocks of rows and columns laid out as channels."""
    r = downscale_factor
    *lead, channels, rows, columns = self.shape
    for size in (rows, columns):
        if differ(size % r, 0):
            raise ShapeError(f"{text(self.shape)} is not cut into blocks of {r} × {r}.", "downscale_factor")
    n = len(lead)
    high, wide = (size if isinstance(size, Unknown) else size // r for size in (rows, columns))
    apart = ops.reshape(self, to=(*lead, channels, high, r, wide, r))
    turned = ops.transpose(apart, axes=(*range(n), n, n + 2, n + 4, n + 1, n + 3))
    return ops.reshape(turned, to=(*lead, channels * r**2, high, wide))


@function("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(self: Tensor, groups: int) -> Tensor:
    """Channels of groups one after another in turns."""
    n, channels, *rest = self.shape
    if differ(channels % groups, 0):
        raise ShapeError(f"{groups} groups cannot share {channels} channels.", "groups")
    each = channels if isinstance(channels, Unknown) else channels // groups
    apart = ops.reshape(self, to=(n, groups, each, *rest))
    turned = ops.transpose(apart, axes=(0, 2, 1, *range(3, apart.ndim)))
    return ops.reshape(turned, to=self.shape)


def windowed(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows along an axis, their elements on an axis of their own at the end."""
    place = axis_of(dimension, self.ndim)
    n = self.shape[place]
    if isinstance(n, Unknown):
        raise ShapeError("How many windows an axis of unknown size has is not known.", "dimension")
    if size > n or size < 1 or step < 1:
        raise ShapeError(f"A window of {size} does not slide over axis {place} of {text(self.shape)}.", "size")
    count = (n - size) // step + 1
    few(count * size)
    index = ops.known([[i * step + j for j in range(size)] for i in range(count)], "int64")
    found = ops.gather(self, index, axis=place)
    return ops.transpose(found, axes=(*range(place + 1), *range(place + 2, found.ndim), place + 1))


@function("unfold")
def unfold(self: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows along an axis, their elements on an axis of their own at the end."""
    return windowed(self, dimension, size, step)


@function("im2col")
def im2col(self: Tensor, kernel_size: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Tensor:
    """Every window of images as a column (torch.nn.Unfold)."""
    needs_rank(self, 4, 4, "unfold")
    k, d, p, s = (
        for_each(v, 2, n)
        for v, n in ((kernel_size, "kernel_size"), (dilation, "dilation"), (padding, "padding"), (stride, "stride"))
    )
    x = last(ops.pad(self, padding=((0, 0), (0, 0), (p[0], p[0]), (p[1], p[1]))))
    parts = ops.patches(x, window=k, strides=s, dilations=d)
    batch, rows, columns, _ = parts.shape
    elements, channels = k[0] * k[1], x.shape[3]
    turned = ops.transpose(ops.reshape(parts, to=(batch, rows * columns, elements, channels)), axes=(0, 3, 2, 1))
    return ops.reshape(turned, to=(batch, channels * elements, rows * columns))


@function("col2im")
def col2im(self: Tensor, output_size: Ints, kernel_size: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Tensor:
    """Columns added up into images, as windows lie on them (torch.nn.Fold)."""
    k, d, p, s = (for_each(v, 2, "kernel_size") for v in (kernel_size, dilation, padding, stride))
    return ops.fold(
        self, output_size=tuple(output_size), window=k, strides=s, dilations=d, pads=tuple((n, n) for n in p)
    )


def tensors_of(values: Any) -> list[Tensor]:
    """The tensors among arguments."""
    return [one for one in values if is_tensor(one)]
