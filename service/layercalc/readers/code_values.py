"""What the objects of Keras code are to its reader: layers, tensors, calls, models."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from layercalc.layers import Layer
from layercalc.locations import CodePlace
from layercalc.model import ALL
from layercalc.readers.builder import Source


@dataclass(eq=False)
class LayerValue:
    """A layer that the code constructs, and how often it was called."""

    kind: type[Layer]
    config: dict[str, Any]
    place: CodePlace
    name: str
    shape: tuple[int | None, ...] | None = None
    uses: int = 0
    copied: bool = False  # by a Bidirectional, whose own it is not
    places: int = 0  # that it stands in: calls, stacks and arguments of other layers
    layer: Layer | None = None
    built: bool = False


@dataclass(eq=False)
class TensorValue:
    """One output of a call, or all of them while nobody has told them apart (`output` is ALL)."""

    call: "CallValue"
    output: int = ALL


@dataclass(eq=False)
class CallValue:
    """An input (no layer), or a use of a layer on tensors."""

    name: str
    place: CodePlace
    layer: Any = None  # LayerValue, SequentialValue or ModelValue
    use: int = 1
    inputs: list[TensorValue] = field(default_factory=list)
    named: dict[str, Any] = field(default_factory=dict)
    shape: tuple[int | None, ...] | None = None
    dtype: str = "float32"
    order: int = field(default_factory=count().__next__)  # as the code would run


@dataclass(eq=False)
class SequentialValue:
    """A Sequential, or the lines of a tutorial that stand one after another."""

    name: str
    place: CodePlace
    items: list[Any] = field(default_factory=list)
    shape: tuple[int | None, ...] | None = None
    called: tuple[int | None, ...] | None = None  # the shape of the input that it was called on
    uses: int = 0
    placed: bool = False  # in another model
    trainable: bool = True


@dataclass(eq=False)
class ModelValue:
    """A functional model."""

    name: str
    place: CodePlace
    inputs: list[TensorValue]
    outputs: list[TensorValue]
    uses: int = 0
    placed: bool = False  # in another model
    trainable: bool = True


@dataclass(eq=False)
class Broken:
    """The value of a line that had a fault: what uses it has none of its own."""


@dataclass(eq=False)
class Opaque:
    """What the text does not hold: data, an optimizer, a history, something imported."""

    source: str  # of the statement that binds it
    line: int
    holds: bool = False  # whether a model may be part of it
    functions: tuple["FunctionValue", ...] = ()  # of the text, which a use of it may run
    fitted: bool = False  # whether `fit` may have given it, so that its `model` is one of the text
    callback: bool = False  # whether `fit` was given it to call, with a model of the text in hand
    plain: bool = True  # whether it is known to be no network: data, an estimator, a part of Keras that is none

    def __str__(self) -> str:
        return f"`{self.source}` from line {self.line}, which is not in the text"


@dataclass(eq=False)
class FunctionValue:
    """A function or class of the text: not run, and without effect until something names it."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


class Named(str):
    """A name of a module that is imported or known, read as a string; `path` is the whole of it."""

    path: str

    def __new__(cls, path: str) -> "Named":
        made = super().__new__(cls, path.rpartition(".")[2])
        made.path = path
        return made


NETWORK = (LayerValue, TensorValue, CallValue, SequentialValue, ModelValue)


def inside(value: Any) -> Iterator[Any]:
    """A value, and all that its lists, tuples and dicts hold at any depth, each of those once."""
    pending, seen = [value], set()
    while pending:
        one = pending.pop()
        yield one
        if isinstance(one, list | tuple | dict) and id(one) not in seen:
            seen.add(id(one))
            pending += one.values() if isinstance(one, dict) else one


def of_network(value: Any) -> bool:
    """Whether a value is, or holds, a model, a layer or a tensor."""
    return any(isinstance(one, NETWORK) for one in inside(value))


def first_shape(value: Any) -> tuple[int | None, ...] | None:
    """The shape that the first layer names, of a Sequential inside a Sequential too."""
    while isinstance(value, SequentialValue):
        if value.shape is not None or not value.items or value.items[0] is value:
            return value.shape
        value = value.items[0]
    if isinstance(value, TensorValue):
        return value.call.shape
    return value.shape if isinstance(value, LayerValue) else None


def flat(values: list[Any]) -> list[Any]:
    """Nested lists as one; None left out."""
    out: list[Any] = []
    for value in values:
        if isinstance(value, list | tuple):
            out.extend(flat(list(value)))
        elif isinstance(value, dict):
            out.extend(flat([value[key] for key in sorted(value, key=str)]))
        elif value is not None:
            out.append(value)
    return out


def source(tensor: TensorValue, whole: int = 0) -> Source:
    """A tensor by name; one that was not told apart is the first output, or `whole`."""
    return Source(tensor.call.name, tensor.call.use, whole if tensor.output == ALL else tensor.output)


def sources(value: Any) -> Any:
    return source(value) if isinstance(value, TensorValue) else tuple(source(one) for one in flat([value]))
