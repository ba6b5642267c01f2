"""Lines of Keras code as tutorials have them: layers, stacks, graphs, and faults at their line and column."""

import pytest

from layercalc import Refused, analyze, forward

TUTORIAL = """\
tf.keras.layers.Conv2D(filters=3, kernel_size=(3, 3), stride=(1, 1), padding='VALID', activation='relu')
tk.keras.layers.MaxPool2D(pool_size=(2, 2), stride=(2, 2), padding='SAME')
tf.keras.layers.Flatten()
"""


def shapes(code, **options):
    return [(row["name"], row["output_shape"]) for row in analyze(code, **options)["layers"]]


def test_first_line_of_the_tutorial():
    report = analyze("Dense(10, input_dim=10, activation='relu')")
    assert report["model"]["format"] == "code"
    assert report["totals"]["params"] == 110
    assert report["inputs"][0]["shape"] == [None, 10]
    assert report["warnings"] == []


def test_lines_of_the_tutorial_with_their_slips():
    report = analyze(TUTORIAL, input_shape="28,28,1")
    assert shapes(TUTORIAL, input_shape="28,28,1") == [
        ("conv2d", [None, 26, 26, 3]),
        ("max_pooling2d", [None, 13, 13, 3]),
        ("flatten", [None, 507]),
    ]
    assert [(one["line"], one["column"], one["detail"]) for one in report["warnings"]] == [
        (2, 1, "'tk' read as 'tf'"),
        (1, 62, "'stride' read as 'strides'"),
        (1, 78, '"VALID" read as "valid"'),
        (2, 52, "'stride' read as 'strides'"),
        (2, 68, '"SAME" read as "same"'),
    ]
    assert (report["layers"][1]["line"], report["layers"][1]["column"]) == (2, 1)


@pytest.mark.parametrize("line", TUTORIAL.splitlines())
def test_each_line_of_the_tutorial_alone(line):
    assert len(analyze(line, input_shape=[28, 28, 1])["layers"]) == 1


def test_lines_without_an_input_say_how_to_name_it():
    with pytest.raises(Refused) as caught:
        analyze(TUTORIAL)
    assert "input_shape=28,28,1" in caught.value.errors[0]["detail"]
    assert caught.value.errors[0]["line"] == 1


SAME = [
    "model = Sequential([Dense(8, input_shape=(4,)), Dropout(0.5), Dense(2, activation='softmax')])",
    "model = Sequential()\nmodel.add(Dense(8, input_dim=4))\nmodel.add(Dropout(.5))\nmodel.add(Dense(2))",
    "model = keras.Sequential([keras.Input((4,)), layers.Dense(8), layers.Dropout(0.5), layers.Dense(2)])",
    "model = tf.keras.models.Sequential(layers=[tf.keras.Input(shape=(4,)), tf.keras.layers.Dense(units=8), tf.keras.layers.Dropout(rate=0.5), tf.keras.layers.Dense(2)])",
    "model = Sequential([Dense(8), Dropout(0.5), Dense(2)])\nmodel.build((None, 4))",
    "x = inputs = Input(shape=(4,))\nx = Dense(8)(x)\nx = Dropout(0.5)(x)\nx = Dense(2)(x)\nmodel = Model(inputs, x)",
    "i = keras.Input((4,))\no = Dense(2)(Dropout(0.5)(Dense(8)(i)))\nkeras.Model(inputs=[i], outputs=[o])",
    "i = keras.Input((4,))\nx = Dense(8)(i)\nx = Dropout(0.5)(x)\nout = Dense(2)(x)",
    "Dense(8, input_shape=(4,)),\nDropout(0.5),\nDense(2),",
    "    Dense(8, input_shape=(2 * 2,))\n    Dropout(0.5)\n    Dense(2)\n",
    "import tensorflow as tf\nfrom tensorflow.keras import layers as L\nfrom keras.layers import Dense as D\nunits = 8\nmodel = tf.keras.Sequential([L.InputLayer((4,)), D(units), L.Dropout(0.5), D(units // 4)])\nmodel.compile(optimizer='adam')\nmodel.fit(x, y)\nmodel.summary()",
    '"""A docstring."""\nmodel = Sequential([\n  Dense(8, input_shape=(4,)),  # a comment\n  Dropout(0.5),\n  Dense(2, kernel_initializer=keras.initializers.HeNormal(seed=1), kernel_regularizer=keras.regularizers.l2(0.01)),\n])\nprint(model)',
]  # fmt: skip


