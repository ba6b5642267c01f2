"""What a function of PyTorch is: one on ops, whose signature is ATen's schema.

`torch.add`, `tensor.add`, `tensor.add_`, `aten::add.Tensor` and `aten::add.Scalar` are one function; an overload with
another signature has one of its own (`max.dim`). Sizes are numbers, unknown ones too; tensors are what ops take.
"""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from layercalc import ops
from layercalc.dims import Unknown, text
from layercalc.errors import ShapeError
from layercalc.layers.vocabulary import Vocabulary
from layercalc.ops import FLOATS, Tensor
from layercalc.ops.base import promote

LOSSES = (
    "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CosineEmbeddingLoss", "CrossEntropyLoss", "GaussianNLLLoss",
    "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "MarginRankingLoss", "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss", "PoissonNLLLoss", "SmoothL1Loss", "SoftMarginLoss",
    "TripletMarginLoss", "TripletMarginWithDistanceLoss", "AdaptiveLogSoftmaxWithLoss", "LinearCrossEntropyLoss",
)  # fmt: skip

TORCH = Vocabulary(
    "torch",
    "PyTorch",
    unnamed=str.lower,
    slips={
        "filters": ("out_channels",),
        "units": ("out_features",),
        "strides": ("stride",),
        "kernel": ("kernel_size",),
        "pool_size": ("kernel_size",),
        "use_bias": ("bias",),
        "epsilon": ("eps",),
    },
    ignored=frozenset({"device"}),
    refused={
        **dict.fromkeys(LOSSES, "measures an error in training, and is no layer of a model in use"),
        **dict.fromkeys(("FractionalMaxPool2d", "FractionalMaxPool3d"), "draws its windows at random"),
        **dict.fromkeys(("Sequential", "ModuleList", "ModuleDict"), "is a list of layers: write them as a stack"),
        "CrossMapLRN2d": "is an older LocalResponseNorm, which sums other channels: write that",
    },
    sample='{"type": "Linear", "in_features": 8, "out_features": 4}',
    keeps_dtypes=True,
    buffers=True,
)

Call = TypeVar("Call", bound=Callable[..., Any])
Ints = tuple[Any, ...]  # sizes, axes; a single number stands for all
DEFAULT = "float32"  # torch.get_default_dtype()


class Function(NamedTuple):
    """A function under one of its names."""

    name: str
    call: Callable[..., Any]
    parameters: dict[str, inspect.Parameter]

    def missing(self, given: Any) -> list[str]:
        """The arguments that have no default and are not given."""
        return [
            name
            for name, one in self.parameters.items()
            if one.default is one.empty and name not in given and one.kind is not one.VAR_KEYWORD
        ]


def function(*names: str) -> Callable[[Call], Call]:
    """Register a function under ATen's names, with the overload where it is for that alone; else under its own."""

    def register(call: Call) -> Call:
        parameters = dict(inspect.signature(call).parameters)
        for name in names or (call.__name__,):
            if name in TORCH.functions:
                raise ValueError(f"There is a function {name!r} already.")
            TORCH.functions[name] = Function(name, call, parameters)
        return call

    return register


def is_tensor(x: Any) -> bool:
    """Whether an argument is a tensor, and no number."""
    return hasattr(x, "ndim")


def category(dtype: str) -> int:
    """Truths, integers, floats: a higher one decides the dtype of a result."""
    return 2 if dtype in FLOATS else 0 if dtype == "bool" else 1


def of_number(value: Any) -> str:
    """The dtype that a Python number stands for."""
    if isinstance(value, bool):
        return "bool"
    return DEFAULT if isinstance(value, float) else "int64"


def result_type(*operands: Any) -> str:
    """torch.result_type: tensors with axes before those without, and these before numbers, within one category."""
    ranks: tuple[list[str], list[str], list[str]] = [], [], []
    for one in operands:
        if not is_tensor(one):
            ranks[2].append(of_number(one))
        else:
            ranks[0 if one.ndim else 1].append(str(one.dtype))
    found = ""
    for dtypes in ranks:
        if dtypes:
            dtype = promote(*dtypes)
            found = dtype if not found or category(dtype) > category(found) else found
    return found


def number(value: Any, dtype: str) -> Tensor:
    """A Python number as a tensor of no axes."""
    return ops.known(value, dtype)


def cast(x: Any, dtype: str) -> Tensor:
    """A tensor or number in a dtype."""
    if not is_tensor(x):
        return number(x, dtype)
    return x if str(x.dtype) == dtype else ops.cast(x, to=dtype)


def together(*operands: Any) -> list[Tensor]:
    """Operands in the dtype of their result."""
    dtype = result_type(*operands)
    return [cast(one, dtype) for one in operands]


MOST_PARTS = 100_000  # that one call makes, or steps that it takes


def few(parts: Any) -> None:
    """Refuse a call that makes more tensors, or places, than are worth making."""
    if isinstance(parts, int) and parts > MOST_PARTS:
        raise ShapeError(f"At most {MOST_PARTS:,} parts are made; received {parts:,}.")


def axis_of(dim: Any, rank: int) -> int:
    """An axis counted from the front; a tensor without axes has one in that respect."""
    axes = max(rank, 1)
    if not isinstance(dim, int) or not -axes <= dim < axes:
        raise ShapeError(f"There is no axis {dim} in a tensor of {rank} axes, which are {-axes} to {axes - 1}.", "dim")
    return dim % axes


def axes_of(dims: Any, rank: int) -> tuple[int, ...]:
    """Axes counted from the front, each once; None or none are all of them."""
    listed = [dims] if isinstance(dims, int) else list(range(rank)) if dims is None or not len(dims) else list(dims)
    found = tuple(axis_of(dim, rank) for dim in listed)
    if len(set(found)) < len(found):
        raise ShapeError(f"{listed} names one axis twice.", "dim")
    return found


def for_each(value: Any, rank: int, name: str) -> Ints:
    """A number for each of so many axes; one stands for all."""
    found = (value,) if isinstance(value, int | Unknown) else tuple(value)
    if len(found) == 1:
        found *= rank
    if len(found) != rank:
        raise ShapeError(f"{name} has {len(found)} numbers; {rank} axes need one or {rank}.", name)
    return found


def needs_rank(x: Tensor, least: int, most: int, name: str) -> None:
    """Refuse a tensor of another number of axes."""
    if not least <= x.ndim <= most:
        wanted = f"{least}" if least == most else f"{least} or {most}" if most == least + 1 else f"{least} to {most}"
        raise ShapeError(f"{name} takes a tensor of {wanted} axes; received {text(x.shape)}.")


def same(x: Tensor) -> Tensor:
    """The tensor itself, as the result of an op that changes nothing."""
    return ops.reshape(x, to=x.shape)
