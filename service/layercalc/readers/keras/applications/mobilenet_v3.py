"""Howard et al., arXiv 1905.02244. Keras code, read by the interpreter and never imported."""

from keras import backend, layers
from keras.applications.imagenet_utils import (
    channels,
    check,
    check_tensor,
    correct_pad,
    divisible,
    network,
    pooled,
    validate_activation,
)

# Expansion, filters, wide kernel, stride, squeeze and excitation, hard swish.
SMALL = (
    (1, 16, False, 2, True, False), (72.0 / 16, 24, False, 2, False, False), (88.0 / 24, 24, False, 1, False, False),
    (4, 40, True, 2, True, True), (6, 40, True, 1, True, True), (6, 40, True, 1, True, True),
    (3, 48, True, 1, True, True), (3, 48, True, 1, True, True), (6, 96, True, 2, True, True),
    (6, 96, True, 1, True, True), (6, 96, True, 1, True, True),
)  # fmt: skip
LARGE = (
    (1, 16, False, 1, False, False), (4, 24, False, 2, False, False), (3, 24, False, 1, False, False),
    (3, 40, True, 2, True, False), (3, 40, True, 1, True, False), (3, 40, True, 1, True, False),
    (6, 80, False, 2, False, True), (2.5, 80, False, 1, False, True), (2.3, 80, False, 1, False, True),
    (2.3, 80, False, 1, False, True), (6, 112, False, 1, True, True), (6, 112, False, 1, True, True),
    (6, 160, True, 2, True, True), (6, 160, True, 1, True, True), (6, 160, True, 1, True, True),
)  # fmt: skip


def norm(x, name):
    return layers.BatchNormalization(axis=channels(), epsilon=1e-3, momentum=0.999, name=name)(x)


def active(x, hard):
    return layers.Activation("hard_swish")(x) if hard else layers.ReLU()(x)


def squeezed(inputs, filters, prefix):
    x = layers.GlobalAveragePooling2D(keepdims=True, name=f"{prefix}squeeze_excite_avg_pool")(inputs)
    x = layers.Conv2D(divisible(filters * 0.25), 1, padding="same", name=f"{prefix}squeeze_excite_conv")(x)
    x = layers.ReLU(name=f"{prefix}squeeze_excite_relu")(x)
    x = layers.Conv2D(filters, 1, padding="same", name=f"{prefix}squeeze_excite_conv_1")(x)
    x = layers.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)
    return layers.Multiply(name=f"{prefix}squeeze_excite_mul")([inputs, x])


def block(inputs, expansion, filters, kernel, stride, excite, hard, number):
    width = inputs.shape[channels()]
    x = inputs
    prefix = f"expanded_conv_{number}_" if number else "expanded_conv_"
    if number:
        x = layers.Conv2D(divisible(width * expansion), 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = active(norm(x, f"{prefix}expand_bn"), hard)
    if stride == 2:
        x = layers.ZeroPadding2D(correct_pad(x, kernel), name=f"{prefix}depthwise_pad")(x)
    padding = "same" if stride == 1 else "valid"
    x = layers.DepthwiseConv2D(kernel, strides=stride, padding=padding, use_bias=False, name=f"{prefix}depthwise")(x)
    x = active(norm(x, f"{prefix}depthwise_bn"), hard)
    if excite:
        x = squeezed(x, divisible(width * expansion), prefix)
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = norm(x, f"{prefix}project_bn")
    if stride == 1 and width == filters:
        x = layers.Add(name=f"{prefix}add")([inputs, x])
    return x


def top(x, last, hard, dropout_rate, classes, classifier_activation, weights):
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = active(layers.Conv2D(last, 1, padding="same", name="conv_2")(x), hard)
    if dropout_rate > 0:
        x = layers.Dropout(dropout_rate)(x)
    x = layers.Conv2D(classes, 1, padding="same", name="logits")(x)
    x = layers.Flatten()(x)
    validate_activation(classifier_activation, weights)
    return layers.Activation(classifier_activation, name="predictions")(x)


def shape_of(input_tensor, input_shape):
    """The shape that is given or that of the tensor, whose sizes Keras takes the other way round."""
    first = backend.image_data_format() == "channels_first"
    if input_shape is None and input_tensor is not None:
        rows, cols = input_tensor.shape[2:4] if first else input_tensor.shape[1:3]
        input_shape = (3, cols, rows) if first else (cols, rows, 3)
    if input_shape is None:
        input_shape = (3, None, None) if first else (None, None, 3)
    rows, cols = input_shape[1:3] if first else input_shape[0:2]
    if rows and cols and (rows < 32 or cols < 32):
        raise ValueError(f"Input size must be at least 32x32; received `input_shape={input_shape}`")
    return input_shape


def MobileNetV3(
    blocks,
    last,
    input_shape,
    alpha,
    minimalistic,
    include_top,
    weights,
    input_tensor,
    classes,
    pooling,
    dropout_rate,
    classifier_activation,
    include_preprocessing,
    name,
):
    check(weights, include_top, classes)
    check_tensor(input_tensor, input_shape)
    shape = shape_of(input_tensor, input_shape)
    if weights == "imagenet" and alpha not in ([1.0] if minimalistic else [0.75, 1.0]):
        raise ValueError(
            "With imagenet weights alpha can be 0.75 or 1.0 for non minimalistic, "
            f"or 1.0 for minimalistic only; received {alpha}"
        )
    begin = layers.Input(shape=shape) if input_tensor is None else input_tensor
    hard = not minimalistic
    x = begin
    if include_preprocessing:
        x = layers.Rescaling(scale=1.0 / 127.5, offset=-1.0)(x)
    x = layers.Conv2D(16, 3, strides=(2, 2), padding="same", use_bias=False, name="conv")(x)
    x = active(norm(x, "conv_bn"), hard)
    for number, (expansion, filters, wide, stride, excite, swish) in enumerate(blocks):
        kernel = 5 if wide and hard else 3
        x = block(x, expansion, divisible(filters * alpha), kernel, stride, excite and hard, swish and hard, number)
    x = layers.Conv2D(divisible(x.shape[channels()] * 6), 1, padding="same", use_bias=False, name="conv_1")(x)
    x = active(norm(x, "conv_1_bn"), hard)
    last = divisible(last * alpha) if alpha > 1.0 else last
    if include_top:
        x = top(x, last, hard, dropout_rate, classes, classifier_activation, weights)
    else:
        x = pooled(x, pooling, True)
    return network(input_tensor, begin, x, name)


def MobileNetV3Small(
    input_shape=None,
    alpha=1.0,
    minimalistic=False,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    classes=1000,
    pooling=None,
    dropout_rate=0.2,
    classifier_activation="softmax",
    include_preprocessing=True,
    name="MobileNetV3Small",
):
    told = (classes, pooling, dropout_rate, classifier_activation, include_preprocessing, name)
    return MobileNetV3(SMALL, 1024, input_shape, alpha, minimalistic, include_top, weights, input_tensor, *told)


def MobileNetV3Large(
    input_shape=None,
    alpha=1.0,
    minimalistic=False,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    classes=1000,
    pooling=None,
    dropout_rate=0.2,
    classifier_activation="softmax",
    include_preprocessing=True,
    name="MobileNetV3Large",
):
    told = (classes, pooling, dropout_rate, classifier_activation, include_preprocessing, name)
    return MobileNetV3(LARGE, 1280, input_shape, alpha, minimalistic, include_top, weights, input_tensor, *told)
