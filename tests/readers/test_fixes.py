"""The change that a fault offers: where it says one, making it mends the fault."""

import copy
import json

import pytest

from layercalc import InvalidModel, analyze, catalogue
from layercalc.layers.keras.base import KERAS


def faults(document, **how):
    try:
        analyze(document, **how)
    except InvalidModel as error:
        return error.errors
    return []


def put(document, pointer, value):
    """The document with a value at a pointer, there or new."""
    if not pointer:
        return value
    document = copy.deepcopy(document)
    *path, last = pointer.split("/")[1:]
    at = document
    for token in path:
        at = at[int(token)] if isinstance(at, list) else at[token]
    at[int(last) if isinstance(at, list) else last] = value
    return document


def written(text, fix):
    """The text with the change made, which is on one line."""
    lines = text.split("\n")
    line = lines[fix["line"] - 1]
    assert fix["line"] == fix["end_line"]
    lines[fix["line"] - 1] = line[: fix["column"] - 1] + fix["text"] + line[fix["end_column"] - 1 :]
    return "\n".join(lines)


def stack(*layers, shape=(28, 28, 1)):
    return {"input_shape": list(shape), "layers": list(layers)}


DOCUMENTS = {
    "kernel": stack({"type": "Conv2D", "filters": 4, "kernel_size": 33}),
    "kernel of two sizes": stack({"type": "Conv2D", "filters": 4, "kernel_size": [3, 33]}),
    "dilated": stack({"type": "Conv2D", "filters": 4, "kernel_size": 9, "dilation_rate": 5}),
    "both axes": stack({"type": "Conv2D", "filters": 4, "kernel_size": 20}, shape=(12, 10, 1)),
    "length": stack({"type": "Conv1D", "filters": 4, "kernel_size": 20}, shape=(12, 1)),
    "volume": stack({"type": "Conv3D", "filters": 4, "kernel_size": 5}, shape=(12, 4, 12, 1)),
    "separable": stack({"type": "SeparableConv2D", "filters": 4, "kernel_size": 33}),
    "depthwise": stack({"type": "DepthwiseConv2D", "kernel_size": 33}),
    "pool by default": stack({"type": "MaxPooling2D"}, shape=(1, 1, 1)),
    "pool by another name": stack({"type": "AveragePooling2D", "pool": 40}),
    "channels first": stack({"type": "MaxPooling2D", "pool_size": 40, "data_format": "channels_first"}, shape=(1, 28, 20)),
    "argument": stack({"type": "Dense", "unit": 4}),
    "type": stack({"type": "Dens", "units": 4}),
    "Keras JSON": {"class_name": "Sequential", "config": {"name": "s", "layers": [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 28, 28, 1]}},
        {"class_name": "Conv2D", "config": {"filters": 2, "kernel_size": [30, 3]}}]}},
    "word": stack({"type": "Conv2D", "filters": 4, "kernel_size": 3, "padding": "sme"}),
    "activation": stack({"type": "Dense", "units": 4, "activation": "rleu"}),
    "range": stack({"type": "Dropout", "rate": 1.5}),
    "a number as text": stack({"type": "Dense", "units": "4"}),
    "inside a wrapper": stack({"type": "TimeDistributed", "layer": {"type": "Dense", "units": 4, "activation": "tahn"}}),
    "groups of filters": stack({"type": "Conv2D", "filters": 30, "kernel_size": 3, "groups": 4}, shape=(9, 9, 60)),
    "groups of channels": stack({"type": "Conv2D", "filters": 48, "kernel_size": 3, "groups": 12}, shape=(9, 9, 30)),
    "groups to normalise": stack({"type": "GroupNormalization"}, shape=(9, 9, 30)),
    "the batch as axis": stack({"type": "BatchNormalization", "axis": 0}),
    "axis": stack({"type": "LayerNormalization", "axis": [7]}),
    "axis to join": stack({"type": "Concatenate", "axis": 4, "inputs": ["input", "input"]}),
    "target shape": stack({"type": "Reshape", "target_shape": [7, 7, 15]}),
    "target shape of what is left": stack({"type": "Reshape", "target_shape": [-1, 15]}),
    "order from zero": stack({"type": "Permute", "dims": [2, 0, 1]}),
    "cropping": stack({"type": "Cropping2D", "cropping": [[20, 12], [1, 2]]}),
    "cropping of one axis": stack({"type": "Cropping1D", "cropping": 20}, shape=(30, 2)),
    "heads": stack({"type": "GroupedQueryAttention", "head_dim": 4, "num_query_heads": 6, "num_key_value_heads": 4,
                    "inputs": ["input", "input"]}, shape=(5, 8)),
    "output padding": stack({"type": "Conv2DTranspose", "filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 3}),
    "no channels": stack({"type": "Conv2D", "filters": 4, "kernel_size": 3}, shape=(28, 28)),
    "no features": {"layers": [{"type": "LSTM", "units": 4, "input_shape": [10]}]},
    "no channels, with a batch": {"inputs": [{"name": "x", "batch_shape": [2, 28, 28]}],
                                  "layers": [{"type": "MaxPooling2D", "inputs": ["x"]}]},
    "name of a layer": {"input_shape": [8], "layers": [
        {"type": "Dense", "units": 3, "name": "left"}, {"type": "Dense", "units": 3, "name": "right"},
        {"type": "Add", "inputs": ["lefft", "right"]}]},
    "name of an output": {"input_shape": [8], "layers": [{"type": "Dense", "units": 3, "name": "head"}], "outputs": ["haed"]},
    "key": {"input_shpe": [8], "layers": [{"type": "Dense", "units": 3}]},
    "Keras JSON, type": {"class_name": "Sequential", "config": {"name": "s", "layers": [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 8]}}, {"class_name": "Dens", "config": {"units": 2}}]}},
    "Keras JSON, argument": {"class_name": "Sequential", "config": {"name": "s", "layers": [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 8]}}, {"class_name": "Dense", "config": {"unit": 2}}]}},
    "Keras JSON, axes": {"class_name": "Sequential", "config": {"name": "s", "layers": [
        {"class_name": "InputLayer", "config": {"batch_shape": [None, 8, 8]}},
        {"class_name": "Conv2D", "config": {"filters": 2, "kernel_size": 3}}]}},
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_change_of_a_document_mends_it(name):
    document = DOCUMENTS[name]
    found = faults(document)
    assert "fix" in found[0]
    fix = found[0]["fix"]
    assert faults(put(document, fix["pointer"], fix["value"])) == []
    assert json.loads(json.dumps(fix)) == fix


