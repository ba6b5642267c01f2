"""openapi.yaml, generated: layers from the registry, envelopes from their marshmallow schemas."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import yaml
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from layercalc import __version__, catalogue
from layercalc.analysis.tracing import METRICS as COUNTS
from layercalc.budgets.keys import PER_LAYER
from layercalc.budgets.presets import PRESETS
from layercalc.formats import FORMATS, MEDIA
from layercalc.formats import sheet as formats
from layercalc.layers import VOCABULARIES
from layercalc.layers.fields import Field
from layercalc.options import VERBS, envelope, fields_of, in_text
from layercalc.web.openapi.schemas import CODE, SMALL, STRING, TINY, any_of, array, component, components, ref
from layercalc.web.requests.binary import HEADER
from layercalc.web.telemetry.request_log import HEADER as REQUEST_ID
from layercalc.web.telemetry.request_log import PROBES

BYTES = {"schema": {"type": "string", "format": "binary"}}
BINARY = {
    "name": HEADER,
    "in": "header",
    "schema": {"type": "integer", "minimum": 0},
    "description": "how many bytes of the body are JSON; those of tensors with `binary_data_size` follow it",
}


def query(verb: str) -> list[dict[str, Any]]:
    """The parameters that a verb's options are in a query."""
    found = []
    for name, option in in_text(verb).items():
        assert option.text is not None
        lists = {"style": "form", "explode": False} if option.text.separated else {}
        schema = option.text.schema(option.field)
        found.append({"name": name, "in": "query", **lists, "schema": schema, "description": option.says})
    return found


def reply(schemas: str, description: str, **texts: Any) -> dict[str, Any]:
    """An answer of one of the schemas named, or of another media type."""
    content = {"application/json": {"schema": any_of(schemas.split())}, **texts}
    return {"description": description, "content": content}


def form(known: Iterable[str], badges: bool = True) -> dict[str, Any]:
    """The parameter that chooses the format of an answer."""
    names = [*dict.fromkeys(known), *([f"badge:{metric}" for metric in COUNTS] if badges else [])]
    return {
        "name": "format",
        "in": "query",
        "schema": {"enum": names},
        "description": "of the answer, before what `Accept` says",
    }


SAME = {"304": {"description": "the answer whose ETag stands in If-None-Match is still right"}}


def problems(*statuses: int) -> dict[str, Any]:
    titles = {
        400: "not JSON",
        401: "an API key is needed, or is not known",
        404: "no such thing",
        408: "the body came too slowly",
        411: "no length",
        413: "body too large",
        415: "media type",
        422: "model or tensors invalid",
        429: "too many requests, or forward passes at a time",
        503: "past its deadline, out of memory, or about to stop",
    }
    content = {"application/problem+json": {"schema": ref("Problem")}, "text/plain": {"schema": {"type": "string"}}}
    return {str(status): {"description": titles[status], "content": content} for status in statuses}


