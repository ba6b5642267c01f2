"""thop (pytorch-OpCounter): profile(model, inputs)[0], from hooks on leaf modules."""

from math import prod

from layercalc.conventions.base import CONVOLUTIONS, Convention, Loop, Rule, Use, affine, linear, outputs
from layercalc.conventions.programs.thop import count
from layercalc.dims import Dim, known, size

HOOKS = "thop/vision/basic_hooks.py"
FACTORS = {"linear": 11, "cubic": 224 + 35}


def convolved(use: Use) -> Dim:
    """Over output positions, also where a transposed convolution works over those of its input."""
    kernel, groups = use.entry.shapes[1], use.option("groups", 1)
    if use.entry.op.name == "depthwise_conv":
        return use.outputs * size(kernel[:-2])
    return use.outputs * size(kernel[:-2]) * (use.x[-1] // groups)


def multiplied(use: Use) -> Dim:
    return use.macs if linear(use) else 0


def normalized(use: Use) -> Dim:
    return use.inputs * (4 if affine(use) else 2)


def layer_normalized(use: Use) -> Dim:
    return use.inputs * (4 if affine(use) else 2)


def pooled(use: Use) -> Dim:
    """The mean window and a division for each result, the mean window in floating point and cut off."""
    window, results = use.x[1:-1], use.entry.out.shape
    sides = results[1:-1] if len(results) == len(use.x) else (1,) * len(window)
    if not known((*window, *results)):
        return use.inputs + use.outputs
    return int((prod(n / m for n, m in zip(window, sides, strict=True)) + 1) * use.outputs)


def repeated(use: Use) -> Dim:
    return use.outputs


def resized(use: Use) -> Dim:
    return FACTORS.get(use.option("method"), 0) * use.outputs if use.after != "resize" else 0


def shared(use: Use) -> Dim:
    """Exp and division for each element, an addition for each but one of a row."""
    axes = use.option("axis", -1)
    row = size(tuple(use.x[axis] for axis in axes)) if isinstance(axes, tuple | list) else use.x[axes]
    return 0 if row.__class__ is int and row == 0 else 3 * use.inputs - use.inputs // row


def gate(loop: Loop) -> Dim:
    return loop.units * (loop.features + loop.units) + loop.units + (2 * loop.units if loop.bias else 0)


def lstm(loop: Loop) -> Dim:
    return (4 * gate(loop) + 4 * loop.units) * loop.steps * loop.batch


def gru(loop: Loop) -> Dim:
    return (3 * gate(loop) + 4 * loop.units) * loop.steps * loop.batch


def rnn(loop: Loop) -> Dim:
    return gate(loop) * loop.steps * loop.batch


THOP = Convention(
    name="thop",
    tool="thop 0.1.1, profile(model, inputs=(x,))[0]",
    unit="MACs",
    rule="One for each multiply-accumulate of convolutions (transposed ones over output positions, though the work is "
    "over input positions) and linear layers, biases left out; 4 for each element of a normalisation, 1 for each "
    "result of average pooling, softmax and upsampling by estimate. GroupNorm and other activations are not counted.",
    source="https://github.com/Lyken17/pytorch-OpCounter/blob/master/thop/vision/basic_hooks.py",
    program=count,
    rules={
        **dict.fromkeys(
            CONVOLUTIONS,
            Rule(
                "input channels × window for each output element (also of a transposed one)",
                convolved,
                f"{HOOKS}: count_convNd",
            ),
        ),
        "matmul": Rule("one for each multiply-accumulate of a linear layer", multiplied, f"{HOOKS}: count_linear"),
        **dict.fromkeys(
            ("batch_norm", "layer_norm"),
            Rule("4 for each element (2 without gamma and beta)", normalized, f"{HOOKS}: count_normalization"),
        ),
        "prelu": Rule("1 for each element", outputs, f"{HOOKS}: count_prelu"),
        "softmax": Rule("3 for each element, 1 less for each row", shared, f"{HOOKS}: count_softmax"),
        "average_pool": Rule("1 for each result", outputs, f"{HOOKS}: count_avgpool"),
        **dict.fromkeys(
            ("global_average_pool", "adaptive_average_pool"),
            Rule("the mean window and 1 for each result", pooled, f"{HOOKS}: count_adap_avgpool"),
        ),
        "upsample": Rule("1 for each result", repeated, f"{HOOKS}: count_upsample"),
        "resize": Rule("11 (bilinear) or 259 (bicubic) for each result", resized, f"{HOOKS}: count_upsample"),
    },
    loops={
        "LSTM": Rule("its gates and 4 for each unit, at each step", lstm, "thop/rnn_hooks.py: _count_lstm_cell"),
        "GRU": Rule("its gates and 4 for each unit, at each step", gru, "thop/rnn_hooks.py: _count_gru_cell"),
        "RNN": Rule("its products, biases and activations, at each step", rnn, "thop/rnn_hooks.py: _count_rnn_cell"),
    },
)
