"""tf.cond and tf.while_loop in layers of a text's own: what the text's numbers decide is followed."""

import pytest

from layercalc import Refused, analyze
from layercalc.limits import Limits

HEAD = (
    "import tensorflow as tf\nfrom tensorflow.keras import *\nfrom tensorflow.keras.layers import *\n"
    "class C(Layer):\n    def __init__(self, n=3): super().__init__(); self.n = n; self.d = Dense(8); self.e = Dense(8)\n"
    "    def call(self, x, training=False):\n        return BODY\n"
    "i = Input((8,))\nm = Model(i, C()(i))"
)
READ = {  # parameters, and calls of Dense
    "tf.cond(tf.constant(True), lambda: self.d(x), lambda: x)": (72, 1),
    "tf.cond(self.n > 5, lambda: x, lambda: self.d(x))": (72, 1),
    "self.d(tf.cond(tf.cast(training, tf.bool), lambda: x * 2, lambda: x))": (72, 1),
    "tf.cond(tf.less(self.n, 5), true_fn=lambda: self.d(x), false_fn=lambda: x)": (72, 1),
    "tf.while_loop(lambda k, y: k < self.n, lambda k, y: (k + 1, self.d(y)), [0, x])[1]": (72, 3),
    "tf.while_loop(lambda k, y: tf.less(k, 2), lambda k, y: [tf.add(k, 1), self.d(y)], (tf.constant(0), x))[1]": (
        72,
        2,
    ),
    "tf.while_loop(lambda k, y: True, lambda k, y: (k, self.d(y)), [0, x], maximum_iterations=4)[1]": (72, 4),
    "tf.while_loop(lambda k, y: k < 0, lambda k, y: (k, self.d(y)), [0, self.e(x)])[1]": (72, 1),
}


@pytest.mark.parametrize("body", READ)
def test_what_numbers_decide_is_followed(body):
    params, calls = READ[body]
    report = analyze(HEAD.replace("BODY", body))
    assert report["totals"]["params"] == params
    assert sum(row["type"] == "Dense" for row in report["layers"]) == calls


REFUSED = {
    "tf.cond(tf.reduce_sum(x) > 0, lambda: self.d(x), lambda: x)": "which branch of tf.cond is taken",
    "tf.while_loop(lambda y: tf.reduce_sum(y) > 0, lambda y: (self.d(y),), (x,))[0]": "how often tf.while_loop runs",
    "tf.cond(True, lambda: self.d(x), lambda: self.e(x))": "in the branch of tf.cond that is not taken",
    "tf.while_loop(lambda y: True, lambda y: (y + 1,), (x,))[0]": "takes more than 20,000 steps",
}


@pytest.mark.parametrize("body", REFUSED)
def test_what_tensors_decide_is_refused(body):
    with pytest.raises(Refused) as caught:
        analyze(HEAD.replace("BODY", body), limits=Limits(max_script_steps=20_000))
    assert REFUSED[body] in caught.value.errors[0]["detail"]
