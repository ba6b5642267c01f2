"""Functions of TensorFlow and the backend in a Lambda, against what TensorFlow 2.18 computed (tests/data)."""

import json

import numpy as np
import pytest

from layercalc import Refused, analyze, forward
from tests.oracle import DATA

HEAD = "import tensorflow as tf\nfrom tensorflow.keras import backend as K\nfrom tensorflow.keras.layers import *\n"
TEXT = HEAD + "from tensorflow.keras import Model\ni = Input((5, 6, 3))\nm = Model(i, Lambda(lambda x: {})(i))\n"
CASES = json.loads((DATA / "keras_operations" / "tf_functions.json").read_text())
X = (np.arange(2 * 5 * 6 * 3).reshape(2, 5, 6, 3) % 17 - 8).astype("float32") / 4


@pytest.mark.parametrize(("call", "shape", "values"), CASES, ids=[call for call, *_ in CASES])
def test_it_computes_what_tensorflow_does(call, shape, values):
    text = TEXT.format(call)
    assert analyze(text, batch_size=2)["outputs"][0]["shape"] == shape
    found = forward(text, {"input_layer": X})["outputs"][0]
    np.testing.assert_allclose(np.ravel(found), values, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        ("tf.image.resize_bilinear(x, (7, 8), align_corners=True)", [None, 7, 8, 3]),
        ("tf.image.resize_nearest_neighbor(x, [10, 12])", [None, 10, 12, 3]),
        ("tf.image.resize_bicubic(x, [10, 12])", [None, 10, 12, 3]),
        ("tf.compat.v1.image.resize_images(x, (7, 8))", [None, 7, 8, 3]),
        ("tf.image.resize_images(x, (7, 8), method=1)", [None, 7, 8, 3]),
    ],
)
def test_what_tensorflow_1_resized_has_a_shape_and_no_values(call, shape):
    text = TEXT.format(call)
    assert analyze(text)["outputs"][0]["shape"] == shape
    with pytest.raises(Refused, match="TensorFlow 1 places the pixels"):
        forward(text, {"seed": 1})


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("tf.image.central_crop(x, 1.5)", "Expected a fraction above 0 and up to 1; received 1.5"),
        ("tf.image.resize_with_crop_or_pad(x, 0, 4)", "Expected a height and a width of at least 1"),
        ("tf.image.crop_to_bounding_box(x, 4, 0, 3, 3)", "An axis of 5"),
        ("K.pool2d(x, (2, 2), pool_mode='sum')", "Expected pool_mode as 'max' or 'avg'"),
        ("tf.nn.local_response_normalization(x[:, 0])", "Expected images of four axes"),
        ("tf.nn.lrn(x, 10 ** 6)", "depth_radius is up to 1,000"),
    ],
)
def test_what_is_wrong_is_said(call, told):
    with pytest.raises(Refused, match=told):
        analyze(TEXT.format(call))


def test_noise_of_a_tensor_that_tells_its_shape():
    text = TEXT.format("x + tf.random.normal(tf.shape(x))")
    assert analyze(text)["outputs"][0]["shape"] == [None, 5, 6, 3]
    with pytest.raises(Refused, match="Expected a shape as a list of sizes"):
        analyze(TEXT.format("x + tf.random.normal(x)"))
