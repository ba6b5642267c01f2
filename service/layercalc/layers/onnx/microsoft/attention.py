"""Attention as ONNX Runtime joins it: projections, heads, masks and earlier keys in one operator."""

import math
from itertools import pairwise
from typing import Any, NamedTuple

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Unknown, differ, most, text, unequal
from layercalc.errors import ShapeError
from layercalc.layers.onnx.attention import Settings, attended, heads_first, heads_last, rotated, seen
from layercalc.layers.onnx.base import Ints, Learned, Maybe, Quantised, Value, operator, sizes
from layercalc.layers.onnx.indexing import TensorScatter, counted, on_axis
from layercalc.layers.onnx.linear import MatMul
from layercalc.layers.onnx.microsoft import MICROSOFT
from layercalc.layers.onnx.microsoft.quantised import scaled
from layercalc.ops import Tensor

FILTER = -10000.0  # what is added for keys that a mask leaves out


def filtered(mask: Tensor, keys: Any, value: float, like: Tensor) -> Tensor:
    """What is added for a mask: ends (batch), ends and then starts, or 1 for each key that may be looked at."""
    dtype = str(like.dtype)
    if mask.ndim == 1:
        batch, n = like.shape[0], mask.shape[0]
        if differ(n, batch, (n, 2 * batch)):
            raise ShapeError(f"A mask of {text(mask.shape)} has no end, or end and start, for each of {batch} samples.")
        ends = ops.cast(mask, to="int64")
        last = on_axis(ops.take(ends, axis=0, start=0, stop=batch), 0, 4)
        inside = ops.less(counted(keys), last)
        if unequal(n, batch):
            first = on_axis(ops.take(ends, axis=0, start=batch, stop=n), 0, 4)
            inside = ops.logical_and(inside, ops.greater_equal(counted(keys), first))
    else:
        inside = ops.not_equal(mask, ops.known(0, str(mask.dtype)))
        if mask.ndim == 4:
            raise ShapeError("A mask of four axes is not read.", "mask_index")
        inside = ops.reshape(inside, to=(mask.shape[0], 1, *((1,) if mask.ndim == 2 else ()), *mask.shape[1:]))
    return ops.select(inside, ops.known(0.0, dtype), ops.known(value, dtype))


def stacked(k: Tensor, v: Tensor) -> Tensor:
    """Keys and values as one tensor, (2, batch, heads, places, size)."""
    return ops.concatenate(*(ops.reshape(one, to=(1, *one.shape)) for one in (k, v)), axis=0)


@operator(1, "Attention", MICROSOFT)
def attention(
    x: Tensor,
    weights: Learned,
    bias: Learned = None,
    mask_index: Tensor = None,
    past: Tensor = None,
    attention_bias: Tensor = None,
    past_sequence_length: Tensor = None,
    *,
    do_rotary: int = 0,
    mask_filter_value: float = FILTER,
    num_heads: int,
    past_present_share_buffer: int = 0,
    qkv_hidden_sizes: Ints | None = None,
    rotary_embedding_dim: int = 0,
    scale: float = 0.0,
    unidirectional: int = 0,
    outputs: int,
) -> Any:
    """Queries, keys and values of one product, and attention between them."""
    if do_rotary or past_present_share_buffer or past_sequence_length is not None:
        raise ShapeError("Attention with rotated positions, or a buffer that past and present share, is not read.")
    if x.ndim != 3 or weights.ndim != 2:
        raise ShapeError(f"Expected (batch, places, channels) and a matrix; received {text(x.shape)}.")
    whole = MatMul(x, weights)
    whole = whole if bias is None else ops.bias_add(whole, bias)
    third = weights.shape[1] // 3
    widths = qkv_hidden_sizes or (third, third, third)
    how = Joined(num_heads, scale or None, bool(unidirectional), mask_filter_value)
    y, k, v = projected(whole, widths, mask_index, past, attention_bias, how)
    return y if outputs == 1 else (y, stacked(k, v))


class Joined(NamedTuple):
    """The attributes of attention that is joined with its projections."""

    heads: int
    scale: float | None
    causal: bool
    low: float


