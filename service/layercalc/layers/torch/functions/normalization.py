"""Normalisations by given moments or by those of the sample."""

from typing import Any

from layercalc import ops
from layercalc.dims import differ, provably, text
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import Ints, axes_of, function, number
from layercalc.layers.torch.functions.pooling import UNREAD
from layercalc.ops import Tensor
from layercalc.ops.base import OPS


def vectors(x: Tensor, *given: Tensor | None) -> None:
    """Refuse vectors that have not a number for each channel."""
    if x.ndim < 2:
        raise ShapeError(f"Expected a batch and channels; received {text(x.shape)}.")
    for one in given:
        if one is not None and (one.ndim != 1 or differ(one.shape[0], x.shape[1])):
            raise ShapeError(
                f"{text(x.shape)} has {x.shape[1]} channels; a vector to normalise by has shape {text(one.shape)}.",
                "num_features",
            )


def by_moments(
    x: Tensor, weight: Tensor | None, bias: Tensor | None, mean: Tensor | None, var: Tensor | None, eps: float
) -> Tensor:
    """(x − mean) / sqrt(var + eps) · weight + bias, by channel, the second axis."""
    vectors(x, weight, bias, mean, var)
    if mean is None or var is None:
        raise ShapeError("BatchNorm without running statistics takes those of the batch, and is not read.")
    affine = [one for one in (weight, bias) if one is not None]
    how = {"epsilon": eps, "scale": weight is not None, "center": bias is not None}
    return ops.batch_norm(x, mean, var, *affine, axis=1, **how)


def by_batch(x: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    """By the moments of each channel over the whole batch."""
    vectors(x, weight, bias)
    axes = (0, *range(2, x.ndim))
    apart = ops.subtract(x, ops.reduce_mean(x, axes=axes, keepdims=True))
    variance = ops.reduce_mean(OPS["square"](apart), axes=axes, keepdims=True)
    y = ops.multiply(apart, OPS["rsqrt"](ops.add(variance, number(eps, str(x.dtype)))))
    for one, op in ((weight, ops.multiply), (bias, ops.add)):
        if one is not None:
            y = op(y, ops.reshape(one, to=(*one.shape, *(1,) * (x.ndim - 2))))
    return y


@function("batch_norm")
def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """By the running statistics; where there are none, by those of the batch."""
    if training and running_mean is None and running_var is None:
        return by_batch(input, weight, bias, eps)
    if training:
        raise ShapeError("BatchNorm in training mode is not read; export the model after model.eval().", "training")
    return by_moments(input, weight, bias, running_mean, running_var, eps)


@function("_native_batch_norm_legit_no_training")
def batch_norm_no_training(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor,
    running_var: Tensor,
    momentum: float,
    eps: float,
) -> Any:
    """The same in core ATen."""
    return by_moments(input, weight, bias, running_mean, running_var, eps), UNREAD, UNREAD


@function("native_batch_norm", "_native_batch_norm_legit")
def native_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    """The same as older ones have it."""
    return batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, False), UNREAD, UNREAD


@function("_native_batch_norm_legit_functional")
def batch_norm_functional(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor,
    running_var: Tensor,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    """The same where nothing is written over: what the running statistics become are outputs too."""
    made = batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, False)
    return made, UNREAD, UNREAD, UNREAD, UNREAD


@function("instance_norm")
def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """Each channel of each sample by its own moments."""
    vectors(input, weight, bias)
    if not use_input_stats:
        return by_moments(input, weight, bias, running_mean, running_var, eps)
    return group_norm(input, input.shape[1], weight, bias, eps)


@function("group_norm")
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Tensor:
    """Each group of channels by its moments."""
    vectors(input, weight, bias)
    channels = input.shape[1]
    if provably(num_groups < 1) or differ(channels % num_groups, 0):
        raise ShapeError(f"{num_groups} groups cannot share {channels} channels.", "num_groups")
    affine = [one for one in (weight, bias) if one is not None]
    how = {"epsilon": eps, "scale": weight is not None, "center": bias is not None}
    return ops.group_norm(input, *affine, axis=1, groups=num_groups, **how)


