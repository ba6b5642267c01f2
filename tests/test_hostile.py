"""Requests that once gave a 500, a stall or a wrong answer."""

import json
import time

import pytest

from layercalc import Refused, analyze, forward
from layercalc.limits import Limits

D = {"type": "Dense", "units": 2}


def stack(*layers, shape=(3,)):
    return {"input_shape": list(shape), "layers": list(layers)}


REFUSED = [
    # body of POST /v1/analyze, words
    ({"layers": [{"type": {}}], "input_shape": [3]}, "received {}"),
    ({"class_name": {}, "config": {}}, "class_name"),
    (stack({"type": "Reshape", "target_shape": [10**299] * 15}), "digits"),
    (stack({"type": "Softmax"}, shape=(10**250,) * 20), None),
    (stack({"type": "Dense", "units": 2, "bias_initializer": {"class_name": "Constant", "config": {"value": 10**400}}}), "LAYERCALC_MAX_INTEGER_DIGITS"),
    ({**stack({"type": "LSTM", "units": 2, "inputs": {"inputs": "x", "mask": ["h"]}}, shape=(4, 3))}, None),
    ({**stack({"type": "LSTM", "units": 2, "activation": "glu", "recurrent_activation": "glu"}, shape=(4, 3))}, None),
    ({"inputs": [{"name": "i", "shape": [3]}, {"name": "j", "shape": [3]}], "layers": [{"type": "Softmax", "inputs": ["i", "j"]}]}, "takes 1 input"),
    (stack({**D, "inputs": ["input:7"]}), "no output 7"),
    (stack({**D, "name": "input"}), "'input' already"),
    ({"inputs": [{"name": "x", "shape": [5, 3]}, {"name": "m", "shape": [4], "dtype": "bool"}],
      "layers": [{"type": "LSTM", "units": 2, "inputs": {"sequences": "x", "mask": "m"}}]}, "[null, 5], received [null, 4]"),
    (stack({"type": "Rescaling", "scale": json.loads("[" * 66 + "1" + "]" * 66)}), "number"),
    (stack({"type": "Activation", "activation": {"class_name": "function", "config": "nope"}}), None),
]  # fmt: skip


@pytest.mark.parametrize(("document", "words"), REFUSED, ids=lambda value: str(value)[:60])
def test_document_is_refused_or_answered_and_never_a_500(client, document, words):
    response = client.post("/v1/analyze", data=json.dumps(document))
    assert response.status_code == 422 if words else response.status_code in (200, 422), response.text
    if words:
        assert words in " ".join(error["detail"] for error in response.json["errors"])


BOMBS = [
    "a0=[1,2]\n" + "".join(f"a{i}=[a{i - 1},a{i - 1}]\n" for i in range(1, 40)) + "Dense(a39,input_dim=2)",
    "i0=Input((3,))\nm0=Model(i0,Dense(3)(i0))\n"
    + "".join(f"i{n}=Input((3,))\nm{n}=Model(i{n}, m{n - 1}(m{n - 1}(i{n})))\n" for n in range(1, 30)),
    "m0=Sequential([Dense(3,input_dim=3)])\n"
    + "".join(f"m{n}=Sequential([m{n - 1},m{n - 1}])\n" for n in range(1, 30)),
    "m0=Sequential([ReLU()])\n"
    + "".join(f"m{n}=Sequential([Sequential([m{n - 1}]),Sequential([m{n - 1}])])\n" for n in range(1, 30)),
    "m=Sequential()\nm.add(m)",
    " " * 4_000_000 + "x",
    "Dense(" + "-" * 50_000 + "1)",
    "Model()",
    "Dense({[]: 2})",
    "Dense({**a})",
]


@pytest.mark.parametrize("code", BOMBS, ids=lambda code: code[:30].strip())
def test_code_bomb_is_refused_soon(code):
    start = time.process_time()
    with pytest.raises(Refused):
        analyze(code)
    assert time.process_time() - start < 60  # it took minutes, or never ended


