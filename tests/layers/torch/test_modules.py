"""The modules of torch.nn against PyTorch's own answers (scripts/record_torch_modules.py)."""

import gzip
import json
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from layercalc import analyze, forward
from layercalc.errors import Refused
from layercalc.layers.config import fields_of
from layercalc.layers.torch.base import TORCH
from tests.formula import input_of, integers_of, weight_of

DATA = Path(__file__).parents[2] / "data" / "torch_modules"
SIGNATURES = json.loads((DATA / "signatures.json").read_text())
CASES = json.loads(gzip.decompress((DATA / "cases.json.gz").read_bytes()))["cases"]
KINDS = TORCH.kinds
NUMBERS = 24  # of an output that are recorded
WRITTEN = {
    "TransformerEncoderLayer",
    "TransformerDecoderLayer",
    "Transformer",
}  # torch's default is a function, ours its name
# That compute on tensors and are not read: losses are for training, two draw at random, two are of no kind, and one is of Torch
LEFT = {"AdaptiveLogSoftmaxWithLoss", "CrossMapLRN2d", "FractionalMaxPool2d", "FractionalMaxPool3d", "RNNBase"}
LEFT |= {"RNNCellBase"}


@pytest.mark.parametrize("name", KINDS)
def test_arguments_and_defaults_are_pytorchs(name):
    recorded = SIGNATURES[name]
    if any(argument.startswith("*") for argument, _, _ in recorded):
        return  # it says no more than that: the cases below try them
    own = [
        [argument, field.default is ..., None if field.default is ... else field.default]
        for argument, field in fields_of(KINDS[name]).items()
    ]
    if name in WRITTEN:
        own, recorded = ([row for row in rows if row[0] != "activation"] for rows in (own, recorded))
    assert own == recorded


def test_every_module_is_read_or_left_out_by_name():
    computing = {name for name in SIGNATURES if not name.endswith(("Loss", "Loss2d"))}
    assert computing - LEFT == set(KINDS)


def test_every_module_is_among_the_cases():
    assert {case["type"] for case in CASES} == set(KINDS)


def inputs_of(case):
    return integers_of(case["type"], [input_of(i, shape) for i, shape in enumerate(case["inputs"])])


def document(case):
    inputs = [
        {"name": f"x{i}", "batch_shape": shape, "dtype": str(x.dtype)}
        for i, (shape, x) in enumerate(zip(case["inputs"], inputs_of(case), strict=True))
    ]
    layer = {"type": case["type"], "name": "m", **case["config"], "inputs": [one["name"] for one in inputs]}
    return {"vocabulary": "torch", "inputs": inputs, "layers": [layer]}


@pytest.mark.parametrize("name", KINDS)
def test_shapes_parameters_and_values_are_pytorchs(name):
    for case in CASES:
        if case["type"] != name:
            continue
        if "error" in case:
            with pytest.raises(Refused):
                analyze(document(case))
            continue
        report = analyze(document(case))
        (row,) = report["layers"]
        assert row["output_shapes"] == case["outputs"], case
        weights = [[one["name"].removeprefix("m/"), one["shape"]] for one in row["weights"]]
        assert [one for one in weights if one not in case["buffers"]] == case["parameters"], case
        assert [one for one in weights if one in case["buffers"]] == case["buffers"], case
        assert row["params"] == sum(int(np.prod(shape, dtype=int)) for _, shape in case["parameters"]), case
        assert row["buffers"] == sum(int(np.prod(shape, dtype=int)) for _, shape in case["buffers"]), case
        for found, wanted in zip(run(case, weights), case["values"], strict=True):
            np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-5, err_msg=str(case["config"]))


