"""The keys of a budget and of a document of budgets: one table each, which the reader and the JSON Schema share."""

from typing import Any

from layercalc.analysis.metrics import METRICS, PER_LAYER, REACH, SHAPE
from layercalc.analysis.storage import PATTERN as DTYPE_PATTERN
from layercalc.analysis.storage import read_stored
from layercalc.budgets.presets import PRESETS
from layercalc.budgets.quantities import EXAMPLE, PATTERN, PERCENT, increase, quantity
from layercalc.errors import pointer
from layercalc.layers.config import flattened
from layercalc.layers.fields import MISSING, Choice, Field, Int, ValidationError
from layercalc.layers.nested import RECORDED
from layercalc.wording import nearest, received, whole

MAX_WORDS = 1_000
LIMITS = ("max", "min", "equals", "max_increase")
Faults = list[dict[str, Any]]


class Metric(Field):
    """What is limited."""

    def expects(self) -> str:
        return "a metric, such as flops or params"

    def schema_of(self) -> dict[str, Any]:
        return {"enum": list(METRICS)}

    def read(self, value: Any, name: str) -> str:
        if value not in METRICS:
            near = nearest(str(value), list(METRICS))
            raise ValidationError(
                f"Expected a metric; received {received(value)}.{near} There are {', '.join(METRICS)}."
            )
        return str(value)


class Quantity(Field):
    """A count, as a number or as text with a unit; a shape where `shape` is set; a percentage where `share` is."""

    def __init__(self, default: Any = None, *, shape: bool = False, share: bool = False, **kwargs: Any):
        super().__init__(default, **kwargs)
        self.shape, self.share = shape, share

    def expects(self) -> str:
        return EXAMPLE

    def schema_of(self) -> dict[str, Any]:
        kinds: list[dict[str, Any]] = [
            {"type": "integer", "minimum": 0},
            {"type": "string", "pattern": f"^{PATTERN}$"},
        ]
        if self.share:
            kinds.append({"type": "string", "pattern": f"^{PERCENT}$"})
        if self.shape:
            kinds.append({"type": "array", "items": {"type": ["integer", "null"], "minimum": 0}})
        return {"anyOf": kinds}

    def read(self, value: Any, name: str) -> Any:
        if self.shape and isinstance(value, list | tuple):
            if not all(dim is None or whole(dim, 0) for dim in value):
                detail = f"Expected a shape, the batch first, such as [null, 10]; received {received(value)}."
                raise ValidationError(detail)
            return list(value)
        try:
            return increase(value) if self.share else quantity(value)
        except ValueError as error:
            also = " A shape is a list, the batch first, such as [null, 10]." if self.shape else ""
            raise ValidationError(f"{error}{also}") from None


