"""Operators as layers of a stack and of the catalogue: every one of them, by existing."""

import inspect

import jsonschema
import numpy as np
import pytest

import layercalc
from layercalc import catalogue
from layercalc.layers.onnx.base import ONNX, called
from layercalc.web import create_app
from tests.command import run

EXAMPLES = [name for name, kind in ONNX.kinds.items() if kind.example is not None]


def stack(name):
    """A stack of one operator on its example's tensors."""
    one = catalogue.example(ONNX.kinds[name])
    dtypes = one.get("input_dtypes") or ["float32"] * len(one["input_shapes"])
    named = enumerate(zip(one["input_shapes"], dtypes, strict=True))
    inputs = [{"name": f"in{i}", "batch_shape": shape, "dtype": dtype} for i, (shape, dtype) in named]
    layer = {**one["layer"], **({"inputs": [each["name"] for each in inputs]} if inputs else {})}
    inputs = inputs or [{"name": "unread", "shape": [1]}]
    return {"vocabulary": "onnx", "inputs": inputs, "layers": [layer]}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_runs_to_the_shapes_that_the_analysis_says(name):
    document = stack(name)
    result = layercalc.forward(document, {"seed": 1})
    (row,) = layercalc.analyze(document)["layers"]
    assert result["verified"]
    assert [one["shape"] for one in result["outputs"]] == row["output_shapes"]
    assert row["type"] == name
    jsonschema.validate(document["layers"][0], {**catalogue.json_schema(ONNX.kinds[name]), "properties": {}})


@pytest.mark.parametrize("name", ONNX.kinds)
def test_fields_are_the_signature(name):
    """Attributes and inputs under ONNX' names, documented, with a schema that takes the example and nothing odd."""
    entry = catalogue.entry(name, "onnx")
    version = ONNX.kinds[name].version
    singles = [called(p) for p in version.inputs if p.kind is not p.VAR_POSITIONAL]
    told = ["outputs"] if version.counts_outputs else []
    assert [field["name"] for field in entry["fields"]] == [*singles, *version.attributes, *told]
    needed = [key for key, p in version.attributes.items() if p.default is inspect.Parameter.empty]
    assert [field["name"] for field in entry["fields"] if field["required"]] == needed
    assert entry["description"]
    assert entry["family"] == version.call.__module__.rpartition(".")[2]
    for field in entry["fields"]:
        check = jsonschema.Draft202012Validator(field["schema"])
        if entry["example"] and field["name"] in entry["example"]["layer"]:
            check.validate(entry["example"]["layer"][field["name"]])
        if "default" in field:
            check.validate(field["default"])
        for odd in ({"no": 1}, ["a", 1], 10**400):
            if field["schema"].get("type") != "array":
                value = {"type": name, field["name"]: odd}
                assert refused({"vocabulary": "onnx", "input_shape": [2], "layers": [value]})


def refused(document):
    with pytest.raises(layercalc.InvalidModel) as caught:
        layercalc.analyze(document)
    return {one.get("pointer"): one["detail"] for one in caught.value.errors}


NET = {
    "vocabulary": "onnx",
    "input_shape": [3, 32, 32],
    "layers": [
        {"type": "Conv", "W": {"shape": [16, 3, 3, 3]}, "B": {"shape": [16]}, "pads": [1, 1, 1, 1]},
        {"type": "Relu"},
        {"type": "MaxPool", "kernel_shape": [2, 2], "strides": [2, 2]},
        {"type": "Flatten"},
        {"type": "Gemm", "B": {"shape": [10, 4096]}, "C": {"shape": [10]}, "transB": 1},
        {"type": "Mul", "B": 2.0},
    ],
}


def test_a_stack_in_its_words():
    report = layercalc.analyze(NET)
    assert report["model"] == {"name": "model", "format": "stack", "vocabulary": "onnx"}
    assert [(row["name"], row["output_shape"], row["params"], row["macs"]) for row in report["layers"]] == [
        ("Conv", [None, 16, 32, 32], 448, 442368),
        ("Relu", [None, 16, 32, 32], 0, 0),
        ("MaxPool", [None, 16, 16, 16], 0, 0),
        ("Flatten", [None, 4096], 0, 0),
        ("Gemm", [None, 10], 40970, 40960),
        ("Mul", [None, 10], 1, 0),
    ]
    named = [weight["name"] for row in report["layers"] for weight in row["weights"]]
    assert named == ["Conv/W", "Conv/B", "Gemm/B", "Gemm/C", "Mul/B"]


def test_it_runs_on_weights_by_those_names_and_on_numbers_of_the_document():
    document = {
        "vocabulary": "onnx",
        "input_shape": [2],
        "layers": [
            {"type": "Gemm", "name": "fc", "B": {"shape": [2, 1]}},
            {"type": "Add", "B": [1.5]},
            {"type": "Unsqueeze", "axes": [0]},
            {"type": "Sub", "A": 10.0},
        ],
    }
    weights = {"fc/B": [[2.0], [3.0]], "Add/B": [1.5]}
    answer = layercalc.forward(document, [np.array([[1, 1], [0, 1]], "float32")], {**weights, "Sub/A": 10.0})
    assert answer["outputs"][0].tolist() == [[[3.5], [5.5]]]
    own = layercalc.forward(document, [np.ones((1, 2), "float32")], {"seed": 3})
    assert own["outputs"][0].shape == (1, 1, 1)


