"""The change that a fault offers: where it says one, making it mends the fault."""

import copy
import json

import pytest

from layercalc import InvalidModel, analyze


def faults(document, **how):
    try:
        analyze(document, **how)
    except InvalidModel as error:
        return error.errors
    return []


def put(document, pointer, value):
    """The document with a value at a pointer, there or new."""
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
])  # fmt: skip
def test_no_change_is_offered_where_it_might_not_be_one(document):
    found = faults(document)
    assert found
    assert not any("fix" in one for one in found)


def test_change_stands_in_the_body_as_it_was_sent(client):
    before, after = DOCUMENTS["type"], DOCUMENTS["kernel"]
    (error,) = client.post("/v1/diff", json={"before": stack({"type": "Flatten"}), "after": after}).json["errors"]
    assert error["fix"] == {"pointer": "/after/layers/0/kernel_size", "value": 28}
    (error,) = client.post("/v1/check", json={"model": before, "budgets": [{"metric": "params", "max": 1}]}).json[
        "errors"
    ]
    assert error["fix"] == {"pointer": "/model/layers/0/type", "value": "Dense"}