def projected(
    whole: Tensor, widths: Ints, mask: Tensor, past: Tensor, attention_bias: Tensor, how: Joined
) -> tuple[Tensor, Tensor, Tensor]:
    """Attention between parts of one product, and the keys and values so far."""
    parts, start = [], 0
    for width in widths:
        parts.append(heads_first(ops.take(whole, axis=2, start=start, stop=start + width), how.heads))
        start = start + width
    q, k, v = parts
    earlier: Any = 0
    if past is not None:
        earlier = past.shape[3]
        k, v = (ops.concatenate(ops.get_item(past, key=(i,)), one, axis=2) for i, one in ((0, k), (1, v)))
    keys = k.shape[2]
    added = [] if mask is None else [filtered(mask, keys, how.low, q)]
    if how.causal:
        added += seen(q.shape[2], keys, earlier, True, (-1, -1), q)
    added += [] if attention_bias is None else [attention_bias]
    y, _ = attended(q, k, v, added, Settings(how.scale))
    return heads_last(y), k, v


@operator(1, "QAttention", MICROSOFT)
def qattention(
    x: Tensor,
    weight: Quantised,
    bias: Learned,
    input_scale: Value,
    weight_scale: Value,
    mask_index: Tensor = None,
    input_zero_point: Tensor = None,
    weight_zero_point: Tensor = None,
    past: Tensor = None,
    *,
    do_rotary: int = 0,
    mask_filter_value: float = FILTER,
    num_heads: int,
    past_present_share_buffer: int = 0,
    scale: float = 0.0,
    unidirectional: int = 0,
    outputs: int,
) -> Any:
    """Attention whose projections are a product of integers."""
    if do_rotary or past_present_share_buffer:
        raise ShapeError("QAttention with rotated positions, or a buffer that past and present share, is not read.")
    zeros, scales = (input_zero_point, weight_zero_point), (input_scale, weight_scale)
    third = weight.shape[1] // 3
    how = Joined(num_heads, scale or None, bool(unidirectional), mask_filter_value)
    made = scaled(x, weight, zeros, scales, bias)
    y, k, v = projected(made, (third, third, third), mask_index, past, None, how)
    return y if outputs == 1 else (y, stacked(k, v))


def apart(query: Tensor, key: Tensor, value: Tensor, heads: int) -> tuple[Tensor, Tensor, Tensor, bool]:
    """Queries, keys and values with heads before places, and whether keys and values are whole already."""
    if query.ndim == 5:
        return (*(packed(query, i) for i in range(3)), False)
    q = heads_first(query, heads)
    if key is None:
        raise ShapeError("Queries of three axes need keys.")
    if key.ndim == 5:
        return q, packed(key, 0), packed(key, 1), False
    if key.ndim == 4:
        return q, key, value, True
    return q, heads_first(key, heads), heads_first(value, heads), False


def packed(x: Tensor, place: int) -> Tensor:
    """One of (batch, places, heads, parts, size), as (batch, heads, places, size)."""
    return ops.transpose(ops.get_item(x, key=(slice(None), slice(None), slice(None), place)), axes=(0, 2, 1, 3))


@operator(1, "MultiHeadAttention", MICROSOFT)
def multi_head_attention(
    query: Tensor,
    key: Tensor = None,
    value: Tensor = None,
    bias: Learned = None,
    key_padding_mask: Tensor = None,
    attention_bias: Tensor = None,
    past_key: Tensor = None,
    past_value: Tensor = None,
    past_sequence_length: Tensor = None,
    cache_indirection: Tensor = None,
    *,
    mask_filter_value: float = FILTER,
    num_heads: int,
    scale: float = 0.0,
    unidirectional: int = 0,
    outputs: int,
) -> Any:
    """Attention between queries, keys and values that are projected already."""
    if past_sequence_length is not None or cache_indirection is not None:
        raise ShapeError("MultiHeadAttention with a buffer that past and present share is not read.")
    if bias is not None:
        if query.ndim != 3 or key is None or key.ndim != 3 or value is None:
            raise ShapeError("A bias goes with queries, keys and values of three axes.")
        start, biased = 0, []
        for one in (query, key, value):
            own = ops.take(bias, axis=0, start=start, stop=start + one.shape[2])
            biased.append(ops.bias_add(one, own))
            start = start + one.shape[2]
        query, key, value = biased
    q, k, v, whole = apart(query, key, value, num_heads)
    earlier: Any = 0
    if past_key is not None and not whole:
        earlier = past_key.shape[2]
        k, v = ops.concatenate(past_key, k, axis=2), ops.concatenate(past_value, v, axis=2)
    keys = k.shape[2]
    added = [] if key_padding_mask is None else [filtered(key_padding_mask, keys, mask_filter_value, q)]
    if unidirectional:
        added += seen(q.shape[2], keys, earlier, True, (-1, -1), q)
    added += [] if attention_bias is None else [attention_bias]
    y, scores = attended(q, k, v, added, Settings(scale or None))
    return (heads_last(y), k, v, scores)[:outputs] if outputs > 1 else heads_last(y)


