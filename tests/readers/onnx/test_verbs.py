"""Every verb, route and command takes an ONNX file, as it takes any other form of a model."""

import base64

import numpy as np
import pytest

import layercalc
from layercalc.errors import InvalidModel
from layercalc.files import read_model
from layercalc.web import create_app
from tests.command import run
from tests.onnx_files import body_of, expected, file_of, node, tensor, value_info

FILES = [
    "attention.ts13d",
    "cond.dy",
    "functions",
    "hf_bert.dy20d",
    "lenet.ts13.qdq",
    "lstm_classifier.dy",
    "unet.ts13d",
]


@pytest.fixture(scope="module")
def client():
    return create_app().test_client()


def enclosed(name):
    return {"b64": base64.b64encode(body_of(name)).decode()}


@pytest.mark.parametrize("name", FILES)
def test_every_option_of_an_analysis_is_answered(name):
    document, _ = read_model(body_of(name))
    report = layercalc.analyze(document, conventions="all", explain=True, device="a100")
    assert {row["type"] for row in report["layers"]}
    assert report["model"] == {"name": report["model"]["name"], "format": "onnx", "vocabulary": "onnx"}
    assert any("by the nodes of the file" in one["detail"] for one in report["warnings"])
    assert any(row["explain"] for row in report["layers"])
    assert layercalc.diff(document, document)["identical"]
    assert layercalc.check(document, [{"metric": "params", "max": "1G"}])["passed"]


@pytest.mark.parametrize("media", ["", "application/octet-stream", "application/x-onnx", "text/plain"])
def test_a_file_is_the_body_itself(client, media):
    answer = client.post("/v1/analyze?batch_size=2", data=body_of("lenet.ts12d"), content_type=media)
    assert answer.status_code == 200, answer.text
    assert answer.json["totals"]["params"] == 61_706
    assert answer.json["outputs"] == [{"name": "29", "shape": [2, 10], "dtype": "float32"}]


def test_a_file_stands_in_an_envelope(client):
    document = enclosed("lenet.ts12d")
    answer = client.post("/v1/check", json={"model": document, "budgets": [{"metric": "params", "equals": 61_706}]})
    assert answer.json["passed"]
    answer = client.post("/v1/diff", json={"before": document, "after": enclosed("lenet.dy")})
    assert answer.json["totals"]["params"]["delta"] == 0
    answer = client.post("/v1/forward", json={"model": document, "inputs": {"seed": 1}})
    assert answer.json["verified"], answer.text


def test_a_file_is_a_part_of_a_form(client):
    import io

    parts = {"model": (io.BytesIO(body_of("lenet.ts12d")), "lenet.onnx"), "inputs": '{"seed": 1}'}
    answer = client.post("/v1/forward", data=parts, content_type="multipart/form-data")
    assert answer.status_code == 200, answer.text
    assert answer.json["verified"]


