"""Layers that Keras JSON names and does not describe: rows around them, what it records of them, custom=recorded."""

import copy
import gzip
import json
from pathlib import Path

import pytest

from layercalc import InvalidModel, analyze, check, diff, forward
from layercalc.web import create_app
from tests.command import run

MODELS = json.loads(gzip.decompress((Path(__file__).parents[2] / "data/keras_custom/models.json.gz").read_bytes()))
KERAS = MODELS["models"]
RECORDED = {  # model: the layers that are not described, and the shape that Keras gives each, as Custom takes it
    "functional": {"/config/layers/2": [6]},
    "sequential": {"/config/layers/2": [6, 6, 4], "/config/layers/3": [6, 6, 4]},
    "outputs": {"/config/layers/1": [[5], [5]]},
    "named": {"/config/layers/2": [20]},
    "distributed": {"/config/layers/1/config/layer/config/layers/1": [5]},
    "wrapped": {"/config/layers/1/config/layer": [5]},
    "nested": {"/config/layers/1/config/layers/1": [5], "/config/layers/2": [4]},
    "ends": {"/config/layers/1/config/layers/2": [6]},
    "shared": {"/config/layers/1": [5]},
    "namesake": {"/config/layers/2": [8]},
    "cell": {"/config/layers/1": [6]},
    "integers": {"/config/layers/1": []},
    "open": {"/config/layers/2": [None, None, None, 4]},
    "function": {"/config/layers/1": [7, 5]},
}
UNRECORDED = {  # model: what is said, and the rows that do not depend on it
    "differ": ("two shapes of its output: [null, 12] at /config/layers/4/inbound_nodes/0", ["before"]),
    "folded": ("does not keep the batch of its input", []),
    "last": ("no shape of its output: no layer takes the output", ["before"]),
    "last_of_all": ("no shape of its output: no layer takes the output", ["before"]),
}


def refused(document, **options):
    with pytest.raises(InvalidModel) as caught:
        analyze(document, **options)
    return caught.value


def model(name):
    return copy.deepcopy(KERAS[name]["model"])


def test_every_recorded_model_is_in_a_table():
    assert {*RECORDED, *UNRECORDED} == set(KERAS)


@pytest.mark.parametrize("name", RECORDED)
def test_the_message_offers_custom_with_the_recorded_shape(name):
    errors = refused(model(name)).errors
    assert len(errors) == len(RECORDED[name])
    for error, (where, shape) in zip(errors, RECORDED[name].items(), strict=True):
        assert error["pointer"].startswith(where)
        assert f'"output_shape": {json.dumps(shape)}' in error["detail"]
        assert '"class_name": "Custom"' in error["detail"]
        assert "custom=recorded" in error["detail"]


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_shapes_are_taken_with_counts_null_and_a_warning_each(name):
    report = analyze(model(name), custom="recorded")
    told = [one["pointer"] for one in report["warnings"] if "is not computed" in one["detail"]]
    assert told == list(RECORDED[name])
    assert {one["pointer"] for one in report["warnings"]} == {*told, ""}
    shapes = {row["name"]: [row["output_shapes"]] for row in report["layers"]}
    for layer, outputs in KERAS[name]["layers"].items():
        if layer in shapes:
            assert shapes[layer] == [[shape for shape, _ in outputs]], layer
    own = [row for row in report["layers"] if row["type"] in ("Custom", "TimeDistributed") and "@" not in row["name"]]
    assert own
    assert {row[key] for row in own for key in ("params", "macs", "flops")} == {None}
    assert report["totals"]["params"] is None


@pytest.mark.parametrize("name", UNRECORDED)
@pytest.mark.parametrize("options", [{}, {"custom": "recorded"}])
def test_what_is_not_recorded_stays_a_fault_that_says_so(name, options):
    words, rows = UNRECORDED[name]
    error = refused(model(name), **options)
    assert words in error.errors[0]["detail"]
    assert '"output_shape": …' in error.errors[0]["detail"]
    assert [row["name"] for row in error.layers if row["type"] != "Custom"] == rows
    assert ("custom=recorded has nothing to keep" in error.errors[0]["detail"]) is bool(options)


