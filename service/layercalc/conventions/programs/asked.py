"""The functions that Python called in a row, where the program has them in parts too."""

from collections.abc import Iterator

from layercalc.analysis.observing import Seen, SeenCall
from layercalc.conventions.programs.seen import NN, PART, RANKS, module_of, tail
from layercalc.ops import Spec

ONE = {  # parts that are the whole: what they are parts of
    "native_layer_norm": "layer_norm",
    "native_group_norm": "group_norm",
    "_native_batch_norm_legit_no_training": "batch_norm",
    "_native_batch_norm_legit_functional": "batch_norm",
    "_softmax": "softmax",
    "_log_softmax": "log_softmax",
    "max_pool2d_with_indices": "max_pool2d",
    "max_pool3d_with_indices": "max_pool3d",
    "_adaptive_avg_pool2d": "adaptive_avg_pool2d",
    "_adaptive_avg_pool3d": "adaptive_avg_pool3d",
}
FREE = (  # what no tool counts, whatever it is a part of
    *(
        "view",
        "reshape",
        "_unsafe_view",
        "permute",
        "t",
        "transpose",
        "expand",
        "clone",
        "slice",
        "select",
        "cat",
        "copy",
    ),
    *("unsqueeze", "squeeze", "split", "split_with_sizes", "unbind", "chunk", "alias", "detach", "embedding", "arange"),
    *(
        "full",
        "zeros",
        "ones",
        "scalar_tensor",
        "_to_copy",
        "to",
        "contiguous",
        "index",
        "index_select",
        "gather",
        "unfold",
    ),
    *(
        "constant_pad_nd",
        "pad",
        "flatten",
        "unflatten",
        "dropout",
        "lift_fresh_copy",
        "full_like",
        "zeros_like",
        "where",
    ),
    *(
        "eq",
        "ne",
        "lt",
        "gt",
        "le",
        "ge",
        "logical_not",
        "logical_and",
        "bitwise_not",
        "repeat",
        "flip",
        "roll",
        "stack",
    ),
)


def asked(seen: Seen) -> Iterator[SeenCall]:
    """The calls of a row as functions that Python called; of what is in parts, the word says so."""
    for call in seen.calls:
        word = call.word
        if word in ONE:
            yield whole(seen, call)
        elif word == "convolution":
            rank = len(call.arguments["weight"].shape) - 2
            yield call._replace(word=f"conv{'_transpose' * bool(call.arguments['transposed'])}{rank}d")
        elif not seen.core and seen.told:
            yield call
        elif word in ("addmm", "mm") and (tail(call.caller) == "linear" or linear(seen, call)):
            *_, x, turned = [one for one in call.arguments.values() if isinstance(one, Spec)]
            weight = Spec(turned.shape[::-1], turned.dtype)
            bias = call.arguments.get("self") if word == "addmm" else None
            yield call._replace(word="linear", arguments={"input": x, "weight": weight, "bias": bias})
        elif word in FREE or tail(call.caller) == word:
            yield call
        elif not call.caller and (named := named_by_module(seen, call)) is not call:
            yield named
        elif word == "mean" and tail(call.caller).startswith("adaptive_avg_pool"):
            yield call._replace(word=tail(call.caller))
        else:
            yield call._replace(word=f"{PART}{tail(call.caller)}")


def whole(seen: Seen, call: SeenCall) -> SeenCall:
    """A part that is the whole function; an instance norm is a batch norm of more channels."""
    name, given = ONE[call.word], {**call.arguments, "training": False}
    if name == "batch_norm" and "instance" in (call.caller or seen.kind).lower():
        name = "instance_norm"
    if not call.caller and not seen.kind.startswith(NN):
        return call._replace(word=PART)
    return named_by_module(seen, call._replace(word=name, arguments=given))


def linear(seen: Seen, call: SeenCall) -> bool:
    """Whether a product is that of a module that is a Linear."""
    return not call.caller and seen.called and seen.kind == f"{NN}linear.Linear"


def named_by_module(seen: Seen, call: SeenCall) -> SeenCall:
    """A call as a module of torch.nn makes it, where nothing else says what called it."""
    kind = module_of(seen)
    if call.caller or kind.partition(".")[0] not in ("activation", "pooling"):
        return call
    name, word = kind.rpartition(".")[2], call.word
    if word == "mean" and name.startswith("AdaptiveAvgPool"):
        word = f"adaptive_avg_pool{kind[-2:]}"
    if name.lower() != word.replace("_", ""):
        return call
    way = "builtin_function_or_method" if kind in BUILT_IN else "function"
    return call._replace(word=word, caller=f"{way}.{word}")


BUILT_IN = (  # in torch.nn.functional as they are in C++
    *("activation.GELU", "activation.PReLU", "pooling.AdaptiveAvgPool1d"),
    *(f"pooling.AvgPool{rank}" for rank in RANKS),
)
