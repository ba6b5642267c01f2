"""Attention: each query takes a mean of values, weighted by how well their keys go with it."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import differ, divisor, known, text
from layercalc.errors import ShapeError, offering
from layercalc.layers.array_fields import Ints
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Int, Number, ValidationError
from layercalc.layers.initializers import ONES
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.fields import TrainingOnly
from layercalc.layers.keras.initializers import InitializerField, load_initializer
from layercalc.ops import ACTIVATIONS, OPS, Tensor

SOFTMAX: Any = ACTIVATIONS["softmax"]


class Scored(Layer):
    """Attention by a score of each query and key, (batch, queries, keys)."""

    use_causal_mask: Any
    return_attention_scores: Any

    supports_masking = True
    example: ClassVar[Any] = {}, [(2, 5, 8), (2, 6, 8)]

    def scores(self, weight: Weight, query: Tensor, key: Tensor) -> Tensor:
        raise NotImplementedError

    def call(self, weight: Weight, query: Tensor, value: Tensor, key: Tensor | None = None, *, masks: Any = ()) -> Any:
        key = value if key is None else key
        for name, x in (("query", query), ("value", value), ("key", key)):
            if x.ndim < 3:
                raise ShapeError(
                    f"{self.type} takes {name} as (batch, …, positions, features); received {text(x.shape)}."
                )
        if differ(key.shape[-2], value.shape[-2]):
            raise ShapeError(f"Key {text(key.shape)} and value {text(value.shape)} must have as many positions.")
        scores = self.scores(weight, query, key)
        query_mask, value_mask = (*masks[:2], None, None)[:2]
        keep = (
            None
            if value_mask is None
            else ops.reshape(value_mask, to=(*value_mask.shape[:-1], 1, value_mask.shape[-1]))
        )
        if self.use_causal_mask:
            causal = ops.triangle(*known_sizes(scores, 2))
            keep = causal if keep is None else ops.logical_and(keep, causal)
        if keep is not None:
            away = 65504.0 if str(scores.dtype) == "float16" else 1e9  # what Keras takes from a masked score
            far = ops.multiply(ops.cast(ops.logical_not(keep), to=str(scores.dtype)), ops.constant(away))
            scores = ops.subtract(scores, far)
        shares = SOFTMAX(scores, axis=scores.ndim - 1)
        y = ops.matmul(shares, value)
        if query_mask is not None:
            kept = ops.cast(ops.reshape(query_mask, to=(*query_mask.shape, 1)), to=str(y.dtype))
            y = ops.multiply(y, kept)
        return (y, shares) if self.return_attention_scores else y


def known_sizes(scores: Tensor, count: int) -> tuple[int, ...]:
    """The last sizes of the scores, which a causal mask has to know."""
    sizes = tuple(scores.shape[-count:])
    if not known(sizes):
        raise ShapeError(f"A causal mask needs numbers of queries and keys that are known: {text(scores.shape)}.")
    return sizes


@layer
class Attention(Scored):
    """Scores are products of queries and keys (Luong et al. 2015), or sums through tanh."""

    use_scale = Bool(False)
    score_mode = Choice(("dot", "concat"), "dot")
    dropout = Number(0.0, min=0, max=1)
    seed = Int(None)
    use_causal_mask = Bool(False)  # this and the next are arguments of the call
    return_attention_scores = Bool(False)

    def scores(self, weight: Weight, query: Tensor, key: Tensor) -> Tensor:
        scale = weight("scale", (), ONES) if self.use_scale else None
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.transpose(key, axes=(*range(key.ndim - 2), key.ndim - 1, key.ndim - 2)))
            return scores if scale is None else ops.multiply(scores, scale)
        share = weight("concat_score_weight", (), ONES)
        sums = pairs(query, key)
        sums = sums if scale is None else ops.multiply(sums, scale)
        return ops.multiply(ops.reduce_sum(OPS["tanh"](sums), axes=(sums.ndim - 1,)), share)


def pairs(query: Tensor, key: Tensor) -> Tensor:
    """The sum of every query with every key: (batch, …, queries, keys, features)."""
    q = ops.reshape(query, to=(*query.shape[:-1], 1, query.shape[-1]))
    return ops.add(q, ops.reshape(key, to=(*key.shape[:-2], 1, *key.shape[-2:])))


@layer
class AdditiveAttention(Scored):
    """Scores are sums of queries and keys through tanh, weighted by a learned scale (Bahdanau et al. 2015)."""

    use_scale = Bool(True)
    dropout = Number(0.0, min=0, max=1)
    seed = Int(None)
    use_causal_mask = Bool(False)  # this and the next are arguments of the call
    return_attention_scores = Bool(False)

    def scores(self, weight: Weight, query: Tensor, key: Tensor) -> Tensor:
        y = OPS["tanh"](pairs(query, key))
        if self.use_scale:
            y = ops.multiply(y, weight("scale", (key.shape[-1],), load_initializer("glorot_uniform")))
        return ops.reduce_sum(y, axes=(y.ndim - 1,))


class Headed(Layer):
    """Attention of several heads between projections (Vaswani et al. 2017)."""

    supports_masking = True
    example: ClassVar[Any] = {"num_heads": 2, "key_dim": 3}, [(2, 5, 8), (2, 6, 8)]

    def projected(self, weight: Weight, name: str, x: Tensor, out: tuple[int, ...], bound: int = 1) -> Tensor:
        """X · kernel + bias over the last `bound` axes, as an EinsumDense of that name has them."""
        weight = weight.scope(name)
        if not known(x.shape[-bound:]):
            raise ShapeError(f"The last axes of {text(x.shape)} must be known: they are those of the {name} kernel.")
        kernel = weight("kernel", (*x.shape[-bound:], *out), self.kernel_initializer)
        letters, made = "uvw"[:bound], "xyzstr"[: len(out)]
        y = ops.einsum(x, kernel, equation=f"...{letters},{letters}{made}->...{made}")
        return ops.add(y, weight("bias", out, self.bias_initializer)) if self.use_bias else y

    def kept(self, query: Tensor, value: Tensor, key: Tensor, masks: dict[str, Tensor | None]) -> Tensor | None:
        """All masks together, (batch, queries, keys); the causal one counts the second axis of query and value."""
        found = []
        if (mask := masks["query_mask"]) is not None:
            found.append(ops.reshape(mask, to=(*mask.shape, 1)))
        for mask in (masks["value_mask"], masks["key_mask"]):
            if mask is not None:
                found.append(ops.reshape(mask, to=(mask.shape[0], 1, *mask.shape[1:])))
        if self.use_causal_mask or self.sliding_window is not None:
            sizes = query.shape[1], value.shape[1]
            if not known(sizes):
                raise ShapeError("This mask needs numbers of queries and values that are known.")
            if self.use_causal_mask:
                found.append(ops.triangle(*sizes))
            if self.sliding_window is not None:
                found.append(ops.triangle(*sizes, self.sliding_window - 1))
                found.append(ops.logical_not(ops.triangle(*sizes, -self.sliding_window)))
        if (mask := masks["attention_mask"]) is not None:
            found.append(mask if str(mask.dtype) == "bool" else ops.cast(mask, to="bool"))
        out = None
        for mask in found:
            out = mask if out is None else ops.logical_and(out, mask)
        return out


LEAST = {"float16": -65504.0 * 0.7, "bfloat16": -3.3895e38 * 0.7}  # what dot_product_attention fills in


@layer
class MultiHeadAttention(Headed):
    """softmax(query · key / √key_dim) · value for every head, their outputs projected together."""

    num_heads = Int(min=1)
    key_dim = Int(min=1)
    value_dim = Int(None, min=1)
    dropout = Number(0.0, min=0, max=1)
    use_bias = Bool(True)
    output_shape = Ints(None, min=1)
    attention_axes = Ints(None)
    sliding_window = Int(None, min=1)
    flash_attention = Bool(None)
    kernel_initializer = InitializerField("glorot_uniform")
    bias_initializer = InitializerField("zeros")
    kernel_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    activity_regularizer = TrainingOnly()
    kernel_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()
    use_gate = Bool(False)
    seed = Int(None)
    use_causal_mask = Bool(False)  # this and the next are arguments of the call
    return_attention_scores = Bool(False)

    legacy: ClassVar[dict[str, str | None]] = {
        **dict.fromkeys(("query_shape", "key_shape", "value_shape", "softmax_robust_masking"))
    }

    def call(
        self,
        weight: Weight,
        query: Tensor,
        value: Tensor,
        key: Tensor | None = None,
        *,
        query_mask: Tensor | None = None,
        value_mask: Tensor | None = None,
        key_mask: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> Any:
        key = value if key is None else key
        if any(x.ndim < 3 for x in (query, value, key)) or any(map(differ, value.shape[1:-1], key.shape[1:-1])):
            listed = ", ".join(text(x.shape) for x in (query, value, key))
            raise ShapeError(
                f"{self.type} takes query, value and key of at least 3 axes, value and key alike but for the last; "
                f"received {listed}."
            )
        masks = {"query_mask": query_mask, "value_mask": value_mask, "key_mask": key_mask}
        keep = self.kept(query, value, key, {**masks, "attention_mask": attention_mask})
        deep = self.value_dim or self.key_dim
        q = self.projected(weight, "query", query, (self.num_heads, self.key_dim))
        k = self.projected(weight, "key", key, (self.num_heads, self.key_dim))
        gate = self.projected(weight, "gate", query, (self.num_heads, deep)) if self.use_gate else None
        v = self.projected(weight, "value", value, (self.num_heads, deep))
        y, shares = self.attended(q, k, v, keep)
        if gate is not None:
            y = ops.multiply(y, OPS["sigmoid"](gate))
        y = self.projected(weight, "attention_output", y, self.output_shape or (query.shape[-1],), bound=2)
        return (y, shares) if self.return_attention_scores else y

    def attended(self, q: Tensor, k: Tensor, v: Tensor, keep: Tensor | None) -> tuple[Tensor, Tensor]:
        """Values weighted by the scores; axes that are not attended over go along like the batch."""
        rank = q.ndim
        axes = tuple(range(1, rank - 2)) if self.attention_axes is None else self.attention_axes
        axes = tuple(axis if axis >= 0 else rank - 1 + axis for axis in axes)
        if any(not 0 < axis < rank - 2 for axis in axes) or v.ndim != rank:
            raise ShapeError(
                f"The axes attended over must be of 1 to {rank - 3}; received {list(axes)}.", "attention_axes"
            )
        letters = "abcdefghijklmnop"[:rank]  # of the query; the keys' own axes are capitals
        other = "".join(one.upper() if place in axes else one for place, one in enumerate(letters))
        along = "".join(letters[place] for place in range(rank - 1) if place not in axes)  # batch, free axes and heads
        mine, yours = "".join(letters[axis] for axis in axes), "".join(other[axis] for axis in axes)
        plain = self.dropout > 0 or self.return_attention_scores or rank != 4  # else dot_product_attention computes
        scale = ops.constant(1 / self.key_dim**0.5)
        if not plain:
            return dot_product_attention(q, k, v, keep, scale)
        q = ops.multiply(q, scale)
        scores = ops.einsum(q, k, equation=f"{letters},{other}->{along}{mine}{yours}")
        count = len(axes)
        if keep is not None:
            while keep.ndim < scores.ndim:
                place = keep.ndim + 1 - (2 * count + 1)
                keep = ops.reshape(keep, to=(*keep.shape[:place], 1, *keep.shape[place:]))
        shares = masked_softmax(scores, keep, count, zero=True)
        last = other[:-1] + "Z"
        return ops.einsum(shares, v, equation=f"{along}{mine}{yours},{last}->{letters[:-1]}Z"), shares


def dot_product_attention(q: Tensor, k: Tensor, v: Tensor, keep: Tensor | None, scale: Tensor) -> tuple[Tensor, Tensor]:
    """keras.ops.dot_product_attention on (batch, steps, heads, channels): the scores are scaled, not the query."""
    scores = ops.multiply(ops.einsum(q, k, equation="BTNH,BSNH->BNTS"), scale)
    shares = masked_softmax(scores, for_heads(keep), 1, zero=False)
    return ops.einsum(shares, v, equation="BNTS,BSNH->BTNH"), shares


def for_heads(keep: Tensor | None) -> Tensor | None:
    """A mask with an axis for the heads after the batch, unless it has one."""
    if keep is None or keep.ndim != 3:
        return keep
    return ops.reshape(keep, to=(keep.shape[0], 1, *keep.shape[1:]))


def masked_softmax(scores: Tensor, keep: Tensor | None, axes: int, zero: bool) -> Tensor:
    """Softmax over the last axes of what is kept; where nothing is, zeros or equal shares."""
    over = tuple(range(scores.ndim - axes, scores.ndim))
    if keep is None:
        return SOFTMAX(scores, axis=over)
    far = -3e4 if str(scores.dtype) == "float16" else -1e9
    least = far if zero else LEAST.get(str(scores.dtype), -3.4028234663852886e38 * 0.7)
    y = SOFTMAX(ops.select(keep, scores, ops.full((), least)), axis=over)
    return ops.select(keep, y, ops.full((), 0.0)) if zero else y


@layer(aliases=("GroupedQueryAttention",))
class GroupQueryAttention(Headed):
    """Attention of several heads, groups of which share keys and values (Ainslie et al. 2023)."""

    head_dim = Int(min=1)
    num_query_heads = Int(min=1)
    num_key_value_heads = Int(min=1)
    dropout = Number(0.0, min=0, max=1)
    use_bias = Bool(True)
    sliding_window = Int(None, min=1)
    flash_attention = Bool(None)
    kernel_initializer = InitializerField("glorot_uniform")
    bias_initializer = InitializerField("zeros")
    kernel_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    activity_regularizer = TrainingOnly()
    kernel_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()
    use_gate = Bool(False)
    seed = Int(None)
    use_causal_mask = Bool(False)  # this and the next are arguments of the call
    return_attention_scores = Bool(False)

    example: ClassVar[Any] = (
        {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
        [(2, 5, 8), (2, 6, 8)],
    )

    def check(self) -> None:
        if self.num_query_heads % self.num_key_value_heads:
            told = f"Must divide num_query_heads, {self.num_query_heads}."
            fitting = divisor(self.num_query_heads, self.num_key_value_heads)
            raise ValidationError(offering(told, fitting), "num_key_value_heads")

    def call(
        self,
        weight: Weight,
        query: Tensor,
        value: Tensor,
        key: Tensor | None = None,
        *,
        query_mask: Tensor | None = None,
        value_mask: Tensor | None = None,
        key_mask: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> Any:
        key = value if key is None else key
        for name, x in (("query", query), ("value", value), ("key", key)):
            if x.ndim != 3:
                raise ShapeError(f"{self.type} takes {name} as (batch, positions, features); received {text(x.shape)}.")
        masks = {"query_mask": query_mask, "value_mask": value_mask, "key_mask": key_mask}
        keep = self.kept(query, value, key, {**masks, "attention_mask": attention_mask})
        many, few = (self.num_query_heads, self.head_dim), (self.num_key_value_heads, self.head_dim)
        q = self.projected(weight, "query", query, many)
        k = self.projected(weight, "key", key, few)
        gate = self.projected(weight, "gate", query, many) if self.use_gate else None
        v = self.projected(weight, "value", value, few)
        times = self.num_query_heads // self.num_key_value_heads
        if times > 1:
            k, v = (ops.repeat(one, axis=2, times=times) for one in (k, v))
        scale = ops.constant(1 / self.head_dim**0.5)
        if self.dropout > 0 or self.return_attention_scores:
            scores = ops.einsum(ops.multiply(q, scale), k, equation="btnh,bsnh->bnts")
            shares = masked_softmax(scores, for_heads(keep), 1, zero=True)
            y = ops.einsum(shares, v, equation="bnts,bsnh->btnh")
        else:
            y, shares = dot_product_attention(q, k, v, keep, scale)
        if gate is not None:
            y = ops.multiply(y, OPS["sigmoid"](gate))
        y = self.projected(weight, "attention_output", y, (query.shape[-1],), bound=2)
        return (y, shares) if self.return_attention_scores else y
