"""Counts: exact at any size, unknown where they are, live bytes at their worst, and the published figures."""

import json

import pytest

from layercalc import InvalidModel, analyze
from tests import oracle

TINY = {
    "name": "tiny",
    "input_shape": [28, 28, 1],
    "layers": [
        {"type": "Conv2D", "filters": 32, "kernel_size": 3, "activation": "relu"},
        {"type": "MaxPooling2D"},
        {"type": "Flatten"},
        {"type": "Dense", "units": 10},
    ],
}


def test_report_of_the_contract():
    report = analyze(TINY)
    conv, pool, flatten, dense = report["layers"]
    assert report["model"] == {"name": "tiny", "format": "stack", "vocabulary": "keras"}
    assert report["batch_size"] is None
    assert report["inputs"] == [{"name": "input", "shape": [None, 28, 28, 1], "dtype": "float32"}]
    assert report["outputs"] == [{"name": "dense", "shape": [None, 10], "dtype": "float32"}]
    assert conv["ops"] == [
        {"op": "conv", "macs": 194688, "flops": 389376, "bytes_read": 4288, "bytes_written": 86528},
        {"op": "bias_add", "adds": 21632, "flops": 21632, "bytes_read": 86528 + 128, "bytes_written": 86528},
        {"op": "relu", "compares": 21632, "flops": 21632, "bytes_read": 86528, "bytes_written": 86528},
    ]
    assert (conv["params"], conv["macs"], conv["flops"]) == (320, 194688, 389376 + 2 * 21632)
    assert (conv["activation_bytes"], conv["param_bytes"]) == (86528, 1280)
    assert conv["weights"][0] == {
        "name": "conv2d/kernel",
        "shape": [3, 3, 1, 32],
        "dtype": "float32",
        "trainable": True,
    }
    assert pool["flops"] == 13 * 13 * 32 * 3  # three comparisons find the largest of four
    assert (flatten["flops"], flatten["output_shape"]) == (0, [None, 5408])
    assert dense["macs"] == 5408 * 10
    totals = report["totals"]
    assert totals["params"] == 320 + 54090
    assert totals["macs"] == 194688 + 54080
    assert totals["peak_activation_bytes"] == 86528 + 21632  # while pooling runs; flatten is a view


@pytest.mark.parametrize(
    ("name", "gmacs"),
    [
        ("VGG16", 15.47),  # Canziani et al. 2016, arXiv:1605.07678, counts 15.5 G for 224 x 224
        ("ResNet50", 3.86),  # He et al. 2016, arXiv:1512.03385, table 1: 3.8e9 (Keras' v1 strides in the 1x1)
        ("MobileNetV2", 0.30),  # Sandler et al. 2018, arXiv:1801.04381, table 4: 300 M
    ],
)
def test_published_macs(name, gmacs):
    totals = analyze(json.loads(oracle.app(name)[0]))["totals"]
    assert round(totals["macs"] / 1e9, 2) == gmacs


@pytest.mark.parametrize("name", oracle.APPS)
def test_totals_are_the_sum_of_rows_and_rows_of_ops(name):
    report = analyze(json.loads(oracle.app(name)[0]), batch_size=3)
    for metric in (
        "params",
        "trainable_params",
        "non_trainable_params",
        "macs",
        "flops",
        "param_bytes",
        "activation_bytes",
    ):
        assert report["totals"][metric] == sum(row[metric] for row in report["layers"])
    for row in report["layers"]:
        assert row["flops"] == sum(op["flops"] for op in row["ops"])


