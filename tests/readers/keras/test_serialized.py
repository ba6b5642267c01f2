"""Keras JSON: every form of graph that Keras 3 and Keras 2 write."""

import copy
import json

import pytest

from layercalc import InvalidModel, analyze, forward


def tensor(name, node=0, output=0):
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 99], "dtype": "float32", "keras_history": [name, node, output]},
    }


def head(name, shape, **more):
    config = {"batch_shape": [None, *shape], "dtype": "float32", "name": name, **more}
    return {"class_name": "InputLayer", "module": "keras.layers", "config": config, "name": name, "inbound_nodes": []}


def body(kind, name, *calls, **config):
    nodes = [call if isinstance(call, dict) and "args" in call else {"args": [call], "kwargs": {}} for call in calls]
    config = {"name": name, "trainable": True, **config}
    return {"class_name": kind, "module": "keras.layers", "config": config, "name": name, "inbound_nodes": nodes}


def model(inputs, outputs, *layers, name="functional"):
    config = {"name": name, "trainable": True, "layers": list(layers), "input_layers": inputs, "output_layers": outputs}
    return {"class_name": "Functional", "config": config}


SHARED = model(
    [["a", 0, 0], ["b", 0, 0]],
    [["sum", 0, 0]],
    head("a", [4]),
    head("b", [4]),
    body("Dense", "twin", tensor("a"), tensor("b"), units=3),
    body("Add", "sum", [tensor("twin"), tensor("twin", 1)]),
)


def test_shared_layer_is_a_row_per_use_and_counts_once():
    report = analyze(SHARED)
    first, second, total = report["layers"]
    assert [first["name"], second["name"], total["name"]] == ["twin", "twin@2", "sum"]
    assert (first["layer"], second["layer"]) == ("twin", "twin")
    assert "layer" not in total
    assert (first["params"], second["params"], report["totals"]["params"]) == (15, 0, 15)
    assert second["macs"] == first["macs"] == 12
    assert [weight["shared"] for weight in second["weights"]] == [True, True]
    assert [weight["name"] for weight in second["weights"]] == ["twin/kernel", "twin/bias"]
    assert total["inputs"] == ["twin", "twin@2"]
    result = forward(SHARED, {"a": [[1, 2, 3, 4]], "b": [[-1, -2, -3, -4]]}, {"seed": 3})
    assert result["outputs"][0]["data"] == [[0.0, 0.0, 0.0]]  # a linear layer on x and −x


@pytest.mark.parametrize("first", ["x", "mean"])
def test_one_config_on_a_batch_and_on_one_row_is_two_shapes(first):
    """A batch that nobody named counts as one, and is still no axis of size 1."""
    mean = {**body("Mean", "mean", tensor("x"), axis=0, keepdims=True), "module": "keras.src.ops.numpy"}
    sources = [first, "mean" if first == "x" else "x"]
    dense = [body("Dense", f"on_{source}", tensor(source), units=3) for source in sources]
    report = analyze(model(["x", 0, 0], [[one["name"], 0, 0] for one in dense], head("x", [4]), mean, *dense))
    assert {row["name"]: row["output_shape"] for row in report["layers"]} == {
        "mean": [1, 4],
        "on_x": [None, 3],
        "on_mean": [1, 3],
    }


def test_shared_layer_on_other_shapes_needs_the_same_weights():
    wrong = copy.deepcopy(SHARED)
    wrong["config"]["layers"][1]["config"]["batch_shape"] = [None, 5]
    with pytest.raises(InvalidModel) as caught:
        analyze(wrong)
    assert "its first use made it [4, 3]" in caught.value.errors[0]["detail"]
    conv = model(
        ["a", 0, 0],
        [["conv", 0, 0], ["conv", 1, 0]],
        head("a", [9, 9, 2]),
        body("MaxPooling2D", "half", tensor("a")),
        body("Conv2D", "conv", tensor("a"), tensor("half"), filters=3, kernel_size=[3, 3]),
    )
    assert [one["shape"] for one in analyze(conv)["outputs"]] == [[None, 7, 7, 3], [None, 2, 2, 3]]


def test_inputs_and_outputs_as_dicts_are_sorted_by_key():
    document = model(
        {"z": ["a", 0, 0], "y": ["b", 0, 0]},
        {"second": ["one", 0, 0], "first": ["two", 0, 0]},
        head("a", [2]),
        head("b", [3]),
        body("Dense", "one", tensor("a"), units=4),
        body("Dense", "two", tensor("b"), units=5),
    )
    report = analyze(document)
    assert [one["name"] for one in report["inputs"]] == ["b", "a"]
    assert [one["name"] for one in report["outputs"]] == ["two", "one"]


INNER = model(["i", 0, 0], ["d", 0, 0], head("i", [4]), body("Dense", "d", tensor("i"), units=4), name="inner")


