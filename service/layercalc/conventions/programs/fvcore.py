"""fvcore on the graph that torch.jit.trace makes: a handle for each function."""

from layercalc.analysis.observing import Seen, SeenCall
from layercalc.conventions.programs.asked import asked
from layercalc.conventions.programs.contraction import multiplied
from layercalc.conventions.programs.seen import (
    CELLS,
    CONVOLUTIONS,
    PART,
    TRANSPOSED,
    Terms,
    elements,
    merged,
    part,
    product,
)
from layercalc.dims import Dim


def count(seen: Seen, _: Dim) -> Terms:
    """What the handles count for the functions of a row, as they stand in a traced graph."""
    out: Terms = {}
    for call in asked(seen):
        given = call.arguments
        if call.word == FUSED:  # on a CPU alone, and not where it is traced with gradients
            merged(out, call.word, None)
        if call.word.startswith(PART):
            merged(out, call.word, part(call, SEEN))
            continue
        if call.word in (*CONVOLUTIONS, *TRANSPOSED, "convolution", "_convolution"):
            merged(out, "conv", None if isinstance(given.get("padding"), str) else worked(call))
        elif call.word in ("matmul", "linalg_matmul"):
            merged(out, "matmul", product(call) if len([*given.values()][1].shape) > 1 else None)
        elif call.word in PRODUCTS or call.word in CELLS:  # which are traced as two linear layers
            merged(out, "matmul", worked(call))
        elif call.word == "einsum":
            merged(out, "einsum", multiplied(call))
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


FUSED = "_transformer_encoder_layer_fwd"
PRODUCTS = ("linear", "mm", "bmm", "addmm")
SEEN = (*CONVOLUTIONS, *TRANSPOSED, *PRODUCTS, "matmul", "einsum", "batch_norm", "layer_norm", "group_norm")
SEEN += ("instance_norm", "adaptive_avg_pool2d", "interpolate", "upsample", "grid_sampler", "grid_sample")


def worked(call: SeenCall) -> Dim:
    """The multiply-accumulates of a function."""
    return sum([entry.cost.macs * entry.times for entry in call.entries], 0)