def test_integers_are_exact_past_64_bits():
    big = 10**30 + 7
    report = analyze({"input_shape": [big], "layers": [{"type": "Dense", "units": big}]})
    assert report["totals"]["params"] == big * big + big
    assert report["totals"]["macs"] == big * big
    assert report["totals"]["param_bytes"] == 4 * (big * big + big)
    assert json.loads(json.dumps(report))["totals"]["params"] > 2**64
    wide = analyze(
        {
            "input_shape": [big, big, 3],
            "layers": [{"type": "Conv2D", "filters": big, "kernel_size": 3, "padding": "same", "strides": 7}],
        }
    )
    assert wide["outputs"][0]["shape"] == [None, -(-big // 7), -(-big // 7), big]


def test_numbers_too_long_to_print_are_refused():
    document = {"input_shape": [10**250] * 30, "layers": [{"type": "Flatten"}]}
    with pytest.raises(InvalidModel) as caught:
        analyze(document)
    assert "digits" in caught.value.errors[0]["detail"]
    with pytest.raises(InvalidModel):
        analyze({"input_shape": [10**400], "layers": [{"type": "Dense", "units": 1}]})


def test_unknown_dimension_makes_null_and_says_which():
    document = {
        "input_shape": [None, None, 3],
        "layers": [
            {"type": "Conv2D", "filters": 8, "kernel_size": 3},
            {"type": "MaxPooling2D"},
            {"type": "GlobalAveragePooling2D"},
            {"type": "Dense", "units": 2},
        ],
    }
    report = analyze(document)
    assert [row["output_shape"] for row in report["layers"]] == [
        [None, None, None, 8],
        [None, None, None, 8],
        [None, 8],
        [None, 2],
    ]
    assert [row["params"] for row in report["layers"]] == [224, 0, 0, 18]
    assert [row["macs"] for row in report["layers"]] == [None, 0, 0, 16]
    assert report["totals"]["macs"] is None
    assert report["totals"]["peak_activation_bytes"] is None
    assert report["totals"]["params"] == 242
    assert "axis 1 of the input 'input'" in report["warnings"][0]["detail"]


@pytest.mark.parametrize(
    ("layers", "shape", "shapes"),
    [
        ([{"type": "Reshape", "target_shape": [-1, 6]}], [None, 4, 3], [None, None, 6]),
        ([{"type": "Flatten"}], [None, 4], [None, None]),
        ([{"type": "Permute", "dims": [2, 1]}], [None, 4], [None, 4, None]),
        ([{"type": "UpSampling1D"}], [None, 4], [None, None, 4]),
        ([{"type": "LSTM", "units": 3, "return_sequences": True}], [None, 4], [None, None, 3]),
        ([{"type": "TimeDistributed", "layer": {"type": "Dense", "units": 3}}], [None, 4], [None, None, 3]),
        ([{"type": "Conv1DTranspose", "filters": 3, "kernel_size": 2, "strides": 2}], [None, 4], [None, None, 3]),
        ([{"type": "ZeroPadding1D"}, {"type": "Cropping1D"}], [None, 4], [None, None, 4]),
        ([{"type": "BatchNormalization"}, {"type": "LayerNormalization"}], [None, 4], [None, None, 4]),
        ([{"type": "Softmax"}], [None, 4], [None, None, 4]),
        ([{"type": "AveragePooling1D", "pool_size": 2, "padding": "same"}], [None, 4], [None, None, 4]),
        ([{"type": "DepthwiseConv1D", "kernel_size": 2}, {"type": "SeparableConv1D", "filters": 5, "kernel_size": 2}], [None, 4], [None, None, 5]),
    ],
)  # fmt: skip
def test_unknown_dimension_runs_through(layers, shape, shapes):
    assert analyze({"input_shape": shape, "layers": layers})["outputs"][0]["shape"] == shapes


@pytest.mark.parametrize(
    ("document", "peak"),
    [
        # x (4) lives until add; a (8), b (8): at add, a + b + the sum
        (
            {"input_shape": [4], "layers": [
                {"type": "Dense", "units": 8, "name": "a"}, {"type": "Dense", "units": 8, "name": "b", "inputs": "input"},
                {"type": "Add", "inputs": ["a", "b"]}]},
            4 * (8 + 8 + 8),
        ),
        # a skip connection keeps the input alive to the end
        (
            {"input_shape": [10], "layers": [
                {"type": "Dense", "units": 30}, {"type": "Dense", "units": 10}, {"type": "Add", "inputs": ["input", "dense_1"]}]},
            4 * (10 + 30 + 10),
        ),
        # dropout and flatten look at their input's memory
        ({"input_shape": [5, 2], "layers": [{"type": "Dropout", "rate": 0.1}, {"type": "Flatten"}, {"type": "Dense", "units": 3}]}, 4 * (10 + 3)),
        # an output stays alive
        (
            {"input_shape": [2], "layers": [
                {"type": "Dense", "units": 100, "name": "kept"}, {"type": "Dense", "units": 50, "name": "mid"},
                {"type": "Dense", "units": 60, "name": "last"}], "outputs": ["kept", "last"]},
            4 * (100 + 50 + 60),
        ),
    ],
)  # fmt: skip
def test_peak_of_live_activations(document, peak):
    assert analyze(document)["totals"]["peak_activation_bytes"] == peak


def test_chain_of_ten_thousand_layers():
    report = analyze({"input_shape": [4], "layers": [{"type": "Dense", "units": 4} for _ in range(10_000)]})
    assert report["totals"]["params"] == 10_000 * 20
    assert report["layers"][-1]["name"] == "dense_9999"


def test_loop_counts_every_step():
    one, twelve = (
        analyze({"input_shape": [steps, 8], "layers": [{"type": "LSTM", "units": 16}]})["totals"] for steps in (1, 12)
    )
    assert twelve["macs"] == 12 * one["macs"] == 12 * (8 * 64 + 16 * 64)
    assert twelve["params"] == one["params"] == 4 * (8 * 16 + 16 * 16 + 16)


@pytest.mark.parametrize(("dtype", "width"), [("float16", 2), ("float64", 8), ("mixed_float16", 2), ("bfloat16", 2)])
def test_dtype_changes_bytes_and_not_counts(dtype, width):
    plain, other = (
        analyze({"input_shape": [8], "layers": [{"type": "Dense", "units": 4, **more}]})["layers"][0]
        for more in ({}, {"dtype": dtype})
    )
    assert other["flops"] == plain["flops"]
    assert other["activation_bytes"] == 4 * width
    stored = 4 if dtype.startswith("mixed") else width
    assert other["param_bytes"] == 36 * stored


def test_analysing_twice_gives_the_same_and_leaves_the_document_alone():
    before = json.dumps(TINY)
    assert analyze(TINY) == analyze(TINY)
    assert json.dumps(TINY) == before


FORKED = {
    "inputs": [{"name": "a", "shape": [4]}],
    "layers": [
        {"type": "Dense", "units": 100, "name": "wide", "inputs": ["a"]},
        {"type": "Dense", "units": 3, "name": "narrow", "inputs": ["wide"]},
        {"type": "Reshape", "target_shape": [3, 1], "name": "view", "inputs": ["narrow"]},
        {"type": "Dense", "units": 2, "name": "beside", "inputs": ["a"]},
    ],
    "outputs": ["view", "beside"],
}


def test_bytes_that_are_live_while_a_layer_runs_by_hand():
    """4 inputs, then 100, 3 and 2 numbers more; the 100 die after `narrow`, a view holds nothing, outputs stay."""
    found = analyze(FORKED)
    live = {row["name"]: row["live_bytes"] for row in found["layers"]}
    assert live == {"wide": 416, "narrow": 428, "view": 28, "beside": 36}
    assert found["totals"]["peak_activation_bytes"] == max(live.values())
    assert found["memory"]["peak_layer"] == max(live, key=live.get)


def test_live_bytes_of_an_unknown_size_are_unknown():
    rows = analyze({"input_shape": [None, 4], "layers": [{"type": "Dense", "units": 2}]})["layers"]
    assert [row["live_bytes"] for row in rows] == [None]


def test_rows_of_equal_layers_share_what_they_have_alike():
    layers = [{"type": "Dense", "units": 3}, {"type": "ReLU"}, {"type": "ReLU"}]
    one, two = analyze({"input_shape": [3], "layers": layers})["layers"][1:]
    assert one["ops"] is two["ops"]
    assert one["output_shape"] == two["output_shape"]
    assert (one["name"], two["name"], one["inputs"], two["inputs"]) == ("re_lu", "re_lu_1", ["dense"], ["re_lu"])
