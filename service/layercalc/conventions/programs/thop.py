"""thop by hooks on modules of torch.nn's own classes."""

from math import prod
from typing import Any

from layercalc.analysis.observing import Seen
from layercalc.conventions.programs.seen import (
    CONVOLUTIONS,
    TRANSPOSED,
    Recurrent,
    Terms,
    first,
    hidden,
    module_of,
    recurrent,
    unrolled,
)
from layercalc.dims import Dim, Unknown, known, size
from layercalc.formulas import Formula


def count(seen: Seen, _: Dim) -> Terms:
    """What the hooks count for a call of a module of torch.nn's own classes."""
    if seen.again or hidden(seen) or unrolled(seen):  # it adds a module up wherever that stands
        return {seen.kind.rpartition(".")[2]: None}
    kind, calls = module_of(seen), seen.calls
    if not kind or not calls or not seen.inputs:
        return {}
    x, y = seen.inputs[0], seen.outputs[0]
    call, held = calls[0], dict(seen.parameters)
    if (loop := recurrent(seen)) is not None:
        return {kind: looped(loop)}
    number: Any = 0
    if kind.startswith("conv.Conv"):
        own = first(seen, (*CONVOLUTIONS, *TRANSPOSED, "convolution"))
        if own is None:
            return {kind: None}
        weight, groups = own.arguments["weight"].shape, own.arguments.get("groups", 1)
        number = size(y.shape) * (x.shape[1] // groups) * size(weight[2:])
    elif kind == "linear.Linear":
        number = x.shape[-1] * size(y.shape)
    elif kind.startswith(NORMALISED):
        number = size(x.shape) * (4 if "weight" in held else 2)
    elif kind == "activation.PReLU":
        number = size(x.shape)
    elif kind == "activation.Softmax":
        axis = call.arguments["dim"]
        number = 3 * size(x.shape) - size(x.shape) // x.shape[axis]
    elif kind.startswith("pooling.AvgPool"):
        number = size(y.shape)
    elif kind.startswith("pooling.AdaptiveAvgPool"):
        window = (*x.shape[2:], *y.shape[2:])
        if not known(window):
            number = next(n for n in window if isinstance(n, Unknown))
        else:
            mean = prod(n / m for n, m in zip(x.shape[2:], y.shape[2:], strict=True))
            number = int((mean + 1) * size(y.shape)) if known(y.shape) else size(y.shape)
    elif kind.startswith("upsampling."):
        number = None if seen.core else SCALED.get(call.word, 0) * size(y.shape)
    return {kind: number} if number is None or isinstance(number, Unknown | Formula) or number else {}


NORMALISED = ("batchnorm.", "instancenorm.", "normalization.LayerNorm")
SCALED = {"upsample_linear1d": 5, "upsample_bilinear2d": 11, "upsample_bicubic2d": 259}
SCALED |= {f"upsample_nearest{rank}d": 1 for rank in (1, 2, 3)}


def looped(loop: Recurrent) -> Dim:
    """Every layer's cells, in each direction, at every step."""
    n, total = loop.hidden, 0
    for layer in range(loop.layers):
        features = loop.features if layer == 0 else n * loop.ways
        own = n * (features + n) + n + (2 * n if loop.bias else 0)
        total = total + (loop.gates * own + (0 if loop.gates == 1 else 4 * n)) * loop.ways
    return total * loop.steps * loop.batch