@operator(1, "GroupQueryAttention", MICROSOFT, hidden=(3,))
def group_query_attention(
    query: Tensor,
    key: Maybe,
    value: Maybe,
    past_key: Maybe,
    past_value: Maybe,
    seqlens_k: Tensor,
    total_sequence_length: Value,
    cos_cache: Tensor = None,
    sin_cache: Tensor = None,
    position_ids: Tensor = None,
    attention_bias: Tensor = None,
    head_sink: Tensor = None,
    *,
    do_rotary: int = 0,
    kv_num_heads: int,
    local_window_size: int = -1,
    num_heads: int,
    qk_output: int = 0,
    rotary_interleaved: int = 0,
    scale: float = 0.0,
    smooth_softmax: int = -1,
    softcap: float = 0.0,
    k_quant_type: str = "NONE",
    v_quant_type: str = "NONE",
    kv_cache_bit_width: int = 0,
    outputs: int,
) -> Any:
    """Causal attention whose heads share keys, which are kept from step to step (Ainslie et al. 2023)."""
    if head_sink is not None or smooth_softmax > 0 or k_quant_type != "NONE" or v_quant_type != "NONE":
        raise ShapeError("GroupQueryAttention with a sink, or with quantised keys, is not read.")
    if query.ndim != 3:
        raise ShapeError(f"Queries are (batch, places, channels); received {text(query.shape)}.")
    batch, places, _ = query.shape
    if key is None:
        size = query.shape[2] // (num_heads + 2 * kv_num_heads)
        ends = [0, num_heads * size, (num_heads + kv_num_heads) * size, (num_heads + 2 * kv_num_heads) * size]
        query, key, value = (ops.take(query, axis=2, start=a, stop=b) for a, b in pairwise(ends))
    q, k, v = (heads_first(x, n) for x, n in ((query, num_heads), (key, kv_num_heads), (value, kv_num_heads)))
    total = sizes(total_sequence_length)[0]
    total = total if isinstance(total, Unknown) else int(total)
    filled = ops.add(ops.reshape(ops.cast(seqlens_k, to="int64"), to=(batch,)), ops.known(1, "int64"))
    first = not isinstance(total, Unknown) and not isinstance(places, Unknown) and total == places
    earlier = ops.subtract(filled, ops.known(np.array(places, object), "int64"))
    if first:
        earlier = ops.full((batch,), 0, "int64")
    if do_rotary:
        if cos_cache is None or sin_cache is None:
            raise ShapeError("Rotated positions need cos_cache and sin_cache.", "do_rotary")
        at = ops.add(on_axis(earlier, 0, 2), on_axis(counted(places), 1, 2))
        at = at if position_ids is None else position_ids
        q, k = (turned(x, cos_cache, sin_cache, at, bool(rotary_interleaved)) for x in (q, k))
    keys, values = (kept(past, new, earlier, filled, total) for past, new in ((past_key, k), (past_value, v)))
    window = (local_window_size - 1 if local_window_size > 0 else -1, -1)
    added = seen(places, keys.shape[2], earlier, True, window, q)
    added += [] if attention_bias is None else [attention_bias]
    y, _ = attended(q, keys, values, added, Settings(scale or None, softcap=softcap))
    return heads_last(y) if outputs == 1 else (heads_last(y), keys, values)[:outputs]


