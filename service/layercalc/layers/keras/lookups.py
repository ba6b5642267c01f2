"""Layers that look up tokens, integers or strings, in a vocabulary."""

from typing import Any, ClassVar

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.errors import Offer
from layercalc.layers.array_fields import Ints, Numbers, shape_of
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Field, Int, Text, ValidationError
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.categorical import Mode, Sparse, encoded
from layercalc.layers.keras.fields import Dtype
from layercalc.ops import Tensor
from layercalc.wording import received

STRINGS = "It works on strings, which no pass computes with."
MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


class Vocabulary(Ints):
    """The tokens, integers; a path of a file is refused."""

    def expects(self) -> str:
        return "a list of integers (files are not read)"


class Texts(Field):
    """A list of strings; a path of a file is refused."""

    def expects(self) -> str:
        return "a list of strings (files are not read)"

    def schema_of(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string"}}

    def read(self, value: Any, name: str) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(type(one) is str for one in value):
            raise self.refuse(value)
        return tuple(value)


class OfStrings(Dtype):
    """A dtype, of a layer that works in no float; Keras 2 writes `string`."""

    def schema_of(self) -> dict[str, Any]:
        return {"anyOf": [*super().schema_of()["anyOf"], {"const": ops.STRING}]}

    def read(self, value: Any, name: str) -> tuple[str, str]:
        return super().read("float32" if value == ops.STRING else value, name)


class IndexLookup(Layer):
    """The place of each token in a vocabulary, or the token at each place; encoded as classes if asked to."""

    max_tokens: Any
    num_oov_indices: Any
    mask_token: Any
    oov_token: Any
    vocabulary: Any
    idf_weights: Any
    invert: Any
    output_mode: Any
    pad_to_max_tokens: Any
    oov_method: Any
    vocabulary_size: Any
    dtype = OfStrings()
    token_dtype: ClassVar[str]

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
                told = f"A vocabulary is required for the output_mode {self.output_mode}"
                raise ValidationError(f"{told}; what adapt() finds in data is not known.", "vocabulary")
            return
        if self.num_oov_indices.bit_length() > 60:
            raise ValidationError("Expected an integer of 60 bits.", "num_oov_indices")
        tokens = self.tokens
        if not self.vocabulary or len(set(tokens)) < len(tokens):
            raise ValidationError("Expected at least one token, and none of them twice.", "vocabulary")
        self.check_tokens(tokens)
        if self.mask_token in tokens or (self.invert and self.oov_token in tokens):
            raise ValidationError("The mask and oov tokens may only lead the vocabulary.", "vocabulary")
        if self.max_tokens is not None and self.first + len(tokens) > self.max_tokens:
            raise ValidationError(
                f"With mask and oov {self.first + len(tokens)} tokens, but max_tokens is {self.max_tokens}.",
                "vocabulary",
            )

    def check_tokens(self, tokens: tuple[Any, ...]) -> None:
        """Refuse tokens that no table holds."""

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
    def tokens(self) -> tuple[Any, ...]:
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
            return ops.lookup(x, table=self.table(), default=self.oov_token, to=self.token_dtype)
        return self.classes(x)

    def classes(self, x: Tensor) -> Tensor:
        """The place of each token, or what is asked for in its stead."""
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


@layer
class IntegerLookup(IndexLookup):
    """The place of each integer in a vocabulary, or the integer at each place; encoded as classes if asked to."""

    max_tokens = Int(None, min=2)
    num_oov_indices = Int(1, min=0)
    mask_token = Int(None)
    oov_token = Int(-1)
    vocabulary = Vocabulary(None, single=False)
    vocabulary_dtype = Choice(("int64",), "int64")
    idf_weights = Numbers(None)
    invert = Bool(False)
    output_mode = Mode(MODES, "int")
    sparse = Sparse(False)
    pad_to_max_tokens = Bool(False)
    oov_method = Choice(("floormod", "farmhash"), "floormod")
    salt = Ints(None, count=2)
    vocabulary_size = Int(None, min=0)

    token_dtype = "int64"
    legacy: ClassVar[dict[str, str | None]] = {"has_input_vocabulary": None}
    example: ClassVar[Any] = {"vocabulary": [10, 20, 30], "output_mode": "count"}, (2, 4)

    def check_tokens(self, tokens: tuple[Any, ...]) -> None:
        if any(token.bit_length() > 63 for token in (*tokens, self.mask_token or 0, self.oov_token or 0)):
            raise ValidationError("Tokens must be integers of 64 bits.", "vocabulary")


@layer
class StringLookup(IndexLookup):
    """The place of each string in a vocabulary, or the string at each place; encoded as classes if asked to."""

    max_tokens = Int(None, min=2)
    num_oov_indices = Int(1, min=0)
    mask_token = Text(None)
    oov_token = Text("[UNK]")
    vocabulary = Texts(None)
    idf_weights = Numbers(None)
    invert = Bool(False)
    output_mode = Mode(MODES, "int")
    pad_to_max_tokens = Bool(False)
    sparse = Sparse(False)
    encoding = Text("utf-8")
    salt = Ints(None, count=2)
    vocabulary_dtype = Choice(("string",), "string")
    oov_method = Choice(("floormod", "farmhash"), "floormod")
    vocabulary_size = Int(None, min=0)

    token_dtype = ops.STRING
    only_analysed = STRINGS
    legacy: ClassVar[dict[str, str | None]] = {"has_input_vocabulary": None}
    example: ClassVar[Any] = {"vocabulary": ["a", "b", "c"], "output_mode": "count"}, (2, 4)
    example_dtypes = (ops.STRING,)
