"""RNN, GRU and LSTM, one direction or both."""

from typing import Any

from layercalc import ops
from layercalc.dims import differ, text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.activation import scalar
from layercalc.layers.onnx.base import Numbers, Texts, operator
from layercalc.layers.onnx.gates import Function, functions
from layercalc.layers.onnx.indexing import ReverseSequence, counted, on_axis
from layercalc.ops import Tensor


def part(x: Tensor, index: int) -> Tensor:
    """x[index], of the axis of directions."""
    return ops.get_item(x, key=(index,))


def gate(x: Tensor, index: int, hidden: Any) -> Tensor:
    """The part of one gate on the last axis."""
    return ops.take(x, axis=x.ndim - 1, start=index * hidden, stop=(index + 1) * hidden)


class Sequence:
    """What the three share: the order of axes, directions, states and weights."""

    def __init__(self, x: Tensor, w: Tensor, r: Tensor, gates: int, direction: str, layout: int, lens: Any):
        if x.ndim != 3 or w.ndim != 3 or r.ndim != 3:
            raise ShapeError(f"Expected three axes; received {text(x.shape)}, {text(w.shape)} and {text(r.shape)}.")
        if direction not in ("forward", "reverse", "bidirectional"):
            raise ShapeError(f"The direction {direction!r} is none.", "direction")
        self.lens = None if lens is None or self.all_whole(lens, x.shape[1 if layout else 0]) else lens
        self.layout, self.direction, self.gates = layout, direction, gates
        self.x = x if layout else ops.transpose(x, axes=(1, 0, 2))  # batch, steps, features
        self.directions = 2 if direction == "bidirectional" else 1
        self.w, self.r, self.hidden = w, r, r.shape[2]
        for one, wanted in (
            (w, (self.directions, gates * self.hidden, x.shape[2])),
            (r, (self.directions, gates * self.hidden, self.hidden)),
        ):
            if any(map(differ, one.shape, wanted)):
                raise ShapeError(f"Expected weights of shape {text(wanted)}; received {text(one.shape)}.")

    @staticmethod
    def all_whole(lens: Tensor, steps: Any) -> bool:
        """Whether all samples are as long as the axis."""
        try:
            return all(n == steps for n in ops.values_of(lens))
        except ShapeError:
            return False

    def state(self, given: Tensor, index: int) -> Tensor:
        """What a direction starts from."""
        if given is None:
            return ops.full((self.x.shape[0], self.hidden), 0.0, str(self.x.dtype))
        return ops.get_item(given, key=(slice(None), index)) if self.layout else part(given, index)

    def ordered(self, x: Tensor, index: int) -> Tensor:
        """Steps as a direction runs through them, where samples end at different ones."""
        if self.lens is None or not self.backwards(index):
            return x
        return ReverseSequence(x, self.lens, batch_axis=0, time_axis=1)

    def run(self, step: Any, z: Tensor, start: tuple[Tensor, ...], index: int) -> tuple[tuple[Tensor, ...], Tensor]:
        """The states at the end, and the output of each step in the order of steps; 0 where a sample has ended."""
        if self.lens is None:
            carry, y = ops.scan(step, (z,), start, reverse=self.backwards(index))
            return carry, ops.flip(y, axis=1) if self.backwards(index) else y
        steps = on_axis(counted(self.x.shape[1]), 1, 2)
        runs = ops.less(steps, on_axis(ops.cast(self.lens, to="int64"), 0, 2))

        def ended(carry: Any, now: Tensor, runs: Tensor) -> Any:
            new, y = step(carry, now)
            there = ops.reshape(runs, to=(*runs.shape, 1))
            kept = tuple(ops.select(there, one, old) for one, old in zip(new, carry, strict=True))
            return kept, ops.select(there, y, scalar(0.0, y))

        carry, y = ops.scan(ended, (z, runs), start)
        return carry, self.ordered(y, index)

    def read(self, index: int, b: Tensor, halves: bool = True) -> tuple[Tensor, Tensor]:
        """What a direction makes of the input beforehand, and its recurrent weights, (hidden, gates · hidden)."""
        z = ops.matmul(self.ordered(self.x, index), ops.transpose(part(self.w, index), axes=(1, 0)))
        if b is not None:
            own = part(b, index)
            wide = self.gates * self.hidden
            bias = ops.take(own, axis=0, start=0, stop=wide)
            if halves:
                bias = ops.add(bias, ops.take(own, axis=0, start=wide, stop=2 * wide))
            z = ops.bias_add(z, bias)
        return z, ops.transpose(part(self.r, index), axes=(1, 0))

    def backwards(self, index: int) -> bool:
        return self.direction == "reverse" or index == 1

    def joined(self, ys: list[Tensor], states: list[list[Tensor]]) -> tuple[Tensor, ...]:
        """Outputs in ONNX' order: (steps, directions, batch, hidden) and (directions, batch, hidden)."""
        at = 2 if self.layout else 1
        rows = []
        for y in ys:
            turned = y if self.layout else ops.transpose(y, axes=(1, 0, 2))
            rows.append(ops.reshape(turned, to=(*turned.shape[:at], 1, *turned.shape[at:])))
        out = rows[0] if len(rows) == 1 else ops.concatenate(*rows, axis=at)
        ends = []
        for kind in states:
            place = 1 if self.layout else 0
            apart = [ops.reshape(one, to=(one.shape[0], 1, one.shape[1]) if place else (1, *one.shape)) for one in kind]
            ends.append(apart[0] if len(apart) == 1 else ops.concatenate(*apart, axis=place))
        return out, *ends