TEXTS = {
    "position": "Conv2D(3, 33, input_shape=(28, 28, 1))",
    "keyword": "Conv2D(filters=3, kernel_size=33, input_shape=(28, 28, 1))",
    "tuple": "x = Conv2D(filters=3, kernel_size=(3, 33), input_shape=(28, 28, 1))",
    "prompt": ">>> m = keras.Sequential()\n>>> m.add(Conv2D(3, (33, 3), input_shape=(28, 28, 1)))",
    "letters beyond ASCII": 'name = "größe"; m = keras.Sequential([Conv2D(3, 33, input_shape=(28, 28, 1))])',
    "argument": "Dense(unit=3, input_shape=(8,))",
    "type": "m = keras.Sequential([keras.Input((8,)), keras.layers.Dens(3)])",
    "type in a graph": "i = keras.Input((8,))\nx = layers.Dens(3)(i)\nm = keras.Model(i, layers.Dense(2)(x))",
    "type alone": "Dense(3, input_shape=(8,))\nDens(3)",
    "class of a model": "m = keras.Sequental([layers.Dense(2, input_shape=(3,))])",
    "word": "m = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(3, 3, padding='sme')])",
    "range": "m = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(0, (3, 3))])",
    "no channels": "m = keras.Sequential([keras.Input((28, 28)), layers.Conv2D(3, 3)])",
    "no channels, first layer": "m = keras.Sequential([layers.Conv2D(3, 3, input_shape=(28, 28))])",
    "no channels, in a graph": "i = keras.Input(shape=[28, 28])\nm = keras.Model(i, layers.Conv2D(3, 3)(i))",
    "target shape": "m = keras.Sequential([keras.Input((12,)), layers.Reshape((3, 5))])",
    "pairs": "m = keras.Sequential([keras.Input((9, 9, 1)), layers.Cropping2D(cropping=4)])\nn = keras.Sequential([keras.Input((9, 9, 1)), layers.Cropping2D(cropping=9)])",
    "in a function": "def block(x):\n    return layers.MaxPooling2D(40)(x)\ni = keras.Input((28, 28, 1))\nm = keras.Model(i, block(i))",
}


