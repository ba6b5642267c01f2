"""Models that get their input shape of a tf.data set on whose elements the text calls or trains them."""

import pytest

from layercalc import Refused, analyze

HEAD = (
    "import keras\nfrom keras import *\nfrom keras.layers import *\nimport numpy as np\nimport tensorflow as tf\n"
    "(x, y), _ = tf.keras.datasets.mnist.load_data()\nx = x[..., None] / 255.\n"
    "class M(Model):\n    def __init__(self):\n        super().__init__()\n        self.f = Flatten()\n"
    "        self.d = Dense(10)\n    def call(self, x): return self.d(self.f(x))\n"
)
SLICES = "s = tf.data.Dataset.from_tensor_slices((x, y))"
LOOP = "m = M()\nfor e in range(3):\n    for image, label in s: m(image, training=True)\n"
FIT = "m = M()\nm.compile('adam')\nm.fit(s)\n"
FLAT = "def f(a, b): return tf.reshape(tf.cast(a, tf.float32), [-1])[:700], tf.one_hot(b, 10)\n"
DIRECTORY = "image_dataset_from_directory('d', image_size=(20, 30)"
READ = {  # the parameters
    "a loop over batches": (SLICES + ".shuffle(100).batch(32)\n" + LOOP, 7850),
    "batches in a step of its own": (
        SLICES + ".batch(32)\nm = M()\n@tf.function\ndef step(a, b):\n    with tf.GradientTape() as t: p = m(a)\n"
        "for i, (a, b) in enumerate(s): step(a, b)\n",
        7850,
    ),
    "the first of a data set": (SLICES + ".batch(32)\nm = M()\na, b = next(iter(s))\nm(a)\n", 7850),
    "fit": (SLICES + ".cache().repeat().batch(9, drop_remainder=True).prefetch(tf.data.AUTOTUNE)\n" + FIT, 7850),
    "a function of each element": (FLAT + SLICES + ".map(f).batch(32)\n" + FIT, 7010),
    "what is taken and left": (SLICES + ".batch(32)\ns = s.skip(5).take(3)\n" + LOOP, 7850),
    "two side by side": (
        "a = tf.data.Dataset.from_tensor_slices(x)\ns = tf.data.Dataset.zip((a, a)).batch(2)\n" + LOOP,
        7850,
    ),
    "elements with numbers": (SLICES + ".batch(8)\nm = M()\nfor i, (a, b) in s.enumerate(): m(a)\n", 7850),
    "a dict": (
        "s = tf.data.Dataset.from_tensor_slices({'a': x}).batch(8)\nm = M()\nfor one in s: m(one['a'])\n",
        7850,
    ),
    "images of a directory": (f"s = keras.utils.{DIRECTORY})\n" + FIT, 18010),
    "grey images, of two parts": (
        f"s, v = keras.utils.{DIRECTORY}, color_mode='grayscale', subset='both', validation_split=0.2, seed=1)\n"
        + LOOP,
        6010,
    ),
    "images that are changed by a layer": (
        f"r = Resizing(5, 5)\ns = keras.utils.{DIRECTORY}).map(lambda a, b: (r(a), b))\n" + FIT,
        760,
    ),
    "rows filled in a loop": (
        "(t, y), _ = keras.datasets.imdb.load_data(num_words=50)\ndef f(t):\n    r = np.zeros((len(t), 50))\n"
        "    for i, one in enumerate(t): r[i][one] = 1.\n    return r\n"
        "m = Sequential([Dense(3)])\nm.compile('adam')\nm.fit(f(t), y)\n",
        153,
    ),
    "a model called on rows by chance, ten thousand times": (
        "m = M()\nfor i in range(10000):\n    a = x[np.random.choice(x.shape[0], 64)]\n    b = m(a, training=True)\n",
        7850,
    ),
    "noise by its place": ("m = Sequential([Dense(3)])\nm.predict(np.random.normal(0, 1, (16, 100)))\n", 303),
    "rows in another order": ("p = np.random.permutation(100)\nm = M()\nm(x[p][:9])\n", 7850),
    "a model in a function, with models in a model in it": (
        "class B(Model):\n    def __init__(self):\n        super().__init__()\n        self.d = Dense(4)\n"
        "    def call(self, x): return self.d(x)\nclass R(Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.b = Sequential([B(), B()])\n    def call(self, x): return self.b(x)\n"
        "def main():\n    m = R()\n    m.build((None, 3))\n    m.summary()\nif __name__ == '__main__': main()\n",
        36,
    ),
    "a layer that derives from that of Add": (
        "from keras.layers.merge import _Merge\nclass W(_Merge):\n    def _merge_function(self, inputs):\n"
        "        return inputs[0] * 0.3 + inputs[1] * 0.7\na = Input((4,)); b = Input((4,))\n"
        "m = Model([a, b], Dense(3)(W()([a, b])))\n",
        15,
    ),
    "digits, split and scaled": (
        "from sklearn import datasets\nfrom sklearn.model_selection import train_test_split\n"
        "from sklearn.preprocessing import StandardScaler\nd = datasets.load_digits()\n"
        "y = keras.utils.to_categorical(d.target)\na, b, c, d = train_test_split(d.data, y, test_size=0.2)\n"
        "s = StandardScaler()\na = s.fit_transform(a)\n"
        "m = Sequential([Dense(3, input_dim=a.shape[1]), Dense(c.shape[1])])\n",
        235,
    ),
    "points that are made": (
        "from sklearn.datasets import make_moons, make_classification\na, b = make_moons(n_samples=50, noise=0.1)\n"
        "c, d = make_classification(100, n_features=7)\nm = Sequential([Dense(c.shape[1])])\nm.compile('adam')\n"
        "m.fit(a, b)\n",
        21,
    ),
    "an unknown number of rows": (
        "r = np.loadtxt('f').reshape(-1, 4)\nr = tf.cast(r, tf.float32)\nm = Sequential([Dense(3)])\nm.compile('adam')\n"
        "m.fit(tf.concat([r, r], 1), y)\n",
        27,
    ),
}
REFUSED = {
    "elements of which there may be none": (SLICES + ".batch(32)\ns = s.skip(int(open('n').read()))\n" + LOOP, "M"),
    "a function that is not followed": (SLICES + ".map(lambda a, b: (g(a), b)).batch(3)\n" + FIT, "M"),
    "a model that a function of elements may change": (
        "m = Sequential([Input((4,)), Dense(3)])\ndef f(a, b):\n    m.add(Dense(a.foo()))\n    return a, b\n"
        + SLICES
        + ".map(f)\n",
        "map()",
    ),
    "the classes of a part": (
        "from sklearn.datasets import load_iris\nfrom sklearn.model_selection import train_test_split\n"
        "x, y = load_iris(return_X_y=True)\na, b, c, d = train_test_split(x, y)\n"
        "m = Sequential([Input((4,)), Dense(keras.utils.to_categorical(c).shape[1])])\n",
        "a value that the text holds",
    ),
    "the size of the batch": (
        f"s = keras.utils.{DIRECTORY})\nfor a, b in s: m = Sequential([Input((4,)), Dense(len(a))])\n",
        "a value that the text holds",
    ),
}


@pytest.mark.parametrize(("text", "params"), READ.values(), ids=READ)
def test_a_data_set_tells_the_input_shape(text, params):
    assert analyze(HEAD + text)["totals"]["params"] == params


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_a_data_set_does_not_tell_is_refused(text, why):
    with pytest.raises(Refused) as caught:
        analyze(HEAD + text)
    assert why in caught.value.errors[0]["detail"]
