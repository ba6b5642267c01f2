"""The schemas of a fit: what varies, over which values, and the answer."""

from layercalc.fitting.arguments import NEAREST
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
        "vary": {"anyOf": [STRING, array(STRING)]},
        "goal": {"enum": [*GOALS, NEAREST]},
        "value": {
            "anyOf": [MAYBE, OBJECT],
            "description": "of arguments by name; null where none is found, or no end: `detail` says which",
        },
        "values": {**array(OBJECT), "description": "of arguments: all that hold, at most 100"},
        "count": {**WHOLE, "description": "how many hold"},
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
    vary = {
        "anyOf": [STRING, array(STRING, minItems=1)],
        "description": "batch_size, the name of a size, or that of a placeholder of the model; or arguments of layers, "
        "`conv.kernel_size,conv.padding`",
    }
    return {"Vary": vary, "FitRange": FIT_RANGE, "Fit": FIT}
