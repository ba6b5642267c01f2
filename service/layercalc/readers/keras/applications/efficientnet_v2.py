"""Tan and Le, arXiv 2104.00298. Keras code, read by the interpreter and never imported."""

import math

from keras import layers
from keras.applications.efficientnet import CONV, DENSE, active, conv, excited
from keras.applications.imagenet_utils import channels, check, classified, image_input, network, pooled

# Of a stage: how many blocks, channels in and out, expansion, stride, and whether it is fused, else squeezed.
SMALLEST = (
    (1, 32, 16, 1, 1, True), (2, 16, 32, 4, 2, True), (2, 32, 48, 4, 2, True),
    (3, 48, 96, 4, 2, False), (5, 96, 112, 6, 1, False), (8, 112, 192, 6, 2, False),
)  # fmt: skip
BLOCKS = {
    **{f"efficientnetv2-b{number}": SMALLEST for number in range(4)},
    "efficientnetv2-s": (
        (2, 24, 24, 1, 1, True), (4, 24, 48, 4, 2, True), (4, 48, 64, 4, 2, True),
        (6, 64, 128, 4, 2, False), (9, 128, 160, 6, 1, False), (15, 160, 256, 6, 2, False),
    ),
    "efficientnetv2-m": (
        (3, 24, 24, 1, 1, True), (5, 24, 48, 4, 2, True), (5, 48, 80, 4, 2, True), (7, 80, 160, 4, 2, False),
        (14, 160, 176, 6, 1, False), (18, 176, 304, 6, 2, False), (5, 304, 512, 6, 1, False),
    ),
    "efficientnetv2-l": (
        (4, 32, 32, 1, 1, True), (7, 32, 64, 4, 2, True), (7, 64, 96, 4, 2, True), (10, 96, 192, 4, 2, False),
        (19, 192, 224, 6, 1, False), (25, 224, 384, 6, 2, False), (7, 384, 640, 6, 1, False),
    ),
}  # fmt: skip


