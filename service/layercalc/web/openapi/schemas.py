"""The schemas of the specification that no marshmallow class stands for: documents, tensors, answers."""

import json
from collections.abc import Iterable
from typing import Any

from layercalc.budgets.keys import ENTRIES, LIMITS, definitions, document_schema
from layercalc.catalogue import DEFAULT
from layercalc.execution.tensors import DATATYPES
from layercalc.layers import VOCABULARIES, Layer, Vocabulary
from layercalc.ops import WIDTH
from layercalc.options import in_text
from layercalc.report import KINDS

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


def any_of(names: Iterable[str]) -> dict[str, Any]:
    """One of several components."""
    refs = [ref(name) for name in names]
    return refs[0] if len(refs) == 1 else {"anyOf": refs}


def array(items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


def row(properties: dict[str, Any], required: str = "") -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required.split() or list(properties)}


def switches(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "boolean"} for name in names}}


INTEGER = {"type": "integer"}
COUNT = {"type": ["integer", "null"], "description": "null where an unknown dimension makes it unknowable"}
STRING = {"type": "string"}
SHAPE = array({"type": ["integer", "null"], "minimum": 0})
FLAG = {"type": "boolean"}
NUMBER = {"type": ["number", "null"]}
POSITIVE = {"type": "number", "exclusiveMinimum": 0}
EXTENT = array(NUMBER, description="one for each spatial axis; null where a place sees all of it")
COUNTS = {"type": "object", "additionalProperties": COUNT}
PLACE = {"pointer": STRING, "line": INTEGER, "column": INTEGER, "parameter": STRING}


def layer_of(vocabulary: Vocabulary) -> str:
    """The component that is any layer of a vocabulary: those of the default one have the plain name."""
    return "Layer" if vocabulary.name == DEFAULT else f"{vocabulary.name}.Layer"


def component(kind: type[Layer]) -> str:
    """The component that is a layer type."""
    return layer_of(kind.of_vocabulary).removesuffix("Layer") + kind.type


def layers_of(vocabulary: Vocabulary) -> dict[str, Any]:
    """Any layer of a vocabulary, told by its type."""
    kinds = vocabulary.kinds.values()
    mapping = {name: ref(component(kind))["$ref"] for kind in kinds for name in (kind.type, *kind.aliases)}
    return {
        "oneOf": [ref(component(kind)) for kind in kinds],
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }


def budgets() -> dict[str, Any]:
    """The schemas of budgets, from the table of their keys."""
    entries = {**ENTRIES, "description": "budgets, and names of presets"}
    found = {"Budgets": {"anyOf": [entries, document_schema()]}, **definitions()}
    text = json.dumps(found).replace("#/$defs/", "#/components/schemas/")
    moved: dict[str, Any] = json.loads(text)
    return moved


