"""Keras' vocabulary, and the arguments that all of its layers have."""

import re
from functools import cache
from typing import Any, ClassVar

from layercalc.layers import base
from layercalc.layers.fields import Bool, Text, ValidationError
from layercalc.layers.keras.fields import Dtype, Quantised, TrainingOnly
from layercalc.layers.vocabulary import Vocabulary


@cache
def snake_case(name: str) -> str:
    """keras.src.utils.naming.to_snake_case, so that unnamed layers get Keras' names."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


FEATURES = "works on tables of features by name"
QUANTISABLE = "Dense, EinsumDense, Embedding and ReversibleEmbedding"
CODE = "runs Python code, which is never imported or executed"

KERAS = Vocabulary(
    "keras",
    "Keras",
    unnamed=snake_case,
    slips={
        "stride": ("strides",),
        "pool": ("pool_size",),
        "size": ("pool_size", "kernel_size"),
        "kernel": ("kernel_size",),
        "dilation": ("dilation_rate",),
        "dilations": ("dilation_rate",),
        "bias": ("use_bias",),
        "num_filters": ("filters",),
        "eps": ("epsilon",),
    },
    ignored=frozenset({"autocast", "batch_input_shape", "input_dtype", "rng_type"}),
    refused={
        "FeatureSpace": FEATURES,
        **dict.fromkeys(("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"), CODE),
        "Layer": "is the class that layers are derived from, and computes nothing",
    },
    sample='{"type": "Dense", "units": 10}',
)

layer = KERAS.layer


class Layer(base.Layer):
    """A layer of Keras: it may have a name, be frozen, and follow a dtype policy."""

    fields_last = True

    name = Text(None)
    trainable = Bool(True)
    dtype = Dtype()
    activity_regularizer = TrainingOnly()

    data_format: Any = "channels_last"
    quantisable: ClassVar[bool] = False  # whether its kernel may be stored as small integers

    def __init__(self, config: dict[str, Any]):
        super().__init__(config)
        if isinstance(self.dtype, Quantised) and not self.quantisable:
            raise ValidationError(f"Quantised policies are of {QUANTISABLE} alone.", "dtype")

    @property
    def channels_first(self) -> bool:  # type: ignore[override]
        return bool(self.data_format == "channels_first")
