"""Simonyan and Zisserman, arXiv 1409.1556. Keras code, read by the interpreter and never imported."""

from keras import layers
from keras.applications.imagenet_utils import check, classified, image_input, network, pooled


def VGG(depths, include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name):
    check(weights, include_top, classes)
    begin, _ = image_input(input_tensor, input_shape, 224, 32, include_top, weights)
    x = begin
    for block, depth in enumerate(depths, 1):
        filters = min(64 << (block - 1), 512)
        for number in range(1, depth + 1):
            conv = f"block{block}_conv{number}"
            x = layers.Conv2D(filters, (3, 3), activation="relu", padding="same", name=conv)(x)
        x = layers.MaxPooling2D((2, 2), strides=(2, 2), name=f"block{block}_pool")(x)
    if include_top:
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(4096, activation="relu", name="fc1")(x)
        x = layers.Dense(4096, activation="relu", name="fc2")(x)
        x = classified(x, classes, classifier_activation, weights)
    else:
        x = pooled(x, pooling)
    return network(input_tensor, begin, x, name)


def VGG16(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="vgg16",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return VGG((2, 2, 3, 3, 3), *told)


def VGG19(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="vgg19",
):
    told = (include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    return VGG((2, 2, 4, 4, 4), *told)
