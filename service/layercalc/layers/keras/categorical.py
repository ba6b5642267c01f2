"""Layers that turn numbers into classes, bins for one, and how classes are given out."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import Dim, known, unequal
from layercalc.errors import Offer, ShapeError
from layercalc.layers.array_fields import Numbers
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Int, Number, ValidationError, one_of
from layercalc.layers.keras.base import KERAS, Layer, layer
from layercalc.ops import Tensor

SPARSE = "Sparse tensors are not supported; a dense output holds the same numbers."


class Mode(Choice):
    """How classes are given out; `binary` and `tf-idf` are older names."""

    def read(self, value: Any, name: str) -> Any:
        older = {"binary": "multi_hot", "tf-idf": "tf_idf"}
        return super().read(older.get(value, value) if isinstance(value, str) else value, name)

    def schema_of(self) -> dict[str, Any]:
        older = ["binary", *(["tf-idf"] if "tf_idf" in self.choices else [])]
        return {"enum": [*self.choices, *older]}


class Sparse(Bool):
    """false: sparse tensors, and ragged ones, are not supported."""

    def __init__(self, default: Any, why: str = SPARSE):
        super().__init__(default)
        self.why = why

    def schema_of(self) -> dict[str, Any]:
        return one_of((False,))

    def read(self, value: Any, name: str) -> bool:
        if super().read(value, name):
            raise self.refuse(value, self.why)
        return False


class Boundaries(Numbers):
    """Numbers in ascending order."""

    def expects(self) -> str:
        return "a list of numbers in ascending order"

    def schema_of(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "number"}}

    def read(self, value: Any, name: str, depth: int = 1) -> Any:
        loaded = super().read(value, name, depth)
        if depth and not (isinstance(loaded, tuple) and list(loaded) == sorted(loaded)):
            raise self.refuse(value)
        return loaded


def encoded(x: Tensor, mode: str, depth: Dim, dtype: str, *weights: Tensor) -> Tensor:
    """Classes as one-hot vectors, or counted along axis 1, which the count takes away, as Keras does it."""
    if mode == "one_hot":
        if x.ndim > 1 and known(x.shape[-1:]) and not unequal(x.shape[-1], 1):
            x = ops.reshape(x, to=x.shape[:-1])
        return ops.one_hot(x, n=depth, axis=x.ndim, to=dtype)
    how = {"axis": 1 if x.ndim > 1 else 0, "num_classes": depth, "binary": mode == "multi_hot"}
    return ops.bincount(x, *weights, dtype=dtype, **how)


@layer
class Discretization(Layer):
    """The bin that each element falls into: between the boundaries given, or learned by Keras' `adapt`."""

    bin_boundaries = Boundaries(None)
    num_bins = Int(None, min=0)
    epsilon = Number(0.01)
    output_mode = Choice(("int", "one_hot", "multi_hot", "count"), "int")
    sparse = Sparse(False)

    example: ClassVar[Any] = {"bin_boundaries": [-0.5, 0.0, 0.5], "output_mode": "one_hot"}, (2, 5)

    def check(self) -> None:
        if self.bin_boundaries is None and self.num_bins is None:
            raise ValidationError("Expected bin_boundaries, or num_bins for a layer yet to adapt.", "bin_boundaries")

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        bins = ops.digitize(x, bins=self.bin_boundaries, to=self.counted_in())
        depth = self.num_bins if self.bin_boundaries is None else len(self.bin_boundaries) + 1
        return bins if self.output_mode == "int" else encoded(bins, self.output_mode, depth, self.dtype[0])

    def counted_in(self) -> str:
        """The dtype of the bins."""
        return "int32"


class OldDiscretization(Discretization):
    """As in Keras 2 (tf_keras.layers.Discretization): bins in the layer's dtype where it is of integers, else int64."""

    def counted_in(self) -> str:
        dtype = self.dtype[0]
        return dtype if dtype.startswith(("int", "uint")) and self.output_mode == "int" else "int64"


KERAS.older["tf.keras2.Discretization"] = type("Discretization", (OldDiscretization,), {})


@layer
class CategoryEncoding(Layer):
    """Classes as one-hot, multi-hot or count vectors; classes past num_tokens are left out."""

    num_tokens = Int(None, min=1)
    output_mode = Mode(("multi_hot", "one_hot", "count"), "multi_hot")
    sparse = Sparse(False)

    legacy: ClassVar[dict[str, str | None]] = {"max_tokens": "num_tokens"}
    example: ClassVar[Any] = {"num_tokens": 4}, (2, 3)

    def check(self) -> None:
        if self.num_tokens is None:
            raise ValidationError("'num_tokens' is required: how many classes there are.", "num_tokens")

    def indices(self) -> int:
        return int(self.num_tokens)

    def call(self, weight: Weight, inputs: Tensor, count_weights: Tensor | None = None) -> Tensor:
        if count_weights is not None and self.output_mode != "count":
            told = f"count_weights go with the output_mode count; it is {self.output_mode}."
            raise ShapeError(Offer(told, "count"), "output_mode")
        weights = () if count_weights is None else (count_weights,)
        return encoded(inputs, self.output_mode, self.num_tokens, self.dtype[0], *weights)
