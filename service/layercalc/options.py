"""What a request says beside its documents: every option once, for JSON, the query, the command line and OpenAPI.

Python's functions have the same names and defaults (`tests/test_options.py` holds them against this table).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import marshmallow as ma

from layercalc.amounts import integer
from layercalc.catalogue import DEFAULT
from layercalc.conventions import CONVENTIONS
from layercalc.errors import InvalidModel, pointer
from layercalc.fitting.values import GOALS
from layercalc.formats.report import HEADINGS
from layercalc.layers import written
from layercalc.layers.config import flattened
from layercalc.layers.fields import Bool, Choice, Field, Int, Number, Text
from layercalc.layers.nested import RECORDED
from layercalc.ops.base import COMPUTED
from layercalc.readers.onnx.file import OnnxFile
from layercalc.readers.torch.archive import TorchProgram
from layercalc.sweeps.metrics import METRICS as SWEPT
from layercalc.wording import nearest, received, whole

STRINGS = {"type": "array", "items": {"type": "string"}}


class Document(Field):
    """A model document of any form; the readers check it."""

    def expects(self) -> str:
        return 'a model: a stack, Keras JSON, Keras code as a string, or {"b64": …} of a file'

    def schema_of(self) -> dict[str, Any]:
        return {"$ref": "#/components/schemas/Model"}

    def read(self, value: Any, name: str) -> Any:
        if not isinstance(value, dict | list | str | OnnxFile | TorchProgram):
            raise self.refuse(value)
        return value


class Component(Field):
    """A value that the verb itself checks; `name` is its component in the specification."""

    def __init__(self, name: str, what: str = "", default: Any = ..., **kwargs: Any):
        super().__init__(default, **kwargs)
        self.component, self.what = name, what

    def expects(self) -> str:
        return self.what or self.component.lower()

    def schema_of(self) -> dict[str, Any]:
        return {"$ref": f"#/components/schemas/{self.component}"}

    def read(self, value: Any, name: str) -> Any:
        return value


class Names(Field):
    """A list of names, of `known` ones where the specification can list them."""

    def __init__(self, known: Collection[str] = ()):
        super().__init__(())
        self.known = list(known)

    def expects(self) -> str:
        return "a list of names"

    def schema_of(self) -> dict[str, Any]:
        return {"type": "array", "items": {"enum": self.known}} if self.known else STRINGS

    def read(self, value: Any, name: str) -> list[str]:
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise self.refuse(value)
        return list(value)


class Few(Int):
    """An integer of at least 1, and at most `most`."""

    def __init__(self, default: Any, most: int):
        super().__init__(default, min=1)
        self.most = most

    def expects(self) -> str:
        return f"an integer from 1 to {self.most:,}"

    def schema_of(self) -> dict[str, Any]:
        return {**super().schema_of(), "maximum": self.most}

    def read(self, value: Any, name: str) -> int:
        if super().read(value, name) > self.most:
            raise self.refuse(value)
        return int(value)

    def meant(self, value: Any) -> Any:
        return self.most if whole(value, self.most) else super().meant(value)


class Word(Choice):
    """One of a few words, to the letter."""

    def read(self, value: Any, name: str) -> Any:
        if value not in self.choices:
            near = nearest(value, list(self.choices)).strip() if isinstance(value, str) else ""
            raise self.refuse(value, near)
        return value


class Framework(Text):
    """The name of a vocabulary; the catalogue knows which there are."""

    def schema_of(self) -> dict[str, Any]:
        return {"enum": list(written())}


class Written(NamedTuple):
    """How an option is written as text, in a query, a form or on a command line.

    `read` takes all texts that were given under its name and returns the value as JSON would have it, or a text for the
    field to refuse; `schema` is that of the text.
    """

    read: Callable[[Sequence[str]], Any]
    schema: Callable[[Field], dict[str, Any]]
    separated: bool = False  # by commas


def plain(field: Field) -> dict[str, Any]:
    """A schema without null, which no text says."""
    return field.schema_of()


def number(texts: Sequence[str]) -> Any:
    """A number, or the text itself."""
    try:
        return float(texts[-1]) if texts[-1].isascii() else texts[-1]
    except ValueError:
        return texts[-1]


WORD = Written(lambda texts: texts[-1], plain)
NAME = Written(lambda texts: texts[-1], lambda _: {"type": "string"})
WHOLE = Written(lambda texts: integer(texts[-1]), plain)
REAL = Written(number, plain)
FLAGS = {"1": True, "0": False, "true": True, "false": False}
FLAG = Written(lambda texts: FLAGS.get(texts[-1], texts[-1]), lambda _: {"enum": list(FLAGS)})
LIST = Written(lambda texts: [one.strip() for text in texts for one in text.split(",") if one.strip()], plain, True)
EACH = Written(list, lambda _: STRINGS)  # one value each time it is given


@dataclass(frozen=True)
class Option:
    """One option: its values and default, what it means in a sentence, and how it is written where it may be text."""

    field: Field
    says: str
    text: Written | None = None
    json: bool = True  # whether it may stand in an envelope
    flag: str | None = None  # of the command line, where it is not made of the name; "": it has none


BUDGETS = 'a list of budgets, such as [{"metric": "flops", "max": "600M"}]'
TENSORS = 'a list of tensors, a map by name, or {"seed": 7}'
PAST = "a model, or an earlier report"
DEEPEST = 64  # levels of modules
MOST_ROWS = 10_000  # of a sweep in one answer of JSON
OPTIONS: dict[str, Option] = {
    "model": Option(Document(), "the model"),
    "before": Option(Component("Baseline", PAST), "the model as it was, or a report of it"),
    "after": Option(Component("Baseline", PAST), "the model as it is, or a report of it"),
    "inputs": Option(Component("Inputs", TENSORS), "the tensors that the model is given"),
    "weights": Option(Component("Weights", "", None), "the weights; left out: seed 0"),
    "expected": Option(Component("Tensors", "", None), "what outputs, or layers by name, are compared with"),
    "budgets": Option(Component("Budgets", BUDGETS), "what the model is held against"),
    "baseline": Option(Component("Baseline", PAST, None), "an earlier report, or the model as it was"),
    "file": Option(Text(None), "the name of the model's file, which chooses among the models of a budgets file"),
    "entry": Option(
        Text(None), "of code: the expression in its own names that makes the model, such as build_model(10)", NAME
    ),
    "custom": Option(
        Word((RECORDED,), None, null=True),
        "recorded: Lambdas and classes of the author's own in Keras JSON keep the shape that it records, counts null",
        WORD,
    ),
    "input_shape": Option(
        Component("InputShape", "", None),
        "sizes without the batch, `28,28,1` or `H,W,3`, or `left:16` for a named input; overrides the document",
        EACH,
    ),
    "batch_shape": Option(
        Component("BatchShape", "", None),
        "sizes with the batch first, `8,28,28,1`, or `left:8,16`, once for each input by name or in their order",
        EACH,
    ),
    "dims": Option(
        Component("Dims", "", None),
        "sizes that have names, `height=224,width=32..512`, or an object in JSON",
        EACH,
    ),
    "batch_size": Option(Int(None, min=1), "count for that many samples", WHOLE),
    "weight_dtype": Option(
        Component("StoredDtype", "", None),
        "bytes as if floating weights were stored so: float16, int8, int4:32 (a scale for each 32), int8:channel …",
        NAME,
    ),
    "activation_dtype": Option(
        Component("StoredDtype", "", None), "the same of activations: float16, bfloat16, int8 …", NAME
    ),
    "conventions": Option(
        Names([*CONVENTIONS, "all"]), "count as other tools do, beside our own counts: fvcore, thop …, or all", LIST
    ),
    "explain": Option(Bool(False), "show the arithmetic of every row", FLAG),
    "device": Option(
        Component("Device", "", None), "bound the time: a100, raspberry-pi-5 … (/v1/devices), or FLOP/s,bytes/s", NAME
    ),
    "columns": Option(
        Names([key for key in HEADINGS if key not in ("seconds", "bound")]),
        "columns of a table: name, params, flops, receptive_field …",
        LIST,
    ),
    "depth": Option(
        Few(None, DEEPEST), "of a table: modules inside one another down to this depth, what is deeper summed", WHOLE
    ),
    "rtol": Option(Number(1e-4, min=0), "relative tolerance of the comparison", REAL),
    "atol": Option(Number(1e-5, min=0), "absolute tolerance of the comparison", REAL),
    "return_layers": Option(Names(), "layers whose outputs are answered too", LIST, flag="--return-layer"),
    "stats": Option(Bool(False), "minimum, maximum, mean and NaN count of every layer's output", FLAG),
    "profile": Option(Bool(False), "seconds and GFLOP/s of every layer", FLAG),
    "dtype": Option(Word(COMPUTED, "float32", null=True), "what floats are computed in", WORD),
    "outputs": Option(Component("WantedOutputs", "", None), "the outputs that are wanted"),
    "parameters": Option(Component("ForwardParameters", "", None), "whether outputs are answered as bytes"),
    "space": Option(
        Component("Space", 'names with the values that they take, such as {"w": [16, 32]}'),
        "the values that each name takes: a list, a range, or lists of values that go together",
    ),
    "where": Option(Component("Budgets", "", None), "budgets that every row must hold"),
    "best": Option(Component("Best", "", None), "an objective, or two for their Pareto front"),
    "limit": Option(Few(None, MOST_ROWS), "at most so many rows; left out 100, in CSV all", WHOLE),
    "vary": Option(
        Component("Vary", "what varies: batch_size, or the name of a size or placeholder"),
        "what varies: batch_size, the name of a size or of a placeholder of the model, or arguments: "
        "conv.kernel_size,conv.padding",
        NAME,
    ),
    "within": Option(Component("Budgets", BUDGETS), "budgets that every value up to the one that is sought must hold"),
    "range": Option(
        Component("FitRange", "", None),
        "the values that are tried: 8..512, 8..512:8 in steps, 8.. without end; left out: from the first that is a "
        "network",
        NAME,
    ),
    "goal": Option(Word(GOALS, GOALS[0], null=True), "the largest value, or the smallest", WORD),
    "id": Option(Text(None), "a name of the request, which comes back"),
    "strict": Option(Bool(False), "409 when a budget fails", FLAG, json=False, flag=""),
    "vocabulary": Option(Framework(DEFAULT), "whose layers: the framework's", WORD, json=False),
}
METRICS = Option(Names(SWEPT), "metrics of a row: those of budgets, and seconds on a device", LIST)
OWN: dict[tuple[str, str], Option] = {  # of one verb, where a name means something else
    ("sweep", "columns"): METRICS,
    ("sweep", "batch_size"): Option(
        Component("OpenSize", "", None), "count for that many samples, which may vary too", WHOLE
    ),
}
OF_MODEL = ("entry", "custom", "input_shape", "batch_shape", "dims", "batch_size")
STORED = ("weight_dtype", "activation_dtype")
VERBS: dict[str, tuple[str, ...]] = {
    "analyze": ("model", *OF_MODEL, *STORED, "conventions", "explain", "device", "columns", "depth"),
    "forward": (
        *("model", "inputs", "weights", "expected", "rtol", "atol", "return_layers", "stats", "profile"),
        *("entry", "custom", "input_shape", "batch_shape", "dims", "dtype", "outputs", "parameters"),
    ),
    "infer": ("id", "inputs", "outputs", "parameters"),
    "check": ("model", "budgets", "baseline", "file", *OF_MODEL, *STORED, "strict"),
    "diff": ("before", "after", *OF_MODEL, *STORED),
    "sweep": ("model", "space", "where", "best", "columns", "limit", *OF_MODEL, *STORED, "device"),
    "fit": ("model", "vary", "within", "range", "goal", *OF_MODEL, *STORED),
    "layers": ("vocabulary",),
}


def option(verb: str, name: str) -> Option:
    """An option as a verb has it."""
    return OWN.get((verb, name)) or OPTIONS[name]


def in_text(verb: str) -> dict[str, Option]:
    """The options of a verb that may be written as text."""
    return {name: one for name in VERBS[verb] if (one := option(verb, name)).text is not None}


@cache
def envelope(verb: str, optional: tuple[str, ...] = ()) -> type[ma.Schema]:
    """The object that a request of a verb is; `optional` fields may be left out here though the verb needs them."""
    fields: dict[str, Any] = {name: one.field for name in VERBS[verb] if (one := option(verb, name)).json}
    for name in optional:
        field = fields[name]
        fields[name] = Component(field.component, field.what, None)
    return type(f"{verb.capitalize()}Envelope", (ma.Schema,), {"__doc__": f"A request of `{verb}`.", **fields})


@cache
def fields_of(verb: str, optional: tuple[str, ...] = ()) -> dict[str, ma.fields.Field]:
    """The fields of that object."""
    return envelope(verb, optional)().fields


def read_envelope(verb: str, document: Any, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """The values of a verb's envelope; InvalidModel with a fault for each that is wrong."""
    fields = fields_of(verb, optional)
    if not isinstance(document, dict):
        example = ", ".join(f'"{name}": …' for name, field in fields.items() if field.required)
        raise InvalidModel(
            [{"pointer": "", "detail": f"Expected an object {{{example}}}; received {received(document)}."}]
        )
    faults = [
        {
            "pointer": pointer(key),
            "detail": f"There is no key {key!r}.{nearest(str(key), list(fields))} The keys are {', '.join(fields)}.",
        }
        for key in document
        if key not in fields
    ]
    out = {}
    for name, field in fields.items():
        try:
            out[name] = field.deserialize(document.get(name, ma.missing), name, document)
        except ma.ValidationError as error:
            where = pointer(name) if name in document else ""
            faults += [{"pointer": where, "detail": detail} for _, detail in flattened(error.messages, ())]
    if faults:
        raise InvalidModel(faults)
    return out


def read_texts(verb: str, given: Mapping[str, Sequence[str]], beside: Collection[str] = ()) -> dict[str, Any]:
    """The options that texts give by name; InvalidModel names a parameter that there is not, or that is wrong.

    `beside` are names that are read elsewhere.
    """
    known = in_text(verb)
    options: dict[str, Any] = {}
    faults = []
    for name, texts in given.items():
        if name in beside:
            continue
        if name not in known:
            detail = f"There is no parameter {name!r}.{nearest(name, [*known, *beside])}"
            faults.append({"parameter": name, "detail": detail})
            continue
        option = known[name]
        assert option.text is not None
        try:
            options[name] = option.field.deserialize(option.text.read(texts), name)
        except ma.ValidationError as error:
            faults += [{"parameter": name, "detail": detail} for _, detail in flattened(error.messages, ())]
    if faults:
        raise InvalidModel(faults)
    return options
