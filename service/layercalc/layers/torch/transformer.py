"""Layers of a Transformer, and stacks of them (Vaswani et al. 2017)."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.fields import Absent, Bool, Choice, Int, Number, ValidationError
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


Masks = tuple[Tensor | None, Tensor | None]  # of places, and of what is padding


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

    def encode(self, weight: Weight, src: Tensor, mask: Tensor | None, padding: Tensor | None) -> Tensor:
        """A layer of an encoder."""
        x = self.first(src)
        attend, feed, norms = self.attention(weight, "self_attn"), self.feed(weight), self.norms(weight, 2)
        allowed = together(x, self.nhead, mask, padding)
        x = self.added(x, norms[0], lambda one: attend(one, one, one, allowed)[0])
        return self.last(self.added(x, norms[1], lambda one: self.forward(one, *feed)), src)

    def decode(self, weight: Weight, tgt: Tensor, memory: Tensor, own: Masks, there: Masks) -> Tensor:
        """A layer of a decoder."""
        x, other = self.first(tgt), self.first(memory)
        attend, across = self.attention(weight, "self_attn"), self.attention(weight, "multihead_attn")
        feed, norms = self.feed(weight), self.norms(weight, 3)
        mine, others = (together(x, self.nhead, *masks) for masks in (own, there))
        x = self.added(x, norms[0], lambda one: attend(one, one, one, mine)[0])
        x = self.added(x, norms[1], lambda one: across(one, other, other, others)[0])
        return self.last(self.added(x, norms[2], lambda one: self.forward(one, *feed)), tgt)


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
        return self.encode(weight, src, src_mask, src_key_padding_mask)


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
        own, there = (tgt_mask, tgt_key_padding_mask), (memory_mask, memory_key_padding_mask)
        return self.decode(weight, tgt, memory, own, there)


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


@module
class Transformer(Block):
    """An encoder of one sequence, and a decoder of another that looks at what it gives."""

    d_model = Int(512, min=1)
    nhead = Int(8, min=1)
    num_encoder_layers = Int(6, min=1)
    num_decoder_layers = Int(6, min=1)
    dim_feedforward = Int(2048, min=1)
    dropout = Number(0.1, min=0, max=1)
    activation = Choice(("relu", "gelu"), "relu")
    custom_encoder = Absent("Another encoder is written as a layer of its own.")
    custom_decoder = Absent("Another decoder is written as a layer of its own.")
    layer_norm_eps = Number(1e-5)
    batch_first = Bool(False)
    norm_first = Bool(False)
    bias = Bool(True)

    example: ClassVar[Any] = (
        SMALL | {"num_encoder_layers": 1, "num_decoder_layers": 2},
        [(2, 7, 8), (2, 5, 8)],
    )

    def check(self) -> None:
        super().check()
        few(self.num_encoder_layers + self.num_decoder_layers)

    def call(
        self,
        weight: Weight,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
    ) -> Tensor:
        own, there = (tgt_mask, tgt_key_padding_mask), (memory_mask, memory_key_padding_mask)
        memory, y = src, tgt
        for i in range(self.num_encoder_layers):
            READING.get().spend(MADE_OF)
            memory = self.encode(within(weight, f"encoder.layers.{i}"), memory, src_mask, src_key_padding_mask)
        memory = self.behind(weight, "encoder", memory)
        for i in range(self.num_decoder_layers):
            READING.get().spend(MADE_OF)
            y = self.decode(within(weight, f"decoder.layers.{i}"), y, memory, own, there)
        return self.behind(weight, "decoder", y)

    def behind(self, weight: Weight, name: str, x: Tensor) -> Tensor:
        """The normalisation behind the last layer."""
        scale = weight(f"{name}.norm.weight", (self.d_model,), ONES)
        return self.normed(x, (scale, weight(f"{name}.norm.bias", (self.d_model,), ZEROS) if self.bias else None))
