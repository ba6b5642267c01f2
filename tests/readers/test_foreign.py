"""Every form of file comes in by one door: a Keras file is read as it is, what is not read is called by its name."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from layercalc.limits import Limits
from layercalc.web import create_app
from tests.command import run

MODEL = {
    "class_name": "Sequential",
    "config": {
        "name": "s",
        "layers": [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, 8], "name": "i"}},
            {"class_name": "Dense", "config": {"name": "d", "units": 4}},
        ],
    },
}


def zipped(**members):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return body.getvalue()


def npz():
    body = io.BytesIO()
    np.savez(body, x=np.zeros(3))
    return body.getvalue()


KERAS = zipped(config_dot_json=json.dumps(MODEL), metadata_dot_json='{"keras_version": "3.4.0"}')
FILES = {
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer"),
    "tfjs": (json.dumps({"modelTopology": {}, "format": "layers-model"}).encode(), "TensorFlow.js"),
    "tfjs-graph": (json.dumps({"modelTopology": {"node": []}, "format": "graph-model"}).encode(), "graph model"),
    "pickle": (pickle.dumps({"a": [1, 2]}), "A pickle"),
    "pickle-2": (pickle.dumps([1], protocol=2), "A pickle"),
    "torchscript": (zipped(m__data_dot_pkl="", m__constants_dot_pkl="", m__code__x_dot_py=""), "TorchScript"),
    "checkpoint": (zipped(archive__data_dot_pkl="", archive__data__0=""), "A PyTorch checkpoint"),
    "pt2": (zipped(m__archive_format="pt2", m__models__model_dot_json="{}"), "exported program"),
    "npz": (npz(), "NumPy arrays"),
    "npy": (b"\x93NUMPY\x01\x00", "NumPy array"),
    "onnx": (b"\x08\x08\x12\x07pytorch\x1a\x032.1", "An ONNX file without a graph"),
    "saved-model": (b"\x08\x01\x12\x90\x01", "SavedModel"),
    "tflite": (b"\x1c\x00\x00\x00TFL3\x14\x00", "TensorFlow Lite"),
    "gzip": (b"\x1f\x8b\x08\x00", "gzip"),
    "pdf": (b"%PDF-1.7", "A PDF"),
    "png": (b"\x89PNG\r\n", "picture"),
}
MEDIA = ("", "application/octet-stream", "application/zip", "application/x-www-form-urlencoded")


@pytest.mark.parametrize("media", MEDIA)
@pytest.mark.parametrize("name", FILES)
def test_a_form_that_is_not_read_is_called_by_its_name(name, media):
    body, words = FILES[name]
    answer = create_app().test_client().post("/v1/analyze", data=body, content_type=media)
    if answer.status_code == 415:
        assert media == "application/zip"
        assert name.startswith("tfjs")  # a text
        return
    assert answer.status_code == 422, answer.text
    assert words in answer.json["detail"]


@pytest.mark.parametrize("name", FILES)
def test_the_command_line_says_the_same(name, tmp_path):
    body, words = FILES[name]
    (tmp_path / "model").write_bytes(body)
    done = run("analyze", "model", cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr


@pytest.mark.parametrize("media", MEDIA)
@pytest.mark.parametrize("path", ["/v1/analyze", "/v1/check?max_params=36"])
def test_a_keras_file_is_read_as_the_body_itself(path, media):
    answer = create_app().test_client().post(path, data=KERAS, content_type=media)
    assert answer.status_code == 200, answer.text
    assert answer.json["totals"]["params"] == 36


def test_an_hdf5_file_is_read_where_hdf5_is(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(MODEL)
    body = (tmp_path / "m.h5").read_bytes()
    allowed = create_app(Limits(max_hdf5_bytes=1 << 20)).test_client().post("/v1/analyze", data=body)
    assert (allowed.status_code, allowed.json["totals"]["params"]) == (200, 36)
    refused = create_app().test_client().post("/v1/analyze", data=body)
    assert refused.status_code == 422
    assert "LAYERCALC_MAX_HDF5_BYTES" in refused.json["detail"]


@pytest.mark.parametrize("name", ["lfs", "pdf"])
def test_a_text_in_an_envelope_is_called_by_its_name_too(name):
    body, words = FILES[name]
    answer = create_app().test_client().post("/v1/analyze", json={"model": body.decode()})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/model"
    assert words in answer.json["detail"]
