"""Normalisation of sums that skip connections and embeddings make."""

from typing import Any

from layercalc import ops
from layercalc.dims import differ, text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Learned, Maybe, operator
from layercalc.layers.onnx.indexing import counted
from layercalc.layers.onnx.microsoft import MICROSOFT
from layercalc.ops import Tensor
from layercalc.ops.base import OPS


def skipped(x: Tensor, skip: Tensor, bias: Tensor) -> Tensor:
    """The sum that a skip connection makes."""
    made = ops.add(x, skip)
    return made if bias is None else ops.add(made, bias)


@operator(1, "SkipLayerNormalization", MICROSOFT, hidden=(1, 2))
def skip_layer_normalization(
    x: Tensor,
    skip: Tensor,
    gamma: Learned,
    beta: Learned = None,
    bias: Learned = None,
    *,
    epsilon: float = 9.999999960041972e-13,
    outputs: int,
) -> Any:
    """LayerNormalization of a sum; the fourth output is the sum."""
    total = skipped(x, skip, bias)
    if gamma.ndim != 1 or x.ndim < 2:
        raise ShapeError(f"Expected a vector of weights; received {text(gamma.shape)}.")
    how = {"axes": (total.ndim - 1,), "epsilon": epsilon, "uncentred": False}
    vectors = [gamma] if beta is None else [gamma, beta]
    y = ops.layer_norm(total, *vectors, scale=True, center=beta is not None, **how)
    return with_sum(y, total, outputs)


@operator(1, "SkipSimplifiedLayerNormalization", MICROSOFT, hidden=(1, 2))
def skip_simplified_layer_normalization(
    x: Tensor,
    skip: Tensor,
    gamma: Learned,
    bias: Learned = None,
    *,
    epsilon: float = 9.999999960041972e-13,
    outputs: int,
) -> Any:
    """The same by the root mean square alone."""
    total = skipped(x, skip, bias)
    return with_sum(ops.rms_norm(total, gamma, axes=(total.ndim - 1,), epsilon=epsilon), total, outputs)


def with_sum(y: Tensor, total: Tensor, outputs: int) -> Any:
    """The result, and the sum as fourth output; the two between are of training, and no node may name them."""
    return y if outputs == 1 else (y, total, total, total)


@operator(1, "SimplifiedLayerNormalization")
def simplified_layer_normalization(
    x: Tensor, scale: Learned, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Tensor:
    """By the root mean square over the axes from one on; ONNX Runtime writes it in the default domain."""
    return ops.rms_norm(x, scale, axes=tuple(range(axis % x.ndim, x.ndim)), epsilon=epsilon)


@operator(1, "EmbedLayerNormalization", MICROSOFT)
def embed_layer_normalization(
    input_ids: Tensor,
    segment_ids: Maybe,
    word_embedding: Learned,
    position_embedding: Learned,
    segment_embedding: Maybe,
    gamma: Learned,
    beta: Learned,
    mask: Tensor = None,
    position_ids: Tensor = None,
    *,
    epsilon: float = 9.999999960041972e-13,
    mask_index_type: int = 0,
    outputs: int,
) -> Any:
    """LayerNormalization of the sum of embeddings; how many places of each sample the mask lets in; and the sum."""
    if input_ids.ndim != 2:
        raise ShapeError(f"The words are (batch, places); received {text(input_ids.shape)}.")
    words = ops.gather(word_embedding, input_ids, axis=0)
    at = counted(input_ids.shape[1]) if position_ids is None else position_ids
    total = ops.add(words, ops.gather(position_embedding, at, axis=0))
    if segment_embedding is not None:
        of = ops.full(input_ids.shape, 0, "int32") if segment_ids is None else segment_ids
        total = ops.add(total, ops.gather(segment_embedding, of, axis=0))
    how = {"axes": (2,), "epsilon": epsilon, "uncentred": False}
    y = ops.layer_norm(total, gamma, beta, scale=True, center=True, **how)
    if outputs == 1:
        return y
    batch = (input_ids.shape[0],)
    count = ops.full(batch, 0, "int32") if mask is None else ops.reduce_sum(ops.cast(mask, to="int32"), axes=(1,))
    return y, count, total


def normed(
    x: Tensor, gamma: Tensor, beta: Tensor, channels_last: int, groups: int, epsilon: float, activation: int
) -> Tensor:
    """Groups of channels by their moments, and SiLU where it is asked for."""
    axis = x.ndim - 1 if channels_last else 1
    channels = x.shape[axis]
    if groups < 1 or differ(channels % groups, 0):
        raise ShapeError(f"{groups} groups cannot share {channels} channels.", "groups")
    y = ops.group_norm(x, gamma, beta, axis=axis, groups=groups, epsilon=epsilon, scale=True, center=True)
    return OPS["silu"](y) if activation else y


@operator(1, "GroupNorm", MICROSOFT)
def group_norm(
    x: Tensor,
    gamma: Learned,
    beta: Learned,
    *,
    activation: int,
    channels_last: int = 1,
    epsilon: float = 9.999999747378752e-06,
    groups: int,
) -> Tensor:
    """Each group of channels by its moments, and SiLU."""
    return normed(x, gamma, beta, channels_last, groups, epsilon, activation)


@operator(1, "SkipGroupNorm", MICROSOFT)
def skip_group_norm(
    x: Tensor,
    gamma: Learned,
    beta: Learned,
    skip: Tensor,
    bias: Learned = None,
    *,
    activation: int,
    channels_last: int = 1,
    epsilon: float = 9.999999747378752e-06,
    groups: int,
) -> Any:
    """The same of a sum; the second output is the sum."""
    if skip.ndim == 2:
        skip = ops.reshape(skip, to=(skip.shape[0], *(1,) * (x.ndim - 2), skip.shape[1]))
    total = skipped(x, skip, bias)
    return normed(total, gamma, beta, channels_last, groups, epsilon, activation), total
