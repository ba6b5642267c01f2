"""The catalogue and the service itself in the specification: the lists that are got, their schemas, the probes."""

from typing import Any

from layercalc.web.openapi.answers import SAME, TEXT, problems, reply
from layercalc.web.openapi.parameters import path_parameter, query
from layercalc.web.openapi.primitives import FLAG, INTEGER, OBJECT, STRING, Schema, array, mapping, ref, row

LAYER_TYPE = {"type": STRING, "aliases": array(STRING), "family": STRING, "description": STRING}
FIELD = row({"name": STRING, "required": FLAG, "schema": OBJECT, "default": {}}, "name required schema")
PRESET = row({"name": STRING, "description": STRING, "source": STRING, "budgets": array(ref("Budget"))})
LISTS: Schema = {
    "LayerSummary": row(LAYER_TYPE),
    "ExampleList": row({"examples": array(row(dict.fromkeys(("name", "format", "description", "group"), STRING)))}),
    "PresetList": row({"presets": array(PRESET)}),
    "LayerList": row({"layers": array(ref("LayerSummary"))}),
    "ConventionList": row({"conventions": array(ref("Convention"))}),
    "LimitList": row({"limits": array(ref("Limit")), "worker_peak_bytes": INTEGER}),
    "Limit": row(
        {
            "name": STRING,
            **dict.fromkeys(("value", "default"), INTEGER),
            **dict.fromkeys(("unit", "setting", "what"), STRING),
        }
    ),
    "DeviceList": row({"devices": array(ref("DeviceEntry"))}),
    "LayerEntry": row(
        {**LAYER_TYPE, "fields": array(FIELD), "schema": OBJECT, "example": {"type": ["object", "null"]}}
    ),
    "Index": row(dict.fromkeys(("name", "version", "docs"), STRING) | {"routes": mapping(STRING)}),
    "Status": row({"status": STRING, "version": STRING}),
}


def get(name: str, summary: str, responses: Schema, *parameters: Any) -> Schema:
    """A route that is got."""
    found = {"operationId": name, "summary": summary}
    return {"get": {**found, **({"parameters": list(parameters)} if parameters else {}), "responses": responses}}


def catalogue_paths() -> Schema:
    """What models, budgets and reports are made of."""
    schema = {"description": "the schema", "content": {"application/schema+json": {"schema": OBJECT}}}
    known = {**path_parameter("name", "budgets"), "schema": {"enum": ["budgets"]}}
    vocabulary = query("layers")
    return {
        "/v1/layers": get(
            *("layers", "Every layer type of a vocabulary"),
            {"200": reply("LayerList", "the catalogue"), **SAME, **problems(422)},
            *vocabulary,
        ),
        "/v1/layers/{type}": get(
            *("layer", "One layer type: fields, defaults, JSON Schema, example"),
            {"200": reply("LayerEntry", "the layer type"), **SAME, **problems(404, 422)},
            *(path_parameter("type", "Conv2D"), *vocabulary),
        ),
        "/v1/examples": get(
            *("examples", "Networks to begin with: small ones, and those of keras.applications"),
            {"200": reply("ExampleList", "the examples"), **SAME},
        ),
        "/v1/examples/{name}": get(
            *("example", "One of them: a document to post, code or a stack"),
            {"200": reply("Stack", "the document", **{"text/x-python": TEXT}), **SAME, **problems(404)},
            path_parameter("name", "VGG16"),
        ),
        "/v1/presets": get(
            *("presets", "Budgets with a name: what each limits, and whose limits they are"),
            {"200": reply("PresetList", "the presets")},
        ),
        "/v1/schemas/{name}": get(
            *("schema", "The JSON Schema of layercalc.yaml, for editors"), {"200": schema, **problems(404)}, known
        ),
        "/v1/conventions": get(
            *("conventions", "How other tools count: units, rules, sources"),
            {"200": reply("ConventionList", "the conventions"), **SAME},
        ),
        "/v1/devices": get(
            *("devices", "The devices that a roofline can be drawn for"),
            {"200": reply("DeviceList", "the devices"), **SAME},
        ),
    }


def service_paths() -> Schema:
    """What the service says of itself."""
    yes = {"200": reply("Status", "yes")}
    counts = {"200": {"description": "in the text format that the scraper accepts", "content": {"text/plain": TEXT}}}
    return {
        "/v1/limits": get(
            *("limits", "How much one request may ask for, and the setting of each limit"),
            {"200": reply("LimitList", "the limits in force")},
        ),
        "/": get(
            *("index", "The routes; to who accepts HTML as gladly the page, unless it is switched off"),
            {"200": reply("Index", "every route and what it does", **{"text/html": TEXT}), **SAME},
        ),
        "/livez": get("livez", "Is the process alive", yes),
        "/readyz": get("readyz", "Can it take requests", {**yes, **problems(503)}),
        "/metrics": get("metrics", "Prometheus metrics", counts),
    }
