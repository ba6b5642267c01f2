"""SARIF 2.1.0, which code scanning and editors read. Section numbers are those of the OASIS standard."""

from typing import Any
from urllib.parse import quote

from layercalc import __version__
from layercalc.budgets import Judged
from layercalc.escapes import json_text
from layercalc.formats.findings import Finding, findings

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"error": "error", "warn": "warning", "note": "note"}
ROOT = "%SRCROOT%"
EXACT = 1 << 53  # past it a reader of JSON may round


def sarif(judged: Judged) -> str:
    """A result for each budget that is exceeded, and a note for each warning of the model's reader.

    A fault is a notification of a run that did not succeed.
    """
    found = findings(judged)
    metrics = sorted({one["metric"] for _, verdict in judged for one in verdict["results"]})
    faults = [one for one in found if one.level == "fault"]
    rules = [*(rule(metric) for metric in metrics), *([NOTED] if any(one.level == "note" for one in found) else [])]
    driver: dict[str, Any] = {
        "name": "layercalc",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": rules,
    }
    if faults:
        driver["notifications"] = [{"id": "fault", "shortDescription": {"text": "A budget could not be judged"}}]
    invocation: dict[str, Any] = {"executionSuccessful": not faults}
    if faults:
        invocation["toolExecutionNotifications"] = [
            {"descriptor": {"id": "fault", "index": 0}, "level": "error", "message": {"text": one.detail}, **at(one)}
            for one in faults
        ]
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "layercalc/check/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "invocations": [invocation],
        "results": [result(one, metrics) for one in found if one.level != "fault"],
    }
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


NOTED = {
    "id": "warning",
    "name": "ReadWithWarning",
    "shortDescription": {"text": "The model was read with a warning"},
    "fullDescription": {"text": "Something in the model's document was read in a way that its author may not mean."},
    "help": {"text": "Write it as the message says, or make sure that it was read as it is meant."},
    "defaultConfiguration": {"level": "note"},
    "properties": {"tags": ["model"]},
}


def rule(metric: str) -> dict[str, Any]:
    return {
        "id": f"budget/{metric}",
        "name": "".join(part.capitalize() for part in metric.split("_")) + "Budget",
        "shortDescription": {"text": f"The budget of {metric} is exceeded"},
        "fullDescription": {
            "text": f"A model, or one of its layers, is past the limit that its budget sets on {metric}."
        },
        "help": {"text": "Make the layers that the message names smaller, or, if it was meant, move the limit."},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["model", "performance"]},
    }


def result(one: Finding, metrics: list[str]) -> dict[str, Any]:
    found = one.result
    numbers = {key: number(found[key]) for key in ("limit", "actual", "excess") if key in found}
    return {
        "ruleId": f"budget/{found['metric']}" if found else NOTED["id"],
        "ruleIndex": metrics.index(found["metric"]) if found else len(metrics),
        "level": LEVELS[one.level],
        "message": {"text": f"{one.model}: {one.detail}"},
        **at(one),
        "partialFingerprints": {"primaryLocationLineHash": f"{one.key[:16]}:1", "layercalc/v1": one.key},
        "properties": {"model": one.model, **numbers},
    }


def number(value: Any) -> Any:
    return str(value) if isinstance(value, int) and abs(value) >= EXACT else value


def at(one: Finding) -> dict[str, Any]:
    """The physical location (3.28), relative to the root of the repository; the layer as the logical one (3.33)."""
    if one.file is None:
        return {"locations": [{"message": {"text": "standard input"}}]}
    absolute = one.file.startswith("/")
    uri = ("file://" if absolute else "") + quote(one.file, errors="surrogateescape")
    artifact = {"uri": uri} if absolute else {"uri": uri, "uriBaseId": ROOT}
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": one.line}}}
    layers = [layer["name"] for layer in one.result.get("layers", ())][:10] or [one.result.get("layer")]
    if named := [name for name in layers if name]:
        location["logicalLocations"] = [{"name": name, "fullyQualifiedName": f"{one.model}/{name}"} for name in named]
    return {"locations": [location]}
