"""Every option stands once in the table, and Python, HTTP, the command line and OpenAPI have it from there."""

import inspect

import numpy as np
import pytest

from layercalc import verbs
from layercalc.cli import cli
from layercalc.errors import InvalidModel
from layercalc.options import OPTIONS, VERBS, fields_of, in_text, read_envelope, read_texts
from layercalc.web import create_app
from layercalc.web.openapi.specification import specification
from tests.command import run

SPEC = specification()
ROUTES = {"analyze": "/v1/analyze", "forward": "/v1/forward", "check": "/v1/check", "diff": "/v1/diff"}
PRESENTED = {"columns", "strict"}  # what the answer looks like, which Python does not ask
OURS = {"limits", "path", "told"}  # what only faces say


@pytest.mark.parametrize("verb", ROUTES)
def test_python_has_the_same_names_and_defaults(verb):
    parameters = inspect.signature(getattr(verbs, verb)).parameters
    names = {"document" if name == "model" else name for name in VERBS[verb]} - PRESENTED
    assert set(parameters) - OURS == names
    for name, parameter in parameters.items():
        option = OPTIONS.get(name)
        if option and parameter.default is not parameter.empty:
            assert option.field.default == parameter.default or not (option.field.default or parameter.default), name


@pytest.mark.parametrize("verb", ROUTES)
def test_specification_lists_every_option(verb):
    operation = SPEC["paths"][ROUTES[verb]]["post"]
    query = {one["name"] for one in operation["parameters"] if isinstance(one, dict) and one.get("in") == "query"}
    assert set(in_text(verb)) <= query
    envelope = SPEC["components"]["schemas"][f"{verb.capitalize()}Envelope"]["properties"]
    assert list(envelope) == list(fields_of(verb)) == [name for name in VERBS[verb] if OPTIONS[name].json]


def test_forward_lists_what_it_takes():
    parameters = SPEC["paths"]["/v1/forward"]["post"]["parameters"]
    names = {one["name"] for one in parameters if isinstance(one, dict) and "name" in one}
    assert {"input_shape", "stats", "profile", "rtol", "atol", "dtype", "return_layers"} <= names


@pytest.mark.parametrize("verb", [*ROUTES, "layers"])
def test_command_line_has_every_option_that_can_be_written(verb):
    flags = {flag for parameter in cli.commands[verb].params for flag in parameter.opts}
    for name, option in in_text(verb).items():
        flag = f"--{name.replace('_', '-')}" if option.flag is None else option.flag
        assert not flag or flag in flags, name


MODEL = {"input_shape": [2], "layers": [{"type": "Dense", "units": 1, "kernel_initializer": "ones"}]}
SAID = [
    ("batch_size", "0", "at least 1"),
    ("batch_size", "two", "an integer"),
    ("batch_size", "1_0", "an integer"),
    ("no_such", "1", "There is no parameter 'no_such'."),
    ("bach_size", "1", "Did you mean 'batch_size'?"),
]


@pytest.mark.parametrize(("name", "text", "detail"), SAID)
def test_wrong_text_is_a_fault_of_its_parameter(name, text, detail):
    answer = create_app().test_client().post(f"/v1/analyze?{name}={text}", json=MODEL)
    assert answer.status_code == 422
    (fault,) = answer.json["errors"]
    assert fault["parameter"] == name
    assert detail in fault["detail"]


@pytest.mark.parametrize(
    ("name", "text", "passed"),
    [("rtol", "0", False), ("rtol", "1e-3", True), ("atol", "1e-2", True), ("rtol", "0.001", True)],
)
def test_tolerances_may_stand_in_the_query(name, text, passed):
    request = {"model": MODEL, "inputs": [[[1, 2]]], "expected": [[[3.001]]], "rtol": 0, "atol": 0}
    answer = create_app().test_client().post(f"/v1/forward?{name}={text}", json=request)
    assert answer.json["comparison"]["passed"] is passed


@pytest.mark.parametrize(("rtol", "atol", "code"), [("0", "0", 1), ("0", "0.1", 0), ("0.1", "0", 0)])
def test_nought_is_a_tolerance_on_the_command_line(tmp_path, rtol, atol, code):
    np.save(tmp_path / "x.npy", np.array([[1, 2]], "float32"))
    np.save(tmp_path / "y.npy", np.array([[3.00001]], "float32"))
    (tmp_path / "m.json").write_text(
        '{"input_shape": [2], "layers": [{"type": "Dense", "units": 1, "kernel_initializer": "ones"}]}'
    )
    arguments = ("m.json", "--input", "x.npy", "--expected", "y.npy", "--rtol", rtol, "--atol", atol)
    assert run("forward", *arguments, cwd=tmp_path).returncode == code


def test_texts_are_read_as_the_values_they_are():
    texts = {"conventions": ["fvcore,thop", "tf"], "explain": ["1"], "batch_size": ["3"], "input_shape": ["a:1", "b:2"]}
    assert read_texts("analyze", texts) == {
        "conventions": ["fvcore", "thop", "tf"],
        "explain": True,
        "batch_size": 3,
        "input_shape": ["a:1", "b:2"],
    }
    assert read_texts("check", {"strict": ["0"], "max_params": ["5M"]}, {"max_params"}) == {"strict": False}


def test_an_envelope_without_what_it_needs_says_so():
    with pytest.raises(InvalidModel, match="'model' is required"):
        read_envelope("check", {"budgets": []})
    with pytest.raises(InvalidModel, match=r'Expected an object \{"model": …, "inputs": …\}'):
        read_envelope("forward", [])
    assert read_envelope("check", {"model": MODEL}, ("budgets",))["budgets"] is None
