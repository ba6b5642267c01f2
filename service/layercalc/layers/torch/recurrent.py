"""RNN, LSTM and GRU, and their cells."""

from typing import Any, ClassVar

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Int, Number, ValidationError
from layercalc.layers.torch.functions.recurrent import GRU as GRU_STEPS
from layercalc.layers.torch.functions.recurrent import LSTM as LSTM_STEPS
from layercalc.layers.torch.functions.recurrent import RNNS
from layercalc.layers.torch.functions.recurrent import Stack as Steps
from layercalc.layers.torch.module import Module, few, module, spread
from layercalc.ops import Tensor


class Recurrent(Module):
    """Layers one on another, in one direction or both.

    The input is (steps, batch, features), with `batch_first` (batch, steps, features), or without a batch.
    """

    proj_size = 0

    def check(self) -> None:
        few(self.num_layers)
        if self.proj_size and self.proj_size >= self.hidden_size:
            raise ValidationError(f"Must be less than hidden_size, {self.hidden_size}.", "proj_size")

    @property
    def steps(self) -> Steps:
        raise NotImplementedError

    def start(self, input: Tensor, given: tuple[Tensor | None, ...]) -> list[Tensor]:
        """The states at first: zeros where none are given."""
        ways = 2 if self.bidirectional else 1
        batch = () if input.ndim == 2 else (input.shape[0 if self.batch_first else 1],)
        sizes = (self.proj_size or self.hidden_size, self.hidden_size)
        shapes = [(self.num_layers * ways, *batch, size) for size in sizes]
        return [
            ops.full(shape, 0, str(input.dtype)) if one is None else one
            for shape, one in zip(shapes, given, strict=False)
        ]

    def weights(self, weight: Weight) -> list[Tensor]:
        """Of each layer and direction, in state_dict's order."""
        scale, gates = spread(self.hidden_size), self.steps.gates * self.hidden_size
        ways = 2 if self.bidirectional else 1
        found = []
        for layer in range(self.num_layers):
            state = self.proj_size or self.hidden_size
            features = self.input_size if layer == 0 else state * ways
            for way in ("", "_reverse")[:ways]:
                shapes: dict[str, tuple[int, ...]] = {
                    "weight_ih": (gates, features),
                    "weight_hh": (gates, state),
                }
                if self.bias:
                    shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
                if self.proj_size:
                    shapes["weight_hr"] = (self.proj_size, self.hidden_size)
                found += [weight(f"{name}_l{layer}{way}", shape, scale) for name, shape in shapes.items()]
        return found

    def run(self, weight: Weight, input: Tensor, given: tuple[Tensor | None, ...]) -> tuple[Tensor, ...]:
        if input.ndim not in (2, 3):
            raise ShapeError(f"{self.type} takes steps and features, a batch or none; received {text(input.shape)}.")
        self.expects(input, input.ndim - 1, "input_size", "features")
        states = self.start(input, given)
        how = self.bias, self.num_layers, self.bidirectional, self.batch_first
        return self.steps.run(input, states, self.weights(weight), *how)


class OneState(Recurrent):
    """One state, h."""

    def call(self, weight: Weight, input: Tensor, hx: Tensor | None = None) -> Any:
        return self.run(weight, input, (hx,))


@module
class RNN(OneState):
    """h = tanh(x · W + h · R + b), step by step; the output of every step, and the last state."""

    input_size = Int(min=1)
    hidden_size = Int(min=1)
    num_layers = Int(1, min=1)
    nonlinearity = Choice(("tanh", "relu"), "tanh")
    bias = Bool(True)
    batch_first = Bool(False)
    dropout = Number(0.0, min=0, max=1)
    bidirectional = Bool(False)

    example: ClassVar[Any] = ({"input_size": 8, "hidden_size": 5, "batch_first": True}, (2, 6, 8))

    @property
    def steps(self) -> Steps:
        return RNNS[f"rnn_{self.nonlinearity}"]


