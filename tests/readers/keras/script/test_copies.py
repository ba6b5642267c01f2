"""Layers of the text's own that are made of their configs, and models copied with such layers in them."""

import pytest

from layercalc import Refused, analyze

HEAD = (
    "import keras\nfrom keras import *\nfrom keras.layers import *\n"
    "class B(Layer):\n    def __init__(self, f=4, **kw):\n        super().__init__(**kw); self.f = f; self.d = Dense(f)\n"
    "    def call(self, x): return self.d(x)\n    def get_config(self):\n"
    "        c = super().get_config(); c.update({'f': self.f}); return c\n"
    "class P(Layer):\n    def build(self, s): self.w = self.add_weight(shape=(s[-1], 3))\n"
    "    def call(self, x): return keras.ops.matmul(x, self.w)\n"
    "i = Input((3,))\n"
)
READ = {  # parameters of the last model
    "m = Model(i, B.from_config(B(7).get_config())(i))": 28,
    "b = B(7)\nm = Model(i, b.__class__(**b.get_config())(i))": 28,
    "b = B(7, name='mine')\nm = Model(i, type(b).from_config({**b.get_config(), 'f': 5})(i))\nassert m.layers[1].name == 'mine'": 20,
    "b = B(7)\nb.trainable = False\nc = B.from_config(b.get_config())\nm = Model(i, c(i))\nassert not c.trainable\nc.trainable = True": 28,
    "m = models.clone_model(Model(i, Dense(2)(B(5)(i))))": 20 + 12,
    "m = models.clone_model(Sequential([i, B(5), B(6), Dense(2)]))": 20 + 36 + 14,
    "b = B(3)\nm = models.clone_model(Model(i, b(b(i))))": 12,
    "m = models.clone_model(Model(i, Dense(2)(P()(i))))": 9 + 8,
    "a = Model(i, B(5)(i))\nm = Model.from_config(a.get_config(), custom_objects={'B': B})": 20,
    "class C(B):\n    def call(self, x): return self.d(x) * 2\n    @classmethod\n    def from_config(cls, config):\n"
    "        config['f'] += 1\n        return super().from_config(config)\nm = models.clone_model(Model(i, C(5)(i)))": 24,
    "class T(Layer):\n    def __init__(self, **kw): super().__init__(**kw); self.d = Dense(2)\n"
    "    def call(self, xs): return self.d(xs[0] + xs[1])\n"
    "j = Input((3,))\nm = models.clone_model(Model([i, j], T()([i, j])))": 8,
}  # fmt: skip


@pytest.mark.parametrize("text", READ)
def test_a_layer_is_made_of_the_config_of_another(text):
    report = analyze(HEAD + text, entry="m")
    assert report["totals"]["params"] == READ[text]


REFUSED = {
    "class N(Layer):\n    def __init__(self, f): super().__init__(); self.d = Dense(f)\n"
    "    def call(self, x): return self.d(x)\nm = models.clone_model(Model(i, N(4)(i)))": (17, "write that method"),
    "class D(Dense):\n    def __init__(self, f): super().__init__(f)\nm = Model(i, D.from_config(D(3).get_config())(i))":
        (16, "received `D.from_config"),
    "class K(B):\n    def call(self, x, y=None): return self.d(x if y is None else x + y)\n"
    "m = models.clone_model(Model(i, K(3)(i, i)))": (16, "more than its first argument"),
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_a_copy_that_its_config_does_not_tell_is_refused(text):
    line, told = REFUSED[text]
    with pytest.raises(Refused) as caught:
        analyze(HEAD + text, entry="m")
    assert (caught.value.errors[0]["line"], told in caught.value.errors[0]["detail"]) == (line, True), caught.value


@pytest.mark.parametrize("given", ["self, name=name", "self", "name"])
def test_what_keras_2_leaves_out_by_position_is_left_out(given):
    text = (
        f"class M(Model):\n    def __init__(self, name='m'):\n        super(M, self).__init__({given}); self.d = Dense(4)\n"
        "    def call(self, x): return self.d(x)\nm = M(); m.build((None, 3))"
    )
    report = analyze(HEAD + text)
    assert report["totals"]["params"] == 16
    assert any("by position is left out" in one["detail"] for one in report["warnings"])
