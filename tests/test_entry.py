"""`entry`, the expression that makes the model of code, in Python, over HTTP, on the command line, in budgets."""

import json

import pytest

from layercalc import Refused, analyze, check, diff, forward
from tests.command import run

CODE = """
from keras import Input, Model, layers

def block(x, width):
    return layers.Dense(width, activation="relu")(x)

def build(width, classes=10):
    x = inputs = Input((8,))
    return Model(inputs, layers.Dense(classes)(block(x, width)))

def other():
    return build(3)
"""
OF_32 = 8 * 32 + 32 + 32 * 10 + 10


def test_it_chooses_the_model_and_the_report_says_so():
    report = analyze(CODE, entry="build(32)")
    assert report["totals"]["params"] == OF_32
    assert report["model"]["entry"] == "build(32)"
    assert analyze(CODE, entry="build(width=4, classes=2)")["totals"]["params"] == 8 * 4 + 4 + 4 * 2 + 2


def test_without_it_the_candidates_are_listed():
    with pytest.raises(Refused) as caught:
        analyze(CODE)
    (fault,) = caught.value.errors
    assert "`entry`" in fault["detail"]
    assert "build(width, classes=10) of line 7" in fault["detail"]


def test_the_name_of_the_model_that_was_read_is_its_entry():
    code = "import keras\nnet = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])\n"
    assert analyze(code)["model"]["entry"] == "net"
    assert "entry" not in analyze("Dense(2, input_dim=4)")["model"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("biuld(32)", "biuld"),
        ("build(", "never closed"),
        ("build(32); build(2)", "one expression"),
        ("", "one expression"),
        ("build", "No model is made"),
        ("build()", "width"),
        ("block", "No model is made"),
        ("32", "No model is made"),
        ("__import__('os').system('true')", ""),
        ("build(10 ** 10 ** 10)", "bits"),
    ],
)
def test_what_makes_no_model_is_a_fault_of_the_parameter(entry, words):
    with pytest.raises(Refused) as caught:
        analyze(CODE, entry=entry)
    (fault,) = caught.value.errors
    assert fault["parameter"] == "entry"
    assert words in fault["detail"]


OBJECTS = """
from keras import Input, Model, Sequential, layers

class Agent:
    def __init__(self, n):
        self.units, self.target = n, None
        self.model = Sequential([Input((n,)), layers.Dense(2)])

class Gan:
    def __init__(self, n):
        self.first, self.second = Sequential([Input((n,)), layers.Dense(3)]), Sequential([Input((3,)), layers.Dense(1)])
        x = Input((n,))
        self.both = Model(x, self.second(self.first(x)))

class Two(Gan):
    def __init__(self, n):
        super().__init__(n)
        self.other = Sequential([Input((n,)), layers.Dense(5)])
"""


@pytest.mark.parametrize(("entry", "path", "params"), [("Agent(4)", "model", 10), ("Gan(4)", "both", 19)])
def test_of_an_object_the_model_that_has_the_others_inside_is_meant(entry, path, params):
    report = analyze(OBJECTS, entry=entry)
    assert report["totals"]["params"] == params == analyze(OBJECTS, entry=f"{entry}.{path}")["totals"]["params"]
    assert f"{entry} gives an object; {entry}.{path} is answered for" in str(report["warnings"])


@pytest.mark.parametrize(
    ("entry", "words"),
    [("Two(4)", "name one of them: Two(4).both or Two(4).other"), ("Agent(4).units", "No model is made; received 4.")],
)
def test_of_an_object_that_has_several_models_one_is_asked_for(entry, words):
    with pytest.raises(Refused) as caught:
        analyze(OBJECTS, entry=entry)
    assert words in caught.value.errors[0]["detail"]
    assert caught.value.errors[0]["parameter"] == "entry"


def test_a_fault_inside_the_text_stands_at_its_line():
    with pytest.raises(Refused) as caught:
        analyze(CODE, entry="build('wide')")
    assert caught.value.errors[0]["line"] == 5


@pytest.mark.parametrize(
    "document", [{"input_shape": [4], "layers": [{"type": "Dense", "units": 2}]}, '{"layers": []}']
)
def test_what_is_no_code_has_none(document):
    with pytest.raises(Refused) as caught:
        analyze(document, entry="model")
    assert caught.value.errors[0]["parameter"] == "entry"


def test_every_verb_takes_it(tmp_path):
    ran = forward(CODE, {"seed": 1}, entry="build(32)")
    assert ran["outputs"][0]["shape"] == [1, 10]
    budgets = [{"metric": "params", "equals": OF_32}]
    assert check(CODE, budgets, entry="build(32)")["passed"]
    stack = {"input_shape": [8], "layers": [{"type": "Dense", "units": 32}, {"type": "Dense", "units": 10}]}
    assert check(CODE, [{"metric": "params", "max_increase": 0}], stack, entry="build(32)")["passed"]
    assert diff(CODE, stack, entry="build(32)")["totals"]["params"]["delta"] == 0
    assert diff(stack, CODE, entry="build(32)")["totals"]["params"]["delta"] == 0
    with pytest.raises(Refused):
        diff(stack, stack, entry="build(32)")


def test_it_goes_through_the_service(client):
    answer = client.post("/v1/analyze?entry=build(32)", data=CODE, content_type="text/x-python")
    assert answer.json["totals"]["params"] == OF_32
    envelope = {"model": CODE, "entry": "build(16)", "inputs": {"seed": 1}}
    assert client.post("/v1/forward", json=envelope).json["outputs"][0]["shape"] == [1, 10]


def test_it_goes_through_the_command_line_and_budgets(tmp_path):
    (tmp_path / "nets.py").write_text(CODE)
    ended = run("analyze", "nets.py", "--entry", "build(32)", "--format", "json", cwd=tmp_path)
    assert json.loads(ended.stdout)["totals"]["params"] == OF_32
    budgets = {
        "models": [
            {"path": "nets.py", "entry": "build(32)", "budgets": [{"metric": "params", "equals": OF_32}]},
            {"path": "nets.py", "entry": "build(2)", "budgets": [{"metric": "params", "max": 10}]},
        ]
    }
    (tmp_path / "layercalc.yaml").write_text(json.dumps(budgets))
    ended = run("check", "--format", "json", cwd=tmp_path)
    assert ended.returncode == 1
    assert '"actual": 48' in ended.stdout