@operator(1)
def RNN(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor = None,
    sequence_lens: Tensor = None,
    initial_h: Tensor = None,
    *,
    activation_alpha: Numbers | None = None,
    activation_beta: Numbers | None = None,
    activations: Texts | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    layout: int = 0,
    output_sequence: int = 0,
) -> Any:
    """H = f(x · W + h · R + b)."""
    seq = Sequence(x, w, r, 1, direction, layout, sequence_lens)
    kinds = functions(activations, activation_alpha, activation_beta, ("Tanh",), seq.directions, clip)
    ys, ends = [], []
    for index in range(seq.directions):
        z, recurrent = seq.read(index, b)
        (f,) = kinds[index]

        def step(carry: Any, now: Tensor, recurrent: Any = recurrent, f: Any = f) -> Any:
            h = f(ops.add(now, ops.matmul(carry[0], recurrent)))
            return (h,), h

        carry, y = seq.run(step, z, (seq.state(initial_h, index),), index)
        ys.append(y)
        ends.append(carry[0])
    return seq.joined(ys, [ends])


@operator(3)
def GRU(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor = None,
    sequence_lens: Tensor = None,
    initial_h: Tensor = None,
    *,
    activation_alpha: Numbers | None = None,
    activation_beta: Numbers | None = None,
    activations: Texts | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    layout: int = 0,
    output_sequence: int = 0,
    linear_before_reset: int = 0,
) -> Any:
    """Cho et al. 2014; gates in the order z, r, h."""
    seq = Sequence(x, w, r, 3, direction, layout, sequence_lens)
    kinds = functions(activations, activation_alpha, activation_beta, ("Sigmoid", "Tanh"), seq.directions, clip)
    n, ys, ends = seq.hidden, [], []
    for index in range(seq.directions):
        z, recurrent = seq.read(index, b, halves=False)
        own = None if b is None else ops.take(part(b, index), axis=0, start=3 * n, stop=6 * n)
        step = gru_step(n, recurrent, own, kinds[index], bool(linear_before_reset))
        carry, y = seq.run(step, z, (seq.state(initial_h, index),), index)
        ys.append(y)
        ends.append(carry[0])
    return seq.joined(ys, [ends])


