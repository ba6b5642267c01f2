"""What Keras 2 and 3 have differently, asked by a text: read where it is the same to the model, else refused."""

import pytest

from layercalc import analyze
from layercalc.errors import Unreadable

HEAD = (
    "import keras\nimport numpy as np\nfrom keras import Input, Model, Sequential, layers\n"
    "from keras.layers import *\nfrom keras import backend as K\ni = Input((4, 3))\n"
)
SAME = {  # and the parameters, those of Keras 3.15
    "a shape that is no list": ("m = Model(i, Dense(3 if isinstance(i.shape, list) else 4)(i))", 16),
    "a shape that is a list of its sizes where it is a tuple": (
        "class A(Layer):\n    def build(self, s):\n        if isinstance(s, tuple):\n            n = s[-1]\n"
        "        else:\n            n = int(s[-1])\n        self.d = Dense(n)\n    def call(self, x):\n"
        "        return self.d(x)\nm = Sequential([i, A()])",
        12,
    ),
    "shapes of several inputs": (
        "class A(Layer):\n    def build(self, s):\n        self.d = Dense(7 if isinstance(s, list) else 5)\n"
        "    def call(self, x):\n        return self.d(x[0])\nj = Input((4, 3))\nm = Model([i, j], A()([i, j]))",
        28,
    ),
    "the scores of attention beside its output": (
        "o = MultiHeadAttention(2, 3)(i, i, return_attention_scores=True)\n"
        "m = Model(i, Dense(3 if isinstance(o, tuple) else 4)(o[0]))",
        105,
    ),
    "states beside an output": (
        "o = LSTM(3, return_state=True)(i)\no = o[0] if isinstance(o, (list, tuple)) else o\nm = Model(i, Dense(2)(o))",
        92,
    ),
    "the outputs of a model of several": (
        "n = Model(i, [Dense(2)(i), Dense(3)(i)])\no = n(i)\nm = Model(i, Dense(3 if isinstance(o, list) else 4)(o[0]))",
        29,
    ),
    "the layers of a model": (
        "n = Model(i, Dense(2)(i))\nm = Model(i, Dense(3 if isinstance(n.layers, list) else 4)(n.outputs[0]))",
        17,
    ),
    "a layer and a tensor that are no list": (
        "d = Dense(3)\nx = d(i)\nm = Model(i, Dense(2 if isinstance(d, (list, str)) or isinstance(x, list) else 5)(x))",
        32,
    ),
    "a merge from where it once was": (
        "try:\n    from keras.layers.merge import concatenate\nexcept ImportError:\n"
        "    from keras.layers import concatenate\nm = Model(i, Dense(2)(concatenate([i, i])))",
        14,
    ),
    "a layer that all versions have": (
        "try:\n    from keras.layers import Dense as D\n    u = 3\nexcept ImportError:\n    u = 5\nm = Model(i, D(u)(i))",
        12,
    ),
    "a layer from where it once was, used after the try": (
        "try:\n    from keras.layers.convolutional import Conv1D as C\nexcept ImportError:\n"
        "    from keras.layers import Conv1D as C\nm = Model(i, C(2, 3)(i))",
        20,
    ),
    "hasattr of what all versions have": ("m = Model(i, Dense(3 if hasattr(layers, 'Conv2D') else 5)(i))", 12),
}
DIFFERENT = {
    "a shape that is a tuple": ("u = 3 if isinstance(i.shape, (list, tuple)) else 4", "whether a shape is a tuple"),
    "several outputs of a layer": (
        "u = 3 if isinstance(LSTM(3, return_state=True)(i), tuple) else 4",
        "whether several outputs are a list",
    ),
    "one output of a model, in a list": (
        "u = 3 if isinstance(Model(i, [Dense(2)(i)])(i), list) else 4",
        "one output in a list",
    ),
    "a method of TensorFlow's shapes, tried": (
        "try:\n    u = i.shape.as_list()[-1]\nexcept AttributeError:\n    u = 8",
        "i.shape.as_list",
    ),
    "a method of TensorFlow's tensors, tried": (
        "try:\n    u = int(i.get_shape()[1])\nexcept Exception:\n    u = i.shape[2]",
        "i.get_shape",
    ),
    "a method of TensorFlow's shapes, asked for": ("u = 3 if hasattr(i.shape, 'as_list') else 9", "as_list"),
    "a function that was taken out": ("u = 3 if hasattr(keras.utils, 'multi_gpu_model') else 5", "multi_gpu_model"),
    "a module that was taken out": ("u = 3 if hasattr(keras.layers, 'experimental') else 5", "experimental"),
    "a function of the backend": ("u = 3 if hasattr(K, 'image_dim_ordering') else 5", "image_dim_ordering"),
    "a layer that was taken out": (
        "u = 3 if getattr(layers, 'LocallyConnected1D', None) else 5",
        "LocallyConnected1D, which not all versions have",
    ),
    "an import of a module that was taken out": (
        "try:\n    from keras.utils import np_utils\n    u = 3\nexcept ImportError:\n    u = 5",
        "which may raise",
    ),
    "an import of a layer that was taken out": (
        "try:\n    from keras.layers import LocallyConnected1D\n    u = 3\nexcept ImportError:\n    u = 5",
        "which may raise",
    ),
    "a layer that was taken out, tried": (
        "try:\n    LocallyConnected = keras.layers.LocallyConnected1D\n    u = 3\nexcept AttributeError:\n    u = 5",
        "keras.layers.LocallyConnected1D",
    ),
}


@pytest.mark.parametrize(("text", "params"), SAME.values(), ids=SAME)
def test_where_versions_agree_the_number_is_given(text, params):
    assert analyze(HEAD + text)["totals"]["params"] == params


@pytest.mark.parametrize(("text", "why"), DIFFERENT.values(), ids=DIFFERENT)
def test_where_versions_differ_the_text_is_refused(text, why):
    with pytest.raises(Unreadable) as caught:
        analyze(f"{HEAD}{text}\nm = Model(i, Dense(u)(i))")
    assert why in caught.value.errors[0]["detail"]
