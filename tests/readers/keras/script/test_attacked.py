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
    "a layer of the text's own that is changed after it was put into a Sequential": (
        "class S(Layer):\n    def __init__(self):\n        super().__init__(); self.n = 2\n    def build(self, s): self.w = self.add_weight(shape=(s[-1], self.n))\n    def call(self, x): return keras.ops.matmul(x, self.w)\ns = S(); m = Sequential([Input((4,)), s]); s.n = 7",
        (8, 8),
    ),
    "a variable that a Lambda reads, changed after it ran": (
        "N = 2\nm = Sequential([Input((4,)), Lambda(lambda x: x[:, :N]), Dense(1)])\nN = 3",
        (3, 3),
    ),
    "a layer of the text's own changed after build() of its Sequential": (
        "class S(Layer):\n    def __init__(self):\n        super().__init__(); self.n = 2\n    def build(self, s): self.w = self.add_weight(shape=(s[-1], self.n))\n    def call(self, x): return keras.ops.matmul(x, self.w)\ns = S(); m = Sequential([s]); m.build((None, 4)); s.n = 7",
        (8, 8),
    ),
    "a layer of the text's own changed after its Sequential was called": (
        "class S(Layer):\n    def __init__(self):\n        super().__init__(); self.n = 2\n    def build(self, s): self.w = self.add_weight(shape=(s[-1], self.n))\n    def call(self, x): return keras.ops.matmul(x, self.w)\ns = S(); b = Sequential([s]); i = Input((4,)); m = Model(i, b(i)); s.n = 7",
        (8, 8),
    ),
    "a matrix product that NumPy refuses, in a try": (
        "try: np.zeros((2, 3)) @ np.zeros((2, 3)); u = 3\nexcept ValueError: u = 5\nm = Sequential([Input((4,)), Dense(u)])",
        (25, 25),
    ),
    "a sum that NumPy refuses, in a try": (
        "try: np.zeros((2, 3)) + np.zeros((2, 4)); u = 3\nexcept ValueError: u = 5\nm = Sequential([Input((4,)), Dense(u)])",
        (25, 25),
    ),
    "the shape of a matrix product": (
        "a = np.zeros((2, 3)) @ np.zeros((3, 5))\nm = Sequential([Input((4,)), Dense(a.shape[-1])])",
        (25, 25),
    ),
    "a list that `call` fills anew": (
        "class A(Layer):\n    def call(self, x): self.seen = []; self.seen.append(x.shape); return x\na = A(); i = Input((4,)); x = a(i)\nm = Model(i, Dense(len(a.seen) + 2)(x))",
        (15, 15),
    ),
    "a layer cut out by its name, behind operations in a layer of the text's own": (
        "class R(Layer):\n    def __init__(self):\n        super().__init__(); self.d = Dense(4)\n"
        "    def call(self, x): return x + self.d(x)\ni = Input((4,)); x = Add()([R()(i), i]); y = Dense(5)(x)\n"
        "y = Add()([y, y]); f = Model(i, Dense(7)(y))\nm = Model(i, Dense(1)(f.get_layer('add_1').output))",
        (51, 51),
    ),
    "a layer behind one with an operation in its function": (
        "i = Input((4,)); d = Lambda(lambda t: t + 1)(i); a = Add()\nm = Model(i, Dense(5 if a.name == 'add' else 3)(a([d, i])))",
        (25, 25),
    ),
    "a list of layers that stays as it is": (
        "class S(Layer):\n    def __init__(self): super().__init__(); self.ds = [Dense(3)]\n    def call(self, x):\n        for d in self.ds: x = d(x)\n        return x\nm = Sequential([Input((4,)), S()]); m.add(Dense(2))",
        (23, 23),
    ),
    "the arguments of a command as a dict": (
        "import argparse\np = argparse.ArgumentParser(); p.add_argument('--n', type=int, default=3)\n"
        "a = vars(p.parse_args([]))\nm = Sequential([Input((4,)), Dense(a['n'])])",
        (15, 15),
    ),
    "a split into one part, of which the first is no slice of the batch": (
        "i = Input((6,)); a = keras.ops.split(i, 1, axis=-1)[0]; b = tf.split(i, 1, axis=-1)\n"
        "m = Model(i, Dense(3)(Add()([a, b[0], *keras.ops.split(i, 1, axis=1)])))",
        (21, 21),
    ),
    "an axis of one that is unstacked, run through": (
        "i = Input((1, 6)); x = keras.ops.unstack(i, axis=1)\nm = Model(i, [Dense(2)(t) for t in x] + [Dense(1)(x[-1])])",
        (21, 21),
    ),
    "three arguments of where by position": (
        "i = Input((6,)); m = Model(i, Dense(2)(keras.ops.where(i > 0, i, 0.)))",
        (14, 14),
    ),
}
REFUSED = {
    "a name behind a layer that a call makes each time it is followed": (
        "class R(Layer):\n    def call(self, x): return Flatten()(x)\ni = Input((4,)); x = R()(i)\nd = Flatten()\n"
        "m = Model(i, Dense(len(d.name))(d(x)))",
        "d.name",
    ),
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
    "what a layer of the text's own ran by, changed before the next layer comes": (
        "class S(Layer):\n    def __init__(self):\n        super().__init__(); self.n = 2\n    def build(self, s): self.w = self.add_weight(shape=(s[-1], self.n))\n    def call(self, x): return keras.ops.matmul(x, self.w)\ns = S(); m = Sequential([Input((4,)), s]); s.n = 7; m.add(Dense(1))",
        "self.n, by which",
    ),
    "a list of the module to which `call` adds": (
        "seen = []\nclass A(Layer):\n    def call(self, x): seen.append(x.shape); return x\ni = Input((4,)); x = A()(i)\nm = Model(i, Dense(len(seen) + 1)(x))",
        "seen, which depends on how often",
    ),
    "a list to which a method that `call` calls adds": (
        "class A(Layer):\n    def __init__(self): super().__init__(); self.seen = []\n    def note(self, x): self.seen += [1]\n    def call(self, x): self.note(x); return x\na = A(); i = Input((4,)); x = a(i)\nm = Model(i, Dense(len(a.seen) + 1)(x))",
        "seen, which depends on how often",
    ),
    "a list by default to which a Lambda adds": (
        "L = []\ndef f(x, acc=L): acc.append(1); return x\na = Lambda(f); i = Input((4,)); x = a(i)\nm = Model(i, Dense(len(L) + 1)(x))",
        "acc, which depends on how often",
    ),
    "a number of another object that `call` adds to": (
        "class C: n = 0\nclass A(Layer):\n    def call(self, x): C.n += 1; return x\ni = Input((4,)); x = A()(i)\nm = Model(i, Dense(C.n + 1)(x))",
        "n, which depends on how often",
    ),
    "the class of a list that is an attribute": (
        "class A(Layer):\n    def __init__(self, ws):\n        super().__init__(); self.ws = ws; self.d = Dense(3 if type(self.ws) is list else 5)\n    def call(self, x): return self.d(x)\nm = Sequential([Input((4,)), A([1])])",
        "in which Keras 2 and 3 differ",
    ),
    "the class of a tuple that is an attribute": (
        "class A(Layer):\n    def __init__(self, ws):\n        super().__init__(); self.ws = ws; self.d = Dense(3 if type(self.ws) is tuple else 5)\n    def call(self, x): return self.d(x)\nm = Sequential([Input((4,)), A((1, 2))])",
        "in which Keras 2 and 3 differ",
    ),
    "a layer set past Keras by object.__setattr__": (
        "class A(Layer):\n    def __init__(self): super().__init__(); object.__setattr__(self, 'a', Dense(3))\n    def call(self, x): return self.a(x)\nm = Sequential([Input((4,)), A()])",
        "past its attributes",
    ),
    "a layer put in another's place after it was built": (
        "class B(Layer):\n    def __init__(self, u): super().__init__(); self.d = Dense(u)\n    def call(self, x): return self.d(x)\ns = B(3); m = Sequential([Input((4,)), s]); s.d = Dense(8)",
        "given a layer after it was called",
    ),
    "TimeDistributed of a layer whose shape Keras 3 infers without its call": (
        "class B(Layer):\n    def __init__(self, u): super().__init__(); self.d = Dense(u)\n    def call(self, x): return self.d(x)\n    def compute_output_shape(self, s): return (*s[:-1], 5)\ni = Input((5, 4)); m = Model(i, Dense(2)(TimeDistributed(B(5))(i)))",
        "leaves the layer 'dense_1' unbuilt",
    ),
    "a convolution that its own build makes for other channels": (
        "class C(Conv2D):\n    def build(self, s): super().build((None, None, None, 1))\n    def call(self, x): return super().call(x[..., :1])\nm = Sequential([Input((8, 8, 3)), C(4, 3)])",
        "for another shape than that of its input",
    ),
    "a list that a Lambda ran by, changed before the next layer comes": (
        "sizes = [3]\nm = Sequential([Input((4,)), Lambda(lambda x: x[:, :sizes[0]])])\nsizes[0] = 2\nm.add(Dense(1))",
        "sizes, by which",
    ),
    "an attribute of a class that a Lambda ran by, changed before the next layer comes": (
        "class C: n = 3\nm = Sequential([Input((4,)), Lambda(lambda x: x[:, :C.n])])\nC.n = 2\nm.add(Dense(1))",
        "C.n, by which",
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


@pytest.mark.parametrize("operation", ["x + p", "p + x", "p * x", "keras.ops.maximum(p, x)", "p - x"])
def test_a_size_that_one_operand_names_is_that_of_the_result(operation):
    text = (
        "class P(Layer):\n    def __init__(self):\n        super().__init__(); self.e = Embedding(6, 3)\n"
        "    def call(self, x):\n        x = keras.ops.reshape(x, (keras.ops.shape(x)[0], -1, 3))\n"
        f"        p = self.e(keras.ops.expand_dims(keras.ops.arange(6), 0))\n        return {operation}\n"
        "i = Input((2, 9)); m = Model(i, Dense(2)(P()(i)))"
    )
    assert analyze(HEAD + text)["outputs"][0]["shape"] == [None, 6, 2]


@pytest.mark.parametrize(
    "given",
    ["ops.tile(q, [b, 1, 1])", "ops.tile(q, (b, 1, 1))", "ops.repeat(q, b, axis=0)", "tf.repeat(q, b, axis=0)",
     "tf.tile(q, [b, 1, 1])", "ops.broadcast_to(q, (b, 3, 4))"],
)  # fmt: skip
def test_what_is_repeated_for_the_batch_has_its_size(given):
    text = (
        "from keras import ops\nclass Q(Layer):\n    def build(self, s): self.q = self.add_weight(shape=(1, 3, s[-1]))\n"
        f"    def call(self, x):\n        b = ops.shape(x)[0]; q = self.q\n        return {given}\n"
        "i = Input((7, 4)); m = Model(i, Q()(i))"
    )
    assert analyze(HEAD + text)["outputs"][0]["shape"] == [None, 3, 4]
