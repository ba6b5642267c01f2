"""Stacks: shapes, names, graphs, slips."""

import pytest

from layercalc import InvalidModel, analyze, forward

DENSE = {"type": "Dense", "units": 4}


def rows(document, **options):
    return analyze(document, **options)["layers"]


@pytest.mark.parametrize(
    ("document", "options", "shape"),
    [
        ({"input_shape": [8], "layers": [DENSE]}, {}, [None, 8]),
        ({"input_shape": 8, "layers": [DENSE]}, {}, [None, 8]),
        ({"batch_shape": [3, 8], "layers": [DENSE]}, {}, [3, 8]),
        ({"batch_input_shape": [None, 8], "layers": [DENSE]}, {}, [None, 8]),
        ({"input_dim": 8, "layers": [DENSE]}, {}, [None, 8]),
        ({"layers": [{**DENSE, "input_shape": [8]}]}, {}, [None, 8]),
        ({"layers": [{**DENSE, "input_dim": 8}]}, {}, [None, 8]),
        ({"layers": [{**DENSE, "batch_input_shape": [2, 8]}]}, {}, [2, 8]),
        ({"layers": [{**DENSE, "batch_shape": [2, 8]}]}, {}, [2, 8]),
        ({"layers": [{"type": "Input", "shape": [8]}, DENSE]}, {}, [None, 8]),
        ({"layers": [{"type": "InputLayer", "batch_shape": [5, 8]}, DENSE]}, {}, [5, 8]),
        ({"layers": [{"type": "Input", "shape": [8], "batch_size": 6}, DENSE]}, {}, [6, 8]),
        ({"layers": [DENSE]}, {"input_shape": "8"}, [None, 8]),
        ({"layers": [DENSE]}, {"input_shape": [8]}, [None, 8]),
        ({"layers": [DENSE]}, {"input_shape": "3,8"}, [None, 3, 8]),
        ({"layers": [DENSE]}, {"input_shape": "(3, 8)"}, [None, 3, 8]),
        ({"layers": [DENSE]}, {"input_shape": "null,8"}, [None, None, 8]),
        ({"layers": [DENSE]}, {"input_shape": {"input": [8]}}, [None, 8]),
        ({"input_shape": [7], "layers": [DENSE]}, {"input_shape": "8"}, [None, 8]),
        ({"batch_shape": [3, 7], "layers": [DENSE]}, {"input_shape": "8"}, [3, 8]),
        ({"batch_shape": [3, 7], "layers": [DENSE]}, {"batch_size": 9}, [9, 7]),
        ({"input_shape": [7], "layers": [DENSE]}, {"batch_size": 9}, [9, 7]),
        ({"input_shape": [], "layers": [{"type": "Flatten"}]}, {}, [None]),
    ],
)
def test_input_shape_can_be_named_in_many_ways(document, options, shape):
    report = analyze(document, **options)
    assert report["inputs"][0]["shape"] == shape
    assert report["inputs"][0]["name"] == "input"
    assert report["batch_size"] == shape[0]


def test_embedding_keeps_its_own_input_dim():
    report = analyze({"layers": [{"type": "Embedding", "input_dim": 50, "output_dim": 3, "input_shape": [7]}]})
    assert report["outputs"][0]["shape"] == [None, 7, 3]
    assert report["totals"]["params"] == 150


def test_names_are_those_of_keras_and_skip_what_is_taken():
    document = {
        "input_shape": [8, 8, 1],
        "layers": [
            {"type": "Conv2D", "filters": 1, "kernel_size": 1},
            {"type": "Conv2D", "filters": 1, "kernel_size": 1},
            {"type": "Conv2D", "filters": 1, "kernel_size": 1, "name": "conv2d_2"},
            {"type": "Conv2D", "filters": 1, "kernel_size": 1},
            {"type": "PReLU"},
            {"type": "ReLU"},
            {"type": "ELU"},
            {"type": "GlobalAvgPool2D"},
            {"type": "MaxPool1D", "name": "max"} | {"type": "Flatten"},
        ],
    }
    names = [row["name"] for row in rows(document)]
    assert names == [
        "conv2d",
        "conv2d_1",
        "conv2d_2",
        "conv2d_3",
        "p_re_lu",
        "re_lu",
        "elu",
        "global_average_pooling2d",
        "max",
    ]


def test_graph_by_names_and_second_outputs():
    document = {
        "inputs": [{"name": "left", "shape": [6, 4]}, {"name": "right", "shape": [6, 4]}],
        "layers": [
            {"type": "LSTM", "name": "encoder", "units": 5, "return_state": True, "inputs": ["left"]},
            {
                "type": "LSTM",
                "name": "decoder",
                "units": 5,
                "inputs": {"sequences": "right", "initial_state": ["encoder:1", "encoder:2"]},
            },
            {"type": "Subtract", "name": "gap", "inputs": ["encoder", "decoder"]},
            {"type": "Multiply", "name": "twice", "inputs": ["gap", "gap"]},
        ],
        "outputs": ["twice", "encoder:2"],
    }
    report = analyze(document)
    by_name = {row["name"]: row for row in report["layers"]}
    assert by_name["encoder"]["output_shapes"] == [[None, 5]] * 3
    assert by_name["decoder"]["inputs"] == ["right", "encoder", "encoder"]
    assert [output["name"] for output in report["outputs"]] == ["twice", "encoder"]
    result = forward(document, {"seed": 3})
    assert result["verified"]
    assert (result["outputs"][0]["data"][0][0]) >= 0  # a square


