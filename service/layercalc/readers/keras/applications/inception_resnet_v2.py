"""Szegedy et al., arXiv 1602.07261. Keras code, read by the interpreter and never imported."""

from keras import layers
from keras.applications.imagenet_utils import channels, check, classified, image_input, network, pooled
from keras.layers import CustomScaleLayer


def conv(x, filters, size, strides=1, padding="same", name=None):
    x = layers.Conv2D(filters, size, strides=strides, padding=padding, use_bias=False, name=name)(x)
    x = layers.BatchNormalization(axis=channels(), scale=False, name=f"{name}_bn" if name else None)(x)
    return layers.Activation("relu", name=f"{name}_ac" if name else None)(x)


def halved(x, filters):
    return conv(x, filters, 3, 2, "valid")


def joined(branches, name):
    return layers.Concatenate(axis=channels(), name=name)(branches)


def block35(x):
    one, three = conv(x, 32, 1), conv(conv(x, 32, 1), 32, 3)
    return [one, three, conv(conv(conv(x, 32, 1), 48, 3), 64, 3)]


def block17(x):
    return [conv(x, 192, 1), conv(conv(conv(x, 128, 1), 160, [1, 7]), 192, [7, 1])]


def block8(x):
    return [conv(x, 192, 1), conv(conv(conv(x, 192, 1), 224, [1, 3]), 256, [3, 1])]


def residual(x, branches, scale, name, active=True):
    up = layers.Conv2D(x.shape[channels()], 1, padding="same", name=f"{name}_conv")
    x = CustomScaleLayer(scale)([x, up(joined(branches(x), f"{name}_mixed"))])
    return layers.Activation("relu", name=f"{name}_ac")(x) if active else x


def InceptionResNetV2(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="inception_resnet_v2",
):
    check(weights, include_top, classes)
    begin, _ = image_input(input_tensor, input_shape, 299, 75, include_top, weights)
    x = conv(conv(halved(begin, 32), 32, 3, padding="valid"), 64, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = conv(conv(x, 80, 1, padding="valid"), 192, 3, padding="valid")
    x = layers.MaxPooling2D(3, strides=2)(x)
    one, five = conv(x, 96, 1), conv(conv(x, 48, 1), 64, 5)
    three = conv(conv(conv(x, 64, 1), 96, 3), 96, 3)
    pool = conv(layers.AveragePooling2D(3, strides=1, padding="same")(x), 64, 1)
    x = joined([one, five, three, pool], "mixed_5b")
    for number in range(1, 11):
        x = residual(x, block35, 0.17, f"block35_{number}")
    three = halved(x, 384)
    twice = halved(conv(conv(x, 256, 1), 256, 3), 384)
    x = joined([three, twice, layers.MaxPooling2D(3, strides=2)(x)], "mixed_6a")
    for number in range(1, 21):
        x = residual(x, block17, 0.1, f"block17_{number}")
    one = halved(conv(x, 256, 1), 384)
    three = halved(conv(x, 256, 1), 288)
    twice = halved(conv(conv(x, 256, 1), 288, 3), 320)
    x = joined([one, three, twice, layers.MaxPooling2D(3, strides=2)(x)], "mixed_7a")
    for number in range(1, 10):
        x = residual(x, block8, 0.2, f"block8_{number}")
    x = residual(x, block8, 1.0, "block8_10", False)
    x = conv(x, 1536, 1, name="conv_7b")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = classified(x, classes, classifier_activation, weights)
    else:
        x = pooled(x, pooling)
    return network(input_tensor, begin, x, name)