def components() -> dict[str, Any]:
    """The schemas that no marshmallow class stands for."""
    counts = ("params", "trainable_params", "non_trainable_params", "macs", "flops", "param_bytes", "activation_bytes")
    tensor = {
        "name": STRING,
        "shape": array({"type": "integer", "minimum": 0}),
        "datatype": {"enum": list(DATATYPES)},
        "data": {"type": ["array", "number"], "items": {}, "description": "nested or flat, C order"},
        "b64": {"type": "string", "description": "base64 of the little-endian bytes, in place of data"},
        "parameters": ref("BinaryData"),
    }
    verified = {"name": STRING, "type": STRING, "analytic_shape": SHAPE, "actual_shape": SHAPE, "match": FLAG}
    statistics = {"min": NUMBER, "max": NUMBER, "mean": NUMBER, "nan_count": INTEGER, "inf_count": INTEGER}
    profiled = {"seconds": NUMBER, "flops": COUNT, "gflops_per_second": NUMBER}
    compared = {"passed": FLAG, "max_abs_error": NUMBER, "max_rel_error": NUMBER}
    place = {"index": array(INTEGER), "actual": NUMBER, "expected": NUMBER}
    output = {"name": STRING, **compared, "mean_abs_error": NUMBER, "mismatches": INTEGER}
    culprit = {"input": STRING, "weight": STRING, "layer": STRING, "nan_count": INTEGER, "inf_count": INTEGER}
    row(dict.fromkeys(("size", "stride", "padding"), EXTENT))
    about = {"name": STRING, "tool": STRING, "unit": {"enum": ["MACs", "FLOPs"]}, "rule": STRING, "source": STRING}
    peaks = {"peak_flops": {"type": "object", "additionalProperties": POSITIVE}, "bandwidth": POSITIVE}
    device = {"name": STRING, "title": STRING, **peaks, "source": STRING}
    seed = row({"seed": {"type": "integer", "minimum": 0}})
    return {
        **{layer_of(one): layers_of(one) for one in VOCABULARIES.values()},
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
                "vocabulary": {"enum": list(VOCABULARIES), "default": DEFAULT, "description": "whose layers"},
                "layers": array(any_of(map(layer_of, VOCABULARIES.values())), minItems=1),
                "outputs": array(STRING, minItems=1),
            },
            "required": ["layers"],
            "example": TINY,
        },
        "KerasModel": {
            "type": "object",
            "title": "Keras JSON",
            "description": "what model.to_json() writes, Sequential or Functional",
            "properties": {"class_name": STRING, "config": {"type": ["object", "array"], "items": {}}},
            "required": ["class_name", "config"],
        },
        "Model": {"anyOf": [ref("Stack"), ref("KerasModel"), {"type": "string", "description": "Keras code"}]},
        "TensorObject": row(tensor, "shape datatype"),
        "BinaryData": {
            "type": "object",
            "properties": {"binary_data_size": {"type": "integer", "minimum": 0}},
            "description": "the bytes follow the JSON, in place of data",
        },
        "WantedOutput": row({"name": STRING, "parameters": switches("binary_data")}, "name"),
        "Tensor": {
            "anyOf": [
                ref("TensorObject"),
                {"type": ["array", "number"], "items": {}, "description": "a bare nested list"},
            ]
        },
        "Tensors": {"anyOf": [array(ref("Tensor")), {"type": "object", "additionalProperties": ref("Tensor")}]},
        "Inputs": {
            "description": "tensors in the model's order, a map by input name, or a seed",
            "anyOf": [array(ref("Tensor")), seed, {"type": "object", "additionalProperties": ref("Tensor")}],
        },
        **budgets(),
        "Baseline": {
            "description": "a model, or an earlier report of one",
            "anyOf": [ref("Model"), ref("Report")],
        },
        "Verdict": row(
            {
                "passed": FLAG,
                "results": array(
                    row(
                        {
                            "metric": STRING,
                            **dict.fromkeys(("layer", "output", "name", "set"), STRING),
                            "level": {"enum": ["error", "warn"]},
                            "kind": {"enum": list(LIMITS)},
                            "limit": {"anyOf": [COUNT, SHAPE]},
                            "actual": {"anyOf": [COUNT, SHAPE]},
                            "excess": {"type": ["integer", "null"]},
                            "passed": FLAG,
                            "detail": STRING,
                            "layers": array(
                                row(
                                    {
                                        "name": STRING,
                                        **{key: {"type": ["integer", "null"]} for key in ("part", "delta")},
                                    }
                                )
                            ),
                        },
                        "metric level kind limit actual excess passed detail layers",
                    )
                ),
                "totals": {"type": "object"},
                "baseline": row({"totals": {"type": "object"}}),
                "warnings": array(ref("Warning")),
            },
            "passed results totals warnings",
        ),
        "Badge": {
            "description": "for the endpoint badge of shields.io; `format=badge:params` shows that total",
            **row(
                {"schemaVersion": {"const": 1}, "label": STRING, "message": STRING, "color": STRING, "isError": FLAG},
                "schemaVersion label message color",
            ),
        },
        "CodeQuality": {
            "description": "GitLab's code quality report, for `format=gitlab`",
            **array(
                row(
                    {
                        "description": STRING,
                        "check_name": STRING,
                        "fingerprint": STRING,
                        "severity": STRING,
                        "location": {"type": "object"},
                    }
                )
            ),
        },
        "Difference": row(
            {
                "identical": FLAG,
                "totals": {
                    "type": "object",
                    "additionalProperties": row(
                        {"before": COUNT, "after": COUNT, "delta": {"type": ["integer", "null"]}}
                    ),
                },
                "layers": array(
                    row(
                        {
                            "change": {"enum": ["added", "removed", "changed"]},
                            "before": {"type": ["string", "null"]},
                            "after": {"type": ["string", "null"]},
                            "type": STRING,
                            "fields": {"type": "object"},
                            "output_shape": array({"anyOf": [{"type": "null"}, SHAPE]}),
                            "deltas": {"type": "object", "additionalProperties": {"type": ["integer", "null"]}},
                        }
                    )
                ),
                "warnings": array(ref("Warning")),
            }
        ),
        "Weights": {
            "description": "a map by weight name, a list in get_weights() order, or a seed",
            "anyOf": [array(ref("Tensor")), seed, {"type": "object", "additionalProperties": ref("Tensor")}],
        },
        "WantedOutputs": {
            "description": "the outputs that are wanted, as the Open Inference Protocol asks for them; left out: all",
            **array(
                {"anyOf": [STRING, ref("WantedOutput")]},
            ),
        },
        "ForwardParameters": switches("binary_data_output"),
        "ForwardParts": {
            "description": "the model and its tensors as files: .npy, .npz, safetensors or JSON; options as fields",
            "type": "object",
            "properties": {
                **{key: {"type": "string", "format": "binary"} for key in ("model", "inputs", "weights", "expected")},
                **{name: one.field.schema_of() for name, one in in_text("forward").items()},
            },
            "required": ["model", "inputs"],
        },
        "ServedTensor": row({"name": STRING, "datatype": {"enum": list(DATATYPES)}, "shape": array(INTEGER)}),
        "ServedModel": row(
            {
                "name": STRING,
                "versions": array(STRING),
                "platform": STRING,
                **dict.fromkeys(("inputs", "outputs"), array(ref("ServedTensor"))),
            }
        ),
        "Inferred": row(
            {"model_name": STRING, "model_version": STRING, "id": STRING, "outputs": array(ref("Tensor"))},
            "model_name model_version outputs",
        ),
        "TensorInfo": row({"name": STRING, "shape": SHAPE, "dtype": STRING}),
        "Warning": row({**PLACE, "detail": STRING}, "detail"),
        "Weight": row(
            {"name": STRING, "shape": SHAPE, "dtype": STRING, "trainable": FLAG, "shared": FLAG},
            "name shape dtype trainable",
        ),
        "OpCount": row(
            {"op": STRING, **dict.fromkeys((*KINDS, "flops", "bytes_read", "bytes_written"), COUNT)}, "op flops"
        ),
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
                "arithmetic_intensity": {**NUMBER, "description": "FLOPs for each byte that must be moved"},
                "receptive_field": {
                    "anyOf": [{"type": "null"}, row(dict.fromkeys(("size", "stride", "padding"), EXTENT))]
                },
                "counts": COUNTS,
                "explain": array(STRING),
                "roofline": {"anyOf": [{"type": "null"}, row({"seconds": NUMBER, "bound": STRING})]},
            },
            " ".join(("name type inputs input_shapes output_shape output_shapes weights ops", *counts)),
        ),
        "Totals": row(
            {**dict.fromkeys(counts, COUNT), "peak_activation_bytes": COUNT, "counts": COUNTS},
            " ".join((*counts, "peak_activation_bytes")),
        ),
        "Device": {
            "description": "a name from /v1/devices, `FLOP/s,bytes/s`, or both by name",
            "anyOf": [STRING, row({"peak_flops": POSITIVE, "bandwidth": POSITIVE})],
        },
        "DeviceEntry": row(device),
        "Memory": row(
            {
                "param_bytes_by_dtype": {"type": "object", "additionalProperties": COUNT},
                "peak_activation_bytes": COUNT,
                "peak_layer": {"type": ["string", "null"]},
                "inference_bytes": COUNT,
                "workspace_bytes": COUNT,
                "training": row(
                    {
                        "estimate": FLAG,
                        **dict.fromkeys(("weight_bytes", "gradient_bytes", "kept_activation_bytes"), COUNT),
                        **dict.fromkeys(("optimizer_state_bytes", "total_bytes"), COUNTS),
                        "step_flops": COUNT,
                        "assumptions": array(STRING),
                    }
                ),
            }
        ),
        "Convention": row(
            {**about, "rules": array(row({"op": STRING, "counts": STRING, "source": STRING}))},
            "name tool unit rule source",
        ),
        "Reconciliation": row(
            {
                "between": array(STRING, minItems=2, maxItems=2),
                "difference": COUNT,
                "terms": array(
                    {
                        **row({"op": STRING, "difference": COUNT, "detail": STRING}),
                        "additionalProperties": COUNT,
                    }
                ),
            }
        ),
        "Report": row(
            {
                "version": STRING,
                "model": row({"name": STRING, "format": STRING, "vocabulary": {"enum": list(VOCABULARIES)}}),
                "batch_size": {"type": ["integer", "null"]},
                "inputs": array(ref("TensorInfo")),
                "outputs": array(ref("TensorInfo")),
                "layers": array(ref("Row")),
                "totals": ref("Totals"),
                "memory": ref("Memory"),
                "warnings": array(ref("Warning")),
                "conventions": {"type": "object", "additionalProperties": row(about, "tool unit rule source")},
                "reconciliation": array(ref("Reconciliation")),
                "roofline": row({"device": row(device), "seconds": NUMBER, "rule": STRING}),
            },
            "version model batch_size inputs outputs layers totals memory warnings",
        ),
        "ForwardResult": row(
            {
                "outputs": array(ref("Tensor")),
                "verified": FLAG,
                "layers": array(row({**verified, **statistics, **profiled}, " ".join(verified))),
                "comparison": {
                    "anyOf": [
                        {"type": "null"},
                        row(
                            {
                                **compared,
                                "first_divergence": {"anyOf": [{"type": "null"}, row({"layer": STRING, **place})]},
                                "outputs": array(row({**output, "worst": row(place)}, " ".join(output))),
                            }
                        ),
                    ]
                },
                "non_finite": {"anyOf": [{"type": "null"}, row(culprit, "nan_count inf_count")]},
                "weights": row({"source": {"enum": ["posted", "seeded"]}, "seed": INTEGER}, "source"),
                "returned_layers": {"type": "object", "additionalProperties": ref("Tensor")},
                "warnings": array(ref("Warning")),
            },
        ),
        "LayerSummary": row({"type": STRING, "aliases": array(STRING), "family": STRING, "description": STRING}),
        "PresetList": row(
            {
                "presets": array(
                    row({"name": STRING, "description": STRING, "source": STRING, "budgets": array(ref("Budget"))})
                )
            }
        ),
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
                "request_id": {**STRING, "description": "as in X-Request-Id, and in the log"},
                "error": {**STRING, "description": "the detail again, under /v2"},
                "errors": array(row({**PLACE, "detail": STRING, "layer": STRING}, "detail")),
                "layers": array(ref("Row")),
            },
            "type title status detail instance",
        ),
    }
