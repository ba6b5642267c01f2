"""Every option stands once in the table, and Python, HTTP, the command line and OpenAPI have it from there."""

import inspect

import numpy as np
import pytest

from layercalc import analyze, check, diff, forward, verbs
from layercalc.cli import cli
from layercalc.errors import InvalidModel
from layercalc.options import VERBS, fields_of, in_text, option, read_envelope, read_texts
from layercalc.web import create_app
from layercalc.web.openapi.specification import specification
from tests.command import run

SPEC = specification()
ROUTES = {verb: f"/v1/{verb}" for verb in ("analyze", "forward", "check", "diff", "sweep", "fit")}
PRESENTED = {"columns", "depth", "strict"}  # what the answer looks like, which Python does not ask
OURS = {"limits", "path", "progress", "beside", "executor"}  # what only faces say


@pytest.mark.parametrize("verb", ROUTES)
def test_python_has_the_same_names_and_defaults(verb):
    parameters = inspect.signature(getattr(verbs, verb)).parameters
    names = {"document" if name == "model" else name for name in VERBS[verb]}
    assert set(parameters) - OURS == names - (PRESENTED - set(parameters))
    for name, parameter in parameters.items():
        if name in names - {"document"} and parameter.default is not parameter.empty:
            default = option(verb, name).field.default
            assert default == parameter.default or not (default or parameter.default), name


@pytest.mark.parametrize("verb", ROUTES)
def test_specification_lists_every_option(verb):
    operation = SPEC["paths"][ROUTES[verb]]["post"]
    query = {one["name"] for one in operation["parameters"] if isinstance(one, dict) and one.get("in") == "query"}
    assert set(in_text(verb)) <= query
    envelope = SPEC["components"]["schemas"][f"{verb.capitalize()}Envelope"]["properties"]
    assert list(envelope) == list(fields_of(verb)) == [name for name in VERBS[verb] if option(verb, name).json]


def test_forward_lists_what_it_takes():
    parameters = SPEC["paths"]["/v1/forward"]["post"]["parameters"]
    names = {one["name"] for one in parameters if isinstance(one, dict) and "name" in one}
    assert {"input_shape", "stats", "profile", "rtol", "atol", "dtype", "return_layers"} <= names


@pytest.mark.parametrize("verb", [*ROUTES, "layers"])
def test_command_line_has_every_option_that_can_be_written(verb):
    flags = {flag for parameter in cli.commands[verb].params for flag in parameter.opts}
    for name, one in in_text(verb).items():
        flag = f"--{name.replace('_', '-')}" if one.flag is None else one.flag
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


TWO = {
    "inputs": [{"name": "x", "shape": [2]}, {"name": "y", "shape": [2]}],
    "layers": [{"type": "Add", "inputs": ["x", "y"]}],
}
ONE = {"input_shape": [2], "layers": [{"type": "ReLU"}]}
SHAPED = [
    # document, options, the shapes of the inputs
    (ONE, {"batch_shape": "8,3"}, [[8, 3]]),
    (ONE, {"batch_shape": "null,3"}, [[None, 3]]),
    (ONE, {"batch_shape": [None, 3], "batch_size": 4}, [[4, 3]]),
    (ONE, {"batch_shape": [4, 3], "batch_size": 4}, [[4, 3]]),
    (ONE, {"batch_shape": {"input": [5, 3]}}, [[5, 3]]),
    (ONE, {"batch_shape": [[5, 3]]}, [[5, 3]]),
    (ONE, {"input_shape": "3"}, [[None, 3]]),
    (TWO, {"batch_shape": ["8,3", "8,1"]}, [[8, 3], [8, 1]]),
    (TWO, {"batch_shape": [[8, 3], [8, 1]]}, [[8, 3], [8, 1]]),
    (TWO, {"batch_shape": ["y:8,1", "x:8,3"]}, [[8, 3], [8, 1]]),
    (TWO, {"batch_shape": ["y:null,1"]}, [[None, 2], [None, 1]]),
    (TWO, {"batch_shape": "y:6,1", "input_shape": "x:5"}, [[6, 5], [6, 1]]),
    (TWO, {"input_shape": ["3", "1"]}, [[None, 3], [None, 1]]),
]


@pytest.mark.parametrize(("document", "options", "shapes"), SHAPED)
def test_shapes_of_inputs(document, options, shapes):
    """The same by Python, by the envelope and, where they are texts, by the query."""
    client = create_app().test_client()
    reports = [analyze(document, **options), client.post("/v1/analyze", json={"model": document, **options}).json]
    if all(isinstance(text, str) for value in options.values() for text in np.ravel(np.array(value, object))):
        reports.append(client.post("/v1/analyze", json=document, query_string=options).json)
    for report in reports:
        assert [one["shape"] for one in report["inputs"]] == shapes


MISSHAPED = [
    (ONE, {"batch_shape": "3x"}, "Expected sizes with the batch first, such as 8,28,28,1"),
    (ONE, {"batch_shape": []}, "received no size for the input 'input'"),
    (ONE, {"batch_shape": ["1,2", "3,4"]}, "The model has one input; received 2 shapes."),
    (ONE, {"batch_shape": [8, 3], "batch_size": 4}, "has a batch of 8, and batch_size says 4"),
    (ONE, {"batch_shape": [8, 3], "input_shape": [3]}, "has an input_shape too"),
    (TWO, {"batch_shape": "8,3"}, "The model has 2 inputs; say which, as in batch_shape=x:8,16."),
    (TWO, {"batch_shape": ["y:8,3", "y:8,4"]}, "The input 'y' has two shapes"),
    (TWO, {"batch_shape": ["z:8,3"]}, "There is no input 'z'."),
]


@pytest.mark.parametrize(("document", "options", "words"), MISSHAPED)
def test_shapes_of_inputs_that_are_wrong(document, options, words):
    answer = create_app().test_client().post("/v1/analyze", json={"model": document, **options})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/batch_shape"
    assert words in answer.json["errors"][0]["detail"]
    with pytest.raises(InvalidModel) as caught:
        analyze(document, **options)
    assert caught.value.errors[0]["parameter"] == "batch_shape"


def test_batch_shape_goes_to_every_verb():
    shape = {"batch_shape": "6,2"}
    assert forward(ONE, {"seed": 1}, **shape)["outputs"][0]["shape"] == [6, 2]
    assert check(ONE, [{"metric": "output_shape", "equals": [6, 2]}], **shape)["passed"]
    both = diff(ONE, {**ONE, "layers": [*ONE["layers"], {"type": "ReLU"}]}, **shape)
    assert both["totals"]["flops"]["delta"] == 12


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
