"""What an older Keras meant: its own defaults, its own initializers, and the graph that tf.profiler counted."""

import gzip
import io
import json
import zipfile
from math import sqrt

import numpy as np
import pytest

from layercalc import analyze, diff, files, forward
from layercalc.layers.keras.initializers import load_initializer
from layercalc.readers.keras.versions import Writer, writer
from tests import oracle


def document(shape, *layers, version="2.12.0", **more):
    """A Sequential of (class, config) as Keras 2 writes it."""
    items = [{"class_name": kind, "config": {"name": f"l{i}", **config}} for i, (kind, config) in enumerate(layers)]
    items[0]["config"]["batch_input_shape"] = [None, *shape]
    return {"class_name": "Sequential", "config": {"name": "s", "layers": items}, "keras_version": version, **more}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.0.8", Writer((2, 0, 8))),
        ("2.1.6-tf", Writer((2, 1, 6), tf=True)),
        ("2.2.4-tf", Writer((2, 2, 4), tf=True)),
        ("2.4.0", Writer((2, 4, 0), tf=True)),
        ("2.12.0-rc1", Writer((2, 12, 0), tf=True)),
        ("1.0.5", Writer((1, 0, 5))),
        ("tfjs-layers 4.2.0", Writer((4, 2, 0), tfjs=True)),
        ("3.0.0", None), ("3.15.1", None), ("", None), (None, None), (2, None), ({}, None), ("9" * 10_000, None),
    ],
)  # fmt: skip
def test_a_version_says_which_keras_wrote_a_document(text, expected):
    assert writer({"keras_version": text}) == expected


ONE, TWO = 3 * 4 * (2 + 4 + 1), 3 * 4 * (2 + 4 + 2)


@pytest.mark.parametrize(
    ("version", "config", "params"),
    [
        ("2.0.8", {}, ONE), ("2.1.3", {}, ONE), ("2.1.4", {}, ONE), ("2.3.1", {}, ONE), ("1.2.2", {}, ONE),
        ("2.1.4-tf", {}, ONE), ("2.2.4-tf", {}, TWO), ("2.4.0", {}, TWO), ("2.12.0", {}, TWO), ("3.0.0", {}, TWO),
        ("tfjs-layers 1.0.0", {}, ONE), (None, {}, TWO), ("2.1.3", {"reset_after": True}, TWO),
        ("2.1.3", {"use_bias": False}, ONE - 12), ("2.12.0", {"reset_after": False}, ONE),
    ],
)  # fmt: skip
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_gru_that_does_not_say_reset_after_has_the_biases_of_its_keras(version, config, params, wrapped):
    gru = ("GRU", {"units": 4, **config})
    if wrapped:
        gru = ("Bidirectional", {"layer": {"class_name": "GRU", "config": {"name": "g", "units": 4, **config}}})
    found = document([5, 2], gru, version=version)
    assert analyze(found)["totals"]["params"] == params * (1 + wrapped)
    assert forward(found, {"seed": 1})["verified"]


@pytest.mark.parametrize(
    ("version", "corrected"),
    [("2.0.8", False), ("2.1.6", False), ("2.2.0", True), ("2.3.1", True), ("2.12.0", True), ("2.1.6-tf", True),
     ("tfjs-layers 4.22.0", False), ("3.1.0", True), (None, True)],
)  # fmt: skip
@pytest.mark.parametrize("said", [{"distribution": "normal"}, {}])
def test_a_normal_distribution_is_truncated_as_its_keras_did(version, corrected, said):
    """All values are within two standard deviations; from Keras 2.2 on these make up for what is cut off."""
    draw = {"class_name": "VarianceScaling", "config": {"scale": 2.0, "mode": "fan_in", "seed": None, **said}}
    found = document([200], ("Dense", {"units": 300, "kernel_initializer": draw}), version=version)
    report = forward(found, [np.eye(200, dtype="float32")], {"seed": 1})
    kernel = np.asarray(report["outputs"][0])
    stddev = sqrt(2 / 200)
    wanted = stddev if corrected else stddev * 0.87962566
    assert abs(kernel.std() / wanted - 1) < 0.02
    assert np.abs(kernel).max() <= 2 * stddev / (0.87962566 if corrected else 1) * 1.0001


def test_the_name_normal_is_read_without_a_version_too():
    made = load_initializer({"class_name": "VarianceScaling", "config": {"distribution": "normal"}})
    assert made.distribution == "truncated_normal"


