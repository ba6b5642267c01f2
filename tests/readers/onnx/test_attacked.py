"""ONNX files that were once read wrongly; the numbers are ONNX Runtime's. A batch left open counts as one, and is null."""

import numpy as np
import pytest

import layercalc
from layercalc.errors import InvalidModel
from layercalc.files import read_model
from tests.onnx_files import NAMES, body_of, expected, file_of, node, tensor, value_info


def ints(name, *values):
    return tensor(name, np.array(values, "int64"))


def shaped(*nodes, x=("N", 4, 6), weights=(), opset=17):
    """The file of these nodes, the last of which gives y; `s` is the shape of x and `n` its batch, as a list."""
    made = [node("Shape", ["x"], ["s"]), node("Gather", ["s", "first"], ["n"])]
    held = [ints("first", 0), *weights]
    return read_model(file_of([*made, *nodes], {"x": list(x)}, {"y": None}, held, opset=opset))[0]


CASES = {  # the nodes, and the shape of y for an open batch and for one of 4
    "Flatten": ([node("Flatten", ["x"], ["y"])], [None, 24], [4, 24]),
    "Flatten behind two axes": ([node("Flatten", ["x"], ["y"], axis=2)], [None, 6], [16, 6]),
    "a size that remains": ([node("Reshape", ["x", "to"], ["y"])], [None, 6], [16, 6], ints("to", -1, 6)),
    "one that remains beside": ([node("Reshape", ["x", "to"], ["y"])], [None, 24], [4, 24], ints("to", 0, -1)),
    "Concat": ([node("Concat", ["c", "x"], ["y"], axis=0)], [None, 4, 6], [6, 4, 6], tensor("c", np.ones((2, 4, 6), "f"))),
    "Tile": ([node("Tile", ["x", "by"], ["y"])], [None, 4, 6], [8, 4, 6], ints("by", 2, 1, 1)),
    "Pad": ([node("Pad", ["x", "by"], ["y"])], [None, 4, 6], [7, 4, 6], ints("by", 1, 0, 0, 2, 0, 0)),
    "TopK": ([node("TopK", ["x", "n"], ["y", "i"], axis=0)], [None, 4, 6], [4, 4, 6]),
    "a slice up to it": ([node("Slice", ["x", "first", "n", "axis"], ["y"])], [None, None, 6], [4, 4, 6], ints("axis", 1)),
    "Range": (
        [node("Squeeze", ["n"], ["k"]), node("Range", ["zero", "k", "one"], ["y"])], [None], [4],
        tensor("zero", np.array(0, "int64")), tensor("one", np.array(1, "int64")),
    ),
    "Squeeze": ([node("ReduceMean", ["x"], ["m"], axes=[1]), node("Squeeze", ["m"], ["y"])], [None, 6], [4, 6]),
    "halves": (
        [node("Div", ["n", "two"], ["a"]), node("Sub", ["n", "a"], ["b"]), node("Concat", ["a", "b"], ["p"], axis=0),
         node("Split", ["x", "p"], ["y", "z"], axis=0)], [None, 4, 6], [2, 4, 6], ints("two", 2),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("nodes", "open_", "bound", "weights"), [(a, b, c, d) for a, b, c, *d in CASES.values()], ids=CASES
)
def test_what_is_made_of_an_open_batch_is_open(nodes, open_, bound, weights):
    document = shaped(*nodes, weights=weights)
    found = layercalc.analyze(document)["outputs"][0]["shape"]
    assert len(found) == len(open_)
    assert found == [None if n is None else n for n in open_]
    assert layercalc.analyze(document, batch_size=4)["outputs"][0]["shape"] == bound


@pytest.mark.parametrize(("op", "against"), [("Equal", 1), ("Greater", 1), ("Less", 2)])
def test_how_large_an_open_batch_is_decides_no_branch(op, against):
    bodies = [
        {"name": "b", "node": [node(kind, ["x"], ["o"])], "output": [value_info("o", None)]}
        for kind in ("Relu", "GlobalAveragePool")
    ]
    choice = node("If", ["t"], ["y"])
    choice["attribute"] = [
        {"name": name, "g": graph, "type": 5}
        for name, graph in zip(("then_branch", "else_branch"), bodies, strict=True)
    ]
    nodes = [node(op, ["n", "k"], ["t"]), choice]
    document = shaped(*nodes, weights=[ints("k", against)])
    assert layercalc.analyze(document)["outputs"][0]["shape"] == [None, 4, None]
    assert layercalc.analyze(document, batch_size=4)["outputs"][0]["shape"] == [4, 4, 6 if op == "Greater" else 1]


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("d")])
def test_the_sizes_of_a_dynamic_file_are_those_of_every_run_or_null(name):
    report = layercalc.analyze(read_model(body_of(name))[0])
    found = {}
    for row in report["layers"]:
        found |= dict(zip(row["output_names"], row["output_shapes"], strict=True))
    for run in expected(name)["runs"]:
        for key, (_, shape) in run.get("values", {}).items():
            assert len(found[key]) == len(shape)
            assert all(n in (None, m) for n, m in zip(found[key], shape, strict=True)), key


