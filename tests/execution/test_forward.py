"""The forward pass: every form of a tensor, verification, comparison, limits."""

import base64

import numpy as np
import pytest

from layercalc import InvalidTensors, Refused, analyze, catalogue, forward
from layercalc.errors import Overdue, TooLarge
from layercalc.layers.keras.base import KERAS
from layercalc.limits import Limits
from tests import scaled

DENSE = {"input_shape": [3], "layers": [{"type": "Dense", "units": 2, "name": "d"}]}
KERNEL, BIAS = [[1, 2], [3, 4], [5, 6]], [0.5, -0.5]
WEIGHTS = {"d/kernel": KERNEL, "d/bias": BIAS}
X = [[1, 0, 2], [0, 1, 0]]
Y = [[11.5, 13.5], [3.5, 3.5]]


def b64(array, dtype="<f4"):
    return base64.b64encode(np.asarray(array, dtype).tobytes()).decode()


FORMS = [
    (X, "nested"),
    ({"shape": [2, 3], "datatype": "FP32", "data": X}, "nested"),
    ({"shape": [2, 3], "datatype": "FP32", "data": [1, 0, 2, 0, 1, 0]}, "flat"),
    ({"name": "input", "shape": [2, 3], "datatype": "FP64", "data": X}, "nested"),
    ({"shape": [2, 3], "datatype": "INT8", "data": X}, "nested"),
    ({"shape": [2, 3], "datatype": "UINT64", "data": X}, "nested"),
    ({"shape": [2, 3], "datatype": "FP32", "b64": b64(X)}, "b64"),
    ({"shape": [2, 3], "datatype": "FP64", "b64": b64(X, "<f8")}, "b64"),
    ({"shape": [2, 3], "datatype": "FP16", "b64": b64(X, "<f2")}, "b64"),
    ({"shape": [2, 3], "datatype": "INT32", "b64": b64(X, "<i4")}, "b64"),
    (np.array(X), "array"),
]


