"""fvcore: FlopCountAnalysis(model, inputs).total(), on the ops of a traced graph."""

from layercalc.conventions.base import CONVOLUTIONS, Convention, Rule, Use, affine, macs, zero
from layercalc.conventions.programs.fvcore import count
from layercalc.conventions.programs.seen import printed_of
from layercalc.dims import Dim

HANDLES = "fvcore/nn/jit_handles.py"


def contraction(use: Use) -> Dim:
    """Half of what numpy.einsum_path prints, which is rounded to four digits."""
    return printed(use) // 2


def printed(use: Use) -> Dim:
    """The `Optimized FLOP count` of numpy.einsum_path: two for each MAC, in four digits."""
    return printed_of(use.entry.cost.flops)


def normalized(use: Use) -> Dim:
    return use.inputs * (5 if affine(use) else 4)


def batch_normalized(use: Use) -> Dim:
    return use.inputs * (2 if affine(use) else 1)


def pooled(use: Use) -> Dim:
    """Only the op for images is known."""
    return use.inputs if len(use.x) == 4 else 0


def repeated(use: Use) -> Dim:
    return use.outputs if len(use.x) == 4 else 0


def resized(use: Use) -> Dim:
    """One bilinear op for both axes, counted where the second is done."""
    return 4 * use.outputs if use.after != "resize" and use.option("method") == "linear" else 0


LOOP = Rule("nothing: aten::lstm and its like have no handle", zero, "fvcore/nn/flop_count.py")
MAC = "one for each multiply-accumulate"


FVCORE = Convention(
    name="fvcore",
    tool="fvcore 0.1.5, FlopCountAnalysis(model, inputs).total()",
    unit="MACs",
    rule="One for each multiply-accumulate of convolutions and matrix products (transposed ones over input positions, "
    "biases left out), and estimates for normalisations, adaptive pooling and upsampling of images. Pooling, "
    "activations, additions and recurrent layers are not counted.",
    source="https://github.com/facebookresearch/fvcore/blob/main/fvcore/nn/jit_handles.py",
    program=count,
    skips_unread=True,
    rules={
        **dict.fromkeys(CONVOLUTIONS, Rule(MAC, macs, f"{HANDLES}: conv_flop_count")),
        "matmul": Rule(MAC, macs, f"{HANDLES}: linear_flop_jit, matmul_flop_jit"),
        "batch_dot": Rule(MAC, macs, f"{HANDLES}: bmm_flop_jit"),
        "einsum": Rule(
            "half of numpy.einsum_path's count, four digits of it", contraction, f"{HANDLES}: einsum_flop_jit"
        ),
        "batch_norm": Rule(
            "2 for each element (1 without gamma and beta)", batch_normalized, f"{HANDLES}: batchnorm_flop_jit"
        ),
        **dict.fromkeys(
            ("layer_norm", "group_norm"),
            Rule("5 for each element (4 without gamma and beta)", normalized, f"{HANDLES}: norm_flop_counter"),
        ),
        **dict.fromkeys(
            ("global_average_pool", "adaptive_average_pool"),
            Rule("1 for each input element of an image", pooled, "fvcore/nn/flop_count.py: aten::adaptive_avg_pool2d"),
        ),
        "upsample": Rule(
            "1 for each output element of an image", repeated, "fvcore/nn/flop_count.py: aten::upsample_nearest2d"
        ),
        "resize": Rule(
            "4 for each output element, bilinear only", resized, "fvcore/nn/flop_count.py: aten::upsample_bilinear2d"
        ),
    },
    loops={"LSTM": LOOP, "GRU": LOOP, "RNN": LOOP},
    unrolls=True,
)
