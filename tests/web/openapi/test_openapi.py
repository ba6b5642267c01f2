"""The specification: fresh, valid, true of every layer, and true of the application."""

import re
from functools import cache
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import one_of

from layercalc import analyze, catalogue, forward
from layercalc.layers.keras.base import KERAS
from layercalc.limits import Limits
from layercalc.web import create_app
from layercalc.web.openapi.documents import CODE, SMALL, TINY
from layercalc.web.openapi.specification import specification, specification_text
from tests import oracle

ROOT = Path(__file__).parents[3]
SPEC = specification()


def validator(name):
    return jsonschema.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": SPEC["components"]})


def test_committed_file_is_fresh():
    assert (ROOT / "openapi.yaml").read_text() == specification_text(), "run `make openapi`"


def test_every_reference_leads_somewhere():
    names = set(re.findall(r"#/components/schemas/(\w+)", specification_text()))
    assert names <= set(SPEC["components"]["schemas"])
    assert yaml.safe_load(specification_text()) == SPEC


def enumerations(node, path=""):
    """Every enumeration of the specification, with where it stands."""
    if isinstance(node, dict):
        if isinstance(node.get("enum"), list):
            yield path, node["enum"]
        for key, value in node.items():
            yield from enumerations(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from enumerations(value, f"{path}/{index}")


def test_enumerations_can_be_names_in_a_program():
    """Generators of clients make a name of each value, in capitals: values of one type, none twice in other letters."""
    found = dict(enumerations(SPEC))
    assert len(found) > 100
    for path, values in found.items():
        assert {type(value) for value in values} in ({str}, {int}), path
        assert len({str(value).casefold() for value in values}) == len(values), path


def test_every_operation_has_a_name_and_a_tag():
    known = {tag["name"] for tag in SPEC["tags"]}
    operations = [one for methods in SPEC["paths"].values() for one in methods.values()]
    assert len({one["operationId"] for one in operations}) == len(operations)
    for one in operations:
        assert set(one["tags"]) <= known
        assert one["tags"]
        assert next(iter(one.get("requestBody", {}).get("content", {"application/json": None}))) == "application/json"


def test_layer_is_a_tagged_union_of_every_type():
    layer = SPEC["components"]["schemas"]["Layer"]
    assert len(layer["oneOf"]) == len(KERAS.kinds)
    assert set(layer["discriminator"]["mapping"]) == {*KERAS.kinds, *KERAS.aliases}


@pytest.mark.parametrize("name", KERAS.kinds)
def test_example_is_exactly_one_layer_of_the_specification(name):
    example = catalogue.example(KERAS.kinds[name])["layer"]
    validator("Layer").validate(example)
    for alias in KERAS.kinds[name].aliases:
        validator("Layer").validate({**example, "type": alias})
    assert not validator("Layer").is_valid({**example, "type": "Nope"})
    assert not validator("Layer").is_valid({**example, "name": 3})


def test_documents_and_answers_are_as_specified():
    validator("Stack").validate(TINY)
    validator("KerasModel").validate(yaml.safe_load(oracle.app("VGG16")[0]))
    validator("ForwardEnvelope").validate(SMALL)
    validator("Report").validate(analyze(TINY))
    validator("Report").validate(analyze(CODE))
    validator("Report").validate(analyze(TINY, conventions="all", explain=True, device="a100"))
    validator("ConventionList").validate({"conventions": catalogue.conventions()})
    validator("DeviceList").validate({"devices": catalogue.devices()})
    validator("ForwardResult").validate(
        forward(SMALL["model"], SMALL["inputs"], SMALL["weights"], stats=True, expected=[[[0, 0]]])
    )
    for name in KERAS.kinds:
        validator("LayerEntry").validate(catalogue.entry(name))


OPERATIONS = [
    f"{method.upper()} {path}"
    for path, item in SPEC["paths"].items()
    for method in item
    if method in ("get", "post", "put", "delete")
]


@cache
def schema():
    """Made by the process that runs its tests, as schemathesis is imported by it: most processes only list them."""
    import schemathesis

    made = schemathesis.openapi.from_wsgi(
        "/openapi.json", create_app(Limits(max_forward_flops=10**7, max_forward_bytes=10**7))
    )
    made.config.checks.negative_data_rejection.expected_statuses.append("411")  # a request without a body has no length
    return made


@pytest.mark.parametrize("name", OPERATIONS)
def test_application_keeps_to_its_specification(name):
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    method, path = name.split(" ")
    operation = schema()[path][method]
    drawn = one_of([operation.as_strategy(mode) for mode in GenerationMode])

    def keeps(case):
        # Whether layers fit each other is more than a schema can say: a valid request may be refused, with a 422.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    patient = settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)
    patient(given(drawn)(keeps))()
    for example in operation.get_strategies_from_examples():
        settings(patient, max_examples=1)(given(example)(keeps))()
