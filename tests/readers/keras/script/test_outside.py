"""Models that are saved and loaded in a text, made or else loaded, and made by wrappers for scikit-learn."""

import pytest

from layercalc import Refused, analyze

BUILD = "def build(units=4, depth=1):\n    m = Sequential([Dense(units, input_dim=3)])\n    for _ in range(depth):\n        m.add(Dense(2))\n    return m\n"
READ = {  # parameters: (3 + 1)·4 + (4 + 1)·2 of build()
    "model = build()\nmodel.save('m.h5')\nloaded = load_model('m.h5')": 26,
    "model = build()\nmodel.save('m.h5')\ndel model\nmodel = keras.models.load_model('m.h5', compile=False)\nmodel.pop()": 16,
    "path = 'runs/' + 'm.keras'\nkeras.models.save_model(build(), path)\nmodel = keras.saving.load_model(path)": 26,
    "import os\nif os.path.exists('m.h5'):\n    model = load_model('m.h5')\nelse:\n    model = build()": 26,
    "import os\nmodel = build()\nif os.path.isfile(path):\n    model = load_model(path)\nmodel.fit(x, y)": 26,
    "import os\ndef make():\n    found = sorted(os.listdir('ckpt'))\n    if found:\n        return load_model(found[-1])\n    return build()\n"
    "model = make()": 26,
    "model = load_model(latest) if latest else build()": 26,
    "from keras.wrappers.scikit_learn import KerasClassifier\nmodel = KerasClassifier(build_fn=build, epochs=3)\nmodel.fit(x, y)": 26,
    "from keras.wrappers.scikit_learn import KerasRegressor\nmodel = KerasRegressor(build, units=5, batch_size=3)": 32,
    "from scikeras.wrappers import KerasClassifier\nfrom sklearn.model_selection import GridSearchCV\n"
    "model = KerasClassifier(model=build, verbose=0)\ngrid = GridSearchCV(estimator=model, param_grid={'epochs': [1, 2]})\n"
    "found = grid.fit(x, y)": 26,
    "from keras.utils import multi_gpu_model\nmodel = build()\nmany = multi_gpu_model(model, gpus=2)\nmany.fit(x, y)": 26,
    "from keras.utils.training_utils import multi_gpu_model\nmodel = multi_gpu_model(build(), 4)\nmodel.summary()": 26,
}  # fmt: skip


@pytest.mark.parametrize(("text", "params"), READ.items(), ids=range(len(READ)))
def test_a_model_that_leaves_the_text_and_comes_back_is_known(text, params):
    assert analyze(BUILD + text)["totals"]["params"] == params


def test_a_model_comes_back_as_it_was_saved():
    text = "model = build()\nmodel.layers[0].trainable = False\nmodel.save('m.h5')\nmodel.add(Dense(7))\n"
    totals = analyze(BUILD + text + "again = load_model('m.h5')")["totals"]
    assert (totals["params"], totals["trainable_params"]) == (26, 10)


def test_what_is_taken_for_a_model_of_a_file_is_said():
    report = analyze(BUILD + "model = load_model(p) if exists else build()")
    assert any("taken to be like" in one["detail"] for one in report["warnings"])


@pytest.mark.parametrize(
    "text",
    [
        "model = build()\nother = load_model('m.h5')",
        "model = build()\nmodel.save('m.h5')\nother = load_model('n.h5')",
        "model = build()\nmodel.save('m.h5')\nbuild(5).save(name)\nother = load_model('m.h5')",
        "model = build()\nif flag:\n    model.save('m.h5')\nother = load_model('m.h5')",
        "if flag:\n    model = load_model('m.h5')\nelif other:\n    model = build()\nelse:\n    model = build(5)",
        "model = keras.applications.RegNetX002() if flag else build()",
        "many = keras.utils.multi_gpu_model(build(), 2)\nmodel = many.layers[-2]\nmodel.summary()",
        "model = keras.utils.multi_gpu_model(load_model('m.h5'), 2)",
        "from keras.wrappers.scikit_learn import KerasClassifier\ndef make(n):\n    return build(n)\n"
        "model = KerasClassifier(build_fn=make, epochs=3)\nmodel.summary()",
    ],
)
def test_a_model_that_may_be_another_is_refused(text):
    with pytest.raises(Refused):
        analyze(BUILD + text)


def test_a_large_model_that_is_saved_takes_no_more_steps_than_one_that_is_not():
    text = "i = Input((4,))\nx = i\nfor n in range(300):\n    x = Add()([Lambda(lambda t: t * 2)(x), Dense(4)(x)])\n"
    text += "model = Model(i, x)\nmodel.save('m.h5')"
    assert analyze(text)["totals"]["params"] == 6000


HELPER = "from HERE import _obtain_input_shape\ndef net(input_shape=None, include_top=True, weights=None):\n"
HELPER += "    input_shape = _obtain_input_shape(input_shape, default_size=32, min_size=8, data_format=K.image_data_format(),\n"
HELPER += "        require_flatten=include_top)\n    i = Input(shape=input_shape)\n    x = Conv2D(2, 3)(i)\n"
HELPER += "    return Model(i, Dense(4)(Flatten()(x)) if include_top else x)\n"


@pytest.mark.parametrize(
    "module", ["keras_applications.imagenet_utils", "tensorflow.keras.applications.imagenet_utils"]
)
@pytest.mark.parametrize(
    ("call", "shape", "params"),  # Conv2D(2, 3) of 3 channels has 56; the last Dense 4 for each of 2·(n - 2)², and 4
    [
        ("net()", [None, 4], 56 + 4 * 2 * 30 * 30 + 4),
        ("net((16, 16, 3))", [None, 4], 56 + 4 * 2 * 14 * 14 + 4),
        ("net((16, 16, 1), include_top=False)", [None, 14, 14, 2], 20),
        ("net(include_top=False)", [None, None, None, 2], 56),
    ],
)
def test_the_helper_of_networks_for_input_shapes_is_read(module, call, shape, params):
    report = analyze(HELPER.replace("HERE", module) + f"model = {call}")
    assert (report["outputs"][0]["shape"], report["totals"]["params"]) == (shape, params)


@pytest.mark.parametrize("call", ["net((4, 4, 3))", "net((None, None, 3))", "net((8, 8))"])
def test_an_input_shape_that_the_helper_refuses_raises(call):
    with pytest.raises(Refused, match="ValueError"):
        analyze(HELPER.replace("HERE", "keras_applications.imagenet_utils") + f"model = {call}")
