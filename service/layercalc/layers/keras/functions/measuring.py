"""What compares, correlates or measures whole tensors."""

from typing import Any

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.fields import Bool, Choice, Int, Number
from layercalc.layers.keras.functions.base import Operation, operation, tensor
from layercalc.layers.keras.functions.nans import floats
from layercalc.layers.keras.functions.shaping import reshaped
from layercalc.ops import OPS, Tensor


@operation
class AllClose(Operation):
    """Whether two tensors are equal but for tolerances."""

    rtol = Number(1e-5)
    atol = Number(1e-8)
    equal_nan = Bool(False)

    def compute(self, x1: Any, x2: Any) -> Tensor:
        a, b = floats(tensor(x1, x2)), floats(tensor(x2, x1))
        apart, size = OPS["absolute"](ops.subtract(a, b)), OPS["absolute"](b)
        room = ops.add(ops.multiply(size, ops.constant(self.rtol, str(b.dtype))), ops.constant(self.atol, str(b.dtype)))
        near = ops.logical_or(ops.less_equal(apart, room), ops.equal(a, b))
        if self.equal_nan:
            near = ops.logical_or(near, ops.logical_and(OPS["isnan"](a), OPS["isnan"](b)))
        return ops.reduce_all(near, axes=tuple(range(near.ndim)))


@operation
class IsIn(Operation):
    """Whether each element is among those of another tensor."""

    assume_unique = Bool(False)
    invert = Bool(False)

    def compute(self, x1: Any, x2: Any) -> Tensor:
        a, b = tensor(x1, x2), reshaped(tensor(x2, x1), (-1,))
        same = ops.equal(ops.reshape(a, to=(*a.shape, 1)), b)
        found = ops.reduce_any(same, axes=(same.ndim - 1,))
        return ops.logical_not(found) if self.invert else found


@operation
class Isreal(Operation):
    """Whether each element has no imaginary part, which is so."""

    def compute(self, x: Any) -> Tensor:
        return ops.broadcast_to(ops.constant(True, "bool"), to=tensor(x).shape)


@operation
class Ndim(Operation):
    """How many axes there are."""

    def compute(self, x: Any) -> Tensor:
        return ops.constant(tensor(x).ndim, "int32")


@operation
class SearchSorted(Operation):
    """Before which element of a sorted vector each value belongs."""

    side = Choice(("left", "right"), "left")

    def compute(self, sorted_sequence: Any, values: Any) -> Tensor:
        row, x = tensor(sorted_sequence, values), tensor(values, sorted_sequence)
        if row.ndim != 1:
            raise ShapeError(f"SearchSorted looks through a vector; received {text(row.shape)}.")
        wide = ops.reshape(x, to=(*x.shape, 1))
        below = ops.less(row, wide) if self.side == "left" else ops.less_equal(row, wide)
        return ops.reduce_sum(ops.cast(below, to="int32"), axes=(x.ndim,))


@operation
class Argpartition(Operation):
    """Places of the elements, those of the kth smallest first: here in order."""

    kth = Int()
    axis = Int(-1, null=True)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if self.axis is None:
            return ops.argsort(reshaped(x, (-1,)), axis=0)
        return ops.argsort(x, axis=self.axis_of(self.axis, x))


@operation
class Trapezoid(Operation):
    """The integral along one axis by trapezoids."""

    dx = Number(1.0)
    axis = Int(-1)

    def compute(self, y: Any, x: Any = None) -> Tensor:
        y = floats(y)
        axis, n = self.axis_of(self.axis, y), y.shape[self.axis]
        pair = [ops.take(y, axis=axis, start=start, stop=n - 1 + start) for start in (0, 1)]
        mean = ops.multiply(ops.add(*pair), ops.constant(0.5, str(y.dtype)))
        if x is None:
            wide: Any = ops.constant(self.dx, str(y.dtype))
        else:
            at = ops.cast(tensor(x, y), to=str(y.dtype))
            own = at.ndim - 1 if at.ndim == 1 else axis
            sides = [ops.take(at, axis=own, start=start, stop=at.shape[own] - 1 + start) for start in (0, 1)]
            wide = ops.subtract(sides[1], sides[0])
            if at.ndim == 1:
                wide = ops.reshape(wide, to=tuple(wide.shape[0] if place == axis else 1 for place in range(y.ndim)))
        return ops.reduce_sum(ops.multiply(mean, wide), axes=(axis,))


@operation
class Corrcoef(Operation):
    """The correlation of each row with each other row (Pearson)."""

    def compute(self, x: Any) -> Tensor:
        x = floats(x)
        if x.ndim != 2:
            raise ShapeError(f"Corrcoef takes a matrix; received {text(x.shape)}.")
        far = ops.subtract(x, ops.reduce_mean(x, axes=(1,), keepdims=True))
        both = ops.matmul(far, ops.transpose(far, axes=(1, 0)))
        spread = OPS["sqrt"](ops.diagonal(both, offset=0, axes=(0, 1)))
        each = ops.multiply(ops.reshape(spread, to=(*spread.shape, 1)), spread)
        return OPS["clip"](ops.divide(both, each), low=-1.0, high=1.0)


@operation
class Correlate(Operation):
    """The sum of products of two vectors at each shift of the one against the other."""

    mode = Choice(("valid", "same", "full"), "valid")

    def compute(self, x1: Any, x2: Any) -> Tensor:
        a, b = floats(tensor(x1, x2)), floats(tensor(x2, x1))
        if a.ndim != 1 or b.ndim != 1:
            raise ShapeError(f"Correlate takes two vectors; received {text(a.shape)} and {text(b.shape)}.")
        n, m = a.shape[0], b.shape[0]
        if not all(isinstance(one, int) for one in (n, m)):
            raise ShapeError("Correlate needs vectors of known size.")
        whole = ops.pad(a, padding=((m - 1, m - 1),))
        wide = ops.reshape(whole, to=(1, n + 2 * m - 2, 1))
        full = ops.reshape(ops.conv(wide, ops.reshape(b, to=(m, 1, 1))), to=(n + m - 1,))
        start, stop = {"full": (0, n + m - 1), "valid": (min(n, m) - 1, max(n, m)), "same": (0, 0)}[self.mode]
        if self.mode == "same":
            start = (min(n, m) - 1) // 2
            stop = start + max(n, m)
        return ops.take(full, axis=0, start=start, stop=stop)
