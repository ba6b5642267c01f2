"""openapi.yaml, generated: layers from the registry, envelopes from their marshmallow schemas."""

from functools import cache
from typing import Any

import yaml
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from layercalc import __version__, catalogue
from layercalc.layers import LAYERS
from layercalc.layers.fields import Field
from layercalc.ops import WIDTH
from layercalc.tensors import DATATYPES
from layercalc.web.envelopes import AnalyzeEnvelope, ForwardEnvelope

TINY = {
    "name": "tiny",
    "input_shape": [28, 28, 1],
    "layers": [
        {"type": "Conv2D", "filters": 32, "kernel_size": 3, "activation": "relu"},
        {"type": "MaxPooling2D"},
        {"type": "Flatten"},
        {"type": "Dense", "units": 10},
    ],
}
SMALL = {
    "model": {"input_shape": [3], "layers": [{"type": "Dense", "units": 2}]},
    "inputs": [[[1, 2, 3]]],
    "weights": {"seed": 7},
}
CODE = 'Conv2D(32, 3, activation="relu", input_shape=(28, 28, 1))\nFlatten()\nDense(10)\n'


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def array(items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


def row(properties: dict[str, Any], required: str = "") -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required.split() or list(properties)}


INTEGER = {"type": "integer"}
COUNT = {"type": ["integer", "null"], "description": "null where an unknown dimension makes it unknowable"}
STRING = {"type": "string"}
SHAPE = array({"type": ["integer", "null"], "minimum": 0})
FLAG = {"type": "boolean"}
NUMBER = {"type": ["number", "null"]}
PLACE = {"pointer": STRING, "line": INTEGER, "column": INTEGER, "parameter": STRING}


def components() -> dict[str, Any]:
    """The schemas that no marshmallow class stands for."""
    counts = ("params", "trainable_params", "non_trainable_params", "macs", "flops", "param_bytes", "activation_bytes")
    mapping = {
        name: f"#/components/schemas/{kind.type}" for kind in LAYERS.values() for name in (kind.type, *kind.aliases)
    }
    tensor = {
        "name": STRING,
        "shape": array({"type": "integer", "minimum": 0}),
        "datatype": {"enum": list(DATATYPES)},
        "data": {"type": ["array", "number"], "description": "nested or flat, C order"},
        "b64": {"type": "string", "description": "base64 of the little-endian bytes, in place of data"},
    }
    verified = {"name": STRING, "type": STRING, "analytic_shape": SHAPE, "actual_shape": SHAPE, "match": FLAG}
    statistics = {"min": NUMBER, "max": NUMBER, "mean": NUMBER, "nan_count": INTEGER}
    compared = {"passed": FLAG, "max_abs_error": NUMBER, "max_rel_error": NUMBER}
    seed = row({"seed": {"type": "integer", "minimum": 0}})
    return {
        "Layer": {
            "oneOf": [ref(name) for name in LAYERS],
            "discriminator": {"propertyName": "type", "mapping": mapping},
        },
        "LayerInputs": {
            "description": "what the layer takes, by position or by Keras' argument names; `name:1` is a second output",
            "anyOf": [
                STRING,
                array(STRING, minItems=1),
                {"type": "object", "additionalProperties": {"anyOf": [STRING, array(STRING)]}},
            ],
        },
        "InputShape": {
            "description": "sizes without the batch: a list, text such as `28,28,1`, or a map by input name",
            "anyOf": [STRING, array({"type": ["integer", "null", "string"]}), {"type": "object"}],
        },
        "StackInput": {
            "anyOf": [
                row({"name": STRING, "shape": SHAPE, "batch_shape": SHAPE, "dtype": {"enum": list(WIDTH)}}, "name")
            ],
        },
        "Stack": {
            "type": "object",
            "title": "Stack",
            "description": "a list of layers, each taking the previous one's output or those it names",
            "properties": {
                "name": STRING,
                "input_shape": {"anyOf": [SHAPE, {"type": "integer", "minimum": 0}]},
                "batch_shape": SHAPE,
                "inputs": array(ref("StackInput"), minItems=1),
                "layers": array(ref("Layer"), minItems=1),
                "outputs": array(STRING, minItems=1),
            },
            "required": ["layers"],
            "example": TINY,
        },
        "KerasModel": {
            "type": "object",
            "title": "Keras JSON",
            "description": "what model.to_json() writes, Sequential or Functional",
            "properties": {"class_name": STRING, "config": {"type": ["object", "array"]}},
            "required": ["class_name", "config"],
        },
        "Model": {"anyOf": [ref("Stack"), ref("KerasModel"), {"type": "string", "description": "Keras code"}]},
        "Tensor": {
            "anyOf": [
                row(tensor, "shape datatype"),
                {"type": ["array", "number"], "description": "a bare nested list"},
            ]
        },
        "Tensors": {"anyOf": [array(ref("Tensor")), {"type": "object", "additionalProperties": ref("Tensor")}]},
        "Inputs": {
            "description": "tensors in the model's order, a map by input name, or a seed",
            "anyOf": [array(ref("Tensor")), seed, {"type": "object", "additionalProperties": ref("Tensor")}],
        },
        "Weights": {
            "description": "a map by weight name, a list in get_weights() order, or a seed",
            "anyOf": [array(ref("Tensor")), seed, {"type": "object", "additionalProperties": ref("Tensor")}],
        },
        "TensorInfo": row({"name": STRING, "shape": SHAPE, "dtype": STRING}),
        "Warning": row({**PLACE, "detail": STRING}, "detail"),
        "Weight": row(
            {"name": STRING, "shape": SHAPE, "dtype": STRING, "trainable": FLAG, "shared": FLAG},
            "name shape dtype trainable",
        ),
        "OpCount": row({"op": STRING, "macs": COUNT, "flops": COUNT}, "op flops"),
        "Row": row(
            {
                "name": STRING,
                "type": STRING,
                "layer": STRING,
                "pointer": STRING,
                "line": INTEGER,
                "column": INTEGER,
                "inputs": array(STRING),
                "input_shapes": array(SHAPE),
                "output_shape": SHAPE,
                "output_shapes": array(SHAPE),
                **dict.fromkeys(counts, COUNT),
                "weights": array(ref("Weight")),
                "ops": array(ref("OpCount")),
            },
            " ".join(("name type inputs input_shapes output_shape output_shapes weights ops", *counts)),
        ),
        "Totals": row({**dict.fromkeys(counts, COUNT), "peak_activation_bytes": COUNT}),
        "Report": row(
            {
                "version": STRING,
                "model": row({"name": STRING, "format": STRING}),
                "batch_size": {"type": ["integer", "null"]},
                "inputs": array(ref("TensorInfo")),
                "outputs": array(ref("TensorInfo")),
                "layers": array(ref("Row")),
                "totals": ref("Totals"),
                "warnings": array(ref("Warning")),
            }
        ),
        "ForwardResult": row(
            {
                "outputs": array(ref("Tensor")),
                "verified": FLAG,
                "layers": array(row({**verified, **statistics}, " ".join(verified))),
                "comparison": {
                    "anyOf": [{"type": "null"}, row({**compared, "outputs": array(row({"name": STRING, **compared}))})]
                },
                "weights": row({"source": {"enum": ["posted", "seeded"]}, "seed": INTEGER}, "source"),
                "returned_layers": {"type": "object", "additionalProperties": ref("Tensor")},
                "warnings": array(ref("Warning")),
            },
        ),
        "LayerSummary": row({"type": STRING, "aliases": array(STRING), "family": STRING, "description": STRING}),
        "LayerList": row({"layers": array(ref("LayerSummary"))}),
        "LayerEntry": row(
            {
                "type": STRING,
                "aliases": array(STRING),
                "family": STRING,
                "description": STRING,
                "fields": array(
                    row(
                        {"name": STRING, "required": FLAG, "schema": {"type": "object"}, "default": {}},
                        "name required schema",
                    )
                ),
                "schema": {"type": "object"},
                "example": {"type": "object"},
            }
        ),
        "Status": row({"status": STRING, "version": STRING}),
        "Problem": row(
            {
                "type": STRING,
                "title": STRING,
                "status": INTEGER,
                "detail": STRING,
                "instance": STRING,
                "errors": array(row({**PLACE, "detail": STRING, "layer": STRING}, "detail")),
                "layers": array(ref("Row")),
            },
            "type title status detail instance",
        ),
    }


