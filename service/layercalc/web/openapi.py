"""openapi.yaml, generated: layers from the registry, envelopes from their marshmallow schemas."""

from functools import cache
from typing import Any

import yaml
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from layercalc import __version__, catalogue
from layercalc.conventions import CONVENTIONS
from layercalc.devices import DEVICES
from layercalc.layers import LAYERS
from layercalc.layers.fields import Field
from layercalc.sheets import HEADINGS
from layercalc.web.binary import HEADER
from layercalc.web.envelopes import AnalyzeEnvelope, CheckEnvelope, DiffEnvelope, ForwardEnvelope, InferEnvelope
from layercalc.web.schemas import CODE, SMALL, STRING, TINY, array, components, ref

PEAKS = r"^[1-9][0-9]*(\.[0-9]+)?(e[0-9]{1,2})?,[1-9][0-9]*(\.[0-9]+)?(e[0-9]{1,2})?$"

BYTES = {"schema": {"type": "string", "format": "binary"}}
BINARY = {
    "name": HEADER,
    "in": "header",
    "schema": {"type": "integer", "minimum": 0},
    "description": "how many bytes of the body are JSON; those of tensors with `binary_data_size` follow it",
}


def reply(schema: str, description: str, **texts: Any) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": ref(schema)}, **texts}}


SAME = {"304": {"description": "the answer whose ETag stands in If-None-Match is still right"}}


def problems(*statuses: int) -> dict[str, Any]:
    titles = {
        400: "not JSON",
        404: "no such thing",
        408: "the body came too slowly",
        411: "no length",
        413: "body too large",
        415: "media type",
        422: "model or tensors invalid",
        429: "too many at a time",
        503: "past its deadline, or out of memory",
    }
    content = {"application/problem+json": {"schema": ref("Problem")}}
    return {str(status): {"description": titles[status], "content": content} for status in statuses}


def paths() -> dict[str, Any]:
    """The routes."""
    text = {"schema": STRING}
    query: list[dict[str, Any]] = [
        {
            "name": "input_shape",
            "in": "query",
            "schema": array(STRING),
            "description": "sizes without the batch, `28,28,1` or `left:16`; overrides the document",
        },
        {
            "name": "batch_size",
            "in": "query",
            "schema": {"type": "integer", "minimum": 1},
            "description": "counts are for that many samples",
        },
        {
            "name": "conventions",
            "in": "query",
            "style": "form",
            "explode": False,
            "schema": array({"enum": [*CONVENTIONS, "all"]}),
            "description": "count as other tools do, beside our own counts",
        },
        {
            "name": "explain",
            "in": "query",
            "schema": {"enum": ["1", "0", "true", "false"]},
            "description": "the arithmetic of every row",
        },
        {
            "name": "device",
            "in": "query",
            "schema": {"anyOf": [{"enum": list(DEVICES)}, {"type": "string", "pattern": PEAKS}]},
            "description": "draw the roofline: a name from /v1/devices, or `FLOP/s,bytes/s`",
        },
        {
            "name": "columns",
            "in": "query",
            "style": "form",
            "explode": False,
            "schema": array({"enum": [key for key in HEADINGS if key not in ("seconds", "bound")]}),
            "description": "of a table (text, Markdown, CSV)",
        },
    ]
    analyze = {
        "operationId": "analyze",
        "summary": "Shapes, parameters, MACs, FLOPs and bytes of every layer",
        "parameters": query,
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"anyOf": [ref("Stack"), ref("KerasModel"), ref("AnalyzeEnvelope")]},
                    "example": TINY,
                },
                "text/plain": {"schema": STRING, "example": CODE},
            },
        },
        "responses": {
            "200": reply("Report", "the report", **{"text/plain": text, "text/markdown": text, "text/csv": text}),
            **SAME,
            **problems(400, 408, 411, 413, 415, 422, 503),
        },
    }
    forward = {
        "operationId": "forward",
        "summary": "Run the model in NumPy and hold every layer's shape against the analysis",
        "parameters": [BINARY],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": ref("ForwardEnvelope"), "example": SMALL},
                "multipart/form-data": {"schema": ref("ForwardParts")},
            },
        },
        "responses": {
            "200": reply("ForwardResult", "outputs and verification", **{"application/octet-stream": BYTES}),
            **problems(400, 408, 411, 413, 415, 422, 429, 503),
        },
    }
    texts: dict[str, Any] = {"text/plain": text, "text/markdown": text, "text/csv": text}
    shared = [one for one in query if one["name"] in ("input_shape", "batch_size")]
    strict = {"name": "strict", "in": "query", "schema": {"type": "boolean"}, "description": "409 when a budget fails"}
    limited = [
        {
            "name": f"max_{metric}",
            "in": "query",
            "schema": {"type": "string", "pattern": "^[0-9]{1,9}[KMG]?$"},
            "description": f"a budget for a bare model: most {metric}, such as 5M",
        }
        for metric in ("params", "flops", "macs", "param_bytes", "peak_activation_bytes")
    ]
    budget = {"metric": "params", "max": "5M"}
    check = {
        "operationId": "check",
        "summary": "Hold a model against budgets",
        "parameters": [*shared, strict, *limited],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"anyOf": [ref("CheckEnvelope"), ref("Model")]},
                    "example": {"model": TINY, "budgets": [budget]},
                }
            },
        },
        "responses": {
            "200": reply("Verdict", "one result for each budget", **texts),
            "409": reply("Verdict", "a budget failed, and `strict` was asked for", **texts),
            **SAME,
            **problems(400, 408, 411, 413, 415, 422, 503),
        },
    }
    diff = {
        "operationId": "diff",
        "summary": "What changed between two models, layer by layer and in total",
        "parameters": shared,
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": ref("DiffEnvelope"), "example": {"before": TINY, "after": TINY}}
            },
        },
        "responses": {
            "200": reply("Difference", "the layers that changed", **texts),
            **SAME,
            **problems(400, 408, 411, 413, 415, 422, 503),
        },
    }
    kind = {"name": "type", "in": "path", "required": True, "schema": STRING, "example": "Conv2D"}
    probe = {"responses": {"200": reply("Status", "alive and ready")}}
    return {
        "/v1/analyze": {"post": analyze},
        "/v1/forward": {"post": forward},
        "/v1/check": {"post": check},
        "/v1/diff": {"post": diff},
        "/v1/layers": {
            "get": {
                "operationId": "layers",
                "summary": "Every layer type",
                "responses": {"200": reply("LayerList", "the catalogue"), **SAME},
            }
        },
        "/v1/layers/{type}": {
            "get": {
                "operationId": "layer",
                "summary": "One layer type: fields, defaults, JSON Schema, example",
                "parameters": [kind],
                "responses": {"200": reply("LayerEntry", "the layer type"), **SAME, **problems(404)},
            }
        },
        "/v1/conventions": {
            "get": {
                "operationId": "conventions",
                "summary": "How other tools count: units, rules, sources",
                "responses": {"200": reply("ConventionList", "the conventions"), **SAME},
            }
        },
        "/v1/devices": {
            "get": {
                "operationId": "devices",
                "summary": "The devices that a roofline can be drawn for",
                "responses": {"200": reply("DeviceList", "the devices"), **SAME},
            }
        },
        **inference_paths(),
        "/v1/limits": {
            "get": {
                "operationId": "limits",
                "summary": "How much one request may ask for, and the setting of each limit",
                "responses": {"200": reply("LimitList", "the limits in force")},
            }
        },
        "/livez": {"get": {"operationId": "livez", "summary": "Is the process alive", **probe}},
        "/readyz": {"get": {"operationId": "readyz", "summary": "Can it take requests", **probe}},
    }


