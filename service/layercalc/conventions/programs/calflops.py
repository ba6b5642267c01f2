"""calflops by patched functions, and hooks on recurrent modules."""

from math import prod
from typing import Any

from layercalc.analysis.observing import Seen, SeenCall
from layercalc.conventions.programs.asked import asked
from layercalc.conventions.programs.contraction import printed
from layercalc.conventions.programs.seen import (
    COMPOSED,
    CONVOLUTIONS,
    PART,
    RESIZING,
    TRANSPOSED,
    Recurrent,
    Terms,
    built_in,
    by_method,
    composed,
    counted,
    elements,
    elementwise,
    hidden,
    looked_up,
    merged,
    named,
    numbers,
    of_torch,
    part,
    product,
    recurrent,
    unrolled,
)
from layercalc.dims import Dim, size


def count(seen: Seen, _: Dim) -> Terms:
    """What the patched functions and the hooks of recurrent modules count for a row."""
    if seen.again or hidden(seen) or unrolled(seen):  # it adds a module up wherever that stands
        return {seen.kind.rpartition(".")[2]: None}
    out: Terms = {}
    if (loop := recurrent(seen)) is not None:
        return {seen.kind.rpartition(".")[2]: counted_loop(loop)}
    for call in asked(seen):
        name, number = patched(seen, call)
        merged(out, name, number)
    return out


NUMEL: dict[str, tuple[str, ...]] = {
    word: (word,) for word in ("relu", "elu", "leaky_relu", "relu6", "silu", "softmax")
}
NUMEL |= {
    name: (name, f"{name}_with_indices")
    for kind in ("max", "adaptive_avg", "adaptive_max")
    for name in (f"{kind}_pool1d", f"{kind}_pool2d", f"{kind}_pool3d")
}  # functions that are patched in torch.nn.functional alone
SEEN = (*NUMEL, *CONVOLUTIONS, *TRANSPOSED, "linear", "batch_norm", "layer_norm", "group_norm", "instance_norm")
SEEN += (
    "gelu",
    "prelu",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "matmul",
    "addmm",
    "baddbmm",
    "einsum",
    "add",
    "mul",
)
SEEN += ("interpolate", "upsample")
BUILTIN = ("gelu", "prelu", "avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d")  # F's are torch's own


def patched(seen: Seen, call: SeenCall) -> tuple[str, Any]:
    """The term of a call, and the number."""
    given, word = call.arguments, call.word
    x = next(iter(given.values()), None)
    if word.startswith(PART):
        return word, part(call, SEEN)
    if word in CONVOLUTIONS or word in TRANSPOSED:
        return "conv", 0 if of_torch(seen, call) else convolved(call)
    if word == "linear":
        return "matmul", 2 * elements(x) * given["weight"].shape[0]
    if word in ("batch_norm", "layer_norm", "group_norm", "instance_norm"):
        affine = given.get("weight") is not None
        each = (2 if affine else 1) if word == "batch_norm" and not given["training"] else 5 if affine else 4
        return word, 0 if of_torch(seen, call) else each * elements(x)
    if call.caller in COMPOSED:
        return word, composed(call)
    if call.caller in RESIZING and word.startswith("adaptive_avg_pool"):  # by areas
        return "upsample", counted(looked_up(seen, call), elements(x) + prod(call.results[0].shape[2:]))
    if word in NUMEL or word in BUILTIN:
        found = built_in(seen, call) if word in BUILTIN else named(seen, call, *NUMEL[word])
        return word, counted(found, elements(x))
    if word == "matmul":
        return "matmul", counted(by_method(seen, call), 2 * product(call))
    if word in ("addmm", "baddbmm"):
        _, one, other, *_ = given.values()
        found = by_method(seen, call)
        if word == "baddbmm" and call.caller.startswith("method_descriptor."):
            found = False  # torch.baddbmm is patched, and the method is not
        return "matmul", counted(found, 2 * elements(one) * other.shape[-1] + elements(x))
    if word == "einsum" and call.caller in ("function.einsum", "builtin_function_or_method.einsum"):
        return "einsum", printed(call)
    if word in ("add", "mul"):
        return word, counted(by_method(seen, call), elementwise(given["self"], given["other"]))
    if word.startswith(("upsample", "_upsample")):
        sizes = given.get("output_size")
        found = named(seen, call, "interpolate", "upsample")
        return "upsample", counted(found, elements(x) if sizes is None else prod(sizes))
    return word, 0


def convolved(call: SeenCall) -> Any:
    """Two for each multiply-accumulate, and the bias over positions; a transposed one's over those of a plain one."""
    given, y = call.arguments, call.results[0].shape
    x, kernel = given["input"].shape, given["weight"].shape
    rank = len(kernel) - 2
    if len(x) != rank + 2 or isinstance(given.get("padding"), str):
        return None
    groups, bias = given.get("groups", 1), given.get("bias") is not None
    steps, pads = numbers(call, "stride", rank, 1), numbers(call, "padding", rank, 0)
    rates = numbers(call, "dilation", rank, 1)
    sizes = zip(x[2:], kernel[2:], steps, rates, pads, strict=True)
    positions = [(n + 2 * p - (d * (k - 1) + 1)) // s + 1 for n, k, s, d, p in sizes]
    if call.word in TRANSPOSED:
        macs = size(kernel[2:]) * x[1] * (kernel[1] // groups) * x[0] * size(x[2:])
        return 2 * macs + (kernel[1] * x[0] * prod(positions) if bias else 0)
    macs = size(kernel[2:]) * x[1] * (kernel[0] // groups) * x[0] * prod(positions)
    return 2 * macs + (kernel[0] * x[0] * prod(positions) if bias else 0) if y else None


def counted_loop(loop: Recurrent) -> Dim:
    """Each layer's cells at every step, the second direction as the first."""
    n, total = loop.hidden, 0
    extra = {"lstm": 10, "gru": 7, "rnn": 1}[loop.word] * n
    for weight in loop.first:
        gates, features = weight.shape
        total = (
            total
            + 2 * gates * features
            - gates
            + 2 * gates * loop.state
            - gates
            + extra
            + (2 * gates if loop.bias else 0)
        )
    return total * loop.steps * loop.batch * loop.ways
