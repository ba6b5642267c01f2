"""fvcore on the graph that torch.jit.trace makes: a handle for each function."""

from layercalc.analysis.observing import Seen, SeenCall
from layercalc.conventions.programs.seen import CONVOLUTIONS, TRANSPOSED, Terms, elements, merged, printed_of
from layercalc.dims import Dim


def count(seen: Seen, _: Dim) -> Terms:
    """What the handles count for the functions of a row, as they stand in a traced graph."""
    out: Terms = {}
    for call in seen.calls:
        given = call.arguments
        if call.word in (*CONVOLUTIONS, *TRANSPOSED, "convolution", "_convolution"):
            merged(out, "conv", None if isinstance(given.get("padding"), str) else worked(call))
        elif call.word in ("linear", "mm", "bmm", "addmm", "matmul"):
            merged(out, "matmul", worked(call))
        elif call.word == "einsum":
            merged(out, "einsum", sum(printed_of(entry.cost.flops) // 2 for entry in call.entries))
        elif call.word in ("batch_norm", "layer_norm", "group_norm", "instance_norm"):
            affine = given.get("weight") is not None
            each = (2 if affine else 1) if call.word == "batch_norm" and not given["training"] else 5 if affine else 4
            merged(out, call.word, each * elements(given["input"]))
        elif call.word in ("adaptive_avg_pool2d", "_adaptive_avg_pool2d"):
            merged(out, "adaptive_average_pool", elements(given["self"]))
        elif call.word in ("upsample_nearest2d", "upsample_bilinear2d"):
            name, each = ("upsample", 1) if call.word == "upsample_nearest2d" else ("resize", 4)
            merged(out, name, each * elements(call.results[0]))
        elif call.word == "grid_sampler":
            merged(out, "grid_sampler", 4 * elements(call.results[0]))
    return out


def worked(call: SeenCall) -> Dim:
    """The multiply-accumulates of a function."""
    return sum([entry.cost.macs * entry.times for entry in call.entries], 0)
