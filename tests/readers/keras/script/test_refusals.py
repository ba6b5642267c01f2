"""Texts that Keras refuses, or may: they are refused at the line, and in a `try` both ways are looked at."""

import pytest

from layercalc import analyze
from layercalc.errors import Unreadable

HEAD = "import keras\nfrom keras import *\nfrom keras.layers import *\nimport numpy as np\n"
CLASS = (
    "class A(Layer):\n    def __init__(self):\n        {}self.d = Dense(3)\n    def call(self, x): return self.d(x)\n"
)
DERIVED = "class L({}):\n    def __init__(self, u, **k): super().__init__(u * 2, **k)\n"
TRIED = "try:\n    {}\n    u = 3\nexcept Exception:\n    u = 5\nm = Sequential([Input((4,)), Dense(u)])"
REFUSED = {
    "__init__ without that of Keras": (CLASS.format("") + "m = Sequential([Input((4,)), A()])", "super().__init__()"),
    "a copy of a class of the text's": (
        DERIVED.format("LSTM") + "m = Sequential([Input((5, 4)), Bidirectional(L(2))])",
        "__init__ of L",
    ),
    "a clone of one": (
        DERIVED.format("Dense") + "m = keras.models.clone_model(Sequential([Input((4,)), L(3)]))",
        "__init__ of L",
    ),
    "a layer that is built twice": (
        "class A(Layer):\n    def build(self, s): self.k = self.add_weight(shape=(s[-1], 3), name='k')\n"
        "    def call(self, x): return keras.ops.matmul(x, self.k)\n"
        "a = A()\na.build((None, 4))\na.build((None, 4))\nm = Sequential([Input((4,)), a])",
        "is built by now",
    ),
    "what call counts": (
        "class A(Layer):\n    n = 0\n    def call(self, x):\n        self.n += 1\n        return x\n"
        "a = A()\ni = Input((4,))\nx = a(a(i))\nm = Model(i, Dense(a.n)(x))",
        "how often Keras runs",
    ),
    "what call counts for the module": (
        "n = 0\nclass A(Layer):\n    def call(self, x):\n        global n\n        n += 1\n        return x\n"
        "i = Input((4,))\nx = A()(i)\nm = Model(i, Dense(n)(x))",
        "how often Keras runs",
    ),
    "an initializer by a name, tried": (TRIED.format("keras.initializers.get('foo')"), "initializers.get"),
    "arguments of an initializer, tried": (TRIED.format("keras.initializers.HeNormal(scale=2)"), "HeNormal"),
    "labels past the count, tried": (TRIED.format("keras.utils.to_categorical([5], 3)"), "to_categorical"),
    "a name with a slash, tried": (TRIED.format("Dense(3, name='a/b')"), "Dense"),
    "a size of NumPy's, tried": (TRIED.format("Dense(np.array([1, 2]).max())"), "Dense"),
}
READ = {  # and the parameters, those of Keras 3.15
    "__init__ with that of Keras": (CLASS.format("super().__init__(); ") + "m = Sequential([Input((4,)), A()])", 15),
    "a size of all axes, which a layer has as a tuple": (
        "c = Conv2D(3, 3)\nm = Sequential([Input((8, 8, 1)), c, Flatten(), Dense(3 if c.kernel_size == (3, 3) else 5)])",
        357,
    ),
    "a right name, tried": (TRIED.format("Dense(3, name='ab')"), 15),
}


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_keras_may_refuse_is_refused(text, why):
    with pytest.raises(Unreadable) as caught:
        analyze(HEAD + text)
    assert why in caught.value.errors[0]["detail"]


@pytest.mark.parametrize(("text", "params"), READ.values(), ids=READ)
def test_what_keras_takes_is_read(text, params):
    assert analyze(HEAD + text)["totals"]["params"] == params
