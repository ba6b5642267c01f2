"""Layers and models whose classes a text derives from Keras'; counts by hand from the layers' documented weights.

Dense(n) on m features: (m + 1) n. Conv2D(n, k) on c channels: (k² c + 1) n. BatchNormalization: 4 c, half of them
trainable. Embedding(v, d): v d.
"""

from functools import partial

import pytest

from layercalc import Refused, analyze, forward
from layercalc.conventions import CONVENTIONS
from layercalc.input_shapes import shape_option
from layercalc.readers.keras.script import read_script

LINEAR = """
class Linear(keras.layers.Layer):
    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units
    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True)
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True)
        super().build(input_shape)
    def call(self, inputs):
        return tf.matmul(inputs, self.w) + self.b
"""
NET = """
class Net(keras.Model):
    def __init__(self, classes=3):
        super(Net, self).__init__()
        self.hidden = Dense(4)
        self.norm = BatchNormalization()
        self.drop = Dropout(0.5)
        self.out = Dense(classes)
    def call(self, inputs, training=None):
        x = self.norm(self.hidden(inputs), training=training)
        if training:
            x = self.drop(x, training=training)
        return self.head(x)
    def head(self, x):
        return self.out(x)
"""
PAIR = """
class Pair(keras.Model):
    def __init__(self):
        super().__init__()
        self.a, self.b = Dense(3), Dense(3)
    def call(self, inputs):
        x, y = inputs
        return {"sum": self.a(x) + self.b(y), "first": self.a(x)}
"""
NAMED = """
class Named(keras.Model):
    def __init__(self):
        super().__init__()
        self.a, self.b = Dense(3), Dense(3)
    def call(self, inputs):
        return self.a(inputs["x"]) + self.b(inputs["y"])
"""
# What is read: parameters, trainable ones, and the shapes of the outputs.
READ = {
    NET + "net = Net()\nnet.build((None, 7))": (63, 55, [[None, 3]]),  # 8·4 + 4·4 + 5·3
    NET + "net = Net(classes=2)\nnet(tf.zeros((5, 7)))": (58, 50, [[None, 2]]),
    NET + "net = Net()\nnet(np.random.rand(1, 7), training=True)": (63, 55, [[None, 3]]),
    NET + "net = Net()\nnet(keras.random.normal((2, 7)))": (63, 55, [[None, 3]]),
    NET + "net = Net()\nnet(keras.Input((7,)))": (63, 55, [[None, 3]]),
    NET + "net = Net()\nnet.call(keras.Input((7,)))\nm = Sequential([Input((7,)), net])": (63, 55, [[None, 3]]),
    NET + "i = Input((7,))\nm = Model(i, Dense(2)(Net()(i)))": (71, 63, [[None, 2]]),
    NET + "m = Sequential([Dense(5, input_shape=(7,)), Net(), Dense(1)])": (40 + 24 + 16 + 15 + 4, 91, [[None, 1]]),
    NET + "n = Net()\na, b = Input((7,)), Input((7,))\nm = Model([a, b], Add()([n(a), n(b)]))": (63, 55, [[None, 3]]),
    NET + "net = Net()\nnet.build((None, 7))\nnet.trainable = False": (63, 0, [[None, 3]]),
    NET + "net = Net()\nnet.trainable = False\nnet.build((None, 7))": (63, 0, [[None, 3]]),
    NET + "net = Net()\nnet.hidden.trainable = False\nnet.build((None, 7))": (63, 23, [[None, 3]]),
    NET + "net = Net()\nnet.build((None, 7))\nnet.layers[0].trainable = False": (63, 23, [[None, 3]]),
    LINEAR + "m = Sequential([Input((4,)), Linear(8), Linear(3)])": (67, 67, [[None, 3]]),  # 5·8 + 9·3
    LINEAR + "m = Sequential([Linear(8, input_shape=(4,)), Linear(3, trainable=False)])": (67, 40, [[None, 3]]),
    LINEAR + "l = Linear(4)\ni = Input((4,))\nm = Model(i, l(l(i)))": (20, 20, [[None, 4]]),
    LINEAR + "l = Linear(4, name='x')\ni = Input((4,))\nm = Model(i, l(i))\nm.get_layer('x').trainable = False": (
        20, 0, [[None, 4]],
    ),
    PAIR + "p = Pair()\np([tf.zeros((1, 4)), tf.zeros((1, 5))])": (33, 33, [[None, 3]] * 2),  # 5·3 + 6·3
    PAIR + "p = Pair()\np.build([(None, 4), (None, 5)])": (33, 33, [[None, 3]] * 2),
    PAIR + "a, b = Input((4,)), Input((5,))\nd = Pair()([a, b])\nm = Model([a, b], d['first'])": (33, 33, [[None, 3]]),
    NAMED + "n = Named()\nn.build({'x': (None, 4), 'y': (None, 5)})": (33, 33, [[None, 3]]),
    NAMED + "n = Named()\nn({'x': np.zeros((1, 4)), 'y': np.zeros((1, 5))})": (33, 33, [[None, 3]]),
    """
class Deep(keras.Model):
    def __init__(self, sizes):
        super().__init__(name="deep")
        self.blocks = [Dense(n, activation="relu") for n in sizes]
        self.heads = {"a": Dense(2), "b": Dense(1)}
        self.never = Dense(100)
    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return [self.heads[key](x) for key in self.heads]
net = Deep([4, 5])
net.build((None, 3))
""": (16 + 25 + 12 + 6, 59, [[None, 2], [None, 1]]),
    """
class Dead(keras.Model):
    def __init__(self):
        super().__init__()
        self.used, self.aside = Dense(2), Dense(3)
    def call(self, x):
        self.add_loss(tf.reduce_sum(self.aside(x)))
        return self.used(x)
m = Dead()
m.build((None, 4))
""": (25, 25, [[None, 2]]),  # what is called is counted, whether it leads to the output or not: 10 + 15
    """
class Scale(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.s = self.add_weight("scale", (1,), None, "ones")
        self.t = self.add_weight(name="t", shape=[3], trainable=False)
        self.unused = self.add_weight(shape=(2, 2), initializer=tf.keras.initializers.Constant(0.1), dtype="float16")
    def call(self, x):
        return x * self.s + self.t
m = Sequential([Input((3,)), Scale()])
""": (8, 5, [[None, 3]]),
    """
class Old(keras.layers.Layer):
    def __init__(self, units):
        super(Old, self).__init__()
        self.units = units
    def build(self, input_shape):
        init = tf.random_normal_initializer()
        self.w = tf.Variable(initial_value=init(shape=(input_shape[-1], self.units), dtype="float32"), trainable=True)
        self.b = tf.Variable(tf.zeros_initializer()((self.units,)), trainable=False)
    def call(self, x):
        return tf.matmul(x, self.w) + self.b
m = Sequential([Input((4,)), Old(3)])
""": (15, 12, [[None, 3]]),
    """
class Block(keras.layers.Layer):
    def __init__(self, filters):
        super().__init__()
        self.c1, self.c2 = Conv2D(filters, 3, padding="same"), Conv2D(filters, 3, padding="same")
        self.short = None
        self.filters = filters
    def build(self, input_shape):
        if input_shape[-1] != self.filters:
            self.short = Conv2D(self.filters, 1)
    def call(self, x):
        y = self.c2(tf.nn.relu(self.c1(x)))
        return y + (x if self.short is None else self.short(x))
i = Input((8, 8, 3))
m = Model(i, Block(4)(Block(4)(i)))
""": (112 + 148 + 16 + 148 + 148, 572, [[None, 8, 8, 4]]),
    """
class Conv(layers.Conv2D):
    def __init__(self, filters, **kwargs):
        super().__init__(filters, 3, padding="same", **kwargs)
class Rectified(Dense):
    def call(self, x):
        return tf.nn.relu(super().call(x))
m = Sequential([Input((8, 8, 3)), Conv(4), Flatten(), Rectified(2)])
""": (112 + 514, 626, [[None, 2]]),
    """
class Stack(keras.Sequential):
    def __init__(self, n):
        super().__init__()
        for _ in range(n):
            self.add(Dense(4))
net = Stack(3)
net.build((None, 4))
""": (60, 60, [[None, 4]]),
    """
class Whole(keras.Model):
    def __init__(self):
        i = Input((4,))
        super().__init__(inputs=i, outputs=Dense(3)(i))
    def train_step(self, data):
        return {}
m = Whole()
""": (15, 15, [[None, 3]]),
    """
class Auto(Model):
    def __init__(self, latent):
        super(Auto, self).__init__()
        self.encoder = keras.Sequential([layers.Flatten(), Dense(latent)])
        self.decoder = keras.Sequential([Dense(12), layers.Reshape((3, 4))])
    def call(self, x):
        return self.decoder(self.encoder(x))
a = Auto(2)
a.build((None, 3, 4))
""": (26 + 36, 62, [[None, 3, 4]]),
    """
class Method(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = Dense(3)
    def call(self, x):
        return self.d(x)
    def model(self):
        x = keras.Input((4,))
        return keras.Model(inputs=[x], outputs=self.call(x))
net = Method()
net.model().summary()
""": (15, 15, [[None, 3]]),
    """
class Positions(keras.layers.Layer):
    def __init__(self, length, words, wide):
        super().__init__()
        self.token, self.place = Embedding(words, wide), Embedding(length, wide)
    def call(self, x):
        positions = tf.range(start=0, limit=tf.shape(x)[-1], delta=1)
        return self.token(x) + self.place(positions)
i = Input((20,))
m = Model(i, Positions(20, 50, 4)(i))
""": (280, 280, [[None, 20, 4]]),
    """
class Sampling(layers.Layer):
    def call(self, inputs):
        mean, log = inputs
        batch, dim = tf.shape(mean)[0], tf.shape(mean)[1]
        return mean + tf.exp(0.5 * log) * tf.keras.backend.random_normal(shape=(batch, dim))
i = Input((6,))
m = Model(i, Sampling()([Dense(2)(i), Dense(2)(i)]))
""": (28, 28, [[None, 2]]),
    NET + "a, b = Net(), Net()\ni = Input((7,))\nm = Model(i, [a(i), b(i)])\na.trainable = False": (126, 55, [[None, 3]] * 2),
    LINEAR + "l = Linear(3)\nl.trainable = False\ni = Input((4,))\nm = Model(i, Linear(2)(l(i)))": (23, 8, [[None, 2]]),
    "class L(Layer):\n    def call(self, x, scale=None):\n        return x if scale is None else x * scale\n"
    "i = Input((4,))\nl = L()\nm = Model(i, Dense(2)(l(l(i), scale=tf.constant(2.0))))": (10, 10, [[None, 2]]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ.items(), ids=range(len(READ)))
def test_what_a_class_of_the_text_makes_is_counted(text, expected):
    report = analyze(text)
    totals = report["totals"]
    shapes = [one["shape"] for one in report["outputs"]]
    assert (totals["params"], totals["trainable_params"], shapes) == expected


def test_rows_are_named_by_attribute():
    report = analyze(NET + "net = Net()\nnet.build((None, 7))")
    assert [row["name"] for row in report["layers"]] == ["hidden", "norm", "out"]
    deep = next(text for text in READ if "class Deep" in text)
    assert [row["name"] for row in analyze(deep)["layers"]] == ["blocks.0", "blocks.1", "heads.a", "heads.b"]


def test_a_layer_of_weights_and_operations_is_one_row():
    (row,) = analyze(LINEAR + "m = Sequential([Linear(8, input_shape=(4,))])")["layers"]
    assert (row["name"], row["type"], row["macs"]) == ("linear", "Linear", 32)
    assert [weight["name"] for weight in row["weights"]] == ["linear/w", "linear/b"]


def test_it_runs():
    assert forward(LINEAR + "m = Sequential([Linear(8, input_shape=(4,)), Dense(2)])", {"seed": 1})["verified"]
    assert forward(NET + "net = Net()\nnet.build((None, 7))", {"seed": 1})["verified"]


REFUSED = {
    NET + "net = Net()\nnet.fit(x, y)": "give input_shape",
    "class Net(keras.Model):\n    pass\nnet = Net()\nnet.build((None, 3))": "no `call`",
    "class Net(keras.Model):\n    def call(self, x):\n        return Dense(3)(x)\nnet = Net()\nnet.build((None, 3))": (
        "no attribute of it"
    ),
    NET.replace("if training:", "if FLAG:") + "net = Net()\nnet.build((None, 7))": "FLAG",
    LINEAR.replace("inputs, self.w", "helper(inputs), self.w") + "m = Sequential([Input((4,)), Linear()])": "helper",
    LINEAR.replace("self.units,)", "SIZE,)") + "m = Sequential([Input((4,)), Linear()])": "SIZE",
    NET + "net = Net()\nnet.build((None, 7))\nnet.out = Dense(9)": "after it was called",
    NET.replace("self.out(x)", "tf.matmul(x, self.out.kernel)")
    + "net = Net()\nnet.build((None, 7))": "self.out.kernel",
    NET.replace("Dense(4)", "helper()") + "net = Net()\nnet.build((None, 7))": "helper",
    LINEAR + "l = Linear()\nchange(l)\nm = Sequential([Input((4,)), l])": "change",
}


@pytest.mark.parametrize(("text", "told"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_a_class_hides_is_refused(text, told):
    with pytest.raises(Refused) as caught:
        analyze(text)
    assert told in caught.value.errors[0]["detail"]


def test_a_layer_frozen_after_its_shape_was_asked_is_frozen():
    text = "i = Input((4, 5))\nd = Dense(3)\nx = TimeDistributed(d)(i)\nn = x.shape[2]\nd.trainable = False\nm = Model(i, x)"
    assert analyze(text)["totals"]["trainable_params"] == 0


@pytest.mark.parametrize("shape", ["7", [7], {"inputs": [7]}])
def test_the_shape_of_the_request_is_that_of_a_model_that_is_called_on_nothing(shape):
    model, _ = read_script(NET + "net = Net()\nnet.fit(x, y)", shapes=partial(shape_option, "input_shape", shape))
    assert model.inputs[0].shape == (None, 7)
    model, _ = read_script(
        "class P(keras.Model):\n    def call(self, a, b):\n        return a + b\np = P()",
        shapes=partial(shape_option, "input_shape", {"a": [3], "b": [3]}),
    )
    assert [one.shape for one in model.inputs] == [(None, 3), (None, 3)]


OWN_WEIGHTS = """
class Scaled(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = Dense(3)
        self.scale = self.add_weight(shape=(), name="scale")
        self.shift = self.add_weight(shape=(3,), name="shift")
    def call(self, x):
        return self.dense(x) * self.scale + self.shift
m = Scaled()
m.build((None, 4))
"""


def test_weights_of_a_model_of_the_texts_own_are_rows_that_every_answer_can_hold():
    report = analyze(OWN_WEIGHTS, explain=True, conventions=list(CONVENTIONS), batch_size=7)
    rows = {row["name"]: (row["type"], row["params"]) for row in report["layers"]}
    assert [rows["scale"], rows["shift"]] == [("Variable", 1), ("Variable", 3)]
    assert report["outputs"][0]["shape"] == [7, 3]
    assert forward(OWN_WEIGHTS, {"seed": 1})["verified"]


def test_the_scalar_of_all_elements_is_explained():
    assert analyze("i = Input((3,))\nm = Model(i, K.sum(i))", explain=True)["outputs"][0]["shape"] == []
