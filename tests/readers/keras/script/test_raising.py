"""What only Keras decides may raise: where a text catches that, neither branch is taken for the one that runs."""

import pytest

from layercalc import analyze
from layercalc.errors import Unreadable

HEAD = "from keras import *\nfrom keras.layers import *\nimport keras, os\nimport numpy as np\n"
NET = "m = Sequential([Input((4,)), Dense(3)])\n"
MAY_RAISE = [
    "m.load_weights('w.weights.h5')", "m.save('/nowhere/m.keras')", "m.fit()", "m.fit(np.ones((2, 4)), np.ones(2))",
    "m.evaluate()", "m.predict(x)", "m.compile(optimizer='nope')", "m.compile('adam', 'mse', 3)", "m.summary(3)",
    "m.count_params(1)", "m.layers[0].set_weights([])", "m.metrics[7]", "m.layers[0].input_shape", "m.nope", "m[0]",
    "len(m)", "m + 1", "m < 1", "getattr(m, 'nope')", "Dense(3).nope", "BatchNormalization().gamma", "Dense(3)[0]",
    "len(Dense(3))", "Dense(3) + Dense(2)", "keras.layers.Dense.nope", "Input()", "Input(shape=(3,), batch_shape=(1, 3))",
    "Input((3,)).nope", "Input((3,)).shape + [1]", "Input((3,)).shape[1] = 3", "int(Input((3,)))", "bool(Input((3,)))",
    "len(Input((3,)))", "Dense(3)([Input((2,))])", "Dense(3)(x=Input((2,)))", "Dense(3, batch_input_shape=(1, 2))",
    "Concatenate()(Input((3,)))", "Add()([Input((3,))])", "Sequential(Dense(3))", "import keras.nope",
    "Sequential([Input((3,)), Dense(2, name='q'), Dense(2, name='q')])", "Sequential([Dense(3)]).pop()",
    "Sequential([Input((3,)), Conv2D(3, 3)])", "Model(Input((3,)), Dense(2)(Input((3,))))", "os.environ['NOWHERE']",
    "keras.backend.int_shape(3)", "callbacks.EarlyStopping(nope=1)", "m.history.x",
]  # fmt: skip
HOLDS = {  # the text, and the parameters
    "a model that is trained": (f"try:\n    {NET}    m.fit(x, y)\nexcept ValueError:\n    print('no')", 15),
    "a handler that changes no model": (f"{NET}try:\n    m.load_weights('w.h5')\nexcept OSError:\n    print('no')", 15),
    "a weight before the layer is built": (
        f"{NET}d = Dense(5)\ntry:\n    n = d.kernel.shape[1]\nexcept AttributeError:\n    m.add(Dense(1))", 19,
    ),
    "a handler that ends the text": (f"{NET}try:\n    m.load_weights('w.h5')\nexcept OSError:\n    raise SystemExit", 15),
    "what every version takes": (
        "try:\n    i = Input(shape=(4,))\n    x = Dense(3, activation='relu', name='a')(i)\n    x = Concatenate()([x, i])\n"
        "    m = Model(i, Dropout(0.5)(x))\n    m.compile(optimizer='adam', loss='mse', metrics=['accuracy'])\n"
        "    m.summary()\nexcept ValueError:\n    m = None",
        15,
    ),
    "a Sequential layer by layer": (
        "try:\n    m = Sequential()\n    m.add(Input((4,)))\n    m.add(Dense(3))\nexcept ValueError:\n    m = None", 15,
    ),
    "imports from where there is a name": (
        f"try:\n    from tensorflow.keras.layers import Dense\nexcept ImportError:\n    from keras.layers import Dense\n{NET}",
        15,
    ),
}  # fmt: skip


@pytest.mark.parametrize("line", MAY_RAISE)
def test_what_may_raise_is_taken_both_ways(line):
    with pytest.raises(Unreadable):
        analyze(f"{HEAD}{NET}try:\n    {line}\nexcept Exception:\n    m.add(Dense(2))")


@pytest.mark.parametrize(("text", "params"), HOLDS.values(), ids=HOLDS.keys())
def test_what_holds_on_both_ways_is_read(text, params):
    assert analyze(HEAD + text)["totals"]["params"] == params
