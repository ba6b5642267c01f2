"""The Open Inference Protocol's server: named models of a folder, driven by Triton's own client."""

import json
import os
import time
from threading import Event
from urllib.parse import quote

import numpy as np
import pytest
import safetensors.numpy
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from layercalc import deadline, repository
from layercalc.limits import Limits
from layercalc.web import create_app
from tests.service import running
from tests.web.attacks_service import DENSE as DENSE_TEXT
from tests.web.attacks_service import ODDITIES, READY

DENSE = {"input_shape": [3], "layers": [{"type": "Dense", "units": 2, "name": "d"}]}
KERNEL, BIAS = np.array([[1, 2], [3, 4], [5, 6]], "float32"), np.array([0.5, -0.5], "float32")
TWO = {
    "inputs": [{"name": "left", "shape": [2]}, {"name": "right", "shape": [None]}],
    "layers": [
        {"type": "ReLU", "name": "up", "inputs": ["left"]},
        {"type": "Softmax", "name": "soft", "inputs": ["right"]},
    ],
    "outputs": ["up", "soft"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    (root / "dense.json").write_text(json.dumps(DENSE))
    safetensors.numpy.save_file({"d/kernel": KERNEL, "d/bias": BIAS}, root / "dense.safetensors")
    (root / "two").mkdir()
    (root / "two" / "model.json").write_text(json.dumps(TWO))
    (root / "code.py").write_text("Flatten(input_shape=(2, 2))")
    (root / "bare.json").write_text(json.dumps(DENSE))
    (root / "broken.json").write_text('{"input_shape": [3], "layers": [{"type": "Dens"}]}')
    (root / "short.json").write_text(json.dumps(DENSE))
    safetensors.numpy.save_file({"d/kernel": KERNEL}, root / "short.safetensors")
    (root / "stray.safetensors").write_bytes(b"")
    (root / "notes.txt").write_text("not a model")
    return root


@pytest.fixture
def client(folder):
    return create_app(Limits(), folder).test_client()


def test_tritons_client_drives_it_unmodified(folder):
    with running(models=folder) as service:
        client = triton.InferenceServerClient(f"127.0.0.1:{service.port}")
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready("dense")
        assert not client.is_model_ready("bare")
        assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
        assert client.get_model_metadata("two", "1")["outputs"] == [
            {"name": "up", "datatype": "FP32", "shape": [-1, 2]},
            {"name": "soft", "datatype": "FP32", "shape": [-1, -1]},
        ]
        assert client.get_model_config("dense")["input"] == [
            {"name": "input", "data_type": "TYPE_FP32", "dims": [-1, 3]}
        ]
        assert {one["name"]: one["state"] for one in client.get_model_repository_index()}["dense"] == "READY"
        x = np.array([[1, 0, 2], [0, 1, 0]], "float32")
        for binary in (True, False):
            given = triton.InferInput("input", [2, 3], "FP32")
            given.set_data_from_numpy(x, binary_data=binary)
            for outputs in (None, [triton.InferRequestedOutput("d", binary_data=binary)]):
                result = client.infer("dense", [given], outputs=outputs, request_id="seven", timeout=1000, priority=1)
                assert result.get_response()["id"] == "seven"
                assert result.get_response()["model_version"] == "1"
                assert result.as_numpy("d").tolist() == (x @ KERNEL + BIAS).tolist()
        right, left = triton.InferInput("right", [1, 3], "FP64"), triton.InferInput("left", [1, 2], "FP16")
        right.set_data_from_numpy(np.zeros((1, 3)))
        left.set_data_from_numpy(np.array([[-1, 2]], "float16"))
        result = client.infer("two", [right, left], outputs=[triton.InferRequestedOutput("up")])
        assert result.as_numpy("up").tolist() == [[0, 2]]
        assert result.as_numpy("soft") is None
        with pytest.raises(InferenceServerException) as refused:
            client.infer("dense", [right])
        assert "The input 'input' is missing." in str(refused.value)
        client.close()


def test_metadata_comes_from_the_analysis(client):
    assert client.get("/v2/models/dense").json == {
        "name": "dense",
        "versions": ["1"],
        "platform": "layercalc_numpy",
        "inputs": [{"name": "input", "datatype": "FP32", "shape": [-1, 3]}],
        "outputs": [{"name": "d", "datatype": "FP32", "shape": [-1, 2]}],
    }
    assert client.get("/v2").json["name"] == "layercalc"
    assert client.get("/v2/health/live").status_code == client.get("/v2/health/ready").status_code == 200
    assert [one["name"] for one in client.post("/v2/repository/index").json] == [
        "bare",
        "broken",
        "code",
        "dense",
        "short",
        "two",
    ]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bare", "put bare.safetensors beside"),
        ("broken", "Did you mean 'Dense'?"),
        ("short", "'d/bias' of shape [2] is missing"),
    ],
)
def test_model_that_is_not_ready_says_why(client, name, words):
    ready = client.get(f"/v2/models/{name}/ready")
    assert (ready.status_code, ready.json["ready"]) == (503, False)
    assert words in ready.json["reason"]
    inferred = client.post(f"/v2/models/{name}/infer", json={"inputs": []})
    assert inferred.status_code == 503
    assert words in inferred.json["error"]


