"""RNN around cells of the text's own: as the layer of Keras' that computes the same."""

import numpy as np
import pytest

from layercalc import Refused, analyze, forward

HEAD = "import keras\nfrom keras import *\nfrom keras.layers import *\n"
CELL = (
    "class C(Layer):\n    def __init__(self, n):\n        super().__init__(); self.n = n; self.state_size = n\n"
    "    def build(self, s):\n        self.k = self.add_weight(shape=(s[-1], self.n), name='kernel')\n"
    "        self.r = self.add_weight(shape=(self.n, self.n), name='recurrent_kernel')\n"
    "    def call(self, x, states):\n"
    "        y = ops.tanh(ops.matmul(x, self.k) + ops.matmul(states[0], self.r))\n        return y, {}\n"
)
TWO = (  # a state of its own beside the output
    "class C(Layer):\n    def __init__(self, n):\n        super().__init__(); self.n = n; self.state_size = [n, 3]\n"
    "    def build(self, s):\n        self.a = self.add_weight(shape=(s[-1], self.n))\n"
    "        self.b = self.add_weight(shape=(3, self.n)); self.c = self.add_weight(shape=(self.n, 3))\n"
    "    def call(self, x, states, training=False):\n        h, m = states\n"
    "        m = ops.sigmoid(ops.matmul(h, self.c)) * m + 1.0\n"
    "        h = ops.matmul(x, self.a) + ops.matmul(m, self.b)\n        return h, (h, m)\n"
)
ARGUMENTS = ["", ", return_sequences=True", ", return_sequences=True, go_backwards=True"]
MASKED = "x = Input((6,), dtype='int32')\ne = Embedding(9, 5, mask_zero=True)(x)\n"
PLAIN = "x = e = Input((6, 5))\n"
TOTALS = ("params", "macs", "flops")


@pytest.mark.parametrize("states", ["y", "[y]"])
@pytest.mark.parametrize("given", ARGUMENTS)
@pytest.mark.parametrize("inputs", [PLAIN, MASKED], ids=["plain", "masked"])
def test_a_cell_of_the_texts_own_is_as_the_layer_that_computes_the_same(inputs, given, states):
    own = HEAD + CELL.format(states) + f"{inputs}m = Model(x, RNN(C(4){given})(e))"
    known = f"{HEAD}{inputs}m = Model(x, SimpleRNN(4, use_bias=False{given})(e))"
    reports = [analyze(text) for text in (own, known)]
    found = [(one["outputs"][0]["shape"], *map(one["totals"].get, TOTALS)) for one in reports]
    assert found[0] == found[1]
    x = np.arange(60).reshape(2, 6, 5) / 50 if inputs == PLAIN else np.array([[1, 2, 3, 0, 0, 0], [4, 0, 5, 6, 7, 0]])
    shapes = [*([(9, 5)] if inputs == MASKED else []), (5, 4), (4, 4)]
    weights = [np.cos(np.arange(np.prod(shape))).reshape(shape) for shape in shapes]
    values = [forward(text, [x], weights)["outputs"] for text in (own, known)]
    np.testing.assert_allclose(values[0][0], values[1][0], rtol=1e-5)


def test_a_cell_with_several_states():
    """As Keras 3.15 has it."""
    report = analyze(f"{HEAD}{TWO}x = Input((6, 5))\ny, h, c = RNN(C(4), return_state=True)(x)\nm = Model(x, [y, c])")
    assert [one["shape"] for one in report["outputs"]] == [[None, 4], [None, 3]]
    assert report["totals"]["params"] == 20 + 12 + 12


REFUSED = {
    "a stack": (CELL.format("[y]") + "y = RNN([C(4), C(3)])(x)", "RNN around a class of the text's own"),
    "another wrapper around it": (CELL.format("[y]") + "y = Bidirectional(RNN(C(4)))(x)", "Bidirectional around"),
    "layers in it": (
        "class C(Layer):\n    def __init__(self, n):\n        super().__init__(); self.state_size = n; self.d = Dense(n)\n"
        "    def call(self, x, states): return self.d(x) + states[0], [states[0]]\ny = RNN(C(4))(x)",
        "which holds layers",
    ),
    "an output of another size": (
        CELL.format("[y]").replace("return y,", "return ops.concatenate([y, y], -1),") + "y = RNN(C(4))(x)",
        "[8], [4]",
    ),
    "no states": (CELL.format("[]").replace(", []", "") + "y = RNN(C(4))(x)", "an output and the states"),
    "a start of its own": (
        CELL.format("[y]") + "    def get_initial_state(self, batch_size=None): return [ops.ones((batch_size, 4))]\n"
        "y = RNN(C(4))(x)",
        "states begin with",
    ),
    "a size that is not known": (CELL.format("[y]") + "y = RNN(C(size))(x)", "size"),
    "two uses": (CELL.format("[y]") + "r = RNN(C(4))\ny = r(x) + r(x * 2.0)", "make two"),
}


@pytest.mark.parametrize(("text", "told"), REFUSED.values(), ids=REFUSED)
def test_a_cell_that_is_not_read_is_refused(text, told):
    with pytest.raises(Refused) as caught:
        analyze(f"{HEAD}x = Input((6, 5))\n{text}\nm = Model(x, y)")
    assert told in caught.value.errors[0]["detail"]
