"""Tensors in all the ways that files hold them: raw, typed, sparse, in other files, as constants, or not at all."""

import base64
import os

import numpy as np
import pytest

import layercalc
from layercalc.errors import InvalidModel
from layercalc.files import read_model
from layercalc.files.mapped import mapped
from layercalc.web import create_app
from tests.command import run
from tests.onnx_files import attribute, body_of, file_of, node, tensor, value_info, varint, weights_of, written

X = np.array([[1, 2, 3]], "float32")
W = np.array([[1, 0], [0, 2], [3, 0]], "float32")


def beside(name, dims, location, offset=None, length=None, data_type=1):
    entries = [("location", location), ("offset", offset), ("length", length)]
    said = [{"key": key, "value": str(value)} for key, value in entries if value is not None]
    return {"name": name, "dims": dims, "data_type": data_type, "data_location": 1, "external_data": said}


def product(w, **more):
    """A file of one product with that tensor."""
    return file_of([node("MatMul", ["x", "w"], ["y"])], {"x": [1, 3]}, {"y": None}, [w] if w else [], **more)


def ran(document):
    answer = layercalc.forward(document, [X], return_layers=())
    return answer["outputs"][0].tolist(), answer["weights"]["source"]


@pytest.fixture
def folder(tmp_path):
    """A folder with a file of weights at some offset, and one outside of it."""
    inner = tmp_path / "inner"
    (inner / "data").mkdir(parents=True)
    (inner / "data" / "w.bin").write_bytes(b"\0" * 16 + W.tobytes())
    (tmp_path / "outside.bin").write_bytes(W.tobytes())
    return inner


def test_numbers_lie_in_another_file_of_the_folder(folder):
    path = folder / "net.onnx"
    path.write_bytes(product(beside("w", [3, 2], "data/w.bin", 16, 24)))
    assert ran(path) == ([[10.0, 4.0]], "model")
    assert layercalc.analyze(path)["warnings"] == []
    done = run("forward", "net.onnx", "--seed", "1", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert '"source":"model"' in done.stdout.replace(" ", "")
    assert layercalc.analyze(path.read_bytes())["totals"]["params"] == 6


@pytest.mark.parametrize("location", ["gone.bin", "data/gone/w.bin"])
def test_a_file_that_is_not_there_is_said_and_not_needed_for_an_analysis(folder, location):
    path = folder / "net.onnx"
    path.write_bytes(product(beside("w", [3, 2], location)))
    report = layercalc.analyze(path)
    assert (report["totals"]["params"], report["warnings"]) == (6, [])
    answer = layercalc.forward(path, [X])
    assert answer["weights"]["source"] == "seeded"
    assert answer["warnings"] == [
        {
            "pointer": "/model/graph/initializer",
            "detail": f"'{location}', where 1 of its tensors lie, is not beside the file: they are drawn from the seed.",
        }
    ]
    assert "is not beside the file" in run("forward", "net.onnx", cwd=folder).stderr


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("../outside.bin", "which is not in the folder of the file"),
        ("data/../../outside.bin", "which is not in the folder of the file"),
        ("", "which is not in the folder of the file"),
        ("/etc/hostname", "which is not in the folder of the file"),
        ("data/\0w.bin", "which is not in the folder of the file"),
        ("link.bin", "which is not in the folder of the file"),
        ("linked/outside.bin", "which is not in the folder of the file"),
        ("data", "is no regular file"),
        ("pipe", "is no regular file"),
        ("data/w.bin/x", "cannot be read: Not a directory"),
    ],
)
def test_no_path_leads_out_of_the_folder(folder, location, said):
    (folder / "link.bin").symlink_to(folder.parent / "outside.bin")
    (folder / "linked").symlink_to(folder.parent)
    os.mkfifo(folder / "pipe")
    path = folder / "net.onnx"
    path.write_bytes(product(beside("w", [3, 2], location)))
    with pytest.raises(InvalidModel, match=said):
        layercalc.analyze(path)
    done = run("analyze", "net.onnx", cwd=folder)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_link_within_the_folder_is_followed(folder):
    (folder / "link.bin").symlink_to("data/w.bin")
    (folder / "net.onnx").write_bytes(product(beside("w", [3, 2], "link.bin", 16)))
    assert ran(folder / "net.onnx") == ([[10.0, 4.0]], "model")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ((17,), "'w' would be at 17 to 41"),
        ((-8,), "would be at -8"),
        ((0, 23), "has 23 bytes in 'data/w.bin'; its sizes make 24"),
        (("x",), "is no number"),
        ((1 << 62,), "has 40 bytes"),
    ],
)
def test_a_place_that_does_not_fit_is_refused_when_it_is_read(folder, place, said):
    path = folder / "net.onnx"
    path.write_bytes(product(beside("w", [3, 2], "data/w.bin", *place)))
    assert layercalc.analyze(path)["totals"]["params"] == 6
    with pytest.raises(InvalidModel, match=said):
        layercalc.forward(path, [X])


