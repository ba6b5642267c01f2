"""Ways in which scripts of strangers make and keep their models; the numbers are those of Keras."""

import pytest

from layercalc import Refused, analyze

HEAD = "import keras\nfrom keras import *\nfrom keras.layers import *\nimport numpy as np\nimport tensorflow as tf\n"
PATCHES = (
    "class Patches(Layer):\n    def __init__(self, p): super().__init__(); self.p = p\n    def call(self, images):\n"
    "        s = keras.ops.shape(images); b = s[0]; h = s[1] // self.p; w = s[2] // self.p; c = s[3]\n"
    "        found = keras.ops.image.extract_patches(images, size=self.p)\n"
    "        return keras.ops.reshape(found, (b, h * w, self.p * self.p * c))\n"
)
READ = {  # the parameters, those that train, and the output shape
    "a batch of shape() in a reshape": (
        PATCHES + "i = Input((32, 32, 3)); m = Model(i, Dense(4)(Patches(4)(i)))",
        (196, 196, [None, 64, 4]),
    ),
    "a batch of shape() in broadcast_to": (
        "class C(Layer):\n    def build(self, s): self.t = self.add_weight(shape=(1, 1, s[-1]))\n    def call(self, x):\n"
        "        t = keras.ops.broadcast_to(self.t, [keras.ops.shape(x)[0], 1, 8])\n"
        "        return keras.ops.concatenate([t, x], axis=1)\n"
        "i = Input((5, 8)); m = Model(i, Dense(4)(C()(i)))",
        (44, 44, [None, 6, 4]),
    ),
    "a layer of strings beside the model": (
        "tv = TextVectorization(100)\ntv.adapt(['a b'])\nv = tv.get_vocabulary()\nids = tv(['a'])\n"
        "m = Sequential([Input((5,)), Embedding(100, 4), Flatten(), Dense(2)])",
        (442, 442, [None, 2]),
    ),
    "axes of a plot, raveled": (
        "import matplotlib.pyplot as plt\nfig, axes = plt.subplots(2)\nfor ax in np.ravel(axes): ax.axis('off')\n"
        "m = Sequential([Input((5,)), Dense(2)])",
        (12, 12, [None, 2]),
    ),
}
PREPARED = {  # operations on each number of an image, and the module that prepares it so
    "vgg16": 1, "resnet50": 1, "mobilenet_v2": 2, "resnet_v2": 2, "densenet": 3, "efficientnet": 0,
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_a_script_of_a_stranger_is_read(text, expected):
    report = analyze(HEAD + text)
    totals = report["totals"]
    assert (totals["params"], totals["trainable_params"], report["outputs"][0]["shape"]) == expected


@pytest.mark.parametrize(("module", "each"), PREPARED.items())
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_images_are_prepared_as_the_network_wants_them(module, each, layout):
    shape = (32, 32, 3) if layout == "channels_last" else (3, 32, 32)
    call = f"keras.applications.{module}.preprocess_input(i, data_format={layout!r})"
    report = analyze(f"i = Input({shape})\nm = Model(i, Flatten()({call}))")
    assert report["outputs"][0]["shape"] == [None, 3072]
    assert report["totals"]["flops"] == each * 3072


def test_images_that_are_data_stay_data():
    text = (
        "x = keras.applications.vgg16.preprocess_input(np.zeros((8, 32, 32, 3)))\nm = Sequential([Input(x.shape[1:])])"
    )
    assert analyze(HEAD + text + "\nm.add(Conv2D(4, 3))")["totals"]["params"] == 112


@pytest.mark.parametrize(
    "text",
    [
        "m = Sequential([Input((1,)), TextVectorization(100), Embedding(100, 4)])",
        "i = Input((1,)); m = Model(i, Dense(2)(StringLookup(vocabulary=['a'], output_mode='one_hot')(i)))",
        "m = Sequential([Input((1,))]); m.add(StringLookup())",
    ],
)
def test_a_layer_of_strings_in_the_model_is_refused_at_its_line(text):
    with pytest.raises(Refused) as caught:
        analyze(HEAD + text)
    assert "works on strings" in caught.value.errors[0]["detail"]
    assert caught.value.errors[0]["line"] == 6
