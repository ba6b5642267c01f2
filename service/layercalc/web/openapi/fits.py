"""The schemas of a fit: what varies, over which values, and the answer."""

from layercalc.fitting.values import GOALS, KEYS
from layercalc.web.openapi.primitives import MAYBE, OBJECT, STRING, WHOLE, Schema, array, optional, ref, row
from layercalc.web.openapi.reports import STORED_DTYPES

POSITIVE = {**WHOLE, "minimum": 1, "default": 1}
FIT_RANGE = {
    "description": "the values that are tried: from `from` in steps to `to`, both included, or as text `8..512:8`; "
    "without `to` they have no end",
    "anyOf": [
        {"type": "string", "pattern": r"^[0-9]+\.\.([0-9]+)?(:[0-9]+)?$"},
        row(dict(zip(KEYS, (WHOLE, MAYBE, POSITIVE), strict=True)), KEYS[0]),
    ],
}
FIT = row(
    {
        "vary": STRING,
        "goal": {"enum": list(GOALS)},
        "value": {**MAYBE, "description": "null where none is found, or no end: `detail` says which"},
        "next": {**MAYBE, "description": "the value of the range that does not hold"},
        "stopped_by": {
            **optional(OBJECT),
            "description": "the result of the budget that it does not hold, or the fault of what is no network",
        },
        "totals": optional(OBJECT),
        **STORED_DTYPES,
        "proof": {
            "enum": ["formula", "tried"],
            "description": "formulas proven to grow, or every value tried",
        },
        "detail": STRING,
        "warnings": array(ref("Warning")),
    },
    "vary goal value next stopped_by totals proof detail warnings",
)


def fits() -> Schema:
    """The components."""
    vary = {**STRING, "description": "batch_size, the name of a size, or that of a placeholder of the model"}
    return {"Vary": vary, "FitRange": FIT_RANGE, "Fit": FIT}
