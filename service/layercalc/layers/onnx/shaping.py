"""Operators that move data or look at it another way."""

from typing import Any

from layercalc import ops
from layercalc.dims import Batch, Unknown, differ, of_batch, size, text, with_batch
from layercalc.errors import ShapeError
from layercalc.formulas import Undecided
from layercalc.layers.onnx.base import Ints, Value, axes_of, axis_of, numbers, operator, sizes
from layercalc.layers.onnx.elementwise import one_number
from layercalc.layers.onnx.windows import numbers_of
from layercalc.ops import Tensor, slicing
from layercalc.ops.elementwise import broadcast


def reshaped(x: Tensor, to: list[Any], allowzero: int) -> Tensor:
    """X in another shape: 0 keeps a size, unless it is allowed as one."""
    if sum(1 for n in to if not isinstance(n, Unknown) and n == -1) > 1:
        raise ShapeError(f"{text(to)} leaves two sizes open; one may be −1.")
    kept = []
    for place, n in enumerate(to):
        if isinstance(n, Unknown) or n != 0 or allowzero:
            kept.append(n)
        elif place < x.ndim:
            kept.append(x.shape[place])
        else:
            raise ShapeError(f"The 0 at place {place} of {text(to)} keeps a size that {text(x.shape)} does not have.")
    whole = ops.OPS["reshape"].shape(x.shape, to=tuple(kept))
    if not any(map(with_batch, kept)):  # it is in what remains
        whole = tuple(of_batch(n, *(x.shape if asked == -1 else ())) for asked, n in zip(kept, whole, strict=True))
    return ops.reshape(x, to=whole)


@operator(1, "Reshape")
def reshape_by_attribute(x: Tensor, *, shape: Ints) -> Tensor:
    """The same elements in another shape."""
    return reshaped(x, list(shape), 0)


@operator(5)
def Reshape(x: Tensor, shape: Value, *, allowzero: int = 0) -> Tensor:
    """The same elements in another shape: −1 is what remains, 0 the size that was there."""
    return reshaped(x, sizes(shape), allowzero)


@operator(1)
def Flatten(x: Tensor, *, axis: int = 1) -> Tensor:
    """A matrix: the axes before one, and those from it on."""
    if not -x.ndim <= axis <= x.ndim:
        raise ShapeError(f"There is no axis {axis} in a tensor of {x.ndim} axes.", "axis")
    at = axis + x.ndim if axis < 0 else axis
    return ops.reshape(x, to=tuple(of_batch(size(part), *part) for part in (x.shape[:at], x.shape[at:])))


@operator(1)
def Transpose(x: Tensor, *, perm: Ints | None = None) -> Tensor:
    """The axes in another order; backwards if none is given."""
    order = tuple(range(x.ndim))[::-1] if perm is None else axes_of(perm, x.ndim)
    if len(order) != x.ndim:
        raise ShapeError(f"{list(order)} is no order of the {x.ndim} axes of {text(x.shape)}.", "perm")
    return ops.transpose(x, axes=order)


def squeezed(x: Tensor, axes: Any) -> Tensor:
    """X without axes of size 1."""
    if axes is None and any(isinstance(n, Unknown) for n in x.shape):
        raise ShapeError(f"Which axes of {text(x.shape)} are 1 is not known; name them by axes.")
    ones = [i for i, n in enumerate(x.shape) if n == 1 and not isinstance(n, Batch)] if axes is None else axes
    gone = axes_of(ones, x.ndim)
    for axis in gone:
        if differ(x.shape[axis], 1):
            raise ShapeError(f"Axis {axis} of {text(x.shape)} is {x.shape[axis]} and cannot be left out.", "axes")
    return ops.reshape(x, to=tuple(n for i, n in enumerate(x.shape) if i not in gone))


def unsqueezed(x: Tensor, axes: Any) -> Tensor:
    """X with axes of size 1 at places of the result."""
    rank = x.ndim + len(axes)
    new, rest = axes_of(axes, rank), iter(x.shape)
    return ops.reshape(x, to=tuple(1 if i in new else next(rest) for i in range(rank)))


