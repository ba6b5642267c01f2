"""The parameters of the specification: a verb's options in a query, budgets there, the format of an answer."""

from collections.abc import Iterable

from layercalc.analysis.metrics import PER_LAYER
from layercalc.analysis.tracing import METRICS
from layercalc.budgets.presets import PRESETS
from layercalc.options import in_text
from layercalc.web.openapi.primitives import STRING, WHOLE, Schema, array
from layercalc.web.requests.binary import HEADER

SEPARATED = {"style": "form", "explode": False}  # by commas
AMOUNT = "^[0-9]{1,9}[KMG]?$"
BINARY_LENGTH = {
    "name": HEADER,
    "in": "header",
    "schema": WHOLE,
    "description": "how many bytes of the body are JSON; those of tensors with `binary_data_size` follow it",
}


def query(verb: str) -> list[Schema]:
    """The parameters that a verb's options are in a query."""
    found = []
    for name, option in in_text(verb).items():
        assert option.text is not None
        schema = option.text.schema(option.field)
        lists = SEPARATED if option.text.separated else {}
        found.append({"name": name, "in": "query", **lists, "schema": schema, "description": option.says})
    return found


def limits() -> list[Schema]:
    """The parameters that are budgets: the commonest of them."""
    written = [
        *((f"max_{key}", AMOUNT, f"most {key}, 5M, or conv*:5M of layers") for key in PER_LAYER[:-2]),
        ("max_peak_activation_bytes", AMOUNT, "most bytes live at once; so any metric, max_, min_, equals_"),
        ("equals_output_shape", "^null,[0-9]{1,9}$", "the shape of the output, batch first, or name:null,10"),
        ("max_increase_params", "^[0-9]{1,2}%$", "against the envelope's baseline, with min_delta_ as slack"),
    ]
    found: list[Schema] = [
        {"name": name, "in": "query", "schema": {**STRING, "pattern": pattern}, "description": f"a budget: {meaning}"}
        for name, pattern, meaning in written
    ]
    presets = {"schema": array({"enum": list(PRESETS)}), "description": "presets (/v1/presets)"}
    return [*found, {"name": "budgets", "in": "query", **SEPARATED, **presets}]


def form(known: Iterable[str], badges: bool = True) -> Schema:
    """The parameter that chooses the format of an answer."""
    names = [*dict.fromkeys(known), *([f"badge:{metric}" for metric in METRICS] if badges else [])]
    return {
        "name": "format",
        "in": "query",
        "schema": {"enum": names},
        "description": "of the answer, before what `Accept` says",
    }


def path_parameter(name: str, example: str | None = None) -> Schema:
    """A part of the path."""
    more = {} if example is None else {"example": example}
    return {"name": name, "in": "path", "required": True, "schema": STRING, **more}