def gru_step(n: Any, recurrent: Tensor, bias: Tensor | None, kinds: list[Function], after: bool) -> Any:
    """One step of a GRU, the reset applied before the recurrent product or after it."""
    f, g = kinds
    gates, candidate = gate_pair(recurrent, n)

    def step(carry: Any, now: Tensor) -> Any:
        (h,) = carry
        both = ops.add(ops.take(now, axis=1, start=0, stop=2 * n), ops.matmul(h, gates))
        if bias is not None:
            both = ops.bias_add(both, ops.take(bias, axis=0, start=0, stop=2 * n))
        update, reset = f(gate(both, 0, n)), f(gate(both, 1, n))
        last = None if bias is None else ops.take(bias, axis=0, start=2 * n, stop=3 * n)
        if after:
            product = ops.matmul(h, candidate)
            product = product if last is None else ops.bias_add(product, last)
            inner = ops.add(gate(now, 2, n), ops.multiply(reset, product))
        else:
            inner = ops.add(gate(now, 2, n), ops.matmul(ops.multiply(reset, h), candidate))
            inner = inner if last is None else ops.bias_add(inner, last)
        new = g(inner)
        one = ops.known(1, str(now.dtype))
        h = ops.add(ops.multiply(ops.subtract(one, update), new), ops.multiply(update, h))
        return (h,), h

    return step


def gate_pair(recurrent: Tensor, n: Any) -> tuple[Tensor, Tensor]:
    """The recurrent weights of both gates, and of the candidate."""
    first = ops.take(recurrent, axis=1, start=0, stop=2 * n)
    return first, ops.take(recurrent, axis=1, start=2 * n, stop=3 * n)


@operator(1)
def LSTM(
    x: Tensor,
    w: Tensor,
    r: Tensor,
    b: Tensor = None,
    sequence_lens: Tensor = None,
    initial_h: Tensor = None,
    initial_c: Tensor = None,
    p: Tensor = None,
    *,
    activation_alpha: Numbers | None = None,
    activation_beta: Numbers | None = None,
    activations: Texts | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    input_forget: int = 0,
    layout: int = 0,
    output_sequence: int = 0,
) -> Any:
    """Hochreiter & Schmidhuber 1997; gates in the order i, o, f, c."""
    seq = Sequence(x, w, r, 4, direction, layout, sequence_lens)
    kinds = functions(activations, activation_alpha, activation_beta, ("Sigmoid", "Tanh", "Tanh"), seq.directions, clip)
    ys, hs, cs = [], [], []
    for index in range(seq.directions):
        z, recurrent = seq.read(index, b)
        peep = None if p is None else part(p, index)
        step = lstm_step(seq.hidden, recurrent, peep, kinds[index], bool(input_forget))
        start = (seq.state(initial_h, index), seq.state(initial_c, index))
        (h, c), y = seq.run(step, z, start, index)
        ys.append(y)
        hs.append(h)
        cs.append(c)
    return seq.joined(ys, [hs, cs])


def lstm_step(n: Any, recurrent: Any, peep: Tensor | None, kinds: list[Function], coupled: bool = False) -> Any:
    """One step of an LSTM, with peepholes (i, o, f) or without; `recurrent` are weights, or multiplies by them.

    Where the gates are coupled, as much is forgotten as is let in.
    """
    f, g, h_of = kinds

    def seen(x: Tensor, c: Tensor, index: int) -> Tensor:
        if peep is None:
            return x
        own = ops.take(peep, axis=0, start=index * n, stop=(index + 1) * n)
        return ops.add(x, ops.multiply(c, own))

    def step(carry: Any, now: Tensor) -> Any:
        h, c = carry
        every = ops.add(now, recurrent(h) if callable(recurrent) else ops.matmul(h, recurrent))
        i, o, forget, new = (gate(every, k, n) for k in range(4))
        enters = f(seen(i, c, 0))
        stays = ops.subtract(scalar(1.0, enters), enters) if coupled else f(seen(forget, c, 2))
        c_new = ops.add(ops.multiply(stays, c), ops.multiply(enters, g(new)))
        h = ops.multiply(f(seen(o, c_new, 1)), h_of(c_new))
        return (h, c_new), h

    return step
