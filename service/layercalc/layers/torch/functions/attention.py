"""Attention as one function."""

import math
from typing import Any

from layercalc import ops
from layercalc.dims import text, unequal
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import cast, function, number
from layercalc.layers.torch.functions.activation import SOFTMAX
from layercalc.layers.torch.functions.pooling import UNREAD
from layercalc.ops import Tensor
from layercalc.ops.base import OPS


def additive(mask: Tensor, like: Tensor) -> Tensor:
    """A mask of truths as what is added: 0 where it is true, else −∞."""
    dtype = str(like.dtype)
    if str(mask.dtype) == "bool":
        return ops.select(mask, number(0.0, dtype), number(-math.inf, dtype))
    return cast(mask, dtype)


@function("scaled_dot_product_attention")
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(query · keyᵀ · scale + mask) · value over the last two axes."""
    if dropout_p:
        raise ShapeError("Dropout draws random numbers in training; export the model after model.eval().", "dropout_p")
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise ShapeError(f"Expected two axes or more; received {text(query.shape)}, {text(key.shape)}.")
    if enable_gqa and unequal(query.shape[-3], key.shape[-3]):
        times = query.shape[-3] // key.shape[-3]
        key, value = (ops.repeat(one, axis=one.ndim - 3, times=times) for one in (key, value))
    size, dtype = query.shape[-1], str(query.dtype)
    factor = scale if scale is not None else 1 / math.sqrt(size or 1) if isinstance(size, int) else 1.0
    turned = ops.transpose(key, axes=(*range(key.ndim - 2), key.ndim - 1, key.ndim - 2))
    scores = ops.multiply(ops.matmul(query, turned), number(float(factor), dtype))
    if is_causal:
        if attn_mask is not None:
            raise ShapeError("is_causal goes without an attn_mask.", "is_causal")
        attn_mask = ops.triangle(query.shape[-2], key.shape[-2])
    if attn_mask is not None:
        scores = ops.add(scores, additive(attn_mask, query))
    shares = SOFTMAX(scores, axis=scores.ndim - 1)
    if attn_mask is not None:  # a query that may look at nothing takes nothing
        shares = ops.select(OPS["isnan"](shares), number(0.0, dtype), shares)
    return ops.matmul(shares, value)


def in_parts(name: str) -> None:
    """The same as core ATen has it for one device, whose other outputs are for training."""

    @function(name)
    def call(
        query: Tensor,
        key: Tensor,
        value: Tensor,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        attn_mask: Tensor | None = None,
        scale: float | None = None,
    ) -> Any:
        made = scaled_dot_product_attention(query, key, value, attn_mask, dropout_p, is_causal, scale)
        return made, *(UNREAD,) * 8


in_parts("_scaled_dot_product_flash_attention_for_cpu")


@function("_scaled_dot_product_attention_math")
def attention_math(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    dropout_mask: None = None,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """The same in core ATen; the second output are the shares."""
    how: Any = {"scale": scale, "enable_gqa": enable_gqa}
    return scaled_dot_product_attention(query, key, value, attn_mask, dropout_p, is_causal, **how), UNREAD
