"""Layers with a state that runs along the time axis: a loop over a cell."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import differ, text
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Int
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.cells import CellField, ConvLSTMCell, GRUCell, LSTMCell, SimpleRNNCell, States
from layercalc.ops import Tensor
from layercalc.ops.window import AXES


class Loop(Layer):
    """A cell over axis 1: it reads all steps at once, then takes them one after another.

    A layer that is a cell too loops over itself.
    """

    return_sequences = Bool(False)
    return_state = Bool(False)
    go_backwards = Bool(False)
    stateful = Bool(False)
    unroll = Bool(False)
    zero_output_for_mask = Bool(False)
    time_major = Choice((False,), False)

    cell_name: ClassVar[str]
    module: ClassVar[str] = ""  # PyTorch's name for it
    supports_masking = True

    @property
    def recurrence(self) -> tuple[str, Layer, int] | None:
        return (self.module, self, 1) if self.module else None

    def inner(self) -> tuple[Any, str]:
        """The cell, and the name its weights stand under."""
        return self, self.cell_name

    def call(self, weight: Weight, sequences: Tensor, initial_state: Any = None, mask: Tensor | None = None) -> Any:
        axes = ("batch", "steps", *(AXES[self.rank] if self.rank else ()), "channels" if self.rank else "features")
        self.needs_rank(sequences, len(axes), ", ".join(axes))
        if mask is not None and (mask.ndim != 2 or any(map(differ, mask.shape, sequences.shape[:2]))):
            raise ShapeError(
                f"A mask of {self.type} has shape {text(sequences.shape[:2])}, received {text(mask.shape)}."
            )
        cell, name = self.inner()
        with ops.Computing(cell.dtype[0]):
            z, parts = cell.prepare(weight.scope(name).owned(cell), ops.autocast(sequences))
            ys, states = self.run(cell, parts, z, cell.started(z, initial_state), mask)
        y = ys if self.return_sequences else ops.step(ys, ys.shape[1] - 1)
        return tuple(map(ops.autocast, (y, *states))) if self.return_state else ops.autocast(y)

    def run(self, cell: Any, parts: Any, z: Tensor, start: States, mask: Tensor | None) -> tuple[Tensor, States]:
        """The outputs of all steps and the last states; a masked step keeps the states."""
        crossed = self.zero_output_for_mask and self.unroll and self.go_backwards and self.return_sequences
        zero = ops.full((z.shape[0], *cell.state_sizes(z)[cell.output]), 0.0)

        def step(carry: Any, z: Tensor, keep: Tensor | None = None) -> Any:
            previous, states = carry
            y, new = cell.step(parts, z, states)
            if keep is not None:
                keep = unsqueezed(keep, y)
                y = ops.select(keep, y, previous)
                new = tuple(ops.select(keep, a, b) for a, b in zip(new, states, strict=True))
            return (zero if self.zero_output_for_mask and not crossed else y, new), y

        xs = (z,) if mask is None else (z, mask)
        (_, states), ys = ops.scan(step, xs, (zero, start), reverse=self.go_backwards)
        if mask is not None and crossed:  # Keras then masks the reversed outputs by the mask as it came
            ys = ops.select(unsqueezed(mask, ys), ys, ops.full(ys.shape, 0.0))
        return ys, states

    def mask(self, masks: Any, *inputs: Tensor) -> Any:
        """Passed on with the sequence; there is none left on the last step alone, nor on states."""
        passed = masks[0] if masks and self.return_sequences else None
        return (passed, *(None,) * self.inner()[0].states) if self.return_state else passed


def unsqueezed(mask: Tensor, y: Tensor) -> Tensor:
    """The mask with as many axes as y."""
    return ops.reshape(mask, to=(*mask.shape, *(1,) * (y.ndim - mask.ndim)))


class Given(Layer):
    """What is made of a cell: its field comes before those of the loop."""

    cell = CellField()


@layer
class RNN(Loop, Given):
    """A loop over any cell, or over a stack of them."""

    example: ClassVar[Any] = {"cell": {"type": "GRUCell", "units": 4}, "return_sequences": True}, (2, 6, 3)

    def inner(self) -> tuple[Any, str]:
        return self.cell, self.cell.name


@layer
class LSTM(Loop, LSTMCell):  # type: ignore[misc]  # called as a loop
    """Long short-term memory (Hochreiter & Schmidhuber 1997)."""

    use_cudnn = Choice(("auto", True, False), "auto")

    cell_name, module = "lstm_cell", "LSTM"
    example: ClassVar[Any] = {"units": 16, "return_sequences": True}, (2, 12, 8)


@layer
class GRU(Loop, GRUCell):  # type: ignore[misc]  # called as a loop
    """Gated recurrent unit (Cho et al. 2014)."""

    seed = Int(None)
    return_sequences = Bool(False)
    return_state = Bool(False)
    go_backwards = Bool(False)
    stateful = Bool(False)
    unroll = Bool(False)
    reset_after = Bool(True)
    use_cudnn = Choice(("auto", True, False), "auto")

    cell_name, module = "gru_cell", "GRU"
    example: ClassVar[Any] = {"units": 5, "return_sequences": True}, (2, 6, 3)


@layer
class SimpleRNN(Loop, SimpleRNNCell):  # type: ignore[misc]  # called as a loop
    """A plain recurrent network (Elman 1990)."""

    return_sequences = Bool(False)
    return_state = Bool(False)
    go_backwards = Bool(False)
    stateful = Bool(False)
    unroll = Bool(False)
    seed = Int(None)

    cell_name, module = "simple_rnn_cell", "RNN"
    example: ClassVar[Any] = {"units": 5, "return_sequences": True}, (2, 6, 3)


@layer(ConvLSTM1D=1, ConvLSTM2D=2, ConvLSTM3D=3)
class ConvLSTM(Loop, ConvLSTMCell):  # type: ignore[misc]  # called as a loop
    """Long short-term memory in which convolutions read input and state (Shi et al. 2015)."""

    cell_name = "conv_lstm_cell"
    examples: ClassVar[Any] = {
        1: ({"filters": 3, "kernel_size": 3, "return_sequences": True}, (2, 4, 6, 2)),
        2: ({"filters": 3, "kernel_size": 3, "padding": "same", "return_sequences": True}, (2, 4, 5, 6, 2)),
        3: ({"filters": 2, "kernel_size": 2, "return_sequences": True}, (2, 3, 4, 3, 4, 2)),
    }
