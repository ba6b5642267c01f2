"""Tables that are looked things up in."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.fields import Absent, Bool, Choice, Int, ValidationError
from layercalc.layers.initializers import Normal
from layercalc.layers.torch.functions.bags import embedding_bag
from layercalc.layers.torch.functions.indexing import embedding
from layercalc.layers.torch.module import Module, Unused, module
from layercalc.ops import Tensor

MODES = ("sum", "mean", "max")
RENORMED = "Rows are then made shorter when they are looked up, which is not computed."


class Table(Module):
    """Rows by their number."""

    def check(self) -> None:
        n = self.num_embeddings
        if self.padding_idx is not None and not -n <= self.padding_idx < n:
            raise ValidationError(f"There is no row {self.padding_idx} in a table of {n}.", "padding_idx")

    def indices(self) -> int:
        return int(self.num_embeddings)

    def rows(self, weight: Weight) -> Tensor:
        return weight("weight", (self.num_embeddings, self.embedding_dim), Normal(0.0, 1.0))


@module
class Embedding(Table):
    """The row of a table for every integer of the input."""

    num_embeddings = Int(min=1)
    embedding_dim = Int(min=1)
    padding_idx = Int(None)
    max_norm = Absent(RENORMED)
    norm_type = Unused(2.0)
    scale_grad_by_freq = Unused(False)
    sparse = Unused(False)
    _weight = Absent("Weights are posted by name.")
    _freeze = Bool(False)

    example: ClassVar[Any] = ({"num_embeddings": 10, "embedding_dim": 4}, (2, 5))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        rows = weight("weight", (self.num_embeddings, self.embedding_dim), Normal(0.0, 1.0), not self._freeze)
        return embedding(rows, input)


@module
class EmbeddingBag(Table):
    """The sum, mean or largest numbers of the rows of a table for each bag of integers, (bags, integers)."""

    num_embeddings = Int(min=1)
    embedding_dim = Int(min=1)
    max_norm = Absent(RENORMED)
    norm_type = Unused(2.0)
    scale_grad_by_freq = Unused(False)
    mode = Choice(MODES, "mean")
    sparse = Unused(False)
    _weight = Absent("Weights are posted by name.")
    include_last_offset = Bool(False)
    padding_idx = Absent("Rows that are left out of a bag depend on values, and are not read.")

    example: ClassVar[Any] = ({"num_embeddings": 10, "embedding_dim": 4}, (2, 5))

    def call(
        self, weight: Weight, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None
    ) -> Tensor:
        if offsets is not None and input.ndim == 1:
            how = False, MODES.index(self.mode), False, per_sample_weights, self.include_last_offset
            return embedding_bag(self.rows(weight), input, offsets, *how)[0]
        if input.ndim != 2 or offsets is not None or per_sample_weights is not None:
            raise ShapeError(
                "EmbeddingBag takes bags of integers, (bags, integers), or one row of them with offsets; received "
                f"{text(input.shape)}."
            )
        found = embedding(self.rows(weight), input)
        op = {"sum": ops.reduce_sum, "mean": ops.reduce_mean, "max": ops.reduce_max}[self.mode]
        return op(found, axes=(1,), keepdims=False)