@pytest.mark.parametrize(
    "request_",
    [
        {
            "model": stack({"type": "Embedding", "input_dim": 3, "output_dim": 2}) | {"dtype": "int32"},
            "inputs": [[[2**32 + 1, 0, 0]]],
        },
        {
            "model": {"inputs": [{"name": "i", "shape": [1], "dtype": "uint8"}], "layers": [{"type": "Flatten"}]},
            "inputs": [[[300]]],
        },
        {
            "model": {"inputs": [{"name": "i", "shape": [1], "dtype": "bool"}], "layers": [{"type": "Flatten"}]},
            "inputs": [[[0.5]]],
        },
        {"model": stack(D), "inputs": [{"shape": [1, 3], "datatype": "INT64", "data": [2.0**63, 0, 0]}]},
        {"model": stack({"type": "RepeatVector", "n": 5_000_000}), "inputs": {"seed": 1}},
        {"model": {"batch_shape": [10**7, 0], "layers": [{"type": "Identity"}]}, "inputs": {"seed": 1}},
        {
            "model": stack({"type": "MaxPooling1D", "pool_size": 3_000_000, "padding": "same"}, shape=(9, 2)),
            "inputs": {"seed": 1},
        },
        {"model": stack({"type": "LSTM", "units": 4000}, shape=(2, 3)), "inputs": {"seed": 1}},
        {"model": stack({"type": "Identity"}, shape=(1,) * 70), "inputs": {"seed": 1}},
        {"model": stack({"type": "Identity"}, shape=(0, 10**19)), "inputs": {"seed": 1}},
        {"model": stack({**D, "bias_initializer": "identity"}), "inputs": {"seed": 1}},
        {"model": stack({"type": "Identity"}), "inputs": [{"shape": [0, 10**18, 3], "datatype": "FP32", "data": []}]},
        {"model": stack(D), "inputs": {"seed": 1}, "atol": 10**299},
        {"model": stack(D), "inputs": {"seed": 1}, "return_layers": [f"nope{i}" for i in range(3000)]},
        {"model": stack(D), "inputs": {"seed": 1}, "weights": {f"nope{i}": 1 for i in range(3000)}},
    ],
    ids=lambda value: str(value)[:70],
)
def test_forward_is_refused_and_never_a_500(client, request_):
    response = client.post("/v1/forward", data=json.dumps(request_))
    assert response.status_code in ((200,) if "atol" in request_ else (422,)), response.text[:300]


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ([{"type": "Softmax"}], [0]),
        ([D], [0]),
        ([D], [5, 0]),
        ([{"type": "LSTM", "units": 2}], [5, 0]),
        ([{"type": "Conv2D", "filters": 2, "kernel_size": 1}], [5, 5, 0]),
        ([{"type": "UpSampling2D", "interpolation": "bilinear"}], [0, 5, 1]),
        ([{"type": "BatchNormalization"}, {"type": "PReLU"}], [0, 3]),
        ([{"type": "Concatenate", "inputs": ["input", "input"]}], [0, 3]),
    ],
    ids=str,
)
def test_empty_tensors_run_to_the_shapes_of_the_analysis(layers, shape):
    document = {"input_shape": shape, "layers": layers}
    assert forward(document, {"seed": 1}, limits=Limits())["verified"]


def test_integers_compute_in_floats_where_the_arguments_are_fractions():
    document = {
        "inputs": [{"name": "i", "shape": [2], "dtype": "int32"}],
        "layers": [{"type": "LeakyReLU", "negative_slope": 0.5}],
    }
    assert forward(document, [[[-4, 4]]])["outputs"][0]["data"] == [[-2.0, 4.0]]


def test_lone_surrogate_comes_back_as_it_came(client):
    response = client.post("/v1/analyze", data=b'{"name": "\\ud800", "input_shape": [3], "layers": [{"type": "ReLU"}]}')
    assert response.status_code == 200
    assert json.loads(response.data)["model"]["name"] == "\ud800"


