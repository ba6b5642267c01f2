"""One time step of a recurrent layer, as a layer of its own: what is read of the input, and how states change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Dim, Shape, differ, known, text
from layercalc.errors import ShapeError
from layercalc.layers import base
from layercalc.layers.array_fields import Dims
from layercalc.layers.base import Weight
from layercalc.layers.fields import Bool, Choice, Field, Int, Number, ValidationError
from layercalc.layers.initializers import Initializer
from layercalc.layers.keras.activations import Activation, Wrapped
from layercalc.layers.keras.base import Layer, layer
from layercalc.layers.keras.convolution import check_window
from layercalc.layers.keras.fields import DataFormat, TrainingOnly
from layercalc.layers.keras.initializers import InitializerField
from layercalc.layers.keras.padding import slide
from layercalc.layers.nested import LayerField
from layercalc.ops import Tensor
from layercalc.wording import received

States = tuple[Tensor, ...]


class Cell(Layer):
    """`prepare` reads the input, of one step or of all of them at once; `step` needs the states too.

    States are listed flat, those of a stack cell after cell; the output is shaped like the first.
    """

    gates: ClassVar[int] = 1  # how many times as wide as the output the kernels are
    states: int = 1
    output: int = 0  # the state that the output is shaped like
    unit_forget_bias: Any = False

    legacy: ClassVar[dict[str, str | None]] = {"implementation": None}

    def check(self) -> None:
        gate = getattr(self, "recurrent_activation", None)
        if isinstance(gate, Wrapped) and gate.name == self.activation.name:
            gate.name += "_1"  # as Keras tells two layers of one type apart

    def kernels(self, weight: Weight, channels: Dim, units: int, window: Shape = ()) -> tuple[Tensor, Tensor]:
        """Those that read the input and the state."""
        wide = self.gates * units
        kernel = weight("kernel", (*window, channels, wide), self.kernel_initializer)
        return kernel, weight("recurrent_kernel", (*window, units, wide), self.recurrent_initializer)

    def biased(self, weight: Weight, z: Tensor) -> Tensor:
        if not self.use_bias:
            return z
        filling = UnitForgetBias(self.bias_initializer) if self.unit_forget_bias else self.bias_initializer
        return ops.bias_add(z, weight("bias", z.shape[-1:], filling))

    def prepare(self, weight: Weight, x: Tensor) -> tuple[Tensor, Any]:
        """What a step adds the states to, and what else it needs."""
        kernel, recurrent = self.kernels(weight, x.shape[-1], self.units)
        return self.biased(weight, ops.matmul(x, kernel)), (weight, recurrent)

    def step(self, parts: Any, z: Tensor, states: States) -> tuple[Tensor, States]:
        """The output and the new states."""
        raise NotImplementedError

    def state_sizes(self, z: Tensor) -> list[Shape]:
        """The shape of each state without the batch, for what was prepared."""
        return [(self.units,)] * self.states

    def started(self, z: Tensor, given: Any) -> States:
        """The states to start from: zeros, or what was given, once it fits."""
        shapes = [(z.shape[0], *size) for size in self.state_sizes(z)]
        if given is None:
            return tuple(ops.full(shape, 0.0) for shape in shapes)
        states = tuple(given) if isinstance(given, list | tuple) and not isinstance(given, ops.Spec) else (given,)
        if len(states) != len(shapes):
            wanted = f"{len(shapes)} state{'s' * (len(shapes) != 1)}"
            raise ShapeError(f"{self.type} starts from {wanted}, received {len(states)}.")
        for state, shape in zip(states, shapes, strict=True):
            if len(state.shape) != len(shape) or any(map(differ, state.shape, shape)):
                raise ShapeError(
                    f"An initial state of {self.type} has shape {text(shape)}, received {text(state.shape)}."
                )
        return tuple(map(ops.autocast, states))

    def call(self, weight: Weight, inputs: Tensor, *more: Tensor, states: Any = None) -> Any:
        self.needs_rank(inputs, 2, "batch, features")
        z, parts = self.prepare(weight, inputs)
        y, new = self.step(parts, z, self.started(z, more if states is None else states))
        return y, *new


class UnitForgetBias(Initializer):
    """An LSTM's bias: as its initializer says, but 1 for the forget gate (Jozefowicz et al. 2015).

    `parts` are those of the bias, a gate each, and `forget` the one of the forget gate.
    """

    def __init__(self, inner: Initializer, parts: int = 4, forget: int = 1):
        self.inner, self.parts, self.forget = inner, parts, forget

    def fill(self, out: np.ndarray, generator: np.random.Generator) -> None:
        self.inner.fill(out, generator)
        units = out.shape[0] // self.parts
        out[self.forget * units : (self.forget + 1) * units] = 1

    def demand(self, shape: tuple[int, ...]) -> tuple[int, int]:
        return self.inner.demand(shape)


def remember(cell: Cell, weight: Weight, z: Tensor, c: Tensor) -> tuple[Tensor, States]:
    """An LSTM's output and new states; gates in Keras' order: input, forget, cell, output."""
    i, f, g, o = split(z, 4)
    new = cell.activation(weight, g)  # first, as Keras lists its weights first where it has any
    kept = ops.multiply(cell.recurrent_activation(weight, f), c)
    c = ops.add(kept, ops.multiply(cell.recurrent_activation(weight, i), new))
    h = ops.multiply(cell.recurrent_activation(weight, o), cell.activation(weight, c))
    return h, (h, c)


def split(z: Tensor, parts: int) -> list[Tensor]:
    """The last axis in equal parts."""
    each = z.shape[-1] // parts
    return [ops.take(z, axis=-1, start=k * each, stop=(k + 1) * each) for k in range(parts)]


@layer
class LSTMCell(Cell):
    """One step of long short-term memory (Hochreiter & Schmidhuber 1997)."""

    units = Int(min=1)
    activation = Activation("tanh")
    recurrent_activation = Activation("sigmoid")
    use_bias = Bool(True)
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
    dropout = Number(0.0, min=0, max=1)
    recurrent_dropout = Number(0.0, min=0, max=1)
    seed = Int(None)

    gates = 4
    states = 2
    example: ClassVar[Any] = {"units": 4}, [(2, 3), (2, 4), (2, 4)]

    def step(self, parts: Any, z: Tensor, states: States) -> tuple[Tensor, States]:
        weight, recurrent = parts
        h, c = states
        return remember(self, weight, ops.add(z, ops.matmul(h, recurrent)), c)


@layer
class GRUCell(Cell):
    """One step of a gated recurrent unit (Cho et al. 2014); gates in Keras' order: update, reset, candidate."""

    units = Int(min=1)
    activation = Activation("tanh")
    recurrent_activation = Activation("sigmoid")
    use_bias = Bool(True)
    kernel_initializer = InitializerField("glorot_uniform")
    recurrent_initializer = InitializerField("orthogonal")
    bias_initializer = InitializerField("zeros")
    kernel_regularizer = TrainingOnly()
    recurrent_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    kernel_constraint = TrainingOnly()
    recurrent_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()
    dropout = Number(0.0, min=0, max=1)
    recurrent_dropout = Number(0.0, min=0, max=1)
    reset_after = Bool(True)
    seed = Int(None)

    gates = 3
    example: ClassVar[Any] = {"units": 4}, [(2, 3), (2, 4)]

    def prepare(self, weight: Weight, x: Tensor) -> tuple[Tensor, Any]:
        if not (self.use_bias and self.reset_after):
            z, parts = super().prepare(weight, x)
            return z, (*parts, None)
        kernel, recurrent = self.kernels(weight, x.shape[-1], self.units)
        z, wide = ops.matmul(x, kernel), self.gates * self.units
        both = weight("bias", (2, wide), self.bias_initializer)
        first, second = (ops.reshape(ops.take(both, axis=0, start=k, stop=k + 1), to=(wide,)) for k in range(2))
        return ops.bias_add(z, first), (weight, recurrent, second)

    def step(self, parts: Any, z: Tensor, states: States) -> tuple[Tensor, States]:
        weight, recurrent, bias = parts
        (h,), units = states, self.units
        update, reset, candidate = split(z, 3)
        if self.reset_after:
            inner = ops.matmul(h, recurrent)
            inner = inner if bias is None else ops.bias_add(inner, bias)
            by_update, by_reset, by_candidate = split(inner, 3)
        else:
            by_update, by_reset = split(ops.matmul(h, ops.take(recurrent, axis=-1, start=0, stop=2 * units)), 2)
        update = self.recurrent_activation(weight, ops.add(update, by_update))
        reset = self.recurrent_activation(weight, ops.add(reset, by_reset))
        if self.reset_after:
            by_candidate = ops.multiply(reset, by_candidate)
        else:
            last = ops.take(recurrent, axis=-1, start=2 * units, stop=3 * units)
            by_candidate = ops.matmul(ops.multiply(reset, h), last)
        candidate = self.activation(weight, ops.add(candidate, by_candidate))
        rest = ops.subtract(ops.constant(1.0), update)
        h = ops.add(ops.multiply(update, h), ops.multiply(rest, candidate))
        return h, (h,)


