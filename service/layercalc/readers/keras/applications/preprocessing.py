"""What networks of keras.applications do to images first. Keras code, read by the interpreter and never imported."""

import numpy as np
from keras import backend, ops


def tf(x, data_format=None):
    """From -1 to 1."""
    x /= 127.5
    x -= 1.0
    return x


def torch(x, data_format=None):
    """From 0 to 1, then by the mean and the standard deviation of each channel of ImageNet."""
    x /= 255.0
    return scaled(x, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225], data_format)


def caffe(x, data_format=None):
    """The channels the other way round, each without its mean in ImageNet."""
    axis = axis_of(x, data_format)
    if axis == -1:
        x = ops.stack([x[..., i] for i in (2, 1, 0)], axis=axis)
    else:
        x = ops.stack([x[:, i] for i in (2, 1, 0)], axis=axis)
    return scaled(x, [103.939, 116.779, 123.68], None, data_format)


def none(x, data_format=None):
    """The network has layers for it."""
    return x


def preprocess_input(x, data_format=None, mode="caffe"):
    """By name, as imagenet_utils has it."""
    if mode == "tf":
        return tf(x, data_format)
    if mode == "torch":
        return torch(x, data_format)
    if mode == "caffe":
        return caffe(x, data_format)
    raise ValueError(f"Expected mode to be one of `caffe`, `tf` or `torch`. Received: mode={mode}")


def axis_of(x, data_format):
    """The axis of the channels."""
    return 1 if (data_format or backend.image_data_format()) == "channels_first" else -1


def scaled(x, mean, std, data_format):
    """Less the mean, over the standard deviation, of each channel."""
    rank = len(x.shape)
    shape = (1,) * (rank - 1) + (3,) if axis_of(x, data_format) == -1 else (1, 3) + (1,) * (rank - 2)
    x += ops.reshape(np.array([-one for one in mean]), shape)
    if std is not None:
        x /= ops.reshape(np.array(std), shape)
    return x
