"""Layers that take strings apart, and those that hash them."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import Unknown, text, unequal
from layercalc.errors import ShapeError
from layercalc.layers.array_fields import Ints, Numbers
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Field, Int, Text, ValidationError
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.categorical import Mode, Sparse, encoded
from layercalc.layers.keras.lookups import MODES, STRINGS, IndexLookup, Texts
from layercalc.ops import Tensor
from layercalc.wording import whole

RAGGED = "Ragged tensors are not supported; output_sequence_length makes dense ones."
WORDS = "a string, or a serialised function"


class Function(Field):
    """A word of Keras', or a function of the author's own, which is not run."""

    def expects(self) -> str:
        return f"null, {WORDS}"

    def schema_of(self) -> dict[str, Any]:
        return {"type": ["string", "object"]}

    def read(self, value: Any, name: str) -> Any:
        if not isinstance(value, str | dict):
            raise self.refuse(value)
        return value if isinstance(value, str) else "of the author's own"


class Ngrams(Field):
    """How many tokens in a row are one, up to a number or each of several."""

    def expects(self) -> str:
        return "null, an integer of at least 1, or a list of them"

    def schema_of(self) -> dict[str, Any]:
        one = {"type": "integer", "minimum": 1}
        return {"anyOf": [one, {"type": "array", "items": one}]}

    def read(self, value: Any, name: str) -> Any:
        listed = value if isinstance(value, list | tuple) else [value]
        if not listed or not all(whole(one, 1) for one in listed):
            raise self.refuse(value)
        return tuple(value) if listed is value else value


class Token(Field):
    """A string or an integer."""

    def expects(self) -> str:
        return "a string or an integer"

    def schema_of(self) -> dict[str, Any]:
        return {"type": ["string", "integer"]}

    def read(self, value: Any, name: str) -> Any:
        if not isinstance(value, str) and not whole(value):
            raise self.refuse(value)
        return value


@layer
class TextVectorization(IndexLookup):
    """Strings taken apart into tokens, and these looked up; encoded as classes if asked to."""

    max_tokens = Int(None, min=2)
    standardize = Function("lower_and_strip_punctuation", null=True)
    split = Function("whitespace", null=True)
    ngrams = Ngrams(None)
    output_mode = Mode(MODES, "int")
    output_sequence_length = Int(None, min=0)
    pad_to_max_tokens = Bool(False)
    vocabulary = Texts(None)
    idf_weights = Numbers(None)
    sparse = Sparse(False)
    ragged = Sparse(False, RAGGED)
    encoding = Text("utf-8")
    vocabulary_size = Int(None, min=0)

    num_oov_indices, mask_token, oov_token, oov_method, invert = 1, "", "[UNK]", "floormod", False  # of its lookup
    token_dtype = ops.STRING
    only_analysed = STRINGS
    legacy: ClassVar[dict[str, str | None]] = {"has_input_vocabulary": None}
    example: ClassVar[Any] = {"max_tokens": 50, "output_sequence_length": 6}, (2,)
    example_dtypes = (ops.STRING,)

    def check(self) -> None:
        super().check()
        if self.output_mode != "int" and self.output_sequence_length is not None:
            raise ValidationError("Goes with the output_mode int only.", "output_sequence_length")

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        if x.ndim > 2 or (self.split is not None and x.ndim == 2 and unequal(x.shape[-1], 1)):
            told = f"Expected one string for each example, of shape () or (1,); received {text(x.shape)}."
            raise ShapeError(f"{told} To take tokens, (batch, tokens), set split to None.", "split")
        length = self.output_sequence_length
        length = Unknown("how many tokens a string has") if length is None else length
        return self.classes(ops.tokenize(x, length=length))


@layer
class Hashing(Layer):
    """The hash of each string or integer, as one of so many bins; encoded as classes if asked to."""

    num_bins = Int(min=1)
    mask_value = Token(None)
    salt = Ints(None, count=2)
    output_mode = Choice(("int", "one_hot", "multi_hot", "count"), "int")
    sparse = Sparse(False)

    only_analysed = "It hashes strings, which no pass computes with."
    example: ClassVar[Any] = {"num_bins": 6, "output_mode": "multi_hot"}, (2, 3)
    example_dtypes = (ops.STRING,)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        bins = ops.hash_bucket(x, buckets=self.num_bins)
        if self.output_mode == "int":
            return bins
        if self.output_mode == "one_hot" and x.ndim > 1 and unequal(x.shape[-1], 1):
            told = f"One-hot vectors are of one value for each example; received {text(x.shape)}, which Keras 2 refuses"
            raise ShapeError(f"{told}, and of which Keras 3 tells another shape than it gives.", "output_mode")
        return encoded(bins, self.output_mode, self.num_bins, "float32")


@layer
class HashedCrossing(Layer):
    """The hash of what several tensors have at one place, as one of so many bins; as one-hot vectors if asked to."""

    num_bins = Int(min=1)
    output_mode = Choice(("int", "one_hot"), "int")
    sparse = Sparse(False)

    only_analysed = "It hashes strings, which no pass computes with."
    example: ClassVar[Any] = {"num_bins": 6}, [(2,), (2,)]
    example_dtypes = (ops.STRING, ops.STRING)

    def call(self, weight: Weight, first: Tensor, second: Tensor, *more: Tensor) -> Tensor:
        every = (first, second, *more)
        if first.ndim > 2 or (first.ndim == 2 and unequal(first.shape[-1], 1)):
            raise ShapeError(f"Expected inputs of shape () or (1,) behind the batch; received {text(first.shape)}.")
        if any(len(one.shape) != first.ndim or any(map(unequal, one.shape, first.shape)) for one in every):
            raise ShapeError(f"Expected inputs of one shape; received {', '.join(text(one.shape) for one in every)}.")
        bins = ops.hash_bucket(*every, buckets=self.num_bins)
        return bins if self.output_mode == "int" else encoded(bins, "one_hot", self.num_bins, "float32")
