"""Layers with a state that runs along the time axis."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from layercalc import ops
from layercalc.dims import Shape, differ, text
from layercalc.errors import ShapeError
from layercalc.layers.base import Layer, Weight, layer
from layercalc.layers.fields import Bool, Choice, InitializerField, Int, Number, Opaque
from layercalc.layers.initializers import Initializer
from layercalc.layers.nested import Activation, Wrapped
from layercalc.ops import Tensor


class Recurrent(Layer):
    """A loop over axis 1: what differs from one kind to the next is `prepare`, `step` and `state_sizes`."""

    return_sequences: Any
    return_state: Any
    go_backwards: Any
    zero_output_for_mask: Any

    supports_masking = True

    def prepare(self, weight: Weight, x: Tensor) -> tuple[Tensor, Any]:
        """What can be computed of all time steps at once, and the weights that each step needs."""
        raise NotImplementedError

    def step(self, weights: Any, z: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """One time step: the output and the new states."""
        raise NotImplementedError

    def state_sizes(self, x: Tensor) -> Sequence[Shape]:
        """The shape of each state without the batch; the first is that of the output."""
        raise NotImplementedError

    def call(self, weight: Weight, sequences: Tensor, initial_state: Any = None, mask: Tensor | None = None) -> Any:
        if mask is not None and (mask.ndim != 2 or any(map(differ, mask.shape, sequences.shape[:2]))):
            raise ShapeError(
                f"A mask of {self.type} has shape {text(sequences.shape[:2])}, received {text(mask.shape)}."
            )
        batch = sequences.shape[0]
        shapes = [(batch, *size) for size in self.state_sizes(sequences)]
        z, weights = self.prepare(weight, sequences)
        states = self.started(shapes, initial_state)

        def step(carry: Any, z: Tensor, keep: Tensor | None = None) -> Any:
            previous, states = carry
            y, new = self.step(weights, z, states)
            if keep is not None:
                keep = ops.reshape(keep, to=(*keep.shape, *(1,) * (y.ndim - 1)))
                y = ops.select(keep, y, previous)
                new = tuple(ops.select(keep, a, b) for a, b in zip(new, states, strict=True))
            return (zero if self.zero_output_for_mask else y, new), y

        zero = ops.full(shapes[0], 0.0)
        xs = (z,) if mask is None else (z, mask)
        (_, states), ys = ops.scan(step, xs, (zero, states), reverse=self.go_backwards)
        y = ys if self.return_sequences else ops.step(ys, ys.shape[1] - 1)
        return (y, *states) if self.return_state else y

    def started(self, shapes: list[Shape], given: Any) -> tuple[Tensor, ...]:
        """The states to start from: zeros, or what was given, once it fits."""
        if given is None:
            return tuple(ops.full(shape, 0.0) for shape in shapes)
        states = tuple(given) if isinstance(given, list | tuple) and not isinstance(given, ops.Spec) else (given,)
        if len(states) != len(shapes):
            raise ShapeError(f"{self.type} starts from {len(shapes)} states, received {len(states)}.")
        for state, shape in zip(states, shapes, strict=True):
            if len(state.shape) != len(shape) or any(map(differ, state.shape, shape)):
                raise ShapeError(
                    f"An initial state of {self.type} has shape {text(shape)}, received {text(state.shape)}."
                )
        return states

    def mask(self, masks: Any, *inputs: Tensor) -> Any:
        """Passed on with the sequence; there is none left on the last step alone, nor on states."""
        passed = masks[0] if masks and self.return_sequences else None
        return (passed, *(None for _ in self.state_sizes(inputs[0]))) if self.return_state else passed


class UnitForgetBias(Initializer):
    """An LSTM's bias: as its initializer says, but 1 for the forget gate (Jozefowicz et al. 2015)."""

    def __init__(self, inner: Initializer):
        super().__init__(inner.name, inner.arguments)

    def __call__(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        bias = super().__call__(shape, generator).copy()
        quarter = shape[0] // 4
        bias[quarter : 2 * quarter] = 1
        return bias


@layer
class LSTM(Recurrent):
    """Long short-term memory (Hochreiter & Schmidhuber 1997); gates in Keras' order: input, forget, cell, output."""

    units = Int(min=1)
    activation = Activation("tanh")
    recurrent_activation = Activation("sigmoid")
    use_bias = Bool(True)
    kernel_initializer = InitializerField("glorot_uniform")
    recurrent_initializer = InitializerField("orthogonal")
    bias_initializer = InitializerField("zeros")
    unit_forget_bias = Bool(True)
    kernel_regularizer = Opaque()
    recurrent_regularizer = Opaque()
    bias_regularizer = Opaque()
    activity_regularizer = Opaque()
    kernel_constraint = Opaque()
    recurrent_constraint = Opaque()
    bias_constraint = Opaque()
    dropout = Number(0.0, min=0, max=1)
    recurrent_dropout = Number(0.0, min=0, max=1)
    seed = Int(None)
    return_sequences = Bool(False)
    return_state = Bool(False)
    go_backwards = Bool(False)
    stateful = Bool(False)
    unroll = Bool(False)
    use_cudnn = Choice(("auto", True, False), "auto")
    zero_output_for_mask = Bool(False)

    legacy: ClassVar[dict[str, str | None]] = {"implementation": None, "time_major": None}
    example: ClassVar[Any] = {"units": 16, "return_sequences": True}, (2, 12, 8)

    def check(self) -> None:
        if isinstance(self.recurrent_activation, Wrapped) and self.recurrent_activation.name == self.activation.name:
            self.recurrent_activation.name += "_1"  # as Keras tells two layers of one type apart

    def prepare(self, weight: Weight, x: Tensor) -> tuple[Tensor, Any]:
        self.needs_rank(x, 3, "batch, steps, features")
        weight, wide = weight.scope("lstm_cell"), 4 * self.units
        kernel = weight("kernel", (x.shape[-1], wide), self.kernel_initializer)
        recurrent = weight("recurrent_kernel", (self.units, wide), self.recurrent_initializer)
        z = ops.matmul(x, kernel)
        if self.use_bias:
            filling = UnitForgetBias(self.bias_initializer) if self.unit_forget_bias else self.bias_initializer
            z = ops.bias_add(z, weight("bias", (wide,), filling))
        return z, (weight, recurrent)

    def step(self, weights: Any, z: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        weight, recurrent = weights
        h, c = states
        z = ops.add(z, ops.matmul(h, recurrent))
        i, f, g, o = (ops.take(z, axis=-1, start=k * self.units, stop=(k + 1) * self.units) for k in range(4))
        kept = ops.multiply(self.recurrent_activation(weight, f), c)
        c = ops.add(kept, ops.multiply(self.recurrent_activation(weight, i), self.activation(weight, g)))
        h = ops.multiply(self.recurrent_activation(weight, o), self.activation(weight, c))
        return h, (h, c)

    def state_sizes(self, x: Tensor) -> Sequence[Shape]:
        return ((self.units,), (self.units,))
