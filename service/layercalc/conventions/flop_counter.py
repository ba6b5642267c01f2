"""PyTorch's own counter: torch.utils.flop_counter.FlopCounterMode, on the ops that reach the dispatcher."""

from layercalc.conventions.base import CONVOLUTIONS, Convention, Loop, Rule, twice, zero
from layercalc.conventions.programs.flop_counter import count
from layercalc.dims import Dim

FILE = "torch/utils/flop_counter.py"


def multiplied(loop: Loop) -> Dim:
    return 2 * loop.products * loop.steps * loop.batch


MULTIPLIED = Rule("2 for each multiply-accumulate of its matrix products", multiplied, f"{FILE}: addmm_flop")

TORCH = Convention(
    name="torch",
    tool="torch 2.13, torch.utils.flop_counter.FlopCounterMode().get_total_flops()",
    unit="FLOPs",
    rule="Two for each multiply-accumulate of convolutions (transposed ones over input positions) and matrix products. "
    "Nothing else is counted: no bias, normalisation, activation or pooling, and no LSTM, one fused op on a CPU.",
    source="https://github.com/pytorch/pytorch/blob/main/torch/utils/flop_counter.py",
    rules={
        **dict.fromkeys(CONVOLUTIONS, Rule("2 for each multiply-accumulate", twice, f"{FILE}: conv_flop_count")),
        **dict.fromkeys(
            ("matmul", "batch_dot", "einsum"),
            Rule("2 for each multiply-accumulate", twice, f"{FILE}: mm_flop, bmm_flop"),
        ),
    },
    loops={
        "LSTM": Rule("nothing: aten.mkldnn_rnn_layer has no formula", zero, f"{FILE}: register_flop_formula"),
        "GRU": MULTIPLIED,
        "RNN": MULTIPLIED,
    },
    unrolls=True,
    program=count,
)
