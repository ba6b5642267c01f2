"""Zoph et al., arXiv 1707.07012. Keras code, read by the interpreter and never imported."""

from keras import backend, layers
from keras.applications.imagenet_utils import check, classified, correct_pad, image_input, network, pooled


def norm(x, name):
    return layers.BatchNormalization(axis=-1, momentum=0.9997, epsilon=1e-3, name=name)(x)


def relu(x, name=None):
    return layers.Activation("relu", name=name)(x)


def conv(x, filters, name):
    return layers.Conv2D(filters, (1, 1), padding="same", use_bias=False, kernel_initializer="he_normal", name=name)(x)


def separable(x, filters, size, part, strides=1):
    """Two separable convolutions, of which the first has the strides."""
    x = relu(x)
    if strides == 2:
        x = layers.ZeroPadding2D(correct_pad(x, size), name=f"separable_conv_1_pad_{part}")(x)
    padding = "valid" if strides == 2 else "same"
    x = layers.SeparableConv2D(
        filters, size, strides=strides, padding=padding, use_bias=False, name=f"separable_conv_1_{part}"
    )(x)
    x = relu(norm(x, f"separable_conv_1_bn_{part}"))
    x = layers.SeparableConv2D(filters, size, padding="same", use_bias=False, name=f"separable_conv_2_{part}")(x)
    return norm(x, f"separable_conv_2_bn_{part}")


def averaged(x, name):
    return layers.AveragePooling2D((3, 3), strides=(1, 1), padding="same", name=name)(x)


def halved(pooling, x, name):
    return pooling((3, 3), strides=(2, 2), padding="valid", name=name)(x)


