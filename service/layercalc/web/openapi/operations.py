"""The verbs in the specification: what each route takes and answers."""

from layercalc.formats import FORMATS, MEDIA
from layercalc.web.answers import PRESENTED, TABLES
from layercalc.web.openapi.answers import BYTES, DOCUMENT, SAME, TEXT, TEXTS, problems, reply
from layercalc.web.openapi.documents import CODE, FORMS, SMALL, TINY
from layercalc.web.openapi.parameters import BINARY_LENGTH, form, limits, query
from layercalc.web.openapi.primitives import STRING, Schema, any_of, ref
from layercalc.web.openapi.sweeps import EXAMPLE

VERDICTS = {MEDIA[one]: {"schema": {} if MEDIA[one].endswith("json") else STRING} for one in FORMATS}
del VERDICTS["application/json"]


TABLED: Schema = {MEDIA[one]: TEXT for one in ("text", "markdown", "csv")}


def posted(name: str, summary: str, parameters: list[Schema], content: Schema, responses: Schema) -> Schema:
    """A route that a body is posted to."""
    operation = {
        "operationId": name,
        "summary": summary,
        "parameters": parameters,
        "requestBody": {"required": True, "content": content},
        "responses": responses,
    }
    return {"post": operation}


def verb_paths() -> Schema:
    """The routes of the verbs."""
    return {
        "/v1/analyze": analyze(),
        "/v1/forward": forward(),
        "/v1/check": check(),
        "/v1/diff": diff(),
        "/v1/sweep": sweep(),
        "/v1/fit": fit(),
    }


def analyze() -> Schema:
    return posted(
        "analyze",
        "Shapes, parameters, MACs, FLOPs and bytes of every layer",
        [*query("analyze"), form(PRESENTED)],
        {
            "application/json": {
                "schema": any_of([*FORMS, "AnalyzeEnvelope"]),
                "example": TINY,
            },
            "text/plain": {"schema": STRING, "example": CODE},
        },
        {"200": reply("Report Badge", "the report", **TEXTS), **SAME, **problems(*DOCUMENT)},
    )


def forward() -> Schema:
    return posted(
        "forward",
        "Run the model in NumPy and hold every layer's shape against the analysis",
        [*query("forward"), BINARY_LENGTH],
        {
            "application/json": {"schema": ref("ForwardEnvelope"), "example": SMALL},
            "multipart/form-data": {"schema": ref("ForwardParts")},
        },
        {
            "200": reply("ForwardResult", "outputs and verification", **{"application/octet-stream": BYTES}),
            **problems(400, 408, 411, 413, 415, 422, 429, 503),
        },
    )


def check() -> Schema:
    example = {"model": TINY, "budgets": [{"metric": "params", "max": "5M"}]}
    return posted(
        "check",
        "Hold a model against budgets",
        [*query("check"), *limits(), form(FORMATS)],
        {"application/json": {"schema": any_of(["CheckEnvelope", "Model"]), "example": example}},
        {
            "200": reply("Verdict Badge CodeQuality", "one result for each budget", **VERDICTS),
            "409": reply("Verdict Badge CodeQuality", "a budget failed, and `strict` was asked for", **VERDICTS),
            **SAME,
            **problems(*DOCUMENT),
        },
    )


def diff() -> Schema:
    return posted(
        "diff",
        "What changed between two models, layer by layer and in total",
        [*query("diff"), form(PRESENTED, badges=False)],
        {"application/json": {"schema": ref("DiffEnvelope"), "example": {"before": TINY, "after": TINY}}},
        {"200": reply("Difference", "the layers that changed", **TEXTS), **SAME, **problems(*DOCUMENT)},
    )


def sweep() -> Schema:
    return posted(
        "sweep",
        "What every candidate of a space would be and cost, from one reading for many at once",
        [*query("sweep"), form(TABLES, badges=False)],
        {"application/json": {"schema": ref("SweepEnvelope"), "example": EXAMPLE}},
        {"200": reply("Sweep", "the rows, the best first", **TABLED), **problems(*DOCUMENT)},
    )


def fit() -> Schema:
    return posted(
        "fit",
        "The largest batch, resolution, width or depth within budgets",
        [*query("fit"), *limits(), form(TABLES, badges=False)],
        {
            "application/json": {
                "schema": any_of([*FORMS, "FitEnvelope"]),
                "example": {"model": TINY, "vary": "batch_size", "within": [{"metric": "flops", "max": "1G"}]},
            },
            "text/plain": {"schema": STRING, "example": CODE},
        },
        {"200": reply("Fit", "the value, and what stops the next", **TABLED), **SAME, **problems(*DOCUMENT)},
    )