@module
class GRU(OneState):
    """Gated recurrent units (Cho et al. 2014); the output of every step, and the last state."""

    input_size = Int(min=1)
    hidden_size = Int(min=1)
    num_layers = Int(1, min=1)
    bias = Bool(True)
    batch_first = Bool(False)
    dropout = Number(0.0, min=0, max=1)
    bidirectional = Bool(False)

    steps = GRU_STEPS
    example: ClassVar[Any] = (
        {"input_size": 8, "hidden_size": 5, "num_layers": 2, "bidirectional": True},
        (6, 2, 8),
    )


@module
class LSTM(Recurrent):
    """Long short-term memory (Hochreiter & Schmidhuber 1997); the output of every step, and the last states h and c."""

    input_size = Int(min=1)
    hidden_size = Int(min=1)
    num_layers = Int(1, min=1)
    bias = Bool(True)
    batch_first = Bool(False)
    dropout = Number(0.0, min=0, max=1)
    bidirectional = Bool(False)
    proj_size = Int(0, min=0)

    steps = LSTM_STEPS
    example: ClassVar[Any] = ({"input_size": 8, "hidden_size": 5, "batch_first": True}, (2, 6, 8))

    def call(self, weight: Weight, input: Tensor, h_0: Tensor | None = None, c_0: Tensor | None = None) -> Any:
        return self.run(weight, input, (h_0, c_0))


class Cell(Module):
    """One step."""

    def parts(self, weight: Weight, input: Tensor, gates: int) -> list[Tensor | None]:
        if input.ndim not in (1, 2):
            raise ShapeError(f"{self.type} takes features, a batch or none; received {text(input.shape)}.")
        self.expects(input, input.ndim - 1, "input_size", "features")
        scale, n = spread(self.hidden_size), gates * self.hidden_size
        found: list[Tensor | None] = [
            weight("weight_ih", (n, self.input_size), scale),
            weight("weight_hh", (n, self.hidden_size), scale),
        ]
        return found + ([weight(name, (n,), scale) for name in ("bias_ih", "bias_hh")] if self.bias else [None, None])

    def state(self, input: Tensor, given: Tensor | None) -> Tensor:
        if given is None:
            return ops.full((*input.shape[:-1], self.hidden_size), 0, str(input.dtype))
        self.expects(given, given.ndim - 1, "hidden_size", "features")
        return given


@module
class RNNCell(Cell):
    """One step of an RNN: the state behind it."""

    input_size = Int(min=1)
    hidden_size = Int(min=1)
    bias = Bool(True)
    nonlinearity = Choice(("tanh", "relu"), "tanh")

    example: ClassVar[Any] = ({"input_size": 8, "hidden_size": 5}, (2, 8))

    def call(self, weight: Weight, input: Tensor, hx: Tensor | None = None) -> Tensor:
        steps = RNNS[f"rnn_{self.nonlinearity}"]
        own = self.parts(weight, input, 1)
        return steps.cell(input, [self.state(input, hx)], own)[0]


@module
class GRUCell(Cell):
    """One step of a GRU: the state behind it."""

    input_size = Int(min=1)
    hidden_size = Int(min=1)
    bias = Bool(True)

    example: ClassVar[Any] = ({"input_size": 8, "hidden_size": 5}, (2, 8))

    def call(self, weight: Weight, input: Tensor, hx: Tensor | None = None) -> Tensor:
        own = self.parts(weight, input, 3)
        return GRU_STEPS.cell(input, [self.state(input, hx)], own)[0]


@module
class LSTMCell(Cell):
    """One step of an LSTM: the states h and c behind it."""

    input_size = Int(min=1)
    hidden_size = Int(min=1)
    bias = Bool(True)

    example: ClassVar[Any] = ({"input_size": 8, "hidden_size": 5}, (2, 8))

    def call(self, weight: Weight, input: Tensor, h_0: Tensor | None = None, c_0: Tensor | None = None) -> Any:
        own = self.parts(weight, input, 4)
        return LSTM_STEPS.cell(input, [self.state(input, h_0), self.state(input, c_0)], own)
