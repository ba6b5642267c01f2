"""Operations of a network: products of matrices, normalisation, attention."""

from typing import Any

from layercalc import ops
from layercalc.dims import differ, size, text
from layercalc.errors import ShapeError
from layercalc.layers.fields import Bool, Int, Number, Text
from layercalc.layers.keras.functions.base import Axes, Operation, Sizes, number, operation, tensor
from layercalc.layers.keras.functions.shaping import reshaped
from layercalc.ops import OPS, Tensor
from layercalc.wording import whole


@operation
class Matmul(Operation):
    """The product of matrices, leading axes broadcast; a tensor of one axis is a row or a column."""

    transpose_a = Bool(False)  # TensorFlow's
    transpose_b = Bool(False)

    def compute(self, x1: Any, x2: Any) -> Tensor:
        a, b = tensor(x1, x2), tensor(x2, x1)
        return product(turned(a) if self.transpose_a else a, turned(b) if self.transpose_b else b)


def turned(x: Tensor) -> Tensor:
    """The last two axes in each other's place."""
    if x.ndim < 2:
        raise ShapeError(f"Only a matrix can be transposed; received {text(x.shape)}.")
    return ops.transpose(x, axes=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def product(a: Tensor, b: Tensor) -> Tensor:
    """numpy.matmul: a tensor of one axis is a row or a column."""
    if not a.ndim or not b.ndim:
        raise ShapeError(f"A product of matrices takes axes on both sides; {text(a.shape)} times {text(b.shape)}.")
    row, column = a.ndim == 1, b.ndim == 1
    a = ops.reshape(a, to=(1, *a.shape)) if row else a
    b = ops.reshape(b, to=(*b.shape, 1)) if column else b
    y = ops.matmul(a, b)
    shape = [
        n for place, n in enumerate(y.shape) if not ((row and place == y.ndim - 2) or (column and place == y.ndim - 1))
    ]
    return ops.reshape(y, to=tuple(shape)) if row or column else y


def contracted(a: Tensor, b: Tensor, count: int) -> Tensor:
    """The sum of products over the last `count` axes of a and the first of b."""
    if count > a.ndim or count > b.ndim:
        raise ShapeError(f"{text(a.shape)} and {text(b.shape)} have no {count} axes to sum over.", "axes")
    kept, other = a.shape[: a.ndim - count], b.shape[count:]
    left = ops.reshape(a, to=(size(kept), size(a.shape[a.ndim - count :])))
    right = ops.reshape(b, to=(size(b.shape[:count]), size(other)))
    return ops.reshape(ops.matmul(left, right), to=(*kept, *other))


@operation
class Dot(Operation):
    """numpy.dot: the sum of products over the last axis of the one and the last but one of the other."""

    def compute(self, x1: Any, x2: Any) -> Tensor:
        a, b = tensor(x1, x2), tensor(x2, x1)
        if not a.ndim or not b.ndim:
            return ops.multiply(a, b)
        axis = max(b.ndim - 2, 0)
        return contracted(a, ops.transpose(b, axes=(axis, *(i for i in range(b.ndim) if i != axis))), 1)


@operation
class Inner(Operation):
    """The sum of products over the last axes."""

    def compute(self, x1: Any, x2: Any) -> Tensor:
        a, b = tensor(x1, x2), tensor(x2, x1)
        if not a.ndim or not b.ndim:
            return ops.multiply(a, b)
        return contracted(a, ops.transpose(b, axes=(b.ndim - 1, *range(b.ndim - 1))), 1)


@operation
class Outer(Operation):
    """Every element of the one times every element of the other."""

    def compute(self, x1: Any, x2: Any) -> Tensor:
        a, b = tensor(x1, x2), tensor(x2, x1)
        a, b = reshaped(a, (-1,)), reshaped(b, (-1,))
        return ops.multiply(ops.reshape(a, to=(*a.shape, 1)), ops.reshape(b, to=(1, *b.shape)))


@operation
class Vdot(Operation):
    """The sum of products of all elements."""

    def compute(self, x1: Any, x2: Any) -> Tensor:
        a, b = tensor(x1, x2), tensor(x2, x1)
        return contracted(ops.reshape(a, to=(size(a.shape),)), ops.reshape(b, to=(size(b.shape),)), 1)


class Pairing(Sizes):
    """A number of axes, or two lists of them."""

    def expects(self) -> str:
        return "an integer, or two lists of axes"

    def read(self, value: Any, name: str) -> Any:
        if isinstance(value, list | tuple) and len(value) == 2:
            return tuple(super(Pairing, self).read(one, name) for one in value)
        if not whole(value, 0):
            raise self.refuse(value)
        return value


@operation
class Tensordot(Operation):
    """The sum of products over the last axes of the one and the first of the other, or over pairs of axes."""

    axes = Pairing(2)

    def compute(self, x1: Any, x2: Any) -> Tensor:
        a, b = tensor(x1, x2), tensor(x2, x1)
        if isinstance(self.axes, int):
            return contracted(a, b, self.axes)
        mine, yours = self.axes_of(self.axes[0], a, "axes"), self.axes_of(self.axes[1], b, "axes")
        if len(mine) != len(yours):
            raise ShapeError(f"{len(mine)} axes cannot go with {len(yours)}.", "axes")
        a = ops.transpose(a, axes=(*(i for i in range(a.ndim) if i not in mine), *mine))
        b = ops.transpose(b, axes=(*yours, *(i for i in range(b.ndim) if i not in yours)))
        return contracted(a, b, len(mine))


@operation
class Einsum(Operation):
    """Sums of products by index."""

    subscripts = Text()

    def compute(self, *operands: Any) -> Tensor:
        return ops.einsum(*(tensor(one, *operands) for one in operands), equation=self.subscripts)


@operation
class BatchNorm(Operation):
    """(x − mean) / sqrt(variance + epsilon) · scale + offset along one axis."""

    axis = Int()
    epsilon = Number(0.001)

    def compute(self, x: Any, mean: Any, variance: Any, offset: Any = None, scale: Any = None) -> Tensor:
        x = tensor(x)
        affine = [tensor(one, x) for one in (scale, offset) if one is not None]
        fitting([tensor(mean, x), tensor(variance, x), *affine], (x.shape[self.axis_of(self.axis, x)],))
        how = {"scale": scale is not None, "center": offset is not None, "epsilon": self.epsilon}
        return ops.batch_norm(x, tensor(mean, x), tensor(variance, x), *affine, axis=self.axis_of(self.axis, x), **how)


def fitting(given: list[Tensor], along: Any) -> None:
    """Refuse moments, scales and offsets that have not one number for each position of the axes."""
    for one in given:
        if differ(size(one.shape), size(along)):
            raise ShapeError(f"Expected a scale, offset or moment of shape {text(along)}; received {text(one.shape)}.")


@operation
class LayerNorm(Operation):
    """Normalised by the moments of the axes of each sample."""

    axis = Axes(-1)
    epsilon = Number(None)
    rms_scaling = Bool(False)

    def compute(self, x: Any, gamma: Any = None, beta: Any = None) -> Tensor:
        x = tensor(x)
        affine = [tensor(one, x) for one in (gamma, beta) if one is not None]
        along = tuple(x.shape[axis] for axis in sorted(self.axes_of(self.axis, x)))
        fitting(affine, along)
        how = {"scale": gamma is not None, "center": beta is not None, "uncentred": self.rms_scaling}
        epsilon = 1e-7 if self.epsilon is None else self.epsilon
        return ops.layer_norm(x, *affine, axes=tuple(sorted(self.axes_of(self.axis, x))), epsilon=epsilon, **how)


@operation
class RMSNorm(Operation):
    """x / sqrt(mean(x²) + epsilon) · scale."""

    axis = Axes(-1)
    epsilon = Number(None)

    def compute(self, x: Any, scale: Any = None) -> Tensor:
        x = tensor(x)
        mean = ops.reduce_mean(OPS["square"](x), axes=self.axes_of(self.axis, x), keepdims=True)
        epsilon = 1e-7 if self.epsilon is None else self.epsilon
        y = ops.multiply(x, OPS["rsqrt"](ops.add(mean, tensor(epsilon, mean))))
        return y if scale is None else ops.multiply(y, tensor(scale, y))


@operation
class DotProductAttention(Operation):
    """softmax(query · key) · value for (batch, positions, heads, size) (Vaswani et al. 2017); heads may be shared."""

    is_causal = Bool(False)
    flash_attention = Bool(None)
    attn_logits_soft_cap = Number(None)

    def compute(
        self, query: Any, key: Any, value: Any, bias: Any = None, mask: Any = None, scale: Any = None
    ) -> Tensor:
        q, k, v = (ops.transpose(self.four(tensor(one)), axes=(0, 2, 1, 3)) for one in (query, key, value))
        heads, shared = q.shape[1], k.shape[1]
        if isinstance(heads, int) and isinstance(shared, int) and shared != heads:
            if not shared or heads % shared:
                raise ShapeError(f"{heads} heads of the query cannot share {shared} of the key.")
            k, v = (ops.repeat(one, axis=1, times=heads // shared) for one in (k, v))
        factor = 1 / q.shape[-1] ** 0.5 if scale is None else number(scale, "scale")
        scores = ops.multiply(ops.matmul(q, ops.transpose(k, axes=(0, 1, 3, 2))), tensor(factor, q))
        if bias is not None:
            scores = ops.add(scores, tensor(bias, scores))
        if self.attn_logits_soft_cap is not None:
            cap = tensor(self.attn_logits_soft_cap, scores)
            scores = ops.multiply(OPS["tanh"](ops.divide(scores, cap)), cap)
        keep = [] if mask is None else [tensor(mask)]
        if self.is_causal:
            keep.append(ops.triangle(*scores.shape[-2:]))
        for one in keep:
            scores = ops.select(one, scores, ops.constant(-3.4028234663852886e38 * 0.7, str(scores.dtype)))
        y = ops.matmul(ops.ACTIVATIONS["softmax"](scores, axis=3), v)  # type: ignore[misc]
        return ops.transpose(y, axes=(0, 2, 1, 3))

    def four(self, x: Tensor) -> Tensor:
        if x.ndim != 4:
            raise ShapeError(f"{self.type} takes (batch, positions, heads, size); received {text(x.shape)}.")
        return x


@operation
class CDist(Operation):
    """The Euclidean distance of every row of the one to every row of the other."""

    def compute(self, x: Any, y: Any) -> Tensor:
        a, b = tensor(x, y), tensor(y, x)
        if a.ndim < 2 or b.ndim < 2 or differ(a.shape[-1], b.shape[-1]):
            raise ShapeError(f"CDist takes rows of one length; received {text(a.shape)} and {text(b.shape)}.")
        a = ops.reshape(a, to=(*a.shape[:-1], 1, a.shape[-1]))
        b = ops.reshape(b, to=(*b.shape[:-2], 1, *b.shape[-2:]))
        apart = OPS["square"](ops.subtract(a, b))
        return OPS["sqrt"](ops.reduce_sum(apart, axes=(apart.ndim - 1,)))


WIDEST = 1_000  # channels on one side, each of which is an operation


@operation
class LocalResponseNormalization(Operation):
    """x / (bias + alpha · Σ x² over the channels up to `depth_radius` away)^beta (Krizhevsky et al. 2012)."""

    depth_radius = Int(5, min=0)
    bias = Number(1.0)
    alpha = Number(1.0)
    beta = Number(0.5)

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        if x.ndim != 4:
            raise ShapeError(f"Expected images of four axes; received {text(x.shape)}.")
        dtype, n, radius = str(x.dtype), x.shape[3], self.depth_radius
        if radius > WIDEST:
            raise ShapeError(f"depth_radius is up to {WIDEST:,}; received {radius}.", "depth_radius")
        wide = ops.pad(OPS["square"](x), padding=((0, 0),) * 3 + ((radius, radius),))
        total = ops.take(wide, axis=3, start=0, stop=n)
        for start in range(1, 2 * radius + 1):
            total = ops.add(total, ops.take(wide, axis=3, start=start, stop=start + n))
        base = ops.add(ops.multiply(total, ops.known(self.alpha, dtype)), ops.known(self.bias, dtype))
        return ops.divide(x, OPS["power"](base, ops.known(self.beta, dtype)))


@operation
class Flat(Operation):
    """All axes behind the first as one, as tf.layers.flatten makes it."""

    def compute(self, x: Any) -> Tensor:
        x = tensor(x)
        return ops.reshape(x, to=(x.shape[0], size(x.shape[1:])))
