"""ptflops by hooks on modules, and patched functions: what a module calls may count twice."""

from typing import Any

from layercalc.analysis.observing import Seen, SeenCall
from layercalc.conventions.programs.asked import asked
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
    first,
    hidden,
    looked_up,
    merged,
    module_of,
    named,
    part,
    product,
    recurrent,
    unrolled,
)
from layercalc.dims import Dim, size

HOOKED = (  # one for each element of the result
    *("activation.ReLU", "activation.PReLU", "activation.ELU", "activation.LeakyReLU", "activation.ReLU6"),
    "activation.GELU",
)
POOLED = tuple(f"pooling.{kind}Pool" for kind in ("Max", "Avg", "AdaptiveMax", "AdaptiveAvg"))  # for each of the input
NORMALISED = ("batchnorm.BatchNorm", "instancenorm.", "normalization.GroupNorm")
TIMM = "timm.layers.attention.Attention"  # hooked as a whole: what is inside is not added


def count(seen: Seen, batch: Dim) -> Terms:
    """What the hooks and the patched functions count for a row."""
    if seen.again or hidden(seen) or unrolled(seen):  # it adds a module up wherever that stands
        return {seen.kind.rpartition(".")[2]: None}
    out: Terms = {}
    whole = any(kind == TIMM for kind in seen.around[1:]) or any(kind == MHA for kind in seen.around)
    if not whole:
        kind = seen.kind.rpartition(".")[2]
        merged(out, kind, hooked(seen))
    attention = next((call for call in seen.calls if call.word == SDPA), None)
    if attention is not None and seen.kind == TIMM:
        merged(out, "heads", heads(attention))
    for call in asked(seen):
        name, number = patched(seen, call)
        merged(out, name, number)
    return out


SDPA, MHA = "scaled_dot_product_attention", "torch.nn.modules.activation.MultiheadAttention"


def heads(call: SeenCall) -> Dim:
    """Scaling, both products and the softmax of an attention of timm's."""
    samples, count, places, wide = call.arguments["query"].shape
    return samples * (places * wide * count + count * (2 * places * places * wide + places * places))


def hooked(seen: Seen) -> Any:
    """What the hook of a module counts."""
    kind = module_of(seen)
    if not kind or not seen.calls or not seen.inputs:
        return 0
    x, y, held = seen.inputs[0].shape, seen.outputs[0].shape, dict(seen.parameters)
    if (loop := recurrent(seen)) is not None:
        return counted_loop(loop)
    if kind.startswith("conv.Conv"):
        call = first(seen, (*CONVOLUTIONS, *TRANSPOSED, "convolution"))
        if call is None:
            return None
        kernel, groups = call.arguments["weight"].shape, call.arguments.get("groups", 1)
        transposed = kind.startswith("conv.ConvT")
        channels, filters = (kernel[0], kernel[1] * groups) if transposed else (kernel[1] * groups, kernel[0])
        places = x[0] * size((x if transposed else y)[2:])
        bias = size(y) if call.arguments.get("bias") is not None else 0
        return size(kernel[2:]) * channels * (filters // groups) * places + bias
    if kind == "linear.Linear":
        bias = "bias" in held
        return (x[-1] * y[-1] + (y[-1] if bias else 0)) * size(x[:-1])
    if kind in HOOKED:
        return size(y)
    if kind.startswith(POOLED) and kind[-2:] in ("1d", "2d", "3d"):
        return size(x)
    if kind.startswith(NORMALISED):
        return size(x) * (2 if "weight" in held else 1)
    if kind == "normalization.LayerNorm":
        return size(x)
    if kind == "upsampling.Upsample":
        return size(y[1:])
    return attended(seen) if seen.kind == MHA else 0


def attended(seen: Seen) -> Any:
    """torch.nn.MultiheadAttention as a whole, its projections and their biases included."""
    call, held = first(seen, (SDPA, "bmm", "baddbmm")), {name: spec.shape for name, spec in seen.parameters}
    projected = held.get("in_proj_weight", held.get("q_proj_weight"))
    if call is None or projected is None:
        return None
    dim = projected[1]
    if call.word == SDPA:
        samples, count, places, wide = call.arguments["query"].shape
        others = call.arguments["key"].shape[2]
    else:
        one, other = list(call.arguments.values())[call.word == "baddbmm" :][:2]
        every, places, wide = one.shape
        others, count = other.shape[2], dim // wide
        samples = every // count
    others = others - sum(each.word == "cat" for each in seen.calls) // 2  # what keys and values have at the end
    keys, values = (held.get(f"{name}_proj_weight", (dim, dim))[1] for name in "kv")
    total = places * dim + places * dim * dim + others * (keys * keys + values * values)
    total = total + ((places + 2 * others) * dim if "in_proj_bias" in held else 0)
    heads = places * others * (wide + 1 + values // count)
    return samples * (total + count * heads + places * values * (values + 1))


NUMEL: dict[str, tuple[str, ...]] = {word: (word,) for word in ("relu", "elu", "relu6", "silu", "softmax")}
NUMEL |= {
    f"{kind}_pool{rank}d": (f"{kind}_pool{rank}d", f"{kind}_pool{rank}d_with_indices")
    for kind in ("max", "adaptive_avg", "adaptive_max")
    for rank in (1, 2, 3)
}
SEEN = (*NUMEL, "gelu", "prelu", "avg_pool1d", "avg_pool2d", "avg_pool3d", "matmul", "mm", "bmm", "addmm", "baddbmm")
SEEN += ("add", "mul", "interpolate", "upsample")
BUILTIN = ("gelu", "prelu", "avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d")


def patched(seen: Seen, call: SeenCall) -> tuple[str, Any]:
    """The term of a call of a function, and the number."""
    given, word = call.arguments, call.word
    x = next(iter(given.values()), None)
    if word.startswith(PART):
        return word, part(call, SEEN)
    if call.caller in COMPOSED:
        return word, composed(call)
    if call.caller in RESIZING and word.startswith("adaptive_avg_pool"):  # by areas
        return "upsample", counted(looked_up(seen, call), elements(x) + elements(call.results[0]))
    if word in NUMEL or word in BUILTIN:
        found = built_in(seen, call) if word in BUILTIN else named(seen, call, *NUMEL[word])
        return word, counted(found, elements(x))
    if word in ("matmul", "mm", "bmm"):
        return "matmul", counted(by_method(seen, call), product(call))
    if word in ("addmm", "baddbmm"):
        _, one, other, *_ = given.values()
        found = by_method(seen, call)
        if word == "baddbmm" and call.caller.startswith("method_descriptor."):
            found = False  # torch.baddbmm is patched, and the method is not
        number = elements(one) * other.shape[-1] + (elements(x) if given.get("beta", 1) else 0)
        return "matmul", counted(found, number)
    if word in ("add", "mul"):
        return word, counted(by_method(seen, call), elementwise(given["self"], given["other"]))
    if word.startswith(("upsample", "_upsample")):
        return "upsample", counted(named(seen, call, "interpolate", "upsample"), elements(call.results[0]))
    return word, 0


def counted_loop(loop: Recurrent) -> Dim:
    """Each layer's cells at every step, the second direction as the first."""
    n, total = loop.hidden, 0
    extra = {"lstm": 10, "gru": 7, "rnn": 1}[loop.word] * n
    for weight in loop.first:
        gates, features = weight.shape
        total = total + gates * features + gates * loop.state + extra + (2 * gates if loop.bias else 0)
    return total * loop.steps * loop.batch * loop.ways
