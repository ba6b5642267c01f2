"""FlopCounterMode on the functions that reach the dispatcher: products of matrices and convolutions."""

from layercalc.analysis.observing import Seen, SeenCall
from layercalc.conventions.base import CONVOLUTIONS
from layercalc.conventions.programs.seen import Terms, merged
from layercalc.dims import Dim

COUNTED = (*CONVOLUTIONS, "matmul", "batch_dot", "einsum")
VECTORS = ("mv", "addmv", "dot", "vdot", "linalg_vecdot")  # of which it has no formula
PRODUCTS = ("matmul", "linalg_matmul", "linear", "inner")  # which are those where the second operand is a vector
PARTS = ("bilinear", "_trilinear", "addbmm", "affine_grid_generator", "cdist")  # multiplications and a sum


def count(seen: Seen, _: Dim) -> Terms:
    """Two for each multiply-accumulate of its formulas."""
    out: Terms = {}
    for call in seen.calls:
        for entry in call.entries if not multiplied(call) else ():
            if entry.op.name in COUNTED:
                merged(out, entry.op.name, 2 * entry.cost.macs * entry.times)
    return out


def multiplied(call: SeenCall) -> bool:
    """Whether a function is made of what it has no formula for."""
    if call.word in PRODUCTS:
        _, second, *_ = call.arguments.values()
        return len(second.shape) == 1
    return call.word in VECTORS or call.word in PARTS
