"""Three numbers by position in a convolution: a kernel of two or three axes in Keras 1, strides today."""

import pytest

from layercalc import analyze
from layercalc.errors import Refused

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


# keras 2.0.9, legacy/interfaces.py: what each keyword became; parameters by the build() of each class in keras 1.2.2
WORDS = [
    ("Conv2D(nb_filter=4, nb_row=3, nb_col=2, border_mode='same', subsample=(2, 1))", "8,8,3", 3 * 2 * 3 * 4 + 4, [4, 8, 4]),
    ("Convolution2D(4, 3, 2, border_mode='same', init='he_normal', bias=False)", "8,8,3", 3 * 2 * 3 * 4, [8, 8, 4]),
    ("Convolution2D(4, 3, 2, dim_ordering='th')", "3,8,8", 3 * 2 * 3 * 4 + 4, [4, 6, 7]),
    ("Convolution2D(4, 3, 2, dim_ordering='tf', W_regularizer=l2(0.1))", "8,8,3", 3 * 2 * 3 * 4 + 4, [6, 7, 4]),
    ("Convolution1D(nb_filter=4, filter_length=3, subsample_length=2)", "9,5", 3 * 5 * 4 + 4, [4, 4]),
    ("Convolution3D(nb_filter=2, kernel_dim1=1, kernel_dim2=2, kernel_dim3=3)", "5,5,5,1", 6 * 2 + 2, [5, 4, 3, 2]),
    ("MaxPooling1D(pool_length=3, stride=2, border_mode='valid')", "9,5", 0, [4, 5]),
    ("MaxPooling2D(pool_size=(2, 2), border_mode='same', dim_ordering='th')", "3,5,5", 0, [3, 3, 3]),
    ("Dense(output_dim=4, init='uniform', W_constraint=None, b_regularizer=None)", "5", 5 * 4 + 4, [4]),
    ("Dense(4, init='zero', bias=False)", "5", 5 * 4, [4]),
    ("LSTM(output_dim=4, inner_activation='sigmoid', forget_bias_init='one', consume_less='gpu')", "6,3", 4 * (3 + 4 + 1) * 4, [4]),
    ("GRU(output_dim=4, inner_init='orthogonal', dropout_W=0.2, dropout_U=0.2)", "6,3", 3 * (3 + 4 + 1) * 4, [4]),
    ("Embedding(9, 4, init='uniform', dropout=0.2)", "6", 9 * 4, [6, 4]),
    ("Dropout(p=0.5)", "6", 0, [6]),
    ("GaussianNoise(sigma=0.5)", "6", 0, [6]),
    ("UpSampling1D(length=3)", "6,2", 0, [18, 2]),
    ("BatchNormalization(mode=0, gamma_init='one')", "6,2", 4 * 2, [6, 2]),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "shape", "params", "output"), WORDS)
def test_arguments_of_keras_1_are_read_by_the_names_they_have_today(layer, shape, params, output):
    text = f"net = Sequential()\nnet.add({layer})\nnet.add(Dropout(p=0.5))\n"
    report = analyze(text, input_shape=[int(one) for one in shape.split(",")])
    assert (report["totals"]["params"], report["outputs"][0]["shape"]) == (params, [None, *output])
    told = [one for one in report["warnings"] if one["detail"].startswith("Written for Keras 1")]
    assert len(told) == 1
    assert told[0]["line"] in (2, 3)


@pytest.mark.parametrize(
    ("layer", "word"),
    [
        ("Dense(output_dim=3, units=3)", "output_dim"),
        ("BatchNormalization(mode=2)", "mode"),
        ("Conv2D(nb_filter=3, nb_row=3)", "nb_row"),
        ("tf.keras.layers.Dense(output_dim=3)", "output_dim"),
        ("Dense(output_dim=3, quux=1)", "quux"),
    ],
)
def test_what_keras_1_did_not_mean_is_refused(layer, word):
    with pytest.raises(Refused, match=word):
        analyze(f"net = Sequential()\nnet.add({layer})\n", input_shape=[8, 8, 3])
