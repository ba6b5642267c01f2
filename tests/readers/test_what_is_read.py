"""The README's list of what is read: a document of every kind that it names, and what comes of it."""

import json
from pathlib import Path

import pytest

from layercalc import Refused, analyze
from tests import oracle
from tests.onnx_files import body_of

README = (Path(__file__).parents[2] / "README.md").read_text()
LIST = README.partition("\n## What it reads\n")[2].partition("\nCode of PyTorch")[0]
QUANTISED = oracle.DATA / "keras_quantised"


def dense(units, **config):
    return {"class_name": "Dense", "config": {"name": f"d{units}", "units": units, **config}}


LAYERS = [dense(4, batch_input_shape=[None, 3]), dense(2)]
PARAMS = 3 * 4 + 4 + 4 * 2 + 2
OLD = {"output_dim": 4, "name": "d", "batch_input_shape": [None, 3], "init": "uniform"}
KERAS_1 = {"class_name": "Sequential", "keras_version": "1.2.2", "config": [{"class_name": "Dense", "config": OLD}]}
SEQUENTIAL = {"class_name": "Sequential", "keras_version": "2.1.0", "config": LAYERS}
TFJS = {"format": "layers-model", "modelTopology": {"model_config": SEQUENTIAL}, "weightsManifest": []}
CUDNN = {"name": "c", "units": 2, "batch_input_shape": [None, 5, 3]}
CODE = "import keras\nfrom keras import layers\nmodel = keras.Sequential([layers.Dense(4), layers.Dense(2)])\n"
CELLS = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": CODE}]
READ = {  # by the words that the README has in bold: documents, with their parameters
    "Stacks": [
        ({"input_shape": [3], "layers": [{"type": "Dense", "units": 4}, {"type": "Dense", "units": 2}]}, PARAMS)
    ],
    "Keras JSON": [
        (SEQUENTIAL, PARAMS),
        (oracle.app("MobileNetV2")[0], oracle.app("MobileNetV2")[1]["total_params"]),
        ({"class_name": "Sequential", "config": [{"class_name": "CuDNNGRU", "config": CUDNN}]}, 3 * 2 * (3 + 2 + 2)),
    ],
    "Quantised models": [
        (entry["model"], entry["params"])
        for name, entry in oracle.unzipped(QUANTISED / "models.json.gz").items()
        if name.startswith(("dense", "awq"))
    ],
    "Keras 1 JSON": [(KERAS_1, 3 * 4 + 4)],
    "Files": [(oracle.DATA / "keras_files" / "sequential.keras", None), (QUANTISED / "int8.keras", 146)],
    "What `model.get_config()` gives": [
        (json.dumps({"name": "net", "layers": LAYERS}), PARAMS),
        (str({"name": "net", "layers": [dense(4, batch_input_shape=(None, 3)), dense(2)]}), PARAMS),
        (str(LAYERS), PARAMS),
    ],
    "TensorFlow.js `model.json`": [
        (TFJS, PARAMS),
        ({"modelTopology": SEQUENTIAL}, PARAMS),
        ({"model_config": SEQUENTIAL}, PARAMS),
    ],
    "Keras code": [(CODE, PARAMS), ("keras.applications.VGG16(include_top=False, input_shape=(64, 64, 3))", 14714688)],
    "Keras 1 code": [
        ("m = Sequential()\nm.add(Dense(output_dim=4, input_dim=3))\nm.add(Dense(output_dim=2))", PARAMS),
        ("a = Input(shape=(3,))\nm = Model(input=a, output=merge([Dense(2)(a), a], mode='concat'))", 3 * 2 + 2),
    ],
    "Code as it is pasted": [
        (f"Try this:\n```python\n{CODE}```\n", PARAMS),
        ("".join(f">>> {line}\n" for line in CODE.splitlines()), PARAMS),
    ],
    "ONNX files": [(body_of("lenet.ts12d"), 61_706), (body_of("unet.dy20d"), None)],
    "Notebooks": [({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": CELLS}, PARAMS)],
}


@pytest.mark.parametrize("kind", READ)
def test_what_the_readme_says_is_read_is_read(kind, tmp_path):
    assert f"\n- **{kind}**" in f"\n{LIST}"
    for document, params in READ[kind]:
        options = {"input_shape": [3]} if CODE in str(document) or ">>>" in str(document) or kind == "Notebooks" else {}
        if isinstance(document, bytes):
            (tmp_path / "model.onnx").write_bytes(document)
            document = tmp_path / "model.onnx"
        report = analyze(document, **options)
        assert params is None or report["totals"]["params"] == params
        assert report["layers"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"format": "graph-model", "modelTopology": {"node": []}}, "graph model"),
        ({"class_name": "Sequential", "config": [{"class_name": "SReLU", "config": {"name": "s"}}]}, "SReLU"),
        ({"name": "Sequential", "layers": [{"name": "Dense", "output_dim": 3}]}, "Keras 0.3"),
        ("import torch\nnet = torch.nn.Linear(3, 4)\n", "[Tt]orch"),
    ],
)
def test_what_the_readme_says_is_refused_is_refused_by_name(document, words):
    with pytest.raises(Refused, match=words):
        analyze(document)
