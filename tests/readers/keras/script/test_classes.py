"""Which class a layer is of, and what attributes it has: as every version of Keras says, or refused."""

import pytest

from layercalc import Refused, analyze
from tests.readers.keras.script.test_recorded import ours

HEAD = "import keras\nfrom keras import layers\nfrom keras.layers import *\n"
STACK = "net = keras.Sequential([Input((8, 8, 3)), Conv2D(2, 3), BatchNormalization(), Flatten(), Dense(3)])\n"
GRAPH = "i = Input((4,))\nnet = keras.Model(i, Dense(2)(BatchNormalization()(Dense(6)(i))))\n"  # 30, 24, 14
NESTED = "net = keras.Sequential([Input((4,)), keras.Sequential([Dense(3)]), Dense(2)])\n"  # 15, 8
OWN = (
    "class L(Layer):\n    def __init__(self):\n        super().__init__(); self.d = Dense(3)\n"
    "    def call(self, x): return self.d(x)\nnet = keras.Sequential([Input((4,)), L(), Dense(2)])\n"
)
FREEZE = "for l in net.layers:\n    if {}:\n        l.trainable = False"


@pytest.mark.parametrize(
    ("text", "asked", "trainable"),
    [
        (STACK, "type(l) == Dense", 56 + 4),
        (STACK, "type(l) is layers.Dense", 56 + 4),
        (STACK, "type(l) is not Dense", 216 + 3),
        (STACK, "type(l) in (layers.Conv2D, Dense)", 4),
        (STACK, "type(l) in [keras.layers.Convolution2D]", 4 + 219),
        (STACK, "l.__class__ == BatchNormalization", 56 + 219),
        (STACK, "l.__class__ is Dense", 56 + 4),
        (STACK, "l.__class__.__name__ == 'Dense'", 56 + 4),
        (STACK, "type(l).__name__ in ('Conv2D', 'BatchNormalization')", 219),
        (STACK, "l.__class__.__name__.startswith('Batch')", 56 + 219),
        (STACK, "{Dense: True}.get(type(l), False) is False and type(l) != Conv2D", 56 + 219),
        (STACK, "hasattr(l, 'units')", 56 + 4),
        (STACK, "hasattr(l, 'filters')", 4 + 219),
        (STACK, "hasattr(l, 'kernel_regularizer')", 4),
        (STACK, "hasattr(l, 'activation') and not hasattr(l, 'kernel_size')", 56 + 4),
        (STACK, "not hasattr(l, 'layers') and hasattr(l, 'trainable')", 0),
        (GRAPH, "type(l) == Dense", 12),
        (GRAPH, "isinstance(l, InputLayer) or isinstance(l, keras.layers.BatchNormalization)", 44),
        (GRAPH, "not isinstance(l, InputLayer)", 0),
        (GRAPH, "l.__class__.__name__ != 'InputLayer'", 0),
        (GRAPH, "hasattr(l, 'units') and not hasattr(net.layers[0], 'units')", 12),
        (NESTED, "hasattr(l, 'layers')", 8),
        (NESTED, "isinstance(l, keras.Model)", 8),
        (NESTED, "type(l) == keras.Sequential", 8),
        (NESTED, "l.__class__.__name__ == 'Sequential'", 8),
        (NESTED, "hasattr(l, 'units')", 15),
        (OWN, "hasattr(l, 'layers')", 15 + 8),
        (OWN, "isinstance(l, L) or type(l) is L or l.__class__.__name__ == 'L'", 8),
        (OWN, "isinstance(l, Dense)", 15),
        (OWN, "isinstance(l, (BatchNormalization, keras.Model))", 15 + 8),
        (OWN, "isinstance(l, Layer) and not isinstance(l, L)", 15),
        (OWN.replace("class L(Layer)", "class L(keras.Model)"), "isinstance(l, keras.Model)", 8),
        ("class D(Dense): pass\nnet = keras.Sequential([Input((4,)), D(3), Flatten()])\n", "isinstance(l, Dense)", 0),
        (STACK, "hasattr(l, 'summary') or hasattr(l, 'get_layer') or hasattr(l, 'predict')", 279),
        (NESTED, "hasattr(l, 'get_layer')", 8),
        (OWN, "hasattr(l, 'kernel') and l.kernel is not None", 15),
        (OWN, "hasattr(l, 'bias') or hasattr(l, 'summary') or hasattr(l, 'get_layer')", 15),
        (OWN, "hasattr(l, 'compute_output_shape') and not hasattr(l, 'units')", 8),
        (OWN.replace("class L(Layer)", "class L(keras.Model)"), "hasattr(l, 'summary')", 8),
        ("class D(Dense): pass\nnet = keras.Sequential([Input((4,)), D(3), Flatten()])\n", "hasattr(l, 'units')", 0),
        # a functional model is of one class in each version, and of none of the others in all
        (GRAPH + "net = keras.Sequential([net])\n", "type(l).__name__ in ('Functional', 'Model', 'Sequential')", 0),
        (GRAPH + "net = keras.Sequential([net])\n", "type(l).__name__ == 'Dense'", 56),
        (GRAPH + "net = keras.Sequential([net])\n", "'quential' in type(l).__name__", 56),
        (GRAPH + "net = keras.Sequential([net])\n", "type(l) == keras.Sequential or type(l) == Dense", 56),
    ],
)  # fmt: skip
def test_what_a_layer_is_decides_what_is_locked(text, asked, trainable):
    assert ours(HEAD + text + FREEZE.format(asked), "net")["totals"]["trainable_params"] == trainable