@pytest.mark.parametrize("name", TEXTS)
def test_change_of_a_text_mends_it(name):
    text = TEXTS[name]
    fix = faults(text)[0]["fix"]
    assert faults(written(text, fix)) == []


@pytest.mark.parametrize("document", [
    stack({"type": "MaxPooling2D"}, shape=(0, 1, 1)),  # no window fits
    stack({"type": "TimeDistributed", "layer": {"type": "Conv2D", "filters": 2, "kernel_size": 33}}, shape=(3, 28, 28, 1)),
    stack({"type": "Dense", "unit": 3, "units": 4}),
    "k = 33\nConv2D(3, k, input_shape=(28, 28, 1))",  # what else k decides nobody knows
    "Conv2D(3, 30 + 3, input_shape=(28, 28, 1))",
    "from keras.layers import Dens\nm = keras.Sequential([keras.Input((8,)), Dens(3)])",  # stands in two places
    "i = keras.Input((28, 28))\nx = layers.ReLU()(i)\nm = keras.Model(i, layers.Conv2D(3, 3)(x))",
    {"class_name": "Sequential", "keras_version": "2.2.4", "config": {"name": "s", "layers": [
        {"class_name": "GRU", "config": {"units": 2, "unit_forget": 3, "batch_input_shape": [None, 4, 8]}}]}},  # its words are older
    stack({"type": "Conv2D", "filters": 4, "kernel_size": [3, 4, 5]}),
    stack({"type": "Reshape", "target_shape": [5, 9]}),
])  # fmt: skip
def test_no_change_is_offered_where_it_might_not_be_one(document):
    found = faults(document)
    assert found
    assert not any("fix" in one for one in found)


@pytest.mark.parametrize("name", KERAS.kinds)
def test_misspelt_types_and_arguments_are_mended_in_every_layer(name):
    example = catalogue.example(KERAS.kinds[name])
    if not name[2:] or KERAS.kinds[name].is_input:
        return
    config, shapes = example["layer"], example["input_shapes"]
    argument = next((key for key in config if len(key) > 5 and key != "type"), None)
    inputs = [{"name": f"x{i}", "shape": shape[1:]} for i, shape in enumerate(shapes)]
    wrong = [{**config, "type": name[:1] + name[2:]}]
    if argument:
        wrong.append(
            {(argument[:2] + argument[1:] if key == argument else key): value for key, value in config.items()}
        )
    for layer in wrong:
        document = {"inputs": inputs, "layers": [{**layer, "inputs": [one["name"] for one in inputs]}]}
        fault = faults(document)[0]
        if "Did you mean" in fault["detail"]:
            mended = put(document, fault["fix"]["pointer"], fault["fix"]["value"])
            assert fault["detail"] not in [one["detail"] for one in faults(mended)], document


def test_what_is_missing_under_another_name_is_said_once():
    (fault,) = faults({"input_shape": [8], "layers": [{"type": "Dense", "unit": 3}]})
    assert "Did you mean 'units'" in fault["detail"]


def test_shape_that_the_request_names_is_not_changed_in_the_document():
    document = stack({"type": "Conv2D", "filters": 4, "kernel_size": 3}, shape=(28, 28))
    assert "fix" not in faults(document, input_shape=[5, 5])[0]


def test_change_stands_in_the_body_as_it_was_sent(client):
    before, after = DOCUMENTS["type"], DOCUMENTS["kernel"]
    (error,) = client.post("/v1/diff", json={"before": stack({"type": "Flatten"}), "after": after}).json["errors"]
    assert error["fix"] == {"pointer": "/after/layers/0/kernel_size", "value": 28}
    (error,) = client.post("/v1/check", json={"model": before, "budgets": [{"metric": "params", "max": 1}]}).json[
        "errors"
    ]
    assert error["fix"] == {"pointer": "/model/layers/0/type", "value": "Dense"}
