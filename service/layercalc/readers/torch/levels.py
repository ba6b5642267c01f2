"""How near to its Python the graph of a program is: whole functions or parts of them, and what called them where."""

from collections.abc import Iterable

from layercalc.layers.torch.exported import Written
from layercalc.readers.torch.program import Call

PARTS = (  # functions that no code of Python calls
    *("convolution", "native_layer_norm", "native_group_norm", "native_dropout", "native_batch_norm"),
    *("_softmax", "_log_softmax", "_adaptive_avg_pool2d", "_native_batch_norm_legit"),
    *("max_pool2d_with_indices", "max_pool3d_with_indices"),
)
PRODUCTS = ("addmm", "mm")


def in_parts(calls: Iterable[Call]) -> bool:
    """Whether functions are in parts: after run_decompositions, and as PyTorch 2.2 exports."""
    targets = {f"torch.ops.aten.{name}" for name in PARTS}
    return any(
        call.target.rpartition(".")[0] in targets
        or (call.word in PRODUCTS and call.caller.rpartition(".")[2] != call.word)
        for call in calls
    )


def written(calls: Iterable[Call]) -> dict[int, Written]:
    """By the number of a node, where in the code it was called."""
    groups: dict[object, list[Call]] = {}
    for call in calls:
        if call.frame:
            groups.setdefault((call.modules, call.frame, call.word), []).append(call)
    return {
        call.number: Written(call.frame, place, len(some))
        for some in groups.values()
        for place, call in enumerate(some)
    }
