"""Howard et al., arXiv 1704.04861. Keras code, read by the interpreter and never imported."""

from keras import backend, layers
from keras.applications.imagenet_utils import (
    channels,
    check,
    image_input,
    network,
    pooled,
    validate_activation,
)

SIZES = [128, 160, 192, 224]
BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))


def active(x, name):
    x = layers.BatchNormalization(axis=channels(), name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def block(x, filters, stride, depth_multiplier, number):
    """A convolution of each channel, and one of them all at each point."""
    if stride == 2:
        x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{number}")(x)
    x = layers.DepthwiseConv2D(
        (3, 3),
        padding="same" if stride == 1 else "valid",
        depth_multiplier=depth_multiplier,
        strides=(stride, stride),
        use_bias=False,
        name=f"conv_dw_{number}",
    )(x)
    x = active(x, f"conv_dw_{number}")
    x = layers.Conv2D(filters, (1, 1), padding="same", use_bias=False, name=f"conv_pw_{number}")(x)
    return active(x, f"conv_pw_{number}")


def MobileNet(
    input_shape=None,
    alpha=1.0,
    depth_multiplier=1,
    dropout=0.001,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name=None,
):
    check(weights, include_top, classes)
    first = 1 if backend.image_data_format() == "channels_first" else 0
    default_size = 224
    if input_shape is not None and input_shape[first] == input_shape[first + 1] and input_shape[first] in SIZES:
        default_size = input_shape[first]
    begin, shape = image_input(input_tensor, input_shape, default_size, 32, include_top, weights)
    rows, cols = shape[first], shape[first + 1]
    if weights == "imagenet":
        if depth_multiplier != 1:
            raise ValueError(f"With imagenet weights depth_multiplier must be 1; received {depth_multiplier}")
        if alpha not in [0.25, 0.50, 0.75, 1.0]:
            raise ValueError(f"With imagenet weights alpha can be one of 0.25, 0.5, 0.75, 1.0; received {alpha}")
        if rows != cols or rows not in SIZES:
            rows = 224
    x = layers.Conv2D(int(32 * alpha), (3, 3), padding="same", use_bias=False, strides=(2, 2), name="conv1")(begin)
    x = active(x, "conv1")
    for number, (filters, stride) in enumerate(BLOCKS, 1):
        x = block(x, int(filters * alpha), stride, depth_multiplier, number)
    if include_top:
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Conv2D(classes, (1, 1), padding="same", name="conv_preds")(x)
        x = layers.Reshape((classes,), name="reshape_2")(x)
        validate_activation(classifier_activation, weights)
        x = layers.Activation(classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return network(input_tensor, begin, x, f"mobilenet_{alpha:0.2f}_{rows}" if name is None else name)
