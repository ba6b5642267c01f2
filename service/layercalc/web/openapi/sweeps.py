"""The schemas of a sweep: the space of its candidates, its objectives, its rows."""

from layercalc.sweeps.metrics import METRICS
from layercalc.sweeps.space import RANGE
from layercalc.web.openapi.documents import TINY
from layercalc.web.openapi.primitives import INTEGER, OBJECT, STRING, WHOLE, Schema, array, mapping, ref, row
from layercalc.web.openapi.reports import STORED_DTYPES

ANY: Schema = {"type": ["string", "number", "boolean", "object", "array", "null"], "items": {}}
VALUES = {
    "anyOf": [
        array(ANY, minItems=1),
        row({"from": INTEGER, "to": INTEGER, "step": {**INTEGER, "minimum": 1, "default": 1}}, " ".join(RANGE[:2])),
        row({"zip": mapping(array(ANY, minItems=1))}),
    ],
}
SPACE = {
    "description": "names with the values that they take: a list, a range (both ends included), or under `zip` lists "
    "of values that go together; the last name changes fastest",
    "type": "object",
    "additionalProperties": VALUES,
    "minProperties": 1,
    "example": {"w": {"from": 16, "to": 64, "step": 16}, "k": [3, 5]},
}
OBJECTIVE = {
    "type": "object",
    "properties": {word: {"enum": [one for one in METRICS if one != "output_shape"]} for word in ("max", "min")},
    "minProperties": 1,
    "maxProperties": 1,
}
BEST = {
    "description": "what is best: an objective, or two for their Pareto front",
    "anyOf": [ref("Objective"), array(ref("Objective"), minItems=1, maxItems=2)],
}
OPEN_SIZE = {
    "anyOf": [{**INTEGER, "minimum": 1}, row({"$": STRING}), {"type": "null"}],
    "description": "an integer of at least 1, or a placeholder",
}
SWEEP = row(
    {
        "count": {**WHOLE, "description": "candidates"},
        "valid": {**WHOLE, "description": "those that are networks"},
        "matching": {**WHOLE, "description": "those of them that hold `where`"},
        "columns": {**array({"enum": list(METRICS)}), "description": "the metrics of a row"},
        "rows": array(
            {
                "type": "object",
                "description": "a candidate: its values by name, and each metric",
                "properties": {"values": OBJECT},
                "required": ["values"],
                "additionalProperties": {"type": ["integer", "number", "array", "null"], "items": {}},
            }
        ),
        "refused": array(
            row({"pointer": STRING, "detail": STRING, "count": {**WHOLE, "minimum": 1}, "example": OBJECT})
        ),
        **STORED_DTYPES,
        "warnings": array(ref("Warning")),
    },
    "count valid matching columns rows refused warnings",
)
OPEN = {
    **TINY,
    "layers": [
        {"type": "Conv2D", "filters": {"$": "w"}, "kernel_size": {"$": "k"}},
        {"type": "Flatten"},
        {"type": "Dense", "units": 10},
    ],
}
EXAMPLE = {"model": OPEN, "space": SPACE["example"], "best": {"min": "flops"}}


def sweeps() -> Schema:
    """The components."""
    return {"Space": SPACE, "Objective": OBJECTIVE, "Best": BEST, "OpenSize": OPEN_SIZE, "Sweep": SWEEP}
