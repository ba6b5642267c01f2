"""What a network holds in memory: its weights, its activations at inference, and all that a training step keeps."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from layercalc.analysis.tracing import Traced, fact
from layercalc.analysis.walk import Analysis, Row
from layercalc.dims import Dim, Unknown, largest, several, total
from layercalc.formulas import Undecided
from layercalc.layers.base import PARAMETER
from layercalc.ops.spec import width

STATES = {"sgd": 0, "momentum": 1, "adam": 2}  # numbers that an optimizer keeps for each trainable weight

ASSUMPTIONS = (
    "Weights, gradients and the optimizer's states are kept in each weight's own dtype (Adam: two states, Kingma & Ba "
    "2014, arXiv:1412.6980; momentum: one).",
    "The inputs and every layer's outputs, views left out, are kept until the backward pass; what a layer needs inside "
    "itself, the gradients of activations and the allocator's slack are not counted.",
    "The backward pass takes twice the FLOPs of the forward pass (Kaplan et al. 2020, arXiv:2001.08361); the update of "
    "the weights is not counted.",
)


@fact
def workspace(traced: Traced) -> Dim:
    """The most bytes that one of a layer's ops holds beside its tensors."""
    try:
        return largest([width(entry[3][1]) * entry.workspace for entry in traced.entries])
    except Undecided:
        return Unknown("how a run is cut")


def workspaces(traces: Iterable[Traced]) -> Dim:
    """The most of several layers; unknown as soon as one is."""
    found: list[Dim] = []
    for one in traces:
        n = one.fact(workspace)
        if n.__class__ is Unknown:
            return n
        found.append(n)
    return largest(found)


def memory(
    analysis: Analysis, totals: dict[str, Dim], peak_layer: str | None, peak_in_place_layer: str | None
) -> dict[str, Any]:
    """Bytes at inference and in training; estimates are under `training`, with what they assume.

    `totals` are those of the analysis, and the layers the rows that run at the peaks of live activations.
    """
    by_dtype: dict[str, Dim] = {}
    trainable: Dim = 0
    beside: Dim = 0  # of buffers
    kept: list[Dim] = [value.spec.bytes for value in analysis.inputs]
    alike = Counter([row.traced if row.counts is row.traced.counts else row for row in analysis.rows])
    for one, times in alike.items():  # rows that count their own weights as the trace does
        traced, own = (one.traced, one.own) if isinstance(one, Row) else (one, one.weights)
        for _, spec, trains, _, _, kind in own:
            stored, dtype = spec.bytes * times, spec.dtype
            if kind != PARAMETER:
                beside = beside + stored
                continue
            by_dtype[dtype] = by_dtype.get(dtype, 0) + stored
            trainable = trainable + stored if trains else trainable
        if not traced.view:
            kept.append(traced.counts["activation_bytes"] * times)
    assumptions = list(ASSUMPTIONS)
    how = analysis.storage and analysis.storage.weights
    if how and not how.trains and (several(trainable) or trainable):
        trainable = Unknown(f"how weights stored as {how.title} are trained")
        assumptions.append(f"Weights stored as {how.title} are not trained: what a step would take for it is unknown.")
    weights: Dim = sum(by_dtype.values(), beside)
    activations = total(kept)
    states = {name: count * trainable for name, count in STATES.items()}
    return {
        "param_bytes_by_dtype": by_dtype,
        "peak_activation_bytes": totals["peak_activation_bytes"],
        "peak_layer": peak_layer,
        "peak_in_place_bytes": totals["peak_in_place_bytes"],
        "peak_in_place_layer": peak_in_place_layer,
        "inference_bytes": weights + totals["peak_activation_bytes"],
        "workspace_bytes": workspaces(dict.fromkeys([row.traced for row in analysis.rows])),
        "training": {
            "estimate": True,
            "weight_bytes": weights,
            "gradient_bytes": trainable,
            "kept_activation_bytes": activations,
            "optimizer_state_bytes": states,
            "total_bytes": {name: weights + trainable + activations + state for name, state in states.items()},
            "step_flops": 3 * totals["flops"],
            "assumptions": assumptions,
        },
    }
