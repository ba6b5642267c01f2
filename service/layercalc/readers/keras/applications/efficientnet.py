"""Tan and Le, arXiv 1905.11946. Keras code, read by the interpreter and never imported."""

import math

from keras import backend, layers
from keras.applications.imagenet_utils import (
    channels,
    check,
    classified,
    correct_pad,
    divisible,
    image_input,
    network,
    pooled,
)

CONV = {
    "class_name": "VarianceScaling",
    "config": {"scale": 2.0, "mode": "fan_out", "distribution": "truncated_normal"},
}
DENSE = {"class_name": "VarianceScaling", "config": {"scale": 1.0 / 3.0, "mode": "fan_out", "distribution": "uniform"}}
BLOCKS = (  # kernel, how many, channels in and out, expansion, stride
    (3, 1, 32, 16, 1, 1), (3, 2, 16, 24, 6, 2), (5, 2, 24, 40, 6, 2), (3, 3, 40, 80, 6, 2),
    (5, 3, 80, 112, 6, 1), (5, 4, 112, 192, 6, 2), (3, 1, 192, 320, 6, 1),
)  # fmt: skip


def conv(x, filters, name, **kwargs):
    return layers.Conv2D(filters, 1, padding="same", kernel_initializer=CONV, name=name, **kwargs)(x)


def norm(x, name):
    return layers.BatchNormalization(axis=channels(), name=name)(x)


def active(x, name):
    return layers.Activation("swish", name=name)(x)


def excited(x, filters, squeezed, name):
    """Each channel times what all of them say of it."""
    se = layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    shape = (filters, 1, 1) if backend.image_data_format() == "channels_first" else (1, 1, filters)
    se = layers.Reshape(shape, name=f"{name}se_reshape")(se)
    se = conv(se, squeezed, f"{name}se_reduce", activation="swish")
    se = conv(se, filters, f"{name}se_expand", activation="sigmoid")
    return layers.multiply([x, se], name=f"{name}se_excite")


def block(inputs, kernel, width, filters, expansion, stride, drop_rate, name):
    x = inputs
    wide = width * expansion
    if expansion != 1:
        x = conv(x, wide, f"{name}expand_conv", use_bias=False)
        x = active(norm(x, f"{name}expand_bn"), f"{name}expand_activation")
    if stride == 2:
        x = layers.ZeroPadding2D(correct_pad(x, kernel), name=f"{name}dwconv_pad")(x)
    x = layers.DepthwiseConv2D(
        kernel,
        strides=stride,
        padding="valid" if stride == 2 else "same",
        use_bias=False,
        depthwise_initializer=CONV,
        name=f"{name}dwconv",
    )(x)
    x = active(norm(x, f"{name}bn"), f"{name}activation")
    x = excited(x, wide, max(1, int(width * 0.25)), name)
    x = norm(conv(x, filters, f"{name}project_conv", use_bias=False), f"{name}project_bn")
    if stride == 1 and width == filters:
        if drop_rate > 0:
            x = layers.Dropout(drop_rate, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
        x = layers.add([x, inputs], name=f"{name}add")
    return x


def EfficientNet(
    scale,
    include_top,
    weights,
    input_tensor,
    input_shape,
    pooling,
    classes,
    classifier_activation,
    name,
):
    """`scale`: how much wider and deeper than the first, its image size and its dropout."""
    wider, deeper, size, dropout_rate = scale
    check(weights, include_top, classes)
    begin, _ = image_input(input_tensor, input_shape, size, 32, include_top, weights)
    x = layers.Rescaling(1.0 / 255.0)(begin)
    x = layers.Normalization(axis=channels())(x)
    if weights == "imagenet":
        x = layers.Rescaling([1.0 / math.sqrt(one) for one in (0.229, 0.224, 0.225)])(x)
    x = layers.ZeroPadding2D(correct_pad(x, 3), name="stem_conv_pad")(x)
    filters = divisible(32 * wider)
    x = layers.Conv2D(filters, 3, strides=2, use_bias=False, kernel_initializer=CONV, name="stem_conv")(x)
    x = active(norm(x, "stem_bn"), "stem_activation")
    total = sum([math.ceil(deeper * one[1]) for one in BLOCKS])
    done = 0
    for stage, (kernel, repeats, width, filters, expansion, stride) in enumerate(BLOCKS, 1):
        width, filters = divisible(width * wider), divisible(filters * wider)
        for number in range(math.ceil(deeper * repeats)):
            part = f"block{stage}{chr(number + 97)}_"
            x = block(x, kernel, width, filters, expansion, stride, 0.2 * done / total, part)
            width, stride = filters, 1
            done += 1
    x = norm(conv(x, divisible(1280 * wider), "top_conv", use_bias=False), "top_bn")
    x = active(x, "top_activation")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(dropout_rate, name="top_dropout")(x)
        x = classified(x, classes, classifier_activation, weights, kernel_initializer=DENSE)
    else:
        x = pooled(x, pooling, True)
    return network(input_tensor, begin, x, name)


def EfficientNetB0(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="efficientnetb0",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return EfficientNet((1.0, 1.0, 224, 0.2), *told)


def EfficientNetB1(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="efficientnetb1",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return EfficientNet((1.0, 1.1, 240, 0.2), *told)


def EfficientNetB2(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="efficientnetb2",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return EfficientNet((1.1, 1.2, 260, 0.3), *told)


def EfficientNetB3(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="efficientnetb3",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return EfficientNet((1.2, 1.4, 300, 0.3), *told)


def EfficientNetB4(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="efficientnetb4",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return EfficientNet((1.4, 1.8, 380, 0.4), *told)


def EfficientNetB5(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="efficientnetb5",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return EfficientNet((1.6, 2.2, 456, 0.4), *told)


def EfficientNetB6(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="efficientnetb6",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return EfficientNet((1.8, 2.6, 528, 0.5), *told)


def EfficientNetB7(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="efficientnetb7",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return EfficientNet((2.0, 3.1, 600, 0.5), *told)
