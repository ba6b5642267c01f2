"""Layers on images, classes and sound: what Keras answered, and what is refused."""

import numpy as np
import pytest

import layercalc
from tests import oracle

MODELS = oracle.unzipped(oracle.DATA / "keras_preprocessing" / "models.json.gz")


@pytest.mark.parametrize("name", MODELS)
def test_recorded_model(name):
    """Random arguments, shapes and dtypes, batch and sizes unknown at times, images with and without a batch."""
    entry = MODELS[name]
    inputs, weights, outputs = (oracle.numbered("keras_preprocessing", f"{name}/{kind}") for kind in ("in", "w", "out"))
    assert layercalc.analyze(entry["model"])["outputs"][0]["shape"] == entry["output_shape"]
    result = layercalc.forward(entry["model"], inputs, weights, expected=outputs, rtol=1e-4, atol=1e-5)
    assert result["verified"]
    assert result["comparison"]["passed"], result["comparison"]
    assert result["outputs"][0].dtype.kind == outputs[0].dtype.kind or "Lookup" in name


def stack(shape, *layers, dtype="float32"):
    return {"inputs": [{"name": "x", "batch_shape": shape, "dtype": dtype}], "layers": list(layers)}


REFUSED = [
    ([2, 8, 8, 3], {"type": "Resizing", "height": 0, "width": 4}, "height to be an integer of at least 1"),
    ([2, 8, 8, 3], {"type": "Resizing", "height": 4, "width": 4, "fill_mode": "wrap"}, '"constant"'),
    (
        [2, 8, 8, 3],
        {"type": "Resizing", "height": 4, "width": 4, "crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True},
        "Only one of",
    ),
    ([2, 8, 3], {"type": "RandomFlip", "mode": "sideways"}, "mode"),
    ([2, 8], {"type": "CenterCrop", "height": 2, "width": 2}, "images of 3 axes"),
    ([2, 0, 4, 3], {"type": "CenterCrop", "height": 2, "width": 2}, "at least 1"),
    ([2, 8, 8, 4], {"type": "RandomColorDegeneration", "factor": 0.5}, "3 channels"),
    ([2, 8, 8, 3], {"type": "RandomBrightness", "factor": 2}, "from -1 to 1"),
    ([2, 8, 8, 3], {"type": "RandomGaussianBlur", "kernel_size": 4}, "odd"),
    ([2, 3], {"type": "CategoryEncoding"}, "num_tokens"),
    ([2, 3], {"type": "CategoryEncoding", "num_tokens": 3, "sparse": True}, "Sparse tensors"),
    ([2, 3], {"type": "Discretization"}, "bin_boundaries, or num_bins"),
    ([2, 3], {"type": "Discretization", "bin_boundaries": [1, 0]}, "ascending"),
    ([2, 3], {"type": "IntegerLookup", "vocabulary": [1, 1]}, "twice"),
    ([2, 3], {"type": "IntegerLookup", "vocabulary": "words.txt"}, "files are not read"),
    ([2, 3], {"type": "IntegerLookup", "output_mode": "count"}, "vocabulary"),
    ([2, 3], {"type": "IntegerLookup", "vocabulary": [1], "output_mode": "tf_idf"}, "one number for each token"),
    ([2, 8], {"type": "MelSpectrogram", "fft_length": 16}, "at least 9"),
    ([2, 8, 1], {"type": "STFTSpectrogram", "frame_length": 4, "frame_step": 5}, "at most frame_length"),
]


@pytest.mark.parametrize(("shape", "layer", "detail"), REFUSED, ids=[layer["type"] for _, layer, _ in REFUSED])
def test_refused(shape, layer, detail):
    with pytest.raises(layercalc.InvalidModel) as caught:
        layercalc.analyze(stack(shape, layer))
    assert detail in caught.value.errors[0]["detail"]


@pytest.mark.parametrize(
    ("layer", "x", "detail"),
    [
        ({"type": "Discretization", "num_bins": 4}, [[0.5]], "no bin_boundaries"),
        ({"type": "IntegerLookup", "max_tokens": 5}, [[1]], "no vocabulary"),
        ({"type": "IntegerLookup", "vocabulary": [7], "num_oov_indices": 0}, [[3]], "3 is not in the vocabulary"),
        ({"type": "CategoryEncoding", "num_tokens": 4}, [[-1]], "counted from 0"),
    ],
)
def test_shape_is_known_where_values_are_refused(layer, x, detail):
    document = stack([1, 1], layer)
    assert layercalc.analyze(document)["layers"][0]["output_shape"][0] == 1
    with pytest.raises(layercalc.InvalidTensors) as caught:
        layercalc.forward(document, [np.array(x, np.float32)])
    assert detail in caught.value.errors[0]["detail"]


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5", "area"])
def test_resizing_an_image_of_one_colour_changes_nothing(interpolation, antialias):
    layer = {"type": "Resizing", "height": 5, "width": 13, "interpolation": interpolation, "antialias": antialias}
    (y,) = layercalc.forward(stack([1, 9, 7, 2], layer), [np.full((1, 9, 7, 2), 3.25, np.float32)])["outputs"]
    np.testing.assert_allclose(y, 3.25, rtol=1e-6)


def test_integers_stay_integers_and_within_their_range():
    x = np.where(np.arange(64).reshape(1, 8, 8, 1) % 3 < 1, 255, 0).astype("uint8")
    layer = {"type": "Resizing", "height": 15, "width": 15, "interpolation": "bicubic"}
    (y,) = layercalc.forward(stack([1, 8, 8, 1], layer, dtype="uint8"), [x])["outputs"]
    assert y.dtype == np.uint8
    assert (y.min(), y.max()) == (0, 255)


def test_layers_of_a_pipeline_keep_their_weights_apart():
    dense = {"type": "Dense", "units": 3}
    (row,) = layercalc.analyze(stack([2, 4], {"type": "Pipeline", "layers": [dense, dense]}))["layers"]
    assert [weight["shape"] for weight in row["weights"]] == [[4, 3], [3], [3, 3], [3]]
    assert len({weight["name"] for weight in row["weights"]}) == 4


def test_windows_fill_kernels_that_find_a_tone():
    """A sine of 4 turns in each frame is loudest at the fourth frequency."""
    tone = np.sin(2 * np.pi * np.arange(64) * 4 / 16).astype(np.float32).reshape(1, 64, 1)
    for window in ("hann", "hamming", "blackman", "boxcar", None):
        layer = {"type": "STFTSpectrogram", "mode": "magnitude", "frame_length": 16, "window": window}
        (y,) = layercalc.forward(stack([1, 64, 1], layer), [tone], {"seed": 1})["outputs"]
        assert (y.argmax(-1) == 4).all()


# what tf_keras 2.18 gives, by output_mode and dtype
KERAS2_BINS = [
    ("int", None, "int64"),
    ("int", "float32", "int64"),
    ("int", "int32", "int32"),
    ("int", "int64", "int64"),
    ("one_hot", "float32", "float32"),
    ("one_hot", "int32", "int32"),
    ("multi_hot", "float32", "float32"),
    ("count", "int64", "int64"),
]


@pytest.mark.parametrize(("mode", "dtype", "wanted"), KERAS2_BINS)
def test_bins_of_keras_2_are_of_its_dtype(mode, dtype, wanted):
    config = {"name": "d", "bin_boundaries": [0.0, 1.0], "output_mode": mode, "dtype": dtype}
    first = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 1], "dtype": "float32", "name": "x"}}
    layers = [first, {"class_name": "Discretization", "config": config}]
    model = {"class_name": "Sequential", "config": {"name": "s", "layers": layers}}
    report = layercalc.analyze(model | {"keras_version": "2.18.0", "backend": "tensorflow"})
    assert report["outputs"][0]["dtype"] == wanted
    newer = layercalc.analyze(model | {"keras_version": "3.15.1"})
    assert newer["outputs"][0]["dtype"] == ("int32" if mode == "int" else wanted)
