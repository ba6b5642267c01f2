"""Keras code that the interpreter follows, and what it refuses: what `readers/__init__.py` does not use yet."""

import json
from pathlib import Path

import pytest

import layercalc.readers
from layercalc import Refused, analyze, forward
from layercalc.readers.keras.script import read_script
from tests.readers import test_code_effects as effects
from tests.readers import test_code_sharing as sharing
from tests.readers import test_keras_code as lines

CASES = json.loads((Path(__file__).parents[1] / "data/field/cases.json").read_text())
NET = effects.NET  # 30 + 14 parameters


@pytest.fixture(autouse=True)
def followed(monkeypatch):
    monkeypatch.setattr(layercalc.readers, "read_code", lambda code, limits: read_script(code, limits))


def counts(text):
    totals = analyze(text)["totals"]
    return totals["params"], totals["trainable_params"]


@pytest.mark.parametrize("code", lines.SAME)
def test_same_network_in_many_words(code):
    report = analyze(code)
    assert [row["output_shape"] for row in report["layers"]] == [[None, 8], [None, 8], [None, 2]]
    assert report["totals"]["params"] == 58
    assert forward(code, {"seed": 1})["verified"]


NOT_YET = (  # what this reader has still to learn before it takes the other's place
    "async",
    "net(keras.Input",
    "y = net(Input",
    "net2 = net\nnet(Input",
    "td = TimeDistributed(net)",
    "from sklearn.svm",
)


def known_gap(text):
    return any(one in text for one in NOT_YET)


@pytest.mark.parametrize(("text", "params", "trainable"), [one for one in effects.READ if not known_gap(one[0])])
def test_a_statement_that_changes_the_model_is_followed(text, params, trainable):
    assert counts(NET + text) == (params, trainable)


@pytest.mark.parametrize("text", [text for text in effects.HARMLESS if not known_gap(text)])
def test_a_statement_that_cannot_bear_on_the_model_has_no_effect(text):
    assert counts(NET + text)[0] == 44


# What the reader of single statements refuses and Python's rules decide, behind NET: parameters, and trainable ones.
FOLLOWED = {
    "for _ in range(2):\n    net.add(Dense(2))": (56, 56),
    "while len(net.layers) > 1:\n    net.pop()": (30, 30),
    "[net.add(Dense(6)) for _ in range(2)]": (104, 104),
    "(lambda: net.pop())()": (30, 30),
    "_ = [layer for layer in net.layers]\n_.pop()": (44, 44),
    "setattr(net, 'trainable', False)": (44, 0),
    "pop = net.pop\npop()": (30, 30),
    "for layer in net.layers:\n    layer.trainable = False": (44, 0),
    "for layer in net.layers[:-1]:\n    layer.trainable = False": (44, 14),
    "history = net.fit(x, y)\nhistory.model.layers[0].trainable = False": (44, 14),
    effects.CUT: (30, 30),
    "f = Model(net.inputs, Dense(2)(net.output))": (50, 50),
    "f = Model(net.input, net.layers[0].output)": (30, 30),
    "for m in [net]:\n    m.pop()": (30, 30),
    "def change(m):\n    for layer in m.layers:\n        layer.trainable = False\nchange(net)": (44, 0),
    "def change(m, n):\n    n.add(Dense(3))\nchange(3, n=net)": (53, 53),
    "class Change:\n    def run(self):\n        net.pop()\nChange().run()": (30, 30),
}


@pytest.mark.parametrize(("text", "expected"), FOLLOWED.items())
def test_what_pythons_rules_decide_is_followed(text, expected):
    assert counts(NET + text) == expected


