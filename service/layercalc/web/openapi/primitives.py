"""What schemas are made of: scalars, rows, lists and references, each said once."""

from collections.abc import Iterable
from typing import Any

Schema = dict[str, Any]


def ref(name: str) -> dict[str, str]:
    """A reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def any_of(names: Iterable[str]) -> Schema:
    """One of several components."""
    refs = [ref(name) for name in names]
    return refs[0] if len(refs) == 1 else {"anyOf": refs}


def array(items: Schema, **more: Any) -> Schema:
    """A list of such items."""
    return {"type": "array", "items": items, **more}


def row(properties: Schema, required: str = "") -> Schema:
    """An object with those properties; all of them are required unless some are named."""
    return {"type": "object", "properties": properties, "required": required.split() or list(properties)}


def mapping(values: Schema) -> Schema:
    """An object of such values by name."""
    return {"type": "object", "additionalProperties": values}


def optional(schema: Schema) -> Schema:
    """The schema, or null."""
    return {"anyOf": [{"type": "null"}, schema]}


INTEGER = {"type": "integer"}
WHOLE = {"type": "integer", "minimum": 0}
STRING = {"type": "string"}
BINARY = {"type": "string", "format": "binary"}
OBJECT = {"type": "object"}
FLAG = {"type": "boolean"}
NUMBER = {"type": ["number", "null"]}
POSITIVE = {"type": "number", "exclusiveMinimum": 0}
MAYBE = {"type": ["integer", "null"]}
NAME = {"type": ["string", "null"]}
COUNT = {**MAYBE, "description": "null where an unknown dimension makes it unknowable"}
COUNTS = mapping(COUNT)
SHAPE = array({**MAYBE, "minimum": 0})
SIZES = array({"type": ["integer", "null", "string"], "minimum": 0, "pattern": "^[A-Za-z][A-Za-z0-9_]*$"})
PLACE = {"pointer": STRING, "cell": INTEGER, "line": INTEGER, "column": INTEGER, "parameter": STRING}
