"""Output shapes that layers state beside their `call`; the parameters are those of Keras 3.15."""

import pytest

from layercalc import analyze
from layercalc.errors import Unreadable

HEAD = "import keras\nfrom keras import *\nfrom keras.layers import *\ni = Input((8, 3))\n"
AGREEING = {
    "a method of the layer": (
        "class L(Layer):\n    def call(self, x): return x[:, :2]\n"
        "    def compute_output_shape(self, s): return (s[0], 2, s[2])\nm = Model(i, Dense(2)(Flatten()(L()(i))))",
        14,
    ),
    "a list of sizes": (
        "class L(Layer):\n    def call(self, x): return x[:, :, :1]\n"
        "    def compute_output_shape(self, s):\n        s = list(s)\n        s[-1] = 1\n        return s\n"
        "m = Model(i, Dense(2)(L()(i)))",
        4,
    ),
    "two outputs": (
        "class L(Layer):\n    def call(self, x): return x[:, :2], x[:, 2:]\n"
        "    def compute_output_shape(self, s): return (s[0], 2, 3), (s[0], 6, 3)\n"
        "a, b = L()(i)\nm = Model(i, Dense(2)(Flatten()(b)))",
        38,
    ),
    "several inputs": (
        "class L(Layer):\n    def call(self, xs): return keras.ops.concatenate(xs, axis=-1)\n"
        "    def compute_output_shape(self, s): return (*s[0][:-1], s[0][-1] + s[1][-1])\n"
        "j = Input((8, 5))\nm = Model([i, j], Dense(2)(L()([i, j])))",
        18,
    ),
    "a Lambda": ("m = Model(i, Dense(2)(Lambda(lambda t: t[:, 0], output_shape=(3,))(i)))", 8),
    "a Lambda's function": (
        "m = Model(i, Dense(2)(Lambda(lambda t: t[:, 0], output_shape=lambda s: (s[0], s[2]))(i)))",
        8,
    ),
    "the class of Keras": (
        "class D(Dense):\n    def call(self, x): return super().call(x) * 2\nm = Model(i, D(2)(i))",
        8,
    ),
    "a size that is not stated": (
        "class L(Layer):\n    def call(self, x): return x * 2\n"
        "    def compute_output_shape(self, s): return (None, None, 3)\nm = Model(i, Dense(2)(L()(i)))",
        8,
    ),
    "what is not known": (
        "import elsewhere\nclass L(Layer):\n    def call(self, x): return x * 2\n"
        "    def compute_output_shape(self, s): return elsewhere.shape(s)\nm = Model(i, Dense(2)(L()(i)))",
        8,
    ),
}
DIFFERENT = {
    "a method of the layer": (
        "class L(Layer):\n    def call(self, x): return x[:, :2]\n"
        "    def compute_output_shape(self, s): return (s[0], 7, 3)\nx = L()(i)",
        "compute_output_shape of L gives [None, 7, 3]",
        7,
    ),
    "one axis less": (
        "class L(Layer):\n    def call(self, x): return keras.ops.sum(x, axis=1)\n"
        "    def compute_output_shape(self, s):\n        return s\nx = L()(i)",
        "its call gives [None, 3]",
        7,
    ),
    "a Lambda": ("x = Lambda(lambda t: t[:, :2], output_shape=(5, 3))(i)", "gives [None, 5, 3]", 5),
    "a Lambda that states the batch": (
        "x = Lambda(lambda t: t[:, 0], output_shape=(None, 3))(i)",
        "gives [None, None, 3]",
        5,
    ),
    "a Lambda's function": (
        "x = Lambda(lambda t: t[:, 0], output_shape=lambda s: s)(i)",
        "gives [None, 8, 3]",
        5,
    ),
    "the class of Keras": (
        "class C(Flatten):\n    def call(self, x): return super().call(x)[:, :3]\nx = C()(i)",
        "compute_output_shape of Flatten, from which C derives, gives [None, 24]",
        6,
    ),
    "a class of Keras with a method": (
        "class D(Dense):\n    def compute_output_shape(self, s): return (s[0], s[1], 2 * self.units)\nx = D(3)(i)",
        "gives [None, 8, 6]",
        6,
    ),
    "a specification": (
        "class C(Layer):\n    def call(self, x): return x\n"
        "    def compute_output_spec(self, x): return keras.KerasTensor((x.shape[0], 5))\nx = C()(i)",
        "compute_output_spec of C",
        7,
    ),
}


@pytest.mark.parametrize(("text", "params"), AGREEING.values(), ids=AGREEING)
def test_a_layer_that_states_what_its_call_gives_is_read(text, params):
    assert analyze(HEAD + text)["totals"]["params"] == params


@pytest.mark.parametrize(("text", "why", "line"), DIFFERENT.values(), ids=DIFFERENT)
def test_a_layer_that_states_another_shape_is_refused_at_its_line(text, why, line):
    with pytest.raises(Unreadable) as caught:
        analyze(f"{HEAD}{text}\nm = Model(i, Dense(2)(Flatten()(x)))")
    (error,) = caught.value.errors
    assert why in error["detail"]
    assert error["line"] == line