def test_an_output_that_the_kernels_do_not_reach_is_refused():
    """And auto_pad makes none longer: both as ONNX Runtime has it."""
    w = tensor("w", np.ones((4, 2, 1), "f"))
    short = shaped(node("ConvTranspose", ["x", "w"], ["y"], strides=[3], auto_pad="SAME_UPPER"), weights=[w])
    assert layercalc.analyze(short)["outputs"][0]["shape"] == [None, 2, 16]
    far = shaped(node("ConvTranspose", ["x", "w"], ["y"], strides=[3], output_shape=[17]), weights=[w])
    with pytest.raises(InvalidModel, match=r"output_shape is \[17\]; the kernels reach over \[16\]"):
        layercalc.analyze(far)


@pytest.mark.parametrize(("opset", "dtype"), [(9, "float32"), (10, "bool"), (12, "bool")])
def test_the_mask_of_dropout_is_of_the_type_that_its_version_has(opset, dtype):
    document, _ = read_model(file_of([node("Dropout", ["x"], ["y", "m"])], {"x": [2]}, {"m": None}, opset=opset))
    mask = layercalc.forward(document, {"x": np.ones(2, "f")})["outputs"][0]
    assert mask.dtype == dtype
    assert mask.all() == (opset == 12)


@pytest.mark.parametrize("op", ["Sigmoid", "Swish", "Tanh"])
def test_one_number_is_run_as_a_tensor_is(op):
    document, _ = read_model(file_of([node(op, ["x"], ["y"])], {"x": value_info("x", [])}, {"y": None}, opset=24))
    assert layercalc.forward(document, {"x": np.float32(1.5)[()]})["outputs"][0].shape == ()


def test_a_slice_backwards_to_the_largest_integer_is_refused():
    """It is empty by ONNX' words, and ONNX Runtime takes it to the front."""
    whole = [ints("a", -1), ints("e", -(1 << 63)), ints("axis", 2), ints("by", -1)]
    nodes = [node("Slice", ["x", "a", "e", "axis", "by"], ["y"])]
    assert layercalc.analyze(shaped(*nodes, weights=whole))["outputs"][0]["shape"] == [None, 4, 6]
    whole[1] = ints("e", (1 << 63) - 1)
    with pytest.raises(InvalidModel, match="ends before 0 at the smallest integer"):
        layercalc.analyze(shaped(*nodes, weights=whole))


def test_complex_numbers_have_transforms_of_two_sides():
    with pytest.raises(InvalidModel, match="onesided is for real ones"):
        layercalc.analyze(shaped(node("DFT", ["x"], ["y"], onesided=1), x=(1, 8, 2)))


@pytest.mark.parametrize("op", ["Pow", "Mul"])
def test_sizes_of_millions_of_digits_are_never_made(op):
    steps = [node(op, [f"s{k}", f"s{k}"], [f"s{k + 1}"]) for k in range(60)]
    nodes = [node("Shape", ["x"], ["s0"]), *steps, node("Expand", ["x", "s60"], ["y"])]
    document, _ = read_model(file_of(nodes, {"x": [9, 9]}, {"y": None}))
    assert layercalc.analyze(document)["outputs"][0]["shape"] == [9, 9]


HARM = {  # numbers that no operator takes, and what is said of them
    "SpaceToDepth": ([node("SpaceToDepth", ["x"], ["y"], blocksize=-1)], "no size is below 0"),
    "DepthToSpace": ([node("DepthToSpace", ["x"], ["y"], blocksize=0)], "do not go"),
    "OneHot": ([node("Shape", ["x"], ["i"]), node("OneHot", ["i", "a", "v"], ["y"])], "no size is below 0"),
    "Tile": ([node("Tile", ["x", "b"], ["y"])], "no size is below 0"),
    "ConstantOfShape": ([node("ConstantOfShape", ["a"], ["y"])], "no size is below 0|do not go"),
    "Resize": ([node("Resize", ["x", "", "f"], ["y"])], "do not go"),
    "Resize to less than nothing": ([node("Resize", ["x", "", "", "b"], ["y"])], "no size is below 0"),
    "Split": ([node("Split", ["x"], ["y"], num_outputs=1 << 40)], "1 to 65,536 parts"),
    "LSTM": ([node("LSTM", ["t", "w", "w"], ["y"], hidden_size=2)], "do not go|must|needs|expected|Expected"),
}  # fmt: skip


@pytest.mark.parametrize("name", HARM)
def test_numbers_that_no_operator_takes_are_refused_where_they_stand(name):
    nodes, told = HARM[name]
    held = [
        ints("a", -3), ints("b", 1, 1, -2, 1), tensor("v", np.float32([0, 1])),
        tensor("f", np.float32([1, 1, np.inf, np.nan])), tensor("t", np.ones((1, 2, 3), "f")), tensor("w", np.ones((1, 2), "f")),
    ]  # fmt: skip
    document, _ = read_model(file_of(nodes, {"x": [1, 4, 4, 4]}, {"y": None}, held, opset=20))
    with pytest.raises(InvalidModel, match=told) as caught:
        layercalc.analyze(document)
    assert caught.value.errors[0]["pointer"].startswith("/graph/node/")


def test_places_in_a_large_batch_are_not_made_to_know_a_shape():
    nodes = [node("GatherND", ["x", "i"], ["y"], batch_dims=1)]
    inputs = {"x": [1 << 40, 4], "i": value_info("i", [1 << 40, 3, 1], 7)}
    document, _ = read_model(file_of(nodes, inputs, {"y": None}))
    assert layercalc.analyze(document)["outputs"][0]["shape"] == [1 << 40, 3]