@layer
class SimpleRNNCell(Cell):
    """One step of a plain recurrent network: the output is the state (Elman 1990)."""

    units = Int(min=1)
    activation = Activation("tanh")
    use_bias = Bool(True)
    kernel_initializer = InitializerField("glorot_uniform")
    recurrent_initializer = InitializerField("orthogonal")
    bias_initializer = InitializerField("zeros")
    kernel_regularizer = TrainingOnly()
    recurrent_regularizer = TrainingOnly()
    bias_regularizer = TrainingOnly()
    kernel_constraint = TrainingOnly()
    recurrent_constraint = TrainingOnly()
    bias_constraint = TrainingOnly()
    dropout = Number(0.0, min=0, max=1)
    recurrent_dropout = Number(0.0, min=0, max=1)
    seed = Int(None)

    example: ClassVar[Any] = {"units": 4}, [(2, 3), (2, 4)]

    def step(self, parts: Any, z: Tensor, states: States) -> tuple[Tensor, States]:
        weight, recurrent = parts
        h = self.activation(weight, ops.add(z, ops.matmul(states[0], recurrent)))
        return h, (h,)


class ConvLSTMCell(Cell):
    """One step of an LSTM that reads by convolutions (Shi et al. 2015): no layer of its own in Keras."""

    filters = Int(min=1)
    kernel_size = Dims()
    strides = Dims(1)
    padding = Choice(("valid", "same"), "valid")
    data_format = DataFormat()
    dilation_rate = Dims(1)
    activation = Activation("tanh")
    recurrent_activation = Activation("sigmoid")
    use_bias = Bool(True)
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
    dropout = Number(0.0, min=0, max=1)
    recurrent_dropout = Number(0.0, min=0, max=1)
    seed = Int(None)

    gates = 4
    states = 2

    def check(self) -> None:
        check_window(self)
        super().check()

    def prepare(self, weight: Weight, x: Tensor) -> tuple[Tensor, Any]:
        batch, steps, *rest = x.shape
        if not known(rest):
            raise ShapeError(f"{self.type} takes known spatial axes and channels; received {text(x.shape)}.")
        kernel, recurrent = self.kernels(weight, rest[-1], self.filters, self.kernel_size)
        window = {"strides": self.strides, "padding": self.padding, "dilations": self.dilation_rate}
        images = ops.reshape(x, to=(batch * steps, *rest))
        z = slide(ops.conv, images, kernel, size=self.kernel_size, field="kernel_size", **window)
        z = self.biased(weight, z)
        return ops.reshape(z, to=(batch, steps, *z.shape[1:])), (weight, recurrent)

    def state_sizes(self, z: Tensor) -> list[Shape]:
        return [(*z.shape[2:-1], self.filters)] * self.states

    def step(self, parts: Any, z: Tensor, states: States) -> tuple[Tensor, States]:
        weight, recurrent = parts
        h, c = states
        once = (1,) * len(self.kernel_size)
        window = {"size": self.kernel_size, "strides": once, "padding": "same"}
        z = ops.add(z, slide(ops.conv, h, recurrent, field="kernel_size", **window))
        return remember(self, weight, z, c)


