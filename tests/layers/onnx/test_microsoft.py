"""Operators of com.microsoft: what ONNX Runtime gave for each."""

import numpy as np
import pytest

import layercalc
from layercalc.errors import InvalidModel
from layercalc.files import read_model
from tests.onnx_files import DATA, file_of, node

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
