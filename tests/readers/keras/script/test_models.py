"""Models cut, joined, copied and frozen in code, and inputs in every form; counts by hand: Dense(n) on m has (m + 1) n."""

import pytest

from layercalc import Refused, analyze

STACK = "base = Sequential([Dense(4, input_shape=(8,)), Dense(3), Dense(2)])\n"  # 36 + 15 + 8
GRAPH = "i = Input((8,))\nh = Dense(4, name='h')(i)\nbase = Model(i, Dense(2)(h))\n"  # 36 + 10
CONFIG = "{'name': 's', 'layers': [{'class_name': 'Dense', 'config': {'units': 3, 'batch_input_shape': [None, 4]}}]}"
# What is read: parameters, trainable ones, and the shapes of the outputs.
READ = {
    GRAPH + "m = Model(base.input, base.get_layer('h').output)": (36, 36, [[None, 4]]),
    STACK + "m = Model(base.inputs, base.layers[-2].output)": (51, 51, [[None, 3]]),
    STACK + "m = Model(base.input, Dense(5)(base.layers[-2].output))": (71, 71, [[None, 5]]),
    STACK + "m = Model(base.get_layer(index=0).input, base.get_layer(index=1).output)": (51, 51, [[None, 3]]),
    STACK + "m = Model(base.input, [layer.output for layer in base.layers])": (59, 59, [[None, 4], [None, 3], [None, 2]]),
    STACK + "base.pop()\nbase.add(Dense(7))": (79, 79, [[None, 7]]),
    STACK + "m = Sequential(base.layers[:-1])\nm.add(Dense(6))": (75, 75, [[None, 6]]),
    STACK + "m = Sequential()\nfor x in base.layers[:-1]:\n    x.trainable = False\n    m.add(x)\nm.add(Dense(6))": (
        75, 24, [[None, 6]],
    ),
    STACK + "m = Model(base.input, Dense(1)(base.output))\nbase.trainable = False": (62, 3, [[None, 1]]),
    STACK + "m = Sequential([base, Dense(1)])\nfor x in base.layers[1:]:\n    x.trainable = False": (62, 39, [[None, 1]]),
    GRAPH + "m = Model(i, base(i, training=False))\nbase.get_layer('h').trainable = False": (46, 10, [[None, 2]]),
    STACK + "base.layers[0]._name = 'first'\nm = Model(base.input, base.get_layer('first').output)": (36, 36, [[None, 4]]),
    STACK + "m = Model(base.input, Dense(base.output_shape[1])(base.output))": (65, 65, [[None, 2]]),
    "i = Input((8,))\nm = Model(inputs=[i], outputs={'q': Dense(2)(i), 'p': Dense(1)(i)})\nn = Model(i, m(i)['q'])": (
        27, 27, [[None, 2]],
    ),
    "a, b = Input((8,), name='z'), Input((3,), name='y')\nm = Model([a, b], concatenate([Dense(4)(a), b]))\n"
    "n = Model([a, b], m({'y': b, 'z': a}))": (36, 36, [[None, 7]]),
    "a, b = Input((8,)), Input((3,))\nm = Model({'z': a, 'y': b}, concatenate([Dense(4)(a), b]))\n"
    "n = Model([a, b], m({'y': b, 'z': a}))": (36, 36, [[None, 7]]),
    # copies have weights of their own
    STACK + "m = Sequential([Input((8,)), base, Dense(8), keras.models.clone_model(base)])": (
        59 + 24 + 59, 142, [[None, 2]],
    ),
    GRAPH + "c = tf.keras.models.clone_model(base)\nc.trainable = False\nm = Model(i, [base(i), c(i)])": (
        92, 46, [[None, 2]] * 2,
    ),
    GRAPH + "m = Model(i, [base(i), Model.from_config(base.get_config())(i)])": (92, 92, [[None, 2]] * 2),
    GRAPH + "m = Model(i, [base(i), keras.models.model_from_json(base.to_json())(i)])": (92, 92, [[None, 2]] * 2),
    "d = Dense(4)\nm = Sequential([Input((4,)), d, Dense.from_config(d.get_config())])": (40, 40, [[None, 4]]),
    "d = Dense(4)\nm = Sequential([Input((4,)), d, d.__class__.from_config(d.get_config())])": (40, 40, [[None, 4]]),
    "d = keras.layers.deserialize({'class_name': 'Dense', 'config': {'units': 3}})\nm = Sequential([Input((4,)), d])": (
        15, 15, [[None, 3]],
    ),
    "d = keras.layers.deserialize(keras.layers.serialize(Dense(3)))\nm = Sequential([Input((4,)), d])": (
        15, 15, [[None, 3]],
    ),
    f"m = keras.Sequential.from_config({CONFIG})": (15, 15, [[None, 3]]),
    f"m = keras.Sequential.from_config({CONFIG})\nn = Sequential([Input((4,)), m, Dense(1)])": (19, 19, [[None, 1]]),
    'm = tf.keras.models.model_from_json(\'{"class_name": "Sequential", "config": [{"class_name": "Dense", "config": '
    '{"units": 3, "batch_input_shape": [null, 4]}}]}\')': (15, 15, [[None, 3]]),
    # inputs
    "x = Input(shape=(4,), batch_size=2)\nm = Model(x, Dense(2)(x))": (10, 10, [[2, 2]]),
    "x = Input(batch_shape=(2, 4), dtype='float32', sparse=False)\nm = Model(x, Dense(2)(x))": (10, 10, [[2, 2]]),
    "x = keras.Input((4,), dtype=tf.int32, name='a')\nm = Model(x, Embedding(5, 2)(x))": (10, 10, [[None, 4, 2]]),
    "x = keras.Input((4,), dtype=np.int32)\nm = Model(x, Embedding(5, 2)(x))": (10, 10, [[None, 4, 2]]),
    "m = Sequential([keras.layers.InputLayer(input_shape=(4,)), Dense(2)])": (10, 10, [[None, 2]]),
    # shapes of arrays
    "m = Sequential([Flatten(), Dense(3)])\nm(tf.random.normal((2, 4, 5)))": (63, 63, [[None, 3]]),
    "m = Sequential([Flatten(), Dense(3)])\ny = m(np.ones((2, 4, 5)))\nn = Sequential([Dense(y.shape[1], input_shape=(3,))])": (
        12, 12, [[None, 3]],
    ),
    "layer = Conv2D(8, 3)\nprint(layer.compute_output_shape((None, 32, 32, 3)))": (224, 224, [[None, 30, 30, 8]]),
    "layer = Conv2D(8, 3)\ny = layer(np.zeros((1, 32, 32, 3)))\nprint(y.shape)": (224, 224, [[None, 30, 30, 8]]),
    # what changes no count
    "m = Sequential([Input((5,)), Embedding(10, 4, weights=[matrix], trainable=False), LSTM(3, kernel_initializer=mine(),"
    " kernel_regularizer=l2(0.1)), Dense(2, kernel_constraint=max_norm(2))])": (40 + 96 + 8, 104, [[None, 2]]),
    "m = Sequential([Input((5,)), Embedding(10, 4, embeddings_initializer=keras.initializers.Constant(matrix))])": (
        40, 40, [[None, 5, 4]],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ.items(), ids=range(len(READ)))
def test_models_cut_joined_and_copied(text, expected):
    report = analyze(text)
    totals = report["totals"]
    shapes = [one["shape"] for one in report["outputs"]]
    assert (totals["params"], totals["trainable_params"], shapes) == expected


REFUSED = {
    "x = Input(type_spec=tf.TensorSpec((None, 4)))\nm = Model(x, Dense(2)(x))": "type_spec",
    "x = Input(tensor=y)\nm = Model(x, Dense(2)(x))": "give its shape",
    STACK + "m = keras.models.clone_model(base, clone_function=f)": "clone_model",
    STACK + "m = Sequential.from_config(change(base.get_config()))": "from_config",
    "m = keras.Sequential.from_config({'layers': [{'class_name': 'Nonsense', 'config': {}}]})": "Nonsense",
    "a, b = Input((8,), name='z'), Input((3,), name='y')\nm = Model([a, b], Add()([Dense(3)(a), b]))\n"
    "n = Model([a, b], m({'y': b, 'x': a}))": "z, y",
    STACK + "m = Model(base.input, base.get_layer('nowhere').output)": "nowhere",
    "import segmentation_models as sm\nm = sm.Unet('resnet34')\nm.summary()": "sm.Unet('resnet34')",
    "import segmentation_models as sm\nbase = sm.Unet('resnet34')\nm = Model(base.input, Dense(2)(base.output))": "segmentation_models",
    "import tensorflow_hub as hub\nm = Sequential([hub.KerasLayer('url'), Dense(2)])": "KerasLayer",
    "from efficientnet.tfkeras import EfficientNetB0\nm = EfficientNetB0()": "EfficientNetB0",
    "from transformers import TFAutoModel\nbert = TFAutoModel.from_pretrained('b')\ni = Input((9,), dtype='int32')\n"
    "m = Model(i, Dense(2)(bert(i)[0]))": "depends on transformers.TFAutoModel",
    "import kapre\nm = Sequential()\nm.add(kapre.STFT())\nm.add(Dense(2))": "kapre",
    "import autokeras as ak\nclf = ak.ImageClassifier()\nclf.fit(x, y)\nm = clf.export_model()\nm.summary()": "export_model",
    "import keras_cv\nm = keras_cv.models.RetinaNet(num_classes=3)\nm.fit(x, epochs=3)": "keras_cv.models.RetinaNet",
    "import keras_nlp\nm = keras_nlp.models.BertClassifier.from_preset('b')\nm.fit(x, epochs=3)": "keras_nlp",
}


@pytest.mark.parametrize(("text", "told"), REFUSED.items(), ids=range(len(REFUSED)))
def test_what_is_not_in_the_text_is_refused_with_its_cause(text, told):
    with pytest.raises(Refused) as caught:
        analyze(text)
    (fault,) = caught.value.errors
    assert told in fault["detail"]
    assert fault["line"] > 1 or text.startswith(("x = ", "m = "))


def test_a_text_that_computes_with_sizes_holds_for_these_alone():
    text = "i = Input((6, 8))\nx = Reshape((K.int_shape(i)[1] * 8,))(i)\nm = Model(i, Dense(2)(x))"
    with pytest.raises(Refused) as caught:
        analyze(text, input_shape="7,8")
    assert "[6, 8]" in caught.value.errors[0]["detail"]
    assert analyze(text, input_shape="6,8", batch_size=3)["outputs"][0]["shape"] == [3, 2]
    plain = text.replace("K.int_shape(i)[1] * 8", "48")
    with pytest.raises(Refused):
        analyze(plain, input_shape="7,8")
    assert (
        analyze(text.replace("Reshape((K.int_shape(i)[1] * 8,))", "Flatten()"), input_shape="7,8")["totals"]["params"]
        == 114
    )
