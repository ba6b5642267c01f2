"""Which model of a text is the one that is meant; where a model stands in no name of its own, it may be another."""

import pytest

from layercalc import analyze
from layercalc.errors import Unreadable
from tests.readers.keras.script.test_recorded import ours

HEAD = "from keras import *\nfrom keras.layers import *\nimport collections\nimport numpy as np\n"
ENC = "enc = Sequential([Input((2,)), Dense(1)])\n"
NET = "Sequential([Input((4,)), Dense(3)])"
CLASS = f"class A:\n    def __init__(self):\n        self.model = {NET}\n"
ELSEWHERE = {  # where the other model stands, the text, and the expression that the fault offers
    "an attribute": (f"{ENC}{CLASS}a = A()", "a.model"),
    "an attribute set from outside": (f"{ENC}class T: pass\nt = T()\nt.model = {NET}", "t.model"),
    "an attribute of a class": (f"{ENC}class T:\n    model = {NET}", "T.model"),
    "an attribute of a function": (f"{ENC}def f(): pass\nf.model = {NET}", "f.model"),
    "an attribute, and it is shown": (f"{CLASS}a = A()\n{ENC}a.model.summary()", "a.model"),
    "a list": (f"{ENC}nets = [{NET}]", "nets[0]"),
    "a dict": (f"{ENC}nets = {{'big': {NET}}}", "nets['big']"),
    "a tuple": (f"{ENC}pair = 1, {NET}", "pair[1]"),
    "a set": (f"{ENC}nets = {{{NET}}}", "the call that makes it"),
    "lists in a dict in an object": (f"{ENC}class T: pass\nt = T()\nt.n = {{'x': [{NET}]}}", "t.n['x'][0]"),
    "a named tuple": (f"{ENC}P = collections.namedtuple('P', 'a b')\np = P(1, {NET})", "p"),
    "a function that trains it": (f"{ENC}def main():\n    m = {NET}\n    m.fit(x, y)\nmain()", "the call that makes"),
    "a closure": (f"{ENC}def f():\n    m = {NET}\n    return lambda: m\nf()().summary()", "the call that makes"),
    "nothing any more": (f"{ENC}m = {NET}\nm.compile()\ndel m", "the call that makes"),
    "a model of the text's own": (
        f"{ENC}class N(Model):\n    def __init__(self):\n        super().__init__(); self.d = Dense(3)\n"
        "    def call(self, x): return self.d(x)\nnets = [N()]\nnets[0](np.ones((1, 4)))",
        "nets[0]",
    ),
    "a model that is loaded": (f"{ENC}nets = [models.load_model('net.h5')]", "nets[0]"),
}
CHOSEN = {  # the text, and the parameters of the model that is answered
    "a list of models, of which the last has a name": (
        f"nets = []\nfor k in range(3):\n    m = {NET}\n    nets.append(m)",
        15,
    ),
    "a name for what a dict holds": (f"{ENC}nets = {{'e': enc}}\nnets['e'].summary()", 3),
    "part of another": (f"nets = [{NET}]\nm = Sequential([nets[0], Dense(1)])\nnets[0].summary()", 19),
    "a model made before the last": (f"{CLASS}a = A()\n{ENC}", 3),
    "one that a function makes and drops": (f"m = {NET}\ndef f():\n    return {ENC[6:-1]}.count_params()\nf()", 15),
    "the only one, of which the name is bound anew": (f"m = {NET}\nm = None", 15),
    "the only one, of which the name is gone": (f"m = {NET}\nm.summary()\ndel m", 15),
    "the network that a method makes of its class": (
        "class N(Model):\n    def __init__(self):\n        super().__init__(); self.d = Dense(3)\n"
        "    def call(self, x): return self.d(x)\n"
        "    def show(self):\n        x = Input((4,))\n        return Model(x, self.call(x)).summary()\nn = N()\nn.show()",
        15,
    ),
}


