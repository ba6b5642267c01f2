"""Tables that are looked things up in."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.fields import Absent, Bool, Choice, Int, ValidationError
from layercalc.layers.initializers import Normal
from layercalc.layers.torch.functions.indexing import embedding
from layercalc.layers.torch.module import Module, Only, Unused, module
from layercalc.ops import Tensor

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
    mode = Choice(("sum", "mean", "max"), "mean")
    sparse = Unused(False)
    _weight = Absent("Weights are posted by name.")
    include_last_offset = Only(False, "Bags by offsets are not read.")
    padding_idx = Absent("Rows that are left out of a bag depend on values, and are not read.")

    example: ClassVar[Any] = ({"num_embeddings": 10, "embedding_dim": 4}, (2, 5))

    def call(self, weight: Weight, input: Tensor) -> Tensor:
        if input.ndim != 2:
            raise ShapeError(f"EmbeddingBag takes bags of integers, (bags, integers); received {text(input.shape)}.")
        found = embedding(self.rows(weight), input)
        op = {"sum": ops.reduce_sum, "mean": ops.reduce_mean, "max": ops.reduce_max}[self.mode]
        return op(found, axes=(1,), keepdims=False)
