"""What an operator of ONNX is: a function on ops whose signature is its schema, from a version of its domain on.

Inputs are the parameters by position, attributes those by keyword; what has no default has to be given. An annotation
says what an attribute is, or what an input is to those who count weights.
"""

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from math import prod
from string import ascii_lowercase
from typing import Annotated, Any, NamedTuple, TypeVar, get_args

from layercalc import lazy_numpy as np
from layercalc import ops
from layercalc.dims import Batch, Unknown, text
from layercalc.errors import Refused, ShapeError
from layercalc.formulas import Undecided
from layercalc.layers import base
from layercalc.layers.base import FILE, Weight
from layercalc.layers.config import ConfigError
from layercalc.layers.stored import Array, filling
from layercalc.layers.vocabulary import Vocabulary
from layercalc.ops import FLOATS, Tensor
from layercalc.ops.constant_folding import Known, by_name
from layercalc.wording import nearest

Function = TypeVar("Function", bound=Callable[..., Any])
Ints = tuple[int, ...]
Numbers = tuple[float, ...]
Texts = tuple[str, ...]


Value = Annotated[Any, "a number of the graph, which sizes or bounds are made of, and no parameter"]
Quantised = Annotated[Any, "parameters, integers too"]
Packed = Annotated[Any, "parameters of as many bits as the attribute `bits` says, several to a byte"]
Learned = Annotated[Any, "parameters, also where a node makes them"]
Maybe = Annotated[Any, "may be left out, though others follow that may not"]
Statistic = Annotated[Any, "parameters that are not trained"]

NAMED = {
    int: "an integer",
    float: "a number",
    str: "a text",
    Ints: "a list of integers",
    Numbers: "a list of numbers",
    Texts: "a list of texts",
    Array: "a tensor",
}

ONNX = Vocabulary(
    "onnx",
    "ONNX",
    unnamed=lambda kind: kind,
    conventions="The counts of other tools are by the nodes of the file: what an exporter folded or took apart is "
    "counted as it stands there, and not as the module that it was.",
    refused={
        **dict.fromkeys(
            ("StringNormalizer", "StringConcat", "StringSplit", "RegexFullMatch", "TfIdfVectorizer"), "works on strings"
        ),
        **dict.fromkeys(
            (
                "SequenceMap",
                "Optional",
            ),
            "works on sequences or optional tensors",
        ),
        **dict.fromkeys(
            ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"),
            "draws random numbers",
        ),
        "ImageDecoder": "reads pictures",
        **dict.fromkeys(("If", "Loop", "Scan"), "has graphs inside, which are read in files alone"),
    },
    slips={letter: (letter.upper(),) for letter in ascii_lowercase},
    sample='{"type": "Relu"}',
    reads_values=True,
    keeps_dtypes=True,
)


@dataclass(frozen=True, eq=False)
class Version:
    """An operator as it is from one version of its domain on."""

    since: int
    call: Callable[..., Any]
    inputs: tuple[inspect.Parameter, ...]
    attributes: dict[str, inspect.Parameter]
    counts_outputs: bool  # whether it is told how many outputs the node has
    hidden: Ints = ()  # outputs that it does not make, and a node has to leave out
    decides: str = ""  # the size that values decide

    @cached_property
    def variadic(self) -> bool:
        return bool(self.inputs) and self.inputs[-1].kind is inspect.Parameter.VAR_POSITIONAL

    @cached_property
    def needed(self) -> tuple[tuple[int, inspect.Parameter], ...]:
        """The inputs that no node may leave out, by their numbers."""
        return tuple((place, p) for place, p in enumerate(self.inputs) if needed(p))

    @cached_property
    def marks(self) -> tuple[Any, ...]:
        """What each input is to those who count weights."""
        return tuple(p.annotation for p in self.inputs)

    @cached_property
    def demanded(self) -> tuple[tuple[str, str], ...]:
        """The attributes that no node may leave out, and the parameters that they are."""
        return tuple((name, p.name) for name, p in self.attributes.items() if p.default is p.empty)

    @cached_property
    def kinds(self) -> dict[str, tuple[str, tuple[Any, ...]]]:
        """Of each attribute the parameter that it is, and the kinds of values that it may have."""
        return {name: (p.name, expected(p)) for name, p in self.attributes.items()}

    def mark(self, place: int) -> Any:
        """The annotation of the input of that number."""
        marks = self.marks
        return marks[place if place < len(marks) else -1]

    def input(self, place: int) -> inspect.Parameter:
        """The parameter that the input of that number is given as."""
        return self.inputs[min(place, len(self.inputs) - 1)]


def needed(parameter: inspect.Parameter) -> bool:
    """Whether an input has to be given."""
    given = parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL
    return given and parameter.annotation != Maybe


def called(parameter: inspect.Parameter) -> str:
    """An input as ONNX calls it: a single letter is a capital."""
    name = parameter.name.rstrip("_")
    return name.upper() if len(name) == 1 else name


