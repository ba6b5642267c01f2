"""Multiply-accumulates of small integers are marked, and counted once."""

import base64
import gzip
import json

import numpy as np
import pytest

import layercalc
from layercalc.files import read_model
from tests.onnx_files import DATA, body_of, file_of, node, tensor

DRAWN = json.loads(gzip.decompress((DATA / "operators.json.gz").read_bytes()))["cases"]
KINDS = {  # operators, and the type their products are of
    **dict.fromkeys(("QLinearConv", "QLinearMatMul", "MatMulInteger", "ConvInteger", "QGemm"), "int8"),
    **dict.fromkeys(("DynamicQuantizeMatMul", "MatMulIntegerToFloat", "DynamicQuantizeLSTM"), "int8"),
    **dict.fromkeys(("MatMulNBits", "Gemm", "Conv", "LSTM", "QLinearAdd"), None),
}


def test_a_network_between_quantisation_and_its_reverse():
    report = layercalc.analyze(read_model(body_of("lenet.ts13.qdq"))[0])
    rows = {row["type"]: row for row in report["layers"] if row["macs"]}
    assert {kind: row["macs_dtype"] for kind, row in rows.items()} == {"Conv": "int8", "Gemm": "int8"}
    assert report["totals"]["macs_by_dtype"] == {"int8": report["totals"]["macs"]}


def test_a_network_of_floats_says_nothing_of_it():
    report = layercalc.analyze(read_model(body_of("lenet.dy"))[0])
    assert "macs_by_dtype" not in report["totals"]
    assert not any("macs_dtype" in row for row in report["layers"])


@pytest.mark.parametrize("kind", KINDS)
def test_an_operator(kind):
    cases = [case for case in DRAWN.values() if case["ops"] == [kind]]
    assert cases
    for case in cases:
        (row,) = layercalc.analyze(read_model(base64.b64decode(case["onnx"]))[0])["layers"]
        assert row.get("macs_dtype") == KINDS[kind]
        assert (row["macs"] == 0) == (kind == "QLinearAdd")


def test_a_product_with_floats_is_one_of_floats_and_a_turned_weight_is_none():
    w, scale = tensor("w", np.ones((3, 4), "f")), tensor("s", np.array(0.5, "f"))
    quantised = [node("QuantizeLinear", ["x", "s"], ["q"]), node("DequantizeLinear", ["q", "s"], ["d"])]
    weight = [node("QuantizeLinear", ["w", "s"], ["p"]), node("DequantizeLinear", ["p", "s"], ["e"])]
    turned = node("Transpose", ["e"], ["t"])
    for nodes, wanted in (
        ([*quantised, *weight, turned, node("MatMul", ["d", "t"], ["y"])], "int8"),
        ([*weight, turned, node("MatMul", ["x", "t"], ["y"])], None),
        ([*quantised, node("MatMul", ["d", "w"], ["y"])], None),
    ):
        document = read_model(file_of(nodes, {"x": [2, 4 if len(nodes) > 3 else 3]}, {"y": None}, [w, scale]))[0]
        row = layercalc.analyze(document)["layers"][-1]
        assert (row["macs"], row.get("macs_dtype")) == (24, wanted)
