"""Attention with several heads (Vaswani et al. 2017)."""

import math
from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import differ, text
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Int, Number
from layercalc.layers.initializers import ZEROS, Normal, Uniform
from layercalc.layers.torch.base import number
from layercalc.layers.torch.functions.activation import softmax
from layercalc.layers.torch.functions.attention import additive
from layercalc.layers.torch.functions.elementwise import add
from layercalc.layers.torch.functions.linear import linear
from layercalc.layers.torch.module import Module, module, shared, spread
from layercalc.ops import Tensor


def xavier(*shape: Any) -> Uniform:
    """torch.nn.init.xavier_uniform_ of a matrix (Glorot & Bengio 2010)."""
    most = (6 / max(float(shape[0] + shape[1]), 1.0)) ** 0.5
    return Uniform(-most, most)


class Heads:
    """The weights of attention, and how queries, keys and values become its result."""

    def __init__(
        self,
        weight: Any,
        embed_dim: int,
        num_heads: int,
        bias: bool,
        sizes: tuple[int, ...] = (),
        extra: bool = False,
    ):
        """`sizes` are the features of keys and values where they are others; `extra` says that there is one more."""
        self.embed_dim, self.num_heads = embed_dim, num_heads
        sizes = embed_dim, *(sizes or (embed_dim, embed_dim))
        if sizes[1:] == (embed_dim, embed_dim):
            packed = weight("in_proj_weight", (3 * embed_dim, embed_dim), xavier(3 * embed_dim, embed_dim))
            self.kernels = parts(packed, embed_dim)
        else:
            self.kernels = [
                weight(f"{letter}_proj_weight", (embed_dim, n), xavier(embed_dim, n))
                for letter, n in zip("qkv", sizes, strict=True)
            ]
        self.biases: list[Any] = [None, None, None]
        if bias:
            self.biases = parts(weight("in_proj_bias", (3 * embed_dim,), ZEROS), embed_dim)
        self.extra: list[Tensor] = []
        if extra:
            self.extra = [weight(name, (1, 1, embed_dim), Normal(0.0, 0.1)) for name in ("bias_k", "bias_v")]
        self.out = weight("out_proj.weight", (embed_dim, embed_dim), spread(embed_dim))
        self.out_bias = weight("out_proj.bias", (embed_dim,), ZEROS) if bias else None

    def apart(self, x: Tensor) -> Tensor:
        """(batch, positions, features) as (batch, heads, positions, features of a head)."""
        each = self.embed_dim // self.num_heads
        return ops.transpose(ops.reshape(x, to=(x.shape[0], x.shape[1], self.num_heads, each)), axes=(0, 2, 1, 3))

    def __call__(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, zero: bool = False
    ) -> tuple[Tensor, Tensor]:
        """The result, and the shares of every head: (batch, heads, queries, keys)."""
        q, k, v = (
            linear(x, kernel, bias)
            for x, kernel, bias in zip((query, key, value), self.kernels, self.biases, strict=True)
        )
        if self.extra:
            k, v = (
                ops.concatenate(x, ops.broadcast_to(one, to=(x.shape[0], 1, self.embed_dim)), axis=1)
                for x, one in zip((k, v), self.extra, strict=True)
            )
        q, k, v = self.apart(q), self.apart(k), self.apart(v)
        if zero:
            k, v = (
                ops.concatenate(x, ops.full((*x.shape[:2], 1, x.shape[3]), 0, str(x.dtype)), axis=2) for x in (k, v)
            )
        if mask is not None and (more := len(self.extra) // 2 + zero):
            mask = ops.pad(mask, padding=(*((0, 0),) * (mask.ndim - 1), (0, more)))
        factor = number(1 / math.sqrt(self.embed_dim // self.num_heads), str(q.dtype))
        scores = ops.matmul(ops.multiply(q, factor), ops.transpose(k, axes=(0, 1, 3, 2)))
        shares = softmax(scores if mask is None else add(scores, mask), -1)
        y = ops.transpose(ops.matmul(shares, v), axes=(0, 2, 1, 3))
        y = ops.reshape(y, to=(y.shape[0], y.shape[1], self.embed_dim))
        return linear(y, self.out, self.out_bias), shares


def parts(packed: Tensor, n: int) -> list[Tensor]:
    """The three parts of a weight that holds those of queries, keys and values."""
    return [ops.take(packed, axis=0, start=i * n, stop=(i + 1) * n) for i in range(3)]


def together(like: Tensor, heads: int, attn_mask: Tensor | None, key_padding_mask: Tensor | None) -> Tensor | None:
    """What is added to the scores: masks of truths are true where nothing may be looked at."""
    found = None
    if attn_mask is not None:
        found = blocked(attn_mask, like)
        if found.ndim == 3:  # (batch · heads, queries, keys)
            found = ops.reshape(found, to=(found.shape[0] // heads, heads, *found.shape[1:]))
    if key_padding_mask is not None:
        keys = blocked(key_padding_mask, like)
        keys = ops.reshape(keys, to=(keys.shape[0], 1, 1, keys.shape[1]))
        found = keys if found is None else add(found, keys)
    return found


def blocked(mask: Tensor, like: Tensor) -> Tensor:
    """A mask whose truths stand for −∞, as what is added."""
    return additive(ops.logical_not(mask) if str(mask.dtype) == "bool" else mask, like)


@module
class MultiheadAttention(Module):
    """Attention with several heads (Vaswani et al. 2017); the result, and the mean of the heads' shares.

    Takes query, key and value, (positions, batch, features), with `batch_first` (batch, positions, features), or
    without a batch; masks of truths are true where nothing may be looked at.
    """

    embed_dim = Int(min=1)
    num_heads = Int(min=1)
    dropout = Number(0.0, min=0, max=1)
    bias = Bool(True)
    add_bias_kv = Bool(False)
    add_zero_attn = Bool(False)
    kdim = Int(None, min=1)
    vdim = Int(None, min=1)
    batch_first = Bool(False)

    example: ClassVar[Any] = (
        {"embed_dim": 8, "num_heads": 2, "batch_first": True},
        [(2, 5, 8), (2, 7, 8), (2, 7, 8)],
    )

    def check(self) -> None:
        if self.embed_dim % self.num_heads:
            raise shared(
                f"embed_dim = {self.embed_dim} is no multiple of num_heads.",
                self.embed_dim,
                "num_heads",
                self.num_heads,
            )

    def call(
        self,
        weight: Weight,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        attn_mask: Tensor | None = None,
    ) -> Any:
        if query.ndim not in (2, 3) or {key.ndim, value.ndim} != {query.ndim}:
            shapes = ", ".join(text(x.shape) for x in (query, key, value))
            raise ShapeError(f"{self.type} takes query, key and value of three axes each, or two; received {shapes}.")
        for x, field in ((query, "embed_dim"), (key, "kdim"), (value, "vdim")):
            self.expects(x, x.ndim - 1, "embed_dim" if getattr(self, field) is None else field, "features")
        alone = query.ndim == 2
        query, key, value = (self.batch(x) for x in (query, key, value))
        if differ(key.shape[1], value.shape[1]):
            raise ShapeError(f"There are {key.shape[1]} keys and {value.shape[1]} values; each key needs its value.")
        sizes = self.kdim or self.embed_dim, self.vdim or self.embed_dim
        heads = Heads(weight, self.embed_dim, self.num_heads, self.bias, sizes, self.add_bias_kv)
        if alone and key_padding_mask is not None:
            key_padding_mask = ops.reshape(key_padding_mask, to=(1, *key_padding_mask.shape))
        mask = together(query, self.num_heads, attn_mask, key_padding_mask)
        y, shares = heads(query, key, value, mask, self.add_zero_attn)
        mean = ops.reduce_mean(shares, axes=(1,), keepdims=False)
        if alone:
            return ops.reshape(y, to=y.shape[1:]), ops.reshape(mean, to=mean.shape[1:])
        return (y if self.batch_first else ops.transpose(y, axes=(1, 0, 2))), mean

    def batch(self, x: Tensor) -> Tensor:
        """As (batch, positions, features)."""
        if x.ndim == 2:
            return ops.reshape(x, to=(1, *x.shape))
        return x if self.batch_first else ops.transpose(x, axes=(1, 0, 2))
