"""openapi.yaml, generated: layers from the registry, envelopes from the table of options, the rest from this folder."""

from functools import cache
from typing import Any

import yaml
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from layercalc import __version__, catalogue
from layercalc.layers import written
from layercalc.layers.fields import Field
from layercalc.options import VERBS, envelope, fields_of
from layercalc.web.openapi.answers import IDENTIFIED, KEYS, PROBLEM, REFUSED, guarded, problems
from layercalc.web.openapi.catalogue import LISTS, catalogue_paths, service_paths
from layercalc.web.openapi.documents import documents
from layercalc.web.openapi.fits import fits
from layercalc.web.openapi.inference import SERVED, inference_paths
from layercalc.web.openapi.operations import verb_paths
from layercalc.web.openapi.passes import RESULT, parts
from layercalc.web.openapi.primitives import Schema
from layercalc.web.openapi.reports import reports
from layercalc.web.openapi.sweeps import sweeps
from layercalc.web.openapi.tensors import TENSORS, WANTED
from layercalc.web.openapi.verdicts import verdicts
from layercalc.web.telemetry.request_log import PROBES

INFO = {
    "description": "Output shapes, parameters, FLOPs and memory of a neural network, by analysis alone.",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
TAGS = {  # each with the beginnings of its paths; the first that fits has them
    "models": (
        "what a model is and costs, and what it computes",
        ("/v1/analyze", "/v1/forward", "/v1/check", "/v1/diff", "/v1/sweep", "/v1/fit"),
    ),
    "catalogue": ("what models, budgets and reports are made of", ("/v1/",)),
    "inference": ("the models of a folder, by the Open Inference Protocol", ("/v2",)),
    "service": ("whether it lives, is ready, and what it has done", ("/",)),
}


def components() -> Schema:
    """The schemas that are no layer type and no envelope."""
    return {
        **documents(),
        **TENSORS,
        **verdicts(),
        **WANTED,
        "ForwardParts": parts(),
        **SERVED,
        **reports(),
        **sweeps(),
        **fits(),
        "ForwardResult": RESULT,
        **LISTS,
        "Problem": PROBLEM,
    }


def paths() -> Schema:
    """The routes."""
    return {**verb_paths(), **catalogue_paths(), **inference_paths(), **service_paths()}


@cache
def specification() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    plugin = MarshmallowPlugin()
    spec = APISpec("layercalc", __version__, "3.1.0", info=INFO, plugins=[plugin])
    assert plugin.converter is not None
    plugin.converter.add_attribute_function(  # type: ignore[no-untyped-call]
        lambda _, field, **__: field.json_schema() if isinstance(field, Field) else {}
    )
    for kind in written()[catalogue.DEFAULT].kinds.values():
        spec.components.schema(kind.type, catalogue.json_schema(kind))
    for name, schema in components().items():
        spec.components.schema(name, schema)
    for verb in VERBS:
        if fields_of(verb):
            spec.components.schema(envelope(verb).__name__, schema=envelope(verb))
    for name, scheme in KEYS.items():
        spec.components.security_scheme(name, scheme)
    for status, (name, headers) in REFUSED.items():
        spec.components.response(name, {**problems(status)[str(status)], "headers": headers})
    spec.components.parameter("RequestId", "header", IDENTIFIED)
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