def test_layers_may_stand_before_what_they_take():
    document = {
        "input_shape": [4],
        "layers": [
            {"type": "Add", "name": "sum", "inputs": ["a", "b"]},
            {"type": "Dense", "units": 3, "name": "a", "inputs": ["input"]},
            {"type": "Dense", "units": 3, "name": "b", "inputs": "input"},
        ],
        "outputs": ["sum"],
    }
    report = analyze(document)
    assert [row["name"] for row in report["layers"]] == ["sum", "a", "b"]  # the document's order
    assert report["outputs"][0]["shape"] == [None, 3]
    assert forward(document, {"seed": 0})["verified"]


def test_several_inputs_as_layers():
    document = {
        "layers": [
            {"type": "Input", "name": "a", "shape": [2]},
            {"type": "Input", "name": "b", "shape": [3]},
            {"type": "Concatenate", "inputs": ["a", "b"]},
        ]
    }
    assert analyze(document)["outputs"][0]["shape"] == [None, 5]


def test_nested_stack_is_rows_under_its_name():
    block = {"type": "Sequential", "name": "block", "layers": [{"type": "Dense", "units": 5}, {"type": "ReLU"}]}
    report = analyze({"input_shape": [4], "layers": [block, {"type": "Dense", "units": 2}]})
    assert [row["name"] for row in report["layers"]] == ["block/dense", "block/re_lu", "dense"]
    assert report["layers"][0]["pointer"] == "/layers/0/layers/0"
    assert [weight["name"] for weight in report["layers"][0]["weights"]] == ["block/dense/kernel", "block/dense/bias"]
    wrapped = {"type": "TimeDistributed", "layer": block}
    report = analyze({"input_shape": [7, 4], "layers": [wrapped]})
    assert report["outputs"][0]["shape"] == [None, 7, 5]
    assert [weight["name"] for weight in report["layers"][0]["weights"]] == [
        "time_distributed/block/dense/kernel",
        "time_distributed/block/dense/bias",
    ]


@pytest.mark.parametrize(
    ("layer", "pointer", "words"),
    [
        ({"type": "Conv2D", "filters": 1, "kernel_size": 2, "stride": 2}, "/layers/0/stride", "read as 'strides'"),
        ({"type": "Conv2D", "filters": 1, "size": 2}, "/layers/0/size", "read as 'kernel_size'"),
        ({"type": "MaxPooling2D", "pool": 2}, "/layers/0/pool", "read as 'pool_size'"),
        ({"type": "MaxPooling2D", "size": 2}, "/layers/0/size", "read as 'pool_size'"),
        ({"type": "MaxPooling2D", "padding": "SAME"}, "/layers/0/padding", 'read as "same"'),
        (
            {"type": "Conv2D", "filters": 1, "kernel_size": 2, "activation": "ReLU"},
            "/layers/0/activation",
            'read as "relu"',
        ),
    ],
)
def test_slip_is_read_kindly_and_said(layer, pointer, words):
    report = analyze({"input_shape": [8, 8, 1], "layers": [layer]})
    (warning,) = report["warnings"]
    assert warning["pointer"] == pointer
    assert words in warning["detail"]


def test_slip_beside_the_right_name_is_an_error():
    layer = {"type": "MaxPooling2D", "stride": 2, "strides": 1}
    with pytest.raises(InvalidModel) as caught:
        analyze({"input_shape": [8, 8, 1], "layers": [layer]})
    assert [error["pointer"] for error in caught.value.errors] == ["/layers/0/stride"]


@pytest.mark.parametrize(
    ("alias", "name"), [("MaxPool2D", "MaxPooling2D"), ("AvgPool2D", "AveragePooling2D"), ("Convolution2D", "Conv2D"), ("GlobalAvgPool2D", "GlobalAveragePooling2D")]
)  # fmt: skip
def test_alias_is_the_same_layer(alias, name):
    config = {"Conv2D": {"filters": 2, "kernel_size": 1}, "AveragePooling2D": {"pool_size": 2}}.get(name, {})
    (row,) = rows({"input_shape": [8, 8, 1], "layers": [{"type": alias, **config}]})
    assert row["type"] == name


@pytest.mark.parametrize(
    ("document", "base"),
    [
        (lambda strange: {**strange, "input_shape": [8], "layers": [DENSE]}, ""),
        (lambda strange: {"inputs": [{"shape": [8], **strange}], "layers": [DENSE]}, "/inputs/0"),
        (lambda strange: {"input_shape": [8], "layers": [{**DENSE, **strange}]}, "/layers/0"),
    ],
)
def test_faults_come_in_the_order_of_the_document(document, base):
    strange = [f"strange_{i}" for i in (3, 1, 4, 5, 9, 2, 6, 8)]
    with pytest.raises(InvalidModel) as caught:
        analyze(document(dict.fromkeys(strange, 1)))
    assert [fault["pointer"] for fault in caught.value.errors] == [f"{base}/{key}" for key in strange]
