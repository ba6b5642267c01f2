"""calflops: calculate_flops(model, args=[x])[0], from patched functions."""

from layercalc.conventions.base import CONVOLUTIONS, POOLS, Convention, Loop, Rule, Use, affine, inputs, twice
from layercalc.conventions.fvcore import printed
from layercalc.conventions.programs.calflops import count
from layercalc.conventions.programs.seen import assumed
from layercalc.dims import Dim, size

OPS = "calflops/pytorch_ops.py"


def biased(use: Use) -> Dim:
    """A linear layer's bias is passed over; a transposed convolution's is counted over the output of a plain one."""
    if use.before != "conv_transpose":
        return use.outputs if use.before in CONVOLUTIONS else 0
    assert use.previous is not None
    x, kernel = use.previous.shapes
    how = use.previous.attributes
    sizes = zip(x[1:-1], kernel[:-2], how["strides"], how["dilations"], strict=True)
    around = [-(-sum(pads) // 2) for pads in how["pads"]]  # PyTorch cuts as much off both ends
    positions = [(n + 2 * p - (d * (k - 1) + 1)) // s + 1 for (n, k, s, d), p in zip(sizes, around, strict=True)]
    return x[0] * size(tuple(positions)) * kernel[-2]


def normalized(use: Use) -> Dim:
    return use.inputs * (5 if affine(use) else 4)


def batch_normalized(use: Use) -> Dim:
    return use.inputs * (2 if affine(use) else 1)


def rectified(use: Use) -> Dim:
    """ReLU6 calls hardtanh, which is not patched."""
    return 0 if use.option("max_value") == 6 else use.inputs


def upsampled(use: Use) -> Dim:
    """The scale is multiplied in and the product thrown away."""
    return 0 if use.before == "resize" else size(use.x)


def step(loop: Loop, extra: int) -> Dim:
    bias = 2 * loop.gates * loop.units if loop.bias else 0
    less = 2 * loop.gates * loop.units  # 2n − 1 for each product
    return (2 * loop.products - less + extra * loop.units + bias) * loop.steps * loop.batch


def lstm(loop: Loop) -> Dim:
    return step(loop, 10)


def gru(loop: Loop) -> Dim:
    return step(loop, 7)


def rnn(loop: Loop) -> Dim:
    return step(loop, 1)


MAC = "2 for each multiply-accumulate"
ONE = "1 for each input element"


CALFLOPS = Convention(
    name="calflops",
    tool="calflops 0.3.2, calculate_flops(model, args=[x])[0]",
    unit="FLOPs",
    rule="Two for each multiply-accumulate of convolutions and matrix products, 1 for each bias of a convolution (none "
    "of a linear layer), 1 for each input element of pooling, upsampling and most activations, 2 for each of batch "
    "normalisation and 5 of the others.",
    source="https://github.com/MrYxJ/calculate-flops.pytorch/blob/main/calflops/pytorch_ops.py",
    program=count,
    assumes=assumed,
    rules={
        **dict.fromkeys(CONVOLUTIONS, Rule(MAC, twice, f"{OPS}: _conv_flops_compute, _conv_trans_flops_compute")),
        **dict.fromkeys(
            ("matmul", "batch_dot"), Rule(MAC, twice, f"{OPS}: _linear_flops_compute, _matmul_flops_compute")
        ),
        "einsum": Rule("numpy.einsum_path's count, four digits of it", printed, f"{OPS}: _einsum_flops_compute"),
        "bias_add": Rule("1 for each element after a convolution, else nothing", biased, f"{OPS}: _conv_flops_compute"),
        "batch_norm": Rule(
            "2 for each element (1 without gamma and beta)", batch_normalized, f"{OPS}: _batch_norm_flops_compute"
        ),
        **dict.fromkeys(
            ("layer_norm", "group_norm"),
            Rule("5 for each element (4 without gamma and beta)", normalized, f"{OPS}: _layer_norm_flops_compute"),
        ),
        **dict.fromkeys(POOLS, Rule(ONE, inputs, f"{OPS}: _pool_flops_compute")),
        "relu": Rule(f"{ONE} (nothing where it is ReLU6)", rectified, f"{OPS}: _relu_flops_compute"),
        **dict.fromkeys(
            ("prelu", "elu", "leaky_relu", "silu", "gelu", "softmax"), Rule(ONE, inputs, f"{OPS}: _relu_flops_compute")
        ),
        **dict.fromkeys(("upsample", "resize"), Rule(ONE, upsampled, f"{OPS}: _upsample_flops_compute")),
    },
    loops={
        "LSTM": Rule("its products, two biases and 10 for each unit, at each step", lstm, f"{OPS}: _rnn_flops"),
        "GRU": Rule("its products, two biases and 7 for each unit, at each step", gru, f"{OPS}: _rnn_flops"),
        "RNN": Rule("its products, two biases and 1 for each unit, at each step", rnn, f"{OPS}: _rnn_flops"),
    },
    unrolls=True,
)
