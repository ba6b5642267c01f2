"""Recorded ONNX files: every tensor's shape as ONNX Runtime gave it, parameters, and values."""

import numpy as np
import pytest

import layercalc
from layercalc.errors import InvalidModel
from layercalc.files import read_model
from tests.formula import input_of
from tests.onnx_files import DATA, NAMES, body_of, expected, weights_of

PARAMS = {  # where they are not the floats among the initializers
    "resnet18.ts17.noparams": 0,  # all of them are inputs
    "lenet.ts13.qdq": 61_706,  # integers, quantised weights and biases; scales are none
    "light_resnet50": 25_610_152,  # nodes make the weights; a float is read by no node
    "light_squeezenet": 1_235_496,
}
VALUES = sorted(path.stem for path in (DATA / "values").glob("*.npz"))


def analysed(name, shapes):
    document, _ = read_model(body_of(name))
    return layercalc.analyze(document, batch_shape={key: shape for key, shape in shapes.items() if shape})


@pytest.mark.parametrize("name", NAMES)
def test_every_tensor_has_the_shape_that_onnx_runtime_gave(name):
    recorded = expected(name)
    for run in recorded["runs"]:
        if "error" in run:
            with pytest.raises(InvalidModel, match="must be the same number"):
                analysed(name, run["inputs"])
            continue
        report = analysed(name, run["inputs"])
        found = {}
        for row in report["layers"]:
            found |= dict(zip(row["output_names"], row["output_shapes"], strict=True))
        assert {key: found.get(key) for key in run["values"]} == {
            key: shape for key, (_, shape) in run["values"].items()
        }
        assert report["totals"]["params"] == PARAMS.get(
            name, recorded.get("float_initializers", 146 if name == "cond.dy" else 0)
        )
        assert report["model"]["vocabulary"] == "onnx"
        assert (report["totals"]["macs"] or 0) > 0


@pytest.mark.parametrize("name", VALUES)
def test_a_forward_pass_gives_what_onnx_runtime_gave(name):
    recorded = np.load(DATA / "values" / f"{name}.npz")
    document, _ = read_model(body_of(name))
    inputs = {key.removeprefix("in/"): recorded[key] for key in recorded.files if key.startswith("in/")}
    if not inputs:
        shapes = expected(name)["runs"][0]["inputs"]
        inputs = {key: input_of(number, shape) for number, (key, shape) in enumerate(shapes.items())}
    answer = layercalc.forward(document, inputs, weights_of(document))
    assert answer["verified"]
    wanted = [recorded[key] for key in recorded.files if key.startswith("out/")]
    for found, want in zip(answer["outputs"], wanted, strict=True):
        assert found.shape == want.shape
        np.testing.assert_allclose(found, want, rtol=1e-3, atol=1e-4 * np.abs(want).max())


def test_counts_of_a_dynamic_file_are_formulas_in_the_names_of_its_sizes():
    document, _ = read_model(body_of("unet.ts13d"))
    report = layercalc.analyze(document)
    assert report["totals"]["params"] == expected("unet.ts13d")["float_initializers"]
    assert report["totals"]["macs"] is None
    names = [*report["dims"]]
    assert names == ["height", "width"]
    bound = layercalc.analyze(document, dims=dict.fromkeys(names, 64), batch_size=2)
    once = layercalc.analyze(document, dims=dict.fromkeys(names, 64))
    assert once["totals"]["macs"] == eval(report["totals"]["formulas"]["macs"], dict.fromkeys(names, 64))
    assert bound["totals"]["macs"] == 2 * once["totals"]["macs"]
    assert bound["outputs"][0]["shape"][0] == 2
    assert bound == layercalc.analyze(document, dims=",".join(f"{name}=64" for name in names), batch_size=2)
    with pytest.raises(InvalidModel, match="The model names no size 'depth'"):
        layercalc.analyze(document, dims={"depth": 3})
