"""Three numbers by position in a convolution: a kernel of two or three axes in Keras 1, strides today."""

import pytest

from layercalc import analyze, forward
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
    ("Embedding(9, 4, dropout=0.2)", "6", 9 * 4, [6, 4]),
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


TWO = "a, b = Input(shape=(6, 3)), Input(shape=(6, 3))\n"
MERGES = [
    ("'sum'", [None, 6, 3]),
    ("'mul'", [None, 6, 3]),
    ("'ave'", [None, 6, 3]),
    ("'max'", [None, 6, 3]),
    ("'concat'", [None, 6, 6]),
    ("'concat', concat_axis=1", [None, 12, 3]),
    ("'dot', dot_axes=[2, 2]", [None, 6, 6]),
    ("'dot', dot_axes=2", [None, 6, 6]),
    ("'cos', dot_axes=2", [None, 6, 6]),
    ("lambda x: x[0] - x[1], output_shape=lambda s: s[0]", [None, 6, 3]),
    ("lambda x: x[0][:, :2], output_shape=(2, 3)", [None, 2, 3]),
]


@pytest.mark.parametrize(("mode", "shape"), MERGES)
@pytest.mark.parametrize(
    "merging", ["merge([a, b], mode={})", "Merge(mode={})([a, b])", "layers.merge([a, b], mode={})"]
)
def test_a_merge_is_the_layer_that_its_mode_says(merging, mode, shape):
    start = "from keras.layers import Input, merge, Merge\nfrom keras import layers\nfrom keras.models import Model\n"
    report = analyze(f"{start}{TWO}m = Model(input=[a, b], output={merging.format(mode)})")
    assert report["outputs"][0]["shape"] == shape
    told = [one["detail"] for one in report["warnings"]]
    assert any("Written for Keras 1: " in one for one in told)


def test_merge_adds_up_unless_it_says_otherwise():
    text = f"from keras.layers import *\n{TWO}m = Model(input=[a, b], output=merge([a, b]))"
    assert [row["type"] for row in analyze(text)["layers"]] == ["Add"]


BRANCHES = """
from keras.models import Sequential
from keras.layers import Dense, Merge, Dropout
left = Sequential()
left.add(Dense(8, input_dim=5, activation='relu'))
right = Sequential([Dense(4, input_shape=(6,))])
model = Sequential()
model.add(Merge([left, right], mode='concat'))
model.add(Dropout(p=0.5))
model.add(Dense(2))
"""


def test_a_sequential_may_begin_with_models_merged():
    report = analyze(BRANCHES)
    assert [one["shape"] for one in report["inputs"]] == [[None, 5], [None, 6]]
    assert [(row["type"], row["output_shape"], row["params"]) for row in report["layers"]] == [
        ("Dense", [None, 8], 48),
        ("Dense", [None, 4], 28),
        ("Concatenate", [None, 12], 0),
        ("Dropout", [None, 12], 0),
        ("Dense", [None, 2], 26),
    ]
    twice = (
        f"{BRANCHES}more = Sequential([Dense(2, input_dim=7)])\nend = Sequential([Merge([model, more], mode='sum')])\n"
    )
    report = analyze(twice)
    assert [one["shape"] for one in report["inputs"]] == [[None, 5], [None, 6], [None, 7]]
    assert report["totals"]["params"] == 48 + 28 + 26 + 7 * 2 + 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("merge([a, b], mode='sub')", "modes sum, mul"),
        ("merge([a, b], mode='sum', arguments={'k': 1})", "modes sum, mul"),
        ("Merge([Sequential([Dense(3)]), a], mode='sum')", "input shape"),
        ("Sequential([Dense(3, input_dim=2), Merge([a, b])])", "first layer"),
    ],
)
def test_a_merge_that_is_not_read_is_refused(text, words):
    with pytest.raises(Refused, match=words):
        analyze(f"from keras.layers import *\nfrom keras.models import *\n{TWO}m = Model(input=[a, b], output={text})")