def inference_paths() -> dict[str, Any]:
    """The Open Inference Protocol's routes; the same with `/versions/1` after the name."""
    name = {"name": "name", "in": "path", "required": True, "schema": STRING}
    whole = {"200": reply("ServedModel", "the model, from its analysis"), **problems(404)}
    infer = {
        "operationId": "infer",
        "summary": "Run a model of the folder on the protocol's tensors",
        "parameters": [name, BINARY],
        "requestBody": {"required": True, "content": {"application/json": {"schema": ref("InferEnvelope")}}},
        "responses": {
            "200": reply("Inferred", "the outputs", **{"application/octet-stream": BYTES}),
            **problems(400, 404, 411, 413, 415, 422, 429, 503),
        },
    }

    def get(operation: str, summary: str, responses: dict[str, Any], *parameters: Any) -> dict[str, Any]:
        found = {"operationId": operation, "summary": summary, "responses": responses}
        return {"get": {**found, **({"parameters": list(parameters)} if parameters else {})}}

    said = {"200": {"description": "yes", "content": {"application/json": {"schema": {"type": "object"}}}}}
    no = {"503": {"description": "no, and why", "content": {"application/json": {"schema": {"type": "object"}}}}}
    return {
        "/v2": get("server", "Name, version and extensions of the server", said),
        "/v2/health/live": get("live", "Is the process alive", said),
        "/v2/health/ready": get("ready", "Can it take requests", said),
        "/v2/models/{name}": get("model", "What a model takes and gives", whole, name),
        "/v2/models/{name}/ready": get("modelReady", "Can the model be run", {**said, **no, **problems(404)}, name),
        "/v2/models/{name}/infer": {"post": infer},
    }


@cache
def specification() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    plugin = MarshmallowPlugin()
    info = {
        "description": "Output shapes, parameters, FLOPs and memory of a neural network, by analysis alone.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }
    spec = APISpec("layercalc", __version__, "3.1.0", info=info, plugins=[plugin])
    assert plugin.converter is not None
    plugin.converter.add_attribute_function(  # type: ignore[no-untyped-call]
        lambda _, field, **__: field.json_schema() if isinstance(field, Field) else {}
    )
    for kind in LAYERS.values():
        spec.components.schema(kind.type, catalogue.json_schema(kind))
    for name, schema in components().items():
        spec.components.schema(name, schema)
    for envelope in (AnalyzeEnvelope, CheckEnvelope, DiffEnvelope, ForwardEnvelope, InferEnvelope):
        if not any(envelope.__name__ == known for known in spec.components.schemas):
            spec.components.schema(envelope.__name__, schema=envelope)
    for path, operations in paths().items():
        spec.path(path, operations=operations)
    return spec.to_dict()


@cache
def specification_text() -> str:
    """The same in YAML, as openapi.yaml is committed."""
    return yaml.dump(specification(), Dumper=Plain, sort_keys=False, allow_unicode=True, width=120)


class Plain(yaml.SafeDumper):
    """YAML without anchors: every part is written where it stands."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
