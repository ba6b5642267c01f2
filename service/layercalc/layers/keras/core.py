"""Input, Dense, Embedding."""

from typing import Any, ClassVar

import marshmallow as ma

from layercalc import ops
from layercalc.layers.array_fields import Dimensions
from layercalc.layers.base import Weight
from layercalc.layers.fields import Absent, Bool, Choice, Int, Number
from layercalc.layers.keras.activations import Activation
from layercalc.layers.keras.adapters import adapted
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.fields import TrainingOnly
from layercalc.layers.keras.initializers import InitializerField
from layercalc.ops import Tensor

QUANTISED = "Quantised layers are not supported."


@layer(aliases=("Input",))
class InputLayer(Layer):
    """An input of the model: `shape` leaves the batch out, `batch_shape` names it."""

    shape = Dimensions(None)
    batch_size = Int(None, min=0)
    sparse = Bool(None)
    ragged = Bool(None)
    batch_shape = Dimensions(None)
    optional = Bool(False)
    dtype = Choice(tuple(ops.WIDTH), None)

    legacy: ClassVar[dict[str, str | None]] = {
        "batch_input_shape": "batch_shape",
        "input_shape": "shape",
        "input_tensor": None,
    }
    is_input = True
    example: ClassVar[Any] = {"shape": [28, 28, 1]}, (2, 28, 28, 1)

    def check(self) -> None:
        if self.sparse or self.ragged:
            which = "sparse" if self.sparse else "ragged"
            raise ma.ValidationError(f"{which.capitalize()} inputs are not supported.", which)
        if self.batch_shape is not None and not self.batch_shape:
            raise ma.ValidationError("A batch_shape has at least the batch; received [].", "batch_shape")

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        return x

    def whole_shape(self) -> tuple[int | None, ...] | None:
        """The shape with the batch in front, or None where none is named."""
        if self.batch_shape is not None:
            return self.batch_shape
        return None if self.shape is None else (self.batch_size, *self.shape)


@layer
class Dense(Layer):
    """activation(x · kernel + bias) over the last axis."""

    units = Int(min=1)
    activation = Activation()
    use_bias = Bool(True)
    kernel_initializer = InitializerField("glorot_uniform")
    bias_initializer = InitializerField("zeros")
    kernel_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    activity_regularizer = TrainingOnly()
    kernel_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()
    lora_rank = Int(None, min=0)
    lora_alpha = Number(None)  # of no effect: Keras 3.15 takes the rank
    quantization_config = Absent(QUANTISED)

    supports_masking = True
    example: ClassVar[Any] = {"units": 10, "activation": "relu"}, (2, 5, 8)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        if x.ndim < 2:
            self.needs_rank(x, 2, "batch, features")
        kernel = weight("kernel", (x.shape[-1], self.units), self.kernel_initializer, trainable=not self.lora_rank)
        bias = weight("bias", (self.units,), self.bias_initializer) if self.use_bias else None
        y = ops.matmul(x, adapted(self, weight, kernel))
        return self.activation(weight, y if bias is None else ops.bias_add(y, bias))


class Table(Layer):
    """A row of a table for each integer."""

    input_dim: Any
    mask_zero: Any

    def indices(self) -> int | None:
        return int(self.input_dim)

    def mask(self, masks: Any, *inputs: Tensor) -> Tensor | None:
        return ops.not_equal(inputs[0], ops.constant(0, "int32")) if self.mask_zero else None


@layer
class Embedding(Table):
    """A row of a table for each integer."""

    input_dim = Int(min=1)
    output_dim = Int(min=1)
    embeddings_initializer = InitializerField("uniform")
    embeddings_regularizer = TrainingOnly()
    embeddings_constraint = TrainingOnly()
    mask_zero = Bool(False)
    weights = Absent("Initial weights are posted with a forward pass.")
    lora_rank = Int(None, min=0)
    lora_alpha = Number(None)  # of no effect: Keras 3.15 takes the rank
    quantization_config = Absent(QUANTISED)

    legacy: ClassVar[dict[str, str | None]] = {"input_length": None}
    example: ClassVar[Any] = {"input_dim": 50, "output_dim": 4}, (2, 7)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        shape = self.input_dim, self.output_dim
        table = weight("embeddings", shape, self.embeddings_initializer, trainable=not self.lora_rank)
        return ops.gather(adapted(self, weight, table, "embeddings"), x)


@layer
class ReversibleEmbedding(Table):
    """An embedding that also maps back: with `reverse`, vectors to a score for each integer (Press & Wolf 2017)."""

    input_dim = Int(min=1)
    output_dim = Int(min=1)
    tie_weights = Bool(True)
    embeddings_initializer = InitializerField("uniform")
    embeddings_regularizer = TrainingOnly()
    embeddings_constraint = TrainingOnly()
    mask_zero = Bool(False)
    reverse_dtype = Choice(ops.FLOATS, None)
    logit_soft_cap = Number(None)
    weights = Absent("Initial weights are posted with a forward pass.")
    lora_rank = Int(None, min=0)
    lora_alpha = Number(None)  # of no effect: Keras 3.15 takes the rank
    quantization_config = Absent(QUANTISED)
    reverse = Bool(False)  # an argument of the call

    legacy: ClassVar[dict[str, str | None]] = {"input_length": None}

    example: ClassVar[Any] = {"input_dim": 50, "output_dim": 4}, (2, 7)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        shape = self.input_dim, self.output_dim
        table = weight("embeddings", shape, self.embeddings_initializer, trainable=not self.lora_rank)
        table = adapted(self, weight, table, "embeddings")
        back = None
        if not self.tie_weights:
            back = weight("reverse_embeddings", (self.output_dim, self.input_dim), self.embeddings_initializer)
        if not self.reverse:
            return ops.gather(table, x)
        kernel = ops.transpose(table, axes=(1, 0)) if back is None else back
        if self.reverse_dtype is not None:
            x, kernel = (ops.cast(one, to=self.reverse_dtype) for one in (x, kernel))
        y = ops.matmul(x, kernel)
        if self.logit_soft_cap is None:
            return y
        cap = ops.constant(self.logit_soft_cap)
        return ops.multiply(ops.OPS["tanh"](ops.divide(y, cap)), cap)

    def indices(self) -> int | None:
        return None if self.reverse else super().indices()

    def mask(self, masks: Any, *inputs: Tensor) -> Tensor | None:
        return None if self.reverse else super().mask(masks, *inputs)
