"""Input, Dense, Embedding."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.errors import ShapeError
from layercalc.layers.array_fields import Dimensions
from layercalc.layers.base import Weight
from layercalc.layers.fields import Absent, Bool, Choice, Int, Number, ValidationError
from layercalc.layers.initializers import ONES, ZEROS
from layercalc.layers.keras.activations import Activation
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.fields import TrainingOnly
from layercalc.layers.keras.initializers import InitializerField
from layercalc.layers.keras.quantisation import Kernel, Quantisable, QuantizationConfig, groups, half
from layercalc.ops import Tensor


@layer(aliases=("Input",))
class InputLayer(Layer):
    """An input of the model: `shape` leaves the batch out, `batch_shape` names it."""

    shape = Dimensions(None)
    batch_size = Int(None, min=0)
    sparse = Bool(None)
    ragged = Bool(None)
    batch_shape = Dimensions(None)
    optional = Bool(False)
    dtype = Choice(tuple(ops.BYTES), None)

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
            raise ValidationError(f"{which.capitalize()} inputs are not supported.", which)
        if self.batch_shape is not None and not self.batch_shape:
            raise ValidationError("A batch_shape has at least the batch; received [].", "batch_shape")

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        return x

    def whole_shape(self) -> tuple[int | None, ...] | None:
        """The shape with the batch in front, or None where none is named."""
        if self.batch_shape is not None:
            return self.batch_shape
        return None if self.shape is None else (self.batch_size, *self.shape)


@layer
class Dense(Quantisable):
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
    quantization_config = QuantizationConfig()

    supports_masking = True
    example: ClassVar[Any] = {"units": 10, "activation": "relu"}, (2, 5, 8)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        if x.ndim < 2:
            self.needs_rank(x, 2, "batch, features")
        rows, units = x.shape[-1], self.units
        kernel, bias = self.held(
            weight,
            "kernel",
            Kernel((rows, units), rows, units, (units,), (rows, units)),
            self.kernel_initializer,
            (lambda: weight("bias", (units,), self.bias_initializer)) if self.use_bias else None,
        )
        y = ops.matmul(x, kernel)
        return self.activation(weight, y if bias is None else ops.bias_add(y, bias))


class Table(Quantisable):
    """A row of a table for each integer."""

    input_dim: Any
    output_dim: Any
    embeddings_initializer: Any
    mask_zero: Any

    def indices(self) -> int | None:
        return int(self.input_dim)

    def table(self, weight: Weight) -> Tensor:
        """The table, (integers, features)."""
        if (how := self.quantised) is not None and how.mode not in ("int8", "int4"):
            raise ShapeError(f"A table may be int8 or int4, not {how.mode}.", "dtype")
        rows, columns = self.output_dim, self.input_dim
        kernel = Kernel((columns, rows), rows, columns, (columns,), table=True)
        return self.held(weight, "embeddings", kernel, self.embeddings_initializer)[0]

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
    quantization_config = QuantizationConfig()

    legacy: ClassVar[dict[str, str | None]] = {"input_length": None}
    example: ClassVar[Any] = {"input_dim": 50, "output_dim": 4}, (2, 7)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        return ops.gather(self.table(weight), x)


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
    quantization_config = QuantizationConfig()
    reverse = Bool(False)  # an argument of the call

    legacy: ClassVar[dict[str, str | None]] = {"input_length": None}

    example: ClassVar[Any] = {"input_dim": 50, "output_dim": 4}, (2, 7)

    def call(self, weight: Weight, x: Tensor) -> Tensor:
        table = self.table(weight)
        back = None if self.tie_weights else self.back(weight)
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

    def back(self, weight: Weight) -> Tensor:
        """The kernel of the way back, (features, integers), where it is not the table."""
        name, (rows, columns), how = "reverse_embeddings", (self.output_dim, self.input_dim), self.quantised
        if how is None:
            return weight(name, (rows, columns), self.embeddings_initializer)
        many = (columns,) if how.mode == "int8" or how.group is None else (groups(rows, how.group), columns)
        weight(name, (rows if how.mode == "int8" else half(rows), columns), ZEROS, False, "int8")
        weight(f"{name}_scale", many, ONES, False)
        if len(many) > 1:
            weight(f"{name}_zero", many, ZEROS, False)  # a float, as Keras has it
        return ops.full((rows, columns), 0.0)

    def indices(self) -> int | None:
        return None if self.reverse else super().indices()

    def mask(self, masks: Any, *inputs: Tensor) -> Tensor | None:
        return None if self.reverse else super().mask(masks, *inputs)
