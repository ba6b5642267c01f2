"""Operations that move, cut, join or repeat, and those that look elements up."""

from functools import reduce
from typing import Any

from layercalc import ops
from layercalc.dims import Batch, differ, of_batch, size, text, with_batch
from layercalc.errors import ShapeError
from layercalc.layers.fields import Choice, Field, Int
from layercalc.layers.keras.functions.base import Axes, Operation, Sizes, number, operation, tensor
from layercalc.ops import Tensor
from layercalc.wording import whole


@operation
class Reshape(Operation):
    """The same elements in another shape; −1 is what remains."""

    newshape = Sizes()
    exact = False  # whether −1 is a number where the batch stands beside it, as keras.ops has it and TensorFlow not

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        return reshaped(x, (self.newshape,) if isinstance(self.newshape, int) else self.newshape, self.exact)


def reshaped(x: Tensor, to: tuple[int, ...], exact: bool = False) -> Tensor:
    """X in a shape with at most one −1, which is as open as the batch where the batch is in it."""
    y = ops.OPS["reshape"].shape(x.shape, to=to)
    if not (exact and any(map(with_batch, to))):
        rest = [isinstance(asked, int) and asked == -1 for asked in to]
        y = tuple(of_batch(n, *x.shape) if left else n for left, n in zip(rest, y, strict=True))
    return ops.reshape(x, to=y)


@operation
class Ravel(Operation):
    """All elements in one axis."""

    def compute(self, x: Any) -> Tensor:
        return reshaped(tensor(x), (-1,))


@operation
class Transpose(Operation):
    """The axes in another order; reversed where none is given."""

    axes = Axes(None)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        axes = tuple(range(x.ndim))[::-1] if self.axes is None else self.axes_of(self.axes, x, "axes")
        if len(axes) != x.ndim:
            raise ShapeError(f"{len(axes)} axes are for a tensor of {len(axes)}; {text(x.shape)} has {x.ndim}.", "axes")
        return ops.transpose(x, axes=axes)


@operation
class Swapaxes(Operation):
    """Two axes in each other's place."""

    axis1 = Int()
    axis2 = Int()

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        a, b = self.axis_of(self.axis1, x, "axis1"), self.axis_of(self.axis2, x, "axis2")
        return ops.transpose(x, axes=tuple({a: b, b: a}.get(axis, axis) for axis in range(x.ndim)))


@operation
class Moveaxis(Operation):
    """Axes moved to other places."""

    source = Axes()
    destination = Axes()

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        source, to = self.axes_of(self.source, x, "source"), self.axes_of(self.destination, x, "destination")
        if len(source) != len(to):
            raise ShapeError(f"{len(source)} axes cannot move to {len(to)} places.", "destination")
        order = [axis for axis in range(x.ndim) if axis not in source]
        for place, axis in sorted(zip(to, source, strict=True)):
            order.insert(place, axis)
        return ops.transpose(x, axes=tuple(order))


@operation
class ExpandDims(Operation):
    """An axis of size 1 put in."""

    axis = Axes()

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        axes = (self.axis,) if isinstance(self.axis, int) else self.axis
        rank = x.ndim + len(axes)
        if any(not -rank <= axis < rank for axis in axes):
            raise ShapeError(f"There is no place {list(axes)} for an axis in {text(x.shape)}.", "axis")
        places, rest = {axis % rank for axis in axes}, iter(x.shape)
        return ops.reshape(x, to=tuple(1 if place in places else next(rest) for place in range(rank)))


@operation
class Squeeze(Operation):
    """Axes of size 1 left out; all of them where none is given."""

    axis = Axes(None)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if self.axis is None:
            axes = tuple(axis for axis, n in enumerate(x.shape) if not isinstance(n, Batch) and n == 1)
        else:
            axes = self.axes_of(self.axis, x)
            for axis in axes:
                if differ(x.shape[axis], 1):
                    raise ShapeError(f"Axis {axis} of {text(x.shape)} is {x.shape[axis]}, not 1.", "axis")
        return ops.reshape(x, to=tuple(n for axis, n in enumerate(x.shape) if axis not in axes))


@operation
class BroadcastTo(Operation):
    """The same values seen in a larger shape."""

    shape = Sizes()

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        wanted = (self.shape,) if isinstance(self.shape, int) else self.shape
        lead = len(wanted) - x.ndim
        own = tuple(x.shape[i - lead] if n == -1 and i >= lead else n for i, n in enumerate(wanted))
        return ops.broadcast_to(x, to=own)


@operation
class Flip(Operation):
    """Axes backwards; all of them where none is given."""

    axis = Axes(None)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        return reduce(lambda y, axis: ops.flip(y, axis=axis), self.axes_of(self.axis, x), x)


@operation
class Fliplr(Operation):
    """Axis 1 backwards."""

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        return ops.flip(x, axis=self.axis_of(1, x))


@operation
class Flipud(Operation):
    """Axis 0 backwards."""

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        return ops.flip(x, axis=self.axis_of(0, x))


