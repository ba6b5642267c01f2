"""Chollet, arXiv 1610.02357. Keras code, read by the interpreter and never imported."""

from keras import layers
from keras.applications.imagenet_utils import channels, check, classified, image_input, network, pooled


def norm(x, name=None):
    return layers.BatchNormalization(axis=channels(), name=name)(x)


def relu(x, name):
    return layers.Activation("relu", name=f"{name}_act")(x)


def conv(x, filters, strides, name):
    x = layers.Conv2D(filters, (3, 3), strides=strides, use_bias=False, name=name)(x)
    return relu(norm(x, f"{name}_bn"), name)


def separable(x, filters, name):
    x = layers.SeparableConv2D(filters, (3, 3), padding="same", use_bias=False, name=name)(x)
    return norm(x, f"{name}_bn")


def halved(x, widths, number):
    """Two separable convolutions and half the size, beside one convolution that does the same."""
    residual = norm(layers.Conv2D(widths[1], (1, 1), strides=(2, 2), padding="same", use_bias=False)(x))
    if number > 2:
        x = relu(x, f"block{number}_sepconv1")
    x = separable(x, widths[0], f"block{number}_sepconv1")
    x = separable(relu(x, f"block{number}_sepconv2"), widths[1], f"block{number}_sepconv2")
    x = layers.MaxPooling2D((3, 3), strides=(2, 2), padding="same", name=f"block{number}_pool")(x)
    return layers.add([x, residual])


def Xception(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="xception",
):
    check(weights, include_top, classes)
    begin, _ = image_input(input_tensor, input_shape, 299, 71, include_top, weights)
    x = conv(begin, 32, (2, 2), "block1_conv1")
    x = conv(x, 64, (1, 1), "block1_conv2")
    for number, width in enumerate((128, 256, 728), 2):
        x = halved(x, (width, width), number)
    for number in range(5, 13):
        residual = x
        for one in (1, 2, 3):
            part = f"block{number}_sepconv{one}"
            x = separable(relu(x, part), 728, part)
        x = layers.add([x, residual])
    x = halved(x, (728, 1024), 13)
    for one, width in ((1, 1536), (2, 2048)):
        part = f"block14_sepconv{one}"
        x = relu(separable(x, width, part), part)
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = classified(x, classes, classifier_activation, weights)
    else:
        x = pooled(x, pooling)
    return network(input_tensor, begin, x, name)
