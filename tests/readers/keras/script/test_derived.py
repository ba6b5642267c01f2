"""Classes derived from Keras' whose layers Keras counts in ways of its own; numbers of Keras 3.15, or a refusal."""

import pytest

from layercalc import analyze
from layercalc.errors import Unreadable

HEAD = "from keras import *\nfrom keras.layers import *\nimport keras, numpy as np\n"
BLOCK = (
    "class Block(Layer):\n    def __init__(self, units, **kwargs):\n        super().__init__(**kwargs)\n"
    "        self.dense = Dense(units)\n        self.drop = Dropout(.1)\n    def call(self, x):\n"
    "        return self.drop(self.dense(x))\n"
)
NET = (
    "class Net(Model):\n    def __init__(self, a, b):\n        super().__init__()\n        self.a, self.b = a, b\n"
    "    def call(self, x, training=False):\n        if training:\n            x = self.b(x)\n        return self.a(x)\n"
)
CHAIN = NET.replace("self.a(x)", "self.b(self.a(x))")
CODER = "Sequential([Input((4,)), Dense(3)])"
DATA = "\nm(np.zeros((1, 4)))"
FUNCTIONAL = (
    "class Net(Model):\n    def __init__(self):\n        i, dense = Input((4,)), Dense(3)\n"
    "        super().__init__(i, dense(i))\n        self.dense, self.other = dense, Dense(7)\n"
)
OF_KERAS = "class Own({}):\n    def build(self, shape):\n        super().build(shape)\n        {}\n"
WIDER = (
    "class Own(Dense):\n    def __init__(self, units):\n        super().__init__(units)\n        {}\nblock = Own(3)\n"
)
LISTS = (
    "class Own(Layer):\n    def __init__(self):\n        super().__init__()\n        {}\n"
    "    def call(self, x):\n        for one in self.parts:\n            x = one(x)\n        return x\n"
    "block = Own()\n"
)
SIZES = "class Own(Layer):\n    def __init__(self, sizes):\n        super().__init__()\n        self.sizes = sizes\nsizes = [1, 2]\n"
NORMED = (
    "class Own(Dense):\n    def __init__(self, units):\n        super().__init__(units)\n"
    "        self.norm = BatchNormalization()\n    def call(self, x):\n        return self.norm(super().call(x))\n"
    "block = Own(3)\n"
)
SHAPED = (
    "class Own(Layer):\n    def __init__(self):\n        super().__init__()\n        self.a, self.b = Dense(3), Dense(3)\n"
    "    def build(self, shape):\n        self.a.build(shape)\n    def call(self, x):\n        return self.b(self.a(x))\n"
)
SHAPE = "    def compute_output_shape(self, shape):\n        return (*shape[:-1], 3)\n"
END = "m = Sequential([Input((4,)), block, Dense(2)])\n"

