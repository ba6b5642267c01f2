"""What texts of Keras 2 write that Keras 3 refuses, so that it can only mean one thing; the numbers are Keras 2's."""

import pytest

from layercalc import Refused, analyze

HEAD = "import keras\nfrom keras import *\nfrom keras.layers import *\nimport numpy as np\nimport tensorflow as tf\n"
NET = (
    "from keras.applications import ResNet50\ni = Input((64, 64, 3))\nb = ResNet50(include_top=False, input_tensor=i)\n"
)
READ = {  # the parameters, the output shape, and what the text is told
    "an input by its name": (
        NET + "x = b.get_layer('input_1').output\nm = Model(i, Conv2D(4, 3)(x))",
        112,
        [None, 62, 62, 4],
        "",
    ),
    "a layer by the name of its part": (
        "b = keras.applications.DenseNet121(include_top=False, weights=None, input_shape=(64, 64, 3))\n"
        "m = Model(b.input, b.get_layer('conv1/relu').output)",
        9664,
        [None, 32, 32, 64],
        "",
    ),
    "a number as a shape": ("i = Input(shape=2)\nm = Model(i, Dense(3)(i))", 9, [None, 3], "a list of one, as Keras 2"),
    "windows of no size": (
        "m = Sequential([Input((8, 8, 3)), AveragePooling2D(), Conv2D(4, 3)])",
        112,
        [None, 2, 2, 4],
        "windows of 2 here, as Keras 2",
    ),
    "a layer that does nothing": (
        "m = Sequential()\nm.add(Layer(input_shape=(4,)))\nm.add(Dense(3))",
        15,
        [None, 3],
        "as it is, as Keras 2",
    ),
    "a name by position": (
        "class A(Model):\n    def __init__(self):\n        super().__init__('policy')\n        self.d = Dense(4)\n"
        "    def call(self, x): return self.d(x)\nm = A(); m.build(tf.TensorShape((None, *(5,))))",
        24,
        [None, 4],
        "left out, as Keras 2",
    ),
}
SAME = {  # what every version has: the parameters
    "attributes of the text's own": (
        "m = Sequential([Input((4,)), Dense(3)])\nm.classes = 7\nm.sizes = (2, 3)\nm._estimator_type = 'classifier'\n"
        "m.add(Dense(m.classes + m.sizes[1]))",
        55,
    ),
    "a shape as an object": (
        "s = tf.TensorShape([None, 4])\nm = Sequential([Input(s[1:]), Dense(s.as_list()[1])])",
        20,
    ),
    "how much to pad, in a tensor": (
        "class P(Layer):\n    def call(self, x):\n"
        "        x = tf.pad(x, tf.constant([[0, 0], [1, 2], [3, 3], [0, 0]]), 'REFLECT')\n"
        "        return keras.ops.pad(x, keras.ops.convert_to_tensor([[0, 0], [1, 1], [1, 1], [0, 0]]), mode='reflect')\n"
        "i = Input((8, 8, 3))\nx = P()(i)\nm = Model(i, Dense(x.shape[1] + x.shape[2])(x))",
        (3 + 1) * (13 + 16),
    ),
    "data less their mean along axes": (
        "x = np.zeros((9, 4, 5))\nx = (x - np.mean(x, axis=(0, 1))) / (np.std(x, axis=0) + 1e-7)\n"
        "m = Sequential([Input(x.shape[1:]), Dense(x.mean(axis=1, keepdims=True).shape[2])])",
        30,
    ),
    "whether it trains, which is not known": (
        "class B(BatchNormalization):\n    def call(self, x, training=False):\n"
        "        training = tf.logical_and(tf.constant(False), self.trainable)\n        return super().call(x, training)\n"
        "i = Input((4,))\nm = Model(i, Dense(3)(B()(i)))",
        31,
    ),
    "rows by number, of known numbers": (
        "a = np.array([(10, 13), (16, 30), (33, 23)], np.float32) / 416\nb = np.array([[1, 2], [0, 1]])\n"
        "i = Input((4, 2, 2))\nx = Lambda(lambda x: tf.exp(x) * a[b[0]])(i)\nm = Model(i, Dense(3)(x))",
        9,
    ),
    "repeats as often as there are steps": (
        "class A(Layer):\n    def call(self, x):\n        n = tf.shape(x)[1]\n"
        "        return tf.tile(x, [1, n, 1]), tf.repeat(tf.range(n), n), tf.tile(tf.range(4), [n])\n"
        "i = Input((None, 3))\na, b, c = A()(i)\nm = Model(i, [Dense(2)(a), b, c])",
        8,
    ),
    "call() on data": (
        "m = Sequential([Input((4,)), Dense(3)])\nm.call(tf.random.normal((2, 4)))\nfor x in data: m.layers[0].call(x)",
        15,
    ),
    "attention without a mask": (
        "class A(Layer):\n    def __init__(self):\n        super().__init__()\n        self.a = MultiHeadAttention(2, 4)\n"
        "    def call(self, x, mask=None):\n        if mask is not None: mask = mask[:, None]\n"
        "        return self.a(x, x, attention_mask=mask)\ni = Input((5, 4))\nm = Model(i, A()(i))",
        156,
    ),
    "positions of an unknown number of steps": (
        "class P(Layer):\n    def __init__(self):\n        super().__init__()\n"
        "        self.a = Embedding(50, 8); self.b = Embedding(9, 8)\n    def call(self, x):\n"
        "        return self.a(x) + self.b(tf.range(start=0, limit=tf.shape(x)[-1], delta=1))\n"
        "i = Input((None,), dtype='int64')\nm = Model(i, Dense(1)(P()(i)))",
        481,
    ),
    "a kernel's shape inside a call": (
        "class C(Layer):\n    def __init__(self):\n        super().__init__()\n        self.c = Conv2D(4, 3)\n"
        "    def build(self, s):\n        self.c.build(s)\n        self.m = np.zeros(self.c.kernel.get_shape())\n"
        "        self.m[:1, ...] = 1.\n    def call(self, x):\n"
        "        self.c.kernel.assign(self.c.kernel * self.m)\n        return self.c(x)\n"
        "class R(Layer):\n    def __init__(self):\n        super().__init__()\n        self.c = C()\n"
        "    def call(self, x): return self.c(x)\ni = Input((8, 8, 2))\nm = Model(i, R()(i))",
        76,
    ),
}
REFUSED = {
    "a layer as an attribute": ("m = Sequential([Input((4,)), Dense(3)])\nm.head = Dense(3)", "`m.head`"),
    "what Keras computes by": ("m = Sequential([Input((4,)), Dense(3)])\nm.inputs = 3", "`m.inputs`"),
    "one of two inputs by Keras 2's name": (
        "a = Input((4,)); b = Input((4,))\nm = Model([a, b], Add()([a, b]))\nm = Model(m.get_layer('input_1').output, a)",
        "No such layer",
    ),
    "each as often as its own size says": (
        "class A(Layer):\n    def call(self, x):\n        n = tf.shape(x)\n        return tf.repeat(tf.range(2), [n[1], n[2]])\n"
        "i = Input((None, 3))\nm = Model(i, A()(i))",
        "How often this repeats is not known",
    ),
    "a variable that is no network": ("a = tf.Variable(5.0)\nb = a * 2", "No layer found"),
    "call() on a tensor": (
        "m = Sequential([Input((4,)), Dense(3)])\ni = Input((4,))\nn = Model(i, m.call(i))",
        "`m.call(i)`",
    ),
    "windows of no size, in a try": (
        "n = 3\ntry: AveragePooling2D()\nexcept TypeError: n = 4\nm = Sequential([Input((4,)), Dense(n)])",
        "n, which may",
    ),
}


@pytest.mark.parametrize(("text", "params", "shape", "told"), READ.values(), ids=READ)
def test_what_only_keras_2_takes_is_read_as_it_does(text, params, shape, told):
    answer = analyze(HEAD + text)
    assert (answer["totals"]["params"], answer["outputs"][0]["shape"]) == (params, shape)
    assert any(told in one["detail"] for one in answer["warnings"]) or not told


@pytest.mark.parametrize(("text", "params"), SAME.values(), ids=SAME)
def test_what_texts_do_beside_their_layers_is_read(text, params):
    assert analyze(HEAD + text)["totals"]["params"] == params


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_may_mean_another_model_is_refused(text, why):
    with pytest.raises(Refused) as caught:
        analyze(HEAD + text)
    assert why in caught.value.errors[0]["detail"]
