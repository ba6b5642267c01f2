"""One network written in several ways is one network: a Sequential, a loop of calls, a class with its call, a layer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layercalc import Refused, analyze, forward

LAYERS = [
    "Conv2D({n}, 3, padding='same')", "Conv2D({n}, 1, activation='relu', use_bias=False)", "BatchNormalization()",
    "SeparableConv2D({n}, 3, padding='same')", "Dense({n})", "LayerNormalization()", "Dropout(0.5)", "ReLU()",
    "Conv2DTranspose({n}, 2, strides=2)", "MaxPooling2D(padding='same')", "Activation(lambda t: t * K.sigmoid(t))",
    "Lambda(lambda t: t * 2 - 1)", "Dense({n}, trainable=False)", "TimeDistributed(Dense({n}))",
]  # fmt: skip
WAYS = {
    "sequential": "m = Sequential([Input((8, 8, 3)), {layers}])",
    "add": "m = Sequential()\nm.add(Input((8, 8, 3)))\nfor layer in [{layers}]:\n    m.add(layer)",
    "loop": "i = x = Input((8, 8, 3))\nfor layer in [{layers}]:\n    x = layer(x)\nm = Model(i, x)",
    "class": "class N(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.parts = [{layers}]\n"
    "    def call(self, x):\n        for part in self.parts:\n            x = part(x)\n        return x\n"
    "m = N()\nm.build((None, 8, 8, 3))",
    "called": "class N(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.inner = Sequential([{layers}])\n"
    "    def call(self, x):\n        return self.inner(x)\nm = N()\nm(np.zeros((2, 8, 8, 3)))",
    "layer": "class B(keras.layers.Layer):\n    def build(self, shape):\n        self.parts = [{layers}]\n"
    "    def call(self, x):\n        for part in self.parts:\n            x = part(x)\n        return x\n"
    "m = Sequential([B(input_shape=(8, 8, 3))])",
    "copy": "a = Sequential([Input((8, 8, 3)), {layers}])\nm = keras.models.clone_model(a)",
}
COUNTS = ("params", "trainable_params", "macs", "flops")


@given(st.lists(st.tuples(st.sampled_from(LAYERS), st.integers(1, 5)), min_size=1, max_size=5))
@settings(max_examples=15, deadline=None)
def test_all_ways_come_to_the_same(parts):
    layers = ", ".join(text.format(n=n) for text, n in parts)
    answers = {name: analyze(text.replace("{layers}", layers)) for name, text in WAYS.items()}
    first = answers["sequential"]
    for name, answer in answers.items():
        assert {key: answer["totals"][key] for key in COUNTS} == {key: first["totals"][key] for key in COUNTS}, name
        assert [one["shape"] for one in answer["outputs"]] == [one["shape"] for one in first["outputs"]], name


def test_all_ways_run():
    for text in WAYS.values():
        assert forward(text.replace("{layers}", "Conv2D(2, 3), Lambda(lambda t: t * 2), Dense(3)"), {"seed": 1})[
            "verified"
        ]


ATTACKS = [
    "class L(Layer):\n    def __init__(self, n):\n        super().__init__()\n        self.sub = L(n - 1) if n else None\n"
    "    def call(self, x):\n        return x + 1 if self.sub is None else self.sub(self.sub(self.sub(x)))\n"
    "i = Input((4,))\nm = Model(i, L(12)(i))",
    "class L(Layer):\n    def build(self, s):\n        for _ in range(10 ** 6):\n            self.add_weight(shape=(3,))\n"
    "    def call(self, x):\n        return x\ni = Input((4,))\nm = Model(i, L()(i))",
    "class L(Layer):\n    def call(self, x):\n        return other(x)\nother = L()\ni = Input((4,))\nm = Model(i, other(i))",
    "s = Sequential([Dense(4, input_shape=(4,))])\nfor _ in range(40):\n"
    "    s = Sequential([s, keras.models.clone_model(s)])",
    "m = model_from_json('[' * 100000)",
    "i = Input((4,))\nm = Model(i, i + tf.range(10 ** 12))",
    "i = Input((4,))\nm = Model(i, i + tf.range(tf.shape(i)[1] * 10 ** 9))",
]


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_what_has_no_end_is_refused(text):
    with pytest.raises(Refused):
        analyze(text)
