"""Loop, Scan and sequences: what ONNX Runtime gave, and the body counted as often as it runs."""

import numpy as np
import pytest

import layercalc
from layercalc.errors import InvalidModel
from layercalc.files import read_model
from layercalc.readers.onnx.wire import read_message
from tests.onnx_files import DATA, file_of, node, tensor, value_info

RECORDED = np.load(DATA / "loops.npz")
CASES = sorted({key.split("/")[0] for key in RECORDED.files})
COUNTED = {  # MACs and FLOPs; a state that grows, and a body that looks at its number, are read run by run
    "const": (5 * 18, 5 * (2 * 18 + 6 + 5)),
    "growth": (0, 0),
    "index": (0, 5 + 3 + 1),
    "nested": (0, 3 * 2 * 6),
    "scan0": (4 * 18, 4 * (2 * 18 + 6 + 2)),
    "sequence_append_concat": (4 * 18, 4 * 2 * 18),
    "shape": (0, 3 * 6),
    "while": (0, 4 * (1 + 1 + 6)),
    "zero": (0, 0),
}


def document(name):
    return read_model(RECORDED[f"{name}/body"].tobytes())[0]


@pytest.mark.parametrize("name", [name for name in CASES if name != "break"])
def test_values_are_those_of_onnx_runtime(name):
    inputs = {key.split("/")[2]: RECORDED[key] for key in RECORDED.files if key.startswith(f"{name}/in/")}
    answer = layercalc.forward(document(name), inputs)
    assert answer["verified"]
    wanted = [RECORDED[key] for key in RECORDED.files if key.startswith(f"{name}/out/")]
    for found, want in zip(answer["outputs"], wanted, strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", COUNTED)
def test_the_body_is_counted_as_often_as_it_runs(name):
    report = layercalc.analyze(document(name))
    assert (report["totals"]["macs"], report["totals"]["flops"]) == COUNTED[name]
    wanted = [RECORDED[key] for key in RECORDED.files if key.startswith(f"{name}/out/")]
    assert [one["shape"] for one in report["outputs"]] == [list(one.shape) for one in wanted]


def test_a_loop_that_ends_nobody_knows_when_has_no_counts_and_no_pass():
    report = layercalc.analyze(document("break"))
    assert report["totals"]["flops"] is None
    assert report["totals"]["macs"] == 0
    assert [one["shape"] for one in report["outputs"]] == [[2, 3], [None, 2, 3]]
    assert any("how often a loop runs is unknown" in one["detail"] for one in report["warnings"])
    with pytest.raises(InvalidModel, match="how often a loop runs, so that nothing bounds a pass"):
        layercalc.forward(document("break"), {"x": RECORDED["break/in/x"]})


def looping(nodes, inputs, outputs, states, trips=3):
    """Y = Loop(trips, "", x) with a graph of these nodes."""
    own = [value_info("i", [], 7), value_info("c", [], 9), *(value_info(name, None) for name in inputs)]
    ends = [value_info("c2", None, 9), *(value_info(name, None) for name in outputs)]
    graph = {"name": "b", "node": [*nodes, node("Identity", ["c"], ["c2"])], "input": own, "output": ends}
    whole = node("Loop", ["M", "", *states], ["y"], "again")
    whole["attribute"] = [{"name": "body", "g": graph, "type": 5}]
    made = file_of([whole], {"x": [2, 3]}, {"y": None}, [tensor("M", np.array(trips))])
    return read_model(made)[0]


def test_a_body_of_other_inputs_than_the_node_gives_is_refused():
    with pytest.raises(InvalidModel, match="The graph of a Loop with 1 states has 2 inputs and 1 outputs"):
        layercalc.analyze(looping([], [], [], ["x"]))


def test_a_state_of_another_rank_after_a_run_is_followed_run_by_run_alone():
    nodes = [node("ReduceSum", ["s"], ["t"], keepdims=0)]
    assert layercalc.analyze(looping(nodes, ["s"], ["t"], ["x"]))["outputs"][0]["shape"] == []
    with pytest.raises(InvalidModel, match=r"would be .* after one run"):
        layercalc.analyze(looping(nodes, ["s"], ["t"], ["x"], 1000))


def test_as_many_runs_as_one_likes_take_no_time():
    report = layercalc.analyze(looping([node("Add", ["s", "s"], ["t"])], ["s"], ["t"], ["x"], 10**15))
    assert report["totals"]["flops"] == 6 * 10**15


def test_sequences_of_tensors_that_differ_and_outputs_that_are_sequences_are_refused():
    both = [node("SequenceConstruct", ["x", "z"], ["q"]), node("SequenceAt", ["q", "i"], ["y"])]
    shapes = {"x": [2, 3], "z": [2, 4], "i": value_info("i", [], 7)}
    with pytest.raises(InvalidModel, match=r"different shapes, \[2, 3\] and \[2, 4\], is not read"):
        layercalc.analyze(read_model(file_of(both, shapes, {"y": None}))[0])
    document = read_model(file_of([node("SequenceConstruct", ["x"], ["q"])], {"x": [2]}, {"q": None}))[0]
    document.message["graph"]["output"][0]["type"] = read_message(b"\x22\x00", kind="Type")  # an empty sequence_type
    with pytest.raises(InvalidModel, match="The output 'q' is no tensor"):
        layercalc.analyze(document)