@operator(1, "Squeeze")
def squeeze_by_attribute(x: Tensor, *, axes: Ints | None = None) -> Tensor:
    """Without axes of size 1."""
    return squeezed(x, axes)


@operator(13)
def Squeeze(x: Tensor, axes: Value = None) -> Tensor:
    """Without axes of size 1."""
    return squeezed(x, None if axes is None else numbers(axes))


@operator(1, "Unsqueeze")
def unsqueeze_by_attribute(x: Tensor, *, axes: Ints) -> Tensor:
    """With axes of size 1."""
    return unsqueezed(x, axes)


@operator(13)
def Unsqueeze(x: Tensor, axes: Value) -> Tensor:
    """With axes of size 1."""
    return unsqueezed(x, numbers(axes))


@operator(4)
def Concat(x: Tensor, *others: Tensor, axis: int) -> Tensor:
    """Tensors one after another."""
    return ops.concatenate(x, *others, axis=axis_of(axis, x.ndim))


MOST_PARTS = 1 << 16


def split(x: Tensor, axis: int, parts: list[Any] | None, outputs: int) -> tuple[Tensor, ...]:
    """X cut along an axis: in parts of given sizes, or in equal ones of which the last may be smaller."""
    place = axis_of(axis, x.ndim)
    n = x.shape[place]
    if parts is None:
        if not 1 <= outputs <= MOST_PARTS:
            raise ShapeError(f"Expected 1 to {MOST_PARTS:,} parts; received {outputs}.", "num_outputs")
        each = n if isinstance(n, Unknown) else -(-n // outputs)
        parts = [each] * (outputs - 1) + [n if isinstance(n, Unknown) else max(n - each * (outputs - 1), 0)]
    total = sum(parts, 0)
    if differ(total, n):
        raise ShapeError(f"Parts of {text(parts)} sum to {total}; axis {place} of {text(x.shape)} is {n}.")
    found, start = [], 0
    for one in parts:
        stop = of_batch(start + one, start, one)
        found.append(ops.take(x, axis=place, start=start, stop=stop))
        start = stop
    return tuple(found)


@operator(2, "Split")
def split_by_attribute(x: Tensor, *, axis: int = 0, split_: Ints | None = None, outputs: int) -> Any:
    """Parts along an axis."""
    return split(x, axis, list(split_) if split_ else None, outputs)


@operator(13, "Split")
def split_by_input(x: Tensor, split_: Value = None, *, axis: int = 0, outputs: int) -> Any:
    """Parts along an axis, whose sizes are an input."""
    return split(x, axis, None if split_ is None else sizes(split_), outputs)


@operator(18)
def Split(x: Tensor, split_: Value = None, *, axis: int = 0, num_outputs: int | None = None, outputs: int) -> Any:
    """Parts along an axis, of given sizes or so many."""
    return split(x, axis, None if split_ is None else sizes(split_), num_outputs or outputs)


MOST = 1 << 62  # as far as a slice may say it reaches


def sliced(x: Tensor, starts: list[Any], ends: list[Any], axes: Any, steps: Any) -> Tensor:
    """A part of x, on some axes from one place to another."""
    where = axes_of(range(len(starts)) if axes is None else axes, x.ndim)
    each = [1] * len(starts) if steps is None else steps
    if not len(starts) == len(ends) == len(where) == len(each):
        raise ShapeError("starts, ends, axes and steps must be of one length.")
    key: list[Any] = [slice(None)] * x.ndim
    for axis, start, end, step in zip(where, starts, ends, each, strict=True):
        n = x.shape[axis]
        if any(isinstance(one, Unknown) for one in (start, end, step)):
            whole = not isinstance(start, Unknown) and start == 0 and not isinstance(step, Unknown) and step == 1
            x = ops.take(x, axis=axis, start=0 if whole else start, stop=end)
        elif step == 0:
            raise ShapeError("A step of 0 leads nowhere.", "steps")
        elif slicing.by_name(n, start, end):
            if step < 0:
                raise Undecided("Where a slice backwards ends depends on the sizes.")
            key[axis] = slice(start, None if isinstance(end, int) and end >= MOST >> 31 else end, step)
        elif step < 0 and end >= MOST >> 31:  # nothing by ONNX, all by ONNX Runtime
            raise ShapeError(f"A slice backwards ends before 0 at the smallest integer, not at {end}.", "ends")
        elif isinstance(start, Batch) or isinstance(end, Batch) or (isinstance(n, Batch) and (start, end) != (0, 1)):
            length = n if isinstance(n, Unknown) else Batch(len(range(n)[start:end:step]))
            x = ops.take(x, axis=axis, start=0, stop=length)
        elif (start, step) != (0, 1) or end < MOST >> 31 or not isinstance(n, Unknown):
            key[axis] = slice(start, None if step < 0 and end < -MOST >> 31 else end, step)
            if step < 0 and not isinstance(n, Unknown):
                key[axis] = backwards(start, end, step, n)
    return ops.get_item(x, key=tuple(key)) if any(one != slice(None) for one in key) else x


def backwards(start: int, end: int, step: int, n: int) -> slice:
    """From a place to another before it; one beyond either end of the axis is the last, or the first."""
    first, last = (at + n if at < 0 else at for at in (start, end))
    first, last = min(max(first, 0), n - 1), min(max(last, -1), n - 1)
    return slice(first, None if last < 0 else last, step) if n else slice(0, 0)


@operator(1, "Slice")
def slice_by_attributes(x: Tensor, *, starts: Ints, ends: Ints, axes: Ints | None = None) -> Tensor:
    """A part of a tensor."""
    return ops.reshape(made, to=made.shape) if (made := sliced(x, list(starts), list(ends), axes, None)) is x else made


@operator(10)
def Slice(x: Tensor, starts: Value, ends: Value, axes: Value = None, steps: Value = None) -> Tensor:
    """A part of a tensor, whose bounds are inputs."""
    read = (None if one is None else numbers(one) for one in (axes, steps))
    made = sliced(x, sizes(starts), sizes(ends), *read)
    return ops.reshape(made, to=made.shape) if made is x else made


@operator(8)
def Expand(x: Tensor, shape: Value) -> Tensor:
    """X in the shape that it and another one broadcast to."""
    return ops.broadcast_to(x, to=broadcast(x.shape, tuple(sizes(shape))))


@operator(6)
def Tile(x: Tensor, repeats: Value) -> Tensor:
    """X so many times along each axis."""
    times = sizes(repeats)
    if len(times) != x.ndim:
        raise ShapeError(f"{text(x.shape)} needs {x.ndim} repeats; received {len(times)}.", "repeats")
    apart = tuple(part for n, k in zip(x.shape, times, strict=True) for part in (1, n))
    wide = tuple(part for n, k in zip(x.shape, times, strict=True) for part in (k, n))
    together = tuple(of_batch(n * k, n, k) for n, k in zip(x.shape, times, strict=True))
    return ops.reshape(ops.broadcast_to(ops.reshape(x, to=apart), to=wide), to=together)


MODES = {"constant": "constant", "reflect": "reflect", "edge": "edge", "wrap": "wrap"}


def padded(x: Tensor, pads: list[Any], value: float, mode: str, axes: Any = None) -> Tensor:
    """X with elements before and after its axes; fewer than none cuts some off."""
    where = axes_of(range(x.ndim) if axes is None else axes, x.ndim)
    if len(pads) != 2 * len(where):
        raise ShapeError(f"{len(where)} axes need {2 * len(where)} pads; received {len(pads)}.", "pads")
    if mode not in MODES:
        raise ShapeError(f"The mode is one of {', '.join(MODES)}, not {mode!r}.", "mode")
    around: list[tuple[Any, Any]] = [(0, 0)] * x.ndim
    for place, axis in enumerate(where):
        around[axis] = pads[place], pads[place + len(where)]
    for axis, (before, after) in enumerate(around):
        cut = [0 if isinstance(n, Unknown) or n >= 0 else -n for n in (before, after)]
        if any(cut):
            x = ops.take(x, axis=axis, start=cut[0], stop=of_batch(x.shape[axis] - cut[1], x.shape[axis]))
            around[axis] = before + cut[0], after + cut[1]
    if mode == "constant":
        return ops.pad(x, padding=tuple(around), value=value)
    return ops.pad(x, padding=tuple(around), mode=mode)


@operator(2, "Pad")
def pad_by_attributes(x: Tensor, *, pads: Ints, mode: str = "constant", value: float = 0.0) -> Tensor:
    """Elements added around a tensor."""
    return padded(x, list(pads), value, mode)


@operator(11)
def Pad(x: Tensor, pads: Value, constant_value: Tensor = None, axes: Value = None, *, mode: str = "constant") -> Tensor:
    """Elements added around a tensor, how many being an input."""
    value = None if constant_value is None else one_number(constant_value)  # while shapes are read it may not be known
    return padded(x, sizes(pads), value or 0.0, mode, None if axes is None else numbers(axes))


@operator(1)
def DepthToSpace(x: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    """Channels laid out as blocks of rows and columns."""
    n, channels, rows, columns = four(x)
    left = channels if isinstance(channels, Unknown) else channels // blocksize**2
    apart: tuple[Any, ...]
    if mode == "DCR":
        apart, order = (n, blocksize, blocksize, left, rows, columns), (0, 3, 4, 1, 5, 2)
    else:
        apart, order = (n, left, blocksize, blocksize, rows, columns), (0, 1, 4, 2, 5, 3)
    turned = ops.transpose(ops.reshape(x, to=apart), axes=order)
    return ops.reshape(turned, to=(n, left, rows * blocksize, columns * blocksize))


@operator(1)
def SpaceToDepth(x: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    """Blocks of rows and columns laid out as channels."""
    n, channels, rows, columns = four(x)
    high, wide = rows // blocksize, columns // blocksize
    apart = ops.reshape(x, to=(n, channels, high, blocksize, wide, blocksize))
    order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
    return ops.reshape(ops.transpose(apart, axes=order), to=(n, channels * blocksize**2, high, wide))


@operator(18)
def Col2Im(
    x: Tensor,
    image_shape: Value,
    block_shape: Value,
    *,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """Columns added up into images, as blocks lie on them."""
    image, block = tuple(numbers(image_shape)), tuple(numbers(block_shape))
    how = numbers_of(image, block, strides, pads, dilations, "NOTSET")
    return ops.fold(x, output_size=image, window=block, **how)


@operator(18)
def CenterCropPad(x: Tensor, shape: Value, *, axes: Ints | None = None) -> Tensor:
    """Axes cut or filled up with zeros at both ends to a size, the odd element at the end."""
    where = axes_of(range(x.ndim) if axes is None else axes, x.ndim)
    around: list[tuple[Any, Any]] = [(0, 0)] * x.ndim
    for axis, to in zip(where, sizes(shape), strict=True):
        n = x.shape[axis]
        if isinstance(n, Unknown) or isinstance(to, Unknown):
            raise ShapeError("The sizes of an axis that is cut or filled up must be known.")
        less = abs(to - n) // 2
        if to < n:
            x = ops.take(x, axis=axis, start=less, stop=less + to)
        elif to > n:
            around[axis] = less, to - n - less
    return ops.pad(x, padding=tuple(around))


def four(x: Tensor) -> Any:
    """The sizes of images."""
    if x.ndim != 4:
        raise ShapeError(f"Expected images of 4 axes (batch, channels, height, width); received {text(x.shape)}.")
    return x.shape
