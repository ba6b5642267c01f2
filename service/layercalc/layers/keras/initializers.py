"""Keras' initializers: their names, arguments and defaults, and how Keras writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isfinite, prod, sqrt
from typing import Any

from layercalc import lazy_numpy as np
from layercalc.layers.fields import Field
from layercalc.layers.initializers import (
    FLOPS,
    ONES,
    ZEROS,
    Constant,
    Identity,
    Initializer,
    Normal,
    Orthogonal,
    TruncatedNormal,
    Uniform,
)

ALIASES = {
    "uniform": "random_uniform",
    "normal": "random_normal",
    "one": "ones",
    "zero": "zeros",
    "orthogonal_initializer": "orthogonal",
    "identity_initializer": "identity",
}
VARIANCE_SCALINGS = {
    (mode, distribution)
    for mode in ("fan_in", "fan_out", "fan_avg")
    for distribution in ("truncated_normal", "narrow_truncated_normal", "untruncated_normal", "uniform")
}


def fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """keras.src.initializers.random_initializers.compute_fans: the last two axes, times the receptive field."""
    if len(shape) < 2:
        fan = shape[0] if shape else 1
        return fan, fan
    field = prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


@dataclass(frozen=True)
class VarianceScaling(Initializer):
    """A spread that goes by how many numbers meet in an output, an input, or both on the average."""

    scale: float
    mode: str
    distribution: str

    def of(self, shape: tuple[int, ...]) -> Initializer:
        """The distribution that a weight of that shape is drawn from."""
        fan_in, fan_out = fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        scale = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = sqrt(3.0 * scale)
            return Uniform(-limit, limit)
        if self.distribution == "truncated_normal":
            return TruncatedNormal(0.0, sqrt(scale) / 0.87962566103423978)
        if self.distribution == "narrow_truncated_normal":  # Keras up to 2.1.6, and tf.js: the cut is not made up for
            return TruncatedNormal(0.0, sqrt(scale))
        return Normal(0.0, sqrt(scale))

    def fill(self, out: np.ndarray, generator: np.random.Generator) -> None:
        self.of(out.shape).fill(out, generator)

    def demand(self, shape: tuple[int, ...]) -> tuple[int, int]:
        return FLOPS["uniform" if self.distribution == "uniform" else "normal"] * prod(shape), 0


def scaled(scale: float, mode: str, distribution: str) -> tuple[Callable[..., Initializer], dict[str, Any]]:
    """A named case of variance scaling, which takes no arguments."""
    made = VarianceScaling(scale, mode, distribution)
    return lambda: made, {}


INITIALIZERS: dict[str, tuple[Callable[..., Initializer], dict[str, Any]]] = {  # with their arguments' defaults
    "zeros": (lambda: ZEROS, {}),
    "ones": (lambda: ONES, {}),
    "constant": (Constant, {"value": 0.0}),
    "random_uniform": (lambda minval, maxval: Uniform(minval, maxval), {"minval": -0.05, "maxval": 0.05}),
    "random_normal": (Normal, {"mean": 0.0, "stddev": 0.05}),
    "truncated_normal": (TruncatedNormal, {"mean": 0.0, "stddev": 0.05}),
    "variance_scaling": (VarianceScaling, {"scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal"}),
    "glorot_uniform": scaled(1.0, "fan_avg", "uniform"),  # Glorot & Bengio 2010
    "he_uniform": scaled(2.0, "fan_in", "uniform"),  # He et al. 2015
    "lecun_uniform": scaled(1.0, "fan_in", "uniform"),  # LeCun et al. 1998
    "glorot_normal": scaled(1.0, "fan_avg", "truncated_normal"),
    "he_normal": scaled(2.0, "fan_in", "truncated_normal"),
    "lecun_normal": scaled(1.0, "fan_in", "truncated_normal"),
    "orthogonal": (Orthogonal, {"gain": 1.0}),
    "identity": (Identity, {"gain": 1.0}),
}


CLASSES = {name.title().replace("_", ""): name for name in INITIALIZERS}


def load_initializer(value: Any) -> Initializer:
    """From a name (`glorot_uniform`, `GlorotUniform`) or Keras' object; ValueError says what is wrong, if anything."""
    config: Any = {}
    name = value
    if isinstance(value, dict):
        name, config = value.get("class_name"), value.get("config", {})
    if not isinstance(name, str) or not isinstance(config, dict):
        raise ValueError("")
    key = CLASSES.get(name) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    key = ALIASES.get(key, key)
    if key not in INITIALIZERS:
        raise ValueError("")
    make, defaults = INITIALIZERS[key]
    if not defaults:
        return make()
    arguments = {k: v for k, v in config.items() if k in defaults}
    check_arguments(arguments, defaults)
    return make(**defaults | arguments)


def check_arguments(arguments: dict[str, Any], defaults: dict[str, Any]) -> None:
    """ValueError for an argument that is not of its default's type or out of range; puts Keras 2's names right."""
    for argument, given in arguments.items():
        if (type(given) is float and not isfinite(given)) or (given.__class__ is int and given.bit_length() > 1000):
            raise ValueError(f"Its {argument} must be a number that a float can hold.")
        example = defaults[argument]
        if isinstance(example, float) and given.__class__ not in (int, float):
            raise ValueError(f"Its {argument} must be a number, not {json.dumps(given, default=str)}.")
        if isinstance(example, str) and type(given) is not str:
            raise ValueError(f"Its {argument} must be a string, not {json.dumps(given, default=str)}.")
    if arguments.get("distribution") == "normal":  # as Keras 2 called it
        arguments["distribution"] = "truncated_normal"
    if arguments.get("scale", 1.0) <= 0 or arguments.get("stddev", 1.0) < 0:
        raise ValueError("Its scale must be positive and its stddev not negative.")
    if (arguments.get("mode", "fan_in"), arguments.get("distribution", "uniform")) not in VARIANCE_SCALINGS:
        raise ValueError("Its mode is fan_in, fan_out or fan_avg, its distribution (un)truncated_normal or uniform.")


class InitializerField(Field):
    """An initializer, by name or as Keras serialises it."""

    def expects(self) -> str:
        return "an initializer, one of " + ", ".join(sorted(INITIALIZERS)) + ", or its serialised form"

    def words(self) -> Iterable[str]:
        return INITIALIZERS

    def schema_of(self) -> dict[str, Any]:
        return {"type": ["string", "object"]}

    def read(self, value: Any, name: str) -> Initializer:
        try:
            return load_initializer(value)
        except ValueError as error:
            raise self.refuse(value, str(error)) from None
