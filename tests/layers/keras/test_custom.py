"""What cannot be computed: refused by name with the way out, and declared."""

import pytest

from layercalc import InvalidModel, analyze, forward
from layercalc.layers.keras.base import KERAS


def stack(**layer):
    return {"input_shape": [16], "layers": [{"type": "Dense", "units": 8}, layer, {"type": "Dense", "units": 2}]}


DECLARED = {"type": "Custom", "output_shape": [4], "params": 30, "macs": 20, "flops": 50}


@pytest.mark.parametrize("name", KERAS.refused)
def test_refused_layer_says_why_and_offers_the_way_out(name):
    with pytest.raises(InvalidModel) as caught:
        analyze(stack(type=name))
    (error,) = caught.value.errors
    assert error["pointer"] == "/layers/1/type"
    assert error["detail"].startswith(f"{name} {KERAS.refused[name]}.")
    assert '"type": "Custom"' in error["detail"]


def test_foreign_class_of_a_keras_document_is_refused_with_the_way_out():
    item = {"module": "my.models", "class_name": "Mine", "config": {"name": "mine"}, "registered_name": "my>Mine"}
    with pytest.raises(InvalidModel) as caught:
        analyze({"class_name": "Sequential", "config": {"name": "m", "layers": [item]}}, input_shape=[3])
    assert "never imported" in caught.value.errors[0]["detail"]
    assert "Custom" in caught.value.errors[0]["detail"]


def test_declared_numbers_stand_in():
    report = analyze(stack(**DECLARED, non_trainable_params=10))
    row = report["layers"][1]
    assert row["output_shape"] == [None, 4]
    counts = ("params", "trainable_params", "non_trainable_params", "macs", "flops", "param_bytes")
    assert [row[key] for key in counts] == [30, 20, 10, 20, 50, 120]
    assert report["totals"]["params"] == 16 * 8 + 8 + 30 + 4 * 2 + 2


def test_counts_are_of_one_sample():
    assert analyze(stack(**DECLARED), batch_size=3)["layers"][1]["macs"] == 60


@pytest.mark.parametrize(
    ("shape", "expected"), [([None, 4], [[None, 4]]), ([[4], [2, 3]], [[None, 4], [None, 2, 3]]), ([], [[None]])]
)
def test_output_shapes(shape, expected):
    document = stack(**{**DECLARED, "output_shape": shape})
    document["layers"].pop()
    assert analyze(document)["layers"][1]["output_shapes"] == expected


def test_what_is_not_declared_is_null_with_a_warning_never_zero():
    report = analyze(stack(type="Custom", output_shape=[4]))
    row = report["layers"][1]
    assert [row[key] for key in ("params", "macs", "flops")] == [None, None, None]
    assert report["totals"]["flops"] is None
    assert any("Custom" in warning["detail"] for warning in report["warnings"])


def test_it_cannot_be_run():
    with pytest.raises(InvalidModel) as caught:
        forward(stack(**DECLARED), {"seed": 1})
    assert "nothing that could be run" in caught.value.errors[0]["detail"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"flops": 30}, "flops"),
        ({"non_trainable_params": 31}, "non_trainable_params"),
        ({"params": -1}, "params"),
        ({"output_shape": "4"}, "output_shape"),
        ({"output_shape": [-1]}, "output_shape"),
    ],
)
def test_declarations_that_cannot_be_are_faults(more, field):
    with pytest.raises(InvalidModel) as caught:
        analyze(stack(**{**DECLARED, **more}))
    assert caught.value.errors[0]["pointer"] == f"/layers/1/{field}"
