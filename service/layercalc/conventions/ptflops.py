"""ptflops: get_model_complexity_info(model, shape, backend="pytorch")[0], from hooks and patched functions.

Hooks on modules are divided by the batch, patched functions are not; a module that calls a patched function (a pooling,
ReLU) is counted by both.
"""

from layercalc.conventions.base import CONVOLUTIONS, POOLS, Convention, Loop, Rule, Use, affine, linear
from layercalc.conventions.programs.ptflops import count
from layercalc.conventions.programs.seen import assumed
from layercalc.dims import Dim, certainly

OPS = "ptflops/pytorch_ops.py"


def per_sample(n: Dim, batch: Dim) -> Dim:
    """What a hook counts, divided by the batch as compute_average_flops_cost does."""
    return 0 if certainly(batch == 0) else n // batch


def convolved(use: Use) -> Dim:
    return per_sample(use.macs, use.batch)


def biased(use: Use) -> Dim:
    return per_sample(use.outputs, use.batch)


def multiplied(use: Use) -> Dim:
    return per_sample(use.macs, use.batch) if linear(use) else use.macs


def product(use: Use) -> Dim:
    return use.macs


def normalized(use: Use) -> Dim:
    return per_sample(use.inputs * (2 if affine(use) else 1), use.batch)


def both(use: Use) -> Dim:
    """By the module's hook and by the patched function that it calls."""
    return per_sample(use.inputs, use.batch) + use.inputs


def hooked(use: Use) -> Dim:
    return per_sample(use.inputs, use.batch)


def patched(use: Use) -> Dim:
    return use.inputs


def rectified(use: Use) -> Dim:
    """ReLU by both; LeakyReLU and ReLU6 call functions that are not patched."""
    return hooked(use) if use.option("negative_slope") or use.option("max_value") == 6 else both(use)


def upsampled(use: Use) -> Dim:
    """The hook sees the first sample, and divides it by the batch all the same."""
    if use.after == "resize":
        return 0
    return per_sample(per_sample(use.outputs, use.batch), use.batch) + use.outputs


def step(loop: Loop, extra: int) -> Dim:
    bias = 2 * loop.gates * loop.units if loop.bias else 0
    return (loop.products + extra * loop.units + bias) * loop.steps


def lstm(loop: Loop) -> Dim:
    return step(loop, 10)


def gru(loop: Loop) -> Dim:
    return step(loop, 7)


def rnn(loop: Loop) -> Dim:
    return step(loop, 1)


HOOK = "1 for each input element, by the module's hook"
BOTH = "2 for each input element: by the module's hook and by the patched function that it calls"
PATCH = "1 for each input element, by the patched function"


PTFLOPS = Convention(
    name="ptflops",
    tool='ptflops 0.7.5, get_model_complexity_info(model, shape, backend="pytorch")[0]',
    unit="MACs",
    rule="One for each multiply-accumulate of convolutions and linear layers and one for each bias added; poolings, "
    "ReLU, PReLU, ELU, GELU and upsampling twice for each element, since both the module and the function it calls are "
    "counted; normalisations 2 (1 where ptflops finds no `affine`). Hooks on modules are divided by the batch.",
    source="https://github.com/sovrasov/flops-counter.pytorch/blob/master/ptflops/pytorch_ops.py",
    program=count,
    assumes=assumed,
    rules={
        **dict.fromkeys(
            CONVOLUTIONS, Rule("one for each multiply-accumulate", convolved, f"{OPS}: conv_flops_counter_hook")
        ),
        "bias_add": Rule("1 for each element", biased, f"{OPS}: conv_flops_counter_hook, linear_flops_counter_hook"),
        "matmul": Rule("one for each multiply-accumulate", multiplied, f"{OPS}: linear_flops_counter_hook"),
        "batch_dot": Rule("one for each multiply-accumulate", product, f"{OPS}: _matmul_tensor_flops_hook"),
        **dict.fromkeys(
            ("batch_norm", "group_norm"),
            Rule("2 for each element (1 without gamma and beta)", normalized, f"{OPS}: bn_flops_counter_hook"),
        ),
        "layer_norm": Rule(f"{HOOK}, which looks for `affine` in vain", hooked, f"{OPS}: bn_flops_counter_hook"),
        **dict.fromkeys(POOLS, Rule(BOTH, both, f"{OPS}: pool_flops_counter_hook")),
        "relu": Rule(f"{BOTH} (1 where it is ReLU6 or leaky)", rectified, f"{OPS}: relu_flops_counter_hook"),
        **dict.fromkeys(("prelu", "elu", "gelu"), Rule(BOTH, both, f"{OPS}: relu_flops_counter_hook")),
        **dict.fromkeys(("relu6", "leaky_relu"), Rule(HOOK, hooked, f"{OPS}: relu_flops_counter_hook")),
        **dict.fromkeys(("softmax", "silu"), Rule(PATCH, patched, f"{OPS}: _numel_functional_flops_hook")),
        **dict.fromkeys(
            ("upsample", "resize"),
            Rule("2 for each output element: hook and function", upsampled, f"{OPS}: upsample_flops_counter_hook"),
        ),
    },
    loops={
        "LSTM": Rule("its products, two biases and 10 for each unit, at each step", lstm, f"{OPS}: rnn_flops"),
        "GRU": Rule("its products, two biases and 7 for each unit, at each step", gru, f"{OPS}: rnn_flops"),
        "RNN": Rule("its products, two biases and 1 for each unit, at each step", rnn, f"{OPS}: rnn_flops"),
    },
)
