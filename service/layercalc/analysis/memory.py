"""What a network holds in memory: its weights, its activations at inference, and all that a training step keeps."""

from collections.abc import Iterable
from typing import Any

from layercalc.analysis.tracing import Traced
from layercalc.analysis.walk import Analysis
from layercalc.dims import Dim, Unknown, size
from layercalc.ops import WIDTH

STATES = {"sgd": 0, "momentum": 1, "adam": 2}  # numbers that an optimizer keeps for each trainable weight

ASSUMPTIONS = (
    "Weights, gradients and the optimizer's states are kept in each weight's own dtype (Adam: two states, Kingma & Ba "
    "2014, arXiv:1412.6980; momentum: one).",
    "The inputs and every layer's outputs, views left out, are kept until the backward pass; what a layer needs inside "
    "itself, the gradients of activations and the allocator's slack are not counted.",
    "The backward pass takes twice the FLOPs of the forward pass (Kaplan et al. 2020, arXiv:2001.08361); the update of "
    "the weights is not counted.",
)


def most(sizes: Iterable[Dim]) -> Dim:
    """The largest; an unknown one makes it unknown."""
    found: Dim = 0
    for one in sizes:
        if isinstance(one, Unknown):
            return one
        found = max(found, one)
    return found


def workspace(traced: Traced) -> Dim:
    """The most bytes that one of a layer's ops holds beside its tensors."""
    return most(WIDTH[entry.out.dtype] * entry.workspace for entry in traced.entries)


def memory(analysis: Analysis, totals: dict[str, Dim], peak_layer: str | None) -> dict[str, Any]:
    """Bytes at inference and in training; estimates are under `training`, with what they assume.

    `totals` are those of the analysis, and `peak_layer` the row that runs at the peak of live activations.
    """
    by_dtype: dict[str, Dim] = {}
    trainable: Dim = 0
    for _, weight in analysis.weights:
        stored = size(weight.spec.shape) * WIDTH[weight.spec.dtype]
        by_dtype[weight.spec.dtype] = by_dtype.get(weight.spec.dtype, 0) + stored
        trainable = trainable + stored if weight.trainable else trainable
    weights: Dim = sum(by_dtype.values(), 0)
    kept: Dim = sum((value.spec.bytes for value in analysis.inputs), 0)
    for row in analysis.rows:
        kept = kept + (0 if row.traced.view else row.traced.counts["activation_bytes"])
    states = {name: count * trainable for name, count in STATES.items()}
    return {
        "param_bytes_by_dtype": by_dtype,
        "peak_activation_bytes": totals["peak_activation_bytes"],
        "peak_layer": peak_layer,
        "inference_bytes": weights + totals["peak_activation_bytes"],
        "workspace_bytes": most(row.traced.note("workspace", workspace, row.traced) for row in analysis.rows),
        "training": {
            "estimate": True,
            "weight_bytes": weights,
            "gradient_bytes": trainable,
            "kept_activation_bytes": kept,
            "optimizer_state_bytes": states,
            "total_bytes": {name: weights + trainable + kept + state for name, state in states.items()},
            "step_flops": 3 * totals["flops"],
            "assumptions": list(ASSUMPTIONS),
        },
    }
