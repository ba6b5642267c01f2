"""Budgets on, and diffs of, what a program holds beside its parameters."""

import pytest

import layercalc
from layercalc.errors import InvalidBudgets
from layercalc.files import read_model
from tests.torch_files import body_of, changed


def budgeted(document, **budget):
    return layercalc.check(document, [budget])


def document(name="resnet18"):
    return read_model(body_of(name))[0]


@pytest.mark.parametrize(("metric", "amount"), [("buffers", 9_620), ("buffer_bytes", 38_560)])
def test_buffers_have_a_budget_of_their_own(metric, amount):
    assert budgeted(document(), metric=metric, max=amount)["passed"]
    (failed,) = budgeted(document(), metric=metric, max=amount - 1)["results"]
    assert not failed["passed"]
    assert failed["layers"][0]["name"].startswith("layer4")
    (one,) = budgeted(document(), metric=metric, layer="bn1", max=amount)["results"]
    assert one["actual"] == (129 if metric == "buffers" else 520)


def test_a_vocabulary_without_buffers_says_so():
    stack = {"input_shape": [4], "layers": [{"type": "BatchNormalization"}]}
    with pytest.raises(InvalidBudgets, match="no buffers are counted apart in this report"):
        budgeted(stack, metric="buffers", max=0)


def test_a_diff_says_how_many_buffers_more():
    def change(program):
        values = program["graph_module"]["graph"]["tensor_values"]
        values["b_bn1_running_mean"]["dtype"] = 8

    after = read_model(changed("resnet18", change))[0]
    report = layercalc.diff(document(), after)
    assert report["totals"]["buffer_bytes"]["delta"] == 64 * 4
    (line,) = [one for one in report["layers"] if one["after"] == "bn1"]
    assert line["deltas"]["buffer_bytes"] == 64 * 4