OLD_CLASSES = [  # parameters by the build() of each class in keras 1.2.2
    ("TimeDistributedDense(4)", "6,3", 3 * 4 + 4, [6, 4]),
    ("TimeDistributedDense(output_dim=4, bias=False, activation='relu')", "6,3", 3 * 4, [6, 4]),
    ("AtrousConvolution2D(4, 3, 2, atrous_rate=(2, 3), border_mode='valid')", "9,9,2", 3 * 2 * 2 * 4 + 4, [5, 6, 4]),
    ("AtrousConvolution1D(4, 3, atrous_rate=2)", "9,2", 3 * 2 * 4 + 4, [5, 4]),
    ("Deconvolution2D(4, 3, 2, output_shape=(None, 11, 10, 4), border_mode='valid')", "9,9,2", 3 * 2 * 2 * 4 + 4, [11, 10, 4]),
    ("Deconvolution2D(4, 3, 2, (None, 18, 17, 4), subsample=(2, 2), border_mode='same')", "9,9,2", 3 * 2 * 2 * 4 + 4, [18, 17, 4]),
    ("MaxoutDense(4, nb_feature=3)", "5", 3 * (5 * 4 + 4), [4]),
    ("Highway(activation='relu')", "5", 2 * (5 * 5 + 5), [5]),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "shape", "params", "output"), OLD_CLASSES)
def test_classes_that_keras_1_alone_had(layer, shape, params, output):
    text = f"from keras.layers import *\nnet = Sequential()\nnet.add({layer})\n"
    report = analyze(text, input_shape=[int(one) for one in shape.split(",")])
    assert (report["totals"]["params"], report["outputs"][0]["shape"]) == (params, [None, *output])


@pytest.mark.parametrize("length", ["", ", input_length=6"])
def test_input_dim_of_a_sequence_is_the_size_of_a_step(length):
    steps = 6 if length else None
    for layer, params in (("TimeDistributedDense(4", 16), ("LSTM(4, return_sequences=True", 4 * (3 + 4 + 1) * 4)):
        report = analyze(f"nb_epoch = 3\nnet = Sequential()\nnet.add({layer}, input_dim=3{length}))")
        assert report["inputs"][0]["shape"] == [None, steps, 3]
        assert report["totals"]["params"] == params


def test_a_deconvolution_that_cannot_have_its_shape_is_refused():
    with pytest.raises(Refused, match="gives 10 positions; the input has 9"):
        analyze("Deconvolution2D(4, 3, 3, output_shape=(None, 12, 12, 4))", input_shape="9,9,2")


def test_an_old_text_has_gates_of_hard_sigmoids_as_they_were():
    def run(text):
        return forward(text, {"seed": 1}, {"seed": 2})["outputs"][0]["data"]

    layer = "net = Sequential()\nnet.add(LSTM(4, input_shape=(6, 3){}))\n"
    old = run("nb_epoch = 3\n" + layer.format(""))
    assert old == run("nb_epoch = 3\n" + layer.format(", recurrent_activation='hard_sigmoid'"))
    assert old == run("nb_epoch = 3\n" + layer.format(", inner_activation='hard_sigmoid'"))
    assert old != run(layer.format(""))
    assert old != run(layer.format(", recurrent_activation='hard_sigmoid'"))  # that of Keras 3 is another function
    assert run(layer.format("")) == run("nb_epoch = 3\n" + layer.format(", inner_activation='sigmoid'"))
    (told,) = [x for x in analyze("nb_epoch = 3\n" + layer.format(""))["warnings"] if "hard_sigmoid" in x["detail"]]
    assert "up to Keras 2.2" in told["detail"]


@pytest.mark.parametrize("ask", ["compile('adam', 'mse')", "summary()", "fit([x, y], z, nb_epoch=3)", "output_shape"])
def test_a_model_that_begins_with_a_merge_may_be_asked(ask):
    assert analyze(f"{BRANCHES}x = y = z = data()\nmodel.{ask}\n")["totals"]["params"] == 48 + 28 + 26


@pytest.mark.parametrize(
    "ask",
    ["count_params()", "layers", "input", "input_shape", "get_weights()", "get_layer(index=0)", "trainable = False"],
)
def test_what_is_not_known_of_a_model_that_begins_with_a_merge_is_refused(ask):
    with pytest.raises(Refused, match="begins with a Merge of others is not read"):
        analyze(f"{BRANCHES}model.{ask}\n")


def test_a_model_that_begins_with_a_merge_may_be_called_on_all_its_inputs():
    calls = "one, two = Input((5,)), Input((6,))\nwhole = Model([one, two], Dense(3)(model([one, two])))\n"
    assert analyze(BRANCHES + calls)["totals"]["params"] == 48 + 28 + 26 + 9
    with pytest.raises(Refused, match="takes 2 inputs, received 1"):
        analyze(f"{BRANCHES}one = Input((5,))\nwhole = Model(one, model(one))\n")


def test_a_merge_of_one_is_refused():
    with pytest.raises(Refused, match="at least two of them; received 1"):
        analyze(f"from keras.layers import *\nfrom keras.models import *\n{TWO}m = Model(a, merge([a], mode='sum'))")