@pytest.mark.parametrize(
    ("layer", "pointer", "detail"),
    [
        ({"type": "Conv"}, "/layers/0", "Conv needs W: a layer among its inputs, or the field 'W'."),
        ({"type": "conv"}, "/layers/0/type", "Did you mean 'Conv'?"),
        ({"type": "Dense", "units": 3}, "/layers/0/type", 'Unknown layer type "Dense".'),
        ({"type": "Loop"}, "/layers/0/type", "Loop has graphs inside, which are read in files alone."),
        ({"type": "Conv", "filters": 3}, "/layers/0/filters", "Conv has no argument 'filters'."),
        ({"type": "Conv", "W": {"shape": [2, -1]}}, "/layers/0/W", 'Expected W to be numbers, or {"shape": […]'),
        ({"type": "Add", "B": {"shape": [2], "data": [1.0]}}, "/layers/0/B", "Its data are 1 numbers."),
        ({"type": "Add", "B": 2}, "/layers/0", "The inputs must be of one type; received float32 and int64."),
        ({"type": "Transpose", "perm": "x"}, "/layers/0/perm", "Expected perm to be a list of integers"),
        ({"type": "Transpose", "perm": [0, 0]}, "/layers/0", "[0, 0] names one axis twice."),
        ({"type": "Relu", "inputs": ["input", "input"]}, "/layers/0", "Relu takes at most 1 inputs; received 2."),
        ({"type": "Relu", "inputs": {"Y": "input"}}, "/layers/0", "Relu takes no input called 'Y'"),
        (3, "/layers/0", 'Expected a layer, such as {"type": "Relu"}; received 3.'),
    ],
)
def test_its_faults_speak_of_it(layer, pointer, detail):
    found = refused({"vocabulary": "onnx", "input_shape": [2], "layers": [layer]})
    assert any(one.startswith(pointer) and detail in said for one, said in found.items()), found
    assert not any("Custom" in said for said in found.values())


def test_a_small_letter_is_read_kindly():
    report = layercalc.analyze({**NET, "layers": [{"type": "Conv", "w": {"shape": [4, 3, 1, 1]}}]})
    assert report["totals"]["params"] == 12
    assert report["warnings"] == [{"pointer": "/layers/0/w", "detail": "'w' read as 'W'"}]


def test_tensors_by_position_by_name_and_by_number_of_an_output():
    document = {
        "vocabulary": "onnx",
        "inputs": [{"name": "a", "shape": [6]}, {"name": "b", "shape": [6]}],
        "layers": [
            {"type": "Split", "axis": 1, "outputs": 2, "inputs": ["a"]},
            {"type": "Concat", "axis": 1, "inputs": ["Split:1", "b"]},
            {"type": "Clip", "max": {"shape": [], "data": [1.0]}},
            {"type": "Where", "inputs": ["mask", "Clip", "Clip"]},
            {"type": "Greater", "name": "mask", "inputs": ["Clip", "Concat"]},
            {"type": "MatMul", "inputs": {"A": "Where", "B": "flip"}},
            {"type": "Transpose", "name": "flip", "inputs": ["Concat"], "perm": [1, 0]},
        ],
        "outputs": ["MatMul"],
    }
    report = layercalc.analyze(document, batch_size=2)
    assert report["outputs"][0]["shape"] == [2, 2]
    assert layercalc.forward(document, {"seed": 1})["verified"]


def test_sizes_follow_from_numbers_that_layers_make():
    layers = [
        {"type": "Shape", "name": "sizes"},
        {"type": "Gather", "indices": {"shape": [1], "dtype": "int64", "data": [0]}},
        {"type": "Concat", "axis": 0, "inputs": ["Gather", "rest"], "name": "to"},
        {"type": "Constant", "name": "rest", "value_ints": [-1, 3]},
        {"type": "Reshape", "inputs": ["input", "to"]},
    ]
    report = layercalc.analyze({"vocabulary": "onnx", "input_shape": [4, 6], "layers": layers})
    assert report["outputs"][0]["shape"] == [None, 8, 3]


def test_two_stacks_are_compared_by_their_arguments():
    changed = [*NET["layers"][:2], {"type": "MaxPool", "kernel_shape": [2, 2], "strides": [1, 1]}, *NET["layers"][3:4]]
    found = layercalc.diff({**NET, "layers": NET["layers"][:4]}, {**NET, "layers": changed})
    assert [(one["after"], one["fields"]) for one in found["layers"] if one["fields"]] == [
        ("MaxPool", {"strides": [[2, 2], [1, 1]]})
    ]


def test_it_is_listed():
    client = create_app().test_client()
    listed = client.get("/v1/layers?vocabulary=onnx").json["layers"]
    assert [one["type"] for one in listed] == list(ONNX.kinds)
    assert len(listed) > 150
    one = client.get("/v1/layers/Conv?vocabulary=onnx").json
    assert one["family"] == "convolution"
    assert {field["name"] for field in one["fields"]} >= {"X", "W", "B", "pads", "strides", "group"}
    assert client.get("/v1/layers/Conv2D?vocabulary=onnx").status_code == 404
    assert client.get("/v1/layers/Conv").status_code == 404
    assert '"transB"' in run("layers", "Gemm", "--vocabulary", "onnx").stdout
    assert "com.microsoft.Gelu" in run("layers", "--vocabulary", "onnx", "--format", "table").stdout


@pytest.mark.parametrize("kind", ["Conv", "ConvTranspose"])
@pytest.mark.parametrize("group", [-1, 0, 3])
def test_groups_are_at_least_one_and_share_the_channels(kind, group):
    layer = {"type": kind, "group": group, "W": {"shape": [4, 4, 3, 3]}, "inputs": ["x"]}
    inputs = [{"name": "x", "batch_shape": [1, 4, 8, 8]}]
    with pytest.raises(
        layercalc.Refused, match=r"groups are at least 1|groups cannot share 4 channels|reads 12 channels"
    ):
        layercalc.analyze({"vocabulary": "onnx", "inputs": inputs, "layers": [layer]})
