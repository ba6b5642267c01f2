"""Layers of a Transformer, and stacks of them (Vaswani et al. 2017)."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Int, Number, ValidationError
from layercalc.layers.initializers import ONES, ZEROS
from layercalc.layers.nested import LayerField
from layercalc.layers.torch.attention import Heads, together
from layercalc.layers.torch.functions.elementwise import add
from layercalc.layers.torch.functions.linear import linear
from layercalc.layers.torch.functions.normalization import layer_norm
from layercalc.layers.torch.module import Module, Unused, few, function, module, shared, spread, within
from layercalc.ops import READING, Tensor

SMALL = {"d_model": 8, "nhead": 2, "dim_feedforward": 16, "batch_first": True}
ENCODER, DECODER = {"type": "TransformerEncoderLayer", **SMALL}, {"type": "TransformerDecoderLayer", **SMALL}


class Block(Module):
    """What the layers of encoders and decoders share: attention, two products, and normalisations around them."""

    def check(self) -> None:
        if self.d_model % self.nhead:
            raise shared(f"d_model = {self.d_model} is no multiple of nhead.", self.d_model, "nhead", self.nhead)

    def first(self, x: Tensor) -> Tensor:
        """As (batch, positions, features)."""
        if x.ndim not in (2, 3):
            raise ShapeError(f"{self.type} takes positions and features, a batch or none; received {text(x.shape)}.")
        self.expects(x, x.ndim - 1, "d_model", "features")
        if x.ndim == 2:
            return ops.reshape(x, to=(1, *x.shape))
        return x if self.batch_first else ops.transpose(x, axes=(1, 0, 2))

    def last(self, y: Tensor, like: Tensor) -> Tensor:
        """And back again."""
        if like.ndim == 2:
            return ops.reshape(y, to=y.shape[1:])
        return y if self.batch_first else ops.transpose(y, axes=(1, 0, 2))

    def attention(self, weight: Weight, name: str) -> Heads:
        return Heads(within(weight, name), self.d_model, self.nhead, self.bias)

    def feed(self, weight: Weight) -> list[Any]:
        """The weights of the two products."""
        sizes = {"linear1": (self.dim_feedforward, self.d_model), "linear2": (self.d_model, self.dim_feedforward)}
        found: list[Any] = []
        for name, shape in sizes.items():
            found.append(weight(f"{name}.weight", shape, spread(shape[1])))
            found.append(weight(f"{name}.bias", shape[:1], spread(shape[1])) if self.bias else None)
        return found

    def norms(self, weight: Weight, count: int) -> list[Any]:
        """Scale and offset of each normalisation."""
        found = []
        for name in (f"norm{i + 1}" for i in range(count)):
            scale = weight(f"{name}.weight", (self.d_model,), ONES)
            found.append((scale, weight(f"{name}.bias", (self.d_model,), ZEROS) if self.bias else None))
        return found

    def normed(self, x: Tensor, norm: Any) -> Tensor:
        scale, offset = norm
        return layer_norm(x, (self.d_model,), scale, offset, self.layer_norm_eps)

    def added(self, x: Tensor, norm: Any, step: Any) -> Tensor:
        """X + step(x), normalised in front of the step or behind the sum."""
        if self.norm_first:
            return add(x, step(self.normed(x, norm)))
        return self.normed(add(x, step(x)), norm)

    def forward(self, x: Tensor, w1: Tensor, b1: Any, w2: Tensor, b2: Any) -> Tensor:
        return linear(function(self.activation)(linear(x, w1, b1)), w2, b2)


@module
class TransformerEncoderLayer(Block):
    """Attention of a sequence to itself, and two products."""

    d_model = Int(min=1)
    nhead = Int(min=1)
    dim_feedforward = Int(2048, min=1)
    dropout = Number(0.1, min=0, max=1)
    activation = Choice(("relu", "gelu"), "relu")
    layer_norm_eps = Number(1e-5)
    batch_first = Bool(False)
    norm_first = Bool(False)
    bias = Bool(True)

    example: ClassVar[Any] = (SMALL, (2, 5, 8))

    def call(
        self, weight: Weight, src: Tensor, src_mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None
    ) -> Tensor:
        x = self.first(src)
        attend, feed, norms = self.attention(weight, "self_attn"), self.feed(weight), self.norms(weight, 2)
        mask = together(x, self.nhead, src_mask, src_key_padding_mask)
        x = self.added(x, norms[0], lambda one: attend(one, one, one, mask)[0])
        return self.last(self.added(x, norms[1], lambda one: self.forward(one, *feed)), src)


@module
class TransformerDecoderLayer(Block):
    """Attention of a sequence to itself and to another, `memory`, and two products."""

    d_model = Int(min=1)
    nhead = Int(min=1)
    dim_feedforward = Int(2048, min=1)
    dropout = Number(0.1, min=0, max=1)
    activation = Choice(("relu", "gelu"), "relu")
    layer_norm_eps = Number(1e-5)
    batch_first = Bool(False)
    norm_first = Bool(False)
    bias = Bool(True)

    example: ClassVar[Any] = (SMALL, [(2, 5, 8), (2, 7, 8)])

    def call(
        self,
        weight: Weight,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
    ) -> Tensor:
        x, other = self.first(tgt), self.first(memory)
        attend, across = self.attention(weight, "self_attn"), self.attention(weight, "multihead_attn")
        feed, norms = self.feed(weight), self.norms(weight, 3)
        own = together(x, self.nhead, tgt_mask, tgt_key_padding_mask)
        there = together(x, self.nhead, memory_mask, memory_key_padding_mask)
        x = self.added(x, norms[0], lambda one: attend(one, one, one, own)[0])
        x = self.added(x, norms[1], lambda one: across(one, other, other, there)[0])
        return self.last(self.added(x, norms[2], lambda one: self.forward(one, *feed)), tgt)


MADE_OF = 20  # modules that one of them calls


class Repeated(Module):
    """A layer `num_layers` times, each with weights of its own, and a normalisation behind them where one is given."""

    def run(self, weight: Weight, layer: Any, x: Tensor, *others: Tensor, **masks: Any) -> Tensor:
        for i in range(self.num_layers):
            READING.get().spend(MADE_OF)
            x = layer.call(within(weight, f"layers.{i}"), x, *others, **masks)
        return x if self.norm is None else self.norm.call(within(weight, "norm"), x)

    def check(self) -> None:
        few(self.num_layers)
        layer = getattr(self, self.of)
        if layer.type != self.kind:
            raise ValidationError(f"Expected a {self.kind}; received a {layer.type}.", self.of)


@module
class TransformerEncoder(Repeated):
    """Encoder layers one on another."""

    of, kind = "encoder_layer", "TransformerEncoderLayer"

    encoder_layer = LayerField()
    num_layers = Int(min=1)
    norm = LayerField(None)
    enable_nested_tensor = Unused(True)
    mask_check = Unused(True)

    example: ClassVar[Any] = ({"encoder_layer": ENCODER, "num_layers": 2}, (2, 5, 8))

    def call(
        self, weight: Weight, src: Tensor, mask: Tensor | None = None, src_key_padding_mask: Tensor | None = None
    ) -> Tensor:
        masks = {"src_mask": mask, "src_key_padding_mask": src_key_padding_mask}
        return self.run(weight, self.encoder_layer, src, **masks)


@module
class TransformerDecoder(Repeated):
    """Decoder layers one on another."""

    of, kind = "decoder_layer", "TransformerDecoderLayer"

    decoder_layer = LayerField()
    num_layers = Int(min=1)
    norm = LayerField(None)

    example: ClassVar[Any] = ({"decoder_layer": DECODER, "num_layers": 2}, [(2, 5, 8), (2, 7, 8)])

    def call(
        self,
        weight: Weight,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
    ) -> Tensor:
        masks = {
            "tgt_mask": tgt_mask,
            "memory_mask": memory_mask,
            "tgt_key_padding_mask": tgt_key_padding_mask,
            "memory_key_padding_mask": memory_key_padding_mask,
        }
        return self.run(weight, self.decoder_layer, tgt, memory, **masks)