def kept(past: Tensor, new: Tensor, at: Tensor, filled: Tensor, total: Any) -> Tensor:
    """Earlier keys with the new ones put where those of each sample end, and zeros behind."""
    length = total if past is None else most(past.shape[2], total)
    if past is None:
        cache = ops.full((*new.shape[:2], length, new.shape[3]), 0.0, str(new.dtype))
    elif isinstance(length, Unknown):
        cache = ops.take(past, axis=2, start=0, stop=length)
    else:
        more = length - past.shape[2]
        cache = ops.pad(past, padding=((0, 0), (0, 0), (0, more), (0, 0))) if more else past
    made = TensorScatter(cache, new, at, axis=2)
    if past is None:
        return made
    there = ops.less(on_axis(counted(length), 2, 4), on_axis(filled, 0, 4))
    return ops.select(there, made, ops.known(0.0, str(new.dtype)))


def turned(x: Tensor, cos: Tensor, sin: Tensor, at: Tensor, interleaved: bool, dim: int = 0) -> Tensor:
    """(batch, heads, places, size) with the channels of each head turned by its place."""
    wide = dim or 2 * cos.shape[1]
    flat = ops.transpose(x, axes=(0, 2, 1, 3))
    return ops.transpose(rotated(flat, cos, sin, at, interleaved, wide), axes=(0, 2, 1, 3))


@operator(1, "RotaryEmbedding", MICROSOFT)
def rotary_embedding(
    x: Tensor,
    position_ids: Tensor,
    cos_cache: Tensor,
    sin_cache: Tensor,
    *,
    interleaved: int = 0,
    is_packed_batching: int = 0,
    num_heads: int = 0,
    rotary_embedding_dim: int = 0,
    scale: float = 1.0,
) -> Tensor:
    """Pairs of channels turned by an angle for each place; one position is that of the first place."""
    if is_packed_batching or scale != 1.0 or x.ndim not in (3, 4):
        raise ShapeError("RotaryEmbedding of packed batches, or scaled, is not read.")
    if x.ndim == 3:
        size = 2 * cos_cache.shape[1] if not rotary_embedding_dim else x.shape[2] // max(num_heads, 1)
        heads = num_heads or x.shape[2] // size
        of = heads_first(x, heads)
    else:
        of = x
    batch, _, places, _ = of.shape
    at = position_ids
    if at.ndim == 1 or not unequal(at.shape[0] * at.shape[1], 1):
        at = ops.add(ops.reshape(at, to=(1, 1)), on_axis(counted(places), 1, 2))
        at = ops.broadcast_to(at, to=(batch, places))
    made = turned(of, cos_cache, sin_cache, at, bool(interleaved), rotary_embedding_dim)
    return heads_last(made) if x.ndim == 3 else made


@operator(1, "RelativePositionBias", MICROSOFT)
def relative_position_bias(
    bias_table: Learned, query_length: Value, key_length: Value, *, is_bidirectional: int = 0, max_distance: int
) -> Tensor:
    """A number for each head and distance, by buckets (Raffel et al. 2020, T5): (1, heads, rows, columns)."""
    rows, columns = sizes(query_length)[0], sizes(key_length)[0]
    buckets, heads = bias_table.shape
    if any(isinstance(n, Unknown) for n in (rows, columns, buckets)):
        return ops.full((1, heads, rows, columns), 0.0, str(bias_table.dtype))

    def make() -> np.ndarray:
        apart = np.arange(columns)[None] - np.arange(rows)[:, None]
        return bucket(apart, buckets, bool(is_bidirectional), max_distance)

    number = ops.built(make, (rows, columns), "int64")
    made = ops.transpose(ops.gather(bias_table, number, axis=0), axes=(2, 0, 1))
    return ops.reshape(made, to=(1, *made.shape))


def bucket(apart: np.ndarray, buckets: int, both: bool, furthest: int) -> np.ndarray:
    """The number of a distance: each near one has its own, far ones share by their logarithm."""
    base = np.zeros_like(apart)
    if both:
        buckets //= 2
        base = np.where(apart > 0, buckets, 0)
        apart = np.abs(apart)
    else:
        apart = np.maximum(-apart, 0)
    near = buckets // 2
    with np.errstate(divide="ignore"):
        share = np.log(apart.astype(np.float32) / near) / math.log(furthest / near)
    far = near + (np.nan_to_num(share, neginf=0.0) * (buckets - near)).astype(np.int64)
    return base + np.where(apart < near, apart, np.minimum(far, buckets - 1))