def test_nested_shared_model_in_a_model():
    document = model(
        [["x", 0, 0]],
        [["add", 0, 0]],
        head("x", [4]),
        {
            **INNER,
            "name": "inner",
            "inbound_nodes": [{"args": [tensor("x")], "kwargs": {}}, {"args": [tensor("inner")], "kwargs": {}}],
        },
        body("Add", "add", [tensor("inner"), tensor("inner", 1)]),
    )
    report = analyze(document)
    assert [row["name"] for row in report["layers"]] == ["inner/d", "inner@2/d", "add"]
    assert report["layers"][1]["layer"] == "inner/d"
    assert report["layers"][1]["pointer"] == "/config/layers/1/config/layers/1"
    assert report["totals"]["params"] == 20
    assert report["layers"][2]["inputs"] == ["inner/d", "inner@2/d"]
    assert forward(document, {"seed": 1})["verified"]


@pytest.mark.parametrize("layer", [True, False])
def test_layers_of_a_nested_model_say_themselves_whether_they_are_trained(layer):
    """As Keras loads it, 2.18 and 3.15: only a whole model of Keras 3 is locked by its own word."""
    inner = copy.deepcopy(INNER)
    inner["config"]["trainable"] = False
    inner["config"]["layers"][1]["config"]["trainable"] = layer
    layers = [head("x", [4]), inner, {"class_name": "Dense", "config": {"units": 2, "name": "d"}}]
    whole = {"class_name": "Sequential", "config": {"name": "s", "trainable": False, "layers": layers}}
    assert analyze(whole)["totals"]["trainable_params"] == (30 if layer else 10)
    assert analyze(inner)["totals"]["trainable_params"] == 0
    assert analyze({**inner, "keras_version": "2.15.0"})["totals"]["trainable_params"] == (20 if layer else 0)
    around = {"class_name": "TimeDistributed", "config": {"name": "t", "layer": inner}}
    timed = {"class_name": "Sequential", "config": {"name": "s", "layers": [head("x", [3, 4]), around]}}
    assert analyze(timed)["totals"]["trainable_params"] == (20 if layer else 0)


def test_two_layers_of_one_config_stay_two():
    document = {
        "class_name": "Sequential",
        "config": {
            "name": "s",
            "layers": [
                head("x", [4]),
                *({"class_name": "Dense", "config": {"units": 4, "name": f"d{i}"}} for i in range(3)),
            ],
        },
    }
    report = analyze(document)
    assert report["totals"]["params"] == 60
    assert len({weight["name"] for row in report["layers"] for weight in row["weights"]}) == 6


