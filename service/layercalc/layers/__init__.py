"""The layer types, in Keras' vocabulary: one module per family, each class registered by `@layer`."""

from layercalc.layers import (
    activation,
    convolution,
    core,
    merging,
    normalization,
    pooling,
    recurrent,
    regularization,
    reshaping,
    wrappers,
)
from layercalc.layers.base import ALIASES, LAYERS, ConfigError, Layer, build, fields_of, find, nearest, snake_case

__all__ = ["ALIASES", "LAYERS", "ConfigError", "Layer", "build", "fields_of", "find", "nearest", "snake_case"]
