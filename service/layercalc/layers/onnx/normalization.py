"""Normalisation."""

from typing import Any

from layercalc import ops
from layercalc.dims import Unknown, differ, equal, known, text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Ints, Learned, Statistic, axes_of, axis_of, operator
from layercalc.ops import Tensor
from layercalc.ops.base import OPS


def normalised(x: Tensor, scale: Tensor, b: Tensor, mean: Tensor, var: Tensor, epsilon: float) -> Tensor:
    """(x − mean) / sqrt(var + epsilon) · scale + b, by channel, the second axis."""
    of_channels(x, scale, b, mean, var)
    how = {"epsilon": epsilon, "scale": True, "center": True}
    return ops.batch_norm(x, mean, var, scale, b, axis=1, **how)


def of_channels(x: Tensor, *vectors: Tensor) -> None:
    """Refuse vectors that have not a number for each channel."""
    if x.ndim < 2:
        raise ShapeError(f"Expected a batch and channels; received {text(x.shape)}.")
    for one in vectors:
        if one.ndim != 1 or differ(one.shape[0], x.shape[1]):
            raise ShapeError(f"{text(x.shape)} has {x.shape[1]} channels; a vector has shape {text(one.shape)}.")


@operator(1, "BatchNormalization")
def batch_normalization_7(
    x: Tensor,
    scale: Learned,
    b: Learned,
    mean: Statistic,
    var: Statistic,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    spatial: int = 1,
    is_test: int | None = None,
    consumed_inputs: Ints | None = None,
    outputs: int,
) -> Tensor:
    """By given moments; before opset 14 a node of several outputs is one that trains."""
    if outputs > 1 or not spatial:
        raise ShapeError("BatchNormalization in training mode, or not spatial, is not read.")
    return normalised(x, scale, b, mean, var, epsilon)


@operator(14)
def BatchNormalization(
    x: Tensor,
    scale: Learned,
    b: Learned,
    mean: Statistic,
    var: Statistic,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
    training_mode: int = 0,
) -> Any:
    """By given moments; in training mode by those of the batch, and then come what the given ones are from now on."""
    if not training_mode:
        return normalised(x, scale, b, mean, var, epsilon)
    of_channels(x, scale, b, mean, var)
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    own = ops.reduce_mean(x, axes=axes, keepdims=True)
    spread = ops.reduce_mean(OPS["square"](ops.subtract(x, own)), axes=axes)
    own = ops.reshape(own, to=(x.shape[1],))
    new = [
        ops.add(
            ops.multiply(old, ops.known(momentum, str(old.dtype))),
            ops.multiply(now, ops.known(1 - momentum, str(now.dtype))),
        )
        for old, now in ((mean, own), (var, spread))
    ]
    return normalised(x, scale, b, own, spread, epsilon), *new


@operator(1)
def InstanceNormalization(x: Tensor, scale: Tensor, b: Tensor, *, epsilon: float = 1e-5) -> Tensor:
    """Each channel of each sample by its own moments."""
    of_channels(x, scale, b)
    return ops.group_norm(x, scale, b, axis=1, groups=x.shape[1], epsilon=epsilon, scale=True, center=True)


def grouped(x: Tensor, scale: Tensor, b: Tensor, num_groups: int, epsilon: float) -> Tensor:
    of_channels(x, scale, b)
    channels = x.shape[1]
    if num_groups < 1 or differ(channels % num_groups, 0):
        raise ShapeError(f"{num_groups} groups cannot share {channels} channels.", "num_groups")
    return ops.group_norm(x, scale, b, axis=1, groups=num_groups, epsilon=epsilon, scale=True, center=True)


@operator(18, "GroupNormalization")
def group_normalization_18(x: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float = 1e-5, num_groups: int) -> Tensor:
    """Each group of channels by its moments; scale and bias are those of groups."""
    if isinstance(x.shape[1], Unknown) or num_groups < 1 or x.shape[1] % num_groups:
        raise ShapeError(f"{num_groups} groups cannot share {x.shape[1]} channels.", "num_groups")
    each = x.shape[1] // num_groups
    wide = [ops.reshape(ops.repeat(one, axis=0, times=each), to=(x.shape[1],)) for one in (scale, bias)]
    return grouped(x, wide[0], wide[1], num_groups, epsilon)