ROWS = {"functional": ["before", "beside"], "sequential": ["conv"], "named": ["before"], "ends": ["ends/d"]}


@pytest.mark.parametrize("name", ROWS)
def test_rows_go_as_far_as_they_can(name, tmp_path):
    """In Python, in JSON, in text and on the command line."""
    document, client = model(name), create_app().test_client()
    rows = ROWS[name]
    assert [row["name"] for row in refused(document).layers] == rows
    assert [row["name"] for row in client.post("/v1/analyze", json=document).json["layers"]] == rows
    text = client.post("/v1/analyze", json=document, headers={"Accept": "text/plain"}).text
    (tmp_path / "m.json").write_text(json.dumps(document))
    ended = run("analyze", "m.json", cwd=tmp_path)
    assert ended.returncode == 2
    for answer in (text, ended.stderr):
        assert all(row in answer for row in rows)
        assert '"output_shape": ' in answer


def test_a_stack_has_its_rows_too():
    layers = [{"type": "Dense", "units": 4}, {"type": "Lambda"}, {"type": "Dense", "units": 2}]
    assert [row["name"] for row in refused({"input_shape": [3], "layers": layers}).layers] == ["dense"]


def item(kind, name, config=None, /, **more):
    return {"class_name": kind, "config": {"name": name, **(config or {})}, **more}


def call(*names, **kwargs):
    return [[[name, 0, 0, kwargs if i == 0 else {}] for i, name in enumerate(names)]]


def graph(*layers, end):
    first = item("InputLayer", "x", {"batch_input_shape": [None, 8]}, name="x", inbound_nodes=[])
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [[end, 0, 0]]}
    return {"class_name": "Functional", "config": {"name": "m", "layers": [first, *layers], **ends}}


def sequence(*layers):
    first = item("InputLayer", "x", {"batch_input_shape": [None, 8]})
    return {"class_name": "Sequential", "config": {"name": "m", "layers": [first, *layers]}}


LAMBDA = {"function": ["4wEA", None, None], "function_type": "lambda", "output_shape": None, "arguments": {}}
FIXED = {**LAMBDA, "output_shape": [5], "output_shape_type": "raw"}
COMPUTED = {**LAMBDA, "output_shape": ["4wEA", None, None], "output_shape_type": "lambda"}
AFTER = {"units": 2}
OLD = [  # documents of Keras 2, and the shape of the layer that they record, or what is said
    (sequence(item("Lambda", "mine", FIXED), item("Dense", "d", AFTER)), [5]),
    (sequence(item("Lambda", "mine", FIXED)), [5]),
    (sequence(item("Lambda", "mine", COMPUTED), item("Dense", "d", AFTER)), "what takes the output names none"),
    (sequence(item("Lambda", "mine", LAMBDA), item("Dense", "d", {**AFTER, "batch_input_shape": [None, 5]})), [5]),
    (sequence(item("Mine", "mine"), item("Dense", "d", AFTER, build_config={"input_shape": [None, 5]})), [5]),
    (sequence(item("pkg>Mine", "mine"), item("Dense", "d", AFTER, build_config={"input_shape": [None, 5]})), [5]),
    (
        sequence(item("Lambda", "mine", FIXED), item("Dense", "d", AFTER, build_config={"input_shape": [None, 6]})),
        "two shapes of its output",
    ),
    (
        graph(
            item("Mine", "mine", name="mine", inbound_nodes=call("x")),
            item("Dense", "d", AFTER, name="d", inbound_nodes=call("mine")),
            end="d",
        ),
        "what takes the output names none",
    ),
    (
        graph(
            item("Mine", "mine", name="mine", inbound_nodes=call("x", other=["x", 0, 0])),
            item("Dense", "d", AFTER, name="d", inbound_nodes=call("mine"), build_config={"input_shape": [None, 5]}),
            end="d",
        ),
        [5],
    ),
    (
        graph(
            item("Mine", "mine", name="mine", inbound_nodes=call("x")),
            item(
                "Concatenate",
                "d",
                name="d",
                inbound_nodes=call("x", "mine"),
                build_config={"input_shape": [[None, 8], [None, 5]]},
            ),
            end="d",
        ),
        [5],
    ),
]


