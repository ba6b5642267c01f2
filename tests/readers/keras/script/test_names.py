"""Names of a text that stand for another thing by the time they are used: Python's rules say for which."""

import pytest

from layercalc import Refused, analyze

# A text, its parameters, and those of them that can be trained.
READ = [
    ('Dense = functools.partial(Dense, use_bias=False)\nnet = Sequential([Input((4,)), Dense(3)])', 12, 12),
    ('def Dense(n):\n    return keras.layers.Dense(n, use_bias=False)\nnet = Sequential([Input((4,)), Dense(3)])', 12, 12),
    ('try:\n    from keras.layers import Dense\nexcept ImportError:\n    from my import Dense\nSequential([Input((4,)), Dense(3)])', 15, 15),
    ('n = 4\nfor n in range(3):\n    pass\nnet = Sequential([Input((4,)), Dense(n)])', 10, 10),
    ('n = 4\nprint(n := 8)\nnet = Sequential([Input((4,)), Dense(n)])', 40, 40),
    ('n = 4\nn **= 2\nnet = Sequential([Input((4,)), Dense(n)])', 80, 80),
    ('n = 4\ndef f():\n    global n\n    n = 8\nf()\nnet = Sequential([Input((4,)), Dense(n)])', 40, 40),
    ('shape = [4, 4]\nshape.reverse()\nnet = Sequential([Input(shape), Dense(3)])', 15, 15),
    ('shape = [4, 4]\nboth = [shape]\nboth[0].pop()\nnet = Sequential([Input(shape), Dense(3)])', 15, 15),
    ('i = Input((4,))\nx = Dense(6)(i)\nskip = Dense(6)(i)\nx += skip\nnet = Model(i, x)', 60, 60),
    ('i = Input((4,))\nx = Dense(6)(i)\nskip = Dense(6)(i)\nx = x + skip\nnet = Model(i, x)', 60, 60),
    ('i = Input((4,))\nx = Dense(6)(i)\nskip = Dense(6)(i)\nx = tf.nn.relu(x)\nnet = Model(i, x)', 30, 30),
    ('i = Input((4,))\nx = Dense(6)(i)\nskip = Dense(6)(i)\na, *b = [x, skip]\nnet = Model(i, a)', 30, 30),
    ('i = Input((4,))\nx = Dense(6)(i)\nskip = Dense(6)(i)\ntensors = [x, skip]\ntensors.reverse()\nnet = Model(i, tensors)', 60, 60),
    ('i = Input((4,))\nx = Dense(6)(i)\nskip = Dense(6)(i)\ntensors = [x, skip]\nfor t in tensors:\n    x = Dense(3)(t)\nnet = Model(i, x)', 51, 51),
    ('stack = [Input((4,)), Dense(3)]\nstack.insert(1, Dense(5))\nnet = Sequential(stack)', 43, 43),
    ('stack = [Input((4,)), Dense(3)]\nstack[1] = Dense(5)\nnet = Sequential(stack)', 25, 25),
    ('stack = [Dense(3)]\ndef deepen(s):\n    s.append(Dense(5))\ndeepen(stack)\nnet = Sequential([Input((4,)), *stack])', 35, 35),
    ('def stage(net, n):\n    net.add(Dense(n))\nnet = Sequential([Input((4,))])\nstage(net, 8)\nnet.add(Dense(2))', 58, 58),
    ('make = lambda n: Dense(n)\nnet = Sequential([Input((4,)), make(3)])', 15, 15),
    ('n = 4\ndef f():\n    global n\n    n = 8\nfs = [f]\nfs[0]()\nnet = Sequential([Input((4,)), Dense(n)])', 40, 40),
    ('from helpers import *\nfrom keras import Input, Sequential\nfrom keras.layers import Dense\nnet = Sequential([Input((4,)), Dense(3)])', 15, 15),
    ('class B:\n    n = 0\n    def __init__(self, k):\n        type(self).n += 1\n        self.d = Dense(k + type(self).n)\nnet = Sequential([Input((4,)), B(3).d, B(5).d])', 20 + 35, 55),
    ('from itertools import *\nnet = Sequential([Input((4,)), Dense(3)])', 15, 15),
    ('l = LSTM(5, return_sequences=True)\nb = Bidirectional(l)\nl.trainable = False\nSequential([Input((4, 3)), b])', 360, 360),
]  # fmt: skip

