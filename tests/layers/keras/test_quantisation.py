"""Quantised models: weights, parameters and bytes as Keras has them, and refused where they would run."""

import copy
from pathlib import Path

import pytest

from layercalc import InvalidModel, analyze, forward
from layercalc.layers.keras.fields import POLICIES, Quantised
from layercalc.ops import WIDTH
from tests import oracle

FOLDER = Path(__file__).parents[2] / "data" / "keras_quantised"
MODELS = oracle.unzipped(FOLDER / "models.json.gz")


def weights_of(report):
    return [
        ["/".join(one["name"].split("/")[-2:]), one["shape"], one["dtype"], one["trainable"]]
        for row in report["layers"]
        for one in row["weights"]
        if not one.get("shared")
    ]


def size(shape):
    out = 1
    for n in shape:
        out *= n
    return out


@pytest.mark.parametrize("name", MODELS)
def test_weights_parameters_and_bytes_are_those_of_keras(name):
    entry = MODELS[name]
    report = analyze(entry["model"])
    assert weights_of(report) == entry["weights"]
    totals = report["totals"]
    assert totals["params"] == entry["params"]
    assert totals["trainable_params"] == sum(size(shape) for _, shape, _, trains in entry["weights"] if trains)
    assert totals["param_bytes"] == sum(size(shape) * WIDTH[dtype] for _, shape, dtype, _ in entry["weights"])


@pytest.mark.parametrize("name", MODELS)
def test_shapes_and_arithmetic_are_those_of_the_model_as_it_was(name):
    entry = MODELS[name]
    before = copy.deepcopy(entry["model"])
    waiting = [before]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            one.pop("quantization_config", None)
            policy = one.get("dtype")
            if isinstance(policy, dict) and "source_name" in policy["config"]:
                one["dtype"] = policy["config"]["source_name"]
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    now, was = analyze(entry["model"]), analyze(before)
    assert [row["output_shapes"] for row in now["layers"]] == [row["output_shapes"] for row in was["layers"]]
    assert now["totals"]["macs"] == was["totals"]["macs"] > 0


@pytest.mark.parametrize("name", [name for name in MODELS if name.endswith(("int8", "4/4", "float8"))])
def test_running_one_is_refused(name):
    with pytest.raises(InvalidModel) as caught:
        forward(MODELS[name]["model"], {"seed": 1})
    assert {one["detail"] for one in caught.value.errors} == {
        "Its kernel is quantised, which is analysed only; a forward pass needs the model as it was before."
    }


@pytest.mark.parametrize("name", MODELS)
def test_attention_beside_quantised_layers_is_told_of(name):
    told = [one for one in analyze(MODELS[name]["model"])["warnings"] if "quantises its projections" in one["detail"]]
    assert [one["pointer"] for one in told] == (["/config/layers/1"] if name.startswith("attention") else [])


def test_a_file_of_one_is_read_and_not_run():
    report = analyze(FOLDER / "int8.keras")
    assert weights_of(report) == MODELS["nested/int8"]["weights"]
    with pytest.raises(InvalidModel) as caught:
        forward(FOLDER / "int8.keras", {"seed": 1})
    assert [one["pointer"] for one in caught.value.errors] == ["/model/config/layers/1", "/model/config/layers/3"]


def dense(**config):
    return {"input_shape": [6], "layers": [{"type": "Dense", "units": 5, **config}]}


def test_a_policy_may_be_a_name():
    weights = analyze(dense(dtype="int4/4_from_mixed_bfloat16"))["layers"][0]["weights"]
    assert [(one["name"], one["shape"], one["dtype"]) for one in weights] == [
        ("dense/bias", [5], "float32"),
        ("dense/kernel", [6, 3], "int8"),
        ("dense/kernel_scale", [2, 5], "float32"),
        ("dense/kernel_zero", [2, 5], "int8"),
        ("dense/g_idx", [6], "float32"),
    ]


@pytest.mark.parametrize(
    ("layer", "field", "words"),
    [
        (dense(dtype="int4/0_from_float32"), "dtype", "int8_from_float32"),
        (dense(dtype="int8_from_int32"), "dtype", "int8_from_float32"),
        (dense(dtype="int8_from_float16"), "dtype", "computes in float16"),
        (dense(dtype="gptq/5/8_from_float32"), "dtype", "int8_from_float32"),
        (dense(quantization_config={"class_name": "Mine", "config": {}}), "quantization_config", "quantization config"),
        (dense(quantization_config="int8"), "quantization_config", "quantization config"),
    ],
)
def test_what_is_no_policy_is_refused(layer, field, words):
    with pytest.raises(InvalidModel) as caught:
        analyze(layer)
    assert caught.value.errors[0]["pointer"] == f"/layers/0/{field}"
    assert words in caught.value.errors[0]["detail"]


@pytest.mark.parametrize(
    ("layer", "shape", "words"),
    [
        ({"type": "Conv1D", "filters": 2, "kernel_size": 2, "dtype": "int8_from_float32"}, [6, 2], "alone"),
        ({"type": "Embedding", "input_dim": 5, "output_dim": 4, "dtype": "float8_from_float32"}, [6], "int8 or int4"),
        (
            {"type": "EinsumDense", "equation": "...x,xy->...y", "output_shape": [3], "dtype": "int8_from_float32"},
            [6, 2],
            "ellipsis",
        ),
        (
            {"type": "EinsumDense", "equation": "ab,bcdef->acdef", "output_shape": [1, 2, 3, 4]}
            | {"dtype": "awq/4/8_from_float32"},
            [6],
            "2 or 3 axes",
        ),
    ],
)
def test_what_keras_does_not_quantise_is_refused(layer, shape, words):
    with pytest.raises(InvalidModel) as caught:
        analyze({"input_shape": shape, "layers": [layer]})
    assert words in caught.value.errors[0]["detail"]


def test_policies_are_equal_where_all_of_them_is():
    dtypes = POLICIES["float32"]
    every = [Quantised(dtypes, "int8"), Quantised(dtypes, "int4"), Quantised(dtypes, "int4", 32)]
    every += [Quantised(dtypes, "gptq", 32, 4), Quantised(dtypes, "float8", history=8)]
    every += [Quantised(POLICIES["float16"], "int8")]
    assert len({dtypes, *every}) == len(every) + 1
    for one in every:
        again = Quantised(tuple(one), one.mode, one.group, one.bits, one.history)
        assert [one == again, one != again, hash(one) == hash(again)] == [True, False, True]
        assert [one == tuple(one), tuple(one) == one, one != tuple(one), tuple(one) != one] == [
            False,
            False,
            True,
            True,
        ]
