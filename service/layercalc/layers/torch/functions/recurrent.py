"""LSTM, GRU and RNN: layers one on another, in one direction or both, and their cells.

Weights of a layer and direction are (gates · hidden, features), (gates · hidden, hidden) and two biases, gates in the
order i, f, g, o of an LSTM and r, z, n of a GRU.
"""

from collections.abc import Callable
from typing import Any

from layercalc import ops
from layercalc.dims import differ, text
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import function, needs_rank, number
from layercalc.ops import Tensor
from layercalc.ops.base import OPS

Step = Callable[[Any, Tensor], Any]
SIGMOID, TANH = OPS["sigmoid"], OPS["tanh"]


def gate(x: Tensor, index: int, n: Any) -> Tensor:
    """The part of one gate on the last axis."""
    return ops.take(x, axis=x.ndim - 1, start=index * n, stop=(index + 1) * n)


def turned(w: Tensor) -> Tensor:
    return ops.layout(w, (1, 0))


def biased(x: Tensor, bias: Tensor | None) -> Tensor:
    return x if bias is None else ops.bias_add(x, bias)


def lstm_step(n: Any, recurrent: Tensor, bias: Tensor | None) -> Step:
    """Hochreiter & Schmidhuber 1997."""

    def step(carry: Any, now: Tensor) -> Any:
        h, c = carry
        every = ops.add(now, biased(ops.matmul(h, recurrent), bias))
        i, f, g, o = (gate(every, k, n) for k in range(4))
        c = ops.add(ops.multiply(SIGMOID(f), c), ops.multiply(SIGMOID(i), TANH(g)))
        h = ops.multiply(SIGMOID(o), TANH(c))
        return (h, c), h

    return step


def gru_step(n: Any, recurrent: Tensor, bias: Tensor | None) -> Step:
    """Cho et al. 2014, the reset applied behind the recurrent product."""

    def step(carry: Any, now: Tensor) -> Any:
        (h,) = carry
        own = biased(ops.matmul(h, recurrent), bias)
        reset = SIGMOID(ops.add(gate(now, 0, n), gate(own, 0, n)))
        update = SIGMOID(ops.add(gate(now, 1, n), gate(own, 1, n)))
        new = TANH(ops.add(gate(now, 2, n), ops.multiply(reset, gate(own, 2, n))))
        h = ops.add(ops.multiply(ops.subtract(number(1, str(now.dtype)), update), new), ops.multiply(update, h))
        return (h,), h

    return step


def rnn_step(activation: Any) -> Callable[[Any, Tensor, Tensor | None], Step]:
    """H = f(x · W + h · R + b)."""

    def made(n: Any, recurrent: Tensor, bias: Tensor | None) -> Step:
        def step(carry: Any, now: Tensor) -> Any:
            h = activation(ops.add(now, biased(ops.matmul(carry[0], recurrent), bias)))
            return (h,), h

        return step

    return made


def projecting(step: Step, w: Tensor) -> Step:
    """A step of an LSTM whose state h is projected behind it (Sak et al. 2014)."""

    def projected(carry: Any, now: Tensor) -> Any:
        (h, c), _ = step(carry, now)
        h = ops.matmul(h, w)
        return (h, c), h

    return projected


