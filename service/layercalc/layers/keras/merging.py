"""Layers that take several tensors and give one."""

from functools import reduce
from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import differ, text
from layercalc.errors import ShapeError
from layercalc.layers.array_fields import Ints
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Int, ValidationError
from layercalc.layers.keras.base import Layer, layer
from layercalc.ops import Tensor


class Merge(Layer):
    """Tensors of one shape, or shapes that broadcast, brought together element by element."""

    op: ClassVar[Any]

    supports_masking = True
    example: ClassVar[Any] = ({}, [(2, 4, 3), (2, 4, 3)])

    def call(self, weight: Weight, *inputs: Tensor) -> Tensor:
        first, *rest = self.aligned(inputs)
        return reduce(self.op, rest, first)

    def spread(self, masks: tuple[Tensor | None, ...], inputs: tuple[Tensor, ...]) -> list[Tensor | None]:
        """Each mask over its input's last axis; an input that is given more axes loses its mask, as in Keras."""
        most = max(x.ndim for x in inputs)
        return [
            None
            if mask is None or x.ndim < most
            else ops.broadcast_to(ops.reshape(mask, to=(*mask.shape, 1)), to=x.shape)
            for mask, x in zip(masks or (None,) * len(inputs), inputs, strict=True)
        ]

    def aligned(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """All inputs of one rank: axes of size 1 are put in behind the batch, as Keras does."""
        most = max(x.ndim for x in inputs)
        batches = [x.shape[0] for x in inputs if x.ndim]
        if any(differ(batch, batches[0]) for batch in batches):
            raise ShapeError(f"The batches differ: received {', '.join(text(x.shape) for x in inputs)}.")
        if len({*map(type, batches)}) > 1 and int in map(type, batches):  # Keras 3 takes the one that is named
            named = next(batch for batch in batches if batch.__class__ is int)
            inputs = tuple(
                x if x.shape[0].__class__ is int else ops.reshape(x, to=(named, *x.shape[1:])) for x in inputs
            )
        return tuple(
            x if x.ndim == most else ops.reshape(x, to=(*x.shape[:1], *(1,) * (most - x.ndim), *x.shape[1:]))
            for x in inputs
        )

    def mask(self, masks: tuple[Tensor | None, ...], *inputs: Tensor) -> Tensor | None:
        """Kept where any input keeps it; none unless all have one."""
        if not masks or any(mask is None for mask in masks):
            return None
        out = masks[0]
        for mask in masks[1:]:
            out = ops.logical_or(out, mask)
        return out


@layer(aliases=("add",))
class Add(Merge):
    """The sum of the inputs."""

    op = ops.add


@layer(aliases=("subtract",))
class Subtract(Merge):
    """The first input less the second."""

    op = ops.subtract

    def call(self, weight: Weight, minuend: Tensor, subtrahend: Tensor) -> Tensor:
        return super().call(weight, minuend, subtrahend)


@layer(aliases=("multiply",))
class Multiply(Merge):
    """The product of the inputs; a masked element counts as 1, and where all are masked the product is 0."""

    op = ops.multiply

    def call(self, weight: Weight, *inputs: Tensor, masks: Any = ()) -> Tensor:
        kept = self.spread(masks, inputs)
        aligned = self.aligned(inputs)
        ones = [
            x if keep is None else ops.select(keep, x, ops.full((), 1.0)) for x, keep in zip(aligned, kept, strict=True)
        ]
        y = super().call(weight, *ones)
        if any(keep is None for keep in kept):
            return y
        return ops.select(reduce(ops.logical_or, kept), y, ops.full((), 0.0))


@layer(aliases=("average",))
class Average(Merge):
    """The mean of the inputs."""

    op = ops.add

    def call(self, weight: Weight, *inputs: Tensor) -> Tensor:
        return ops.divide(super().call(weight, *inputs), ops.constant(len(inputs)))


class Extreme(Merge):
    """The largest or smallest of the inputs; a masked element gives way to the other one."""

    def call(self, weight: Weight, *inputs: Tensor, masks: Any = ()) -> Tensor:
        (y, *rest), (kept, *others) = self.aligned(inputs), self.spread(masks, inputs)
        for x, keep in zip(rest, others, strict=True):
            other = x if keep is None else ops.select(keep, x, y)
            y = y if kept is None else ops.select(kept, y, other)
            kept = None if kept is None or keep is None else ops.logical_or(kept, keep)
            y = self.op(y, other)
        return y


@layer(aliases=("maximum",))
class Maximum(Extreme):
    """The largest of the inputs."""

    op = ops.maximum


@layer(aliases=("minimum",))
class Minimum(Extreme):
    """The smallest of the inputs."""

    op = ops.minimum


@layer(aliases=("concatenate",))
class Concatenate(Merge):
    """The inputs one after another along `axis`."""

    axis = Int(-1)

    example: ClassVar[Any] = {"axis": 1}, [(2, 4, 3), (2, 5, 3)]

    def call(self, weight: Weight, *inputs: Tensor) -> Tensor:
        return ops.concatenate(*inputs, axis=self.axis_of(self.axis, inputs[0]))

    def mask(self, masks: tuple[Tensor | None, ...], *inputs: Tensor) -> Tensor | None:
        """Joined like the inputs where the axis is one of the mask's, else kept where any input keeps it."""
        if not masks or all(mask is None for mask in masks):
            return None
        spread = [
            ops.broadcast_to(
                ops.constant(True, "bool")
                if mask is None
                else ops.reshape(mask, to=(*mask.shape, *(1,) * (x.ndim - mask.ndim))),
                to=x.shape,
            )
            for mask, x in zip(masks, inputs, strict=True)
        ]
        joined = ops.concatenate(*spread, axis=self.axis_of(self.axis, inputs[0]))
        return ops.reduce_any(joined, axes=(joined.ndim - 1,))


@layer(aliases=("dot",))
class Dot(Merge):
    """The dot product of two tensors along one axis of each; with `normalize`, the cosine."""

    axes = Ints(count=2)
    normalize = Bool(False)

    example: ClassVar[Any] = {"axes": [2, 2]}, [(2, 4, 3), (2, 5, 3)]

    def check(self) -> None:
        if 0 in self.axes:
            raise ValidationError("Axis 0 is the batch; name another one.", "axes")

    def call(self, weight: Weight, x: Tensor, y: Tensor) -> Tensor:
        a, b = (self.axis_of(axis, t, "axes") for axis, t in zip((self.axes * 2)[:2], (x, y), strict=True))
        if 0 in (a, b) or x.ndim < 2 or y.ndim < 2:
            raise ShapeError(
                f"Dot needs an axis beside the batch in both inputs; received {text(x.shape)} and {text(y.shape)}.",
                "axes",
            )
        self.aligned((x, y))
        if self.normalize:
            x, y = ops.l2_normalize(x, axes=(a,)), ops.l2_normalize(y, axes=(b,))
        return ops.batch_dot(x, y, axes=(a, b))

    def mask(self, masks: tuple[Tensor | None, ...], *inputs: Tensor) -> None:
        return None