def paths() -> dict[str, Any]:
    """The routes."""
    text = {"schema": STRING}
    analyze = {
        "operationId": "analyze",
        "summary": "Shapes, parameters, MACs, FLOPs and bytes of every layer",
        "parameters": [*query("analyze"), form(["json", *formats.FORMATS])],
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
            "200": reply("Report Badge", "the report", **{"text/plain": text, "text/markdown": text, "text/csv": text}),
            **SAME,
            **problems(400, 408, 411, 413, 415, 422, 503),
        },
    }
    forward = {
        "operationId": "forward",
        "summary": "Run the model in NumPy and hold every layer's shape against the analysis",
        "parameters": [*query("forward"), BINARY],
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
    verdicts = {media: {"schema": {} if media.endswith("json") else STRING} for media in MEDIA.values()}
    del verdicts["application/json"]
    limited: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "query",
            "schema": {"type": "string", "pattern": pattern},
            "description": f"a budget: {described}",
        }
        for name, pattern, described in (
            *((f"max_{key}", "^[0-9]{1,9}[KMG]?$", f"most {key}, 5M, or conv*:5M of layers") for key in PER_LAYER[:-2]),
            (
                "max_peak_activation_bytes",
                "^[0-9]{1,9}[KMG]?$",
                "most bytes live at once; so any metric, max_, min_, equals_",
            ),
            ("equals_output_shape", "^null,[0-9]{1,9}$", "the shape of the output, batch first, or name:null,10"),
            ("max_increase_params", "^[0-9]{1,2}%$", "against the envelope's baseline, with min_delta_ as slack"),
        )
    ]
    limited.append(
        {
            "name": "budgets",
            "in": "query",
            "style": "form",
            "explode": False,
            "schema": array({"enum": list(PRESETS)}),
            "description": "presets (/v1/presets)",
        }
    )
    budget = {"metric": "params", "max": "5M"}
    check = {
        "operationId": "check",
        "summary": "Hold a model against budgets",
        "parameters": [*query("check"), *limited, form(FORMATS)],
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
            "200": reply("Verdict Badge CodeQuality", "one result for each budget", **verdicts),
            "409": reply("Verdict Badge CodeQuality", "a budget failed, and `strict` was asked for", **verdicts),
            **SAME,
            **problems(400, 408, 411, 413, 415, 422, 503),
        },
    }
    diff = {
        "operationId": "diff",
        "summary": "What changed between two models, layer by layer and in total",
        "parameters": [*query("diff"), form(["json", *formats.FORMATS], badges=False)],
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
    probe = {"responses": {"200": reply("Status", "yes")}}
    ready = {"responses": {**probe["responses"], **problems(503)}}
    counts = {"200": {"description": "in the text format that the scraper accepts", "content": {"text/plain": text}}}
    return {
        "/v1/analyze": {"post": analyze},
        "/v1/forward": {"post": forward},
        "/v1/check": {"post": check},
        "/v1/diff": {"post": diff},
        "/v1/layers": {
            "get": {
                "operationId": "layers",
                "summary": "Every layer type of a vocabulary",
                "parameters": query("layers"),
                "responses": {"200": reply("LayerList", "the catalogue"), **SAME, **problems(422)},
            }
        },
        "/v1/layers/{type}": {
            "get": {
                "operationId": "layer",
                "summary": "One layer type: fields, defaults, JSON Schema, example",
                "parameters": [kind, *query("layers")],
                "responses": {"200": reply("LayerEntry", "the layer type"), **SAME, **problems(404, 422)},
            }
        },
        "/v1/presets": {
            "get": {
                "operationId": "presets",
                "summary": "Budgets with a name: what each limits, and whose limits they are",
                "responses": {"200": reply("PresetList", "the presets")},
            }
        },
        "/v1/schemas/{name}": {
            "get": {
                "operationId": "schema",
                "summary": "The JSON Schema of layercalc.yaml, for editors",
                "parameters": [{**kind, "name": "name", "schema": {"enum": ["budgets"]}, "example": "budgets"}],
                "responses": {
                    "200": {
                        "description": "the schema",
                        "content": {"application/schema+json": {"schema": {"type": "object"}}},
                    },
                    **problems(404),
                },
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
        "/readyz": {"get": {"operationId": "readyz", "summary": "Can it take requests", **ready}},
        "/metrics": {"get": {"operationId": "metrics", "summary": "Prometheus metrics", "responses": counts}},
    }


TAGS = {
    "models": (
        "what a model is and costs, and what it computes",
        ("/v1/analyze", "/v1/forward", "/v1/check", "/v1/diff"),
    ),
    "catalogue": ("what models, budgets and reports are made of", ("/v1/",)),
    "inference": ("the models of a folder, by the Open Inference Protocol", ("/v2",)),
    "service": ("whether it lives, is ready, and what it has done", ("/",)),
}
KEYS = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "an API key, where the service asks for one"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "the same key in a header"},
}
COUNT = {"schema": {"type": "integer", "minimum": 0}}
TOLD = {
    "RateLimit-Limit": {**COUNT, "description": "requests allowed in a window"},
    "RateLimit-Remaining": {**COUNT, "description": "those that are left of it"},
    "RateLimit-Reset": {**COUNT, "description": "seconds to the next window"},
    "Retry-After": {**COUNT, "description": "seconds to wait"},
}
CHALLENGE = {"WWW-Authenticate": {"schema": STRING, "description": "RFC 6750"}}
REFUSED = {401: ("Unauthorized", CHALLENGE), 429: ("TooManyRequests", TOLD)}
NOTED = {
    "schema": STRING,
    "description": "comes back with the answer and stands in the log, if it is at most 128 letters, digits and "
    "`._:/+=@-`; else one is made",
}


def guarded(operation: dict[str, Any]) -> dict[str, Any]:
    """An operation that may ask for a key and counts in a rate."""
    more = {str(status): name for status, (name, _) in REFUSED.items()}
    return {
        **operation,
        "parameters": [*operation.get("parameters", []), "RequestId"],
        "responses": dict(sorted({**operation["responses"], **more}.items())),
        "security": [{}, *({name: []} for name in KEYS)],
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
    for vocabulary in VOCABULARIES.values():
        for kind in vocabulary.kinds.values():
            spec.components.schema(component(kind), catalogue.json_schema(kind))
    for name, schema in components().items():
        spec.components.schema(name, schema)
    for verb in VERBS:
        if fields_of(verb):
            spec.components.schema(envelope(verb).__name__, schema=envelope(verb))
    for name, scheme in KEYS.items():
        spec.components.security_scheme(name, scheme)
    for status, (name, headers) in REFUSED.items():
        spec.components.response(name, {**problems(status)[str(status)], "headers": headers})
    spec.components.parameter("RequestId", "header", {"name": REQUEST_ID, **NOTED})
    for name, (description, _) in TAGS.items():
        spec.tag({"name": name, "description": description})
    for path, operations in paths().items():
        tag = next(name for name, (_, beginnings) in TAGS.items() if path.startswith(beginnings))
        operations = {method: {"tags": [tag], **operation} for method, operation in operations.items()}
        if path not in PROBES:
            operations = {method: guarded(operation) for method, operation in operations.items()}
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
