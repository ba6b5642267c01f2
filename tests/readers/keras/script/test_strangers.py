"""Ways in which scripts of strangers make and keep their models; the numbers are those of Keras."""

import pytest

from layercalc import Refused, analyze, catalogue
from layercalc.layers.keras.base import KERAS
from layercalc.limits import Limits
from layercalc.readers.keras.script.containers import WEIGHTLESS

HEAD = "import keras\nfrom keras import *\nfrom keras.layers import *\nimport numpy as np\nimport tensorflow as tf\n"
PATCHES = (
    "class Patches(Layer):\n    def __init__(self, p): super().__init__(); self.p = p\n    def call(self, images):\n"
    "        s = keras.ops.shape(images); b = s[0]; h = s[1] // self.p; w = s[2] // self.p; c = s[3]\n"
    "        found = keras.ops.image.extract_patches(images, size=self.p)\n"
    "        return keras.ops.reshape(found, (b, h * w, self.p * self.p * c))\n"
)
PAIR = "a = Sequential([Input((8,)), Dense(3)]); b = Sequential([Input((3,)), Dense(8)])\n"
HOLDER = "class H(Model):\n    def __init__(self, a, b): super().__init__(); self.a = a; self.b = b\n"
STEP = "    def train_step(self, data): return {}\n"
WATCH = "class W(callbacks.Callback):\n    def on_epoch_end(self, epoch, logs=None): self.model.a{}\n"
FIT = "h = H(a, b); h.compile('adam'); h.fit(np.zeros((4, 8)), callbacks=[W()])"
HELD = {  # models for a training step, and which of those that they hold is the model
    "no call": (PAIR + HOLDER + STEP + "h = H(a, b); h.compile('adam'); h.fit(np.zeros((9, 8)))", "b"),
    "a call of one of two": (PAIR + HOLDER + "    def call(self, x): return self.a(x)\nh = H(a, b)", "b"),
    "a callback that calls one": (PAIR + HOLDER + STEP + WATCH.format("(np.zeros((1, 8)))") + FIT, "b"),
    "a callback that compiles the other": (PAIR + HOLDER + STEP + WATCH.format('.compile("sgd")') + FIT, "b"),
    "a callback that saves one": (PAIR + HOLDER + STEP + WATCH.format(".save('a.keras')") + FIT, "b"),
}
OWN_CALLBACK = (  # a callback of the text's own, with a method that changes what it has
    "class C(callbacks.Callback):\n    def __init__(self, other): self.other = other\n"
    "    def set_model(self, model): self.m = model; {}\n    def on_epoch_end(self, e, logs=None): {}.add(Dense(9))\n"
    "n = Sequential([Input((8,)), Dense(3)]); m = Sequential([Input((8,)), Dense(4)])\n"
)
CHANGED_BY_CALLBACKS = {
    "a model that it was given": ("pass", "self.other", "n.fit(x, y, callbacks=[C(m)]); m.fit(x, y)"),
    "by position": ("pass", "self.other", "n.fit(x, y, 8, 1, 1, [C(m)]); m.fit(x, y)"),
    "the model of set_model": ("pass", "self.m", "c = C(n); m.fit(x, y, callbacks=[c])"),
    "the model of super's set_model": ("super().set_model(model)", "self.model", "m.fit(x, y, callbacks=[C(n)])"),
    "the model by the callback": (
        "super().set_model(model)",
        "n",
        "c = C(n); m.fit(x, callbacks=[c]); c.model.add(Dense(2))",
    ),
    "by what evaluates": ("pass", "self.other", "n.evaluate(x, y, callbacks=[C(m)]); m.fit(x, y)"),
    "by something unknown": ("pass", "self.other", "run(C(m)); m.fit(x, y)"),
}
NOT_HELD = {
    "models without names": (
        HOLDER + "h = H(Sequential([Input((8,)), Dense(3)]), Sequential([Input((3,)), Dense(8)]))",
        "Name with `entry` one of h.a, h.b",
    ),
    "layers beside the models": (
        "a = Sequential([Input((8,)), Dense(3)])\n" + HOLDER + STEP + "h = H(a, Dense(3))",
        "has no `call` to follow",
    ),
    "a callback that locks one": (
        PAIR + HOLDER + STEP + WATCH.format(".trainable = False").replace("model.a", "model.b") + FIT,
        "a callback may have",
    ),
}
READ = {  # the parameters, those that train, and the output shape
    "a gate for each channel, of an input without a batch": (
        "i = Input((9, 9, 3))\nx = Conv2D(8, 3)(i)\ns = Dense(8)(GlobalAveragePooling2D()(x))\nm = Model(i, Conv2D(2, 1)(x * s))",
        (224 + 72 + 18, 224 + 72 + 18, [None, 7, 7, 2]),
    ),
    "sizes of TensorFlow 1": (
        "i = Input((8,))\nx = Dense(i.shape[-1].value * 2)(i)\ntry: n = x.get_shape()[1].value\nexcept AttributeError: n = x.shape[1]\n"
        "m = Model(i, Dense(n // 4)(x))",
        (144 + 68, 144 + 68, [None, 4]),
    ),
    "layers where TensorFlow 2.3 had them": (
        "from tensorflow.keras.layers.experimental import preprocessing\nm = Sequential([Input((8, 8, 3)), "
        "preprocessing.Rescaling(1 / 255), tf.keras.layers.experimental.preprocessing.Resizing(*(4, 4)), Conv2D(2, 3)])",
        (56, 56, [None, 2, 2, 2]),
    ),
    "an activation of JAX": (
        "import jax\nfrom jax import nn\nm = Sequential([Input((8,)), Dense(4, jax.nn.relu), Dense(2, activation=nn.softmax)])",
        (46, 46, [None, 2]),
    ),
    "integers by the name of Python's": (
        "i = Input((5,), dtype='int')\nm = Model(i, Embedding(9, 4)(i))",
        (36, 36, [None, 5, 4]),
    ),
    "hyperparameters at their defaults": (
        "import keras_tuner as kt\ndef build(hp):\n    m = Sequential([Input((8,))])\n"
        "    for i in range(hp.Int('layers', 2, 3)): m.add(Dense(hp.Int('units', min_value=4, max_value=9)))\n"
        "    if hp.Boolean('wide'): m.add(Dense(100))\n    if hp.Boolean('deep', default=True): m.add(Dense(5))\n"
        "    m.add(Dense(hp.Choice('out', [3, 2], default=2) + hp.Fixed('one', 1) + hp.Int('units', 70, 80)))\n"
        "    m.compile(optimizers.Adam(hp.Float('rate', 1e-4, 1e-2)))\n    return m\n"
        "m = build(kt.HyperParameters())",
        (36 + 20 + 25 + 42, 36 + 20 + 25 + 42, [None, 7]),
    ),
    "a model for each fold": (
        "from sklearn.model_selection import KFold\nscores = []\n"
        "for train, test in KFold(4, shuffle=True).split(x):\n"
        "    m = Sequential([Dense(len(scores) + 2, input_shape=(7,))]); m.fit(x[train], y[train]); scores.append(1)",
        (40, 40, [None, 5]),
    ),
    "a callback whose method the text calls too": (
        "class C(callbacks.Callback):\n    def __init__(self, model, n):\n        super().__init__(); self.other = model; self.n = n\n"
        "    def set_model(self, model): super().set_model(model)\n"
        "    def show(self): self.other.predict(np.zeros((1, 8))); return self.n\n"
        "    def on_epoch_end(self, epoch, logs=None):\n        super().on_epoch_end(epoch, logs); self.show()\n"
        "        self.model.stop_training = True\n"
        "m = Sequential([Input((8,)), Dense(3)]); c = C(m, 4); m.fit(x, y, callbacks=[c]); m.add(Dense(c.show()))",
        (27 + 16, 27 + 16, [None, 4]),
    ),
    "batches of a sequence of the text's own": (
        "class S(keras.utils.Sequence):\n    def __init__(self, n): self.n = n\n    def __len__(self): return self.n\n"
        "    def __getitem__(self, i): return read(i)\n"
        "m = Sequential([Input((8,)), Dense(3)]); s = S(5); m.fit(s)\n"
        "for a, b in s: m.train_on_batch(a, b)\nm.add(Dense(len(s)))",
        (27 + 20, 27 + 20, [None, 5]),
    ),
    "a table of numbers that takes many steps": (
        "t = np.array([[p / np.power(10000, 2 * (j // 2) / 128) for j in range(128)] for p in range(512)])\n"
        "rows = [[i * j for j in range(400)] for i in range(500)]\n"
        "m = Sequential([Input((5,)), Embedding(512, 128, weights=[t]), Dense(len(rows))])",
        (130036, 130036, [None, 5, 500]),
    ),
    "layers named by the names of tensors": (
        "i = Input((5,)); x = Dense(4, name='first')(i)\n"
        "x = Dense(3, name=x.name.split('/')[0] + '_more')(x)\nm = Model(i, Dense(2, name=f'{x.name}_out')(x))",
        (24 + 15 + 8, 24 + 15 + 8, [None, 2]),
    ),
    "a function that cannot be followed makes layers": (
        "def fill():\n    names = yield Sequential([Dense(3)]), Model\n    names[0].trainable = False\n"
        "run(fill)\nm = Sequential([Input((5,)), Dense(2)])",
        (12, 12, [None, 2]),
    ),
    "rates of drops along the depth": (
        "m = Sequential([Input((4,))])\nfor d in [x for x in tf.linspace(0.0, 0.1, 3)]:\n"
        "    m.add(Dense(3 if d > 0.0 else 5))\n    if d > 0.0: m.add(Dropout(d))\nm.add(Dense(len(m.layers)))",
        (25 + 18 + 12 + 20, 25 + 18 + 12 + 20, [None, 5]),
    ),
    "a shape as an array": (
        "i = Input((8, 8, 2)); x = Conv2D(3, 3, padding='same')(i); s = np.array(x.shape[1:])\n"
        "m = Model(i, Reshape(s)(Dense(np.prod(s))(Flatten()(x))))",
        (57 + 192 * 193, 57 + 192 * 193, [None, 8, 8, 3]),
    ),
    "transposed convolutions as Keras 2.0 has them": (
        "from keras.layers.convolutional import Deconv2D\nm = Sequential([Input((8, 8, 3))])\n"
        "m.add(Deconv2D(5, (3, 3), output_shape=(None, 16, 16, 5), strides=(2, 2), padding='same'))\n"
        "m.add(Conv2DTranspose(6, 3, strides=2, padding='same', output_shape=(32, 32, 6)))",
        (140 + 276, 140 + 276, [None, 32, 32, 6]),
    ),
    "a layer that two branches make alike": (
        "import os\nif os.path.isfile('w.h5'): e = Embedding(70, 8)\nelse: e = Embedding(70, 8, weights=[np.zeros((70, 8))])\n"
        "a, b = Input((5,)), Input((5,))\nm = Model([a, b], Dense(2)(concatenate([Flatten()(e(a)), Flatten()(e(b))])))",
        (560 + 162, 560 + 162, [None, 2]),
    ),
    "the help of a parser": (
        "import argparse\np = argparse.ArgumentParser(); p.add_argument('--units', type=int, default=3)\n"
        "p.print_help(); print(p.format_usage())\nm = Sequential([Input((4,)), Dense(p.parse_args().units)])",
        (15, 15, [None, 3]),
    ),
    "a batch of shape() in a reshape": (
        PATCHES + "i = Input((32, 32, 3)); m = Model(i, Dense(4)(Patches(4)(i)))",
        (196, 196, [None, 64, 4]),
    ),
    "a batch of shape() in broadcast_to": (
        "class C(Layer):\n    def build(self, s): self.t = self.add_weight(shape=(1, 1, s[-1]))\n    def call(self, x):\n"
        "        t = keras.ops.broadcast_to(self.t, [keras.ops.shape(x)[0], 1, 8])\n"
        "        return keras.ops.concatenate([t, x], axis=1)\n"
        "i = Input((5, 8)); m = Model(i, Dense(4)(C()(i)))",
        (44, 44, [None, 6, 4]),
    ),
    "a layer of strings beside the model": (
        "tv = TextVectorization(100)\ntv.adapt(['a b'])\nv = tv.get_vocabulary()\nids = tv(['a'])\n"
        "m = Sequential([Input((5,)), Embedding(100, 4), Flatten(), Dense(2)])",
        (442, 442, [None, 2]),
    ),
    "a mask of numbers, tiled over the batch": (
        "class C(Layer):\n    def __init__(self): super().__init__(); self.a = MultiHeadAttention(2, 4)\n"
        "    def call(self, x):\n        s = keras.ops.shape(x); b, n = s[0], s[1]\n"
        "        i = keras.ops.arange(n)[:, None]; j = keras.ops.arange(n)\n"
        "        mask = keras.ops.reshape(keras.ops.cast(i >= j - n + n, 'bool'), [1, n, n])\n"
        "        mult = keras.ops.concatenate([keras.ops.expand_dims(b, -1), keras.ops.convert_to_tensor([1, 1])], 0)\n"
        "        return self.a(x, x, attention_mask=keras.ops.tile(mask, mult))\n"
        "i = Input((6, 8)); m = Model(i, Dense(2)(C()(i)))",
        (306, 306, [None, 6, 2]),
    ),
    "the size that is left beside the batch": (
        "class P(Layer):\n    def call(self, x): return keras.ops.reshape(x, (keras.ops.shape(x)[0], -1, 12))\n"
        "i = Input((16, 16, 12)); x = P()(i); m = Model(i, Dense(x.shape[1])(x))",
        (3328, 3328, [None, 256, 256]),
    ),
    "arrays compared": (
        "a = np.arange(4)[:, None] >= np.arange(6)\nm = Sequential([Input((4,)), Dense(a.shape[1])])",
        (30, 30, [None, 6]),
    ),
    "a model of the text's own around one whole model": (
        "class Z(Model):\n    def __init__(self): super().__init__(); self.net = Sequential([Input((8,)), Dense(3)])\n"
        "    def call(self, x): return self.net(x) * 2\nm = Z()",
        (27, 27, [None, 3]),
    ),
    "an autoencoder that calls both of its models": (
        PAIR + HOLDER + "    def call(self, x): return self.b(self.a(x))\nm = H(a, b)",
        (59, 59, [None, 8]),
    ),
    "a student that a class without `call` holds": (
        "model = keras.Sequential([layers.Dense(3, input_shape=(4,))])\nclass Distiller(keras.Model):\n"
        "    def __init__(self, student):\n        super().__init__()\n        self.student = student\n"
        "    def compile(self, optimizer, alpha=0.1):\n        super().compile(optimizer=optimizer)\n"
        "        self.alpha = alpha\n    def train_step(self, data):\n        return {}\n"
        "d = Distiller(model)\nd.compile(optimizer='adam')\nd.fit(x, y)",
        (15, 15, [None, 3]),
    ),
    "Layer.__init__(self)": (
        "class A(Layer):\n    def __init__(self, n): Layer.__init__(self); self.d = Dense(n)\n"
        "    def call(self, x): return self.d(x)\nm = Sequential([Input((4,)), A(3)])",
        (15, 15, [None, 3]),
    ),
    "keras.Model.__init__(self)": (
        "class A(keras.Model):\n    def __init__(self, n): keras.Model.__init__(self); self.d = Dense(n)\n"
        "    def call(self, x): return self.d(x)\nm = A(3); m.build((None, 4))",
        (15, 15, [None, 3]),
    ),
    "a class of typing.NamedTuple": (
        "from typing import NamedTuple\nclass C(NamedTuple):\n    units: int\n    rate: float = 0.5\nc = C(units=3)\n"
        "m = Sequential([Input((4,)), Dense(c.units), Dropout(c.rate)])",
        (15, 15, [None, 3]),
    ),
    "arguments that the text parses itself": (
        "import argparse\np = argparse.ArgumentParser(); p.add_argument('-u', '--units', type=int, default=3)\n"
        "p.add_argument('--deep', action='store_true'); p.add_argument('--name', default='x')\n"
        "a = p.parse_args('--units=7 --deep'.split())\n"
        "m = Sequential([Input((4,)), Dense(a.units + a.deep + len(a.name))])",
        (45, 45, [None, 9]),
    ),
    "a partial function that gets a name": (
        "import functools\ndef f(n, k): return n * k\np = functools.partial(f, 2)\np.__name__ = 'double'\n"
        "m = Sequential([Input((4,)), Dense(p(3)), Dense(len(p.__name__))])",
        (72, 72, [None, 6]),
    ),
    "a string that is another": (
        "mode = 'big'\nm = Sequential([Input((4,)), Dense(9 if mode is 'big' else 3)])",
        (45, 45, [None, 9]),
    ),
    "a model from a file that only predicts": (
        "m = Sequential([Input((4,)), Dense(3)])\nbest = keras.models.load_model('best.keras')\n"
        "best.predict(np.zeros((1, 4)))",
        (15, 15, [None, 3]),
    ),
    "dropout by a function": (
        "class D(Layer):\n    def __init__(self, r):\n        super().__init__(); self.r = r\n"
        "        self.seed_generator = keras.random.SeedGenerator(1)\n"
        "    def call(self, x): return keras.random.dropout(x, self.r, seed=self.seed_generator)\n"
        "m = Sequential([Input((4,)), D(0.5), Dense(2)])",
        (10, 10, [None, 2]),
    ),
    "sines of frequencies that are spaced evenly": (
        "def emb(x):\n    f = keras.ops.exp(keras.ops.linspace(keras.ops.log(1.0), keras.ops.log(1000.0), 8))\n"
        "    a = keras.ops.cast(2.0 * np.pi * f, 'float32')\n"
        "    return keras.ops.concatenate([keras.ops.sin(a * x), tf.cos(a * x)], axis=3)\n"
        "i = Input((1, 1, 1)); m = Model(i, Dense(2)(Lambda(emb)(i)))",
        (34, 34, [None, 1, 1, 2]),
    ),
    "a model of two inputs in one of the text's own": (
        "a = Input((8,)); b = Input((8,)); t = Dense(3); net = Model([a, b], Dot(1)([t(a), t(b)]))\n"
        "class S(Model):\n    def __init__(self, n): super().__init__(); self.n = n\n"
        "    def call(self, inputs): return self.n(inputs)\nm = S(net)",
        (27, 27, [None, 1]),
    ),
    "axes of a plot, raveled": (
        "import matplotlib.pyplot as plt\nfig, axes = plt.subplots(2)\nfor ax in np.ravel(axes): ax.axis('off')\n"
        "m = Sequential([Input((5,)), Dense(2)])",
        (12, 12, [None, 2]),
    ),
}