TENSOR = {"name": "input", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}


@pytest.mark.parametrize(
    ("path", "body", "status", "pointer", "words"),
    [
        ("dens/infer", {"inputs": []}, 404, "", "Did you mean 'dense'?"),
        ("dense/versions/2/infer", {"inputs": []}, 404, "", "Its only version is 1."),
        ("../dense/infer", {}, 404, None, ""),
        ("dense/infer", {"inputs": {"input": TENSOR}}, 422, "/inputs", "Expected a list"),
        ("dense/infer", {}, 422, "", "'inputs' is required"),
        ("dense/infer", {"inputs": [TENSOR, TENSOR]}, 422, "/inputs/1/name", "is there already"),
        ("dense/infer", {"inputs": [{**TENSOR, "name": 1}]}, 422, "/inputs/0/name", "the name is 1"),
        ("dense/infer", {"inputs": [{**TENSOR, "name": {"a": 1}}]}, 422, "/inputs/0/name", "the name is"),
        ("dense/infer", {"inputs": [TENSOR, {**TENSOR, "name": ["a"]}]}, 422, "/inputs/1/name", "the name is"),
        ("dense/infer", {"inputs": [{**TENSOR, "shape": [3]}]}, 422, "/inputs/0", "has shape [batch, 3]"),
        ("dense/infer", {"inputs": [{**TENSOR, "data": "x"}]}, 422, "/inputs/0/data", ""),
        ("dense/infer", {"inputs": [TENSOR], "outputs": [{"name": "e"}]}, 422, "/outputs/0/name", "no output 'e'"),
        ("dense/infer", {"inputs": [TENSOR], "parameters": {"sequence_id": 1}}, 422, "/parameters/sequence_id", ""),
        ("dense/infer", {"inputs": [TENSOR], "id": 1}, 422, "/id", "a string"),
        ("dense/infer", {"inputs": [TENSOR], "model": DENSE}, 422, "/model", "no key 'model'"),
    ],
)
def test_request_that_is_wrong(client, path, body, status, pointer, words):
    answer = client.post(f"/v2/models/{path}", json=body)
    assert answer.status_code == status
    assert answer.json["error"] == answer.json["detail"]
    if pointer is not None:
        assert answer.json["errors"][0]["pointer"] == pointer
        assert words in answer.json["errors"][0]["detail"]


def test_a_model_of_strings_says_so_and_runs_no_pass(tmp_path):
    layers = [{"type": "Hashing", "num_bins": 9, "name": "h"}]
    document = {"inputs": [{"name": "x", "shape": [1], "dtype": "string"}], "layers": layers}
    (tmp_path / "words.json").write_text(json.dumps(document))
    client = create_app(Limits(), tmp_path).test_client()
    assert client.get("/v2/models/words").json["inputs"] == [{"name": "x", "datatype": "BYTES", "shape": [-1, 1]}]
    given = {"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [1]}
    answer = client.post("/v2/models/words/infer", json={"inputs": [given]})
    assert (answer.status_code, "holds strings" in answer.json["error"]) == (422, True)


def test_model_is_read_again_when_its_files_have_changed(tmp_path):
    client = create_app(Limits(), tmp_path).test_client()
    assert client.get("/v2/models/one").status_code == 404
    (tmp_path / "one.json").write_text(json.dumps({"input_shape": [3], "layers": [{"type": "ReLU"}]}))
    assert client.get("/v2/models/one").json["outputs"][0]["shape"] == [-1, 3]
    (tmp_path / "one.json").write_text(json.dumps({"input_shape": [40], "layers": [{"type": "ReLU"}]}))
    assert client.get("/v2/models/one").json["outputs"][0]["shape"] == [-1, 40]


@pytest.mark.parametrize("name", ODDITIES, ids=ascii)
def test_what_is_no_model_in_the_folder_is_unavailable_or_left_out(tmp_path, name, caplog):
    """Through a process without root's rights where there are files that may not be read."""
    odd = ODDITIES[name]
    (tmp_path / "good.json").write_text(DENSE_TEXT)
    odd.put(tmp_path / name)
    if os.geteuid() == 0 and odd.says == "Permission denied":
        pytest.skip("root may read everything")
    client = create_app(Limits(), tmp_path).test_client()
    with caplog.at_level("WARNING"):
        index = client.post("/v2/repository/index")
    assert index.status_code == 200
    states = {one["name"]: (one["state"], one["reason"]) for one in index.json}
    assert states.pop("good")[0] == "READY"
    assert list(states) == [odd.name] if odd.name else not states
    if odd.says == READY:
        assert states[odd.name] == ("READY", "")
    elif odd.name:
        assert states[odd.name][0] == "UNAVAILABLE"
        assert odd.says in states[odd.name][1]
        for path in ("", "/ready", "/config"):
            assert client.get(f"/v2/models/{quote(odd.name)}{path}").status_code in (200, 503)
        assert client.post(f"/v2/models/{quote(odd.name)}/infer", json={"inputs": []}).status_code == 503
    assert client.get("/v2/models/good/ready").status_code == client.get("/readyz").status_code == 200
    assert client.get(f"/v2/models/{quote('nobody' + os.fsencode(name).hex())}").status_code == 404
    assert not [one for one in caplog.records if one.levelname == "ERROR"]
    assert ("left out" in caplog.text) == ("\udcff" in name)


@pytest.mark.parametrize("where", ["scandir", "open"])
def test_what_may_not_be_read_is_unavailable_and_tried_again(tmp_path, monkeypatch, where):
    (tmp_path / "good.json").write_text(DENSE_TEXT)
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "model.json").write_text(DENSE_TEXT)
    client = create_app(Limits(), tmp_path).test_client()
    real = getattr(os, where)

    def refused(path, *more):
        if "inside" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *more)

    monkeypatch.setattr(os, where, refused)
    index = {one["name"]: one for one in client.post("/v2/repository/index").json}
    assert index["good"]["state"] == "READY"
    assert (index["inside"]["state"], "Permission denied" in index["inside"]["reason"]) == ("UNAVAILABLE", True)
    assert str(tmp_path) not in index["inside"]["reason"]
    monkeypatch.setattr(os, where, real)
    monkeypatch.setattr(repository, "RETRY_SECONDS", 0)
    assert client.get("/v2/models/inside/ready").status_code == 200


