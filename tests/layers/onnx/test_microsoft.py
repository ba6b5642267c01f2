"""Operators of com.microsoft: what ONNX Runtime gave for each."""

import numpy as np
import pytest

import layercalc
from layercalc.errors import InvalidModel
from layercalc.files import read_model
from tests.onnx_files import DATA, file_of, node, tensor

RECORDED = np.load(DATA / "microsoft.npz")
CASES = sorted({key.split("/")[0] for key in RECORDED.files})


@pytest.mark.parametrize("name", CASES)
def test_values_are_those_of_onnx_runtime(name):
    inputs = {key.split("/")[2]: RECORDED[key] for key in RECORDED.files if key.startswith(f"{name}/in/")}
    answer = layercalc.forward(read_model(RECORDED[f"{name}/body"].tobytes())[0], inputs)
    assert answer["verified"]
    wanted = [RECORDED[key] for key in RECORDED.files if key.startswith(f"{name}/out/")]
    for found, want in zip(answer["outputs"], wanted, strict=True):
        np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-5)


def test_an_output_that_is_not_made_is_refused():
    shapes = {"x": [2, 3, 8], "s": [2, 3, 8], "g": [8]}
    made = node("SkipLayerNormalization", ["x", "s", "g"], ["y", "mean", "", "sum"], domain="com.microsoft")
    opsets = [{"version": 17}, {"domain": "com.microsoft", "version": 1}]
    document, _ = read_model(file_of([made], shapes, {"y": None}, opset_import=opsets))
    with pytest.raises(InvalidModel, match="The output 'mean' of SkipLayerNormalization is not read here"):
        layercalc.analyze(document)


def test_weights_of_four_bits_count_one_by_one_and_are_half_a_byte_each():
    bytes_of = np.arange(5 * 2 * 8, dtype=np.uint8).reshape(5, 2, 8)
    weights = {"name": "w", "dims": [5, 2, 8], "data_type": 2, "raw_data": bytes_of.tobytes()}
    scales = tensor("s", np.full(10, 0.5, np.float32))
    made = node("MatMulNBits", ["x", "w", "s"], ["y"], domain="com.microsoft", K=32, N=5, block_size=16)
    opsets = [{"version": 17}, {"domain": "com.microsoft", "version": 1}]
    document, _ = read_model(file_of([made], {"x": [1, 32]}, {"y": None}, [weights, scales], opset_import=opsets))
    (row,) = layercalc.analyze(document)["layers"]
    assert (row["params"], row["param_bytes"], row["macs"]) == (160, 80, 160)
    assert [(one["shape"], one["dtype"]) for one in row["weights"]] == [([5, 2, 16], "uint4")]
    first = np.zeros((1, 32), np.float32)
    first[0, 1] = 1  # the upper half of the first byte of each column
    answer = layercalc.forward(document, {"x": first})
    np.testing.assert_allclose(answer["outputs"][0][0], (bytes_of[:, 0, 0] // 16 - 8.0) * 0.5)