class CellField(LayerField):
    """A cell of a recurrent layer; a list of them is a stack."""

    def expects(self) -> str:
        return 'a cell, such as {"type": "LSTMCell", "units": 4}, or a list of cells'

    def schema_of(self) -> dict[str, Any]:
        one = super().schema_of()
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}

    def read(self, value: Any, name: str) -> base.Layer:
        if isinstance(value, list | tuple):
            try:
                return super().read({"type": "StackedRNNCells", "cells": value}, name)
            except ValidationError as error:  # the list stands where the stack does
                messages: Any = error.messages
                raise ValidationError(messages["cells"]) from None
        return only_cell(super().read(value, name))


class CellsField(Field):
    """A list of cells, with names of their own; loads as a tuple."""

    def expects(self) -> str:
        return 'a list of at least one cell, such as {"type": "LSTMCell", "units": 4}'

    def schema_of(self) -> dict[str, Any]:
        return {"type": "array", "items": {"$ref": "#/components/schemas/Layer"}, "minItems": 1}

    def read(self, value: Any, name: str) -> tuple[Cell, ...]:
        if not isinstance(value, list | tuple) or not value:
            raise self.refuse(value)
        cells, faults, one = [], {}, LayerField()
        one.parent = self.parent  # whose vocabulary it reads
        for index, item in enumerate(value):
            try:
                cells.append(only_cell(one.read(item, name)))
            except ValidationError as error:
                faults[index] = error.messages
        if faults:
            raise ValidationError(faults)
        taken: set[str] = set()
        for cell in cells:
            free = (f"{cell.name}_{count}" if count else cell.name for count in range(len(cells)))
            cell.name = next(name for name in free if name not in taken)
            taken.add(cell.name)
        return tuple(cells)


