"""Layers that turn numbers into classes: bins, tokens of a vocabulary, and their encodings."""

from typing import Any, ClassVar

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Dim, known, unequal
from layercalc.errors import Offer, ShapeError
from layercalc.layers.array_fields import Ints, Numbers, shape_of
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Int, Number, ValidationError, one_of
from layercalc.layers.keras.base import Layer, layer
from layercalc.ops import Tensor
from layercalc.wording import received

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
    """false: sparse tensors are not supported."""

    def schema_of(self) -> dict[str, Any]:
        return one_of((False,))

    def read(self, value: Any, name: str) -> bool:
        if super().read(value, name):
            raise self.refuse(value, SPARSE)
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
        bins = ops.digitize(x, bins=self.bin_boundaries)
        depth = self.num_bins if self.bin_boundaries is None else len(self.bin_boundaries) + 1
        return bins if self.output_mode == "int" else encoded(bins, self.output_mode, depth, self.dtype[0])


@layer
class CategoryEncoding(Layer):
    """Classes as one-hot, multi-hot or count vectors; classes past num_tokens are left out."""

    num_tokens = Int(None, min=1)
    output_mode = Mode(("multi_hot", "one_hot", "count"), "multi_hot")
    sparse = Sparse(False)

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


class Vocabulary(Ints):
    """The tokens, integers; a path of a file is refused."""

    def expects(self) -> str:
        return "a list of integers (files are not read)"


class Salt(Ints):
    """One integer, or two."""

    def read(self, value: Any, name: str) -> tuple[int, ...]:
        loaded = super().read(value, name)
        if len(loaded) > 2:
            raise self.refuse(value)
        return loaded


@layer
class IntegerLookup(Layer):
    """The place of each integer in a vocabulary, or the integer at each place; encoded as classes if asked to."""

    max_tokens = Int(None, min=2)
    num_oov_indices = Int(1, min=0)
    mask_token = Int(None)
    oov_token = Int(-1)
    vocabulary = Vocabulary(None, single=False)
    vocabulary_dtype = Choice(("int64",), "int64")
    idf_weights = Numbers(None)
    invert = Bool(False)
    output_mode = Mode(("int", "one_hot", "multi_hot", "count", "tf_idf"), "int")
    sparse = Sparse(False)
    pad_to_max_tokens = Bool(False)
    oov_method = Choice(("floormod", "farmhash"), "floormod")
    salt = Salt(None)
    vocabulary_size = Int(None, min=0)

    legacy: ClassVar[dict[str, str | None]] = {"has_input_vocabulary": None}
    example: ClassVar[Any] = {"vocabulary": [10, 20, 30], "output_mode": "count"}, (2, 4)

    def check(self) -> None:
        if self.pad_to_max_tokens and self.max_tokens is None:
            raise ValidationError("Required with pad_to_max_tokens: an integer of at least 2.", "max_tokens")
        if self.invert and self.output_mode != "int":
            told = f"Must be int with invert; received {received(self.output_mode)}."
            raise ValidationError(Offer(told, "int"), "output_mode")
        if self.oov_method == "farmhash" and self.num_oov_indices > 1:
            raise ValidationError("FarmHash over several num_oov_indices is not supported.", "oov_method")
        self.check_weights()
        if self.vocabulary is None:
            if self.depth is None and self.output_mode != "int":
                raise ValidationError(f"A vocabulary is required for the output_mode {self.output_mode}.", "vocabulary")
            return
        if self.num_oov_indices.bit_length() > 60:
            raise ValidationError("Expected an integer of 60 bits.", "num_oov_indices")
        tokens = self.tokens
        if not self.vocabulary or len(set(tokens)) < len(tokens):
            raise ValidationError("Expected at least one token, and none of them twice.", "vocabulary")
        if any(token.bit_length() > 63 for token in (*tokens, self.mask_token or 0, self.oov_token or 0)):
            raise ValidationError("Tokens must be integers of 64 bits.", "vocabulary")
        if self.mask_token in tokens or (self.invert and self.oov_token in tokens):
            raise ValidationError("The mask and oov tokens may only lead the vocabulary.", "vocabulary")
        if self.max_tokens is not None and self.first + len(tokens) > self.max_tokens:
            raise ValidationError(
                f"With mask and oov {self.first + len(tokens)} tokens, but max_tokens is {self.max_tokens}.",
                "vocabulary",
            )

    def check_weights(self) -> None:
        given = self.idf_weights is not None
        if given and self.output_mode != "tf_idf":
            raise ValidationError("Go with the output_mode tf_idf only.", "idf_weights")
        wanted = self.output_mode == "tf_idf" and self.vocabulary is not None
        if wanted and shape_of(self.idf_weights) != (len(self.vocabulary),):
            raise ValidationError("Expected one number for each token of the vocabulary.", "idf_weights")

    @property
    def masked(self) -> int:
        """How many places the mask takes in front: one, where places are given out."""
        return int(self.mask_token is not None and self.output_mode == "int")

    @property
    def first(self) -> int:
        """The place of the first token: behind the mask and those out of vocabulary."""
        return self.masked + int(self.num_oov_indices)

    @property
    def tokens(self) -> tuple[int, ...]:
        """The vocabulary without what leads it."""
        lead = self.vocabulary[: self.first]
        wanted = [self.mask_token] * self.masked, [self.oov_token] * (len(lead) - self.masked)
        led = len(lead) == self.first and lead == (*wanted[0], *wanted[1])
        return self.vocabulary[self.first :] if led else self.vocabulary

    @property
    def depth(self) -> int | None:
        """How many classes there are."""
        if self.pad_to_max_tokens:
            return int(self.max_tokens)
        return self.vocabulary_size if self.vocabulary is None else self.first + len(self.tokens)

    def table(self) -> Any:
        """Pairs of what is looked up and what is found."""
        if self.vocabulary is None:
            return None
        places = list(enumerate(self.tokens, self.first))
        if self.invert:
            return tuple(places) if self.mask_token is None else ((0, self.mask_token), *places)
        nowhere = 0 if self.output_mode == "int" else 2**63 - 1
        masked = () if self.mask_token is None else ((self.mask_token, nowhere),)
        return (*masked, *((token, place) for place, token in places))

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        if self.invert:
            return ops.lookup(x, table=self.table(), default=self.oov_token)
        default = self.masked if self.num_oov_indices else None
        found = ops.lookup(x, table=self.table(), default=default, buckets=max(self.num_oov_indices, 1))
        if self.output_mode == "int":
            return found
        counted = self.output_mode.replace("tf_idf", "count")
        y = encoded(found, counted, self.depth, "float32")
        return ops.multiply(y, self.idf()) if self.output_mode == "tf_idf" else y

    def idf(self) -> Tensor:
        """A weight for each class: the mean for those that lead, 0 for those that pad."""
        if self.vocabulary is None:
            return ops.full((self.depth,), 0.0)
        before = self.first if len(self.tokens) == len(self.vocabulary) else 0
        after = (self.depth or 0) - before - len(self.vocabulary)
        lead, rest = ops.full((before,), float(np.mean(self.idf_weights))), ops.full((after,), 0.0)
        return ops.concatenate(lead, ops.constant(self.idf_weights), rest, axis=0)
