"""What all networks of keras.applications share. Keras code, read by the interpreter and never imported."""

from keras import Model, backend, layers
from keras.utils import get_source_inputs


def check(weights, include_top, classes):
    """Refuse weights that there are not, and classes that ImageNet has not."""
    if type(weights) is str and weights != "imagenet" and "." not in weights and "/" not in weights:
        raise ValueError(f"`weights` should be None, 'imagenet' or the path of a file; received {weights!r}")
    if include_top and classes != 1000 and weights == "imagenet":
        raise ValueError(
            f"If using `weights='imagenet'` with `include_top=True`, `classes` should be 1000; received {classes}"
        )


def validate_activation(classifier_activation, weights):
    """Refuse an activation that the weights were not trained with."""
    if weights is None or classifier_activation is None:
        return
    if getattr(classifier_activation, "__name__", classifier_activation) not in ("softmax", "linear"):
        raise ValueError("With pretrained weights `classifier_activation` can only be None or 'softmax'")


def obtain_input_shape(
    input_shape, default_size, min_size, data_format, require_flatten=None, weights=None, include_top=None
):
    """The shape that is given, or the network's own. Older versions name `require_flatten` `include_top`."""
    flat = include_top if require_flatten is None else require_flatten
    first = data_format == "channels_first"
    channels = 3
    if input_shape and len(input_shape) == 3 and weights != "imagenet":
        channels = input_shape[0] if first else input_shape[2]
    usual = (channels, default_size, default_size) if first else (default_size, default_size, channels)
    if flat and weights == "imagenet":
        if input_shape is not None and input_shape != usual:
            raise ValueError(
                "When setting `include_top=True` and loading `imagenet` weights, "
                f"`input_shape` should be {usual}; received {input_shape}"
            )
        return usual
    if not input_shape:
        return usual if flat else (3, None, None) if first else (None, None, 3)
    if len(input_shape) != 3:
        raise ValueError(f"`input_shape` must be a tuple of three integers; received {input_shape}")
    if input_shape[0 if first else 2] != 3 and weights == "imagenet":
        raise ValueError(f"The input must have 3 channels; received `input_shape={input_shape}`")
    for size in input_shape[1:] if first else input_shape[:2]:
        if size is not None and size < min_size:
            raise ValueError(f"Input size must be at least {min_size}x{min_size}; received `input_shape={input_shape}`")
    if flat and None in input_shape:
        raise ValueError(f"If `include_top` is True, `input_shape` has to be static; received {input_shape}")
    return input_shape


_obtain_input_shape = obtain_input_shape


def correct_pad(inputs, kernel_size):
    """The zero padding of a convolution with strides of 2, as `padding="same"` of TensorFlow has it."""
    axis = 2 if backend.image_data_format() == "channels_first" else 1
    sizes = inputs.shape[axis : axis + 2]
    kernel = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    adjust = (1, 1) if sizes[0] is None else (1 - sizes[0] % 2, 1 - sizes[1] % 2)
    half = (kernel[0] // 2, kernel[1] // 2)
    return ((half[0] - adjust[0], half[0]), (half[1] - adjust[1], half[1]))


def image_input(input_tensor, input_shape, default_size, min_size, include_top, weights):
    """The tensor that a network begins with, and the shape it is made for."""
    form = backend.image_data_format()
    shape = obtain_input_shape(input_shape, default_size, min_size, form, include_top, weights)
    return (layers.Input(shape=shape) if input_tensor is None else input_tensor), shape


def channels():
    """The axis of the channels."""
    return 1 if backend.image_data_format() == "channels_first" else 3


def pooled(x, pooling, named=False):
    """The end of a network without its top."""
    if pooling == "avg":
        return layers.GlobalAveragePooling2D(name="avg_pool" if named else None)(x)
    if pooling == "max":
        return layers.GlobalMaxPooling2D(name="max_pool" if named else None)(x)
    return x


def classified(x, classes, classifier_activation, weights, **kwargs):
    """The layer that classifies."""
    validate_activation(classifier_activation, weights)
    return layers.Dense(classes, activation=classifier_activation, name="predictions", **kwargs)(x)


def network(input_tensor, begin, x, name):
    """The model, from what its input is made of."""
    return Model(begin if input_tensor is None else get_source_inputs(input_tensor), x, name=name)


def check_tensor(input_tensor, input_shape):
    """Refuse a shape that is not the tensor's, as far as Keras looks at it."""
    if input_shape is None or input_tensor is None:
        return
    axis = 1 if backend.image_data_format() == "channels_first" else 2
    if input_tensor.shape[axis] != input_shape[1]:
        raise ValueError(
            f"input_tensor.shape[{axis}] must equal input_shape[1]; received "
            f"`input_tensor.shape={input_tensor.shape}`, `input_shape={input_shape}`"
        )


def divisible(width, divisor=8):
    """The width rounded to a multiple, which may not take more than a tenth of it."""
    rounded = max(divisor, int(width + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * width else rounded
