"""The weights of layers and models, as a text asks for them: numbers of Keras 3.15.1, or nothing that is known."""

import pytest

from layercalc import Refused
from tests.readers.keras.script.test_recorded import ours

HEAD = "import keras\nimport numpy as np\nfrom keras.layers import *\nfrom keras import backend as K\n"
NET = "net = keras.Sequential([Input((4,)), Dense(6, name='a'), BatchNormalization(), Dense(2, name='b')])\n"
GRAPH = (
    "i = Input((4,))\nx = BatchNormalization()(Dense(6, name='a')(i))\nnet = keras.Model(i, Dense(2, name='b')(x))\n"
)
LOCKED = NET + "net.layers[0].trainable = False\n"
CONV = "net = keras.Sequential([Input((8, 8, 3)), Conv2D(4, 3), Dropout(0.5), Flatten(), Dense(2)])\n"
SHARED = "d = Dense(4)\ni = Input((4,))\nnet = keras.Model(i, Dense(1)(d(d(i))))\n"
LACKING = (
    "net = keras.Sequential([Input((8, 8, 3)), Conv2D(4, 3, use_bias=False), BatchNormalization(scale=False),"
    " Flatten(), Dense(2), Dense(3, use_bias=False)])\n"
)
RNN = "net = keras.Sequential([Input((5, 3)), Bidirectional(LSTM(2)), Dense(1)])\n"
KNOWN = [
    ("net.count_params()", 68),
    ("sum(l.count_params() for l in net.layers)", 68),
    ("len(net.weights)", 8),
    ("len(net.trainable_weights) * 10 + len(net.non_trainable_weights)", 62),
    ("len(net.trainable_variables) * 10 + len(net.variables)", 68),
    ("sum(w.shape.num_elements() for w in net.trainable_weights)", 56),
    ("sum(np.prod(w.shape) for w in net.trainable_weights)", 56),
    ("int(np.sum([K.count_params(w) for w in net.trainable_weights]))", 56),
    ("int(np.sum([np.prod(v.get_shape().as_list()) for v in net.trainable_variables]))", 56),
    ("keras.utils.layer_utils.count_params(net.non_trainable_weights)", 12),
    ("net.layers[-1].get_weights()[0].shape[0]", 6),
    ("net.weights[-2].shape[0]", 6),
    ("net.layers[-1].kernel.shape[-1]", 2),
    ("len([w for w in net.weights if 'kernel' in w.name])", 2),
    ("len([w for w in net.weights if w.name.split('/')[-1].startswith('gamma')])", 1),
    ("len([w for w in net.weights if w.trainable])", 6),
    ("1 if net.layers[-1].weights else 2", 1),
]


@pytest.mark.parametrize("model", [NET, GRAPH], ids=["stack", "graph"])
@pytest.mark.parametrize(("asked", "expected"), KNOWN, ids=[asked for asked, _ in KNOWN])
def test_what_is_asked_of_weights_is_a_number(model, asked, expected):
    found = ours(f"{HEAD}{model}n = {asked}\nnew = keras.Sequential([Input((1,)), Dense(n, use_bias=False)])", "new")
    assert found["totals"]["params"] == expected


@pytest.mark.parametrize(
    ("model", "asked", "expected"),
    [
        (LOCKED, "len(net.trainable_weights) * 10 + len(net.non_trainable_weights)", 44),
        (LOCKED, "sum(np.prod(w.shape) for w in net.non_trainable_weights)", 42),
        (NET + "net.trainable = False\n", "len(net.trainable_weights) + len(net.non_trainable_weights)", 8),
        (CONV, "net.layers[0].kernel.shape[2]", 3),
        (CONV, "len([l for l in net.layers if l.weights])", 2),
        (CONV, "net.count_params()", 4 * 28 + 2 * 145),
        (SHARED, "len(net.weights)", 4),
        (SHARED, "net.count_params()", 25),
        (RNN, "len(net.weights)", 8),
        (RNN, "net.layers[0].count_params()", 2 * 48),
        ("d = Dense(3)\n", "1 + len(d.weights)", 1),
        ("d = Dense(3)\nd.build((None, 4))\n", "len(d.weights)", 2),
        ("d = Dense(3)\nd(np.zeros((1, 4)))\n", "d.count_params()", 15),
        (GRAPH, "1 + net.layers[0].count_params() + len(net.layers[0].weights)", 1),
        (LACKING, "sum(l.bias is None for l in net.layers if isinstance(l, (Dense, Conv2D)))", 2),
        (LACKING, "2 if net.layers[1].gamma is None and net.layers[1].beta is not None else 1", 2),
        (LACKING, "sum(l.kernel is not None for l in net.layers if hasattr(l, 'units'))", 2),
    ],
)
def test_locks_calls_and_sharing_are_seen(model, asked, expected):
    found = ours(f"{HEAD}{model}n = {asked}\nnew = keras.Sequential([Input((1,)), Dense(n, use_bias=False)])", "new")
    assert found["totals"]["params"] == expected


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        (NET, "len(net.weights[0].name)"),  # the layer stands before it in Keras 2
        (CONV, "len(net.variables)"),  # a seed is among them in Keras 3
        (LOCKED, "2 if net.weights[0].trainable else 1"),  # which Keras 3 sets with the layer's
        ("d = Dense(3)\ny = d(data)\n", "1 + len(d.weights)"),
        ("d = Dense(3)\nif maybe:\n    d.build((None, 4))\n", "1 + len(d.weights)"),
        ("net = keras.Sequential([Dense(3)])\nnet.fit(x, y)\n", "1 + len(net.layers[0].weights)"),
        ("net = keras.Sequential([Input((4,)), Normalization()])\n", "1 + len(net.weights)"),
        ("d = Dense(3)\n", "1 + d.count_params()"),  # Keras raises
        ("d = Dense(3, use_bias=False)\n", "2 if d.bias is None else 1"),
        ("d = Flatten()\n", "2 if d.bias is None else 1"),
        ("d = Dense(3, use_bias=False)\ny = d(data)\n", "2 if d.bias is None else 1"),
    ],
)
def test_what_is_not_known_is_refused(model, asked):
    with pytest.raises(Refused):
        ours(f"{HEAD}{model}n = {asked}\nnew = keras.Sequential([Input((1,)), Dense(n, use_bias=False)])", "new")


@pytest.mark.parametrize(
    ("asked", "trainable"),
    [("l.count_params() > 20", 14), ("len(l.weights) == 2", 12), ("l.weights", 0), ("not l.trainable_weights", 56)],
)
@pytest.mark.parametrize("model", [NET, GRAPH], ids=["stack", "graph"])
def test_layers_are_locked_by_their_weights(model, asked, trainable):
    found = ours(f"{HEAD}{model}for l in net.layers:\n    if {asked}:\n        l.trainable = False")
    assert found["totals"]["trainable_params"] == trainable