@pytest.mark.parametrize(("text", "name"), HELD.values(), ids=HELD)
def test_of_models_for_a_training_step_the_last_is_answered_for(text, name):
    report = analyze(HEAD + text)
    assert (report["model"]["entry"], report["totals"]["params"]) == (name, 32)
    assert "b is answered for, which H holds for its training; name with `entry` a" in str(report["warnings"])
    assert analyze(HEAD + text, entry="h.a")["totals"]["params"] == 27


@pytest.mark.parametrize(("text", "why"), NOT_HELD.values(), ids=NOT_HELD)
def test_which_of_several_models_is_meant_is_asked(text, why):
    with pytest.raises(Refused) as caught:
        analyze(HEAD + text)
    assert why in caught.value.errors[0]["detail"]


@pytest.mark.parametrize(("set_model", "changed", "use"), CHANGED_BY_CALLBACKS.values(), ids=CHANGED_BY_CALLBACKS)
def test_what_a_callback_of_the_text_changes_is_not_answered(set_model, changed, use):
    try:
        report = analyze(HEAD + OWN_CALLBACK.format(set_model, changed) + use)
    except Refused as error:
        assert "is not known from here on" in error.errors[0]["detail"]
    else:
        assert report["totals"]["params"] == 36 + 10, "only where the text itself adds"