STILL = [  # a model is changed, or replaced, in ways that nobody can know
    "if SMALL:\n    net.pop()", "try:\n    train()\nexcept Exception:\n    net.pop()", "net.layers.pop()",
    "net.layers.append(Dense(5))", "net._layers.pop()", "net.layers[0].units = 5", "del net.layers[-1]",
    "net.get_layer('a').activation = relu", "net.__dict__['trainable'] = False", "net.trainable = flag",
    "net.insert(0, Dense(3))", "net.unknown_method()", "net.fit(x, y, callbacks=[change(net)])",
    "net.fit(x, y, callbacks=[LambdaCallback(on_epoch_end=lambda e, l: net.pop())])", "prune(net)",
    "agents = [Agent(net)]", "net = load_model('net.h5')", "other = keras.models.clone_model(net, clone_function=f)", "net = build()",
    "net = make(3) if BIG else net", "if BIG:\n    net = load()", "from zoo import net", "(net := build())",
    "with build() as net:\n    pass", "other = zoo.build()\nother.compile('adam')", "other = Net()\nother.summary()",
    "base = keras.applications.ResNet50()", "other = tf.keras.models.Sequential.from_config(config)",
    "wide = WideDeepModel([Dense(3)])", "net.__class__.call = change", "net.build((None, 8))", "exec('net.pop()')",
    "from helpers import *", "class Net(Model):\n    pass\nother = Net()", "@register\ndef change():\n    net.pop()",
    "class Cut(Callback):\n    def on_epoch_end(self, *a):\n        self.model.pop()\nnet.fit(x, y, callbacks=[Cut()])",
]  # fmt: skip
NEXT = "\nnet = Sequential([Input((8, 8, 3)), Conv2D(2, 3)])"
BEFORE = [  # of a model that is made afterwards
    "if CHANNELS:\n    K.set_image_data_format('channels_first')",
    "def f():\n    K.set_image_data_format('channels_first')\nhelper(f)",
    "K.set_epsilon(1e-3)", "keras.layers.Conv2D.__init__ = init", "mock.patch('keras.layers.Conv2D', O).start()",
    "K.common._IMAGE_DATA_FORMAT = 'channels_first'", "prune(Conv2D)", "import sys\nsys.modules['keras'].layers = o",
]  # fmt: skip
ALONE = [
    "ms = []\nif BIG:\n    ms.append(Sequential([Input((3,)), Dense(2)]))",
    "inner = Sequential([Dense(3)])\nnet = Sequential([Input((4,)), inner])\ninner.add(Dense(5))",
    "i = Input((4,))\nj = Input((3,))\nModel(i, Add()([Dense(2)(i), Dense(2)(j)]))",
    "def build(n):\n    return Sequential([Dense(n, input_dim=4)])",
    "m = Sequential()\nfor i in range(n):\n    m.add(Dense(3))\nm.build((None, 3))",
    "m = Sequential()\nm.add(m)",
    "a = Sequential()\nb = Sequential([a])\na.add(b)\nb.build((None, 3))",
    "i = Input((4,))\nx = Lambda(lambda t: helper(t))(i)\nm = Model(i, x)",
    "i = Input((6, 8))\nm = Model(i, keras.ops.expand_dims(i))",
]


@pytest.mark.parametrize(
    "text",
    [*(NET + text for text in STILL), *(text + NEXT for text in BEFORE), *ALONE]
    + [text for text, _ in effects.SHADOWED if "helper" in text or "DEEP" in text or "BIG" in text],
)
def test_what_is_not_known_is_refused(text):
    with pytest.raises(Refused) as caught:
        analyze(text)
    assert caught.value.errors[0]["line"] >= 1


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


def test_entry_names_the_model():
    text = "def build(n):\n    return Sequential([Dense(n, input_dim=4)])\nnet = build(2)"
    model, _ = read_script(text, entry="build(3)")
    assert model.calls[0].layer.units == 3


@pytest.mark.parametrize(("code", "params"), sharing.test_a_layer_in_several_places_counts_once.pytestmark[0].args[1])
def test_a_layer_in_several_places_counts_once(code, params):
    assert counts(code)[0] == params
    assert forward(code, {"seed": 1})["verified"]
