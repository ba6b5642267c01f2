"""What tools see of a row of an exported program: modules by their classes, functions by what called them."""

import re
from math import prod
from typing import Any

from layercalc import dims
from layercalc.analysis.observing import Seen, SeenCall
from layercalc.dims import Dim, Shape, Unknown, size
from layercalc.formulas import Formula
from layercalc.readers.torch import traces

Terms = dict[str, Any]  # by function, or by module; None is a number that nobody can say
NN = "torch.nn.modules."
RANKS = ("1d", "2d", "3d")
CONVOLUTIONS = tuple(f"conv{rank}" for rank in RANKS)
TRANSPOSED = tuple(f"conv_transpose{rank}" for rank in RANKS)
LOOPS = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}  # and their gates
CELLS = {f"{name}_cell": gates for name, gates in LOOPS.items()}
KNOWN = (NN, "torchvision.", "timm.", "transformers.")  # whose code is known
METHODS = {  # there, whose code calls a function as a method, x.matmul(y), where others write x @ y
    "matmul": (
        "torchvision.models.swin_transformer.",
        "torchvision.models.video.swin_transformer.",
        "timm.layers.non_local_attn.",
        "transformers.models.dbrx.",
        "transformers.models.mobilebert.",
    ),
    "mul": (
        "timm.models.convnext.",
        "timm.models.csatv2.",
        "timm.models.rdnet.",
        "timm.models.inception_next.",
        "timm.layers.activations.",
    ),
    "add": ("timm.models.tresnet.", "timm.layers.filter_response_norm.", "timm.layers.evo_norm."),
}
MIXED = "torchvision.models.swin_transformer.ShiftedWindowAttentionV2"
KEPT = (  # modules that hold a function of torch.nn.functional from before it was patched
    "torch.nn.modules.transformer.TransformerEncoderLayer",
    "torch.nn.modules.transformer.TransformerDecoderLayer",
    "transformers.activations.GELUActivation",
)
ATTENTION = "function.multi_head_attention_forward"  # of which tools see the functions that it calls
RESIZING = ("function.interpolate", "function.upsample")
LOCAL = "function.local_response_norm"
POOLING = tuple(f"function.lp_pool{rank}" for rank in RANKS)
COMPOSED = (LOCAL, *POOLING)  # whose code calls functions and methods that ptflops and calflops replace
WITHIN = ("bmm", "baddbmm")  # torch.bmm and torch.baddbmm
SPELT = ("matmul", "mul", "add")  # with an operator too
PART = "part of "  # the word of a part of a function that is not made whole again
PLAIN = (  # functions in Python whose parts no tool counts
    *("hardswish", "hardsigmoid", "softplus", "mish", "hardtanh", "glu", "logsigmoid", "selu", "celu", "softsign"),
    *("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "pad", "one_hot", "embedding", "tanhshrink"),
)


def module_of(seen: Seen) -> str:
    """The class of torch.nn.modules that a row is a call of, as `conv.Conv2d`; empty for another, or one made of it."""
    return seen.kind.removeprefix(NN) if seen.called and seen.kind.startswith(NN) else ""


def first(seen: Seen, words: Any) -> SeenCall | None:
    """The first call in a row of one of these functions."""
    return next((call for call in seen.calls if call.word in words), None)


def shape_of(x: Any) -> Shape:
    """The sizes of an argument that is a tensor."""
    return x.shape


def elements(x: Any) -> Dim:
    return size(x.shape)


def composed(call: SeenCall) -> Dim:
    """What ptflops and calflops count for a part of F.local_response_norm or F.lp_pool2d, one for each element.

    They see its pooling and its ReLU, and the products and sums that are methods: x.mul(2), and not sign * relu.
    """
    x, other = [*call.arguments.values(), None, None][:2]
    operator = call.caller in POOLING and call.word == "mul" and hasattr(other, "shape")
    counted = call.word.startswith("avg_pool") or call.word in ("relu", "mul", "add")
    return elements(x) if counted and not operator else 0


def numbers(call: SeenCall, name: str, rank: int, default: int) -> list[Dim]:
    """An argument that is a number for each axis, or one for all."""
    found = call.arguments.get(name, default)
    listed = list(found) if isinstance(found, list | tuple) else [found]
    return listed * rank if len(listed) == 1 else listed


def tail(caller: str) -> str:
    """The function of a caller: `relu` of `function.relu`."""
    return caller.rpartition(".")[2]


def spelt(call: SeenCall, *among: str) -> str:
    """How the line of code that called a function spells that, of some ways; empty where nothing says."""
    place = call.written
    word = tail(call.caller)
    return traces.way(place.frame, word, place.place, place.of, among) if place is not None and place.frame else ""


def by_method(seen: Seen, call: SeenCall) -> bool | None:
    """Whether a function was called by its name, and not by an operator; None where nothing says.

    x @ y and x.matmul(y) look alike: the line of code tells, or whose code it is.
    """
    if not call.caller:
        return None
    if call.caller == ATTENTION:
        return call.word in WITHIN
    if tail(call.caller) != call.word:
        return False
    if call.caller.startswith("builtin_function_or_method."):
        return None if spelt(call, traces.NAMED) else True
    if not call.caller.startswith("method_descriptor."):
        return False
    if call.word not in SPELT:
        return True
    if way := spelt(call, traces.OPERATOR, traces.METHOD):
        return way == traces.METHOD
    if seen.kind == MIXED and call.word == "matmul":  # of its two products the one by the shares, which are square
        shares = call.arguments["self"].shape
        return bool(shares[-1] == shares[-2])
    if seen.kind.startswith(KNOWN):
        return seen.kind.startswith(METHODS[call.word])
    return None if call.word == "matmul" else False  # few write x.mul(y): said in a warning


def named(seen: Seen, call: SeenCall, *words: str) -> bool | None:
    """Whether a function was called as torch.nn.functional's of that name, which may be patched; None: nothing says."""
    if not call.caller:
        return None
    if call.caller == ATTENTION:
        return call.word in words
    return looked_up(seen, call) if call.caller in [f"function.{word}" for word in words] else False


def built_in(seen: Seen, call: SeenCall) -> bool | None:
    """The same of one that is written in C++."""
    if not call.caller:
        return None
    return looked_up(seen, call) if call.caller.startswith("builtin_function_or_method.") else False


def looked_up(seen: Seen, call: SeenCall) -> bool | None:
    """Whether a function was found in its module when it ran, and not before; None where nothing says."""
    if seen.kind in KEPT:
        return False
    if seen.kind.startswith(NN):
        return True
    way = spelt(call, *CALLED)
    if way in (traces.NAMED, traces.METHOD):
        return None  # self.relu(x), relu(x): of unknown age
    return way not in (traces.KEPT, traces.OF_TORCH)


CALLED = (traces.LOOKED_UP, traces.OF_TORCH, traces.KEPT, traces.NAMED, traces.METHOD)


def of_torch(seen: Seen, call: SeenCall) -> bool:
    """Whether torch's own function was called, and not the one of its name in torch.nn.functional, which is patched."""
    return not seen.kind.startswith(NN) and spelt(call, *CALLED) == traces.OF_TORCH


def assumed(seen: Seen) -> bool:
    """Whether what a function counts for is taken for granted: that x * y and x + y are so written, and F.relu(x)."""
    return not seen.kind.startswith(KNOWN) and any(
        (
            (
                call.caller.startswith("method_descriptor.")
                and call.word in ("mul", "add")
                and tail(call.caller) == call.word
            )
            and not spelt(call, traces.OPERATOR, traces.METHOD)
        )
        or (
            (call.caller.startswith("function.") and tail(call.caller) in FUNCTIONS)
            and not spelt(call, traces.LOOKED_UP, traces.KEPT, traces.NAMED)
        )
        for call in seen.calls
    )


FUNCTIONS = ("relu", "elu", "leaky_relu", "relu6", "silu", "softmax", "interpolate", "upsample")


def counted(yes: bool | None, number: Any) -> Any:
    """A number where a function is counted, 0 where it is not, and None where nothing says."""
    return None if yes is None else number if yes else 0


def part(call: SeenCall, functions: Any) -> Any:
    """What a part of a function counts for: nothing, where a tool that sees these functions sees none in it."""
    name = call.word.removeprefix(PART)
    if not name or name in functions:
        return None
    return 0 if name in PLAIN or call.caller.startswith(("builtin_function", "method_descriptor")) else None


def hidden(seen: Seen) -> bool:
    """Whether modules in it are not told of: a row of what has modules inside, or one that reads another's weights."""
    return (seen.called and seen.kind.startswith(f"{NN}transformer.")) or (seen.core and seen.borrowed)


def unrolled(seen: Seen) -> bool:
    """Whether it is a recurrent layer in parts, of which nothing tells the steps."""
    return module_of(seen).startswith("rnn.") and recurrent(seen) is None


def why(seen: Seen) -> str:
    """Why nobody knows what a tool counts for a row."""
    if seen.again:
        return "the module stands in several places of the model"
    if hidden(seen):
        return "the file does not tell which modules are called inside"
    if seen.core or not seen.told:
        return "the file has functions in parts, and does not tell which Python called"
    return "no line of code in the file tells how it is called: x @ y is not counted, x.matmul(y) is"


def merged(into: Terms, name: str, number: Any) -> None:
    """Add to a term; what nobody can say stays so."""
    if number is None or into.get(name, 0) is None:
        into[name] = None
    elif isinstance(number, Unknown | Formula) or number != 0:
        into[name] = into.get(name, 0) + number


def unified(terms: Terms) -> Terms:
    """Terms by names that all tools have in common, so that they can be held against one another."""
    out: Terms = {}
    for name, number in terms.items():
        merged(out, common(name), number)
    return out


def common(name: str) -> str:
    """The op that a function or a module of torch.nn is, without the number of axes: `conv` of `conv.Conv2d`."""
    last = RANK.sub("", name.rpartition(".")[2])
    word = CAMEL.sub("_", last).lower().replace("_lu", "lu")
    return OPS.get(word, word)


RANK, CAMEL = re.compile(r"(?<=[a-z])_?[123]d$"), re.compile(r"(?<=[a-z])(?=[A-Z])")
OPS = {
    "linear": "matmul",
    "conv_transpose": "conv",
    "avg_pool": "average_pool",
    "adaptive_avg_pool": "adaptive_average_pool",
}


class Recurrent:
    """A layer of torch.nn.RNN, GRU or LSTM, or a cell, as its weights and the call have it."""

    def __init__(self, call: SeenCall, gates: int):
        self.cell = call.word in CELLS
        self.gates, self.word = gates, call.word.removesuffix("_cell").partition("_")[0]
        given = call.arguments
        x = given["input"].shape
        if self.cell:
            weights = [given["w_ih"], given["w_hh"]]
            self.bias, self.ways, self.layers, self.steps, self.batch = given.get("b_ih") is not None, 1, 1, 1, x[0]
        else:
            weights = given["params"]
            self.bias, self.layers = bool(given["has_biases"]), given["num_layers"]
            self.ways = 2 if given["bidirectional"] else 1
            whole = len(x) == 3
            places = (1, 0) if given["batch_first"] else (0, 1)
            self.steps, self.batch = (x[places[0]], x[places[1]]) if whole else (x[0], 1)
        each = len(weights) // (self.layers * self.ways)
        self.weights = weights
        self.first = [weights[layer * self.ways * each] for layer in range(self.layers)]  # of each layer, input's
        self.hidden = weights[1].shape[0] // gates
        self.state = weights[1].shape[1]  # which may be projected
        self.features = weights[0].shape[1]


def recurrent(seen: Seen) -> Recurrent | None:
    """The recurrent layer or cell that a row is, as torch.nn's own class."""
    kind = module_of(seen).removesuffix("Cell")
    words = {"rnn.LSTM": ("lstm",), "rnn.GRU": ("gru",), "rnn.RNN": ("rnn_tanh", "rnn_relu")}.get(kind, ())
    call = first(seen, (*words, *(f"{word}_cell" for word in words)))
    return None if call is None else Recurrent(call, (LOOPS | CELLS)[call.word])


def elementwise(a: Any, b: Any) -> Dim:
    """How many elements two operands have together."""
    shapes = [getattr(one, "shape", ()) for one in (a, b)]
    rank = max(map(len, shapes))
    wide = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    return prod(
        n if isinstance(n, Unknown) or (not isinstance(m, Unknown) and n > m) else m for n, m in zip(*wide, strict=True)
    )


def product(call: SeenCall) -> Dim:
    """The MACs of a product of matrices as PyTorch's tools have it: all of the first by the last axis of the second."""
    given = list(call.arguments.values())
    a, b = given[0].shape, given[1].shape
    return size(a) * b[-1]


def printed_of(flops: Dim) -> Dim:
    """A number of FLOPs as that prints it: rounded, so that there is no formula of it."""
    return int(float(f"{flops:.3e}")) if isinstance(flops, int) else dims.hidden(flops)
