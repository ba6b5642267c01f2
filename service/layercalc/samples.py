"""Networks to begin with, as documents that every verb takes: small ones in both forms, and keras.applications."""

from copy import deepcopy
from typing import Any, NamedTuple

from layercalc.readers.keras.networks import NETWORKS
from layercalc.wording import nearest


class Example(NamedTuple):
    """A document, code as a string or a stack as a dictionary, and what it is in a line."""

    description: str
    document: str | dict[str, Any]


CLASSIFIER = [{"type": "Dense", "units": 10, "activation": "softmax"}]
MLP = {
    "name": "mlp",
    "input_shape": [28, 28],
    "layers": [
        {"type": "Flatten"},
        {"type": "Dense", "units": 128, "activation": "relu"},
        {"type": "Dropout", "rate": 0.2},
        *CLASSIFIER,
    ],
}
LENET = {
    "name": "lenet",
    "input_shape": [32, 32, 1],
    "layers": [
        {"type": "Conv2D", "filters": 6, "kernel_size": 5, "activation": "tanh"},
        {"type": "AveragePooling2D", "pool_size": 2},
        {"type": "Conv2D", "filters": 16, "kernel_size": 5, "activation": "tanh"},
        {"type": "AveragePooling2D", "pool_size": 2},
        {"type": "Flatten"},
        {"type": "Dense", "units": 120, "activation": "tanh"},
        {"type": "Dense", "units": 84, "activation": "tanh"},
        *CLASSIFIER,
    ],
}
SENTIMENT = {
    "name": "sentiment",
    "inputs": [{"name": "words", "shape": [200], "dtype": "int32"}],
    "layers": [
        {"type": "Embedding", "input_dim": 20000, "output_dim": 128, "mask_zero": True},
        {"type": "Bidirectional", "layer": {"type": "LSTM", "units": 64}},
        {"type": "Dense", "units": 1, "activation": "sigmoid"},
    ],
}
TWO_TOWERS = {
    "name": "two-towers",
    "inputs": [{"name": "left", "shape": [16]}, {"name": "right", "shape": [16]}],
    "layers": [
        {"type": "Dense", "name": "of_left", "units": 8, "activation": "relu", "inputs": ["left"]},
        {"type": "Dense", "name": "of_right", "units": 8, "activation": "relu", "inputs": ["right"]},
        {"type": "Concatenate", "name": "both", "inputs": ["of_left", "of_right"]},
        {"type": "Dense", "name": "same", "units": 1, "activation": "sigmoid", "inputs": ["both"]},
    ],
}

