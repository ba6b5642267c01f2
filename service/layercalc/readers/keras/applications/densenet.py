"""Huang et al., arXiv 1608.06993. Keras code, read by the interpreter and never imported."""

from keras import backend, layers
from keras.applications.imagenet_utils import check, classified, image_input, network, pooled


def active(x, norm, name):
    x = layers.BatchNormalization(axis=3, epsilon=1.001e-5, name=norm)(x)
    return layers.Activation("relu", name=name)(x)


def block(x, name):
    """32 channels more, of all that there are."""
    y = active(x, f"{name}_0_bn", f"{name}_0_relu")
    y = layers.Conv2D(128, 1, use_bias=False, name=f"{name}_1_conv")(y)
    y = active(y, f"{name}_1_bn", f"{name}_1_relu")
    y = layers.Conv2D(32, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(y)
    return layers.Concatenate(axis=3, name=f"{name}_concat")([x, y])


def transition(x, name):
    """Half the channels, and half the size."""
    x = active(x, f"{name}_bn", f"{name}_relu")
    x = layers.Conv2D(int(x.shape[3] * 0.5), 1, use_bias=False, name=f"{name}_conv")(x)
    return layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def DenseNet(depths, include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name):
    if backend.image_data_format() == "channels_first":
        raise ValueError("DenseNet does not support the `channels_first` image data format")
    check(weights, include_top, classes)
    begin, _ = image_input(input_tensor, input_shape, 224, 32, include_top, weights)
    x = layers.ZeroPadding2D(((3, 3), (3, 3)))(begin)
    x = layers.Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(x)
    x = active(x, "conv1_bn", "conv1_relu")
    x = layers.ZeroPadding2D(((1, 1), (1, 1)))(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    for stage, depth in enumerate(depths, 2):
        if stage > 2:
            x = transition(x, f"pool{stage - 1}")
        for number in range(1, depth + 1):
            x = block(x, f"conv{stage}_block{number}")
    x = active(x, "bn", "relu")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = classified(x, classes, classifier_activation, weights)
    else:
        x = pooled(x, pooling, True)
    return network(input_tensor, begin, x, name)


def DenseNet121(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="densenet121",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return DenseNet((6, 12, 24, 16), *told)


def DenseNet169(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="densenet169",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return DenseNet((6, 12, 32, 32), *told)


def DenseNet201(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="densenet201",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return DenseNet((6, 12, 48, 32), *told)