@pytest.mark.parametrize("code", SAME)
def test_same_network_in_many_words(code):
    report = analyze(code)
    assert [row["output_shape"] for row in report["layers"]] == [[None, 8], [None, 8], [None, 2]]
    assert report["totals"]["params"] == 4 * 8 + 8 + 8 * 2 + 2
    assert [row["type"] for row in report["layers"]] == ["Dense", "Dropout", "Dense"]
    assert forward(code, {"seed": 1})["verified"]


def test_positional_arguments_are_those_of_keras():
    (row,) = analyze("Conv2D(8, (3, 3), (2, 2), 'same', input_shape=(9, 9, 2))")["layers"]
    assert row["output_shape"] == [None, 5, 5, 8]


def test_functional_graph_with_sharing_and_merging():
    code = """
left = Input(shape=(6,), name='left')
right = Input(shape=(6,), name='right')
shared = Dense(4, name='shared')
a, b = shared(left), shared(right)
x = concatenate([a, b])
y = layers.Add()([a, b])
model = Model(inputs=[left, right], outputs=[x, y])
"""
    report = analyze(code)
    assert [row["name"] for row in report["layers"]] == ["shared", "shared@2", "concatenate", "add"]
    assert [one["shape"] for one in report["outputs"]] == [[None, 8], [None, 4]]
    assert report["totals"]["params"] == 28
    assert [one["name"] for one in report["inputs"]] == ["left", "right"]


def test_states_and_nested_models():
    code = """
x = Input((5, 3))
seq, h, c = LSTM(4, return_sequences=True, return_state=True)(x)
y = LSTM(4)(seq, initial_state=[h, c])
head = Sequential([Dense(8), Dense(2)], name='head')
model = Model(x, head(y))
"""
    report = analyze(code)
    assert [row["name"] for row in report["layers"]] == ["lstm", "lstm_1", "head/dense", "head/dense_1"]
    assert report["outputs"][0]["shape"] == [None, 2]
    assert forward(code, {"seed": 0})["verified"]


@pytest.mark.parametrize("code", ["Dense(", "hello world", "x = = 3", "1" * 5000, "(" * 300, "Dense(3)\x00"])
def test_what_is_no_code_is_unreadable(code):
    with pytest.raises(Refused) as caught:
        analyze(code)
    assert caught.value.errors[0]["line"] >= 1


def test_nothing_is_executed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for code in (
        "Dense(open('made', 'w'), input_dim=3)",
        "__import__('os').system('touch made')",
        "Dense(10, input_dim=3, activation=__import__('os').system('touch made'))",
        "import os\nos.system('touch made')",
    ):
        with pytest.raises(Refused):
            analyze(code)
    assert list(tmp_path.iterdir()) == []


def test_a_fault_in_one_line_does_not_hide_the_next():
    with pytest.raises(Refused) as caught:
        analyze("x = Input((3,))\ny = Dens(3)(x)\nz = Dense(0)(y)\nw = Dense(4, unit=3)(x)")
    assert [error["line"] for error in caught.value.errors] == [2, 4]


QUICKSTART = """
import tensorflow as tf
mnist = tf.keras.datasets.mnist
(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
model = tf.keras.models.Sequential([
  tf.keras.layers.Flatten(input_shape=(28, 28)),
  tf.keras.layers.Dense(128, activation='relu', kernel_regularizer=l2(0.01)),
  tf.keras.layers.Dropout(0.2),
  tf.keras.layers.Dense(10)
])
predictions = model(x_train[:1]).numpy()
loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
loss_fn(y_train[:1], predictions).numpy()
model.compile(optimizer='adam', loss=loss_fn, metrics=['accuracy'])
model.fit(x_train, y_train, epochs=5)
model.evaluate(x_test, y_test, verbose=2)
"""