@function("native_group_norm")
def native_group_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, N: Any, C: Any, HxW: Any, group: int, eps: float
) -> Any:
    """The same in core ATen."""
    return group_norm(input, group, weight, bias, eps), UNREAD, UNREAD


def trailing(x: Tensor, normalized_shape: Ints) -> tuple[int, ...]:
    """The last axes, which the sizes name."""
    wanted = tuple(normalized_shape)
    found = x.shape[x.ndim - len(wanted) :] if len(wanted) <= x.ndim else ()
    if len(found) != len(wanted) or any(map(differ, found, wanted)):
        raise ShapeError(f"{text(wanted)} are not the last sizes of {text(x.shape)}.", "normalized_shape")
    return tuple(range(x.ndim - len(wanted), x.ndim))


@function("layer_norm")
def layer_norm(
    input: Tensor,
    normalized_shape: Ints,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:
    """By moments over the last axes."""
    axes = trailing(input, normalized_shape)
    affine = [one for one in (weight, bias) if one is not None]
    how = {"axes": axes, "epsilon": eps, "uncentred": False}
    return ops.layer_norm(input, *affine, scale=weight is not None, center=bias is not None, **how)


@function("native_layer_norm")
def native_layer_norm(
    input: Tensor, normalized_shape: Ints, weight: Tensor | None, bias: Tensor | None, eps: float
) -> Any:
    """The same in core ATen."""
    return layer_norm(input, normalized_shape, weight, bias, eps), UNREAD, UNREAD


@function("rms_norm")
def rms_norm(input: Tensor, normalized_shape: Ints, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """X / sqrt(mean(x²) + eps) · weight over the last axes."""
    axes = trailing(input, normalized_shape)
    small = EPSILONS.get(str(input.dtype), 1e-7) if eps is None else eps
    scale = ops.full(tuple(input.shape[axis] for axis in axes), 1, str(input.dtype)) if weight is None else weight
    return ops.rms_norm(input, scale, axes=axes, epsilon=small)


EPSILONS = {"float16": 2**-10, "bfloat16": 2**-7, "float32": 2**-23, "float64": 2**-52}  # torch.finfo(dtype).eps


def norm_of(x: Tensor, p: Any, axes: tuple[int, ...], keepdim: bool) -> Tensor:
    """The p-norm over axes."""
    if p == 2:
        return OPS["sqrt"](ops.reduce_sum(OPS["square"](x), axes=axes, keepdims=keepdim))
    size = OPS["absolute"](x)
    if p == 1:
        return ops.reduce_sum(size, axes=axes, keepdims=keepdim)
    if p == float("inf"):
        return ops.reduce_max(size, axes=axes, keepdims=keepdim)
    if p == float("-inf"):
        return ops.reduce_min(size, axes=axes, keepdims=keepdim)
    if p == 0:
        return ops.cast(ops.count_nonzero(x, axes=axes, keepdims=keepdim), to=str(x.dtype))
    power, root = (number(float(one), str(x.dtype)) for one in (p, 1 / p))
    return OPS["power"](ops.reduce_sum(OPS["power"](size, power), axes=axes, keepdims=keepdim), root)


@function("norm.ScalarOpt_dim", "norm", "norm.Scalar", "linalg_vector_norm")
def norm(
    self: Tensor, p: Any = 2, dim: Any = None, keepdim: bool = False, ord: Any = None, dtype: Any = None
) -> Tensor:
    """The norm of vectors."""
    if dtype is not None and dtype != str(self.dtype):
        raise ShapeError("A norm in another dtype is not read.", "dtype")
    return norm_of(self, (2 if p is None else p) if ord is None else ord, axes_of(dim, self.ndim), keepdim)


@function("weight_norm", "_weight_norm")
def weight_norm(v: Tensor, g: Tensor, dim: int = 0) -> Tensor:
    """A weight by its length and direction: v · g / ‖v‖."""
    axes = tuple(axis for axis in range(v.ndim) if axis != dim % v.ndim)
    return ops.multiply(v, ops.divide(g, norm_of(v, 2, axes, True)))
