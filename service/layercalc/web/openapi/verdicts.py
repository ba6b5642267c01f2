"""The schemas of budgets, of verdicts by them, and of what changed between two models."""

import json

from layercalc.budgets.keys import ENTRIES, LIMITS, definitions, document_schema
from layercalc.web.openapi.primitives import (
    COUNT,
    FLAG,
    INTEGER,
    MAYBE,
    NAME,
    OBJECT,
    SHAPE,
    STRING,
    Schema,
    array,
    mapping,
    optional,
    ref,
    row,
)
from layercalc.web.openapi.reports import STORED_DTYPES

AMOUNT = {"anyOf": [COUNT, SHAPE]}
RESULT = row(
    {
        "metric": STRING,
        **dict.fromkeys(("layer", "output", "name", "set"), STRING),
        "level": {"enum": ["error", "warn"]},
        "kind": {"enum": list(LIMITS)},
        "limit": AMOUNT,
        "actual": AMOUNT,
        "excess": MAYBE,
        "passed": FLAG,
        "formula": {**STRING, "description": "of a count that depends on sizes by name, held at every size"},
        "sizes": optional(
            {**mapping(INTEGER), "description": "at which it is `actual`: the worst; null where none is known"}
        ),
        "detail": STRING,
        "layers": array(row({"name": STRING, "part": MAYBE, "delta": MAYBE})),
    },
    "metric level kind limit actual excess passed detail layers",
)
VERDICT = row(
    {
        "passed": FLAG,
        "results": array(RESULT),
        **STORED_DTYPES,
        "totals": OBJECT,
        "baseline": row({"totals": OBJECT}),
        "warnings": array(ref("Warning")),
    },
    "passed results totals warnings",
)
BADGE = {
    "description": "for the endpoint badge of shields.io; `format=badge:params` shows that total",
    **row(
        {"schemaVersion": {"const": 1}, "label": STRING, "message": STRING, "color": STRING, "isError": FLAG},
        "schemaVersion label message color",
    ),
}
CODE_QUALITY = {
    "description": "GitLab's code quality report, for `format=gitlab`",
    **array(
        row({**dict.fromkeys(("description", "check_name", "fingerprint", "severity"), STRING), "location": OBJECT})
    ),
}
CHANGE = row(
    {
        "change": {"enum": ["added", "removed", "changed"]},
        "before": NAME,
        "after": NAME,
        "type": STRING,
        "fields": OBJECT,
        "output_shape": array(optional(SHAPE)),
        "output_formula": array(optional(array(optional(STRING)))),
        "deltas": mapping(MAYBE),
        "formulas": {**mapping(STRING), "description": "differences that depend on sizes by name: expressions"},
    },
    "change before after type fields output_shape deltas",
)
DIFFERENCE = row(
    {
        "identical": FLAG,
        **STORED_DTYPES,
        "totals": mapping(
            row({"before": COUNT, "after": COUNT, "delta": MAYBE, "formulas": mapping(STRING)}, "before after delta")
        ),
        "layers": array(CHANGE),
        "warnings": array(ref("Warning")),
    },
    "identical totals layers warnings",
)


def verdicts() -> Schema:
    """The components of `check` and `diff`."""
    return {
        **budgets(),
        "Baseline": {"description": "a model, or an earlier report of one", "anyOf": [ref("Model"), ref("Report")]},
        "Verdict": VERDICT,
        "Badge": BADGE,
        "CodeQuality": CODE_QUALITY,
        "Difference": DIFFERENCE,
    }


def budgets() -> Schema:
    """The schemas of budgets, from the table of their keys."""
    entries = {**ENTRIES, "description": "budgets, and names of presets"}
    found = {"Budgets": {"anyOf": [entries, document_schema()]}, **definitions()}
    text = json.dumps(found).replace("#/$defs/", "#/components/schemas/")
    moved: Schema = json.loads(text)
    return moved