class Words(Field):
    """A string with something in it, and not a book."""

    def __init__(self, default: Any = None, *, what: str = "a string that is not empty", **kwargs: Any):
        super().__init__(default, **kwargs)
        self.what = what

    def expects(self) -> str:
        return self.what

    def schema_of(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": MAX_WORDS}

    def read(self, value: Any, name: str) -> str:
        if type(value) is not str or not 0 < len(value) <= MAX_WORDS:
            raise self.refuse(value)
        return value


class Level(Field):
    """Whether a budget that is exceeded fails the check."""

    def expects(self) -> str:
        return '"error" or "warn"'

    def schema_of(self) -> dict[str, Any]:
        return {"enum": ["error", "warn"]}

    def read(self, value: Any, name: str) -> str:
        if value not in ("error", "warn"):
            raise self.refuse(value)
        return str(value)


class Inside(Field):
    """A value whose inside is read elsewhere: `schema` says what it is, `kind` which type it must have."""

    def __init__(self, kind: type, what: str, schema: dict[str, Any], default: Any = None, **kwargs: Any):
        super().__init__(default, **kwargs)
        self.kind, self.what, self.schema = kind, what, schema

    def expects(self) -> str:
        return self.what

    def schema_of(self) -> dict[str, Any]:
        return self.schema

    def read(self, value: Any, name: str) -> Any:
        if not isinstance(value, self.kind) or (isinstance(value, list) and self.schema.get("minItems") and not value):
            raise self.refuse(value)
        return value


class NamedSizes(Field):
    """Numbers for the names that a file gives to sizes; the analysis checks them against the model."""

    def __init__(self, **kwargs: Any):
        super().__init__(None, **kwargs)

    def expects(self) -> str:
        return 'sizes by name, such as {height: 224, width: 224} or "height=224,width=224"'

    def schema_of(self) -> dict[str, Any]:
        return {"type": ["string", "object"], "additionalProperties": {"type": "integer"}}

    def read(self, value: Any, name: str) -> Any:
        if not isinstance(value, str | dict):
            raise self.refuse(value)
        if isinstance(value, dict) and not all(type(size) is int for size in value.values()):
            raise self.refuse(value)
        return value


class StoredDtype(Field):
    """The dtype that tensors are taken to be stored in."""

    def __init__(self, by_channel: bool = False, **kwargs: Any):
        super().__init__(None, **kwargs)
        self.by_channel = by_channel

    def expects(self) -> str:
        return "a dtype, such as float16, int8 or int4:32"

    def schema_of(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^({DTYPE_PATTERN})$"}

    def read(self, value: Any, name: str) -> str:
        try:
            return read_stored(value, self.by_channel).title
        except ValueError as error:
            raise ValidationError(str(error)) from None


class Sizes(Field):
    """The shapes of the inputs; the analysis checks them against the model."""

    def __init__(self, batch: bool = False, **kwargs: Any):
        super().__init__(None, **kwargs)
        self.batch = batch

    def expects(self) -> str:
        sizes = (
            'sizes with the batch first, such as [8, 28, 28, 1] or "8,28,28,1"'
            if self.batch
            else 'sizes without the batch, such as [28, 28, 1] or "28,28,1"'
        )
        return f"{sizes}, or a mapping of them by input name"

    def schema_of(self) -> dict[str, Any]:
        size = {"type": ["integer", "string", "null"]}
        return {"type": ["integer", "string", "array", "object"], "items": size}

    def read(self, value: Any, name: str) -> Any:
        if isinstance(value, bool | float):
            raise self.refuse(value)
        return value


EXPECTED = 'a list of budgets, such as [{"metric": "flops", "max": "600M"}]'
ENTRIES = {
    "type": "array",
    "items": {"anyOf": [{"$ref": "#/$defs/Budget"}, {"$ref": "#/$defs/BudgetName"}]},
    "minItems": 1,
}
SLACK = ", against a baseline"

BUDGET: dict[str, Field] = {
    "metric": Metric(metadata={"description": "what is limited; counts are those of one sample, or of batch_size"}),
    "max": Quantity(metadata={"description": "the most it may be"}),
    "min": Quantity(metadata={"description": "the least it may be"}),
    "equals": Quantity(shape=True, metadata={"description": "what it must be; a shape leads with the batch (null)"}),
    "max_increase": Quantity(share=True, metadata={"description": f'how much it may grow, "2%" or a number{SLACK}'}),
    "min_delta": Quantity(metadata={"description": f"growth that always passes, whatever max_increase says{SLACK}"}),
    "layer": Words(
        what="a name of layers, with * and ? as in file names",
        metadata={
            "description": "a glob over names of layers, and of modules that hold some: the limit holds for every match"
        },
    ),
    "output": Words(
        what="the name of an output, with * and ? as in file names",
        metadata={"description": "which outputs' shape or receptive field; left out: the first"},
    ),
    "level": Level(None, metadata={"description": "error (when left out) fails the check, warn does not"}),
    "name": Words(metadata={"description": "a title of your own"}),
}
DEFAULTS: dict[str, Field] = {
    "level": Level(None, metadata={"description": "of budgets that give none"}),
    "min_delta": Quantity(metadata={"description": "of budgets with max_increase that give none"}),
    "entry": Words(
        what="an expression in the names of the code",
        metadata={"description": "of code: the expression that makes the model, such as build_model(10)"},
    ),
    "custom": Choice(
        (RECORDED,),
        None,
        metadata={"description": "recorded: layers that Keras JSON does not describe keep the shape that it records"},
    ),
    "input_shape": Sizes(metadata={"description": "shapes of the inputs, without the batch"}),
    "batch_shape": Sizes(True, metadata={"description": "shapes of the inputs, the batch first"}),
    "dims": NamedSizes(metadata={"description": "sizes that a file has names for, by name"}),
    "batch_size": Int(None, min=1, metadata={"description": "count for that many samples"}),
    "weight_dtype": StoredDtype(True, metadata={"description": "bytes as if floating weights were stored so"}),
    "activation_dtype": StoredDtype(metadata={"description": "bytes as if floating activations were stored so"}),
    "baseline": Words(
        what="the path of a file",
        metadata={
            "description": "an earlier report or the model as it was: a file beside this one; {name} and {stem} stand "
            "for the model's file name with and without its suffix"
        },
    ),
    "baseline_git": Words(
        what="a git ref", metadata={"description": "a git ref: the model as it was at that commit, in the same place"}
    ),
}
MODEL: dict[str, Field] = {
    "path": Words(
        ..., what="a path or glob of models", metadata={"description": "a file or glob (** too) from this file's place"}
    ),
    "budgets": Inside(list, EXPECTED, ENTRIES, metadata={"description": "beside those of the whole document"}),
    **{key: field for key, field in DEFAULTS.items() if key not in ("level", "min_delta")},
}
DOCUMENT: dict[str, Field] = {
    "$schema": Words(metadata={"description": "for editors; not looked at"}),
    "defaults": Inside(dict, "a mapping of defaults", {"$ref": "#/$defs/BudgetDefaults"}),
    "named": Inside(
        dict,
        "a mapping of names to lists of budgets",
        {"type": "object", "additionalProperties": ENTRIES},
        metadata={"description": "lists of budgets that other lists name"},
    ),
    "budgets": Inside(list, EXPECTED, ENTRIES, metadata={"description": "of every model"}),
    "models": Inside(
        list,
        "a list of models",
        {"type": "array", "items": {"$ref": "#/$defs/BudgetedModel"}, "minItems": 1},
        metadata={"description": "the models of this repository"},
    ),
}


def read_keys(table: dict[str, Field], value: Any, what: str, at: tuple[object, ...], faults: Faults) -> dict[str, Any]:
    """The values of a mapping by its table; what is wrong joins `faults`, each with its place."""
    if not isinstance(value, dict):
        faults.append({**place(*at), "detail": f"Expected {what}; received {received(value)}."})
        return {}
    for key in value:
        if key not in table:
            near = nearest(str(key), list(table))
            detail = f"There is no key {str(key)[:100]!r} here.{near} It takes {', '.join(table)}."
            faults.append({**place(*at, key), "detail": detail})
    out: dict[str, Any] = {}
    for key, field in table.items():
        try:
            out[key] = field.deserialize(value.get(key, MISSING), key, value)
        except ValidationError as error:
            where = (*at, key) if key in value else at
            faults += [{**place(*where), "detail": detail} for _, detail in flattened(error.messages, ())]
    return out


class Parameter(str):
    """The name of an option or a query parameter, which a budget may stand in as it may in a document."""


def place(*at: object) -> dict[str, str]:
    """Where something stands: the parameter, or the pointer into the document."""
    return {"parameter": str(at[0])} if at and isinstance(at[0], Parameter) else {"pointer": pointer(*at)}


def mapping(table: dict[str, Field], title: str, **more: Any) -> dict[str, Any]:
    """The JSON Schema of a table."""
    properties = {}
    for key, field in table.items():
        schema = {name: value for name, value in field.json_schema().items() if name != "default"}
        properties[key] = {**field.metadata, **schema}
    required = [key for key, field in table.items() if field.required]
    out = {"title": title, "type": "object", "properties": properties, "additionalProperties": False, **more}
    return {**out, **({"required": required} if required else {})}


def given(*keys: str) -> dict[str, Any]:
    """That keys are there and not null."""
    return {"required": list(keys), "properties": {key: {"not": {"type": "null"}} for key in keys}}


def definitions() -> dict[str, Any]:
    """The JSON Schemas of a budget, of a model's entry, of the defaults and of a name, by their names."""
    shape = {"properties": {"metric": {"const": SHAPE}}, "required": ["metric"]}
    ends = {"properties": {"metric": {"enum": [SHAPE, REACH]}}, "required": ["metric"]}
    rows = {"properties": {"metric": {"enum": list(PER_LAYER)}}, "required": ["metric"]}
    array, null = {"type": "array"}, {"type": "null"}
    rules = [
        {"anyOf": [given(key) for key in LIMITS]},
        {"if": given("min_delta"), "then": given("max_increase")},
        {
            "if": shape,
            "then": {"properties": {"equals": array, **dict.fromkeys(("max", "min", "max_increase"), null)}},
            "else": {"properties": {"equals": {"not": array}}},
        },
        {"if": given("layer"), "then": {**rows, "not": given("output")}},
        {"if": given("output"), "then": ends},
    ]
    listed = "; ".join(f"{name}: {one.description}" for name, one in PRESETS.items())
    return {
        "Budget": mapping(BUDGET, "Budget", allOf=rules),
        "BudgetedModel": mapping(MODEL, "Models"),
        "BudgetDefaults": mapping(DEFAULTS, "Defaults"),
        "BudgetName": {
            "type": "string",
            "minLength": 1,
            "examples": list(PRESETS),
            "description": f"a list under `named`, or a preset. {listed}",
        },
    }


def document_schema() -> dict[str, Any]:
    """The JSON Schema of a document of budgets, without the definitions that it refers to."""
    covered = {"properties": {"models": {"items": given("budgets")}}}  # each with budgets of its own
    content = {"anyOf": [given("budgets"), {**given("models"), "allOf": [covered]}]}
    return mapping(DOCUMENT, "layercalc budgets", **content)


def budgets_schema() -> dict[str, Any]:
    """The JSON Schema of a document of budgets, such as layercalc.yaml."""
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": draft, **document_schema(), "$defs": definitions()}
