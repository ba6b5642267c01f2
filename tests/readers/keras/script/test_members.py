"""What is asked of layers and models, and set on them: as every version of Keras has it, or refused."""

import pytest

from layercalc import Refused
from tests.readers.keras.script.test_recorded import ours

HEAD = "from keras import *\nfrom keras.layers import *\n"
GRAPH = "i = Input((4,))\nnet = Model(i, Dense(2)(Dense(6, name='a')(i)))\n"  # 30 + 14 parameters
STACK = (
    "net = Sequential([Input((8, 8, 3)), Conv2D(2, 3), BatchNormalization(), Flatten(), Dense(3)])\n"  # 56, 8, 0, 219
)


@pytest.mark.parametrize(
    ("text", "params", "trainable"),
    [
        (STACK + "for l in net.layers:\n    if isinstance(l, BatchNormalization):\n        l.trainable = False", 283, 275),
        (STACK + "for l in net.layers:\n    if not isinstance(l, (Conv2D, Model)):\n        l.trainable = False", 283, 56),
        (STACK + "for l in filter(lambda l: isinstance(l, Dense), net.layers):\n    l.trainable = False", 283, 60),
        ("net = Sequential([Input((5, 3)), LSTM(2), Dense(1)])\nnet.layers[0].trainable = not isinstance(net.layers[0], RNN)", 51, 3),
        (GRAPH + "for l in net.layers:\n    if isinstance(l, Dense):\n        l.trainable = False", 44, 0),
        # an InputLayer has nothing to train, and stands for the input elsewhere
        (GRAPH + "for l in net.layers:\n    l.trainable = False\nnet.layers[-1].trainable = True", 44, 14),
        (GRAPH + "net.layers[0].trainable = False\nnet.layers[1].trainable = not net.layers[0].trainable", 44, 44),
        (GRAPH + "new = Sequential()\nfor l in net.layers[:-1]:\n    new.add(l)\nnew.add(Dense(1))", 37, 37),
        (GRAPH + "new = Model(net.layers[0].input, Dense(1)(net.layers[1].output))", 37, 37),
        # a layer whose shape was asked for, and was changed then
        (GRAPH + "print(net.output_shape)\nouter = Model(i, Dense(1)(net.output))\nouter.trainable = False\nsmall = Model(i, net.layers[1].output)", 30, 0),
        ("d = Dense(3)\nb = TimeDistributed(d)\ni = Input((2, 4))\nx = b(i)\nprint(x.shape)\nd.trainable = False\nnet = Model(i, x)", 15, 0),
        # what no Functional model has
        (GRAPH + "try:\n    net.pop()\nexcept AttributeError:\n    net = Sequential([Input((2,)), Dense(1)])", 3, 3),
        ("net = Sequential([Input((5, 3)), LSTM(2, activation=None)])", 48, 48),
    ],
)  # fmt: skip
def test_what_versions_agree_in_is_known(text, params, trainable):
    totals = ours(HEAD + text)["totals"]
    assert (totals["params"], totals["trainable_params"]) == (params, trainable)


@pytest.mark.parametrize(
    "text",
    [
        # Conv2DTranspose derives from Conv2D in Keras 2
        "net = Sequential([Input((8, 8, 3)), Conv2DTranspose(2, 3)])\nnet.layers[0].trainable = isinstance(net.layers[0], Conv2D)",
        # some of the layers, nobody knows which
        STACK + "for l in filter(lambda l: l.name in chosen, net.layers):\n    l.trainable = False",
        # Keras raises, and the text goes on elsewhere
        "n = 3\ntry:\n    Dense(-1)\nexcept ValueError:\n    n = 4\nnet = Sequential([Input((4,)), Dense(n)])",
        "i = Input((4,))\nn = 3\ntry:\n    Reshape((3,))(i)\nexcept ValueError:\n    n = 4\nnet = Model(i, Dense(n)(i))",
        GRAPH + "net.pop()",
        # a model with a fault in it is asked for its shape
        "inner = Sequential([Input((4,)), Dense(4, use_bias='yes')])\ni = Input((4,))\nx = inner(i)\nnet = Model(i, Dense(x.shape[-1])(x))",
    ],
)  # fmt: skip
def test_what_they_do_not_is_refused(text):
    with pytest.raises(Refused) as caught:
        ours(HEAD + text)
    assert caught.value.errors[0]["line"] >= 1