@operator(21)
def GroupNormalization(
    x: Tensor, scale: Tensor, bias: Tensor, *, epsilon: float = 1e-5, num_groups: int, stash_type: int = 1
) -> Tensor:
    """Each group of channels by its moments; scale and bias are those of channels."""
    return grouped(x, scale, bias, num_groups, epsilon)


@operator(17)
def LayerNormalization(
    x: Tensor,
    scale: Tensor,
    b: Tensor = None,
    *,
    axis: int = -1,
    epsilon: float = 1e-5,
    stash_type: int = 1,
    outputs: int,
) -> Any:
    """By moments over the axes from one on."""
    axes = tuple(range(axis_of(axis, x.ndim), x.ndim))
    own = tuple(x.shape[i] for i in axes)
    lies = len(own) == scale.ndim and known(own) and all(map(equal, own, scale.shape))
    how = {"axes": axes, "epsilon": epsilon, "uncentred": False}
    if lies and (b is None or b.shape == scale.shape):
        y = ops.layer_norm(x, *([scale] if b is None else [scale, b]), scale=True, center=b is not None, **how)
    else:
        y = ops.multiply(ops.layer_norm(x, scale=False, center=False, **how), scale)
        y = y if b is None else ops.add(y, b)
    if outputs == 1:
        return y
    mean = ops.reduce_mean(x, axes=axes, keepdims=True)
    apart = ops.subtract(x, mean)
    variance = ops.reduce_mean(OPS["square"](apart), axes=axes, keepdims=True)
    deviation = OPS["sqrt"](ops.add(variance, ops.known(epsilon, str(x.dtype))))
    return y, mean, OPS["reciprocal"](deviation)


@operator(23)
def RMSNormalization(x: Tensor, scale: Tensor, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1) -> Tensor:
    """X / sqrt(mean(x²) + epsilon) · scale, over the axes from one on."""
    axes = tuple(range(axis_of(axis, x.ndim), x.ndim))
    return ops.rms_norm(x, scale, axes=axes, epsilon=epsilon)


@operator(9)
def MeanVarianceNormalization(x: Tensor, *, axes: Ints = (0, 2, 3)) -> Tensor:
    """To mean 0 and variance 1 over some axes."""
    where = axes_of(axes, x.ndim)
    apart = ops.subtract(x, ops.reduce_mean(x, axes=where, keepdims=True))
    variance = ops.reduce_mean(OPS["square"](apart), axes=where, keepdims=True)
    return ops.divide(apart, ops.add(OPS["sqrt"](variance), ops.known(1e-9, str(x.dtype))))


@operator(1)
def LpNormalization(x: Tensor, *, axis: int = -1, p: int = 2) -> Tensor:
    """X by its norm along an axis; 0 where that is."""
    place = (axis_of(axis, x.ndim),)
    if p not in (1, 2):
        raise ShapeError(f"p is 1 or 2, not {p}.", "p")
    inner = OPS["absolute" if p == 1 else "square"](x)
    total = ops.reduce_sum(inner, axes=place, keepdims=True)
    return OPS["divide_no_nan"](x, total if p == 1 else OPS["sqrt"](total))


@operator(1)
def LRN(x: Tensor, *, alpha: float = 1e-4, beta: float = 0.75, bias: float = 1.0, size: int) -> Tensor:
    """X / (bias + alpha / size · Σ x² over the channels near by) ^ beta (Krizhevsky et al. 2012)."""
    dtype = str(x.dtype)
    if not 1 <= size <= WIDEST:
        raise ShapeError(f"size is 1 to {WIDEST}; received {size}.", "size")
    around = ((size - 1) // 2, size - 1 - (size - 1) // 2)
    wide = ops.pad(OPS["square"](x), padding=tuple(around if axis == 1 else (0, 0) for axis in range(x.ndim)))
    n, total = x.shape[1], None
    for start in range(size):
        part = ops.take(wide, axis=1, start=start, stop=start + n)
        total = part if total is None else ops.add(total, part)
    base = ops.add(ops.multiply(total, ops.known(alpha / size, dtype)), ops.known(bias, dtype))
    return ops.divide(x, OPS["power"](base, ops.known(beta, dtype)))


WIDEST = 1_000  # channels
