"""TensorFlowOpLayer of TF 2.0 to 2.3: a node of TensorFlow's graph with its constants. Shapes are TensorFlow's rules."""

import base64

import numpy as np
import pytest

from layercalc import analyze, forward
from layercalc.errors import Refused
from layercalc.readers.keras.tf_functions import FUNCTIONS
from layercalc.readers.keras.tf_nodes import BINARY, NODES, UNARY


def text(value):
    return {"s": base64.b64encode(value.encode()).decode()}


NHWC = {"data_format": text("NHWC"), "T": {"type": "DT_FLOAT"}}


def model(op, shapes, constants=None, attr=None):
    names = [f"i{index}" for index in range(len(shapes))]
    layers = [
        {
            "class_name": "InputLayer",
            "name": name,
            "inbound_nodes": [],
            "config": {"name": name, "batch_input_shape": shape},
        }
        for name, shape in zip(names, shapes, strict=True)
    ]
    node = {"name": "n", "op": op, "input": names, "attr": {"T": {"type": "DT_FLOAT"}} if attr is None else attr}
    config = {"name": "n", "trainable": True, "dtype": "float32", "node_def": node, "constants": constants or {}}
    called = [[name, 0, 0, {}] for name in names]
    layers.append(
        {"class_name": "TensorFlowOpLayer", "name": "tf_op_layer_n", "config": config, "inbound_nodes": [called]}
    )
    ends = {"input_layers": [[name, 0, 0] for name in names], "output_layers": [["tf_op_layer_n", 0, 0]]}
    return {"class_name": "Model", "keras_version": "2.4.0", "config": {"name": "m", "layers": layers, **ends}}


X = [None, 4, 6]
IMAGE = [None, 6, 8, 3]
POOL = {**NHWC, "padding": text("SAME"), "ksize": {"list": {"i": ["1", "2", "3", "1"]}}}
POOL["strides"] = POOL["ksize"]
CUMULATIVE = {"exclusive": {"b": False}, "reverse": {"b": False}, "Tidx": {"type": "DT_INT32"}}
GATHER = {"batch_dims": {"i": "0"}, "Tindices": {"type": "DT_INT32"}, "Taxis": {"type": "DT_INT32"}}


def masks(**given):
    """The masks of a StridedSlice."""
    every = ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    return {f"{one}_mask": {"i": str(given.get(one, 0))} for one in every} | {"Index": {"type": "DT_INT32"}}


def bounds(begin, end, strides):
    return {"1": begin, "2": end, "3": strides}


