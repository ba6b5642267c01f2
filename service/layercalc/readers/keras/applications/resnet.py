"""He et al., arXiv 1512.03385 and 1603.05027. Keras code, read by the interpreter and never imported."""

from keras import layers
from keras.applications.imagenet_utils import channels, check, classified, image_input, network, pooled


def norm(x, name):
    return layers.BatchNormalization(axis=channels(), epsilon=1.001e-5, name=name)(x)


def active(x, norm_name, name):
    return layers.Activation("relu", name=name)(norm(x, norm_name))


def block1(x, filters, stride, projected, name):
    """Three convolutions and what they are added to, each normalised after."""
    shortcut = x
    if projected:
        shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x)
        shortcut = norm(shortcut, f"{name}_0_bn")
    x = layers.Conv2D(filters, 1, strides=stride, name=f"{name}_1_conv")(x)
    x = active(x, f"{name}_1_bn", f"{name}_1_relu")
    x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x)
    x = active(x, f"{name}_2_bn", f"{name}_2_relu")
    x = norm(layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x), f"{name}_3_bn")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def block2(x, filters, stride, projected, name):
    """The same, each normalised before."""
    before = active(x, f"{name}_preact_bn", f"{name}_preact_relu")
    if projected:
        shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(before)
    else:
        shortcut = layers.MaxPooling2D(1, strides=stride)(x) if stride > 1 else x
    x = layers.Conv2D(filters, 1, strides=1, use_bias=False, name=f"{name}_1_conv")(before)
    x = active(x, f"{name}_1_bn", f"{name}_1_relu")
    x = layers.ZeroPadding2D(((1, 1), (1, 1)), name=f"{name}_2_pad")(x)
    x = layers.Conv2D(filters, 3, strides=stride, use_bias=False, name=f"{name}_2_conv")(x)
    x = active(x, f"{name}_2_bn", f"{name}_2_relu")
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    return layers.Add(name=f"{name}_out")([shortcut, x])


def ResNet(
    depths, before, include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
):
    """`before` says that a block normalises before it convolves; it then has its stride in its last block."""
    check(weights, include_top, classes)
    begin, _ = image_input(input_tensor, input_shape, 224, 32, include_top, weights)
    x = layers.ZeroPadding2D(((3, 3), (3, 3)), name="conv1_pad")(begin)
    x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    if not before:
        x = active(x, "conv1_bn", "conv1_relu")
    x = layers.ZeroPadding2D(((1, 1), (1, 1)), name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stage, depth in enumerate(depths):
        unstrided = stage == (3 if before else 0)
        for number in range(1, depth + 1):
            stride = 2 if number == (depth if before else 1) and not unstrided else 1
            block = block2 if before else block1
            x = block(x, 64 << stage, stride, number == 1, f"conv{stage + 2}_block{number}")
    if before:
        x = active(x, "post_bn", "post_relu")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = classified(x, classes, classifier_activation, weights)
    else:
        x = pooled(x, pooling, True)
    return network(input_tensor, begin, x, name)


def ResNet50(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnet50",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return ResNet((3, 4, 6, 3), False, *told)


def ResNet101(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnet101",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return ResNet((3, 4, 23, 3), False, *told)


def ResNet152(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnet152",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return ResNet((3, 8, 36, 3), False, *told)


def ResNet50V2(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnet50v2",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return ResNet((3, 4, 6, 3), True, *told)


def ResNet101V2(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnet101v2",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return ResNet((3, 4, 23, 3), True, *told)


def ResNet152V2(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="resnet152v2",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return ResNet((3, 8, 36, 3), True, *told)
