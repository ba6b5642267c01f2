"""Masks that layers of the text's own ask for: shapes as Keras 3.15 has them, of layers that are wider without one."""

import pytest

from layercalc import Refused, analyze

HEAD = (
    "import keras\nfrom keras import *\nfrom keras.layers import *\n"
    "class Tell(Layer):\n    def call(self, x, mask=None):\n"
    "        if mask is None: return ops.concatenate([x, x], axis=-1)\n"
    "        return ops.concatenate([x, x, x], axis=-1) if len(mask.shape) == 2 else x\n"
    "    def compute_mask(self, x, mask=None): return None\n"
    "i = keras.Input((20,), dtype='int32')\ne = Embedding(100, 8, mask_zero=True)(i)\n"
)
READ = {  # the shape that comes out, and the parameters
    "direct": ("y = Tell()(e)", [None, 20, 24], 800),
    "dropout": ("y = Tell()(Dropout(.1)(e))", [None, 20, 24], 800),
    "lstm": ("y = Tell()(LSTM(4, return_sequences=True)(e))", [None, 20, 12], 1008),
    "lstm last": ("y = Tell()(LSTM(4)(e))", [None, 8], 1008),
    "nomask": ("e = Embedding(100, 8)(i)\ny = Tell()(e)", [None, 20, 16], 800),
    "masking": ("f = keras.Input((5, 3)); i = f\ny = Tell()(Masking()(f))", [None, 5, 9], 0),
    "op": ("y = Tell()(e + 1.0)", [None, 20, 16], 800),
    "conv": ("y = Tell()(Conv1D(4, 3)(e))", [None, 18, 8], 900),
    "dense": ("y = Tell()(Dense(4)(e))", [None, 20, 12], 836),
    "own default": (
        "class Own(Layer):\n    def __init__(self, **k):\n        super().__init__(**k)\n        pass\n"
        "    def call(self, x): return x * 2.0\n\ny = Tell()(Own()(e))",
        [None, 20, 16],
        800,
    ),
    "own supports": (
        "class Own(Layer):\n    def __init__(self, **k):\n        super().__init__(**k)\n"
        "        self.supports_masking = True\n    def call(self, x): return x * 2.0\n\n"
        "y = Tell()(Own()(e))",
        [None, 20, 24],
        800,
    ),
    "own false": (
        "class Own(Layer):\n    def __init__(self, **k):\n        super().__init__(**k)\n"
        "        self.supports_masking = False\n    def call(self, x): return x * 2.0\n\n"
        "y = Tell()(Own()(e))",
        [None, 20, 16],
        800,
    ),
    "own none": (
        "class Own(Layer):\n    def __init__(self, **k):\n        super().__init__(**k)\n        pass\n"
        "    def call(self, x): return x * 2.0\n    def compute_mask(self, x, mask=None): return None\n"
        "y = Tell()(Own()(e))",
        [None, 20, 16],
        800,
    ),
    "own same": (
        "class Own(Layer):\n    def __init__(self, **k):\n        super().__init__(**k)\n        pass\n"
        "    def call(self, x): return x * 2.0\n    def compute_mask(self, x, mask=None): return mask\n"
        "y = Tell()(Own()(e))",
        [None, 20, 24],
        800,
    ),
    "own new": (
        "class Own(Layer):\n    def __init__(self, **k):\n        super().__init__(**k)\n        pass\n"
        "    def call(self, x): return x * 2.0\n"
        "    def compute_mask(self, x, mask=None): return ops.not_equal(x[:, :, 0], 0)\n"
        "e = Embedding(100, 8)(i)\ny = Tell()(Own()(e))",
        [None, 20, 24],
        800,
    ),
    "own then op": (
        "class Own(Layer):\n    def __init__(self, **k):\n        super().__init__(**k)\n        pass\n"
        "    def call(self, x): return x * 2.0\n\ny = Tell()(Own()(e) + 1.0)",
        [None, 20, 16],
        800,
    ),
    "own then own": (
        "class Own(Layer):\n    def __init__(self, **k):\n        super().__init__(**k)\n        pass\n"
        "    def call(self, x): return x * 2.0\n\ny = Tell()(Own()(Own()(e)))",
        [None, 20, 16],
        800,
    ),
    "own ids": (
        "class Tok(Layer):\n    def __init__(self):\n"
        "        super().__init__(); self.t = Embedding(50, 8, mask_zero=True)\n"
        "    def call(self, x): return self.t(x) + 1.0\n"
        "    def compute_mask(self, x, mask=None): return self.t.compute_mask(x)\ny = Tell()(Tok()(i))",
        [None, 20, 24],
        400,
    ),
    "inside2": (
        "class Outer(Layer):\n    def __init__(self):\n"
        "        super().__init__(); self.tell = Tell(); self.e = Embedding(9, 4, mask_zero=True)\n"
        "    def call(self, x): return self.tell(self.e(x))\ny = Outer()(i)",
        [None, 20, 12],
        36,
    ),
    "inside op": (
        "class Outer(Layer):\n    def __init__(self):\n        super().__init__(); self.tell = Tell()\n"
        "    def call(self, x): return self.tell(x * 2.0)\ny = Outer()(e)",
        [None, 20, 16],
        800,
    ),
    "given": ("y = Tell()(Embedding(10, 4)(i), mask=ops.not_equal(i, 3))", [None, 20, 12], 40),
    "given 3d": ("y = Tell()(Embedding(10, 4)(i), mask=ops.not_equal(e, 3))", [None, 20, 4], 840),
    "list": (
        "class Two(Layer):\n    def call(self, xs, mask=None):\n"
        "        n = 0 if mask is None else sum(m is not None for m in mask)\n"
        "        return ops.concatenate([xs[0]] * (n + 1), axis=-1)\n"
        "    def compute_mask(self, x, mask=None): return None\ny = Two()([Embedding(10, 4)(i), e])",
        [None, 20, 8],
        840,
    ),
    "after lambda": ("y = Tell()(Lambda(lambda x: x * 2)(e))", [None, 20, 16], 800),
    "gap": ("y = Tell()(GlobalAveragePooling1D()(e))", [None, 16], 800),
    "own then dropout": (
        "class Own(Layer):\n    def call(self, x): return x * 2.0\ny = Tell()(Dropout(.1)(Own()(e)))",
        [None, 20, 16],
        800,
    ),
    "many layers before": (
        "y = e\nfor _ in range(90): y = Dense(4)(y)\ny = Tell()(y)",
        [None, 20, 12],
        800 + 36 + 89 * 20,
    ),
}
REFUSED = {  # of which Keras 2 and 3 say different things, or that go through what hands masks on in its own way
    "inside": "class Outer(Layer):\n    def __init__(self):\n        super().__init__(); self.tell = Tell()\n"
    "    def call(self, x): return self.tell(x)\ny = Outer()(e)",
    "add2": "y = Tell()(Add()([e, e]))",
    "two": "class Two(Layer):\n    def call(self, x, z, mask=None):\n"
    "        return x if mask is None else ops.concatenate([x, z], axis=-1)\n"
    "y = Two()(Embedding(10, 4)(i), e)",
    "seq2": "y = Tell()(Sequential([Dropout(.1)])(e))",
    "nested": "y = Tell()(Model(i, e)(i))",
    "lambda": "y = Lambda(lambda x, mask: x if mask is None else ops.concatenate([x, x], -1))(e)",
    "mha": "y = Tell()(MultiHeadAttention(2, 4)(e, e))",
}


@pytest.mark.parametrize(("text", "shape", "params"), READ.values(), ids=READ)
def test_a_mask_comes_to_a_layer_of_the_texts_own_as_in_keras(text, shape, params):
    report = analyze(f"{HEAD}{text}\nm = Model(i, y)")
    assert (report["outputs"][0]["shape"], report["totals"]["params"]) == (shape, params)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_a_mask_of_which_it_is_not_sure_that_it_comes_is_refused(text):
    with pytest.raises(Refused) as caught:
        analyze(f"{HEAD}{text}\nm = Model(i, y)")
    assert "mask" in caught.value.errors[0]["detail"]