def rounded(filters, wider):
    """A multiple of 8."""
    return max(8, int(filters * wider + 4) // 8 * 8)


def norm(x, name):
    return layers.BatchNormalization(axis=channels(), momentum=0.9, name=name)(x)


def wide_conv(x, filters, stride, name, size=3):
    return layers.Conv2D(
        filters, size, strides=stride, kernel_initializer=CONV, padding="same", use_bias=False, name=name
    )(x)


def added(x, inputs, width, filters, stride, rate, name):
    if stride == 1 and width == filters:
        if rate:
            x = layers.Dropout(rate, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
        x = layers.add([x, inputs], name=f"{name}add")
    return x


def block(inputs, width, filters, expansion, stride, rate, name):
    """Expanded, convolved channel by channel, squeezed and projected."""
    x = inputs
    wide = width * expansion
    if expansion != 1:
        x = conv(x, wide, f"{name}expand_conv", use_bias=False)
        x = active(norm(x, f"{name}expand_bn"), f"{name}expand_activation")
    x = layers.DepthwiseConv2D(
        3, strides=stride, depthwise_initializer=CONV, padding="same", use_bias=False, name=f"{name}dwconv2"
    )(x)
    x = active(norm(x, f"{name}bn"), f"{name}activation")
    x = excited(x, wide, max(1, int(width * 0.25)), name)
    x = norm(conv(x, filters, f"{name}project_conv", use_bias=False), f"{name}project_bn")
    return added(x, inputs, width, filters, stride, rate, name)


def fused(inputs, width, filters, expansion, stride, rate, name):
    """Expanded by a convolution of all channels, and projected."""
    if expansion != 1:
        x = wide_conv(inputs, width * expansion, stride, f"{name}expand_conv")
        x = active(norm(x, f"{name}expand_bn"), f"{name}expand_activation")
        x = norm(wide_conv(x, filters, 1, f"{name}project_conv", 1), f"{name}project_bn")
    else:
        x = norm(wide_conv(inputs, filters, stride, f"{name}project_conv"), f"{name}project_bn")
        x = active(x, f"{name}project_activation")
    return added(x, inputs, width, filters, stride, rate, name)


def preprocessed(x, shape, name):
    axis = channels()
    if name.split("-")[-1].startswith("b") and shape[axis - 1] == 3:
        x = layers.Rescaling(scale=1.0 / 255)(x)
        variance = [0.229**2, 0.224**2, 0.225**2]
        return layers.Normalization(mean=[0.485, 0.456, 0.406], variance=variance, axis=axis)(x)
    return layers.Rescaling(scale=1.0 / 128.0, offset=-1)(x)


def EfficientNetV2(
    scale,
    include_top,
    weights,
    input_tensor,
    input_shape,
    pooling,
    classes,
    classifier_activation,
    include_preprocessing,
    name,
):
    """`scale`: how much wider and deeper than the smallest, and its image size. Its stages go by its name."""
    wider, deeper, size = scale
    blocks = BLOCKS[name]
    check(weights, include_top, classes)
    begin, shape = image_input(input_tensor, input_shape, size, 32, include_top, weights)
    x = preprocessed(begin, shape, name) if include_preprocessing else begin
    x = wide_conv(x, rounded(blocks[0][1], wider), 2, "stem_conv")
    x = active(norm(x, "stem_bn"), "stem_activation")
    total = sum([one[0] for one in blocks])
    done = 0
    for stage, (repeats, width, filters, expansion, stride, is_fused) in enumerate(blocks, 1):
        width, filters = rounded(width, wider), rounded(filters, wider)
        for number in range(math.ceil(deeper * repeats)):
            part = f"block{stage}{chr(number + 97)}_"
            make = fused if is_fused else block
            x = make(x, width, filters, expansion, stride, 0.2 * done / total, part)
            width, stride = filters, 1
            done += 1
    x = norm(conv(x, rounded(1280, wider), "top_conv", use_bias=False), "top_bn")
    x = active(x, "top_activation")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(0.2, name="top_dropout")(x)
        x = classified(x, classes, classifier_activation, weights, kernel_initializer=DENSE)
    else:
        x = pooled(x, pooling, True)
    return network(input_tensor, begin, x, name)


def EfficientNetV2B0(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    include_preprocessing=True,
    name="efficientnetv2-b0",
):
    told = (input_tensor, input_shape, pooling, classes, classifier_activation, include_preprocessing, name)
    return EfficientNetV2((1.0, 1.0, 224), include_top, weights, *told)


def EfficientNetV2B1(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    include_preprocessing=True,
    name="efficientnetv2-b1",
):
    told = (input_tensor, input_shape, pooling, classes, classifier_activation, include_preprocessing, name)
    return EfficientNetV2((1.0, 1.1, 240), include_top, weights, *told)


def EfficientNetV2B2(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    include_preprocessing=True,
    name="efficientnetv2-b2",
):
    told = (input_tensor, input_shape, pooling, classes, classifier_activation, include_preprocessing, name)
    return EfficientNetV2((1.1, 1.2, 260), include_top, weights, *told)


def EfficientNetV2B3(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    include_preprocessing=True,
    name="efficientnetv2-b3",
):
    told = (input_tensor, input_shape, pooling, classes, classifier_activation, include_preprocessing, name)
    return EfficientNetV2((1.2, 1.4, 300), include_top, weights, *told)


def EfficientNetV2S(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    include_preprocessing=True,
    name="efficientnetv2-s",
):
    told = (input_tensor, input_shape, pooling, classes, classifier_activation, include_preprocessing, name)
    return EfficientNetV2((1.0, 1.0, 384), include_top, weights, *told)


def EfficientNetV2M(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    include_preprocessing=True,
    name="efficientnetv2-m",
):
    told = (input_tensor, input_shape, pooling, classes, classifier_activation, include_preprocessing, name)
    return EfficientNetV2((1.0, 1.0, 480), include_top, weights, *told)


def EfficientNetV2L(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    include_preprocessing=True,
    name="efficientnetv2-l",
):
    told = (input_tensor, input_shape, pooling, classes, classifier_activation, include_preprocessing, name)
    return EfficientNetV2((1.0, 1.0, 480), include_top, weights, *told)
