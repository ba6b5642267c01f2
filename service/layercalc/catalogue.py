"""The layer types as data: for the service, the command line and the documentation."""

import dataclasses
import json
from typing import Any

from layercalc.analysis.roofline import DEVICES
from layercalc.conventions import CONVENTIONS
from layercalc.errors import InvalidModel
from layercalc.layers import Layer, Vocabulary, fields_of, vocabularies, written
from layercalc.layers.fields import one_of
from layercalc.ops import OPS
from layercalc.ops.base import Op
from layercalc.wording import nearest


def cost_table() -> str:
    """docs/ops.md: what every op counts, those of a single vocabulary included."""
    vocabularies()
    lines = ["# What each op counts", "", COSTS, "", "| op | what | counts |", "|---|---|---|"]
    for name, op in sorted(OPS.items()):
        kind = " ".join((type(op).__doc__ or "").split("\n\n")[0].split()).replace("|", "\\|")
        what = "element by element" if hasattr(op, "each") else kind
        lines.append(f"| `{name}` | {what} | {price(op)} |")
    return "\n".join(lines) + "\n"


COSTS = (
    "Generated from the ops (`make openapi`). `macs` are multiply-accumulates; `flops` are two for each of them and\n"
    "one for every other operation. Work on weights alone is done once and not counted. A loop counts each step."
)


def price(op: Op) -> str:
    """The cost of an op in words."""
    if op.view or op.free:
        return "nothing: it looks at its input another way" if op.view else "nothing: it moves data"
    if op.price:
        return op.price
    each: dict[str, int] = getattr(op, "each", {})
    return ", ".join(f"{n} {WORDS[kind][: None if n > 1 else -1]}" for kind, n in each.items()) + " for each element"


WORDS = {
    "adds": "additions",
    "muls": "multiplications",
    "divs": "divisions",
    "compares": "comparisons",
    "transcendentals": "transcendentals",
}


DEFAULT = "keras"


def layers(vocabulary: str = DEFAULT) -> list[dict[str, Any]]:
    """Every layer type of a vocabulary in a line: its name, aliases, family and what it does.

    Raises InvalidModel for a vocabulary that there is not.
    """
    return [summary(kind) for kind in spoken(vocabulary).kinds.values()]


def spoken(name: str) -> Vocabulary:
    """The vocabulary of that name; InvalidModel says which there are."""
    known = written()
    if name not in known:
        there = f"There is no vocabulary {name!r}.{nearest(name, list(known))}"
        listed = f"There {'are' if len(known) > 1 else 'is'} {', '.join(known)}."
        raise InvalidModel([{"parameter": "vocabulary", "detail": f"{there} {listed}"}])
    return known[name]


def summary(kind: type[Layer]) -> dict[str, Any]:
    return {
        "type": kind.type,
        "aliases": list(kind.aliases),
        "family": kind.__module__.rpartition(".")[2] if kind.rank is None else family(kind),
        "description": description(kind),
    }


def family(kind: type[Layer]) -> str:
    """The module that defines a layer type made for one of several ranks."""
    return next(base.__module__ for base in kind.__mro__[1:] if issubclass(base, Layer)).rpartition(".")[2]


def description(kind: type[Layer]) -> str:
    return " ".join((kind.__doc__ or "").split())


def entry(name: str, vocabulary: str = DEFAULT) -> dict[str, Any]:
    """All about one layer type, by name or alias: fields, defaults, JSON Schema, example.

    Raises LookupError for a type that there is not, with a sentence that names the nearest; InvalidModel as `layers`.
    """
    kind = spoken(vocabulary).get(name)
    if kind is None:
        raise LookupError(f"There is no layer type {name!r}.{spoken(vocabulary).nearest(name)}")
    return {
        **summary(kind),
        "fields": [
            {"name": key, "required": field.required, "schema": field.json_schema(), **default(field)}
            for key, field in fields_of(kind).items()
        ],
        "schema": json_schema(kind),
        "example": example(kind),
    }


def conventions() -> list[dict[str, Any]]:
    """The ways to count of other tools: units, rules in short, and for each op with their source."""
    return [
        {
            "name": one.name,
            "tool": one.tool,
            "unit": one.unit,
            "rule": one.rule,
            "source": one.source,
            "rules": [
                {"op": op, "counts": rule.says, "source": rule.source}
                for op, rule in {**one.rules, **one.loops}.items()
            ],
        }
        for one in CONVENTIONS.values()
    ]


def devices() -> list[dict[str, Any]]:
    """The devices that a roofline can be drawn for."""
    return [dataclasses.asdict(one) for one in DEVICES.values()]


def presets() -> list[dict[str, Any]]:
    """The budgets that have a name: what they limit, and who published it."""
    from layercalc.budgets.presets import PRESETS

    return [{"name": name, **one._asdict()} for name, one in PRESETS.items()]


def budgets_schema() -> dict[str, Any]:
    """That of budgets, whose keys are read by those alone who hold a model against some."""
    from layercalc.budgets.keys import budgets_schema

    return budgets_schema()


SCHEMAS = {"budgets": budgets_schema}


def default(field: Any) -> dict[str, Any]:
    schema = field.json_schema()
    return {"default": schema["default"]} if "default" in schema else {}


def json_schema(kind: type[Layer]) -> dict[str, Any]:
    """The JSON Schema of a layer as an item of a stack."""
    fields = fields_of(kind)
    properties: dict[str, Any] = {"type": one_of((kind.type, *kind.aliases))}
    properties |= {key: field.json_schema() for key, field in fields.items()}
    if not kind.is_input:
        properties["inputs"] = {"$ref": "#/components/schemas/LayerInputs"}
    required = ["type", *(key for key, field in fields.items() if field.required)]
    return {
        "type": "object",
        "title": kind.type,
        "description": description(kind),
        "properties": properties,
        "required": required,
    }


def example(kind: type[Layer]) -> dict[str, Any] | None:
    """A layer as an item of a stack, the shapes with the batch that it can be called on, and what is no float32."""
    if kind.example is None:
        return None
    config, shapes = kind.example
    many = isinstance(shapes, list)
    return {
        "layer": {"type": kind.type, **config},
        "input_shapes": [list(shape) for shape in (shapes if many else [shapes])],
        **({"input_dtypes": list(kind.example_dtypes)} if kind.example_dtypes else {}),
    }


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of that name."""
    return SCHEMAS[name]()


def schema_text(name: str) -> str:
    """The same as a file has it."""
    return json.dumps(schema(name), ensure_ascii=False, indent=2) + "\n"