def adjusted(p, ip, filters, block):
    """What the cell before was given, as large and as wide as what this one is given."""
    if p is None:
        return ip
    if p.shape[-2] != ip.shape[-2]:
        p = relu(p, f"adjust_relu_1_{block}")
        one = layers.AveragePooling2D((1, 1), strides=(2, 2), padding="valid", name=f"adjust_avg_pool_1_{block}")(p)
        one = conv(one, filters // 2, f"adjust_conv_1_{block}")
        two = layers.ZeroPadding2D(((0, 1), (0, 1)))(p)
        two = layers.Cropping2D(((1, 0), (1, 0)))(two)
        two = layers.AveragePooling2D((1, 1), strides=(2, 2), padding="valid", name=f"adjust_avg_pool_2_{block}")(two)
        two = conv(two, filters // 2, f"adjust_conv_2_{block}")
        return norm(layers.concatenate([one, two], axis=-1), f"adjust_bn_{block}")
    if p.shape[-1] != filters:
        return norm(conv(relu(p), filters, f"adjust_conv_projection_{block}"), f"adjust_bn_{block}")
    return p


def normal(ip, p, filters, block):
    p = adjusted(p, ip, filters, block)
    h = norm(conv(relu(ip), filters, f"normal_conv_1_{block}"), f"normal_bn_1_{block}")
    one = separable(h, filters, (5, 5), f"normal_left1_{block}")
    one = layers.add([one, separable(p, filters, (3, 3), f"normal_right1_{block}")], name=f"normal_add_1_{block}")
    two = separable(p, filters, (5, 5), f"normal_left2_{block}")
    two = layers.add([two, separable(p, filters, (3, 3), f"normal_right2_{block}")], name=f"normal_add_2_{block}")
    three = layers.add([averaged(h, f"normal_left3_{block}"), p], name=f"normal_add_3_{block}")
    four = [averaged(p, f"normal_left4_{block}"), averaged(p, f"normal_right4_{block}")]
    four = layers.add(four, name=f"normal_add_4_{block}")
    five = separable(h, filters, (3, 3), f"normal_left5_{block}")
    five = layers.add([five, h], name=f"normal_add_5_{block}")
    return layers.concatenate([p, one, two, three, four, five], axis=-1, name=f"normal_concat_{block}")


def reduction(ip, p, filters, block):
    p = adjusted(p, ip, filters, block)
    h = norm(conv(relu(ip), filters, f"reduction_conv_1_{block}"), f"reduction_bn_1_{block}")
    padded = layers.ZeroPadding2D(correct_pad(h, 3), name=f"reduction_pad_1_{block}")(h)
    one = separable(h, filters, (5, 5), f"reduction_left1_{block}", 2)
    one = [one, separable(p, filters, (7, 7), f"reduction_right1_{block}", 2)]
    one = layers.add(one, name=f"reduction_add_1_{block}")
    two = halved(layers.MaxPooling2D, padded, f"reduction_left2_{block}")
    two = [two, separable(p, filters, (7, 7), f"reduction_right2_{block}", 2)]
    two = layers.add(two, name=f"reduction_add_2_{block}")
    three = halved(layers.AveragePooling2D, padded, f"reduction_left3_{block}")
    three = [three, separable(p, filters, (5, 5), f"reduction_right3_{block}", 2)]
    three = layers.add(three, name=f"reduction_add3_{block}")
    four = layers.add([two, averaged(one, f"reduction_left4_{block}")])
    five = separable(one, filters, (3, 3), f"reduction_left4_{block}")
    five = [five, halved(layers.MaxPooling2D, padded, f"reduction_right5_{block}")]
    five = layers.add(five, name=f"reduction_add4_{block}")
    return layers.concatenate([two, three, four, five], axis=-1, name=f"reduction_concat_{block}")


def cells(x, p, filters, repeats, skip_reduction):
    """Two cells that reduce, then three stages of normal ones, of which the latter two begin with one that reduces."""
    x, p = reduction(x, p, filters // 4, "stem_1"), x
    x, p = reduction(x, p, filters // 2, "stem_2"), x
    for stage in range(3):
        first = stage * repeats
        width = filters << stage
        if stage:
            before = x
            x = reduction(x, p, width, f"reduce_{first}")
            p = p if skip_reduction else before
        for number in range(repeats):
            x, p = normal(x, p, width, f"{first + number + (1 if stage else 0)}"), x
    return x


def NASNet(
    last,
    repeats,
    stem,
    skip_reduction,
    size,
    input_shape,
    include_top,
    weights,
    input_tensor,
    pooling,
    classes,
    classifier_activation,
    name,
):
    if backend.image_data_format() == "channels_first":
        raise ValueError("NASNet does not support the `channels_first` image data format")
    check(weights, include_top, classes)
    if isinstance(input_shape, tuple) and None in input_shape and weights == "imagenet":
        raise ValueError(f"With imagenet weights the input_shape of a NASNet must be static; received {input_shape}")
    begin, _ = image_input(input_tensor, input_shape, size, 32, include_top, weights)
    x = layers.Conv2D(stem, (3, 3), strides=(2, 2), use_bias=False, kernel_initializer="he_normal", name="stem_conv1")(
        begin
    )
    x = cells(norm(x, "stem_bn1"), None, last // 24, repeats, skip_reduction)
    x = relu(x)
    if include_top:
        x = layers.GlobalAveragePooling2D()(x)
        x = classified(x, classes, classifier_activation, weights)
    else:
        x = pooled(x, pooling)
    return network(input_tensor, begin, x, name)


def NASNetMobile(
    input_shape=None,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="nasnet_mobile",
):
    if not include_top and input_shape is None:
        input_shape = (224, 224, 3)
    told = (input_shape, include_top, weights, input_tensor, pooling, classes, classifier_activation, name)
    return NASNet(1056, 4, 32, False, 224, *told)


def NASNetLarge(
    input_shape=None,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="nasnet_large",
):
    told = (input_shape, include_top, weights, input_tensor, pooling, classes, classifier_activation, name)
    return NASNet(4032, 6, 96, True, 331, *told)