@pytest.mark.parametrize(("text", "entry"), ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_a_later_model_without_a_name_of_its_own_is_asked_for(text, entry):
    with pytest.raises(Unreadable, match="Which model is meant cannot be told") as caught:
        analyze(HEAD + text)
    assert entry in str(caught.value)


@pytest.mark.parametrize(
    "text", [text for text, entry in ELSEWHERE.values() if entry[-1] in "l]" and "load" not in text]
)
def test_the_expression_that_is_offered_makes_the_model(text):
    entry = next(entry for one, entry in ELSEWHERE.values() if one == text)
    assert ours(HEAD + text, entry)["totals"]["params"] == 15


@pytest.mark.parametrize(("text", "params"), CHOSEN.values(), ids=CHOSEN.keys())
def test_the_model_that_is_meant_is_read(text, params):
    assert analyze(HEAD + text)["totals"]["params"] == params


PARTS = (
    "import numpy as np\nimport tensorflow as tf\nfrom tensorflow import keras\nfrom tensorflow.keras import layers, Input\n"
    "class Scale(layers.Layer):\n    def __init__(self, n=3):\n        super().__init__(); self.d = layers.Dense(n)\n"
    "    def call(self, x): return self.d(x) * 2\n"
    "def block(x, n):\n    return layers.ReLU()(layers.Conv2D(n, 3)(x))\n"
    "def heads(x):\n    return [layers.Dense(3)(x), layers.Dense(4)(x)]\n"
)


@pytest.mark.parametrize(
    ("entry", "shape", "params", "outputs"),
    [
        ("block(Input((8, 8, 3)), 4)", None, 112, [[None, 6, 6, 4]]),
        ("heads(Input((5,)))", None, 18 + 24, [[None, 3], [None, 4]]),
        ("Scale()", [7], 24, [[None, 3]]),
        ("layers.Dense(9)", [7], 72, [[None, 9]]),
        ("Scale(5)(Input((2,)))", None, 15, [[None, 5]]),
        ("keras.Sequential([Scale(2), Scale()])", [4], 10 + 9, [[None, 3]]),
    ],
)
def test_entry_may_name_a_part_of_a_model(entry, shape, params, outputs):
    found = analyze(PARTS, input_shape=shape, entry=entry)
    assert found["totals"]["params"] == params
    assert [one["shape"] for one in found["outputs"]] == outputs


OBJECTS = f"""{HEAD}
import collections
class O:
    def f(self): return 1
o, P = O(), collections.namedtuple("P", "x")
p = P(1)
"""


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        (PARTS, {}, "only parts of one; name with `entry` a layer"),
        (PARTS, {}, "Scale(n=3) of line 6; block(x, n) of line 9; heads(x) of line 11"),
        (PARTS, {"entry": "Scale"}, "received the class Scale, which is not called"),
        (PARTS, {"entry": "heads"}, "received the function heads, which is not called"),
        (PARTS, {"entry": "Scale()"}, "give it as input_shape"),
        (
            "import keras\nclass N(keras.Model):\n    def __init__(self, n): self.d = layers.Dense(n)",
            {},
            "makes it: N(n)",
        ),
        ("import keras\nclass N(keras.Model):\n    def call(self, x): return x", {}, "calls N on nothing"),
        (OBJECTS, {"entry": "o"}, "received an object of O."),
        (OBJECTS, {"entry": "o.f"}, "received the method f, which is not called"),
        (OBJECTS, {"entry": "p"}, "received an object of P."),
        (OBJECTS, {"entry": "P"}, "received the class P, which is not called"),
        (OBJECTS, {"entry": "int"}, "received the class int, which is not called"),
        (OBJECTS, {"entry": "len"}, "received the function len, which is not called"),
        (OBJECTS, {"entry": "collections"}, "received the module collections."),
        (OBJECTS, {"entry": "o.__dict__"}, "received an object of dict."),
        (OBJECTS, {"entry": "{1: 2}.items()"}, "received an object of dict_items."),
        (OBJECTS, {"entry": "iter([1])"}, "received an object of iterator."),
        (OBJECTS, {"entry": "[Input((3,))] * 1_000_000"}, "takes more than 500,000 steps"),
        (f"{OBJECTS}x = Input((3,))\nkeras.Model(x, [x] * 300_000)", {}, "takes more than 500,000 steps"),
        ("".join(f"def f{n}(x): return Dense(3)(x)\n" for n in range(9)), {}, "f5(x) of line 6; … (3 more)."),
    ],
)
def test_a_text_without_a_model_says_what_makes_one(text, options, told):
    with pytest.raises(Unreadable) as caught:
        analyze(text, **options)
    assert told in str(caught.value)


def test_the_first_of_several_models_is_said_to_be_answered_for():
    text = HEAD + ENC + f"def both(): return enc, {NET}\n"
    found = analyze(text, entry="both()")
    assert found["totals"]["params"] == 3
    assert [one["detail"] for one in found["warnings"]] == ["both() gives several models; the first is answered for"]