CASES = [
    *((op, [X], {}, None, X) for op in UNARY if op not in ("LogicalNot", "Shape")),
    ("Shape", [X], {}, {"out_type": {"type": "DT_INT32"}}, [3]),
    ("GatherV2", [X], {"1": [0, 2, 5], "2": -1}, GATHER, [None, 4, 3]),
    ("Cast", [X], {}, {"DstT": {"type": "DT_HALF"}, "SrcT": {"type": "DT_FLOAT"}, "Truncate": {"b": False}}, X),
    ("ArgMax", [X], {"1": 1}, {"output_type": {"type": "DT_INT64"}}, [None, 6]),
    ("ArgMin", [X], {"1": -1}, {"output_type": {"type": "DT_INT64"}}, [None, 4]),
    ("Cumsum", [X], {"1": 1}, CUMULATIVE, X),
    ("Cumprod", [X], {"1": 1}, CUMULATIVE, X),
    ("ClipByValue", [X], {"1": 0.0, "2": 1.0}, None, X),
    ("LeakyRelu", [X], {}, {"alpha": {"f": 0.3}}, X),
    ("MaxPool", [IMAGE], {}, POOL, [None, 3, 3, 3]),
    ("AvgPool", [IMAGE], {}, POOL, [None, 3, 3, 3]),
    ("Split", [X], {"0": 2}, {"num_split": {"i": "3"}}, [None, 4, 2]),
    ("Unpack", [X], {}, {"axis": {"i": "1"}, "num": {"i": "4"}}, [None, 6]),
    ("ReverseV2", [X], {"1": [1]}, None, X),
    ("BroadcastTo", [[1, 6]], {"1": [5, 4, 6]}, None, [5, 4, 6]),
    ("PadV2", [X], {"1": [[0, 0], [1, 2], [0, 0]], "2": 1.0}, None, [None, 7, 6]),
    ("MirrorPad", [X], {"1": [[0, 0], [1, 2], [0, 0]]}, {"mode": text("REFLECT")}, [None, 7, 6]),
    ("AddN", [X, X, X], {}, {"N": {"i": "3"}}, X),
    ("StridedSlice", [X], bounds([0, 1, 0], [0, 0, 2], [1, 1, 1]), masks(begin=5, end=3), [None, 3, 2]),
    ("StridedSlice", [X], bounds([0, -1], [0, 0], [1, 1]), masks(begin=1, end=1, shrink_axis=2), [None, 6]),
    (
        "StridedSlice",
        [X],
        bounds([0, 0, 0], [0, 0, 0], [1, 1, 2]),
        masks(begin=5, end=5, ellipsis=1, new_axis=2),
        [None, 4, 1, 3],
    ),
    (
        "ResizeNearestNeighbor",
        [[None, 3, 3, 2]],
        {"1": [7, 5]},
        {"half_pixel_centers": {"b": True}, "align_corners": {"b": False}},
        [None, 7, 5, 2],
    ),
    *((op, [X, X], {}, None, X) for op in BINARY if not op.startswith("Logical")),
    ("Mul", [X], {"0": 2.0}, None, X),
    ("Sub", [X], {"1": [1.0] * 6}, None, X),
    ("Mean", [X], {"1": [1]}, {"keep_dims": {"b": True}}, [None, 1, 6]),
    ("Sum", [X], {"1": 2}, {"keep_dims": {"b": False}, "Tidx": {"type": "DT_INT32"}}, [None, 4]),
    ("Max", [X], {"1": [1, 2]}, {}, [None]),
    ("Min", [X], {"1": -1}, {}, [None, 4]),
    ("Prod", [X], {"1": -1}, {}, [None, 4]),
    ("Reshape", [X], {"1": [-1, 24]}, None, [None, 24]),
    ("Transpose", [X], {"1": [0, 2, 1]}, None, [None, 6, 4]),
    ("ExpandDims", [X], {"1": 1}, None, [None, 1, 4, 6]),
    ("Squeeze", [[None, 1, 6]], {}, {"squeeze_dims": {"list": {"i": ["1"]}}}, [None, 6]),
    ("Squeeze", [[3, 1, 6, 1]], {}, {"squeeze_dims": {"list": {}}}, [3, 6]),
    ("ConcatV2", [X, [None, 3, 6]], {"2": 1}, {"N": {"i": "2"}}, [None, 7, 6]),
    ("Pack", [X, X, X], {}, {"N": {"i": "3"}, "axis": {"i": "1"}}, [None, 3, 4, 6]),
    ("Tile", [X], {"1": [1, 2, 3]}, None, [None, 8, 18]),
    ("Pad", [X], {"1": [[0, 0], [1, 2], [0, 0]]}, None, [None, 7, 6]),
    ("MatMul", [[3, 4], [5, 4]], {}, {"transpose_a": {"b": False}, "transpose_b": {"b": True}}, [3, 5]),
    ("BatchMatMulV2", [X, [None, 4, 5]], {}, {"adj_x": {"b": True}, "adj_y": {"b": False}}, [None, 6, 5]),
    ("BiasAdd", [X], {"1": [0.0] * 6}, NHWC, X),
    ("DepthToSpace", [[None, 3, 3, 8]], {}, {**NHWC, "block_size": {"i": "2"}}, [None, 6, 6, 2]),
    ("SpaceToDepth", [[None, 6, 6, 2]], {}, {**NHWC, "block_size": {"i": "2"}}, [None, 3, 3, 8]),
    (
        "ResizeBilinear",
        [[None, 3, 3, 2]],
        {"1": [7, 5]},
        {"half_pixel_centers": {"b": True}, "align_corners": {"b": False}},
        [None, 7, 5, 2],
    ),
]


