"""What tools see of a row of an exported program: modules by their classes, functions by what called them."""

from math import prod
from typing import Any

from layercalc.analysis.observing import Seen, SeenCall
from layercalc.dims import Dim, Shape, Unknown, size

Terms = dict[str, Any]  # by function, or by module; None is a number that nobody can say
NN = "torch.nn.modules."
RANKS = ("1d", "2d", "3d")
CONVOLUTIONS = tuple(f"conv{rank}" for rank in RANKS)
TRANSPOSED = tuple(f"conv_transpose{rank}" for rank in RANKS)
LOOPS = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}  # and their gates
CELLS = {f"{name}_cell": gates for name, gates in LOOPS.items()}
METHODS = {  # by function: whose code calls it as a method, x.matmul(y), where others write x @ y
    "matmul": (
        "torchvision.models.swin_transformer.",
        "torchvision.models.video.swin_transformer.",
        "timm.layers.non_local_attn.",
    ),
    "mul": (
        "timm.models.convnext.",
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


def numbers(call: SeenCall, name: str, rank: int, default: int) -> list[Dim]:
    """An argument that is a number for each axis, or one for all."""
    found = call.arguments.get(name, default)
    listed = list(found) if isinstance(found, list | tuple) else [found]
    return listed * rank if len(listed) == 1 else listed


def by_method(seen: Seen, call: SeenCall) -> bool:
    """Whether a function was called by its name; x @ y and x.matmul(y) look alike, and are told by who wrote them."""
    if call.caller.startswith("builtin_function_or_method."):
        return True
    if seen.kind == MIXED and call.word == "matmul":  # of its two products the one by the shares, which are square
        shares = call.arguments["self"].shape
        return shares[-1] == shares[-2]
    return call.caller.startswith("method_descriptor.") and seen.kind.startswith(METHODS.get(call.word, ()))


def named(seen: Seen, call: SeenCall, *words: str) -> bool:
    """Whether a function was called as torch.nn.functional's of that name, which may be patched."""
    return seen.kind not in KEPT and call.caller in [f"function.{word}" for word in words]


def built_in(seen: Seen, call: SeenCall) -> bool:
    """The same of one that is written in C++."""
    return seen.kind not in KEPT and call.caller.startswith("builtin_function_or_method.")


def merged(into: Terms, name: str, number: Any) -> None:
    """Add to a term; what nobody can say stays so."""
    if number is None or into.get(name, 0) is None:
        into[name] = None
    elif isinstance(number, Unknown) or number != 0:
        into[name] = into.get(name, 0) + number


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
        each = 4 if self.bias and not self.cell else 2
        self.weights = weights
        self.first = [weights[layer * self.ways * each] for layer in range(self.layers)]  # of each layer, input's
        self.hidden = weights[1].shape[1]
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
    """A number of FLOPs as that prints it."""
    return int(float(f"{flops:.3e}")) if isinstance(flops, int) else flops