RESIDUAL = """import keras
from keras import layers


def block(x, filters, stride=1):
    shortcut = x
    if stride != 1 or x.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x)
        shortcut = layers.BatchNormalization()(shortcut)
    x = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.add([layers.BatchNormalization()(x), shortcut]))


inputs = keras.Input((32, 32, 3))
x = layers.Conv2D(16, 3, padding="same", use_bias=False)(inputs)
x = layers.ReLU()(layers.BatchNormalization()(x))
for filters, stride in ((16, 1), (32, 2), (64, 2)):
    for index in range(3):
        x = block(x, filters, stride if index == 0 else 1)
outputs = layers.Dense(10, activation="softmax")(layers.GlobalAveragePooling2D()(x))
model = keras.Model(inputs, outputs, name="residual")
"""
AUTOENCODER = """from keras import Input, Sequential, layers

encoder = Sequential(
    [
        Input((28, 28, 1)),
        layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
    ],
    name="encoder",
)
decoder = Sequential(
    [
        layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
    ],
    name="decoder",
)
autoencoder = Sequential([encoder, decoder], name="autoencoder")
"""
TRANSFORMER = """import keras
from keras import layers, ops


class Embedded(layers.Layer):
    def __init__(self, length, words, width):
        super().__init__()
        self.words = layers.Embedding(words, width)
        self.places = layers.Embedding(length, width)

    def call(self, x):
        return self.words(x) + self.places(ops.arange(0, x.shape[-1]))


def block(x, width, heads, hidden):
    y = layers.MultiHeadAttention(heads, width // heads, dropout=0.1)(x, x)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, y]))
    y = layers.Dense(width)(layers.Dense(hidden, activation="relu")(x))
    return layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, y]))


words = keras.Input((200,), dtype="int32")
x = block(Embedded(200, 20000, 32)(words), 32, 2, 32)
x = layers.GlobalAveragePooling1D()(x)
x = layers.Dense(20, activation="relu")(layers.Dropout(0.1)(x))
model = keras.Model(words, layers.Dense(2, activation="softmax")(x), name="transformer")
"""
TRANSFER = """import keras
from keras import layers

base = keras.applications.MobileNetV2(input_shape=(160, 160, 3), include_top=False)
base.trainable = False

inputs = keras.Input((160, 160, 3))
x = base(layers.Rescaling(1 / 127.5, offset=-1)(inputs), training=False)
x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x), name="transfer")
"""
CONVNET = """from tensorflow import keras
from tensorflow.keras import layers

model = keras.Sequential(name="convnet", layers=[
    keras.Input(shape=(28, 28, 1)),
    layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
    layers.MaxPooling2D(pool_size=(2, 2)),
    layers.Conv2D(64, kernel_size=(3, 3), activation="relu"),
    layers.MaxPooling2D(pool_size=(2, 2)),
    layers.Flatten(),
    layers.Dropout(0.5),
    layers.Dense(10, activation="softmax"),
])
"""
UNET = """import keras
from keras import layers


def double_conv(x, filters):
    x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)


def down(x, filters):
    skip = double_conv(x, filters)
    return skip, layers.MaxPooling2D(2)(skip)


def up(x, skip, filters):
    x = layers.Conv2DTranspose(filters, 3, strides=2, padding="same")(x)
    x = layers.Concatenate()([x, skip])
    return double_conv(x, filters)


inputs = keras.Input((128, 128, 3))
s1, x = down(inputs, 32)
s2, x = down(x, 64)
s3, x = down(x, 128)
s4, x = down(x, 256)
x = double_conv(x, 512)
x = up(x, s4, 256)
x = up(x, s3, 128)
x = up(x, s2, 64)
x = up(x, s1, 32)
outputs = layers.Conv2D(3, 1, activation="softmax")(x)
model = keras.Model(inputs, outputs, name="unet")
"""
NETWORK = "import keras\n\nmodel = keras.applications.{}()\n"

EXAMPLES = {
    "mlp": Example("two dense layers for digits, the first of many tutorials", MLP),
    "lenet": Example("LeNet-5 for digits (LeCun et al. 1998)", LENET),
    "convnet": Example("a convolutional network for digits, as a tutorial writes it", CONVNET),
    "sentiment": Example("an embedding and an LSTM both ways over texts of 200 words, masked", SENTIMENT),
    "two-towers": Example("a graph of two inputs", TWO_TOWERS),
    "residual": Example("ResNet-20 for small images (He et al. 2015), written in functions", RESIDUAL),
    "autoencoder": Example("an encoder and a decoder, models within a model", AUTOENCODER),
    "unet": Example("U-Net, which labels every pixel (Ronneberger et al. 2015)", UNET),
    "transformer": Example("a transformer that classifies texts, with a layer of its own", TRANSFORMER),
    "transfer": Example("MobileNetV2, locked, under a new top", TRANSFER),
    **{name: Example(f"{name} of keras.applications, as for ImageNet", NETWORK.format(name)) for name in NETWORKS},
}


def listed() -> list[dict[str, str]]:
    """Every example in a line: its name, the form of its document, what it is, and among which it is."""
    forms = {str: "code", dict: "stack"}
    return [
        {
            "name": name,
            "format": forms[type(one.document)],
            "description": one.description,
            "group": "keras.applications" if name in NETWORKS else "small",
        }
        for name, one in EXAMPLES.items()
    ]


def example(name: str) -> Any:
    """The document of one; LookupError for one that there is not, with a sentence that names the nearest."""
    if name not in EXAMPLES:
        raise LookupError(f"There is no example {name!r}.{nearest(name, list(EXAMPLES))}")
    return deepcopy(EXAMPLES[name].document)