@pytest.mark.parametrize(("tensor", "form"), FORMS, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("wrap", [lambda t: [t], lambda t: {"input": t}], ids=["list", "map"])
def test_every_form_of_a_tensor(tensor, form, wrap):
    result = forward(DENSE, wrap(tensor), WEIGHTS)
    (output,) = result["outputs"]
    assert result["verified"]
    assert result["weights"] == {"source": "posted"}
    if form == "array":
        np.testing.assert_array_equal(output, np.array(Y, "float32"))
        return
    assert (output["name"], output["shape"], output["datatype"]) == ("d", [2, 2], "FP32")
    if form == "b64":
        assert np.frombuffer(base64.b64decode(output["b64"]), "<f4").tolist() == [11.5, 13.5, 3.5, 3.5]
    else:
        assert output["data"] == (Y if form == "nested" else [11.5, 13.5, 3.5, 3.5])


@pytest.mark.parametrize(
    "weights",
    [
        [KERNEL, BIAS],
        [{"shape": [3, 2], "datatype": "FP32", "b64": b64(KERNEL)}, BIAS],
        {"sequential/d/kernel": KERNEL, "sequential/d/bias": BIAS},  # Keras' own paths
        {"kernel": KERNEL, "bias": BIAS},
        [np.array(KERNEL), np.array(BIAS)],
    ],
    ids=["list", "b64", "keras", "tails", "arrays"],
)
def test_every_form_of_weights(weights):
    assert forward(DENSE, [X], weights)["outputs"][0]["data"] == Y


def test_seeds_repeat_and_differ():
    first, again, other = (forward(DENSE, {"seed": 1}, {"seed": seed})["outputs"] for seed in (5, 5, 6))
    assert first == again != other
    assert forward(DENSE, {"seed": 1})["weights"] == {"source": "seeded", "seed": 0}
    assert forward(DENSE, {"seed": 1}, None)["outputs"] == forward(DENSE, {"seed": 1}, {"seed": 0})["outputs"]


def test_comparison_passes_and_fails_by_its_tolerances():
    near = [[11.5, 13.5], [3.5, 3.5002]]
    assert forward(DENSE, [X], WEIGHTS, expected=[Y])["comparison"]["passed"]
    result = forward(DENSE, [X], WEIGHTS, expected=[near])["comparison"]
    assert result["passed"]
    strict = forward(DENSE, [X], WEIGHTS, expected={"d": near}, rtol=1e-6, atol=0)["comparison"]
    assert not strict["passed"]
    assert strict["max_abs_error"] == pytest.approx(2e-4, rel=1e-3)
    assert strict["max_rel_error"] == pytest.approx(2e-4 / 3.5002, rel=1e-3)
    assert strict["outputs"][0]["name"] == "d"


def test_stats_and_returned_layers():
    document = {
        "input_shape": [3],
        "layers": [{"type": "Dense", "units": 2, "name": "d"}, {"type": "ReLU", "name": "r"}],
    }
    result = forward(document, [[[-1, 0, 0], [0, 0, 0]]], WEIGHTS, stats=True, return_layers=["d"])
    assert result["returned_layers"]["d"]["data"] == [[-0.5, -2.5], [0.5, -0.5]]
    assert result["layers"][0] == {
        "name": "d", "type": "Dense", "analytic_shape": [2, 2], "actual_shape": [2, 2], "match": True,
        "min": -2.5, "max": 0.5, "mean": -0.75, "nan_count": 0, "inf_count": 0,
    }  # fmt: skip
    assert result["outputs"][0]["data"] == [[0, 0], [0.5, 0]]


def test_numbers_that_json_cannot_say_are_null_in_data_and_exact_in_b64():
    document = {"input_shape": [3], "layers": [{"type": "Activation", "activation": "exponential"}]}
    result = forward(document, [[[1000, 0, -1000]]], stats=True)
    assert result["outputs"][0]["data"] == [[None, 1.0, 0.0]]
    assert result["layers"][0]["max"] == 1.0
    raw = forward(document, [{"shape": [1, 3], "datatype": "FP32", "b64": b64([1000, np.nan, 0])}], stats=True)
    decoded = np.frombuffer(base64.b64decode(raw["outputs"][0]["b64"]), "<f4")
    np.testing.assert_array_equal(decoded, np.array([np.inf, np.nan, 1], "float32"))
    assert raw["layers"][0]["nan_count"] == 1


CHAIN = {
    "input_shape": [3],
    "layers": [
        {"type": "Dense", "units": 2, "name": "d"},
        {"type": "ReLU", "name": "r"},
        {"type": "Activation", "activation": "log_softmax", "name": "s"},
    ],
}


def test_the_first_layer_that_differs_is_named():
    right = forward(CHAIN, [X], WEIGHTS, return_layers=["d", "r"])["returned_layers"]
    wrong = np.array(right["r"]["data"])
    wrong[1, 0] += 0.5
    expected = {"s": [[9, 9], [9, 9]], "r": wrong.tolist(), "d": right["d"]}
    result = forward(CHAIN, [X], WEIGHTS, expected=expected)
    comparison = result["comparison"]
    assert [line["passed"] for line in comparison["outputs"]] == [False, True, False]
    first = comparison["first_divergence"]
    assert (first["layer"], first["index"]) == ("r", [1, 0])
    assert first["expected"] - first["actual"] == pytest.approx(0.5)
    assert comparison["outputs"][2]["mismatches"] == 1
    assert result["returned_layers"] == {}


@pytest.mark.parametrize(
    ("inputs", "weights", "source"),
    [
        ([X], WEIGHTS, None),
        ([[[np.nan, 0, 0]]], WEIGHTS, {"input": "input", "nan_count": 1, "inf_count": 0}),
        ([X], {**WEIGHTS, "d/bias": [0, np.inf]}, {"weight": "d/bias", "nan_count": 0, "inf_count": 1}),
        (
            [[[3e38, 3e38, 3e38]]],
            {"d/kernel": [[9, 0], [9, 0], [9, 0]], "d/bias": [0, 0]},
            {"layer": "d", "nan_count": 0, "inf_count": 1},
        ),
    ],
)
def test_what_is_no_number_is_traced_to_where_it_came_from(inputs, weights, source):
    inputs = [np.array(inputs[0], np.float32)]
    weights = {name: np.array(array, np.float32) for name, array in weights.items()}
    assert forward(CHAIN, inputs, weights)["non_finite"] == source
    assert forward(CHAIN, inputs, weights, stats=True)["non_finite"] == source


def test_profile_stands_beside_the_count():
    line = forward(CHAIN, [X], WEIGHTS, profile=True)["layers"][0]
    assert line["flops"] == 28
    assert line["seconds"] >= 0
    assert line["gflops_per_second"] is None or line["gflops_per_second"] > 0


def test_asking_to_see_between_layers_changes_no_number():
    document = {
        "input_shape": [12, 12, 8],
        "layers": [
            {"type": "Conv2D", "filters": 16, "kernel_size": 3, "padding": "same", "name": "c"},
            {"type": "BatchNormalization", "name": "b"},
            {"type": "ReLU", "name": "r"},
            {"type": "DepthwiseConv2D", "kernel_size": 3, "strides": 2, "name": "w"},
            {"type": "BatchNormalization", "name": "b2"},
            {"type": "Activation", "activation": "silu", "name": "a"},
            {"type": "Conv2D", "filters": 12, "kernel_size": 1, "activation": "relu6", "name": "p"},
            {"type": "Add", "inputs": ["p", "p"], "name": "sum"},
            {"type": "Multiply", "inputs": ["sum", "p"], "name": "product"},
        ],
    }
    inputs = [np.random.default_rng(0).standard_normal((9, 12, 12, 8)).astype("float32")]
    joined = forward(document, inputs, {"seed": 1})
    apart = forward(document, inputs, {"seed": 1}, stats=True)
    names = [line["name"] for line in apart["layers"]]
    every = forward(document, inputs, {"seed": 1}, return_layers=names)["returned_layers"]
    assert joined["verified"]
    assert [line["match"] for line in joined["layers"]] == [True] * 9
    np.testing.assert_allclose(joined["outputs"][0], apart["outputs"][0], rtol=1e-5, atol=1e-6)
    for name in ("b", "r", "w", "a", "sum"):
        some = forward(document, inputs, {"seed": 1}, return_layers=[name])["returned_layers"][name]
        np.testing.assert_allclose(some, every[name], rtol=1e-5, atol=1e-6)


def test_mask_changes_what_a_recurrent_layer_sees():
    document = {
        "inputs": [{"name": "words", "shape": [4], "dtype": "int32"}],
        "layers": [
            {"type": "Embedding", "input_dim": 9, "output_dim": 3, "mask_zero": True},
            {"type": "LSTM", "units": 2, "name": "lstm"},
        ],
    }
    long, short = (
        forward(document, [[words]])["outputs"][0]["data"] for words in ([5, 7, 0, 0], [5, 7, 0, 0, 0, 0][:4])
    )
    assert long == short
    without = {**document, "layers": [{**document["layers"][0], "mask_zero": False}, document["layers"][1]]}
    assert forward(without, [[[5, 7, 0, 0]]])["outputs"][0]["data"] != long
    trimmed = {**document, "inputs": [{"name": "words", "shape": [2], "dtype": "int32"}]}
    np.testing.assert_allclose(forward(trimmed, [[[5, 7]]])["outputs"][0]["data"], long, rtol=1e-6)


WRONG_INPUTS = [
    (3, "/inputs", "received 3"),
    ([], "/inputs", "Expected 1 tensors"),
    ([X, X], "/inputs", "received 2"),
    ({"inputt": X}, "/inputs", "'input' is missing"),
    ([[[1, 2]]], "/inputs/0", "[batch, 3]"),
    ([[1, 2, 3]], "/inputs/0", "received [3]"),
    ([[[1, 2, 3], [1, 2]]], "/inputs/0", "one length"),
    ([[["a", "b", "c"]]], "/inputs/0", "received"),
    ([None], "/inputs/0", "received null"),
    ([{}], "/inputs/0/shape", "received null"),
    ([{"shape": [1, 3], "datatype": "FP8", "data": X}], "/inputs/0/datatype", "FP32"),
    ([{"shape": [1, 3], "datatype": "FP32"}], "/inputs/0", "data or b64"),
    ([{"shape": [1, 3], "datatype": "FP32", "data": X, "b64": ""}], "/inputs/0", "data or b64"),
    ([{"shape": [1, 3], "datatype": "FP32", "data": X}], "/inputs/0/data", "needs 3 numbers"),
    ([{"shape": [-1, 3], "datatype": "FP32", "data": X}], "/inputs/0/shape", "received [-1, 3]"),
    ([{"shape": [10**30, 3], "datatype": "FP32", "data": X}], "/inputs/0/shape", "below 2^62"),
    ([{"shape": [10**30, 3], "datatype": "FP32", "b64": b64(X)}], "/inputs/0/shape", "below 2^62"),
    ([{"shape": [2, 3], "datatype": "FP32", "b64": "%%%"}], "/inputs/0/b64", "Not base64"),
    ([{"shape": [2, 3], "datatype": "FP32", "b64": 3}], "/inputs/0/b64", "received 3"),
    ([{"shape": [2, 3], "datatype": "INT8", "data": [[1.5] * 3] * 2}], "/inputs/0/data", "fractions"),
    ([{"shape": [2, 3], "datatype": "UINT8", "data": [[-1] * 3] * 2}], "/inputs/0/data", "0 to 255"),
    ([{"shape": [2, 3], "datatype": "FP32", "data": X, "name": "other"}], "/inputs/0/name", "'input'"),
    ([{"shape": [2, 3], "datatype": "FP32", "dta": X}], "/inputs/0/dta", "no key 'dta'"),
    ({"seed": -1}, "/inputs/seed", "received -1"),
    ({"seed": "x"}, "/inputs/seed", 'received "x"'),
]


@pytest.mark.parametrize(("inputs", "pointer", "words"), WRONG_INPUTS, ids=lambda value: str(value)[:40])
def test_wrong_input_is_refused_at_its_place(inputs, pointer, words):
    with pytest.raises(InvalidTensors) as caught:
        forward(DENSE, inputs, WEIGHTS)
    assert caught.value.errors[0]["pointer"] == pointer
    assert words in caught.value.errors[0]["detail"]


@pytest.mark.parametrize(
    ("weights", "errors"),
    [
        ({"d/kernel": KERNEL}, [("/weights", "'d/bias' of shape [2] is missing")]),
        ({**WEIGHTS, "d/bas": BIAS}, [("/weights/d~1bas", "'d/bias'")]),
        ({"d/kernel": BIAS, "d/bias": BIAS}, [("/weights/d~1kernel", "shape [3, 2]; received [2]")]),
        ({**WEIGHTS, "kernel": KERNEL}, [("/weights/kernel", "given twice")]),
        ([KERNEL], [("/weights", "Expected 2 weights")]),
        ([BIAS, KERNEL], [("/weights/0", "shape [3, 2]"), ("/weights/1", "shape [2]")]),
        (3, [("/weights", "received 3")]),
        ({"d/kernel": "x", "d/bias": BIAS}, [("/weights/d~1kernel", "received")]),
    ],
    ids=str,
)
def test_wrong_weights_are_named(weights, errors):
    with pytest.raises(InvalidTensors) as caught:
        forward(DENSE, [X], weights)
    assert [error["pointer"] for error in caught.value.errors] == [pointer for pointer, _ in errors]
    for error, (_, words) in zip(caught.value.errors, errors, strict=True):
        assert words in error["detail"]


@pytest.mark.parametrize(
    ("options", "pointer", "words"),
    [
        ({"expected": [BIAS]}, "/expected/0", "shape [2, 2]; received [2]"),
        ({"expected": [Y, Y]}, "/expected", "a list of 1"),
        ({"expected": {"e": Y}}, "/expected/e", "no layer 'e'"),
        ({"expected": {}}, "/expected", "a layer; received {}"),
        ({"return_layers": ["dd"]}, "/return_layers/0", "'d'"),
        ({"return_layers": "d"}, "/return_layers", "list"),
    ],
)
def test_wrong_option_is_refused(options, pointer, words):
    with pytest.raises(InvalidTensors) as caught:
        forward(DENSE, [X], WEIGHTS, **options)
    assert caught.value.errors[0]["pointer"] == pointer
    assert words in caught.value.errors[0]["detail"]


def test_index_outside_an_embedding_is_an_error():
    document = {
        "inputs": [{"name": "i", "shape": [2], "dtype": "int32"}],
        "layers": [{"type": "Embedding", "input_dim": 5, "output_dim": 2}],
    }
    for index in (5, -1):
        with pytest.raises(InvalidTensors) as caught:
            forward(document, [[[0, index]]])
        assert f"index {index} is outside a table of 5 rows" in caught.value.errors[0]["detail"]


RUN = [kind for kind in KERAS.kinds.values() if not (kind.is_input or kind.only_analysed)]


@pytest.mark.parametrize("kind", RUN, ids=lambda kind: kind.type)
def test_a_batch_of_nothing_gives_nothing_or_is_refused(kind):
    example = catalogue.example(kind)
    inputs = [{"name": f"in{i}", "batch_shape": [0, *shape[1:]]} for i, shape in enumerate(example["input_shapes"])]
    layer = {**example["layer"], "name": "it", "inputs": [one["name"] for one in inputs]}
    try:
        result = forward({"inputs": inputs, "layers": [layer]}, {"seed": 1})
    except Refused as error:
        assert error.errors[0]["detail"]
    else:
        assert result["verified"]


def test_a_recorded_operation_on_a_batch_of_nothing_gives_nothing_or_is_refused():
    tried = 0
    for _, document, arrays in scaled.operations(1):
        try:
            forward(document, [array[:0] for array in arrays or ()], {"seed": 1})
        except Refused:
            continue
        tried += 1
    assert tried > 100


def test_groups_share_the_filters_evenly():
    kernel = {"class_name": "__numpy__", "config": {"value": np.ones((3, 6, 5)).tolist(), "dtype": "float32"}}
    tensor = {"shape": [None, 8, 12], "dtype": "float32", "keras_history": ["i", 0, 0]}
    args = [{"class_name": "__keras_tensor__", "config": tensor}, kernel]
    head = {"class_name": "InputLayer", "config": {"batch_shape": [2, 8, 12], "name": "i"}, "name": "i"}
    conv = {"module": "keras.src.ops.nn", "class_name": "Conv", "config": {"name": "c", "padding": "same"}, "name": "c"}
    layers = [head | {"inbound_nodes": []}, conv | {"inbound_nodes": [{"args": args, "kwargs": {}}]}]
    config = {"name": "f", "layers": layers, "input_layers": [["i", 0, 0]], "output_layers": [["c", 0, 0]]}
    with pytest.raises(Refused, match="2 groups cannot share 5 filters"):
        analyze({"class_name": "Functional", "config": config})


def test_faults_of_the_model_stand_under_model():
    with pytest.raises(Refused) as caught:
        forward({"input_shape": [3], "layers": [{"type": "Dense", "units": 0}]}, [X])
    assert caught.value.errors[0]["pointer"] == "/model/layers/0/units"


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_forward_flops": 5}, "FLOPs; the limit is 5"),
        ({"max_forward_bytes": 5}, "bytes"),
        ({"max_forward_steps": 1}, "op calls"),
        ({"max_forward_seconds": 0}, "The deadline of 0 s"),
    ],
)
def test_pass_past_the_limits_is_refused_before_it_starts(limits, words):
    with pytest.raises((TooLarge, Overdue)) as caught:
        forward(DENSE, [X], limits=Limits(**limits))
    assert words in caught.value.errors[0]["detail"]
    assert "LAYERCALC_MAX_FORWARD" in caught.value.errors[0]["detail"]


def test_huge_models_are_refused_without_allocating():
    huge = {"input_shape": [10**6], "layers": [{"type": "Dense", "units": 10**7}]}
    inside = {"input_shape": [1, 4], "layers": [{"type": "TimeDistributed", "layer": {"type": "Sequential", "layers": [
        {"type": "RepeatVector", "n": 10**9}, {"type": "GlobalMaxPooling1D"}]}}]}  # fmt: skip
    loop = {"input_shape": [10**7, 1], "layers": [{"type": "LSTM", "units": 1}]}
    for document in (huge, inside, loop):
        with pytest.raises(TooLarge):
            forward(document, {"seed": 0}, limits=Limits())
