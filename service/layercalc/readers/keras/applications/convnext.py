"""Liu et al., arXiv 2201.03545. Keras code, read by the interpreter and never imported."""

from keras import Sequential, backend, layers
from keras.applications.imagenet_utils import check, image_input, network, pooled, validate_activation

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def block(inputs, filters, name):
    x = layers.Conv2D(filters, 7, padding="same", groups=filters, name=f"{name}_depthwise_conv")(inputs)
    x = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_layernorm")(x)
    x = layers.Dense(4 * filters, name=f"{name}_pointwise_conv_1")(x)
    x = layers.Activation("gelu", name=f"{name}_gelu")(x)
    x = layers.Dense(filters, name=f"{name}_pointwise_conv_2")(x)
    x = layers.LayerScale(1e-6, filters, name=f"{name}_layer_scale")(x)
    return inputs + layers.Activation("linear", name=f"{name}_identity")(x)


def reduction(stage, filters, name):
    """What stands before a stage: a quarter of the size before the first, half of it before the others."""
    if stage == 0:
        conv = layers.Conv2D(filters, 4, strides=4, name=f"{name}_stem_conv")
        norm = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_stem_layernorm")
        return Sequential([conv, norm], name=f"{name}_stem")
    norm = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_downsampling_layernorm_{stage - 1}")
    conv = layers.Conv2D(filters, 2, strides=2, name=f"{name}_downsampling_conv_{stage - 1}")
    return Sequential([norm, conv], name=f"{name}_downsampling_block_{stage - 1}")


def top(x, classes, classifier_activation, name):
    x = layers.GlobalAveragePooling2D(name=f"{name}_head_gap")(x)
    x = layers.LayerNormalization(epsilon=1e-6, name=f"{name}_head_layernorm")(x)
    return layers.Dense(classes, activation=classifier_activation, name=f"{name}_head_dense")(x)


def ConvNeXt(
    own,
    depths,
    widths,
    include_top,
    include_preprocessing,
    weights,
    input_tensor,
    input_shape,
    pooling,
    classes,
    classifier_activation,
    name,
):
    if backend.image_data_format() == "channels_first":
        raise ValueError("ConvNeXt does not support the `channels_first` image data format")
    check(weights, include_top, classes)
    begin, shape = image_input(input_tensor, input_shape, 224, 32, include_top, weights)
    x = begin
    if include_preprocessing and shape[2] == 3:
        mean, variance = [255 * one for one in MEAN], [(255 * one) ** 2 for one in DEVIATION]
        x = layers.Normalization(mean=mean, variance=variance, name=f"{name}_prestem_normalization")(x)
    reductions = [reduction(stage, width, name) for stage, width in enumerate(widths)]
    for stage, (depth, width) in enumerate(zip(depths, widths, strict=True)):
        x = reductions[stage](x)
        for number in range(depth):
            x = block(x, width, f"{name}_stage_{stage}_block_{number}")
    if include_top:
        validate_activation(classifier_activation, weights)
        x = top(x, classes, classifier_activation, name)
    else:
        x = layers.LayerNormalization(epsilon=1e-6)(pooled(x, pooling))
    if weights == "imagenet" and own not in name:
        raise ValueError(f"Model name {name!r} does not match weights variant {own!r}")
    return network(input_tensor, begin, x, name)


def ConvNeXtTiny(
    include_top=True,
    include_preprocessing=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="convnext_tiny",
):
    told = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    preprocessed = (include_top, include_preprocessing, weights)
    return ConvNeXt("convnext_tiny", (3, 3, 9, 3), (96, 192, 384, 768), *preprocessed, *told)


def ConvNeXtSmall(
    include_top=True,
    include_preprocessing=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="convnext_small",
):
    told = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    preprocessed = (include_top, include_preprocessing, weights)
    return ConvNeXt("convnext_small", (3, 3, 27, 3), (96, 192, 384, 768), *preprocessed, *told)


def ConvNeXtBase(
    include_top=True,
    include_preprocessing=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="convnext_base",
):
    told = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    preprocessed = (include_top, include_preprocessing, weights)
    return ConvNeXt("convnext_base", (3, 3, 27, 3), (128, 256, 512, 1024), *preprocessed, *told)


def ConvNeXtLarge(
    include_top=True,
    include_preprocessing=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="convnext_large",
):
    told = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    preprocessed = (include_top, include_preprocessing, weights)
    return ConvNeXt("convnext_large", (3, 3, 27, 3), (192, 384, 768, 1536), *preprocessed, *told)


def ConvNeXtXLarge(
    include_top=True,
    include_preprocessing=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name="convnext_xlarge",
):
    told = (input_tensor, input_shape, pooling, classes, classifier_activation, name)
    preprocessed = (include_top, include_preprocessing, weights)
    return ConvNeXt("convnext_xlarge", (3, 3, 27, 3), (256, 512, 1024, 2048), *preprocessed, *told)
