"""Three numbers by position in a convolution: a kernel of two or three axes in Keras 1, strides today."""

import pytest

from layercalc import analyze

CONV = "net = Sequential()\nnet.add(Conv2D(4, 3, 2, input_shape=(12, 12, 1)))\n"
KERNEL, STRIDES = [None, 10, 11, 4], [None, 5, 5, 4]

OLD = [
    "net.fit(x, y, nb_epoch=5)",
    "nb_epoch = 5",
    "nb_filter = 32",
    "net.fit_generator(flow, samples_per_epoch=800)",
    "from keras.layers.convolutional import Conv2D",
    "from keras.layers.core import Dense, Flatten",
    "from keras.layers import convolutional",
    "import keras.layers.convolutional",
    "from keras.utils import np_utils",
    "K.set_image_dim_ordering('tf')",
    "def never():\n    return MaxPooling2D(border_mode='same')",
    "def never():\n    return Dense(output_dim=3)",
    "def never():\n    return Convolution2D(8, 3, 3, subsample=(2, 2))",
    "def never():\n    return Dense(3, init='uniform')",
    "for i in xrange(3):\n    print(i)",
    "from __future__ import print_function",
    "import cPickle",
]
NEW = [
    "",
    "from keras.layers import Conv2D",
    "import keras",
    "net.fit(x, y, epochs=5)",
    "def never():\n    return Embedding(input_dim=3, output_dim=4)",
    "pool = Pool(init='uniform')",
    "clf = XGBClassifier(subsample=0.8)",
    "env = Env(output_dim=3, nb_epoch=3)",
    "from tensorflow.keras.layers import Conv2D\nnb_epoch = 5",
    "from tensorflow.keras.layers import Conv2D\nnet.fit(x, y, nb_epoch=5)",
]


@pytest.mark.parametrize(("line", "shape"), [(line, KERNEL) for line in OLD] + [(line, STRIDES) for line in NEW])
def test_the_age_of_a_text_says_what_its_numbers_mean(line, shape):
    report = analyze(f"{line}\n{CONV}" if "import" in line else f"{CONV}{line}")
    assert report["outputs"][0]["shape"] == shape
    (told,) = [one["detail"] for one in report["warnings"] if "3, 2 read as kernel_size=" in one["detail"]]
    assert ("strides=2" in told) == (shape == STRIDES)
    assert ("on line" in told) == (shape == KERNEL)


@pytest.mark.parametrize(
    ("layer", "shape", "old", "new"),
    [
        ("Convolution2D(4, 3, 2)", "12,12,1", [None, 10, 11, 4], [None, 5, 5, 4]),
        ("SeparableConv2D(4, 3, 2)", "12,12,1", [None, 10, 11, 4], [None, 5, 5, 4]),
        ("SeparableConvolution2D(4, 3, 2)", "12,12,1", [None, 10, 11, 4], [None, 5, 5, 4]),
        ("Conv2DTranspose(4, 3, 2)", "12,12,1", [None, 14, 13, 4], [None, 25, 25, 4]),
        ("Conv1D(4, 3, 2)", "12,1", [None, 5, 4], [None, 5, 4]),
        ("Convolution1D(4, 3, 2)", "12,1", [None, 5, 4], [None, 5, 4]),
        ("DepthwiseConv2D(3, 2)", "12,12,1", [None, 5, 5, 1], [None, 5, 5, 1]),
        ("Conv2D(4, (3, 2), 2)", "12,12,1", [None, 5, 6, 4], [None, 5, 6, 4]),
        ("Conv2D(4, 3, (2, 2))", "12,12,1", [None, 5, 5, 4], [None, 5, 5, 4]),
        ("Conv2D(4, 3, strides=2)", "12,12,1", [None, 5, 5, 4], [None, 5, 5, 4]),
        ("MaxPooling2D(3, 2)", "12,12,1", [None, 5, 5, 1], [None, 5, 5, 1]),
        ("Conv3D(4, 3, 2)", "12,12,12,1", [None, 5, 5, 5, 4], [None, 5, 5, 5, 4]),
    ],
)
def test_each_convolution_takes_the_numbers_its_rank_has(layer, shape, old, new):
    assert analyze(layer, input_shape=shape)["outputs"][0]["shape"] == new
    assert analyze(f"nb_epoch = 3\n{layer}", input_shape=shape)["outputs"][0]["shape"] == old


def test_a_convolution_of_three_axes_takes_three_numbers():
    (row,) = analyze("nb_epoch = 3\nConv3D(4, 3, 2, 1)", input_shape="12,12,12,1")["layers"]
    assert row["output_shape"] == [None, 10, 11, 12, 4]


def test_names_for_the_numbers_are_read_too():
    (row,) = analyze("n, k = 4, 3\nnb_epoch = 3\nConv2D(n, k, k - 1)", input_shape="12,12,1")["layers"]
    assert row["output_shape"] == KERNEL


def test_a_gru_of_keras_1_has_one_bias():
    code = "nb_epoch = 3\nGRU(2, input_shape=(5, 3))"
    report = analyze(code)
    assert report["totals"]["params"] == 3 * (3 * 2 + 2 * 2 + 2)
    assert "reset_after" in report["warnings"][0]["detail"]
    assert analyze("GRU(2, input_shape=(5, 3))")["totals"]["params"] == 3 * (3 * 2 + 2 * 2 + 4)


@pytest.mark.parametrize("numbers", ["k[0], k[1]", "+3, +2", "k[0], 1 * 2", "d['k'], k[-1]", "3, -(-2)"])
@pytest.mark.parametrize(("line", "shape"), [("nb_epoch = 5\n", KERNEL), ("", STRIDES)])
def test_any_expression_for_the_numbers_is_read_and_told(numbers, line, shape):
    report = analyze(f"k = (3, 2)\nd = {{'k': 3}}\n{line}Conv2D(4, {numbers})", input_shape="12,12,1")
    assert report["outputs"][0]["shape"] == shape
    assert any("3, 2 read as kernel_size=" in one["detail"] for one in report["warnings"])