@operation
class Roll(Operation):
    """Elements moved along an axis, round the end; the flattened tensor where no axis is given."""

    shift = Axes()
    axis = Axes(None)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if self.axis is None:
            shift = self.shift if isinstance(self.shift, int) else sum(self.shift)
            return ops.reshape(ops.roll(reshaped(x, (-1,)), shift=shift, axis=0), to=x.shape)
        axes = self.axes_of(self.axis, x)
        shifts = (self.shift,) * len(axes) if isinstance(self.shift, int) else self.shift
        if len(shifts) != len(axes):
            raise ShapeError(f"{len(shifts)} shifts are for {len(shifts)} axes, received {len(axes)}.", "shift")
        for shift, axis in zip(shifts, axes, strict=True):
            x = ops.roll(x, shift=shift, axis=axis)
        return x


@operation
class Rot90(Operation):
    """A quarter turn in the plane of two axes, k times."""

    k = Int(1)
    axes = Axes((0, 1))

    def compute(self, array: Any) -> Tensor:
        x = tensor(array)
        if not isinstance(self.axes, tuple) or len(self.axes) != 2:
            raise ShapeError(f"A turn is in the plane of two axes; received {self.axes}.", "axes")
        a, b = self.axes_of(self.axes, x, "axes")
        swapped = tuple({a: b, b: a}.get(axis, axis) for axis in range(x.ndim))
        k = self.k % 4
        if k == 2:
            return ops.flip(ops.flip(x, axis=a), axis=b)
        if k == 1:
            return ops.transpose(ops.flip(x, axis=b), axes=swapped)
        return ops.flip(ops.transpose(x, axes=swapped), axis=b) if k == 3 else x


class Widths(Field):
    """How much is added before and after each axis: a number, a pair, or a list of pairs."""

    def expects(self) -> str:
        return "an integer, a pair, or a list of pairs"

    def schema_of(self) -> dict[str, Any]:
        return {"type": ["integer", "array"], "items": {}}

    def read(self, value: Any, name: str) -> Any:
        pairs = [[value, value]] if whole(value, 0) else [value] if flat(value) else value
        if not isinstance(pairs, list | tuple) or not all(flat(pair) and len(pair) in (1, 2) for pair in pairs):
            raise self.refuse(value)
        return tuple((pair[0], pair[-1]) for pair in pairs)


def flat(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) > 0 and all(whole(n, 0) for n in value)


@operation
class Pad(Operation):
    """Elements around each axis."""

    pad_width = Widths()
    mode = Choice(("constant", "reflect", "symmetric", "edge"), "constant")

    def compute(self, x: Any, constant_values: Any = None) -> Tensor:
        x = tensor(x)
        pairs = self.pad_width * x.ndim if len(self.pad_width) == 1 else self.pad_width
        if len(pairs) != x.ndim:
            raise ShapeError(
                f"{len(pairs)} pairs are for {len(pairs)} axes; {text(x.shape)} has {x.ndim}.", "pad_width"
            )
        value = 0 if constant_values is None else number(constant_values, "constant_values")
        return ops.pad(x, padding=pairs, mode=self.mode, value=value)


class Blocks(Operation):
    """Blocks of the image exchanged for channels."""

    block_size = Int(min=2)
    data_format = Choice(("channels_last", "channels_first"), "channels_last")

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if x.ndim != 4:
            raise ShapeError(f"{self.type} takes 4 axes; received {text(x.shape)}.")
        first = self.data_format == "channels_first"
        x = ops.layout(x, (0, 2, 3, 1)) if first else x
        y = self.moved(x, self.block_size)
        return ops.layout(y, (0, 3, 1, 2)) if first else y

    def moved(self, x: Tensor, n: int) -> Tensor:
        raise NotImplementedError


@operation
class DepthToSpace(Blocks):
    """Channels to blocks of the image."""

    def moved(self, x: Tensor, n: int) -> Tensor:
        b, h, w, c = x.shape
        if differ(c % (n * n), 0):
            raise ShapeError(f"{c} channels are no multiple of {n}² = {n * n}.", "block_size")
        y = ops.reshape(x, to=(b, h, w, n, n, c // (n * n)))
        return ops.reshape(ops.transpose(y, axes=(0, 1, 3, 2, 4, 5)), to=(b, h * n, w * n, c // (n * n)))


@operation
class SpaceToDepth(Blocks):
    """Blocks of the image to channels."""

    def moved(self, x: Tensor, n: int) -> Tensor:
        b, h, w, c = x.shape
        if any(differ(side % n, 0) for side in (h, w)):
            raise ShapeError(f"Height and width of {text(x.shape)} must be multiples of {n}.", "block_size")
        y = ops.reshape(x, to=(b, h // n, n, w // n, n, c))
        return ops.reshape(ops.transpose(y, axes=(0, 1, 3, 2, 4, 5)), to=(b, h // n, w // n, c * n * n))


@operation
class Size(Operation):
    """How many elements there are."""

    def compute(self, x: Any) -> Tensor:
        n = size(tensor(x).shape)
        return ops.constant(n if isinstance(n, int) else 0, "int32")  # an unknown size is never run