def test_nobody_who_sends_a_file_names_another(folder, monkeypatch):
    """Over HTTP, as bytes and in base64 the data are absent, wherever they are said to lie."""
    monkeypatch.chdir(folder)
    client = create_app().test_client()
    for location in ("data/w.bin", "/etc/hostname", "../outside.bin"):
        body = product(beside("w", [3, 2], location, 0))
        enclosed = {"b64": base64.b64encode(body).decode()}
        answer = client.post("/v1/forward", json={"model": enclosed, "inputs": {"seed": 1}})
        assert answer.json["weights"] == {"source": "seeded", "seed": 0}
        assert client.post("/v1/analyze", data=body).json["totals"]["params"] == 6
        assert ran(body)[1] == "seeded"


def test_gigabytes_of_weights_are_mapped(tmp_path):
    """3 GB in the file itself, and as much beside it, both with nothing in them: neither is read for an analysis."""
    many = 3 << 30
    dims = [3, many // 12]
    path, other = tmp_path / "large.onnx", tmp_path / "beside.onnx"
    path.write_bytes(without_end({"name": "w", "dims": dims, "data_type": 1}, many))
    os.truncate(path, path.stat().st_size + many)
    report = layercalc.analyze(path)
    assert report["totals"]["params"] == many // 4
    assert report["outputs"][0]["shape"] == [1, dims[1]]
    (tmp_path / "large.bin").touch()
    os.truncate(tmp_path / "large.bin", many)
    other.write_bytes(product(beside("w", dims, "large.bin", 0, many)))
    assert layercalc.analyze(other)["totals"] == report["totals"]
    done = run("strip", "large.onnx", "-o", "small.onnx", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert layercalc.analyze(tmp_path / "small.onnx")["totals"] == report["totals"]
    assert (tmp_path / "small.onnx").stat().st_size < 1_000
    assert len(mapped(path)) > many
    assert [mapped(tmp_path / name) for name in ("large.bin", "no", ".")] == [None] * 3


def without_end(weight, many):
    """A file of one product whose weight comes last, of which so many bytes of raw data are still to come."""
    head = written("Tensor", weight) + varint(9 << 3 | 2) + varint(many)
    graph = {
        "name": "g",
        "node": [node("MatMul", ["x", "w"], ["y"])],
        "input": [value_info("x", [1, 3])],
        "output": [value_info("y", None)],
    }
    rest = written("Graph", graph) + varint(5 << 3 | 2) + varint(len(head) + many) + head
    model = written("Model", {"ir_version": 8, "producer_name": "tests", "opset_import": [{"version": 17}]})
    return model + varint(7 << 3 | 2) + varint(len(rest) + many) + rest


FORMS = {
    "raw": tensor("w", W),
    "floats": {"name": "w", "dims": [3, 2], "data_type": 1, "float_data": [W.tobytes()]},
    "doubles": {"name": "w", "dims": [3, 2], "data_type": 11, "double_data": [W.astype("float64").tobytes()]},
    "halves": {
        "name": "w",
        "dims": [3, 2],
        "data_type": 10,
        "int32_data": [b"".join(varint(int(n)) for n in W.astype("float16").view("uint16").reshape(-1))],
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_typed_and_raw_numbers_are_the_same(form):
    one = FORMS[form]
    to = [node("Cast", ["w"], ["v"], to=1), node("MatMul", ["x", "v"], ["y"])]
    document, _ = read_model(file_of(to, {"x": [1, 3]}, {"y": None}, [one]))
    assert ran(document) == ([[10.0, 4.0]], "model")


def sparse(values, indices, dims, name="w"):
    return {"values": tensor(name, values), "indices": tensor("", indices), "dims": dims}


PLACES = np.array([0, 3, 4], "int64")
PAIRS = np.array([[0, 0], [1, 1], [2, 0]], "int64")


@pytest.mark.parametrize("places", [PLACES, PAIRS], ids=["flat", "pairs"])
def test_a_sparse_tensor_is_the_whole_that_it_stands_for(places):
    few = np.array([1, 2, 3], "float32")
    nodes = [node("MatMul", ["x", "w"], ["y"])]
    graph = {
        "name": "g",
        "node": nodes,
        "input": [value_info("x", [1, 3])],
        "output": [value_info("y", None)],
        "sparse_initializer": [sparse(few, places, [3, 2])],
    }
    body = written("Model", {"ir_version": 8, "producer_name": "t", "graph": graph, "opset_import": [{"version": 17}]})
    document, _ = read_model(body)
    assert ran(document) == ([[10.0, 4.0]], "model")
    assert layercalc.analyze(document)["totals"]["params"] == 6
    constant = node("Constant", [], ["w"])
    constant["attribute"] = [{"name": "sparse_value", "sparse_tensor": sparse(few, places, [3, 2]), "type": 11}]
    document, _ = read_model(file_of([constant, *nodes], {"x": [1, 3]}, {"y": None}))
    assert ran(document)[0] == [[10.0, 4.0]]


@pytest.mark.parametrize(
    ("values", "indices", "dims", "said"),
    [
        ([1.0], [[6]], [3, 2], "The indices of 'w' are int64"),
        ([1.0], [6], [3, 2], "An index of 'w' is outside of"),
        ([1.0], [-1], [3, 2], "An index of 'w' is outside of"),
        ([1.0], [[2, 2]], [3, 2], "An index of 'w' is outside of"),
        ([1.0, 2.0], [0], [3, 2], "The indices of 'w' are int64"),
        ([1.0], [0], [3, -2], "The sparse tensor 'w' has the sizes"),
        ([1.0], [0], [3, 1 << 40], "has 3,298,534,883,328 numbers; 16,777,216 are written out"),
    ],
)
def test_a_sparse_tensor_that_is_none_is_refused(values, indices, dims, said):
    one = sparse(np.array(values, "float32"), np.array(indices, "int64"), dims)
    constant = node("Constant", [], ["w"])
    constant["attribute"] = [{"name": "sparse_value", "sparse_tensor": one, "type": 11}]
    document, _ = read_model(file_of([constant, node("MatMul", ["x", "w"], ["y"])], {"x": [1, 3]}, {"y": None}))
    with pytest.raises(InvalidModel, match=said):
        layercalc.forward(document, [X])


@pytest.mark.parametrize(
    ("name", "value", "result"),
    [
        ("value", tensor("", np.array([2], "float32")), [[2.0, 4.0, 6.0]]),
        ("value_float", 2.0, [[2.0, 4.0, 6.0]]),
        ("value_floats", [1.0, 2.0, 3.0], [[1.0, 4.0, 9.0]]),
        ("value_int", 2, [[2.0, 4.0, 6.0]]),
        ("value_ints", [1, 2, 3], [[1.0, 4.0, 9.0]]),
    ],
)
def test_every_kind_of_constant_of_numbers_is_read(name, value, result):
    constant = node("Constant", [], ["c"])
    constant["attribute"] = [attribute(name, value)]
    nodes = [constant, node("CastLike", ["c", "x"], ["v"]), node("Mul", ["x", "v"], ["y"])]
    document, _ = read_model(file_of(nodes, {"x": [1, 3]}, {"y": None}))
    assert ran(document)[0] == result


@pytest.mark.parametrize(("name", "value"), [("value_string", "a"), ("value_strings", ["a", "b"])])
def test_constants_of_texts_are_refused_by_name(name, value):
    constant = node("Constant", [], ["c"])
    constant["attribute"] = [attribute(name, value)]
    document, _ = read_model(file_of([constant, node("Identity", ["x"], ["y"])], {"x": [1, 3]}, {"y": None}))
    with pytest.raises(InvalidModel, match=name):
        layercalc.analyze(document)


def test_weights_that_are_inputs_are_inputs():
    """`export_params=False`: every weight is an input under its own name, and no parameter of the file."""
    document, _ = read_model(body_of("resnet18.ts17.noparams"))
    report = layercalc.analyze(document)
    named = {one["name"]: one["shape"] for one in report["inputs"]}
    assert named["fc.weight"] == [1000, 512]
    (told,) = [one["detail"] for one in report["warnings"] if "export_params=False" in one["detail"]]
    assert told.startswith("26 inputs are weights of the network ('onnx::Conv_193', 'onnx::Conv_194' …)")
    assert report["totals"]["params"] == 0
    convolution = next(row for row in report["layers"] if row["type"] == "Conv")
    assert convolution["macs"] == 118_013_952
    assert convolution["module"] == "conv1"


def test_a_file_with_external_data_of_its_own_runs(tmp_path):
    """The recorded one, with its weights by the formula in the file that it names."""
    name = "resnet18.external"
    document, _ = read_model(body_of(name))
    arrays = weights_of(document)
    data, entries = b"", {}
    for key, one in arrays.items():
        entries[key] = (len(data), one.nbytes)
        data += one.tobytes()
    assert entries
    for one in document.message["graph"]["initializer"]:
        if one["name"] in entries:
            offset, length = entries[one["name"]]
            pairs = {"location": "w.bin", "offset": str(offset), "length": str(length)}
            one["external_data"] = [{"key": key, "value": value} for key, value in pairs.items()]
    (tmp_path / "w.bin").write_bytes(data)
    (tmp_path / "net.onnx").write_bytes(written("Model", document.message))
    x = [np.ones((1, 3, 64, 64), "float32")]
    shape = {"batch_shape": [1, 3, 64, 64]}
    own = layercalc.forward(tmp_path / "net.onnx", x, **shape)
    given = layercalc.forward(read_model(body_of(name))[0], x, arrays, **shape)
    assert own["weights"]["source"] == "model"
    np.testing.assert_array_equal(own["outputs"][0], given["outputs"][0])


def test_a_folder_of_models_serves_onnx_files(tmp_path):
    (tmp_path / "small.onnx").write_bytes(product(tensor("w", W)))
    (tmp_path / "apart").mkdir()
    (tmp_path / "apart" / "net.onnx").write_bytes(product(beside("w", [3, 2], "w.bin")))
    (tmp_path / "apart" / "w.bin").write_bytes(W.tobytes())
    (tmp_path / "bare.onnx").write_bytes(product(beside("w", [3, 2], "gone.bin")))
    client = create_app(models=tmp_path).test_client()
    given = {"inputs": [{"name": "x", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}]}
    for name in ("small", "apart"):
        answer = client.post(f"/v2/models/{name}/infer", json=given)
        assert answer.status_code == 200, answer.text
        assert answer.json["outputs"][0]["data"] == [10.0, 4.0]
        assert client.get(f"/v2/models/{name}").json["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [1, 3]}]
    assert client.get("/v2/models/bare/ready").status_code != 200


def test_a_file_that_becomes_shorter_is_refused(folder):
    """What was measured when the model was read need not be there when it is run."""
    path = folder / "net.onnx"
    path.write_bytes(product(beside("w", [3, 2], "data/w.bin", 16)))
    document = read_model(mapped(path), (), folder=folder)[0]
    assert ran(document) == ([[10.0, 4.0]], "model")
    os.truncate(folder / "data" / "w.bin", 20)
    with pytest.raises(InvalidModel, match=r"has become shorter|has 20 bytes"):
        layercalc.forward(document, [X])
    (folder / "data" / "w.bin").unlink()
    with pytest.raises(InvalidModel, match="cannot be read: No such file"):
        layercalc.forward(document, [X])
