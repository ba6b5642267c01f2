"""If: one of two graphs inside a node; the dearer is counted, both have their weights."""

import numpy as np
import pytest

import layercalc
from layercalc.errors import InvalidModel
from layercalc.files import read_model
from tests.onnx_files import file_of, node, tensor, value_info

SMALL, LARGE = np.eye(4, dtype="float32"), np.ones((4, 6), "float32")


def body(nodes, output, **more):
    return {"name": "b", "node": nodes, "output": [value_info(output, None)], **more}


def branching(then, otherwise, *nodes, condition="c", initializers=()):
    """Y = If(c): two graphs that see x of (N, 4) and the file's tensors."""
    whole = node("If", [condition], ["y"], "choice")
    whole["attribute"] = [
        {"name": name, "g": graph, "type": 5} for name, graph in (("then_branch", then), ("else_branch", otherwise))
    ]
    inputs = {"x": ["N", 4], "c": value_info("c", [], 9)}
    made = file_of([*nodes, whole], inputs, {"y": None}, initializers)
    return read_model(made)[0]


ONE = body([node("MatMul", ["x", "w"], ["a"])], "a")
TWO = body([node("MatMul", ["x", "v"], ["b"])], "b")
WEIGHTS = (tensor("w", SMALL), tensor("v", LARGE))
SAME = body([node("Relu", ["x"], ["b"])], "b")


def test_the_dearer_branch_is_counted_and_the_weights_of_both_are():
    for graphs in ((ONE, SAME), (SAME, ONE)):
        report = layercalc.analyze(branching(*graphs, initializers=WEIGHTS[:1]))
        assert report["totals"]["macs"] == 16
        assert report["totals"]["params"] == 16
        assert any("the dearer is counted" in one["detail"] for one in report["warnings"])
    both = layercalc.analyze(branching(ONE, TWO, initializers=WEIGHTS))
    assert both["totals"]["params"] == 16 + 24
    assert both["totals"]["macs"] == 24


def test_sizes_in_which_the_branches_differ_are_unknown():
    report = layercalc.analyze(branching(ONE, TWO, initializers=WEIGHTS), dims={"N": 3})
    assert report["outputs"][0]["shape"] == [3, None]


def test_branches_of_other_ranks_are_refused():
    flat = body([node("ReduceSum", ["x"], ["b"], keepdims=0)], "b")
    with pytest.raises(InvalidModel, match=r"One branch gives .* the other"):
        layercalc.analyze(branching(SAME, flat))


@pytest.mark.parametrize("truth", [True, False])
def test_the_branch_that_the_condition_says_is_run(truth):
    x = np.float32([[1, -2, 3, -4]])
    answer = layercalc.forward(branching(ONE, SAME, initializers=WEIGHTS[:1]), {"x": x, "c": np.array(truth)})
    np.testing.assert_array_equal(answer["outputs"][0], x if truth else np.maximum(x, 0))


def test_a_condition_that_is_known_chooses_the_branch():
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Size", ["s"], ["n"]),
        node("Equal", ["n", "two"], ["t"]),
    ]
    two = tensor("two", np.array(2, "int64"))
    document = branching(ONE, TWO, *nodes, condition="t", initializers=(*WEIGHTS, two))
    report = layercalc.analyze(document, dims={"N": 3})
    assert report["outputs"][0]["shape"] == [3, 4]


def test_a_fault_in_a_branch_says_where_it_stands():
    wrong = body([node("Rellu", ["x"], ["b"])], "b")
    with pytest.raises(InvalidModel) as refused:
        layercalc.analyze(branching(SAME, wrong))
    assert refused.value.errors[0]["pointer"] == "/graph/node/0/attribute/1/g/node/0"
    assert "Did you mean 'Relu'" in refused.value.errors[0]["detail"]