KERAS_2 = {
    "class_name": "Functional",
    "keras_version": "2.15.0",
    "config": {
        "name": "m",
        "layers": [
            {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "dtype": "float32", "sparse": False, "ragged": False, "name": "x"}, "name": "x", "inbound_nodes": []},
            {"class_name": "Dense", "config": {"name": "d", "trainable": True, "dtype": "float32", "units": 3, "activation": "linear", "use_bias": True, "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}}}, "name": "d", "inbound_nodes": [[["x", 0, 0, {}]], [["x", 0, 0, {}]]]},
            {"class_name": "Concatenate", "config": {"name": "c", "axis": -1}, "name": "c", "inbound_nodes": [[["d", 0, 0, {}], ["d", 1, 0, {}]]]},
        ],
        "input_layers": [["x", 0, 0]],
        "output_layers": [["c", 0, 0]],
    },
}  # fmt: skip


def test_keras_2_nodes():
    report = analyze(KERAS_2)
    assert [row["name"] for row in report["layers"]] == ["d", "d@2", "c"]
    assert report["outputs"][0]["shape"] == [None, 6]


@pytest.mark.parametrize(
    "first",
    [
        {"class_name": "Dense", "config": {"units": 3, "name": "d", "batch_input_shape": [None, 4]}},
        {"class_name": "Dense", "config": {"units": 3, "name": "d", "input_shape": [4]}},
    ],
)
@pytest.mark.parametrize("wrap", [lambda layers: {"name": "s", "layers": layers}, list], ids=["keras 2", "keras 2.2"])
def test_sequential_without_an_input_layer(first, wrap):
    document = {"class_name": "Sequential", "config": wrap([first, {"class_name": "ReLU", "config": {"name": "r"}}])}
    report = analyze(document)
    assert report["inputs"] == [{"name": "d_input", "shape": [None, 4], "dtype": "float32"}]
    assert [row["name"] for row in report["layers"]] == ["d", "r"]


def test_text_and_text_in_text_are_the_same_document():
    assert analyze(json.dumps(SHARED)) == analyze(SHARED) == analyze(json.dumps(json.dumps(SHARED)))


def test_a_keras_model_object_is_taken_through_its_to_json():
    class Model:
        def to_json(self):
            return json.dumps(SHARED)

    assert analyze(Model()) == analyze(SHARED)


def test_a_lone_layer_is_a_model():
    layer = {"class_name": "Conv2D", "config": {"name": "c", "filters": 2, "kernel_size": [3, 3]}}
    assert analyze(layer, input_shape="8,8,1")["outputs"][0]["shape"] == [None, 6, 6, 2]


@pytest.mark.parametrize("name", ["input_layers", "output_layers"])
@pytest.mark.parametrize("value", [3, "a", [["nothing", 0, 0]], [[1, 2, 3]], [["a", -1, 0]], [["a", "0", 0]]])
def test_ends_that_are_none_are_faults(name, value):
    wrong = copy.deepcopy(SHARED)
    wrong["config"][name] = value
    with pytest.raises(InvalidModel) as caught:
        analyze(wrong)
    assert caught.value.errors[0]["pointer"].startswith(f"/config/{name}")


@pytest.mark.parametrize(
    "node",
    [
        3,
        None,
        "a",
        {},
        {"args": 3},
        [3],
        [["a"]],
        [["a", 0]],
        {"args": [3], "kwargs": {}},
        {"args": [tensor("no")]},
        {"args": [tensor("a", 7)]},
    ],
    ids=str,
)
def test_nodes_that_are_none_are_faults(node):
    wrong = copy.deepcopy(SHARED)
    wrong["config"]["layers"][2]["inbound_nodes"][0] = node
    with pytest.raises(InvalidModel) as caught:
        analyze(wrong)
    assert caught.value.errors[0]["pointer"].startswith("/config/layers/2")


def operation(name, *args):
    item = body(name, name.lower(), units=1)
    return {
        **item,
        "module": "keras.src.ops.numpy",
        "config": {"name": name.lower()},
        "inbound_nodes": [{"args": list(args), "kwargs": {}}],
    }


def short_time(name, sequence, stride, size, **config):
    item = operation(name, tensor("a") if name == "STFT" else [[[0.5] * 2] * 7] * 2)
    sizes = {"sequence_length": sequence, "sequence_stride": stride, "fft_length": size}
    return {**item, "config": {**item["config"], **sizes, **config}}


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (
            operation("NotEqual", tensor("a")),
            "NotEqual is called as NotEqual(x1, x2): missing a required argument: 'x2'",
        ),
        (operation("NotEqual", tensor("a"), "x"), 'Expected a tensor or numbers; received "x"'),
        (operation("NotEqual", tensor("a"), None), "Expected a tensor or numbers; received null"),
        (operation("NotEqual", tensor("a"), [1, [2]]), "Expected numbers; received [1, [2]]"),
        (operation("NotEqual", tensor("a"), [tensor("a"), tensor("a")]), "Expected numbers"),
        (operation("NotEqual", tensor("a"), {"class_name": "Odd", "config": {}}), "Expected a tensor or a constant"),
        (operation("Add", 2, "x"), 'Expected a tensor or numbers; received "x"'),
        (operation("Tril", 3), "A triangle is of a matrix"),
        (operation("Fliplr", [3, 4]), "There is no axis 1"),
        (operation("LayerNorm", tensor("a"), [1.0, 2.0]), "of shape [4]; received [2]"),
        (operation("Argsort", 3), "There is no axis -1"),
        (operation("Frobnicate", tensor("a")), "'Frobnicate' cannot be computed here"),
        (operation("Map", tensor("a")), "runs a Python function that the document does not hold"),
        (operation("Nonzero", tensor("a")), "depends on the values"),
        (operation("Eig", tensor("a")), "Complex numbers"),
        (operation("FFT", tensor("a")), "two tensors, the real and the imaginary parts"),
        (operation("FFT", [tensor("a"), [1.0]]), "have one shape; received [null, 4] and [1]"),
        (operation("RFFT", 3), "takes floats; received int32"),
        (operation("IRFFT", [[1.0], [1.0]]), "2 · (1 − 1) = 0 numbers"),
        (short_time("STFT", 2, 1, 8, center=False), "A stretch of 8 does not fit"),
        (short_time("STFT", 9, 1, 8), "at most fft_length, 8; received 9"),
        (short_time("ISTFT", 2, 1, 2, length=9), "8 numbers, 7 from 1 on: length can be no more than that"),
        (short_time("ISTFT", 2, 1, 2, window=[1.0]), "a list of sequence_length = 2 numbers"),
        (short_time("ISTFT", 2, 1, 2, window="boxcar"), "hann or hamming, null"),
    ],
)
def test_operation_that_cannot_be_read_is_named(item, words):
    document = model(["a", 0, 0], [item["name"], 0, 0], head("a", [4]), item)
    with pytest.raises(InvalidModel) as caught:
        analyze(document)
    assert words in caught.value.errors[0]["detail"]


def test_recorded_shapes_are_hints_and_not_copied():
    report = analyze(SHARED)  # every recorded shape in it says 99
    assert "99" not in json.dumps(report)
