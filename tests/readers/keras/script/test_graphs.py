"""Networks of calls: operators and functions of tensors, models cut and joined, and which model a text comes to."""

import pytest

from layercalc import Refused, analyze, forward
from layercalc.readers.keras.script import read_script


@pytest.mark.parametrize(
    ("text", "params", "shape"),
    [
        ("x = i = Input((6, 8))\nm = Model(i, Dense(2)(x[:, 0, :]))", 18, [None, 2]),
        ("i = Input((6, 8))\nm = Model(i, Dense(2)(tf.reduce_mean(i, axis=1) * 2.0 - 1))", 18, [None, 2]),
        ("i = Input((6, 8))\nm = Model(i, K.concatenate([i, i]))", 0, [None, 6, 16]),
        ("i = Input((6, 8))\nm = Model(i, keras.ops.sum(i, axis=-1, keepdims=True))", 0, [None, 6, 1]),
        ("i = Input((4,))\nb = Model(i, Dense(3)(Dense(6)(i)))\nm = Model(b.input, b.layers[-2].output)", 30, [None, 6]),
        ("i = Input((8, 6))\nh = Dense(int(i.shape[1]) * 2)(i)\nm = Model(i, h)", 112, [None, 8, 16]),
        ("K.set_image_data_format('channels_first')\nm = Sequential([Input((3, 8, 8)), Conv2D(2, 3)])", 56, [None, 2, 6, 6]),
        ("class A:\n    def __init__(self):\n        self.m = self.b()\n    def b(self):\n"
         "        m = Sequential([Dense(3, input_dim=2)])\n        return m", 9, [None, 3]),
        ("m = Sequential([Input((2,)), Dense(3, activation=tf.nn.relu, kernel_initializer=mine)])", 9, [None, 3]),
        ("def f(x, n):\n    return Dense(n)(x)\ni = Input((4,))\nm = Model(i, f(f(i, 3), 2))", 23, [None, 2]),
    ],
)  # fmt: skip
def test_graphs_and_operations_are_followed(text, params, shape):
    report = analyze(text)
    assert (report["totals"]["params"], report["outputs"][0]["shape"]) == (params, shape)
    assert forward(text, {"seed": 1})["verified"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("def build(n, classes=10):\n    return Sequential([Dense(n)])\n\nclass Net:\n    def __init__(self, a, *, b=2):\n"
         "        self.m = Model(a, b)", 1, ["build(n, classes=10) of line 1", "Net(a, *, b=2) of line 5", "`entry`"]),
        ("def f():\n    Sequential([Dense(2)])\n    Sequential([Dense(3)])\nf()", 3, ["lines 2, 3", "`entry`"]),
        ("net = Sequential()", 1, ["no layer"]),
    ],
)  # fmt: skip
def test_a_text_of_which_no_model_is_meant_lists_those_that_may_be(text, line, words):
    with pytest.raises(Refused) as caught:
        analyze(text)
    (error,) = caught.value.errors
    assert error["line"] == line
    assert all(one in error["detail"] for one in words)


def test_entry_names_the_model():
    text = "def build(n):\n    return Sequential([Dense(n, input_dim=4)])\nnet = build(2)"
    model, _ = read_script(text, entry="build(3)")
    assert model.calls[0].layer.units == 3


@pytest.mark.parametrize(
    ("text", "params"),
    [
        # layers have names of their own in each network
        ("def d(name):\n    i = Input((4,))\n    return Model(i, Dense(1, name='d1')(i), name=name)\ng, f = d('g'), d('f')\n"
         "j = Input((4,))\ngan = Model(j, Add()([g(j), f(j)]))", 10),
        ("g = Sequential([Dense(4, input_dim=4, name='d1')])\nf = Sequential([Dense(1, input_dim=4, name='d1')])\n"
         "gan = Sequential([g, f])", 25),
        # the outputs of a call that nobody has told apart
        ("a = Input((4, 3))\nx = LSTM(4, return_sequences=True, return_state=True)(a)\nm = Model(a, x)", 128),
        # what a Bidirectional was given is a copy of its own
        ("r = LSTM(2, return_sequences=True)\na = Input((4, 3))\nModel(a, Bidirectional(r)(r(a)))", 48 + 2 * 40),
        # lines of which the first was left out, and a layer by itself
        ("model.add(Dense(10, input_dim=3))\nmodel.add(Dense(2))", 62),
        ("conv = Conv2D(8, 3)\nprint(conv.compute_output_shape((None, 32, 32, 3)))", 224),
        # a model that only a function makes
        ("def build():\n    model = Sequential([Dense(12, input_dim=8), Dense(1)])\n    return model\n"
         "estimator = KerasRegressor(build_fn=build, epochs=3)\nscore = cross_val_score(estimator, x, y)", 121),
    ],
)  # fmt: skip
def test_a_layer_is_counted_where_it_belongs(text, params):
    assert analyze(text)["totals"]["params"] == params
    assert forward(text, {"seed": 1})["verified"]


def test_what_is_asked_of_a_layer_before_it_is_changed_changes_nothing():
    text = "i = Input((4,))\nx = Dense(3)(i)\nprint(K.int_shape(x))\nnet = Model(i, x)\nnet.layers[1].trainable = False"
    assert analyze(text)["totals"]["trainable_params"] == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("net = Sequential([Dense(2, input_dim=4)])", "net"),
        ("Dense(2, input_dim=4)", None),
        ("def build(n=2):\n    return Sequential([Dense(n, input_dim=4)])", "build()"),
        ("if True:\n    Sequential([Dense(2, input_dim=4)])", None),
    ],
)
def test_the_model_is_told_by_its_expression(text, told):
    assert read_script(text)[0].entry == told