RIGHT = {  # parameters, trainable ones
    "a block that is locked when it is whole": (BLOCK + "block = Block(3)\nblock.trainable = False\n" + END, (23, 8)),
    "a locked block that is unlocked again": (
        BLOCK + "block = Block(3, trainable=False)\nblock.trainable = True\n" + END,
        (23, 23),
    ),
    "a locked block of weights of its own, and of layers without": (
        "class Block(Layer):\n    def __init__(self):\n        super().__init__(trainable=False)\n"
        "        self.act = ReLU()\n        self.w = self.add_weight(shape=(4, 3))\n    def call(self, x):\n"
        "        return self.act(x @ self.w)\nblock = Block()\n" + END,
        (20, 8),
    ),
    "a model that is locked, whatever is in it": (
        BLOCK.replace("(Layer)", "(Model)") + "m = Block(3, trainable=False)\nm(np.zeros((1, 4)))",
        (15, 0),
    ),
    "models that are both called": (CHAIN + f"m = Net({CODER}, Sequential([Input((3,)), Dense(4)]))" + DATA, (31, 31)),
    "a model without weights that is not called": (
        NET + f"m = Net({CODER}, Sequential([Dropout(.1)]))" + DATA,
        (15, 15),
    ),
    "a layer that nothing has built": (NET + f"m = Net({CODER}, Dense(9))" + DATA, (15, 15)),
    "layers of a functional model as its attributes": (FUNCTIONAL + "m = Net()", (15, 15)),
    "a weight beside those of Dense": (
        OF_KERAS.format("Dense", "self.u = self.add_weight(shape=(1, self.units), trainable=False)")
        + "block = Own(3)\n"
        + END,
        (26, 23),
    ),
    "a weight beside those of BatchNormalization, the first layer": (
        OF_KERAS.format("BatchNormalization", "self.r = self.add_weight(shape=(shape[-1],))")
        + "m = Sequential([Own(input_shape=(4,)), Dense(2)])",
        (30, 22),
    ),
    "an LSTM that is locked in build": (
        OF_KERAS.format("LSTM", "self.trainable = False") + "i = Input((5, 4))\nm = Model(i, Dense(2)(Own(3)(i)))",
        (104, 8),
    ),
    "a build that makes nothing": (OF_KERAS.format("Dense", "self.n = 3") + "block = Own(3)\n" + END, (23, 23)),
    "a weight made in __init__": (WIDER.format("self.s = self.add_weight(shape=(units,))") + END, (26, 26)),
    "an attribute that is as it was": (WIDER.format("self.units = units") + END, (23, 23)),
    "a list that is given whole": (
        LISTS.format("parts = [Dense(3)]; parts.append(Dense(3)); self.parts = parts") + END,
        (35, 35),
    ),
    "a list that grows as an attribute": (LISTS.format("self.parts = []; self.parts.append(Dense(3))") + END, (23, 23)),
    "a list of two attributes": (
        LISTS.format("self.parts = self.other = []; self.parts.append(Dense(3)); self.other.append(Dense(9))") + END,
        (23, 23),
    ),
    "numbers in a list that grows later": (
        SIZES + "own = Own(sizes); sizes.append(3)\nm = Sequential([Input((4,)), Dense(len(own.sizes))])",
        (10, 10),
    ),
    "numbers in a list that the object takes": (
        SIZES + "own = Own(sizes); own.sizes.pop()\nm = Sequential([Input((4,)), Dense(len(sizes))])",
        (10, 10),
    ),
    "layers that Keras builds by running call": (SHAPED + "block = Own()\n" + END, (35, 35)),
    "layers that build builds, beside a shape that is told": (
        SHAPED.replace("build(shape)\n", "build(shape); self.b.build((None, 3))\n") + SHAPE + "block = Own()\n" + END,
        (35, 35),
    ),
    "a layer without weights as an activation": (
        "m = Sequential([Input((4,)), Dense(3, activation=LeakyReLU()), Dense(2)])",
        (23, 23),
    ),
    "a model that runs on data": (
        SHAPED.replace("Layer", "Model") + SHAPE + "m = Own()" + DATA,
        (27, 27),
    ),
    "a list through __dict__ that holds no layers": (
        LISTS.format("self.__dict__.update(n=[1, 2]); self.parts = [Dense(3)]") + END,
        (23, 23),
    ),
}
REFUSED = {
    "layers that are set through __dict__": (
        LISTS.format("self.__dict__['parts'] = [Dense(3)]") + END,
        "Own has layers past its attributes",
    ),
    "a layer that a cached property makes": (
        "import functools\nclass Own(Layer):\n    @functools.cached_property\n    def dense(self):\n        return Dense(3)\n"
        "    def call(self, x):\n        return self.dense(x)\nblock = Own()\n" + END,
        "Own has layers past its attributes",
    ),
    "a layer with weights as an activation": (
        "m = Sequential([Input((4,)), Dense(3, activation=PReLU()), Dense(2)])",
        "put it behind the layer",
    ),
    "a layer inside one of Keras'": (NORMED + END, "leaves the layer 'batch_normalization' unbuilt"),
    "a layer that build leaves out, beside a shape that is told": (
        SHAPED + SHAPE + "block = Own()\n" + END,
        "leaves the layer 'dense_1' unbuilt",
    ),
    "a list that is given and grows later": (
        LISTS.format("parts = []; self.parts = parts; parts.append(Dense(3))") + END,
        "given to parts here gets other layers later",
    ),
    "a layer put into a list by its index": (
        LISTS.format("self.parts = [None] * 2; self.parts[0] = Dense(3); self.parts[1] = Dense(3)") + END,
        "put into a list by its index",
    ),
    "a list in a list that grows later": (
        LISTS.format(
            "self.rows = []; row = []; self.rows.append(row); row.append(Dense(3))\n        self.parts = [lambda x: self.rows[0][0](x)]"
        )
        + END,
        "rows.0 gets layers after it was put there",
    ),
    "a list in a dict that grows later": (
        LISTS.format(
            "self.d = {}; self.d['a'] = []; self.d['a'].append(Dense(3))\n        self.parts = [lambda x: self.d['a'][0](x)]"
        )
        + END,
        "d.a gets layers after it was put there",
    ),
    "an attribute of Dense that is set anew": (
        WIDER.format("self.units = 2 * units") + END,
        "sets units of Dense anew",
    ),
    "an attribute of Dense that build sets anew": (
        "class Own(Dense):\n    def build(self, shape):\n        self.units = 5\n        super().build(shape)\n"
        "block = Own(3)\n" + END,
        "sets units of Dense anew",
    ),
    "an attribute of Dense as a property": (
        "class Own(Dense):\n    @property\n    def units(self):\n        return 5\nblock = Own(3)\n" + END,
        "Own defines units",
    ),
    "trainable of the class": (
        "class Own(Dense):\n    trainable = False\nblock = Own(3)\n" + END,
        "Own defines trainable",
    ),
    "a way of its own to make the weights of Dense": (
        "class Own(Dense):\n    def add_weight(self, *args, **kwargs):\n"
        "        return super().add_weight(*args, **{**kwargs, 'trainable': False})\nblock = Own(3)\n" + END,
        "Own defines add_weight",
    ),
    "a layer that the build of Dense makes beside": (
        OF_KERAS.format("Dense", "self.d = Dense(5)\n        self.d.build(shape)") + "block = Own(3)\n" + END,
        "d of Own has weights",
    ),
    "a locked block around a model that is open": (
        BLOCK.replace("Dense(units)", "Sequential([Dense(units)])") + "block = Block(3, trainable=False)\n" + END,
        "is locked, the model 'sequential' in it is not",
    ),
    "a Sequential of known shape that is not called": (
        NET + f"m = Net({CODER}, {CODER})" + DATA,
        "b of Net has weights",
    ),
    "a functional model in a list that is not called": (
        NET + f"i = Input((4,))\nm = Net({CODER}, [Model(i, Dense(2)(i))])" + DATA,
        "b.0 of Net has weights",
    ),
    "a copy that is not called": (
        NET + f"a = {CODER}\nm = Net(a, keras.models.clone_model(a))" + DATA,
        "b of Net has weights",
    ),
    "a layer that is called elsewhere": (
        NET + f"d = Dense(5)\nm = Net({CODER}, d)" + DATA + "\nd(Input((4,)))",
        "b of Net has weights",
    ),
    "a layer of a functional model that is built beside it": (
        FUNCTIONAL + "        self.other.build((None, 2))\nm = Net()",
        "other of Net has weights",
    ),
    "a block that is locked before its layers are made": (
        BLOCK + "block = Block(3, trainable=False)\n" + END,
        "is locked, the layer 'dense' in it is not",
    ),
    "a layer that is unlocked in a locked block": (
        BLOCK + "block = Block(3)\nblock.trainable = False\nblock.dense.trainable = True\n" + END,
        "is locked, the layer 'dense' in it is not",
    ),
    "a block in a block that is locked before it": (
        BLOCK + "class Outer(Layer):\n    def __init__(self):\n        super().__init__()\n"
        "        self.trainable = False\n        self.block = Block(3)\n    def call(self, x):\n"
        "        return self.block(x)\nblock = Outer()\n" + END,
        "is locked, the layer 'block' in it is not",
    ),
}


@pytest.mark.parametrize(("text", "counts"), RIGHT.values(), ids=RIGHT)
def test_the_numbers_are_those_of_keras(text, counts):
    totals = analyze(HEAD + text)["totals"]
    assert (totals["params"], totals["trainable_params"]) == counts


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_followed_is_refused(text, why):
    with pytest.raises(Unreadable) as caught:
        analyze(HEAD + text)
    assert why in caught.value.errors[0]["detail"]


def test_a_model_that_only_build_is_asked_of_is_told_to_be_read_as_keras_2_does():
    text = HEAD + NET + "m = Net(Dense(3), Dense(3))\nm.build((None, 4))"
    report = analyze(text)
    assert (report["totals"]["params"], len(report["warnings"])) == (15, 1)
    assert "as in Keras 2" in report["warnings"][0]["detail"]
    assert not analyze(text + "\nm(np.zeros((1, 4)))")["warnings"]