def reply(schema: str, description: str, **texts: Any) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": ref(schema)}, **texts}}


def problems(*statuses: int) -> dict[str, Any]:
    titles = {
        400: "not JSON",
        404: "no such thing",
        411: "no length",
        413: "body too large",
        415: "media type",
        422: "model or tensors invalid",
        503: "out of memory",
    }
    content = {"application/problem+json": {"schema": ref("Problem")}}
    return {str(status): {"description": titles[status], "content": content} for status in statuses}


def paths() -> dict[str, Any]:
    """The routes."""
    text = {"schema": STRING}
    query = [
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
            **problems(400, 411, 413, 415, 422, 503),
        },
    }
    forward = {
        "operationId": "forward",
        "summary": "Run the model in NumPy and hold every layer's shape against the analysis",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ref("ForwardEnvelope"), "example": SMALL}},
        },
        "responses": {
            "200": reply("ForwardResult", "outputs and verification"),
            **problems(400, 411, 413, 415, 422, 503),
        },
    }
    kind = {"name": "type", "in": "path", "required": True, "schema": STRING, "example": "Conv2D"}
    probe = {"responses": {"200": reply("Status", "alive and ready")}}
    return {
        "/v1/analyze": {"post": analyze},
        "/v1/forward": {"post": forward},
        "/v1/layers": {
            "get": {
                "operationId": "layers",
                "summary": "Every layer type",
                "responses": {"200": reply("LayerList", "the catalogue")},
            }
        },
        "/v1/layers/{type}": {
            "get": {
                "operationId": "layer",
                "summary": "One layer type: fields, defaults, JSON Schema, example",
                "parameters": [kind],
                "responses": {"200": reply("LayerEntry", "the layer type"), **problems(404)},
            }
        },
        "/livez": {"get": {"operationId": "livez", "summary": "Is the process alive", **probe}},
        "/readyz": {"get": {"operationId": "readyz", "summary": "Can it take requests", **probe}},
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
    for envelope in (AnalyzeEnvelope, ForwardEnvelope):
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
