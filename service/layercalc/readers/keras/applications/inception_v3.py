"""Szegedy et al., arXiv 1512.00567. Keras code, read by the interpreter and never imported."""

from keras import layers
from keras.applications.imagenet_utils import channels, check, classified, image_input, network, pooled


def conv(x, filters, rows, cols, padding="same", strides=(1, 1)):
    x = layers.Conv2D(filters, (rows, cols), strides=strides, padding=padding, use_bias=False)(x)
    x = layers.BatchNormalization(axis=channels(), scale=False)(x)
    return layers.Activation("relu")(x)


def halved(x, filters, rows=3, cols=3):
    return conv(x, filters, rows, cols, "valid", (2, 2))


def averaged(x, filters):
    return conv(layers.AveragePooling2D((3, 3), strides=(1, 1), padding="same")(x), filters, 1, 1)


def joined(branches, name=None):
    return layers.Concatenate(axis=channels(), name=name)(branches)


def mixed35(x, filters, name):
    one = conv(x, 64, 1, 1)
    five = conv(conv(x, 48, 1, 1), 64, 5, 5)
    three = conv(conv(conv(x, 64, 1, 1), 96, 3, 3), 96, 3, 3)
    return joined([one, five, three, averaged(x, filters)], name)


def mixed17(x, filters, name):
    one = conv(x, 192, 1, 1)
    seven = conv(conv(conv(x, filters, 1, 1), filters, 1, 7), 192, 7, 1)
    twice = conv(conv(conv(x, filters, 1, 1), filters, 7, 1), filters, 1, 7)
    twice = conv(conv(twice, filters, 7, 1), 192, 1, 7)
    return joined([one, seven, twice, averaged(x, 192)], name)


def mixed8(x, number):
    one = conv(x, 320, 1, 1)
    three = conv(x, 384, 1, 1)
    three = joined([conv(three, 384, 1, 3), conv(three, 384, 3, 1)], f"mixed9_{number}")
    twice = conv(conv(x, 448, 1, 1), 384, 3, 3)
    twice = joined([conv(twice, 384, 1, 3), conv(twice, 384, 3, 1)])
    return joined([one, three, twice, averaged(x, 192)], f"mixed{9 + number}")


def InceptionV3(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="inception_v3",
):
    check(weights, include_top, classes)
    begin, _ = image_input(input_tensor, input_shape, 299, 75, include_top, weights)
    x = conv(conv(halved(begin, 32), 32, 3, 3, "valid"), 64, 3, 3)
    x = layers.MaxPooling2D((3, 3), strides=(2, 2))(x)
    x = conv(conv(x, 80, 1, 1, "valid"), 192, 3, 3, "valid")
    x = layers.MaxPooling2D((3, 3), strides=(2, 2))(x)
    for number, filters in enumerate((32, 64, 64)):
        x = mixed35(x, filters, f"mixed{number}")
    three = halved(x, 384)
    twice = halved(conv(conv(x, 64, 1, 1), 96, 3, 3), 96)
    x = joined([three, twice, layers.MaxPooling2D((3, 3), strides=(2, 2))(x)], "mixed3")
    for number, filters in enumerate((128, 160, 160, 192), 4):
        x = mixed17(x, filters, f"mixed{number}")
    three = halved(conv(x, 192, 1, 1), 320)
    seven = halved(conv(conv(conv(x, 192, 1, 1), 192, 1, 7), 192, 7, 1), 192)
    x = joined([three, seven, layers.MaxPooling2D((3, 3), strides=(2, 2))(x)], "mixed8")
    x = mixed8(mixed8(x, 0), 1)
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = classified(x, classes, classifier_activation, weights)
    else:
        x = pooled(x, pooling)
    return network(input_tensor, begin, x, name)
