"""What a CPU runs as one: functions that exports of PyTorch 2.2 and 2.3 have in place of those that were called."""

from typing import Any

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import Ints, cast, function
from layercalc.layers.torch.functions.activation import gelu
from layercalc.layers.torch.functions.attention import scaled_dot_product_attention
from layercalc.layers.torch.functions.linear import linear
from layercalc.layers.torch.functions.normalization import by_batch, layer_norm
from layercalc.layers.torch.functions.pooling import UNREAD
from layercalc.layers.torch.functions.recurrent import GRU, LSTM, RNNS, Stack
from layercalc.ops import Tensor
from layercalc.ops.base import OPS

MODES: dict[int, Stack] = {0: RNNS["rnn_relu"], 1: RNNS["rnn_tanh"], 2: LSTM, 3: GRU}


@function("mkldnn_rnn_layer")
def mkldnn_rnn_layer(
    input: Tensor,
    weight0: Tensor,
    weight1: Tensor,
    weight2: Tensor,
    weight3: Tensor,
    hx_: Tensor,
    cx_: Tensor,
    reverse: bool,
    batch_sizes: Ints,
    mode: int,
    hidden_size: int,
    num_layers: int,
    has_biases: bool,
    bidirectional: bool,
    batch_first: bool,
    train: bool,
) -> Any:
    """One layer in one direction, time first: the output, the states, and what training needs."""
    kind = MODES.get(mode)
    if kind is None or batch_first or bidirectional or num_layers != 1 or batch_sizes:
        raise ShapeError("Only one layer of one direction, whose first axis is time, is read.", "mode")
    own = [weight0, weight1, *([weight2, weight3] if has_biases else [])]
    x = ops.transpose(input, axes=(1, 0, 2))
    wanted = (x.shape[0], weight1.shape[1])
    start = tuple(ops.reshape(one, to=wanted) for one in (hx_, cx_)[: kind.states])
    y, states = kind.pass_over(x, start, own, backwards=reverse)
    ends = [ops.reshape(one, to=(1, *wanted)) for one in (*states, *start)][:2]
    return ops.transpose(y, axes=(1, 0, 2)), *ends, UNREAD


@function("_scaled_dot_product_flash_attention")
def flash_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    return_debug_mask: bool = False,
    scale: float | None = None,
) -> Any:
    """Attention, whose other outputs are for training."""
    made = scaled_dot_product_attention(query, key, value, None, dropout_p, is_causal, scale)
    return made, *(UNREAD,) * 8


@function("_trilinear")
def trilinear(
    i1: Tensor, i2: Tensor, i3: Tensor, expand1: Ints, expand2: Ints, expand3: Ints, sumdim: Ints, unroll_dim: int = 1
) -> Tensor:
    """The product of three tensors that lack the axes `expand`, summed over some."""
    rank = i1.ndim + len(expand1)
    axes = "abcdefghijklmnopqrstuvwxyz"[:rank]
    if any(one.ndim + len(expand) != rank for one, expand in ((i2, expand2), (i3, expand3))) or rank > 26:
        raise ShapeError(f"{text(i1.shape)}, {text(i2.shape)} and {text(i3.shape)} have other axes than are expanded.")
    given = ",".join(without(axes, expand) for expand in (expand1, expand2, expand3))
    return ops.einsum(i1, i2, i3, equation=f"{given}->{without(axes, sumdim)}")


def without(axes: str, places: Ints) -> str:
    return "".join(axis for place, axis in enumerate(axes) if place not in places)


@function("_native_batch_norm_legit.no_stats")
def batch_norm_without_statistics(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, training: bool, momentum: float, eps: float
) -> Any:
    """By the moments of the input, of each channel: what an instance norm is made of."""
    return by_batch(input, weight, bias, eps), UNREAD, UNREAD


@function("_transformer_encoder_layer_fwd")
def transformer_encoder_layer(
    src: Tensor,
    embed_dim: int,
    num_heads: int,
    qkv_weight: Tensor,
    qkv_bias: Tensor,
    proj_weight: Tensor,
    proj_bias: Tensor,
    use_gelu: bool,
    norm_first: bool,
    eps: float,
    norm_weight_1: Tensor,
    norm_bias_1: Tensor,
    norm_weight_2: Tensor,
    norm_bias_2: Tensor,
    ffn_weight_1: Tensor,
    ffn_bias_1: Tensor,
    ffn_weight_2: Tensor,
    ffn_bias_2: Tensor,
    mask: Tensor | None = None,
    mask_type: int | None = None,
) -> Tensor:
    """Attention and two linear layers, each with a sum and a norm."""

    def attended(x: Tensor) -> Tensor:
        samples, places, _ = x.shape
        wide = embed_dim // num_heads
        qkv = ops.reshape(linear(x, qkv_weight, qkv_bias), to=(samples, places, 3, num_heads, wide))
        turned = ops.transpose(qkv, axes=(2, 0, 3, 1, 4))
        q, k, v = (ops.get_item(turned, key=(place,)) for place in range(3))
        y = scaled_dot_product_attention(q, k, v, allowed(mask, mask_type))
        y = ops.reshape(ops.transpose(y, axes=(0, 2, 1, 3)), to=(samples, places, embed_dim))
        return linear(y, proj_weight, proj_bias)

    def fed(x: Tensor) -> Tensor:
        hidden = linear(x, ffn_weight_1, ffn_bias_1)
        return linear(gelu(hidden) if use_gelu else OPS["relu"](hidden), ffn_weight_2, ffn_bias_2)

    def normed(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return layer_norm(x, (embed_dim,), weight, bias, eps)

    if norm_first:
        x = ops.add(src, attended(normed(src, norm_weight_1, norm_bias_1)))
        return ops.add(x, fed(normed(x, norm_weight_2, norm_bias_2)))
    x = normed(ops.add(src, attended(src)), norm_weight_1, norm_bias_1)
    return normed(ops.add(x, fed(x)), norm_weight_2, norm_bias_2)


def allowed(mask: Tensor | None, kind: int | None) -> Tensor | None:
    """What a query may look at, of a mask that is true where it may not; of samples (1), of places (0) or of both."""
    if mask is None:
        return None
    if kind == 1:
        mask = ops.reshape(mask, to=(mask.shape[0], 1, 1, mask.shape[1]))
    return OPS["logical_not"](cast(mask, "bool"))