def only_cell(made: base.Layer) -> Cell:
    """The layer if it is a cell, and no loop over one."""
    if not isinstance(made, Cell) or hasattr(made, "return_sequences"):
        listed = "LSTMCell, GRUCell, SimpleRNNCell or StackedRNNCells"
        raise ValidationError(f"Expected {listed}; received {received(made.type)}.")
    return made


@layer
class StackedRNNCells(Cell):
    """Cells of which each reads the output of the one before, as one cell."""

    cells = CellsField()

    example: ClassVar[Any] = (
        {"cells": [{"type": "LSTMCell", "units": 4}, {"type": "GRUCell", "units": 3}]},
        [(2, 3), (2, 4), (2, 4), (2, 3)],
    )

    @property
    def states(self) -> int:  # type: ignore[override]
        return sum(cell.states for cell in self.cells)

    @property
    def output(self) -> int:  # type: ignore[override]
        last = self.cells[-1]
        return self.states - last.states + last.output

    def children(self) -> Iterator[tuple[tuple[object, ...], Any]]:
        return ((("cells", index), cell) for index, cell in enumerate(self.cells))

    def state_sizes(self, z: Tensor) -> list[Shape]:
        return [size for cell in self.cells for size in cell.state_sizes(z)]

    def prepare(self, weight: Weight, x: Tensor) -> tuple[Tensor, Any]:
        first = self.cells[0]
        with ops.Computing(first.dtype[0]):
            z, parts = first.prepare(weight.scope(first.name).owned(first), ops.autocast(x))
        return z, (weight, parts)

    def step(self, parts: Any, z: Tensor, states: States) -> tuple[Tensor, States]:
        weight, parts = parts
        first, *others = self.cells
        with ops.Computing(first.dtype[0]):
            y, new = first.step(parts, z, tuple(map(ops.autocast, states[: first.states])))
        at = first.states
        for cell in others:
            y, *more = cell(weight.scope(cell.name), y, *states[at : at + cell.states])
            new, at = (*new, *more), at + cell.states
        return y, new