IMAGE, VOLUME = [8, 8, 3], [2, 4, 4, 3]
PROFILED = [  # scripts/profile_keras2.py, tf-keras 2.18 and tensorflow 2.18
    (IMAGE, {"axis": [3]}, 0),
    (IMAGE, {"axis": [1]}, 0),
    (IMAGE, {"axis": [2]}, 432),
    (IMAGE, {"axis": [3], "synchronized": True}, 402),
    (IMAGE, {"axis": [3], "fused": False}, 402),
    (VOLUME, {"axis": [4]}, 0),
    (VOLUME, {"axis": [1]}, 0),
    (VOLUME, {"axis": [2]}, 216),
    ([8], {"axis": [1]}, 64),
    ([8, 3], {"axis": [2]}, 66),
]


@pytest.mark.parametrize(("shape", "config", "flops"), PROFILED)
def test_tf_profiler_counts_what_it_counted_for_keras_2(shape, config, flops):
    found = document(shape, ("BatchNormalization", config))
    report = analyze(found, conventions="tf")
    assert report["totals"]["counts"]["tf"] == flops
    assert report["layers"][0]["type"] == "BatchNormalization"
    assert "keras_version" in report["conventions"]["tf"]["rule"]
    plain = analyze({**found, "keras_version": "3.1.0"}, conventions="tf")
    assert plain["totals"] == {**report["totals"], "counts": plain["totals"]["counts"]}
    assert plain["totals"]["counts"]["tf"] > 0


@pytest.mark.parametrize(
    ("version", "config", "flops"),
    [
        ("2.0.9", {"axis": -1}, 402), ("2.1.6", {"axis": -1}, 402), ("2.2.0", {"axis": -1}, 402),
        ("2.2.0", {"axis": 3}, 0), ("2.2.4", {"axis": -1}, 0), ("2.3.1", {"axis": -1}, 0), ("2.3.1", {"axis": 1}, 432),
        ("2.1.6-tf", {"axis": [3]}, 0), ("2.2.4-tf", {"axis": [1]}, 0), ("tfjs-layers 4.2.0", {"axis": -1}, 402),
        (None, {"axis": -1}, 402), ("2.4.0", {"axis": [3], "renorm": True}, 402),
        ("2.4.0", {"axis": [3], "virtual_batch_size": 2}, 402),
    ],
)  # fmt: skip
def test_which_keras_has_one_kernel_for_it(version, config, flops):
    found = document(IMAGE, ("BatchNormalization", config), version=version)
    assert analyze(found, conventions="tf")["totals"]["counts"]["tf"] == flops
    theano = document(IMAGE, ("BatchNormalization", config), version=version, backend="theano")
    assert analyze(theano, conventions="tf")["totals"]["counts"]["tf"] > 0


def test_one_inside_a_layer_or_a_model_counts_as_its_document_says():
    inner = {"class_name": "BatchNormalization", "config": {"name": "b", "axis": [3]}}
    found = document([5, *IMAGE], ("TimeDistributed", {"layer": inner}))
    assert analyze(found, conventions="tf")["totals"]["counts"]["tf"] == 0
    nested = document(IMAGE, ("BatchNormalization", {"axis": [3]}))
    del nested["keras_version"]
    model = {"class_name": "Sequential", "config": {"name": "m", "layers": [nested]}, "keras_version": "2.15.0"}
    model["config"]["build_input_shape"] = [None, *IMAGE]
    assert analyze(model, conventions="tf")["totals"]["counts"]["tf"] == 0


def test_a_diff_with_today_shows_no_other_layer():
    """The kernel is what a tool counts, and no change of the model."""
    found = document(IMAGE, ("BatchNormalization", {"axis": [3]}))
    assert diff(found, {**found, "keras_version": "3.1.0"})["identical"]


def test_an_hdf5_file_names_its_keras_beside_the_model():
    body = gzip.decompress((oracle.DATA / "keras_files" / "sequential.k2.h5.gz").read_bytes())
    assert files.read_model(body)[0]["keras_version"].startswith("2.")
    body = gzip.decompress((oracle.DATA / "keras_files" / "sequential.h5.gz").read_bytes())
    assert files.read_model(body)[0]["keras_version"].startswith("3.")


@pytest.mark.parametrize(("version", "count"), [("2.12.0", 0), ("3.4.0", None)])
def test_version_beside_the_config_of_an_archive_is_read(version, count):
    """From 2.12 on `.keras` archives have their version in metadata.json."""
    shape, norm = [8, 8, 3], ("BatchNormalization", {"axis": [3]})
    inside = {key: value for key, value in document(shape, norm).items() if key != "keras_version"}
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("config.json", json.dumps(inside))
        archive.writestr("metadata.json", json.dumps({"keras_version": version, "date_saved": "2024-01-01"}))
    found, _ = files.read_model(body.getvalue())
    counts = analyze(found, conventions="tf")["totals"]["counts"]["tf"]
    assert counts == count if count is not None else counts > 0