def operator(
    since: int, name: str = "", domain: str = "", ends: int | None = None, hidden: Ints = (), decides: str = ""
) -> Callable[[Function], Function]:
    """Register a function as the operator of its name; from the version `ends` on there is none.

    `hidden` are the numbers of outputs that it does not make; `decides` is the size that the values of a tensor decide.
    """

    def register(function: Function) -> Function:
        known = name or function.__name__
        parameters = list(inspect.signature(function).parameters.values())
        inputs = tuple(p for p in parameters if p.kind is not p.KEYWORD_ONLY)
        keywords = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.name != OUTPUTS]
        attributes = {p.name.rstrip("_"): p for p in keywords}  # `split_` where `split` is the function itself
        versions = ONNX.functions.setdefault(f"{domain}.{known}" if domain else known, [])
        if any(one.since == since for one in versions):
            raise ValueError(f"There is an operator {known!r} of version {since} already.")
        versions.append(
            Version(since, function, inputs, attributes, any(p.name == OUTPUTS for p in parameters), hidden, decides)
        )
        versions.sort(key=lambda one: one.since)
        if ends is not None:
            ENDS[known] = ends
        return function

    return register


ENDS: dict[str, int] = {}
DOMAINS = {  # of which nothing is read, and what their operators do
    "ai.onnx.ml": "is of trees, encoders and the like",
    "ai.onnx.preview.training": "trains",
    "ai.onnx.training": "trains",
}
IMPOSSIBLE = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError)  # of numbers that no operator takes
HANDS_ON = "Identity"  # the operator that gives what it is given
DEQUANTISES = "DequantizeLinear"  # the operator that makes floats of integers
log = logging.getLogger("layercalc")
OUTPUTS = "outputs"  # the keyword of a function that is told how many outputs a node has


@cache
def found(name: str, domain: str, opset: int) -> Version:
    """The operator of that name as the version of its domain has it; ConfigError says why there is none."""
    full = f"{domain}.{name}" if domain else name
    versions: list[Version] = ONNX.functions.get(full, [])
    held = [one for one in versions if one.since <= opset]
    if held and not (name in ENDS and opset >= ENDS[name] and not domain):
        return held[-1]
    if versions:
        since = f"is read from opset {versions[0].since}" + (f" to {ENDS[name] - 1}" if name in ENDS else " on")
        raise ConfigError([((), f"The operator {name} {since}; this file's is {opset}.")])
    if not domain and name in ONNX.refused:
        raise ConfigError([((), f"The operator {name} {ONNX.refused[name]}, and is not read.")])
    where = f" of the domain {domain!r}" if domain else ""
    if domain in DOMAINS:
        raise ConfigError([((), f"The operator {name}{where} {DOMAINS[domain]}, and is not read.")])
    known = [one for one in ONNX.functions if "." not in one] if not domain else []
    raise ConfigError([((), f"The operator {name}{where} is not read here.{nearest(name, known)}")])


class Slot(NamedTuple):
    """An input that another node or the caller gives: its number among those of the call."""

    place: int


Feed = Slot | Array | None  # where an input of a node comes from; None: it is left out


class Operator(base.Layer):
    """A node: an operator, its attributes, and where each of its inputs comes from."""

    of_vocabulary = ONNX
    takes: tuple[int, int | None] = (0, None)
    accepts = frozenset()
    batched = False

    def __init__(self, kind: str, version: Version, attributes: dict[str, Any], feeds: tuple[Feed, ...], outputs: int):
        self.type, self.version, self.attributes, self.feeds, self.outputs = kind, version, attributes, feeds, outputs

    @property
    def dequantises(self) -> bool:  # type: ignore[override]
        return self.type == DEQUANTISES

    @property
    def arguments(self) -> dict[str, Any]:  # type: ignore[override]
        """The attributes, defaults too, and the inputs that are numbers of the file and no weights."""
        found = {name: self.attributes.get(p.name, p.default) for name, p in self.version.attributes.items()}
        for place, feed in enumerate(self.feeds):
            if (
                isinstance(feed, Array)
                and not self.learns(place, feed)
                and feed.read
                and prod(feed.shape) <= MOST_SHOWN
            ):
                found[called(self.version.input(place))] = feed.values.tolist()
        return found

    def learns(self, place: int, feed: Array) -> bool:
        """Whether a tensor of the file is a weight where it stands."""
        mark = self.version.mark(place)
        return mark != Value and (feed.dtype in FLOATS or mark in (Quantised, Packed))

    def __call__(self, weight: Weight, *inputs: Tensor, **_: Any) -> Any:
        several = self.run([self.fed(place, feed, weight, inputs) for place, feed in enumerate(self.feeds)])
        if len(several) < self.outputs:
            raise ShapeError(f"{self.type} gives {len(several)} outputs here; the node names {self.outputs}.")
        for one in several[: self.outputs]:
            if one is not None and any(isinstance(n, int) and n < 0 for n in one.shape):
                raise ShapeError(f"{self.type} would give {text(one.shape)}; no size is below 0.")
        return several[: self.outputs]

    def run(self, given: list[Tensor]) -> tuple[Tensor, ...]:
        """All that the operator makes of the inputs in the order of its schema, None for one that is left out."""
        told = self.version.counts_outputs
        try:
            with ops.Computing(None):
                made = self.version.call(*given, **self.attributes, **({OUTPUTS: self.outputs} if told else {}))
        except (ShapeError, Refused, Undecided):
            raise
        except IMPOSSIBLE as error:
            if any(map(by_name, given)):
                raise Undecided(str(error)) from error
            log.info("%s of ONNX could not be read", self.type, exc_info=error)
            shown = ", ".join(map(described, given)) or "none"
            detail = (
                f"{self.type} has attributes, or inputs of values and shapes, that do not go; its inputs are {shown}."
            )
            raise ShapeError(detail) from error
        several = tuple(made) if isinstance(made, tuple | list) and not isinstance(made, ops.Spec) else (made,)
        if any(type(n) is float for x in several for n in getattr(x, "shape", ())):
            raise ShapeError(f"Sizes are integers; what {self.type} is given makes {described(several[0])}.")
        return several

    def fed(self, place: int, feed: Feed, weight: Weight, inputs: tuple[Tensor, ...]) -> Tensor:
        """The tensor of an input: what comes in, a weight, or a constant of the file."""
        if feed is None or isinstance(feed, Slot):
            return None if feed is None else inputs[feed.place]
        if self.learns(place, feed):
            if self.version.mark(place) == Packed:
                feed = apart(feed, self.attributes.get("bits", PACKED_BITS))
            trainable = self.version.mark(place) != Statistic and feed.dtype in FLOATS
            return self.weights(weight)(feed.name, feed.shape, filling(feed), trainable, feed.dtype)
        if feed.read is None:
            return ops.full(feed.shape, 0, feed.dtype)
        return ops.known(feed.values, feed.dtype)

    def weights(self, weight: Weight) -> Weight:
        """Where its weights are asked for: in a file each has a name of its own."""
        return weight.of(FILE)

    def mask(self, masks: Any, *inputs: Tensor) -> None:
        return None


