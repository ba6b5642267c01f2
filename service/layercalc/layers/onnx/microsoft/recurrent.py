"""LSTM with weights of 8 bits, as dynamic quantisation writes it."""

from typing import Any

from layercalc import ops
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Maybe, Numbers, Quantised, Texts, Value, operator
from layercalc.layers.onnx.gates import functions
from layercalc.layers.onnx.integers import whole
from layercalc.layers.onnx.linear import MatMul
from layercalc.layers.onnx.microsoft import MICROSOFT
from layercalc.layers.onnx.quantization import DynamicQuantizeLinear
from layercalc.layers.onnx.recurrent import Sequence, lstm_step, part
from layercalc.ops import Tensor


class Integers:
    """A matrix of integers with a scale and zero point; a product with it quantises the other side on the way."""

    def __init__(self, w: Tensor, scale: Tensor, zero: Tensor, index: int):
        own = [ops.reshape(part(one, index) if one.ndim else one, to=(1, -1)) for one in (scale, zero)]
        self.w, self.scale = ops.subtract(whole(part(w, index), None), ops.cast(own[1], to="int32")), own[0]

    def times(self, x: Tensor) -> Tensor:
        made, scale, zero = DynamicQuantizeLinear(x)
        total = ops.cast(MatMul(whole(made, zero), self.w), to="float32")
        return ops.multiply(total, ops.multiply(scale, self.scale))


@operator(1, "DynamicQuantizeLSTM", MICROSOFT)
def dynamic_quantize_lstm(
    x: Tensor,
    w: Quantised,
    r: Quantised,
    b: Maybe,
    sequence_lens: Maybe,
    initial_h: Maybe,
    initial_c: Maybe,
    p: Maybe,
    w_scale: Value,
    w_zero_point: Value,
    r_scale: Value,
    r_zero_point: Value,
    *,
    activation_alpha: Numbers | None = None,
    activation_beta: Numbers | None = None,
    activations: Texts | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    input_forget: int = 0,
) -> Any:
    """LSTM with weights (directions, inputs, gates · hidden) of 8 bits; what they are multiplied by is quantised."""
    if input_forget or w.ndim != 3 or r.ndim != 3:
        raise ShapeError("input_forget, and weights of other than three axes, are not read.", "input_forget")
    turned = [ops.transpose(one, axes=(0, 2, 1)) for one in (w, r)]
    seq = Sequence(x, turned[0], turned[1], 4, direction, 0, sequence_lens)
    kinds = functions(activations, activation_alpha, activation_beta, ("Sigmoid", "Tanh", "Tanh"), seq.directions, clip)
    ys, hs, cs = [], [], []
    for index in range(seq.directions):
        z = Integers(w, w_scale, w_zero_point, index).times(seq.ordered(seq.x, index))
        if b is not None:
            own, wide = part(b, index), 4 * seq.hidden
            halves = [ops.take(own, axis=0, start=start, stop=start + wide) for start in (0, wide)]
            z = ops.bias_add(z, ops.add(*halves))
        recurrent = Integers(r, r_scale, r_zero_point, index).times
        step = lstm_step(seq.hidden, recurrent, None if p is None else part(p, index), kinds[index])
        start = (seq.state(initial_h, index), seq.state(initial_c, index))
        (h, c), y = seq.run(step, z, start, index)
        ys.append(y)
        hs.append(h)
        cs.append(c)
    return seq.joined(ys, [hs, cs])