class Stack:
    """What the three share: layers, directions, states and weights."""

    def __init__(self, step: Any, gates: int, states: int):
        self.step, self.gates, self.states = step, gates, states

    def run(
        self,
        input: Tensor,
        hx: list[Tensor],
        params: list[Tensor],
        has_biases: bool,
        num_layers: int,
        bidirectional: bool,
        batch_first: bool,
    ) -> tuple[Tensor, ...]:
        """The output of the last layer, and every state behind the last step: (layers · directions, batch, hidden)."""
        unbatched = input.ndim == 2
        if unbatched:
            place = 0 if batch_first else 1
            input = ops.reshape(input, to=(1, *input.shape) if place == 0 else (input.shape[0], 1, input.shape[1]))
            hx = [ops.reshape(one, to=(one.shape[0], 1, one.shape[1])) for one in hx]
        needs_rank(input, 3, 3, "A recurrent layer")
        x = input if batch_first else ops.transpose(input, axes=(1, 0, 2))  # batch, steps, features
        ways, each = 2 if bidirectional else 1, 4 if has_biases else 2
        if len(params) == num_layers * ways * (each + 1) and self.states == 2:
            each += 1  # with a projection of the state
        if len(params) != num_layers * ways * each:
            wanted = num_layers * ways * each
            raise ShapeError(f"{num_layers} layers in {ways} directions have {wanted} weights; received {len(params)}.")
        ends: list[list[Tensor]] = [[] for _ in range(self.states)]
        for layer in range(num_layers):
            ys = []
            for way in range(ways):
                number_of = layer * ways + way
                own = params[number_of * each : (number_of + 1) * each]
                start = tuple(ops.get_item(one, key=(number_of,)) for one in hx)
                narrow = own.pop() if len(own) % 2 else None
                y, state = self.pass_over(x, start, own, backwards=way == 1, narrow=narrow)
                ys.append(y)
                for found, one in zip(ends, state, strict=True):
                    found.append(ops.reshape(one, to=(1, *one.shape)))
            x = ys[0] if ways == 1 else ops.concatenate(*ys, axis=2)
        out = x if batch_first else ops.transpose(x, axes=(1, 0, 2))
        last = [one[0] if len(one) == 1 else ops.concatenate(*one, axis=0) for one in ends]
        if unbatched:
            out = ops.reshape(out, to=(out.shape[0] if not batch_first else out.shape[1], out.shape[2]))
            last = [ops.reshape(one, to=(one.shape[0], one.shape[2])) for one in last]
        return out, *last

    def pass_over(self, x: Tensor, start: Any, own: list[Tensor], backwards: bool, narrow: Tensor | None = None) -> Any:
        """One layer in one direction; with `narrow` the state h is projected behind every step."""
        w, r = own[0], own[1]
        n = r.shape[1] if narrow is None else narrow.shape[1]
        if differ(w.shape[1], x.shape[2]) or differ(w.shape[0], self.gates * n):
            raise ShapeError(
                f"Expected weights of {text((self.gates * n, x.shape[2]))} for the input {text(x.shape)}; received "
                f"{text(w.shape)}.",
                "input_size",
            )
        z = biased(ops.matmul(x, turned(w)), own[2] if len(own) > 2 else None)
        step = self.step(n, turned(r), own[3] if len(own) > 3 else None)
        if narrow is not None:
            step = projecting(step, turned(narrow))
        carry, y = ops.scan(step, (z,), start, reverse=backwards)
        return (ops.flip(y, axis=1) if backwards else y), carry

    def cell(self, input: Tensor, hx: Any, own: list[Tensor | None]) -> Any:
        """One step: the states behind it."""
        given = [one for one in own if one is not None]
        x = input if input.ndim == 2 else ops.reshape(input, to=(1, *input.shape))
        states = tuple(one if one.ndim == 2 else ops.reshape(one, to=(1, *one.shape)) for one in hx)
        n = given[1].shape[1]
        z = biased(ops.matmul(x, turned(given[0])), own[2])
        carry, _ = self.step(n, turned(given[1]), own[3])(states, z)
        return carry if input.ndim == 2 else tuple(ops.reshape(one, to=one.shape[1:]) for one in carry)


LSTM, GRU = Stack(lstm_step, 4, 2), Stack(gru_step, 3, 1)
RNNS = {"rnn_tanh": Stack(rnn_step(TANH), 1, 1), "rnn_relu": Stack(rnn_step(OPS["relu"]), 1, 1)}


@function("lstm", "lstm.input")
def lstm(
    input: Tensor,
    hx: list[Tensor],
    params: list[Tensor],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    batch_first: bool,
) -> Any:
    """The output, and the states h and c."""
    no_dropout(dropout, train, num_layers)
    return LSTM.run(input, list(hx), list(params), has_biases, num_layers, bidirectional, batch_first)


def no_dropout(dropout: float, train: bool, num_layers: int) -> None:
    """Refuse a model in training."""
    if train and dropout and num_layers > 1:
        raise ShapeError("Dropout draws random numbers in training; export the model after model.eval().", "train")


def one_state(name: str, kind: Stack) -> None:
    """GRU and RNN: the output, and the state h."""

    @function(name, f"{name}.input")
    def call(
        input: Tensor,
        hx: Tensor,
        params: list[Tensor],
        has_biases: bool,
        num_layers: int,
        dropout: float,
        train: bool,
        bidirectional: bool,
        batch_first: bool,
    ) -> Any:
        no_dropout(dropout, train, num_layers)
        return kind.run(input, [hx], list(params), has_biases, num_layers, bidirectional, batch_first)


for _name, _kind in {"gru": GRU, **RNNS}.items():
    one_state(_name, _kind)


@function("lstm_cell")
def lstm_cell(
    input: Tensor,
    hx: list[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Any:
    """One step: h and c."""
    return LSTM.cell(input, hx, [w_ih, w_hh, b_ih, b_hh])


def cell_of(name: str, kind: Stack) -> None:
    @function(f"{name}_cell")
    def call(
        input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
    ) -> Tensor:
        return kind.cell(input, [hx], [w_ih, w_hh, b_ih, b_hh])[0]


for _name, _kind in {"gru": GRU, **RNNS}.items():
    cell_of(_name, _kind)
