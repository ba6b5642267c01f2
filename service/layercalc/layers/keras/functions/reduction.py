"""Operations over whole axes, or along one."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import Unknown
from layercalc.errors import ShapeError
from layercalc.layers.fields import Bool, Int, Number
from layercalc.layers.keras.functions.base import AnyDtype, Axes, Operation, named, operation, tensor
from layercalc.layers.keras.functions.elementwise import truth
from layercalc.layers.keras.functions.shaping import reshaped
from layercalc.ops import FLOATS, OPS, Tensor


class Reduction(Operation):
    """One number for all elements of the axes (null: of the tensor)."""

    axis = Axes(None)
    keepdims = Bool(False)
    op: ClassVar[Any]

    def compute(self, x: Any) -> Tensor:
        return self.reduce(self.op, tensor(x))

    def reduce(self, op: Any, x: Tensor, keepdims: bool | None = None) -> Tensor:
        return op(x, axes=self.axes_of(self.axis, x), keepdims=self.keepdims if keepdims is None else keepdims)


@operation
class Sum(Reduction):
    """The sum."""

    op = ops.reduce_sum


@operation
class Mean(Reduction):
    """The mean."""

    op = ops.reduce_mean


@operation
class Prod(Reduction):
    """The product."""

    dtype = AnyDtype()
    op = ops.reduce_prod

    def compute(self, x: Any) -> Tensor:
        y = super().compute(x)
        return y if self.dtype is None else ops.cast(y, to=self.dtype)


class Extreme(Reduction):
    """The largest or smallest, `initial` among them."""

    initial = Number(None)
    pick: ClassVar[Any]

    def compute(self, x: Any) -> Tensor:
        y = super().compute(x)
        return y if self.initial is None else self.pick(y, tensor(self.initial, y))


@operation
class Max(Extreme):
    """The largest."""

    op, pick = ops.reduce_max, ops.maximum


@operation
class Min(Extreme):
    """The smallest."""

    op, pick = ops.reduce_min, ops.minimum


@operation
class Amax(Reduction):
    """The largest."""

    op = ops.reduce_max


@operation
class Amin(Reduction):
    """The smallest."""

    op = ops.reduce_min


@operation
class Ptp(Reduction):
    """The largest less the smallest."""

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        return ops.subtract(self.reduce(ops.reduce_max, x), self.reduce(ops.reduce_min, x))


class Truth(Reduction):
    """Whether elements are not 0."""

    def compute(self, x: Any) -> Tensor:
        return self.reduce(self.op, truth(tensor(x)))


named("Any", Truth, "x", "Whether any element is not 0.", op=ops.reduce_any)


named("All", Truth, "x", "Whether no element is 0.", op=ops.reduce_all)


@operation
class Var(Reduction):
    """The mean of the squared distances from the mean."""

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        centred = ops.subtract(x, self.reduce(ops.reduce_mean, x, keepdims=True))
        return self.reduce(ops.reduce_mean, OPS["square"](centred))


@operation
class Std(Var):
    """The root of the variance."""

    def compute(self, x: Any) -> Tensor:
        return OPS["sqrt"](super().compute(x))


@operation
class Moments(Operation):
    """Mean and variance."""

    axes = Axes()
    keepdims = Bool(False)
    synchronized = Bool(False)

    def compute(self, x: Any) -> tuple[Tensor, Tensor]:
        x = tensor(x)
        axes = self.axes_of(self.axes, x, "axes")
        mean = ops.reduce_mean(x, axes=axes, keepdims=True)
        variance = ops.reduce_mean(OPS["square"](ops.subtract(x, mean)), axes=axes, keepdims=self.keepdims)
        kept = tuple(n for axis, n in enumerate(x.shape) if axis not in axes)
        return (mean if self.keepdims else ops.reshape(mean, to=kept)), variance


@operation
class Logsumexp(Reduction):
    """log Σ exp(x), the largest element taken out first."""

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        most = self.reduce(ops.reduce_max, x, keepdims=True)
        total = self.reduce(ops.reduce_sum, OPS["exp"](ops.subtract(x, most)))
        return ops.add(OPS["log"](total), most if self.keepdims else ops.reshape(most, to=total.shape))


@operation
class CountNonzero(Operation):
    """How many elements are not 0."""

    axis = Axes(None)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        return ops.count_nonzero(x, axes=self.axes_of(self.axis, x))


@operation
class Average(Operation):
    """The mean, weighted."""

    axis = Axes(None)

    def compute(self, x: Any, weights: Any = None) -> Tensor:
        x = tensor(x)
        axes = self.axes_of(self.axis, x)
        if weights is None:
            return ops.reduce_mean(x, axes=axes)
        w = tensor(weights, x)
        if w.ndim != x.ndim:
            if w.ndim != 1 or len(axes) != 1:
                raise ShapeError("Weights have the shape of x, or one axis for the one that is averaged.")
            w = ops.reshape(w, to=tuple(w.shape[0] if axis in axes else 1 for axis in range(x.ndim)))
        total = ops.reduce_sum(ops.broadcast_to(w, to=x.shape), axes=axes)
        return ops.divide(ops.reduce_sum(ops.multiply(x, w), axes=axes), total)


@operation
class Norm(Reduction):
    """A vector norm: Euclidean, or of order 0, 1, 2, … , ±inf; over two axes, Frobenius, 1 or ±inf."""

    ord = Axes(None)
    axis = Axes(None)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        x = x if str(x.dtype) in FLOATS else ops.cast(x, to="float32")
        axes = self.axes_of(self.axis, x)
        if self.ord not in (None, 1, 2) or (self.ord is not None and len(axes) != 1):
            raise ShapeError(f"The norm of order {self.ord} over {len(axes)} axes is not supported.", "ord")
        if self.ord == 1:
            return self.reduce(ops.reduce_sum, OPS["absolute"](x))
        return OPS["sqrt"](self.reduce(ops.reduce_sum, OPS["square"](x)))


class Place(Operation):
    """Where the largest or smallest element stands (null: in the flattened tensor)."""

    axis = Int(None)
    keepdims = Bool(False)
    op: ClassVar[Any]

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        shape = x.shape
        if self.axis is None:
            y = self.op(reshaped(x, (-1,)), axis=0)
            return ops.reshape(y, to=(1,) * len(shape)) if self.keepdims else y
        axis = self.axis_of(self.axis, x)
        y = self.op(x, axis=axis)
        return ops.reshape(y, to=(*shape[:axis], 1, *shape[axis + 1 :])) if self.keepdims else y


@operation
class Argmax(Place):
    """Where the largest stands."""

    op = ops.argmax


@operation
class Argmin(Place):
    """Where the smallest stands."""

    op = ops.argmin


class Line(Operation):
    """Something along one axis (null: the flattened tensor)."""

    axis = Int(None)
    op: ClassVar[Any]

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if self.axis is None:
            return self.op(reshaped(x, (-1,)), axis=0)
        return self.op(x, axis=self.axis_of(self.axis, x))


class SoFar(Line):
    """Sums or products so far."""

    dtype = AnyDtype()

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        return super().compute(x if self.dtype in (None, str(x.dtype)) else ops.cast(x, to=self.dtype))


@operation
class Cumsum(SoFar):
    """Sums so far."""

    op = ops.cumsum


@operation
class Cumprod(SoFar):
    """Products so far."""

    op = ops.cumprod


@operation
class Sort(Line):
    """In ascending order."""

    axis = Int(-1, null=True)
    op = ops.sort


@operation
class Argsort(Line):
    """The places in ascending order."""

    axis = Int(-1, null=True)
    op = ops.argsort


@operation
class TopK(Operation):
    """The k largest of the last axis, and their places."""

    k = Int(min=0)
    sorted = Bool(True)

    def compute(self, x: Any) -> tuple[Tensor, Tensor]:
        x = tensor(x)
        self.axis_of(-1, x)
        if isinstance(x.shape[-1], int) and self.k > x.shape[-1]:
            raise ShapeError(f"The last axis has {x.shape[-1]} elements, fewer than k = {self.k}.", "k")
        places = ops.argsort(OPS["negative"](x), axis=x.ndim - 1)
        places = ops.take(places, axis=x.ndim - 1, start=0, stop=self.k)
        return ops.gather_along(x, places, axis=x.ndim - 1), places


@operation
class Diff(Operation):
    """Each element less the one before it, n times."""

    n = Int(1, min=0)
    axis = Int(-1)

    def compute(self, a: Any) -> Tensor:
        x = tensor(a)
        axis = self.axis_of(self.axis, x)
        for _ in range(min(self.n, 100)):
            size = x.shape[axis]
            if not isinstance(size, Unknown) and size < 1:
                break
            x = ops.subtract(ops.take(x, axis=axis, start=1, stop=size), ops.take(x, axis=axis, start=0, stop=size - 1))
        return x


@operation
class Normalize(Operation):
    """x divided by its norm along an axis (that is at least epsilon)."""

    axis = Axes(-1)
    order = Int(2, min=1)
    epsilon = Number(None)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        axes = self.axes_of(self.axis, x)
        epsilon = 1e-7 if self.epsilon is None else self.epsilon
        if self.order != 2:
            powers = OPS["power"](OPS["absolute"](x), tensor(float(self.order), x))
            norm = OPS["power"](ops.reduce_sum(powers, axes=axes, keepdims=True), tensor(1 / self.order, x))
            return ops.divide(x, ops.maximum(norm, tensor(epsilon, x)))
        square = ops.reduce_sum(OPS["square"](x), axes=axes, keepdims=True)
        return ops.multiply(x, OPS["rsqrt"](ops.maximum(square, tensor(epsilon**2, square))))
