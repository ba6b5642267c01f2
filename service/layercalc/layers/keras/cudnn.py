"""Recurrent layers of Keras 2 for NVIDIA's cuDNN: no activation to choose, two biases in one weight, no masks.

Sources: keras 2.0.9 (layers/cudnn_recurrent.py), tf_keras.src.layers.rnn.cudnn_lstm and cudnn_gru.
"""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Int
from layercalc.layers.keras.activations import Function
from layercalc.layers.keras.base import layer
from layercalc.layers.keras.cells import Cell, GRUCell, States, UnitForgetBias, remember
from layercalc.layers.keras.fields import TrainingOnly
from layercalc.layers.keras.initializers import InitializerField
from layercalc.layers.keras.recurrent import Loop
from layercalc.ops import Tensor


class CuDNNCell(Cell):
    """One step; `bias` holds that of the input and then that of the state."""

    activation, recurrent_activation = Function("tanh"), Function("sigmoid")
    use_bias = reset_after = True

    def prepare(self, weight: Weight, x: Tensor) -> tuple[Tensor, Any]:
        kernel, recurrent = self.kernels(weight, x.shape[-1], self.units)
        wide = self.gates * self.units
        filling = self.bias_initializer
        if self.unit_forget_bias:
            filling = UnitForgetBias(filling, parts=8, forget=5)  # in the bias of the state
        bias = weight("bias", (2 * wide,), filling)
        of_input, of_state = (ops.take(bias, axis=0, start=k * wide, stop=(k + 1) * wide) for k in range(2))
        return ops.bias_add(ops.matmul(x, kernel), of_input), (weight, recurrent, of_state)


class CuDNNLoop(Loop):
    """A loop that cuDNN runs: always the same one, without a mask."""

    return_sequences = Bool(False)
    return_state = Bool(False)
    go_backwards = Bool(False)
    stateful = Bool(False)
    unroll = Choice((False,), False)
    zero_output_for_mask = Choice((False,), False)

    supports_masking = False

    def run(self, cell: Any, parts: Any, z: Tensor, start: States, mask: Tensor | None) -> tuple[Tensor, States]:
        if mask is not None:
            raise ShapeError(f"{self.type} takes no mask, and its input has one; {self.type[5:]} takes masks.")
        return super().run(cell, parts, z, start, None)


class CuDNNLSTMCell(CuDNNCell):
    """One step of long short-term memory."""

    units = Int(min=1)
    kernel_initializer = InitializerField("glorot_uniform")
    recurrent_initializer = InitializerField("orthogonal")
    bias_initializer = InitializerField("zeros")
    unit_forget_bias = Bool(True)
    kernel_regularizer = TrainingOnly()
    recurrent_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    kernel_constraint = TrainingOnly()
    recurrent_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()

    gates, states = 4, 2

    def step(self, parts: Any, z: Tensor, states: States) -> tuple[Tensor, States]:
        weight, recurrent, bias = parts
        h, c = states
        return remember(self, weight, ops.add(ops.bias_add(z, bias), ops.matmul(h, recurrent)), c)


class CuDNNGRUCell(CuDNNCell):
    """One step of a gated recurrent unit, whose state is reset after its kernel."""

    units = Int(min=1)
    kernel_initializer = InitializerField("glorot_uniform")
    recurrent_initializer = InitializerField("orthogonal")
    bias_initializer = InitializerField("zeros")
    kernel_regularizer = TrainingOnly()
    recurrent_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    kernel_constraint = TrainingOnly()
    recurrent_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()

    gates = 3
    step: Any = GRUCell.step


@layer
class CuDNNLSTM(CuDNNLoop, CuDNNLSTMCell):  # type: ignore[misc]  # called as a loop
    """Long short-term memory as cuDNN computes it, of Keras 2."""

    cell_name, module = "cu_dnnlstm_cell", "LSTM"
    example: ClassVar[Any] = {"units": 5, "return_sequences": True}, (2, 6, 3)


@layer
class CuDNNGRU(CuDNNLoop, CuDNNGRUCell):  # type: ignore[misc]  # called as a loop
    """Gated recurrent unit as cuDNN computes it, of Keras 2: the state is reset after its kernel."""

    cell_name, module = "cu_dnngru_cell", "GRU"
    example: ClassVar[Any] = {"units": 5, "return_sequences": True}, (2, 6, 3)
