"""Operators whose result is as large as values say."""

import numpy as np
import pytest

import layercalc
from layercalc.errors import InvalidModel
from layercalc.files import read_model
from tests.onnx_files import file_of, node

NODES = {
    "NonZero": (["x"], {}, "how many elements are not 0", [2, None]),
    "Unique": (["x"], {}, "how many different elements there are", [None]),
    "NonMaxSuppression": (["boxes", "scores"], {}, "how many boxes are kept", [None, 3]),
}
SHAPES = {"x": [10, 20], "boxes": [1, 100, 4], "scores": [1, 3, 100]}


def document(kind):
    inputs, attributes, *_ = NODES[kind]
    shapes = {name: SHAPES[name] for name in inputs}
    return read_model(file_of([node(kind, inputs, ["y"], **attributes)], shapes, {"y": None}, opset=11))[0]


@pytest.mark.parametrize("kind", NODES)
def test_a_size_that_values_decide_is_unknown_and_said(kind):
    *_, told, shape = NODES[kind]
    report = layercalc.analyze(document(kind))
    assert report["outputs"][0]["shape"] == shape
    assert any(told in one["detail"] and "node/0" in one["pointer"] for one in report["warnings"])


@pytest.mark.parametrize("kind", NODES)
def test_nothing_bounds_a_pass_that_makes_it(kind):
    *_, told, _ = NODES[kind]
    inputs = {name: np.zeros(SHAPES[name], np.float32) for name in NODES[kind][0]}
    with pytest.raises(InvalidModel, match=f"makes a tensor with {told}, so that nothing bounds a pass"):
        layercalc.forward(document(kind), inputs)


def test_it_is_known_where_the_values_are():
    doc = read_model(file_of([node("NonZero", ["x"], ["y"])], {"x": [2, 3]}, {"y": None}, opset=13))[0]
    answer = layercalc.forward(doc, {"x": np.array([[1, 0, 2], [0, 0, 3]], np.float32)})
    assert answer["verified"]
    np.testing.assert_array_equal(answer["outputs"][0], [[0, 0, 1], [0, 2, 2]])