PACKED_BITS = 4  # unless an attribute says otherwise


def apart(array: Array, bits: int) -> Array:
    """A tensor of bytes as the smaller numbers in them, the lowest of each byte first, on the last axis."""
    if array.dtype != "uint8" or bits not in (2, 4) or not array.shape:
        return array
    each = 8 // bits

    def read() -> np.ndarray:
        parts = [array.values >> np.uint8(start) & np.uint8(2**bits - 1) for start in range(0, 8, bits)]
        return np.stack(parts, -1).reshape(shape)

    shape = (*array.shape[:-1], array.shape[-1] * each)
    return Array(array.name, shape, f"uint{bits}", None if array.read is None else read)


def described(x: Any) -> str:
    """A tensor in a message; what is none by its kind."""
    return f"{text(x.shape)} of {x.dtype}" if hasattr(x, "dtype") else "nothing" if x is None else "no tensor"


def same_dtype(*tensors: Tensor) -> None:
    """Refuse tensors of different types: ONNX promotes none."""
    dtypes = {str(one.dtype) for one in tensors}
    if len(dtypes) > 1:
        raise ShapeError(f"The inputs must be of one type; received {' and '.join(sorted(dtypes))}.")


def numbers(x: Tensor) -> list[Any]:
    """The values of a tensor of at most one axis; sizes in them may be unknown."""
    if x.ndim > 1:
        raise ShapeError(f"Expected a number or a list of them; received {text(x.shape)}.")
    values = ops.values_of(x)
    return values if isinstance(values, list) else [values]


def sizes(x: Tensor) -> list[Any]:
    """The same, where each may be unknown that the values of another tensor decide."""
    if not isinstance(x, ops.Spec) or isinstance(x, Known):
        return numbers(x)
    count = 1 if x.ndim == 0 else x.shape[0] if x.ndim == 1 else None
    if not isinstance(count, int) or isinstance(count, Batch) or count > MOST_AXES:
        raise ShapeError("How many axes the result has depends on the values of a tensor.")
    return [Unknown("a size that the values of a tensor decide")] * count


MOST_AXES = MOST_SHOWN = 64


def axis_of(axis: int, rank: int, field: str = "axis") -> int:
    """An axis counted from the front."""
    if not isinstance(axis, int):
        raise ShapeError("An axis must be a number that is known beforehand.", field)
    if not -rank <= axis < rank:
        raise ShapeError(f"There is no axis {axis} in a tensor of {rank} axes.", field)
    return axis % rank


def axes_of(axes: Any, rank: int) -> Ints:
    """Axes counted from the front, each once."""
    found = tuple(axis_of(axis, rank, "axes") for axis in axes)
    if len(set(found)) < len(found):
        raise ShapeError(f"{list(axes)} names one axis twice.", "axes")
    return found


def expected(parameter: inspect.Parameter) -> tuple[Any, ...]:
    """The kinds of values that an attribute may have."""
    annotation = parameter.annotation
    return (annotation,) if annotation in NAMED else tuple(one for one in get_args(annotation) if one in NAMED)
