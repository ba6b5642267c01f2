"""What is live while a network runs, and what is saved where elementwise layers write over what they read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layercalc import analyze, check, diff, forward
from layercalc.analysis.in_place import overwritable
from layercalc.document import analysis_of
from layercalc.ops import OPS
from layercalc.ops.elementwise import Elementwise
from tests.layers.test_registry import PLAIN, stack

OVER_ALL = (
    "Add Average BatchNormalization ELU GELU LeakyReLU Maximum Multiply PReLU ReLU Rescaling Subtract UnitNormalization"
)
OVER_ALL = set(OVER_ALL.split()) - {"UnitNormalization"}
OVER_NONE = {
    "Softmax",
    "LayerNormalization",
    "Dense",
    "Conv2D",
    "MaxPooling1D",
    "Concatenate",
    "Flatten",
    "LSTM",
    "Dot",
}


def overwrites(name):
    document = stack(name)
    analysis = analysis_of(document)
    return document, analysis, overwritable(analysis.rows[0].traced)


@pytest.mark.parametrize("name", PLAIN)
def test_a_layer_overwrites_only_inputs_of_which_each_number_makes_the_one_in_its_place(name):
    document, analysis, found = overwrites(name)
    assert name not in OVER_ALL or found.keys() == set(range(len(analysis.inputs))), name
    assert name not in OVER_NONE or not found, name
    if not found or any(value.spec.dtype != "float32" for value in analysis.inputs):
        return
    rng = np.random.default_rng(3)
    inputs = [rng.uniform(0.1, 0.9, [int(n) for n in value.spec.shape]).astype("float32") for value in analysis.inputs]
    before = forward(document, inputs, {"seed": 1})["outputs"][0]
    for index in found:
        place = tuple(rng.integers(inputs[index].shape))
        moved = [x.copy() for x in inputs]
        moved[index][place] *= 1.5
        after = forward(document, moved, {"seed": 1})["outputs"][0]
        assert after.shape == inputs[index].shape
        changed = set(zip(*np.nonzero(after != before), strict=True))
        assert changed <= {place}, (name, index)


ELEMENTWISE = [name for name, op in OPS.items() if isinstance(op, Elementwise)]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_ops_that_say_so_are_elementwise(name):
    op = OPS[name]
    for inputs in range(3 if name == "select" else 1, 4):  # NumPy's where is another function of one
        arrays = [np.random.default_rng(2).integers(1, 9, (4, 5)) for _ in range(inputs)]
        for dtype in ("float32", "int64", "bool"):
            try:
                with np.errstate(all="ignore"):
                    whole = op.run(*(x.astype(dtype) for x in arrays))
                    part = op.run(*(x.astype(dtype)[1:2, 2:3] for x in arrays))
            except (TypeError, ValueError, DeprecationWarning):
                continue
            np.testing.assert_allclose(np.asarray(whole)[1:2, 2:3], part, rtol=1e-6)


def net(*layers, shape=(4, 4, 8)):
    return {"input_shape": list(shape), "layers": [{"name": f"l{i}", **one} for i, one in enumerate(layers)]}


CONV = {"type": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same"}
RELU, NORM = {"type": "ReLU"}, {"type": "BatchNormalization"}
WHOLE = 4 * 4 * 8 * 4  # bytes of each tensor of these networks
TABLE = [
    # what it is, the network, tensors at the peak, tensors at the peak in place
    ("a chain", net(RELU, NORM, RELU), 2, 1),
    ("a layer that is none", net(RELU, CONV, RELU), 2, 2),
    ("the input is read later", net(RELU, {"type": "Add", "inputs": ["input", "l0"]}), 3, 2),
    ("an output of the model", {**net(CONV, RELU, CONV), "outputs": ["l0", "l2"]}, 3, 3),
    ("a view is read later", net({"type": "Reshape", "target_shape": [128]}, {**RELU, "inputs": ["input"]},
                                 {"type": "Reshape", "target_shape": [4, 4, 8], "inputs": ["l0"]},
                                 {"type": "Add", "inputs": ["l1", "l2"]}), 3, 2),
    ("through a view", net({"type": "Reshape", "target_shape": [128]}, RELU), 2, 1),
    ("both sides", net({"type": "Add", "inputs": ["input", "input"]}), 2, 1),
    ("itself, turned", net({"type": "Permute", "dims": [2, 1, 3]}, {"type": "Add", "inputs": ["input", "l0"]}), 2, 2),
    ("channels first", net({**NORM, "axis": 1}, RELU), 2, 1),
    ("no elementwise layer", net({"type": "Softmax"}), 2, 2),
    ("activation of its own", net({**CONV, "activation": "relu"}), 2, 2),
    ("a scale for each channel", net({"type": "GlobalAveragePooling2D", "keepdims": True},
                                     {"type": "Multiply", "inputs": ["input", "l0"]}), 2 + 1 / 16, 1 + 1 / 16),
    ("of another width", net({"type": "ReLU", "dtype": "float16"}), 1.5, 1.5),
]  # fmt: skip


@pytest.mark.parametrize(("what", "model", "plain", "in_place"), TABLE, ids=[one[0] for one in TABLE])
def test_peaks(what, model, plain, in_place):
    totals = analyze(model)["totals"]
    assert (totals["peak_activation_bytes"], totals["peak_in_place_bytes"]) == (plain * WHOLE, in_place * WHOLE)
    sized = analyze(model, input_shape="H,H,8") if what != "a view is read later" and "view" not in what else None
    if sized is not None:
        assert eval(sized["totals"]["formulas"]["peak_in_place_bytes"], {"max": max, "H": 4}) == in_place * WHOLE


KINDS = [RELU, NORM, {"type": "Add"}, {"type": "Multiply"}, {"type": "Softmax"}, {"type": "Dropout", "rate": 0.5}, {"type": "Dense", "units": 8},
         {"type": "Reshape", "target_shape": [4, 4, 8]}, {"type": "Concatenate"}]  # fmt: skip
OVER = {"ReLU", "BatchNormalization", "Add", "Multiply"}
VIEWS = {"Dropout", "Reshape"}


@st.composite
def graphs(draw):
    """Layers that each read one or two tensors before them, of which all have one shape but sums of channels."""
    layers, channels = [], {"input": 8}
    for index in range(draw(st.integers(1, 9))):
        kind = dict(draw(st.sampled_from(KINDS)), name=f"l{index}")
        first = draw(st.sampled_from(sorted(channels)))
        alike = [name for name in sorted(channels) if channels[name] == channels[first]]
        two = kind["type"] in ("Add", "Multiply", "Concatenate")
        kind["inputs"] = [first, draw(st.sampled_from(alike))] if two else [first]
        if kind["type"] == "Reshape":
            kind["target_shape"] = [4, 4, channels[first]]
        layers.append(kind)
        channels[kind["name"]] = {"Concatenate": 2 * channels[first], "Dense": 8}.get(kind["type"], channels[first])
    outputs = draw(st.lists(st.sampled_from([one["name"] for one in layers]), min_size=1, max_size=3, unique=True))
    return {"input_shape": [4, 4, 8], "layers": layers, "outputs": outputs}


def run(report, in_place):
    """The most bytes that a run holds which counts who still wants each piece of memory."""
    bytes_of = {one["name"]: one["activation_bytes"] for one in report["layers"]}
    bytes_of["input"] = WHOLE
    wanted = [
        *(name for row in report["layers"] for name in row["inputs"]),
        *(one["name"] for one in report["outputs"]),
    ]
    piece, pieces = {"input": 0}, {0: WHOLE}
    most = WHOLE
    for step, row in enumerate(report["layers"]):
        later = [
            *(n for one in report["layers"][step + 1 :] for n in one["inputs"]),
            *wanted[-len(report["outputs"]) :],
        ]
        kept = {piece[name] for name in later if name in piece}
        over = [
            piece[name] for name in row["inputs"] if piece[name] not in kept and bytes_of[name] == bytes_of[row["name"]]
        ]
        if row["type"] in VIEWS:
            piece[row["name"]] = piece[row["inputs"][0]]
        elif in_place and row["type"] in OVER and over:
            piece[row["name"]] = over[0]
        else:
            piece[row["name"]] = step + 1
            pieces[step + 1] = bytes_of[row["name"]]
        most = max(most, sum(pieces.values()))
        kept = {piece[name] for name in later if name in piece}
        pieces = {one: n for one, n in pieces.items() if one in kept}
    return most


@given(graphs())
def test_peaks_are_those_of_a_run(model):
    report = analyze(model)
    assert report["totals"]["peak_activation_bytes"] == run(report, False)
    assert report["totals"]["peak_in_place_bytes"] == run(report, True)


def test_every_face_says_the_peak_in_place():
    before, after = net(RELU, NORM), net(RELU, CONV)
    (result,) = check(after, [{"metric": "peak_in_place_bytes", "max": WHOLE}])["results"]
    assert (result["actual"], result["excess"], result["passed"]) == (2 * WHOLE, WHOLE, False)
    assert "the peak is at l1" in result["detail"]
    assert result["layers"][0]["name"] == "l1"
    assert diff(before, after)["totals"]["peak_in_place_bytes"] == {"before": WHOLE, "after": 2 * WHOLE, "delta": WHOLE}
    assert analyze(after)["memory"]["peak_in_place_layer"] == "l1"


def test_a_report_from_before_there_was_such_a_peak_is_the_same_model():
    report = analyze(net(RELU, CONV))
    del report["totals"]["peak_in_place_bytes"]
    for found in (diff(net(RELU, CONV), report), diff(report, net(RELU, CONV))):
        assert found["identical"]
        assert "peak_in_place_bytes" not in found["totals"]
