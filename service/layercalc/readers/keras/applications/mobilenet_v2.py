"""Sandler et al., arXiv 1801.04381. Keras code, read by the interpreter and never imported."""

from keras import backend, layers
from keras.applications.imagenet_utils import (
    channels,
    check,
    check_tensor,
    classified,
    correct_pad,
    divisible,
    image_input,
    network,
    pooled,
)

SIZES = [96, 128, 160, 192, 224]
BLOCKS = (  # filters, stride of the first, how many
    (16, 1, 1), (24, 2, 2), (32, 2, 3), (64, 2, 4), (96, 1, 3), (160, 2, 3), (320, 1, 1),
)  # fmt: skip


def norm(x, name):
    return layers.BatchNormalization(axis=channels(), epsilon=1e-3, momentum=0.999, name=name)(x)


def block(inputs, expansion, stride, filters, number):
    """An inverted residual: wide in the middle, narrow at its ends."""
    width = inputs.shape[channels()]
    x = inputs
    prefix = f"block_{number}_" if number else "expanded_conv_"
    if number:
        x = layers.Conv2D(expansion * width, 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = layers.ReLU(6.0, name=f"{prefix}expand_relu")(norm(x, f"{prefix}expand_BN"))
    if stride == 2:
        x = layers.ZeroPadding2D(correct_pad(x, 3), name=f"{prefix}pad")(x)
    padding = "same" if stride == 1 else "valid"
    x = layers.DepthwiseConv2D(3, strides=stride, use_bias=False, padding=padding, name=f"{prefix}depthwise")(x)
    x = layers.ReLU(6.0, name=f"{prefix}depthwise_relu")(norm(x, f"{prefix}depthwise_BN"))
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = norm(x, f"{prefix}project_BN")
    if width == filters and stride == 1:
        return layers.Add(name=f"{prefix}add")([inputs, x])
    return x


def MobileNetV2(
    input_shape=None,
    alpha=1.0,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name=None,
):
    check(weights, include_top, classes)
    check_tensor(input_tensor, input_shape)
    first = 1 if backend.image_data_format() == "channels_first" else 0
    sizes = None
    if input_shape is not None:
        sizes = input_shape[first : first + 2]
    elif input_tensor is not None:
        sizes = input_tensor.shape[first + 1 : first + 3]
    default_size = sizes[0] if sizes is not None and sizes[0] == sizes[1] and sizes[0] in SIZES else 224
    begin, shape = image_input(input_tensor, input_shape, default_size, 32, include_top, weights)
    rows, cols = shape[first], shape[first + 1]
    if weights == "imagenet":
        if alpha not in [0.35, 0.50, 0.75, 1.0, 1.3, 1.4]:
            raise ValueError(
                f"With imagenet weights alpha must be one of 0.35, 0.5, 0.75, 1.0, 1.3, 1.4; received {alpha}"
            )
        if rows != cols or rows not in SIZES:
            rows = 224
    x = layers.Conv2D(divisible(32 * alpha), 3, strides=(2, 2), padding="same", use_bias=False, name="Conv1")(begin)
    x = layers.ReLU(6.0, name="Conv1_relu")(norm(x, "bn_Conv1"))
    number = 0
    for filters, stride, count in BLOCKS:
        for one in range(count):
            width = divisible(int(filters * alpha))
            x = block(x, 6 if number else 1, stride if one == 0 else 1, width, number)
            number += 1
    last = divisible(1280 * alpha) if alpha > 1.0 else 1280
    x = layers.Conv2D(last, 1, use_bias=False, name="Conv_1")(x)
    x = layers.ReLU(6.0, name="out_relu")(norm(x, "Conv_1_bn"))
    if include_top:
        x = layers.GlobalAveragePooling2D()(x)
        x = classified(x, classes, classifier_activation, weights)
    else:
        x = pooled(x, pooling)
    return network(input_tensor, begin, x, f"mobilenetv2_{alpha:0.2f}_{rows}" if name is None else name)