def run(case, weights):
    given = {f"m/{name}": counted(name, tuple(shape)) for name, shape in weights}
    inputs = {f"x{i}": x for i, x in enumerate(inputs_of(case))}
    outputs = forward(document(case), inputs, given)["outputs"]
    arrays = [np.asarray(y).reshape(-1) for y in (outputs if isinstance(outputs, list) else [outputs])]
    return [y[:: max(1, -(-y.size // NUMBERS))] for y in arrays]


def counted(name, shape):
    return np.zeros((), np.int64) if name.endswith("num_batches_tracked") else weight_of(name, shape)


def fault_of(stack):
    with pytest.raises(Refused) as error:
        analyze(stack)
    (fault,) = error.value.errors
    return fault


def with_window(name, config, window, more):
    """The same with a window of so many along each axis, none of which may hang over the end."""
    fields, given = fields_of(KINDS[name]), config["kernel_size"]
    plain = {"padding": 0, "ceil_mode": False, **more}
    one = [window] * len(given) if isinstance(given, list) else window
    return {**config, **{key: value for key, value in plain.items() if key in fields}, "type": name, "kernel_size": one}


WINDOWS = [
    name
    for name in sorted(KINDS)
    if "kernel_size" in KINDS[name].example[0] and not re.search("Transpose|Unpool|^Fold|Fractional", name)
]


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize("more", [{}, {"padding": 1}, {"dilation": 3}, {"padding": 2, "dilation": 4}])
def test_window_that_does_not_fit_is_offered_one_that_does(name, more):
    config, shape = KINDS[name].example[:2]
    layer = with_window(name, config, 50, more)
    stack = {"vocabulary": "torch", "batch_shape": [*shape], "layers": [layer]}
    fault = fault_of(stack)
    assert fault["pointer"] == "/layers/0/kernel_size"
    if "fix" not in fault:  # of a pool, whose padding may be no more than half of the window
        assert name.startswith("MaxPool")
        assert layer["dilation"] == 4
        return
    layer["kernel_size"] = fault["fix"]["value"]
    assert [row["type"] for row in analyze(stack)["layers"]] == [name]


@pytest.mark.parametrize(("layer", "shape", "field", "right"), [
    ({"type": "Conv2d", "in_channels": 6, "out_channels": 9, "kernel_size": 1, "groups": 4}, [6, 9, 9], "groups", 3),
    ({"type": "LazyConv1d", "out_channels": 9, "kernel_size": 1, "groups": 4}, [6, 9], "groups", 3),
    ({"type": "Conv1d", "in_channels": 6, "out_channels": 9, "kernel_size": 1, "padding": "same", "stride": 2}, [6, 9], "stride", 1),
    ({"type": "GroupNorm", "num_groups": 4, "num_channels": 6}, [6, 9], "num_groups", 3),
    ({"type": "MultiheadAttention", "embed_dim": 8, "num_heads": 3, "inputs": ["input"] * 3}, [5, 8], "num_heads", 2),
    ({"type": "TransformerEncoderLayer", "d_model": 12, "nhead": 5, "batch_first": True}, [5, 12], "nhead", 4),
    ({"type": "MaxPool2d", "kernel_size": [3, 4], "padding": 2}, [6, 9, 9], "padding", [1, 2]),
    ({"type": "AvgPool1d", "kernel_size": 3, "padding": 2}, [6, 9], "padding", 1),
])  # fmt: skip
def test_number_that_does_not_go_with_another_is_offered_one_that_does(layer, shape, field, right):
    stack = {"vocabulary": "torch", "batch_shape": [2, *shape], "layers": [dict(layer)]}
    fault = fault_of(stack)
    assert fault["fix"] == {"pointer": f"/layers/0/{field}", "value": right}
    stack["layers"][0][field] = right
    assert analyze(stack)["layers"]


@pytest.mark.parametrize(("layer", "shape", "field", "right"), [
    ({"type": "Conv2d", "in_channels": 3, "out_channels": 8, "kernel_size": 3}, [4, 9, 9], "in_channels", 4),
    ({"type": "Linear", "in_features": 10, "out_features": 8}, [4, 12], "in_features", 12),
    ({"type": "BatchNorm2d", "num_features": 3}, [4, 9, 9], "num_features", 4),
    ({"type": "LSTM", "input_size": 3, "hidden_size": 2}, [4, 5], "input_size", 5),
])  # fmt: skip
def test_wrong_number_of_features_is_offered_right(layer, shape, field, right):
    stack = {"vocabulary": "torch", "batch_shape": [2, *shape], "layers": [layer]}
    with pytest.raises(Refused) as error:
        analyze(stack)
    (fault,) = error.value.errors
    assert fault["pointer"] == f"/layers/0/{field}"
    assert fault["fix"]["value"] == right
    stack["layers"][0][field] = right
    analyze(stack)


ENCODER = {"type": "TransformerEncoderLayer", "d_model": 8, "nhead": 2}
LARGE = {
    "windows of a large image": ([3, 10**9, 10**9], {"type": "Unfold", "kernel_size": 2}, True),
    "large windows": ([3, 10**6, 10], {"type": "Unfold", "kernel_size": [10**5, 2]}, True),
    "layers of an LSTM": ([4, 8], {"type": "LSTM", "input_size": 8, "hidden_size": 4, "num_layers": 10**9}, False),
    "layers of an encoder": (
        [4, 8], {"type": "TransformerEncoder", "encoder_layer": ENCODER, "num_layers": 10**9}, False
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
def test_large_numbers_take_no_memory(name):
    shape, layer, fits = LARGE[name]
    stack = {"vocabulary": "torch", "input_shape": shape, "layers": [layer]}
    tracemalloc.start()
    try:
        if fits:
            analyze(stack)
        else:
            with pytest.raises(Refused, match="At most 1,000 layers"):
                analyze(stack)
        assert tracemalloc.get_traced_memory()[1] < 30 << 20
    finally:
        tracemalloc.stop()
