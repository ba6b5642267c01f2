"""Attention, and the rotation of positions that goes before it."""

import math
from typing import Any, NamedTuple

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Unknown, differ, known, text, unequal
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import operator
from layercalc.layers.onnx.indexing import counted, on_axis
from layercalc.ops import Tensor
from layercalc.ops.activation import ACTIVATIONS
from layercalc.ops.base import OPS

SOFTMAX: Any = ACTIVATIONS["softmax"]
RAW, CAPPED, BIASED, SHARES = range(4)  # qk_matmul_output_mode: what the fourth output is


class Settings(NamedTuple):
    """The attributes of attention that bear on its arithmetic."""

    scale: float | None = None
    is_causal: bool = False
    window: tuple[int, int] = (-1, -1)
    softcap: float = 0.0
    mode: int = RAW


def heads_first(x: Tensor, heads: int) -> Tensor:
    """(batch, places, heads · size) as (batch, heads, places, size)."""
    batch, places, wide = x.shape
    if isinstance(heads, Unknown):
        raise ShapeError(f"How many heads share the channels of {text(x.shape)} must be known.")
    if heads < 1 or differ(wide % heads, 0):
        raise ShapeError(f"{heads} heads cannot share {wide} channels of {text(x.shape)}.")
    return ops.transpose(ops.reshape(x, to=(batch, places, heads, wide // heads)), axes=(0, 2, 1, 3))


def heads_last(x: Tensor) -> Tensor:
    """And back again."""
    batch, heads, places, size = x.shape
    return ops.reshape(ops.transpose(x, axes=(0, 2, 1, 3)), to=(batch, places, heads * size))


def scalar(value: float, like: Tensor) -> Tensor:
    return ops.known(value, str(like.dtype))


def additive(mask: Tensor, like: Tensor) -> Tensor:
    """A mask of truths as what is added: 0 where it is true, else −∞."""
    return ops.select(mask, scalar(0.0, like), scalar(-math.inf, like)) if str(mask.dtype) == "bool" else mask


def attended(q: Tensor, k: Tensor, v: Tensor, bias: list[Tensor], how: Settings) -> tuple[Tensor, Tensor]:
    """softmax(q · kᵀ + bias) · v over (batch, heads, places, size), and the scores that the mode asks for."""
    if unequal(q.shape[1], k.shape[1]):  # each head of keys serves several of queries
        if isinstance(k.shape[1], Unknown) or k.shape[1] < 1 or q.shape[1] % k.shape[1]:
            raise ShapeError(f"{q.shape[1]} heads of queries cannot share {k.shape[1]} of keys.")
        times = q.shape[1] // k.shape[1]
        k, v = (ops.repeat(one, axis=1, times=times) for one in (k, v))
    size = q.shape[3]
    root = math.sqrt(how.scale) if how.scale is not None else float(size) ** -0.25 if isinstance(size, int) else 0.0
    turned = ops.transpose(k, axes=(0, 1, 3, 2))
    scores = ops.matmul(ops.multiply(q, scalar(root, q)), ops.multiply(turned, scalar(root, q)))
    shown = scores
    if how.softcap > 0:
        cap = scalar(how.softcap, q)
        scores = ops.multiply(OPS["tanh"](ops.divide(scores, cap)), cap)
        shown = scores if how.mode == CAPPED else shown
    for one in bias:
        scores = ops.add(scores, one)
    shown = scores if how.mode == BIASED else shown
    shares = SOFTMAX(scores, axis=-1)
    if bias:  # a query that may look at nothing takes nothing
        shares = ops.select(OPS["isnan"](shares), scalar(0.0, q), shares)
    shown = shares if how.mode == SHARES else shown
    return ops.matmul(shares, v), shown


def up_to(q: Any, k: Any, offset: Any) -> Tensor:
    """Whether a query looks at a key: at those up to its own place, which is `offset` further on, for each sample."""
    if not getattr(offset, "ndim", 0):
        return ops.triangle(q, k, offset)
    further = ops.subtract(on_axis(counted(k), 1, 2), on_axis(counted(q), 0, 2))
    return ops.less_equal(further, on_axis(offset, 0, 4))


def moved(offset: Any, by: int) -> Any:
    """An offset, of all samples or of each, some places on."""
    return ops.add(offset, ops.known(by, "int64")) if getattr(offset, "ndim", 0) else offset + by


def seen(q: Any, k: Any, offset: Any, is_causal: bool, window: tuple[int, int], like: Tensor) -> list[Tensor]:
    """What is added for keys that come later than a query or are too far from it; −1 is no bound."""
    left, right = window
    bias = [up_to(q, k, offset)] if is_causal else []
    if left >= 0:
        bias.append(ops.logical_not(up_to(q, k, moved(offset, -left - 1))))
    if right >= 0:
        bias.append(up_to(q, k, moved(offset, right)))
    return [additive(one, like) for one in bias]


def masked(mask: Tensor, keys: Any, like: Tensor) -> Tensor:
    """A mask as what is added; keys that it has no place for are left out."""
    made = additive(mask, like)
    n = mask.shape[-1]
    if isinstance(n, Unknown) or isinstance(keys, Unknown) or n >= keys:
        return made
    around = tuple((0, keys - n) if axis == mask.ndim - 1 else (0, 0) for axis in range(mask.ndim))
    return ops.pad(made, padding=around, value=-math.inf)


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor,
    past: tuple[Tensor, Tensor],
    heads: tuple[Any, Any],
    how: Settings,
    filled: Tensor = None,
) -> Any:
    """The four outputs: the result, keys and values so far, and scores.

    `filled` are how many keys of each sample there are, where they stand in a tensor that has place for more.
    """
    if {q.ndim, k.ndim, v.ndim} not in ({3}, {4}):
        raise ShapeError(f"Expected three or four axes; received {text(q.shape)}, {text(k.shape)}, {text(v.shape)}.")
    flat = q.ndim == 3
    if flat:
        if None in heads:
            raise ShapeError("Tensors of three axes need q_num_heads and kv_num_heads.")
        q, k, v = heads_first(q, heads[0]), heads_first(k, heads[1]), heads_first(v, heads[1])
    offset: Any = 0
    if (past[0] is None) != (past[1] is None):
        raise ShapeError("Earlier keys and values are given together.")
    if past[0] is not None:
        offset = past[0].shape[2]
        k, v = ops.concatenate(past[0], k, axis=2), ops.concatenate(past[1], v, axis=2)
    bias = [] if mask is None else [masked(mask, k.shape[2], q)]
    if filled is not None:
        if past[0] is not None:
            raise ShapeError("Earlier keys and nonpad_kv_seqlen are not given together.")
        offset = ops.subtract(filled, ops.known(np.array(q.shape[2], object), "int64"))
    bias += seen(q.shape[2], k.shape[2], offset, how.is_causal, how.window, q)
    if filled is not None:
        there = ops.less(counted(k.shape[2]), on_axis(filled, 0, 4))
        bias.append(additive(there, q))
    y, shown = attended(q, k, v, bias, how)
    return heads_last(y) if flat else y, k, v, shown


@operator(23)
def Attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_mask: Tensor = None,
    past_key: Tensor = None,
    past_value: Tensor = None,
    nonpad_kv_seqlen: Tensor = None,
    *,
    is_causal: int = 0,
    kv_num_heads: int | None = None,
    q_num_heads: int | None = None,
    qk_matmul_output_mode: int = 0,
    scale: float | None = None,
    softcap: float = 0.0,
    softmax_precision: int | None = None,
    left_window_size: int = -1,
    right_window_size: int = -1,
    outputs: int,
) -> Any:
    """Vaswani et al. 2017, with grouped heads, earlier keys and values, and a cap on the scores."""
    window = (left_window_size, right_window_size)
    if min(window) < -1:
        raise ShapeError(f"The sizes of a window are at least 0, or −1; received {list(window)}.", "left_window_size")
    if qk_matmul_output_mode not in (RAW, CAPPED, BIASED, SHARES):
        raise ShapeError(f"qk_matmul_output_mode is 0 to 3, not {qk_matmul_output_mode}.", "qk_matmul_output_mode")
    if scale is not None and scale < 0:
        raise ShapeError("A scale below 0 is not read.", "scale")
    how = Settings(scale, bool(is_causal), window, softcap, qk_matmul_output_mode)
    heads = (q_num_heads, kv_num_heads)
    made = attention(q, k, v, attn_mask, (past_key, past_value), heads, how, nonpad_kv_seqlen)
    return made[:outputs]


@operator(23)
def RotaryEmbedding(
    x: Tensor,
    cos_cache: Tensor,
    sin_cache: Tensor,
    position_ids: Tensor = None,
    *,
    interleaved: int = 0,
    num_heads: int = 0,
    rotary_embedding_dim: int = 0,
) -> Tensor:
    """Pairs of channels turned by an angle for each place (Su et al. 2021, arXiv:2104.09864)."""
    if x.ndim not in (3, 4):
        raise ShapeError(f"Expected three or four axes; received {text(x.shape)}.")
    if x.ndim == 3:
        if num_heads < 1:
            raise ShapeError("A tensor of three axes needs num_heads.", "num_heads")
        batch, places, wide = x.shape
        apart = ops.reshape(x, to=(batch, places, num_heads, wide // num_heads))
    else:
        apart = ops.transpose(x, axes=(0, 2, 1, 3))
    turned = rotated(apart, cos_cache, sin_cache, position_ids, bool(interleaved), rotary_embedding_dim)
    return ops.reshape(turned, to=x.shape) if x.ndim == 3 else ops.transpose(turned, axes=(0, 2, 1, 3))


def rotated(x: Tensor, cos: Tensor, sin: Tensor, places: Tensor, interleaved: bool, dim: int) -> Tensor:
    """(batch, places, heads, size) with the first `dim` channels of each head turned; 0: all of them."""
    size = x.shape[3]
    wide = size if isinstance(dim, int) and dim == 0 else dim
    if isinstance(wide, Unknown) or wide % 2:
        raise ShapeError(f"Pairs of channels are turned; {wide} cannot be paired.")
    if places is not None:
        cos, sin = (ops.gather(one, places, axis=0) for one in (cos, sin))
    cos, sin = (ops.reshape(one, to=(*one.shape[:2], 1, one.shape[-1])) for one in (cos, sin))
    head, rest = ops.take(x, axis=3, start=0, stop=wide), ops.take(x, axis=3, start=wide, stop=size)
    if interleaved:
        pairs = ops.reshape(head, to=(*head.shape[:3], wide // 2, 2))
        a, b = (ops.get_item(pairs, key=(Ellipsis, i)) for i in (0, 1))
    else:
        a, b = (ops.take(head, axis=3, start=i * wide // 2, stop=(i + 1) * wide // 2) for i in (0, 1))
    real = ops.subtract(ops.multiply(cos, a), ops.multiply(sin, b))
    imaginary = ops.add(ops.multiply(sin, a), ops.multiply(cos, b))
    if interleaved:
        both = [ops.reshape(one, to=(*one.shape, 1)) for one in (real, imaginary)]
        made = ops.reshape(ops.concatenate(*both, axis=4), to=head.shape)
    else:
        made = ops.concatenate(real, imaginary, axis=3)
    return made if known((size,)) and not unequal(wide, size) else ops.concatenate(made, rest, axis=3)