@pytest.mark.parametrize(("op", "shapes", "constants", "attr", "expected"), CASES)
def test_a_node_is_the_function_that_it_came_from(op, shapes, constants, attr, expected):
    report = analyze(model(op, shapes, constants, attr))
    assert report["outputs"][0]["shape"] == expected
    assert [(row["type"], row["params"]) for row in report["layers"]] == [("TensorFlowOpLayer", 0)]


def test_every_op_is_tried_and_a_function_that_is_known():
    logical = {op for op in BINARY if op.startswith("Logical")} | {
        "Any",
        "All",
        "LogicalNot",
        "SelectV2",
    }  # of booleans, which no Input of Keras 2 is
    assert set(NODES) - logical == {op for op, *_ in CASES}
    assert {node.function for node in NODES.values()} <= set(FUNCTIONS)


REFUSED = {
    "unknown": (("FancyOp", [X]), "FancyOp", "/node_def/op"),
    "layout": (("DepthToSpace", [[None, 8, 3, 3]], {}, {"data_format": text("NCHW"), "block_size": {"i": "2"}}), "NCHW", "/node_def/attr/data_format"),
    "corners": (("ResizeBilinear", [[None, 3, 3, 2]], {"1": [7, 5]}, {"align_corners": {"b": True}}), "align_corners", "/node_def/attr/align_corners"),
    "old-pixels": (("ResizeBilinear", [[None, 3, 3, 2]], {"1": [7, 5]}, {}), "half_pixel_centers", "/node_def/attr"),
    "inputs": (("Mul", [X]), "2 inputs", "/node_def/op"),
    "attribute": (("Mean", [X], {"1": 1}, {"keep_dims": {"i": "x"}}), "attribute", "/node_def/attr/keep_dims"),
    "constants": (("Mul", [X], {"7": 1}), "1 inputs", "/constants/7"),
    "strange": (("Mul", [X], {"x": 1}), "by position", "/constants"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_known_is_refused_where_it_stands(name):
    given, words, place = REFUSED[name]
    with pytest.raises(Refused) as caught:
        analyze(model(*given))
    fault = caught.value.errors[0]
    assert words in fault["detail"]
    assert fault["pointer"].endswith(f"/config{place}")


@pytest.mark.parametrize("node", [None, 3, {}, {"op": 3}])
def test_a_node_that_is_none_is_refused(node):
    document = model("Relu", [X])
    document["config"]["layers"][-1]["config"]["node_def"] = node
    with pytest.raises(Refused, match="node of TensorFlow"):
        analyze(document)


def test_a_choice_is_made_by_the_truths_of_another_node():
    document = model("Greater", [X], {"1": 0.0})
    config = document["config"]
    chosen = model("SelectV2", [X, X, X], {"2": 0.0})["config"]["layers"][-1]
    chosen["name"] = chosen["config"]["name"] = "chosen"
    chosen["inbound_nodes"] = [[["tf_op_layer_n", 0, 0, {}], ["i0", 0, 0, {}]]]
    config["layers"].append(chosen)
    config["output_layers"] = [["chosen", 0, 0]]
    outputs = forward(document, [[[[-1.0] * 5 + [2.0]] * 4]])["outputs"]
    assert np.array_equal(outputs[0]["data"], [[[0.0] * 5 + [2.0]] * 4])


def test_a_slice_is_of_the_places_that_its_bits_say():
    x = np.arange(24.0, dtype="float32").reshape(1, 4, 6)
    attr = masks(begin=5, end=5, shrink_axis=2)
    (found,) = forward(model("StridedSlice", [X], bounds([0, -2, 0], [0, 0, 0], [1, 1, -1]), attr), [x])["outputs"]
    assert np.array_equal(found, x[:, -2, ::-1])


def test_a_slice_whose_bounds_are_tensors_is_refused():
    document = model("StridedSlice", [X, [3], [3]], {"3": [1, 1, 1]}, masks())
    with pytest.raises(Refused, match="begin, end and strides that are constants"):
        analyze(document)
