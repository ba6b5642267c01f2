"""The networks of keras.applications, called by name: as Keras has recorded them, in texts that go on from them."""

import hashlib
import json

import pytest

from layercalc import Refused, analyze
from layercalc.readers.keras.script.networks import MODULES, NETWORKS, TEXTS
from tests import oracle

EVERY = oracle.unzipped(oracle.DATA / "keras_applications" / "networks.json.gz")
VGG = "from keras.applications import VGG16\nbase = VGG16(weights='imagenet', include_top=False, input_shape=(150, 150, 3))\n"
PARAMS = 14714688  # of VGG16 without its top


def called(case):
    return ", ".join(
        f"{key}={tuple(one) if isinstance(one, list) else one!r}" for key, one in case["arguments"].items()
    )


def test_every_network_of_keras_is_read():
    assert {case["network"] for case in EVERY} == set(NETWORKS)
    assert set(MODULES.values()) >= set(TEXTS)


@pytest.mark.parametrize("case", EVERY, ids=[f"{case['network']}({called(case)})" for case in EVERY])
def test_a_network_is_as_keras_makes_it(case):
    text = f"model = keras.applications.{case['network']}({called(case)})"
    if "raises" in case:
        with pytest.raises(Refused, match=f"The text raises {case['raises']} here|takes an input of 4 axes"):
            analyze(text)
        return
    report = analyze(text)
    keys = ("name", "type", "output_shape", "params", "trainable_params")
    rows = sorted([row[key] for key in keys] for row in report["layers"])
    assert report["model"]["name"] == case["name"]
    for row, recorded in zip(rows, case.get("rows", rows), strict=True):
        assert row == recorded
    assert (len(rows), report["totals"]["params"]) == (case["count"], case["params"])
    assert hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest() == case["sha256"]


@pytest.mark.parametrize(
    "text",
    [
        VGG + "model = base",
        "from keras.applications.vgg16 import VGG16, preprocess_input, decode_predictions\nmodel = VGG16(include_top=False)",
        "import tensorflow as tf\nmodel = tf.keras.applications.vgg16.VGG16(False, None)",
        "from tensorflow.keras import applications\nmodel = applications.VGG16(include_top=False, weights='vgg.h5')",
        "from tensorflow.keras.applications import vgg16\nmodel = vgg16.VGG16(include_top=False)",
        "model = VGG16(include_top=False, weights=WEIGHTS)",
        "NETS = {'vgg': VGG16, 'other': VGG19}\nmodel = NETS['vgg'](include_top=False)",
        VGG + "images = keras.applications.vgg16.preprocess_input(images)\nmodel = base",
        "range = len = layers = check = 3\nmodel = keras.applications.VGG16(include_top=False)",
        "def VGG(n): return Sequential([Dense(n)])\nmodel = keras.applications.VGG16(include_top=False)",
    ],
)
def test_a_network_is_found_by_every_name_it_has(text):
    report = analyze(text)
    assert (report["totals"]["params"], len(report["layers"])) == (PARAMS, 18)


GOES_ON = {
    "x = Flatten()(base.output)\nmodel = Model(base.input, Dense(3)(x))": (8192 * 3 + 3 + PARAMS, 0),
    "base.trainable = False\nmodel = Sequential([base, Flatten(), Dense(3)])": (8192 * 3 + 3 + PARAMS, PARAMS),
    "for layer in base.layers[:-4]:\n    layer.trainable = False\n"
    "model = Model(base.input, base.layers[-1].output)": (PARAMS, PARAMS - 3 * (512 * 512 * 9 + 512)),
    "model = Model(base.input, base.get_layer('block1_pool').output)": (38720, 0),
    "i = Input((150, 150, 3))\nmodel = Model(i, base(i, training=False))": (PARAMS, 0),
    "model = keras.applications.VGG16(include_top=False, input_tensor=Input((64, 64, 3)))": (PARAMS, 0),
    "i = Input((64, 64, 1))\nx = Conv2D(3, 1)(i)\n"
    "model = keras.applications.VGG16(include_top=False, input_tensor=x, pooling='avg')": (PARAMS + 6, 0),
    "model = VGG16(weights=None, classes=n if n else 7, include_top=False)": (PARAMS, 0),
    "if flag:\n    other = VGG16(include_top=False)\nmodel = VGG16(include_top=False)": (PARAMS, 0),
    "try:\n    model = VGG16(include_top=False)\nexcept OSError:\n    model = VGG16(weights=None)": (PARAMS, 0),
    "class Net(Model):\n    def __init__(self):\n        super().__init__()\n        self.base = VGG16(include_top=False)\n"
    "    def call(self, x):\n        return self.base(x)\nmodel = Net()\nmodel.build((None, 32, 32, 3))": (PARAMS, 0),
}  # fmt: skip


@pytest.mark.parametrize(("text", "counts"), GOES_ON.items(), ids=range(len(GOES_ON)))
def test_a_text_goes_on_from_a_network(text, counts):
    totals = analyze(VGG + text)["totals"]
    assert (totals["params"], totals["non_trainable_params"]) == counts


def test_names_count_on_and_rows_stand_where_the_network_is_called():
    text = "x = Input((4,))\nd = GlobalMaxPooling2D()\n" + VGG.replace("))", "),\n    pooling='max')")
    rows = analyze(text)["layers"]
    assert {(row["line"], row["column"]) for row in rows} == {(4, 8)}
    assert rows[-1]["name"] == "global_max_pooling2d_1"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("VGG16(classes=10)", "`classes` should be 1000"),
        ("VGG16(input_shape=(64, 64, 3))", "`input_shape` should be (224, 224, 3)"),
        ("VGG16(include_top=False, input_shape=(64, 64, 1))", "3 channels"),
        ("VGG16(include_top=False, input_shape=(31, 64, 3))", "at least 32x32"),
        ("VGG16(classifier_activation='relu')", "classifier_activation"),
        ("VGG16(weights='imagenets')", "`weights`"),
        ("VGG16(units=3)", "unexpected keyword argument 'units'"),
        ("VGG16(weights=None, classes=n)", "`n`"),
    ],
)
def test_what_keras_refuses_is_told_at_the_call(call, told):
    with pytest.raises(Refused) as error:
        analyze(f"x = 1\nn = unknown()\nmodel = keras.applications.{call}")
    (fault,) = error.value.errors
    assert fault["line"] == 3
    assert told in fault["detail"] or "unknown" in fault["detail"]


@pytest.mark.parametrize("activation", ["None", "'softmax'", "'linear'", "keras.activations.softmax"])
def test_activations_that_weights_were_trained_with_are_taken(activation):
    assert analyze(f"m = VGG16(classifier_activation={activation})")["totals"]["params"] == 138357544
