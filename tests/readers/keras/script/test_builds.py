"""A layer has the weights of its first call, wherever that stands: what Keras 3.15 raises at is refused."""

import pytest

from layercalc import analyze
from layercalc.errors import Unreadable

HEAD = "from keras import *\nfrom keras.layers import *\nimport keras, os\nimport numpy as np\n"
NET = "\nm = Sequential([Input((4,)), d])"
OTHERWISE = {  # a Dense `d` is built for nine features, in no model, before NET or after it
    "a call on an input": "d(Input((9,)))" + NET,
    "a call on an array": "d(np.zeros((2, 9)))" + NET,
    "a call on an array that follows": NET + "\nd(np.zeros((2, 9)))",
    "a branch of a network that leads nowhere": "i = Input((4,))\ny = d(i)\nz = d(Dense(9)(i))\nm = Model(i, y)",
    "a call in a wrapper": "TimeDistributed(d)(Input((5, 9)))" + NET,
    "a call before it is wrapped": "d(Input((9,)))\nm = Sequential([Input((5, 4)), TimeDistributed(d)])",
    "a model that it is taken out of": "s = Sequential([Input((9,)), d])\ns.pop()" + NET,
    "another model": "s = Sequential([Input((9,)), d])" + NET,
    "another model that is called": "s = Sequential([d])\ns(Input((9,)))" + NET,
    "another model that is called on an array": "s = Sequential([d])\ns(np.ones((1, 9)))" + NET,
    "another model that is tried on an array": "s = Sequential([d])\ns.predict(np.ones((1, 9)))" + NET,
    "another model that is built": "s = Sequential([d])\ns.build((None, 9))" + NET,
    "another functional model": "i = Input((9,))\nk = Model(i, d(i))" + NET,
    "build": "d.build((None, 9))" + NET,
    "a function": "def f(x): return d(x)\nf(Input((9,)))" + NET,
    "a comprehension": "[d(Input((k,))) for k in (4, 9)]" + NET,
    "an operation on it": "y = keras.ops.mean(d(Input((9,))))" + NET,
    "an input of an unknown size": "d(Input((None,)))" + NET,
    "a call before a try": "d(Input((9,)))\ntry:\n    d(Input((4,)))\nexcept ValueError:\n    pass\nd = Dense(5)" + NET,
    "a layer of the text's own": (
        "class L(Layer):\n    def __init__(self):\n        super().__init__(); self.d = d\n"
        "    def call(self, x): return self.d(x)\nl = L()\nl(Input((9,)))" + NET
    ),
}
ALIKE = {
    "a call on an input": "d(Input((4,)))" + NET,
    "a call on an array": "d(np.zeros((2, 4)))" + NET,
    "a call on more axes": "d(Input((5, 4)))" + NET,
    "a model that it is taken out of": "s = Sequential([Input((4,)), Dense(4), d])\ns.pop()" + NET,
    "a model that is never built": "s = Sequential([d])" + NET,
    "build": "d.build((None, 4))" + NET,
    "a shape that is asked for": "d.compute_output_shape((None, 9))" + NET,
    "a copy by its config": "d(Input((9,)))\nd = Dense.from_config(d.get_config())" + NET,
    "a call that may not happen": "if len(os.listdir('.')) > 99: d(Input((9,)))" + NET,
    "an array whose shape is elsewhere": "d(x_train)" + NET,
}


@pytest.mark.parametrize("text", OTHERWISE.values(), ids=OTHERWISE.keys())
def test_a_layer_built_with_other_weights_is_refused(text):
    with pytest.raises(Unreadable) as caught:
        analyze(HEAD + "d = Dense(3)\n" + text)
    assert caught.value.errors[0]["line"] > HEAD.count("\n")


@pytest.mark.parametrize("text", ALIKE.values(), ids=ALIKE.keys())
def test_a_layer_built_with_the_same_weights_is_read(text):
    assert analyze(HEAD + "d = Dense(3)\n" + text)["totals"]["params"] == 15


def test_the_fault_names_both_calls():
    with pytest.raises(Unreadable, match=r"kernel of shape \[4, 3\]; its call of line 6 made it \[9, 3\]"):
        analyze(HEAD + "d = Dense(3)\nd(Input((9,)))" + NET)


def test_a_copy_of_a_layer_that_is_built_is_refused():
    """Keras 3 gives the copy weights of the shapes that the layer has."""
    with pytest.raises(Unreadable, match="used elsewhere"):
        analyze(HEAD + "c = LSTM(3)\nc(Input((9, 3)))\nm = Sequential([Input((9, 1)), Bidirectional(c)])")
