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