def test_folder_that_is_away_or_closed_is_no_500(tmp_path, monkeypatch):
    folder = tmp_path / "models"
    folder.mkdir()
    client = create_app(Limits(), folder).test_client()
    folder.rmdir()
    assert client.post("/v2/repository/index").json == []
    assert (client.get("/readyz").status_code, client.get("/v2/health/ready").json["ready"]) == (503, False)
    folder.mkdir()
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "cannot be read" in client.get("/readyz").json["detail"]


def test_model_that_takes_longer_to_read_than_a_request_may_is_read_all_the_same_and_holds_no_other_up(
    tmp_path, monkeypatch
):
    for name in ("slow", "quick"):
        (tmp_path / f"{name}.json").write_text(DENSE_TEXT)
    client = create_app(Limits(max_forward_seconds=1, max_analysis_seconds=1), tmp_path).test_client()
    monkeypatch.setattr(deadline, "monotonic", time.monotonic)
    go, begun, real = Event(), [], repository.load

    def load(name, *more):
        begun.append(name)
        assert name == "quick" or go.wait(60)
        return real(name, *more)

    monkeypatch.setattr(repository, "load", load)
    given = {"inputs": [{"name": "input", "shape": [1, 3], "datatype": "FP32", "data": [1, -2, 3]}]}
    for _ in range(3):
        answer = client.post("/v2/models/slow/infer", json=given)
        assert (answer.status_code, "being read" in answer.json["error"]) == (503, True)
        assert client.post("/v2/models/quick/infer", json=given).status_code == 200
    assert client.get("/v2/models/slow/ready").status_code == 503
    assert [one["state"] for one in client.post("/v2/repository/index").json] == ["READY", "UNAVAILABLE"]
    go.set()
    assert client.get("/v2/models/slow/ready").status_code == 200
    assert client.post("/v2/models/slow/infer", json=given).json["outputs"][0]["data"] == [1, 0, 3]
    assert sorted(begun) == ["quick", "slow"]  # each once


def test_deadline_of_the_one_who_asks_first_is_not_the_models(tmp_path):
    """A document that takes longer to analyse than a forward pass may: in the end it is ready."""
    layers = [{"type": "ReLU"}] * 3000
    (tmp_path / "long.json").write_text(json.dumps({"input_shape": [3], "layers": layers}))
    app = create_app(Limits(max_forward_seconds=1), tmp_path)
    models = app.extensions["layercalc.models"]
    with app.app_context(), deadline.within(1e-9, "LAYERCALC_MAX_FORWARD_SECONDS"):
        models.reading("long", [tmp_path / "long.json"])
    assert models.model("long").reason == ""


def test_folder_of_more_than_are_looked_at_is_listed_so_far_and_said(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(repository, "MAX_ENTRIES", 5)
    for number in range(9):
        (tmp_path / f"{number}.json").write_text(DENSE_TEXT)
    client = create_app(Limits(), tmp_path).test_client()
    assert len(client.post("/v2/repository/index").json) == 5
    assert "more than 5 entries" in caplog.text


def test_without_a_folder_the_setting_is_named(monkeypatch):
    answer = create_app(Limits()).test_client().get("/v2/models/dense")
    assert (answer.status_code, "LAYERCALC_MODELS" in answer.json["error"]) == (404, True)
    monkeypatch.setenv("LAYERCALC_MODELS", "/nowhere")
    with pytest.raises(SystemExit, match="LAYERCALC_MODELS has to be a folder"):
        create_app(Limits())