PREPARED = {  # operations on each number of an image, and the module that prepares it so
    "vgg16": 1, "resnet50": 1, "mobilenet_v2": 2, "resnet_v2": 2, "densenet": 3, "efficientnet": 0,
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_a_script_of_a_stranger_is_read(text, expected):
    report = analyze(HEAD + text)
    totals = report["totals"]
    assert (totals["params"], totals["trainable_params"], report["outputs"][0]["shape"]) == expected


@pytest.mark.parametrize(("module", "each"), PREPARED.items())
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_images_are_prepared_as_the_network_wants_them(module, each, layout):
    shape = (32, 32, 3) if layout == "channels_last" else (3, 32, 32)
    call = f"keras.applications.{module}.preprocess_input(i, data_format={layout!r})"
    report = analyze(f"i = Input({shape})\nm = Model(i, Flatten()({call}))")
    assert report["outputs"][0]["shape"] == [None, 3072]
    assert report["totals"]["flops"] == each * 3072


def test_images_that_are_data_stay_data():
    text = (
        "x = keras.applications.vgg16.preprocess_input(np.zeros((8, 32, 32, 3)))\nm = Sequential([Input(x.shape[1:])])"
    )
    assert analyze(HEAD + text + "\nm.add(Conv2D(4, 3))")["totals"]["params"] == 112


MODEL = "\nm = Sequential([Input((4,)), Dense(3)])"


@pytest.mark.parametrize("item", ["None", "keras.activations.linear"])
def test_an_activation_that_is_taken_away_later_is_not_counted(item):
    layers = "m = Sequential([Input((4,)), Dense(3, activation={})])\n"
    plain = analyze(HEAD + layers.format("None"))["totals"]["flops"]
    assert analyze(HEAD + layers.format("'softmax'"))["totals"]["flops"] > plain
    assert analyze(HEAD + layers.format("'softmax'") + f"m.layers[-1].activation = {item}")["totals"]["flops"] == plain


NOT_ALIKE = {  # layers that a branch makes or not, or makes otherwise
    "another size": "if flag: e = Dense(4)\nelse: e = Dense(5)",
    "one from before": "e = k = Dense(4)\nif flag: e = Dense(4)",
    "one from before of the same name": "e = k = Dense(4, name='a')\nif flag: e = Dense(4, name='a')",
    "names counted anew": "e = k = Dense(4)\nkeras.backend.clear_session()\nif flag: e = Dense(4)",
    "one that is locked": "if flag:\n    e = Dense(4)\n    e.trainable = False\nelse: e = Dense(4)",
    "one that is called": "if flag:\n    e = Dense(4)\n    y = e(i)\nelse: e = Dense(4)",
    "one that something unknown has": "if flag:\n    e = Dense(4)\n    run(e)\nelse: e = Dense(4)",
}
UNKNOWN = [
    "visual.save_gan(m)",
    "show_images(m, 3)",
    "from utils import plotHistory\nplotHistory([m])",
    "u.v.print_all({'a': m.add})",
    "visual.gan_save(m)",
    "saved(m)",
    "printer(m)",
    "draw_on(m).run(m)",
    "plotting.prune(m)",
    "plot_it(lambda: m.add(Dense(2)))",
]


@pytest.mark.parametrize("made", NOT_ALIKE.values(), ids=NOT_ALIKE)
def test_a_layer_that_may_be_one_of_several_is_refused(made):
    with pytest.raises(Refused) as caught:
        analyze(HEAD + f"i = Input((4,))\n{made}\nm = Model(i, e(i))")
    assert "line " in caught.value.errors[0]["detail"]


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_unknown_callees_have_changed_is_not_known(text):
    with pytest.raises(Refused, match="is not known from here on"):
        analyze(HEAD + "m = Sequential([Input((4,)), Dense(3)])\n" + text)


@pytest.mark.parametrize("use", ["pop()", "remove(m.layers[0])", "append(Dense(2))"])
def test_what_changes_the_list_of_layers_is_told_with_what_to_write_instead(use):
    with pytest.raises(Refused) as caught:
        analyze(HEAD + f"m = Sequential([Input((4,)), Dense(3), Dense(2)])\nm.layers.{use}")
    (fault,) = caught.value.errors
    assert "changes the model in old versions of Keras and nothing in later ones" in fault["detail"]
    assert "write model.pop()" in fault["detail"]
    assert fault["line"] == 7


UNKNOWN = {
    "a class that a function which cannot be followed may change": (
        "def fill():\n    kinds = yield [Dense]\n    [Dense][0].call = None\nrun(fill)\nn = 3",
        "the class Dense is not known",
    ),
    "a string that is computed": ("mode = ''.join(['b', 'ig'])\nn = 9 if mode is 'big' else 3", "mode is 'big'"),
    "an option by a part of its name": (
        "import argparse\np = argparse.ArgumentParser(); p.add_argument('--units', type=int)\n"
        "n = p.parse_args(['--unit', '7']).units",
        "p.parse_args",
    ),
    "an option past its choices": (
        "import argparse\np = argparse.ArgumentParser(); p.add_argument('--units', type=int, choices=[3])\n"
        "n = p.parse_args(['--units', '7']).units",
        "p.parse_args",
    ),
    "a method of a named tuple": (
        "from typing import NamedTuple\nclass C(NamedTuple):\n    u: int\n    def n(self): return self.u * 2\nn = C(3).n()",
        "C(3).n()",
    ),
    "the layers of a model from a file": ("n = len(keras.models.load_model('a.keras').layers)", "load_model()"),
    "a method that a convolution calls": (
        "class C(Conv2D):\n    def convolution_op(self, x, k): return super().convolution_op(x, k * 2)\nn = C(4, 3)(Input((8, 8, 3)))",
        "C defines convolution_op",
    ),
}


@pytest.mark.parametrize(("text", "why"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_followed_decides_no_model(text, why):
    with pytest.raises(Refused) as caught:
        analyze(HEAD + text + "\nm = Sequential([Input((4,)), Dense(n)])")
    assert why in caught.value.errors[0]["detail"]


LONG = [
    "rows = [i for i in range(3000)]\nfor row in rows:\n    for j in range(9): row * j",
    "i = 0\nwhile i < 10**6: i += 1",
    "import random\nfor i in list(range(900)):\n    x = np.divide([random.random()], 3); y = np.sum([x, x])",
    "words = {}\nfor i in enumerate(list(range(3000))):\n    words[i[0]] = i[0] * i[1]",
]


@pytest.mark.parametrize("text", LONG)
def test_a_long_loop_that_makes_no_part_of_a_model_is_not_followed_to_its_end(text):
    assert analyze(HEAD + text + MODEL, limits=Limits(max_script_steps=40_000))["totals"]["params"] == 15


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "n = 0\nfor i in list(range(9999)): n += 1\nm = Sequential([Input((4,)), Dense(n)])",
            "a tenth of what is left of the 40,000",
        ),
        (
            "n = 0\nwhile n < 9999: n += 1\nm = Sequential([Input((4,)), Dense(n)])",
            "a tenth of what is left of the 40,000",
        ),
        ("while True: pass" + MODEL, "more than 40,000 steps"),
    ],
)
def test_what_a_long_loop_makes_decides_no_model(text, told):
    with pytest.raises(Refused) as caught:
        analyze(HEAD + text, limits=Limits(max_script_steps=40_000))
    assert told in caught.value.errors[0]["detail"]


def test_a_loop_that_makes_layers_may_take_more_than_a_tenth():
    text = (
        "m = Sequential([Input((4,))])\nfor i in list(range(9)):\n    for j in range(200): j * j\n    m.add(Dense(4))"
    )
    assert analyze(HEAD + text, limits=Limits(max_script_steps=15_000))["totals"]["params"] == 180


BESIDE = [kind for kind in KERAS.kinds.values() if kind.type in WEIGHTLESS or kind.type.startswith("Random")]


@pytest.mark.parametrize("kind", [kind for kind in BESIDE if not kind.is_input], ids=lambda kind: kind.type)
def test_layers_that_may_stand_beside_whole_models_have_no_weights(kind):
    example = catalogue.example(kind)
    inputs = [{"name": f"x{i}", "batch_shape": shape} for i, shape in enumerate(example["input_shapes"])]
    layer = {**example["layer"], "inputs": [one["name"] for one in inputs]}
    (row,) = analyze({"inputs": inputs, "layers": [layer]})["layers"]
    assert row["weights"] == []


def test_every_layer_that_may_stand_beside_whole_models_is_one():
    assert {kind.type for kind in BESIDE} >= WEIGHTLESS