def test_a_layer_used_again_in_a_sequential_is_read_again():
    code = "d = Dense(1, use_bias=False)\nSequential([Input((1,)), d, d, Dense(1, use_bias=False)])"
    result = forward(code, [[[1]]], [[[2]], [[1]]])
    assert result["outputs"][0]["data"] == [[4.0]]


def test_steps_named_by_input_length():
    assert analyze("Embedding(1000, 64, input_length=10)")["outputs"][0]["shape"] == [None, 10, 64]
    assert analyze("LSTM(32, input_dim=8, input_length=10)")["inputs"][0]["shape"] == [None, 10, 8]


@pytest.mark.parametrize(
    ("code", "line", "column", "words"),
    [
        ("Dens(10, input_dim=3)", 1, 1, "'Dense'"),
        ("Dense(10, unit=3, input_dim=3)", 1, 16, "'units'"),
        ("Dense('a', input_dim=3)", 1, 7, 'received "a"'),
        ("Dense(10, 'relu', True, 'zeros', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)", 1, 61, "Too many"),
        ("Dense(10, units=3)", 1, 17, "twice"),
        ("for i in range(3):\n  Dense(3)", 1, 1, "No layer found"),
        ("def f():\n  pass", 1, 1, "No layer found"),
        ("Dense(n, input_dim=3)", 1, 7, "received n, which is not in the text"),
        ("Dense([i for i in x], input_dim=3)", 1, 7, "depends on x, which is not in the text"),
        ("Dense(*a, input_dim=3)", 1, 1, "depends on a, which is not in the text"),
        ("Dense(**a)", 1, 1, "depends on a, which is not in the text"),
        ("Dense(2**99999, input_dim=3)", 1, 7, "16,384 bits"),
        ("Dense(9**9**9**9, input_dim=3)", 1, 10, "16,384 bits"),
        ("Dense(1 // 0, input_dim=3)", 1, 7, "zero"),
        ("Dense(b'3', input_dim=3)", 1, 7, "an object of bytes"),
        ("x = Input((3,))\ny = Dense(2)(x)\nz = x + y", 3, 5, "[null, 3], [null, 2] do not go together"),
        ("x = Dense(2)(3)", 1, 5, "on tensors"),
        ("model = Sequential([3])", 1, 9, "Expected a layer"),
        ("Dense(3, input_shape='a')", 1, 22, "tuple of sizes"),
        ("Conv2D(4, 9, input_shape=(8, 8, 1))", 1, 11, "at most 8"),
        ("Dense(3, name='a', input_dim=2)\nDense(3, name='a')", 2, 15, "'a' already"),
    ],
)
def test_fault_in_code_names_line_and_column(code, line, column, words):
    with pytest.raises(Refused) as caught:
        analyze(code)
    error = caught.value.errors[0]
    assert words in error["detail"]
    assert (error["line"], error["column"]) == (line, column)


def test_what_no_model_uses_has_no_effect():
    report = analyze(QUICKSTART)
    assert report["totals"]["params"] == 101_770  # as the page of that tutorial says
    assert report["warnings"] == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("model.add(Dense(n))", "received n, which is not in the text"),
        ("model.add(Lambda(helper))", "received helper, which is not in the text"),
        ("model.add(dence(2))", "Did you mean 'Dense'?"),
    ],
)
def test_a_layer_that_cannot_be_read_is_never_left_out_of_its_model(line, words):
    with pytest.raises(Refused) as caught:
        analyze(f"model = Sequential()\nmodel.add(Dense(3, input_dim=2))\n{line}\nmodel.add(Dense(1))")
    assert [one["line"] for one in caught.value.errors] == [3]
    assert words in caught.value.errors[0]["detail"]