@pytest.mark.parametrize(("document", "expected"), OLD)
def test_documents_of_keras_2(document, expected):
    if isinstance(expected, str):
        assert expected in refused(document, custom="recorded").errors[0]["detail"]
        return
    assert f'"output_shape": {json.dumps(expected)}' in refused(document).errors[0]["detail"]
    report = analyze(document, custom="recorded")
    assert [row["output_shape"] for row in report["layers"] if row["type"] == "Custom"] == [[None, *expected]]


def test_the_offer_can_be_taken_as_it_stands():
    document = model("sequential")
    for index in (2, 3):
        layer = document["config"]["layers"][index]
        layer["class_name"] = "Custom"
        layer["config"] = {"name": layer["config"]["name"], "output_shape": [6, 6, 4], "params": 4, "macs": 0}
    assert analyze(document)["totals"]["params"] == 112 + 4 + 4 + 290


def test_a_recorded_dtype_is_kept():
    document = model("functional")
    taken = document["config"]["layers"][3]["inbound_nodes"][0]["args"][0]["config"]
    taken["dtype"] = "float16"
    rows = {row["name"]: row for row in analyze(document, custom="recorded")["layers"]}
    assert rows["first"]["activation_bytes"] == 6 * 2


def test_recorded_shapes_hold_for_recorded_inputs_only():
    error = refused(model("sequential"), custom="recorded", input_shape=[16, 16, 3]).errors[0]
    assert error["parameter"] == "input_shape"
    assert "recorded for 'input_layer_1' of [8, 8, 3]" in error["detail"]
    assert analyze(model("open"), custom="recorded", input_shape=[16, 16, 3])["layers"][1]["output_shape"][1:3] == [
        None,
        None,
    ]


def test_a_package_of_a_like_name_is_not_keras():
    layer = item("Dense", "mine", {"units": 2}, module="keras_nets.layers", registered_name="keras_nets>Dense")
    assert "keras_nets" in refused(sequence(layer)).errors[0]["detail"]


def test_every_verb_takes_it():
    document = model("functional")
    budgets = [{"metric": "params", "layer": "after", "equals": 21}]
    assert check(document, budgets, custom="recorded")["passed"]
    assert diff(document, document, custom="recorded")["identical"]
    with pytest.raises(InvalidModel, match="holds nothing that could be run"):
        forward(document, {"seed": 1}, custom="recorded")
    with pytest.raises(InvalidModel, match="runs Python code"):
        check(document, budgets)


def test_it_goes_through_the_service():
    client, document = create_app().test_client(), model("functional")
    assert client.post("/v1/analyze?custom=recorded", json=document).status_code == 200
    assert client.post("/v1/analyze", json={"model": document, "custom": "recorded"}).status_code == 200
    wrong = client.post("/v1/analyze?custom=guessed", json=document)
    assert wrong.json["errors"][0]["parameter"] == "custom"
    inside = client.post("/v1/check", json={"model": document, "budgets": [{"metric": "params", "max": 1}]})
    assert inside.json["errors"][0]["pointer"] == "/model/config/layers/2/class_name"


def test_it_goes_through_the_command_line_and_budgets(tmp_path):
    (tmp_path / "m.json").write_text(json.dumps(model("functional")))
    ended = run("analyze", "m.json", "--custom", "recorded", "--format", "json", cwd=tmp_path)
    assert [row["name"] for row in json.loads(ended.stdout)["layers"]] == ["before", "first", "after", "beside"]
    assert "/config/layers/2" in ended.stderr
    budget = {"metric": "params", "layer": "after", "equals": 21}
    budgets = {"models": [{"path": "m.json", "custom": "recorded", "budgets": [budget]}]}
    (tmp_path / "layercalc.yaml").write_text(json.dumps(budgets))
    assert run("check", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("kind", [["Lambda"], {"a": 1}, None, 3])
@pytest.mark.parametrize("options", [{}, {"custom": "recorded"}])
def test_a_class_name_that_is_none_is_a_fault(kind, options):
    document = model("functional")
    document["config"]["layers"][2]["class_name"] = kind
    assert "Expected a layer as Keras writes it" in refused(document, **options).errors[0]["detail"]