# A text, and the line of the fault.
REFUSED = [
    ('from my import Dense\nnet = Sequential([Input((4,)), Dense(3)])', 2),
    ('import mylib as layers\nnet = Sequential([Input((4,)), layers.Dense(3)])', 2),
    ('class Dense(Layer):\n    pass\nnet = Sequential([Input((4,)), Dense(3)])', 3),
    ('from helpers import *\nnet = Sequential([Input((4,)), Dense(3)])', 2),
    ('from keras.layers import Dense\nfrom helpers import *\nnet = Sequential([Input((4,)), Dense(3)])', 3),
    ('from helpers import *\nnet = build(3)', 1),
    ('def f():\n    from helpers import *\nf()\nnet = Sequential([Input((4,)), Dense(3)])', 2),
    ('if OLD:\n    from my import Dense\nnet = Sequential([Input((4,)), Dense(3)])', 3),
    ('for Dense in kinds:\n    pass\nnet = Sequential([Input((4,)), Dense(3)])', 3),
    ('n = 4\nn = width(n)\nnet = Sequential([Input((4,)), Dense(n)])', 3),
    ('n = 4\nif BIG:\n    n = 8\nnet = Sequential([Input((4,)), Dense(n)])', 4),
    ('n = 4\nwith size() as n:\n    pass\nnet = Sequential([Input((4,)), Dense(n)])', 4),
    ('n = 4\ndel n\nnet = Sequential([Input((4,)), Dense(n)])', 3),
    ('n = x_train.shape[1]\nnet = Sequential([Input((n,)), Dense(3)])', 2),
    ('shape = [4, 4]\nother = shape\nfill(other)\nnet = Sequential([Input(shape), Dense(3)])', 4),
    ('shape = [4, 4]\nshape[0] = n\nnet = Sequential([Input(shape), Dense(3)])', 3),
    ("same = {'use_bias': True}\nsame.update(other)\nnet = Sequential([Input((4,)), Dense(3, use_bias=same['use_bias'])])", 3),
    ("import sys\nsys.modules['keras'].layers.Dense = Other\nnet = Sequential([Input((4,)), Dense(3)])", 2),
    ('i = Input((4,))\nx = Dense(6)(i)\nskip = Dense(6)(i)\nx = helper(x)\nnet = Model(i, x)', 4),
    ('i = Input((4,))\nx = Dense(6)(i)\nskip = Dense(6)(i)\nx = Lambda(helper)(x)\nnet = Model(i, x)', 4),
    ('i = Input((4,))\nx = Dense(6)(i)\nskip = Dense(6)(i)\nif DEEP:\n    x = skip\nnet = Model(i, x)', 4),
    ('i = Input((4,))\nx = Dense(6)(i)\nskip = Dense(6)(i)\nx = skip if DEEP else x\nnet = Model(i, x)', 4),
    ('i = Input((4,))\nx = Dense(6)(i)\nskip = Dense(6)(i)\nx, skip = swap(x, skip)\nnet = Model(i, x)', 4),
    ('stack = [Input((4,)), Dense(3)]\nother = stack\nother *= 2\nnet = Sequential(stack)', 4),
    ('stack = [Input((4,)), Dense(3)]\nrandom.shuffle(stack)\nnet = Sequential(stack)', 2),
    ('stack = [Input((4,)), Dense(3)]\nif DEEP:\n    stack.append(Dense(5))\nnet = Sequential(stack)', 2),
    ('d = Dense(3)\nd.units = 5\nnet = Sequential([Input((4,)), d])', 2),
    ('d = Dense(3)\nd.__init__(5)\nnet = Sequential([Input((4,)), d])', 2),
    ('Conv2D = SeparableConv2D if LIGHT else Conv2D\nnet = Sequential([Input((8, 8, 3)), Conv2D(2, 3)])', 2),
    ('cfg = [3]\nwith tf.device(3) as cfg[0]:\n    pass\nnet = Sequential([Input((4,)), Dense(cfg[0])])', 4),
    ('from torch.nn import Flatten\nnet = Sequential([Input((4, 4)), Flatten()])', 2),
    ("if CHANNELS:\n    K.set_image_data_format('channels_first')\nnet = Sequential([Input((8, 8, 3)), Conv2D(2, 3)])", 1),
    ("def f():\n    K.set_image_data_format('channels_first')\nhelper(f)\nnet = Sequential([Input((8, 8, 3)), Conv2D(2, 3)])", 3),
    ('K.set_epsilon(1e-3)\nnet = Sequential([Input((8, 8, 3)), Conv2D(2, 3)])', 1),
    ('keras.layers.Conv2D.__init__ = init\nnet = Sequential([Input((8, 8, 3)), Conv2D(2, 3)])', 1),
    ("mock.patch('keras.layers.Conv2D', O).start()\nnet = Sequential([Input((8, 8, 3)), Conv2D(2, 3)])", 1),
    ("K.common._IMAGE_DATA_FORMAT = 'channels_first'\nnet = Sequential([Input((8, 8, 3)), Conv2D(2, 3)])", 1),
    ('prune(Conv2D)\nnet = Sequential([Input((8, 8, 3)), Conv2D(2, 3)])', 1),
    ("import sys\nsys.modules['keras'].layers = o\nnet = Sequential([Input((8, 8, 3)), Conv2D(2, 3)])", 2),
    # a model that is made where nobody can know whether, or changed after its use, or whole no more
    ('ms = []\nif BIG:\n    ms.append(Sequential([Input((3,)), Dense(2)]))', 3),
    ('inner = Sequential([Dense(3)])\nnet = Sequential([Input((4,)), inner])\ninner.add(Dense(5))', 3),
    ('i = Input((4,))\nj = Input((3,))\nModel(i, Add()([Dense(2)(i), Dense(2)(j)]))', 3),
    ('def build(n):\n    return Sequential([Dense(n, input_dim=4)])', 1),
    ('m = Sequential()\nfor i in range(n):\n    m.add(Dense(3))\nm.build((None, 3))', 2),
    ('m = Sequential()\nm.add(m)', 2),
    ('a = Sequential()\nb = Sequential([a])\na.add(b)\nb.build((None, 3))', 3),
    ('i = Input((4,))\nx = Lambda(helper)(i)\nm = Model(i, x)', 2),
    ('i = Input((6, 8))\nm = Model(i, keras.ops.no_such(i))', 2),
    ("from tensorflow.compat.v1.keras.layers import GRU\nnet = Sequential([Input((4, 3)), GRU(5)])", 2),
    ("keras.layers.Dense = Other\nnet = Sequential([Input((4,)), keras.layers.Dense(3)])", 2),
]  # fmt: skip


@pytest.mark.parametrize(("text", "params", "trainable"), READ, ids=[text for text, *_ in READ])
def test_a_name_is_what_python_would_have_it_be(text, params, trainable):
    totals = analyze(text)["totals"]
    assert (totals["params"], totals["trainable_params"]) == (params, trainable)


@pytest.mark.parametrize(("text", "line"), REFUSED, ids=[text for text, _ in REFUSED])
def test_a_name_of_which_nobody_can_know_is_refused(text, line):
    with pytest.raises(Refused) as caught:
        analyze(text)
    assert caught.value.errors[0]["line"] == line


MANY = "`from helpers import *` (line {})"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            "from keras import layers\nfrom helpers import *\n",
            f"layers, which {MANY.format(2)[:-9]} may have bound anew",
        ),
        ("from helpers import *\nfrom keras import layers\n", f"`N` of line 4, which depends on {MANY.format(1)}"),
    ],
)
def test_names_that_import_star_may_bring_are_told_with_its_line(lines, told):
    with pytest.raises(Refused) as caught:
        analyze(lines + "from keras import Sequential, Input\nnet = Sequential([Input((4,)), layers.Dense(N)])")
    assert told in caught.value.errors[0]["detail"]
