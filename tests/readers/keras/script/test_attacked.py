"""Texts by which code was once read wrongly; the numbers are those of Keras 3.15 (parameters, trainable ones)."""

import pytest

from layercalc import analyze
from layercalc.errors import Unreadable

HEAD = "from keras import *\nfrom keras.layers import *\nimport numpy as np\n"


RIGHT = {
    "a list of named inputs that grows after the call": (
        "a = Input((4,)); b = Input((4,)); l = [a, b]\ny = Add()(inputs=l)\nl.append(Dense(4)(a))\nm = Model([a, b], y)",
        (0, 0),
    ),
    "a list of states that is emptied after the call": (
        "i = Input((5, 4)); a = Input((3,)); st = [a]\ny = GRU(3)(i, initial_state=st)\nst.clear()\nm = Model([i, a], y)",
        (81, 81),
    ),
    "states of a decoder that are set in place": (
        "i = Input((5, 4)); di = Input((1, 2))\n_, h, c = LSTM(3, return_state=True)(i)\nst = [h, c]\n"
        "cell = LSTM(3, return_sequences=True, return_state=True); dn = Dense(2); outs = []; x = di\n"
        "for t in range(3):\n    o, st[0], st[1] = cell(x, initial_state=st)\n    x = dn(o); outs.append(x)\n"
        "m = Model([i, di], Concatenate(axis=1)(outs))",
        (176, 176),
    ),
    "a model in a wrapper that was whole by then": (
        "inner = Sequential([Input((4,)), Dense(3)])\ninner.add(Dense(7))\ni = Input((5, 4))\n"
        "m = Model(i, TimeDistributed(inner)(i))",
        (43, 43),
    ),
    "a new layer behind the input that is left when all are taken away": (
        "m = Sequential([Dense(3, input_shape=(4,)), Dense(2)])\nm.pop(); m.pop()\nm.add(Dense(5))",
        (25, 25),
    ),
    "a module patched by the name that it is used by": (
        "import keras.layers as L\no = L.Dense\nL.Dense = lambda n: o(n + 1)\n"
        "m = Sequential([Input((4,)), keras.layers.Dense(3)])",
        (20, 20),
    ),
    "a module imported by a function, and patched": (
        "import importlib\nL = importlib.import_module('keras.layers')\no = L.Dense\nL.Dense = lambda n: o(n + 1)\n"
        "m = Sequential([Input((4,)), keras.layers.Dense(3)])",
        (20, 20),
    ),
    "a module patched by another name, and mended": (
        "o = keras.layers.Dense\nkeras.layers.Dense = lambda n: o(n + 1)\nkeras.layers.Dense = o\n"
        "m = Sequential([Input((4,)), tf.keras.layers.Dense(3)])",
        (15, 15),
    ),
    "the axis of a function that names none": (
        "i = Input((4,))\nm = Model(i, Dense(3)(keras.ops.concatenate([i, i])))",
        (15, 15),
    ),
    "a functional model that is locked as it is made": (
        "i = Input((4,))\nm = Model(i, Dense(3)(i), trainable=False)",
        (15, 0),
    ),
    "a layer for the way back, which is no copy": (
        "l = LSTM(5); k = LSTM(5, go_backwards=True)\nb = Bidirectional(l, backward_layer=k)\nk.trainable = False\n"
        "m = Sequential([Input((4, 3)), b])",
        (360, 180),
    ),
    "a function that a wrapper calls with its own arguments": (
        "from keras.wrappers.scikit_learn import KerasClassifier\ndef make(n=5):\n    return Sequential([Input((4,)), Dense(n)])\nclf = KerasClassifier(build_fn=make, n=3)",
        (15, 15),
    ),
}
REFUSED = {
    "a functional model that is locked as it is made, in another": (
        "i = Input((4,))\ne = Model(i, Dense(3)(i), trainable=False)\nm = Sequential([e, Dense(2)])",
        "Keras 2 and 3 differ",
    ),
    "a member of builtins that is replaced": (
        "import builtins\nm = Sequential([Input((4,)), Dense(3)])\nbuiltins.print = lambda *a: m.pop()\nprint(3)",
        "of builtins is set",
    ),
    "a module patched by another name": (
        "o = keras.layers.Dense\nkeras.layers.Dense = lambda n: o(n + 1)\n"
        "m = Sequential([Input((4,)), tf.keras.layers.Dense(3)])",
        "which the text sets in keras.layers",
    ),
    "a module patched by another name, then imported from": (
        "o = keras.layers.Dense\ntf.keras.layers.Dense = lambda n: o(n + 1)\nfrom keras.layers import Dense as D\n"
        "m = Sequential([Input((4,)), D(3)])",
        "which the text sets in tensorflow.keras.layers",
    ),
    "a module put in another's place": (
        "class F:\n    Dense = staticmethod(lambda n: Dense(n + 1))\nkeras.layers = F\n"
        "m = Sequential([Input((4,)), tf.keras.layers.Dense(3)])",
        "which the text sets in keras",
    ),
    "a model in a wrapper that grows after the call": (
        "inner = Sequential([Input((4,)), Dense(3)])\ni = Input((5, 4)); y = TimeDistributed(inner)(i)\n"
        "inner.add(Dense(7))\nm = Model(i, y)",
        "is changed here after it was called",
    ),
    "the layers of a Sequential in which one stands twice": (
        "d = Dense(4)\nm = Sequential([Input((4,)), d, d])\nm.add(Dense(len(m.layers)))",
        "Keras 2 and 3 differ",
    ),
    "another input shape after the only layer was taken away": (
        "m = Sequential([Dense(3, input_shape=(4,))])\nm.pop()\nm.add(Dense(2, input_shape=(7,)))",
        "which input shape holds here",
    ),
    "a name that a layer's own layers may have taken": (
        "i = Input((5, 8)); x = MultiHeadAttention(2, 4, dropout=.1)(i, i)\nd = Dropout(.1)\n"
        "m = Model(i, Dense(len(d.name))(d(x)))",
        "d.name",
    ),
    "a shape beside a list": (
        "i = Input((8,))\nm = Model(i, Dense(2 if i.shape == [None, 8] else 3)(i))",
        "Keras 2 and 3 differ",
    ),
    "a generator that locks a layer, given to fit": (
        "m = Sequential([Input((4,)), Dense(3), Dense(2)])\ndef gen():\n    m.layers[0].trainable = False\n"
        "    yield np.zeros((1, 4)), np.zeros((1, 2))\nm.compile('sgd', 'mse')\nm.fit(gen(), steps_per_epoch=1)",
        "a callback may have changed",
    ),
}


@pytest.mark.parametrize(("text", "counts"), RIGHT.values(), ids=RIGHT)
def test_keras_numbers_are_given(text, counts):
    totals = analyze(HEAD + text)["totals"]
    assert (totals["params"], totals["trainable_params"]) == counts


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_told_is_refused(text, why):
    with pytest.raises(Unreadable) as caught:
        analyze(HEAD + text)
    assert why in caught.value.errors[0]["detail"]