def test_option_in_the_body_is_faulted_there(client):
    response = client.post("/v1/analyze", json={"model": stack(D), "input_shape": "3x"})
    assert response.json["errors"][0]["pointer"] == "/input_shape"
    response = client.post("/v1/forward", json={"model": "Dense(0, input_dim=3)", "inputs": {"seed": 1}})
    (error,) = response.json["errors"]
    assert (error["line"], error["column"], error["pointer"]) == (1, 7, "/model")
    response = client.post("/v1/forward?x=1", json={"model": stack(D), "inputs": {"seed": 1}})
    assert response.json["errors"][0]["parameter"] == "x"


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        (
            stack({"type": "TimeDistributed", "layer": {"type": "MaxPooling1D", "stride": 0}}, shape=(2, 4, 3)),
            "/layers/0/layer/stride",
        ),
        (
            stack({"type": "TimeDistributed", "layer": {"class_name": "Dense", "config": {}}}, shape=(2, 3)),
            "/layers/0/layer/config",
        ),
        (stack({"type": "TimeDistributed", "layer": {"type": "Dense"}}, shape=(2, 3)), "/layers/0/layer"),
        (stack({**D, "inputs": ""}), "/layers/0/inputs"),
        (stack({"type": "Activation", "activation": {"type": "Nope"}}), "/layers/0/activation/type"),
    ],
)
def test_pointer_leads_to_something_in_the_document(document, pointer):
    with pytest.raises(Refused) as caught:
        analyze(document)
    assert caught.value.errors[0]["pointer"] == pointer
    node = document
    for token in pointer.split("/")[1:]:
        node = node[int(token)] if isinstance(node, list) else node[token]


@pytest.mark.parametrize(
    ("code", "shape"),
    [
        ("TimeDistributed(Sequential([Dense(3, input_dim=4)]), input_shape=(2, 4))", [None, 2, 3]),
        ("TimeDistributed(Dense(3), input_shape=(2, 4))", [None, 2, 3]),
        ("Bidirectional(LSTM(3, return_sequences=True), input_shape=(2, 4))", [None, 2, 6]),
        ("Conv1D(3, 2, activation=LeakyReLU(0.1), input_shape=(5, 4))", [None, 4, 3]),
        ("Sequential([Sequential([Dense(2, input_dim=2)]), Dense(1)])", [None, 1]),
    ],
)
def test_layers_inside_layers_in_code(code, shape):
    assert analyze(code)["outputs"][0]["shape"] == shape
    assert forward(code, {"seed": 1})["verified"]


def test_trainable_is_read_in_code():
    totals = analyze("i = Input((3,))\nd = Dense(2)\nd.trainable = False\nModel(i, d(i))")["totals"]
    assert (totals["trainable_params"], totals["non_trainable_params"]) == (0, 8)


@pytest.mark.parametrize(
    "node",
    [
        [["x", 0, 0, {}], ["h", 0, 0, {}], ["c", 0, 0, {}]],
        [["x", 0, 0, {"initial_state": [["h", 0, 0], ["c", 0, 0]]}]],
    ],
)
def test_initial_states_as_keras_2_writes_them(node):
    def head(name, shape):
        return {
            "class_name": "InputLayer",
            "name": name,
            "config": {"batch_input_shape": [None, *shape], "name": name},
            "inbound_nodes": [],
        }

    lstm = {
        "class_name": "LSTM",
        "name": "conv1/lstm",
        "config": {"units": 3, "name": "conv1/lstm"},
        "inbound_nodes": [node],
    }
    config = {"name": "m", "layers": [head("x", [4, 2]), head("h", [3]), head("c", [3]), lstm],
              "input_layers": [["x", 0, 0], ["h", 0, 0], ["c", 0, 0]], "output_layers": [["conv1/lstm", 0, 0]]}  # fmt: skip
    (row,) = analyze({"class_name": "Functional", "config": config})["layers"]
    assert (row["name"], row["inputs"]) == ("conv1/lstm", ["x", "h", "c"])
