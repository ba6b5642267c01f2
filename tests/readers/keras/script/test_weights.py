"""Single weights of a layer: whether they are trained is no part of a row, so a text that sets it is refused."""

import pytest

from layercalc import analyze
from layercalc.errors import Unreadable

HEAD = "from keras import *\nfrom keras.layers import *\nimport functools, itertools, keras\n"
NET = "m = Sequential([Input((4,)), Dense(3)])\n"
LOCKED = {
    "a loop": "for w in m.weights: w.trainable = False",
    "its private name": "m.layers[0].kernel._trainable = False",
    "setattr": "setattr(m.layers[0].bias, 'trainable', False)",
    "an index": "m.weights[0].trainable = False",
    "a slice": "for v in m.trainable_variables[:1]: v.trainable = False",
    "a comprehension": "[setattr(v, 'trainable', False) for v in m.trainable_weights]",
    "a generator": "any(setattr(v, 'trainable', False) for v in m.weights)",
    "some of them": "vs = [v for v in m.variables if 'kernel' in v.name]\nfor v in vs: v.trainable = False",
    "a function of the text": "def f(vs):\n    for v in vs: v.trainable = False\nf(m.weights)",
    "a function that is given each": "def f(*vs):\n    for v in vs: v.trainable = False\nf(*m.weights)",
    "map": "def f(v): v.trainable = False\nlist(map(f, m.weights))",
    "map of setattr": "list(map(functools.partial(setattr), m.weights, ['trainable'] * 2, [False] * 2))",
    "a function that is given to one that is not known": (
        "def f(v): v.trainable = False\nkeras.tree.map_structure(f, m.weights)"
    ),
    "enumerate": "for i, v in enumerate(m.weights):\n    if i == 0: v.trainable = False",
    "zip": "for a, v in zip(m.layers, m.weights): v.trainable = False",
    "chain": "for v in itertools.chain(m.weights): v.trainable = False",
    "a sum": "for v in m.weights + []: v.trainable = False",
    "all layers": "for l in m.layers:\n    for v in l.weights: v.trainable = False",
    "unpacking": "k, b = m.weights\nk.trainable = False",
    "next": "next(iter(m.weights)).trainable = False",
    "a dict": "d = {v.name: v for v in m.weights}\nd['kernel'].trainable = False",
    "an attribute": "class H: pass\nh = H()\nh.v = m.layers[0].kernel\nh.v.trainable = False",
    "a method of object": "object.__setattr__(m.weights[0], '_trainable', False)",
    "its own method": "m.weights[0].__setattr__('trainable', False)",
    "a loop over the name": "v = m.weights[0]\nfor v.trainable in [False]: pass",
    "a weight by its name": "m.layers[0].gamma.trainable = False",
    "what is not trained": "m.layers[0].trainable = False\nfor v in m.non_trainable_weights: v.trainable = True",
    "a layer of the text's own": (
        "class L(Layer):\n    def __init__(self):\n        super().__init__(); self.d = Dense(3)\n"
        "    def call(self, x): return self.d(x)\n"
        "l = L()\ni = Input((4,))\nm = Model(i, l(i))\nfor w in l.weights: w.trainable = False"
    ),
}
READ = {
    "names and shapes": "for w in m.weights: print(w.name, w.shape, w.trainable)",
    "gradients": (
        "opt = keras.optimizers.Adam()\nwith tf.GradientTape() as tape: loss = f(y)\n"
        "g = tape.gradient(loss, m.trainable_variables)\nopt.apply_gradients(zip(g, m.trainable_variables))"
    ),
    "a mean of two models": "for a, b in zip(m.weights, m.weights): a.assign(0.9 * a + 0.1 * b)",
    "new values": "m.layers[0].set_weights(m.layers[0].get_weights())\nm.layers[0].kernel.assign(x)",
    "a constraint": "m.layers[0].kernel.constraint = None",
}


@pytest.mark.parametrize("text", LOCKED.values(), ids=LOCKED.keys())
def test_a_text_that_sets_what_single_weights_are_is_refused(text):
    with pytest.raises(Unreadable) as caught:
        analyze(HEAD + NET + text)
    assert caught.value.errors[0]["line"] > HEAD.count("\n")


@pytest.mark.parametrize("text", READ.values(), ids=READ.keys())
def test_a_text_that_reads_or_trains_weights_leaves_the_model(text):
    totals = analyze(HEAD + NET + text)["totals"]
    assert (totals["params"], totals["trainable_params"]) == (15, 15)
