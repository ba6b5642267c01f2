"""The reading with arrays: every op computes, and pointwise ones join the kernel before them."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Shape
from layercalc.ops.base import FLOATS, Op
from layercalc.ops.kernels.fusion import Axes, Finish, Make, Pending, Step, Transposed, inverse, order, over, seen
from layercalc.ops.kernels.threads import ALONE
from layercalc.ops.work import PIECE, cut


class Running:
    """Read with arrays: every op computes, floats in one dtype; pointwise ones once their numbers are asked for.

    At most one tensor waits at a time, so that no more memory is held than one kernel needs.
    """

    def __init__(self, dtype: str = "float32"):
        self.float = np.dtype(dtype)
        self.compute = dtype
        self.eager = False
        self.watch: Callable[[], None] = lambda: None  # called before each step of a loop
        self.waiting: Pending | None = None

    def spend(self, calls: int = 1) -> None:
        """The analysis has counted already."""

    def begun(self) -> int:
        """What only an analysis notes."""
        return 0

    def ended(self, start: int) -> None:
        """Nor this."""

    def settle(self) -> None:
        """Compute what waits."""
        waiting, self.waiting = self.waiting, None
        if waiting is not None:
            waiting.force()

    def wait(self, pending: Pending) -> Pending:
        self.waiting = pending
        return pending

    def op(self, op: Op, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> Any:
        if not self.eager and len(inputs) < 6:
            joined = self.joined(op, inputs, attributes)
            if joined is not None:
                return joined
        inputs = tuple(map(forced, inputs))
        if self.waiting is not None and self.waiting.array is not None:
            self.waiting = None  # it was asked for, and is not to be kept alive
        to = self.common(op, inputs)
        for key in ("to", "dtype"):
            if key in attributes:
                attributes = {**attributes, key: self.held(attributes[key])}
        if any(x.size == 0 for x in inputs):  # kernels need not care for empty tensors
            out = op.shape(*(x.shape for x in inputs), **attributes)
            if op.sums or 0 in out:
                return np.zeros(out, to or inputs[0].dtype)
        if op.cuts and (not op.broadcasts or at_most(inputs) > PIECE):
            pieces = self.pieces(op, inputs, attributes, to)
            if pieces is not None:
                return pieces
        if to is not None:
            inputs = cast(inputs, to)
        if op.finishes and not self.eager:
            out = op.shape(*(x.shape for x in inputs), **attributes)
            if len(out) > 1:
                self.settle()
                folds = inputs[1].size < prod(out) and prod(inputs[1].shape[-op.channels :]) == out[-1]
                return self.wait(Pending(out, inputs[0].dtype, made(op, inputs, attributes), folds))
        return op.run(*inputs, **attributes)

    def common(self, op: Op, inputs: tuple[np.ndarray, ...]) -> Any:
        """The dtype that the inputs are cast to; None leaves them as they are."""
        dtypes = {x.dtype for x in inputs}
        if len(dtypes) == 1 and not (op.floating and dtypes != {self.float}):
            return None
        common = op.common_dtype(*(x.dtype.name for x in inputs))
        return self.float if common in FLOATS else common and np.dtype(common)

    def pieces(self, op: Op, inputs: tuple[np.ndarray, ...], attributes: dict[str, Any], to: Any) -> np.ndarray | None:
        """The result piece by piece, with a look at the clock before each; None where the op cannot be cut."""
        shapes = [x.shape for x in inputs]
        rank = op.lead(*shapes, **attributes)
        if not rank:
            return None
        shape = op.shape(*shapes, **attributes)
        axes = next((order(x) for x in inputs if x.shape == shape), None) if op.broadcasts else None
        if axes is not None and axes != tuple(range(len(axes))):  # as it lies in memory, and so it stays
            turned = tuple(aligned(x, len(shape)).transpose(inverse(axes)) for x in inputs)
            made = self.pieces(op, turned, attributes, to)
            return None if made is None else made.transpose(axes)
        found = cut(shape[:rank], max(prod(shape), inputs[0].size))
        if found.number < 2:
            return None
        out: Any = None
        for where in deadline.each(found.pieces()):
            part = op.run(*cast(sliced(op, inputs, where, len(shape)), to), **attributes)
            if out is None:
                out = np.empty(shape, part.dtype)
            out[where] = part
        return out

    def joined(self, op: Op, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> Any:
        """The tensor with one more step, if this op is one that can wait."""
        place = next((i for i, x in enumerate(inputs) if waits(x)), 0)
        x = inputs[place]
        if x.dtype != self.float or x.ndim < 2 or x.size < SMALL_RUN or {one.dtype for one in inputs} != {x.dtype}:
            return None
        axes = order(x)
        step: Any = op.affine(*inputs, channels=axes.index(x.ndim - 1), **attributes) if place == 0 else None
        if step is None:
            if not op.joins(*inputs, **attributes):
                return None
            others: list[np.ndarray] = []
            for one in (*inputs[:place], *inputs[place + 1 :]):
                rows = beside(one, x.shape, axes)
                if rows is None:
                    return None
                others.append(rows)
            step = Step(op, tuple(others), place, attributes)
        if waits(x):
            base = x.base if x.__class__ is Transposed else x
            return seen(self.wait(base.then(step)), axes)
        self.settle()
        source = np.ascontiguousarray(forced(seen(x, inverse(axes))))
        return seen(self.wait(Pending(source.shape, source.dtype, over(source)).then(step)), axes)

    def held(self, to: Any) -> Any:
        """What a dtype is held in: NumPy has no bfloat16, and a pass in float64 rounds to float32 nowhere."""
        return self.float.name if to == "bfloat16" or (to == "float32" and self.float == np.float64) else to

    def entered(self, x: np.ndarray, dtype: str) -> np.ndarray:
        """An array of that dtype that is handed to a pass, as it is computed with."""
        return x

    def left(self, x: np.ndarray) -> np.ndarray:
        """An array that a pass hands back."""
        return x

    def autocast(self, x: np.ndarray) -> np.ndarray:
        return x

    def shape_of(self, x: np.ndarray, dtype: str) -> np.ndarray:
        return np.array(x.shape, dtype)

    def known(self, values: np.ndarray, dtype: str) -> np.ndarray:
        return self.constant(lambda: values, values.shape, dtype)

    def constant(self, values: Callable[[], np.ndarray], shape: Shape, dtype: str) -> np.ndarray:
        return np.asarray(values(), self.float if dtype in FLOATS else dtype)

    def layout(self, x: Any, axes: tuple[int, ...]) -> Any:
        return seen(x, axes)

    def scan(self, step: Callable, xs: tuple[np.ndarray, ...], carry: tuple, reverse: bool) -> tuple[tuple, np.ndarray]:
        xs, carry = tuple(map(forced, xs)), all_forced(carry)
        steps = xs[0].shape[1]
        ys: Any = None
        before, self.eager = self.eager, True  # the arrays of one step are small
        with ALONE.lifted():
            for index, t in enumerate(range(steps)[:: -1 if reverse else 1]):
                self.watch()
                carry, y = step(carry, *(x[:, t] for x in xs))
                if ys is None:
                    ys = np.empty((y.shape[0], steps, *y.shape[1:]), y.dtype)
                ys[:, index] = y
        self.eager = before
        return carry, ys

    def loop(
        self, step: Callable, trips: int | None, going: Any, carry: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], tuple[np.ndarray, ...]]:
        rows: list[tuple[np.ndarray, ...]] = []
        carry = all_forced(carry)
        while (trips is None or len(rows) < trips) and (going is None or bool(np.all(forced(going)))):
            self.watch()
            going, carry, made = step(np.asarray(len(rows), np.int64), going, carry)
            carry = all_forced(carry)
            rows.append(all_forced(made))
        if rows:
            return carry, tuple(np.stack(column) for column in zip(*rows, strict=True))
        _, _, made = step(np.asarray(0, np.int64), going, carry)  # which shapes there would be
        return carry, tuple(np.zeros((0, *one.shape), one.dtype) for one in all_forced(made))

    def choose(self, condition: Any, then: Callable, otherwise: Callable) -> tuple[Any, ...]:
        made: tuple[Any, ...] = (then if bool(np.all(forced(condition))) else otherwise)()
        return made


def at_most(inputs: tuple[np.ndarray, ...]) -> int:
    """How many elements tensors can have together at the most, found in less time than their shape."""
    largest = inputs[0]
    for x in inputs:
        largest = x if x.size > largest.size else largest
    shape = largest.shape
    for x in inputs:
        if x.size != 1 and x is not largest and x.shape != shape[len(shape) - x.ndim :]:
            return prod([x.size for x in inputs])
    return largest.size


def aligned(x: np.ndarray, axes: int) -> np.ndarray:
    """A tensor with so many axes, those it lacks in front."""
    return x.reshape((1,) * (axes - x.ndim) + x.shape)


def cast(inputs: tuple[np.ndarray, ...], to: Any) -> tuple[np.ndarray, ...]:
    """The arrays in one dtype, where one is named."""
    return inputs if to is None else tuple(x if x.dtype == to else x.astype(to) for x in inputs)


def sliced(op: Op, inputs: tuple[np.ndarray, ...], where: tuple[slice, ...], rank: int) -> tuple[np.ndarray, ...]:
    """What one piece of a result of so many axes is made of; an axis of 1 serves all pieces."""
    parts = []
    for place, x in enumerate(inputs):
        missing = rank - x.ndim if op.broadcasts else 0
        own = where[missing:] if op.broadcasts or place < op.along else ()
        own = tuple(slice(None) if n == 1 else one for n, one in zip(x.shape, own, strict=False))
        parts.append(x[own] if own else x)
    return tuple(parts)


def made(op: Op, inputs: tuple[np.ndarray, ...], attributes: dict[str, Any]) -> Make:
    """A kernel that is still to run, and may have a factor for each channel folded into its weights."""

    def make(finish: Finish, scale: np.ndarray | None) -> np.ndarray:
        x, weights, *rest = inputs
        if scale is not None:
            weights = weights * scale.reshape(weights.shape[-op.channels :])
        return op.run(x, weights, *rest, **attributes, finish=finish)

    return make


SMALL_RUN = 1 << 12  # elements below which nothing is gained by waiting


def forced(x: Any) -> np.ndarray:
    """The numbers of a tensor that may wait."""
    return x.force() if x.__class__ is Pending or x.__class__ is Transposed else x


def waits(x: Any) -> bool:
    """Whether something can still join the kernel that makes a tensor."""
    x = x.base if x.__class__ is Transposed else x
    return x.__class__ is Pending and x.array is None and not x.taken


def beside(x: Any, shape: Shape, axes: Axes) -> np.ndarray | None:
    """What a tensor is beside rows of one of that shape and order: rows too, a vector over channels, or a number."""
    if x.shape == shape:
        return forced(seen(x, inverse(axes))).reshape(-1, shape[axes.index(len(axes) - 1)])
    channels = axes.index(len(axes) - 1) - len(axes)
    if x.size == 1 or (-channels <= x.ndim <= len(shape) and x.size == x.shape[channels] == shape[channels]):
        return forced(x).reshape(-1)
    return None


def all_forced(carry: Any) -> Any:
    return tuple(map(all_forced, carry)) if isinstance(carry, tuple | list) else forced(carry)