def test_the_command_line_reads_a_file(tmp_path):
    (tmp_path / "unet.onnx").write_bytes(body_of("unet.ts13d"))
    done = run("analyze", "unet.onnx", "--dims", "height=64,width=64", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f'"params": {expected("unet.ts13d")["float_initializers"]}' in done.stdout.replace(":", ": ").replace(
        "  ", " "
    )
    done = run("analyze", "unet.onnx", "--dims", "depth=3", cwd=tmp_path)
    assert done.returncode == 2
    assert "names no size 'depth'" in done.stderr


def test_a_diff_names_the_attributes_and_numbers_that_changed():
    def pooled(k):
        return read_model(
            file_of([node("MaxPool", ["x"], ["y"], "pool", kernel_shape=[k, k])], {"x": [1, 2, 9, 9]}, {"y": None})
        )[0]

    (change,) = layercalc.diff(pooled(2), pooled(3))["layers"]
    assert change["fields"] == {"kernel_shape": [[2, 2], [3, 3]]}


def test_a_row_has_the_names_of_the_node_and_of_its_tensors():
    nodes = [
        node("Relu", ["x"], ["h"], "act"),
        node("Split", ["h"], ["a", "b"], axis=0),
        node("Relu", ["a"], ["c"], "act"),
    ]
    report = layercalc.analyze(read_model(file_of(nodes, {"x": [4, 2]}, {"c": None, "b": None}))[0])
    assert [(row["name"], row["type"], row["output_names"]) for row in report["layers"]] == [
        ("act", "Relu", ["h"]),
        ("a", "Split", ["a", "b"]),
        ("c", "Relu", ["c"]),
    ]
    assert [one["name"] for one in report["outputs"]] == ["c", "b"]


NAMED = file_of(
    [node("Add", ["x", "y"], ["z"])], {"x": ["N", "in.width"], "y": ["N", "in.width"]}, {"z": ["N", "in.width"]}
)


def test_one_name_is_one_size():
    document, _ = read_model(NAMED)
    assert layercalc.analyze(document)["outputs"][0]["shape"] == [None, None]
    assert layercalc.analyze(document, input_shape={"x": [7]})["outputs"][0]["shape"] == [None, 7]
    assert layercalc.analyze(document, dims={"N": 3, "in_width": 7})["outputs"][0]["shape"] == [3, 7]
    with pytest.raises(InvalidModel, match="The size 'in_width' would be 7"):
        layercalc.analyze(document, input_shape={"x": [7], "y": [8]})
    with pytest.raises(InvalidModel, match="Expected 'in_width' as an integer"):
        layercalc.analyze(document, dims={"in_width": -1})
    with pytest.raises(InvalidModel, match="is 3, and batch_size 4; say one"):
        layercalc.analyze(document, dims="N=3", batch_size=4)
    told = layercalc.analyze(document)["warnings"]
    assert any("'in.width' is called 'in_width'" in one["detail"] for one in told)


def test_one_name_is_one_size_of_what_is_posted():
    nodes = [node("ReduceSum", [name], [f"s{name}"], keepdims=0) for name in "xy"] + [node("Add", ["sx", "sy"], ["z"])]
    for x, y, given, told in (
        (["N", "w"], ["N", "v"], ((2, 3), (2, 5)), ""),
        (["N", "w"], ["N", "w"], ((2, 3), (2, 5)), "The size 'w' is 3 in axis 1 of 'x' and 5 in axis 1 of 'y'"),
        (["N", "w"], ["N", "v"], ((2, 3), (3, 5)), "The size 'N' is 2 in axis 0 of 'x' and 3 in axis 0 of 'y'"),
        (["N", "w"], ["N", "N"], ((2, 3), (2, 4)), "The size 'N' is 2 in axis 0 of 'x' and 4 in axis 1 of 'y'"),
    ):
        document, _ = read_model(file_of(nodes, {"x": x, "y": y}, {"z": None}))
        inputs = {name: np.ones(shape, "float32") for name, shape in zip("xy", given, strict=True)}
        if not told:
            assert layercalc.forward(document, inputs)["outputs"][0].tolist() == 16
            continue
        with pytest.raises(InvalidModel, match=told) as refused:
            layercalc.forward(document, inputs)
        assert refused.value.errors[0]["pointer"] == "/inputs/y"


def test_a_name_on_another_axis_is_no_batch():
    body = file_of([node("Relu", ["x"], ["y"])], {"x": value_info("x", ["N", "N"])}, {"y": None})
    document, _ = read_model(body)
    assert layercalc.analyze(document)["totals"]["flops"] is None
    with pytest.raises(InvalidModel, match="no batch; say dims=N="):
        layercalc.analyze(document, batch_size=2)


def test_a_pass_whose_sizes_only_values_decide_is_refused():
    """Seeded numbers make no sizes: ConstantOfShape by what a node computes of the input."""
    nodes = [
        node("ReduceSum", ["x"], ["s"], keepdims=0),
        node("Cast", ["s"], ["n"], to=7),
        node("ConstantOfShape", ["n"], ["y"]),
    ]
    document, _ = read_model(file_of(nodes, {"x": [200]}, {"y": None}))
    assert layercalc.analyze(document)["outputs"][0]["shape"] == [None]
    with pytest.raises(InvalidModel, match="'y' makes a tensor with a size that the values of a tensor decide"):
        layercalc.forward(document, {"seed": 1})


def test_vectors_of_another_number_of_channels_are_refused():
    inputs = {"x": [1, 4, 3, 3], "s": [5], "b": [5]}
    document, _ = read_model(file_of([node("InstanceNormalization", ["x", "s", "b"], ["y"])], inputs, {"y": None}))
    with pytest.raises(InvalidModel, match="has 4 channels; a vector has shape"):
        layercalc.analyze(document)


def test_a_pass_says_where_its_weights_came_from():
    """The file's own, all or but some that it leaves out; a seed changes nothing of what the file has."""
    w = tensor("w", np.array([[2.0], [3.0]], "float32"))
    nodes = [node("MatMul", ["x", "w"], ["h"]), node("Add", ["h", "b"], ["y"])]
    absent = {"name": "b", "dims": [1], "data_type": 1, "data_location": 1}
    given = [np.ones((1, 2), "float32")]
    for b, told in (
        (tensor("b", np.array([0.5], "float32")), {"source": "model"}),
        (absent, {"source": "model", "seed": 4, "seeded": 1}),
    ):
        document, _ = read_model(file_of(nodes, {"x": [1, 2]}, {"y": None}, [w, b]))
        answer = layercalc.forward(document, given, {"seed": 4})
        assert answer["weights"] == told
        if b is not absent:
            assert answer["outputs"][0].tolist() == [[5.5]]
            posted = layercalc.forward(document, given, {"w": [[0.0], [1.0]]})
            assert (posted["weights"], posted["outputs"][0].tolist()) == ({"source": "posted"}, [[1.5]])


@pytest.mark.parametrize("name", ["lenet.ts12d", "mlp.dy"])
def test_the_bytes_of_a_file_are_a_document(name):
    """In Python, for every verb, as the document that is read of them."""
    body, document = body_of(name), read_model(body_of(name))[0]
    report = layercalc.analyze(document)
    for one in (body, bytearray(body), memoryview(body)):
        assert layercalc.analyze(one) == report
    assert layercalc.diff(body, document)["identical"]
    assert layercalc.check(body, [{"metric": "params", "equals": report["totals"]["params"]}], body)["passed"]
    assert layercalc.forward(body, {"seed": 1})["verified"]
    assert layercalc.analyze(b'{"input_shape": [3], "layers": [{"type": "Flatten"}]}')["model"]["format"] == "stack"
    with pytest.raises(InvalidModel, match="A PDF"):
        layercalc.analyze(b"%PDF-1.7")
