"""Networks to begin with: every one a document that is read, the same by every face."""

import json

import pytest

import layercalc
from layercalc.readers.keras.networks import NETWORKS
from tests import oracle
from tests.command import run

SMALL = {  # parameters, as layers of their sizes have them
    "mlp": 784 * 128 + 128 + 128 * 10 + 10,
    "lenet": 61706,
    "convnet": (9 * 32 + 32) + (9 * 32 * 64 + 64) + (1600 * 10 + 10),
    "sentiment": 20000 * 128 + 2 * 4 * (128 + 64 + 1) * 64 + 128 + 1,
    "two-towers": 2 * (16 * 8 + 8) + 16 + 1,
    "residual": 274042,
    "autoencoder": (9 * 16 + 16) + (9 * 16 * 8 + 8) + (9 * 8 * 8 + 8) + (9 * 8 * 16 + 16) + (9 * 16 + 1),
    "unet": 8630563,
    "transformer": 200 * 32
    + 20000 * 32
    + 4 * (32 * 32 + 32)
    + 2 * 64
    + 2 * (32 * 32 + 32)
    + (32 * 20 + 20)
    + (20 * 2 + 2),
    "transfer": 2257984 + 1280 + 1,
}


def test_the_list_is_of_small_networks_and_of_all_that_keras_has():
    every = layercalc.examples()
    assert [one["name"] for one in every] == [*SMALL, *NETWORKS]
    assert len(NETWORKS) == 40
    assert {one["format"] for one in every} == {"code", "stack"}
    assert [one["group"] for one in every] == ["small"] * len(SMALL) + ["keras.applications"] * len(NETWORKS)
    assert all(one["description"] and len(one["description"]) < 80 for one in every)


@pytest.mark.parametrize("name", SMALL)
def test_a_small_one_is_read_without_a_word(name):
    report = layercalc.analyze(layercalc.examples(name))
    assert report["totals"]["params"] == SMALL[name]
    assert report["warnings"] == []
    assert report["totals"]["flops"] > 0
    form = next(one["format"] for one in layercalc.examples() if one["name"] == name)
    assert report["model"]["format"] == form


@pytest.mark.parametrize("name", ["VGG16", "MobileNetV2"])
def test_a_network_of_keras_is_the_one_that_keras_has(name):
    report = layercalc.analyze(layercalc.examples(name))
    assert report["totals"]["params"] == oracle.app(name)[1]["total_params"]


@pytest.mark.parametrize("name", ["two-towers", "autoencoder", "VGG16"])
def test_every_face_gives_the_same_document(name, client):
    document = layercalc.examples(name)
    answer = client.get(f"/v1/examples/{name}")
    assert answer.status_code == 200
    said = run("examples", name).stdout
    if isinstance(document, str):
        assert answer.mimetype == "text/x-python"
        assert answer.text == said == document
    else:
        assert answer.get_json() == json.loads(said) == document
    report = client.post("/v1/analyze", data=answer.data, content_type=answer.content_type)
    assert report.get_json() == layercalc.analyze(document)


def test_every_face_lists_them(client):
    every = layercalc.examples()
    answer = client.get("/v1/examples")
    assert answer.get_json() == {"examples": every}
    assert client.get("/v1/examples", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert json.loads(run("examples", "--format", "json").stdout) == {"examples": every}
    assert "two-towers" in run("examples", "--format", "table").stdout


def test_one_that_there_is_not_is_answered_with_the_nearest(client):
    with pytest.raises(LookupError, match="Did you mean 'VGG16'"):
        layercalc.examples("VGG166")
    answer = client.get("/v1/examples/VGG166")
    assert answer.status_code == 404
    assert "Did you mean 'VGG16'" in answer.get_json()["detail"]
    ended = run("examples", "VGG166")
    assert ended.returncode == run("layers", "Conv9D").returncode == 2
    assert "Did you mean 'VGG16'" in ended.stderr
