"""Scripts that train and keep their models by TensorFlow's own means; the numbers are those of Keras."""

import pytest

from layercalc import Refused, analyze

HEAD = "import keras\nfrom keras import *\nfrom keras.layers import *\nimport numpy as np\nimport tensorflow as tf\n"
MODEL = "m = Sequential([Input((4,)), Dense(3)])\n"
STEP = (
    "@tf.function\ndef step(x):\n    with tf.GradientTape() as tape:\n        y = m(x)\n"
    "    found = tape.gradient(y, m.trainable_variables)\n    opt.apply_gradients(zip(found, m.trainable_variables))\n"
)
READ = {
    "a checkpoint": (
        MODEL + "c = tf.train.Checkpoint(step=tf.Variable(1), net=m)\nk = tf.train.CheckpointManager(c, 'd', 3)\n"
        "c.restore(k.latest_checkpoint).expect_partial()\nc.step.assign_add(1)\nif int(c.step) > 1: k.save()",
        15,
    ),
    "a step with a tape": (MODEL + "opt = tf.optimizers.Adam()\n" + STEP + "for x in data: step(x)", 15),
    "a saved model": (MODEL + "tf.saved_model.save(m, 'd')\nback = tf.saved_model.load('d')", 15),
    "an estimator": (MODEL + "e = tf.keras.estimator.model_to_estimator(m)\ne.train(lambda: data, steps=9)", 15),
    "a traced function": (MODEL + "f = tf.function(lambda x: x)\n" + STEP + "s = step.get_concrete_function", 15),
    "keras_core": ("import keras_core as keras\nfrom keras_core import layers\n" + MODEL, 15),
}
REFUSED = {
    "a model that a checkpoint gives back, changed": (
        MODEL + "c = tf.train.Checkpoint(net=m)\nc.net.add(Dense(5))",
        "tensorflow.train.Checkpoint().net.add()",
    ),
    "what a traced function has, in a try": (
        "@tf.function\ndef f(x): return x\nn = 3\ntry: f.get_concrete_function(1)\nexcept AttributeError: n = 4\n"
        "m = Sequential([Input((4,)), Dense(n)])",
        "`f.get_concrete_function`",
    ),
}


@pytest.mark.parametrize(("text", "params"), READ.values(), ids=READ)
def test_what_trains_and_keeps_a_model_leaves_it_as_it_is(text, params):
    assert analyze(HEAD + text)["totals"]["params"] == params


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_may_have_changed_a_model_is_named(text, why):
    with pytest.raises(Refused) as caught:
        analyze(HEAD + text)
    assert why in caught.value.errors[0]["detail"]


INERT = {
    "a metric with a model in it": (
        "class K(keras.metrics.Metric):\n    def __init__(self, name):\n        super().__init__(name=name)\n"
        "        self.net = m\n    def result(self): return 0\n"
        "m = Sequential([Input((4,)), Dense(3)])\nm.compile('adam', metrics=[K('k')])\nm.fit(x, y)",
        15,
    ),
    "a callback of a model's own method": (
        "class A(Model):\n    def __init__(self):\n        super().__init__()\n        self.d = Dense(3)\n"
        "    def call(self, x): return self.d(x)\n    def show(self, epoch=None, logs=None, rows=2, columns=8):\n"
        "        y = self.predict(np.zeros((rows * columns, 4)))\n        plt.plot(y * 2)\n"
        "m = A()\nm.build((None, 4))\nm.fit(x, y, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=m.show)])",
        15,
    ),
}


@pytest.mark.parametrize(("text", "params"), INERT.values(), ids=INERT)
def test_what_only_looks_at_a_model_leaves_it_as_it_is(text, params):
    assert analyze(HEAD + text)["totals"]["params"] == params


def test_a_callback_of_a_method_that_changes_its_model_is_refused():
    text = (
        "class A(Model):\n    def __init__(self):\n        super().__init__()\n        self.parts = [Dense(3)]\n"
        "    def call(self, x):\n        for one in self.parts: x = one(x)\n        return x\n"
        "    def grow(self, epoch=None, logs=None): self.parts.append(Dense(4))\n"
        "m = A()\nkeras.callbacks.LambdaCallback(on_epoch_end=m.grow)\nm.build((None, 4))"
    )
    with pytest.raises(Refused):
        analyze(HEAD + text)