@pytest.mark.parametrize(
    "value",
    [
        "lambda: 1", "len", "Dense", "L", "'relu'", "None", "[Dense(2)]", "Input((4,))", "Dense(2)(Input((4,)))",
        "keras.activations.relu", "object()", "L().__init__", "layers", "3",
    ],
)  # fmt: skip
def test_what_is_no_layer_is_told(value):
    text = f"{HEAD}{OWN}v = {value}\nn = 5 if isinstance(v, Layer) or isinstance(v, (keras.Model, Dense)) else 3\n"
    assert (
        ours(text + "net = keras.Sequential([Input((1,)), Dense(n, use_bias=False)])", "net")["totals"]["params"] == 3
    )


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        # Functional in Keras 3, Model before
        (GRAPH + "net = keras.Sequential([net])\n", "type(l).__name__ == 'Functional'"),
        (GRAPH + "net = keras.Sequential([net])\n", "type(l) == keras.Model"),
        (GRAPH + "net = keras.Sequential([net])\n", "{'Functional': 1}.get(type(l).__name__)"),
        # a layer of Keras 2 has the attributes of those that its class derives from
        ("net = keras.Sequential([Input((8, 8, 3)), SeparableConv2D(2, 3)])\n", "hasattr(l, 'kernel_regularizer')"),
        ("net = keras.Sequential([Input((5, 3)), TimeDistributed(Dense(2))])\n", "hasattr(l, 'activation')"),
        (STACK, "hasattr(l, 'input_shape')"),
        (STACK, "hasattr(l, 'something')"),
        (OWN, "hasattr(l, 'input_shape')"),
        (OWN, "hasattr(l, 'path')"),
        (STACK, "type(l).__module__ == 'keras'"),
    ],
)  # fmt: skip
def test_what_versions_differ_in_is_refused(text, asked):
    with pytest.raises(Refused):
        ours(HEAD + text + FREEZE.format(asked), "net")


@pytest.mark.parametrize(("text", "kept"), [(STACK, 56 + 219 + 4), (OWN, 15 + 8)])
@pytest.mark.parametrize("method", ["summary()", "get_layer(index=0)", "to_json()", "compile('sgd', 'mse')", "inputs"])
def test_a_layer_has_no_method_of_models(text, kept, method):
    tried = f"for l in net.layers:\n    try:\n        l.{method}\n        l.trainable = False\n    except AttributeError: pass"
    assert ours(HEAD + text + tried, "net")["totals"]["trainable_params"] == kept


SAME = """
import keras
from keras import layers, Model, Input, Sequential
i = Input((4,))
d = layers.Dense(3, name="d")
x = d(i)
m = Model(i, layers.Dense(3)(x))
class Own(layers.Layer):
    def __init__(self):
        super().__init__()
        self.w = self.add_weight(shape=(3,))
    def call(self, x): return x * self.w[0]
o = Own()
y = o(i)
"""


@pytest.mark.parametrize(
    ("asked", "known"),  # what Keras 3.15 says
    [
        ("o.weights == [o.w]", True), ("d.weights == [d.kernel, d.bias]", True), ("d.kernel in d.weights", True),
        ("m.layers == [*m.layers]", True), ("m.layers != [*m.layers]", False), ("m.layers[1] == d", True),
        ("d.output is x", True), ("m.input is i", True), ("x is y", False), ("x.shape is x.shape", True),
        ("m.get_config() == m.get_config()", True), ("m.to_json() == m.to_json()", True), ("m.get_layer('d') is d", True),
        ("d.weights[0] is d.kernel", True), ("d.trainable_weights == d.weights", True), ("type(o) is Own", True),
    ],
)  # fmt: skip
def test_what_is_one_thing_to_keras_is_never_two(asked, known):
    try:
        found = analyze(f"{SAME}n = 7 if {asked} else 5\nnet = Sequential([Input((2,)), layers.Dense(n)])")
    except Refused as refused:
        assert "Expected a value that the text holds" in str(refused)
    else:
        assert found["outputs"][0]["shape"] == [None, 7 if known else 5]
