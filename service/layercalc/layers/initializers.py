"""How weights are filled when none are posted: Keras' initializers, from one seeded generator."""

import json
import re
from collections.abc import Callable
from math import isfinite, prod, sqrt
from typing import Any

import numpy as np

Draw = Callable[..., np.ndarray]

INITIALIZERS: dict[str, tuple[Draw, dict[str, Any]]] = {}


def initializer(**defaults: Any) -> Callable[[Draw], Draw]:
    """Register a filling by its function's name, with the arguments Keras gives it."""

    def register(draw: Draw) -> Draw:
        INITIALIZERS[draw.__name__] = draw, defaults
        return draw

    return register


class Initializer:
    """One filling with its arguments: `initializer(shape, generator)` gives an array of float64 or float32."""

    __slots__ = ("arguments", "draw", "name")

    def __init__(self, name: str, arguments: dict[str, Any] | None = None):
        self.name = name
        self.draw, defaults = INITIALIZERS[name]
        self.arguments = defaults | (arguments or {})

    def __call__(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        return self.draw(shape, generator, **self.arguments)

    def flops(self, shape: tuple[int, ...]) -> int:
        """What filling costs where it is more than drawing numbers: a QR decomposition."""
        if self.name != "orthogonal" or len(shape) < 2:
            return 0
        rows, columns = prod(shape[:-1]), shape[-1]
        return 8 * max(rows, columns) * min(rows, columns) ** 2

    @classmethod
    def load(cls, value: Any) -> "Initializer":
        """From a name (`glorot_uniform`, `GlorotUniform`) or Keras' object; ValueError says what is wrong."""
        config: Any = {}
        name = value
        if isinstance(value, dict):
            name, config = value.get("class_name"), value.get("config", {})
        if not isinstance(name, str) or not isinstance(config, dict):
            raise ValueError("")
        name = ALIASES.get(name, name)
        key = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
        key = ALIASES.get(key, key)
        if key not in INITIALIZERS:
            raise ValueError("")
        defaults = INITIALIZERS[key][1]
        arguments = {k: v for k, v in config.items() if k in defaults}
        for argument, given in arguments.items():
            if (type(given) is float and not isfinite(given)) or (type(given) is int and given.bit_length() > 1000):
                raise ValueError(f"Its {argument} must be a number that a float can hold.")
            example = defaults[argument]
            if isinstance(example, float) and type(given) not in (int, float):
                raise ValueError(f"Its {argument} must be a number, not {json.dumps(given, default=str)}.")
            if isinstance(example, str) and type(given) is not str:
                raise ValueError(f"Its {argument} must be a string, not {json.dumps(given, default=str)}.")
        if arguments.get("distribution") == "normal":  # as Keras 2 called it
            arguments["distribution"] = "truncated_normal"
        if arguments.get("scale", 1.0) <= 0 or arguments.get("stddev", 1.0) < 0:
            raise ValueError("Its scale must be positive and its stddev not negative.")
        if (arguments.get("mode", "fan_in"), arguments.get("distribution", "uniform")) not in VARIANCE_SCALINGS:
            raise ValueError(
                "Its mode is fan_in, fan_out or fan_avg, its distribution (un)truncated_normal or uniform."
            )
        return cls(key, arguments)


ALIASES = {
    "uniform": "random_uniform",
    "normal": "random_normal",
    "one": "ones",
    "zero": "zeros",
    "orthogonal_initializer": "orthogonal",
    "identity_initializer": "identity",
    "lecun_uniform": "lecun_uniform",
}
VARIANCE_SCALINGS = {
    (mode, distribution)
    for mode in ("fan_in", "fan_out", "fan_avg")
    for distribution in ("truncated_normal", "narrow_truncated_normal", "untruncated_normal", "uniform")
}


@initializer()
def zeros(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    return np.zeros(shape, np.float32)


@initializer()
def ones(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    return np.ones(shape, np.float32)


@initializer(value=0.0)
def constant(shape: tuple[int, ...], generator: np.random.Generator, value: float) -> np.ndarray:
    return np.full(shape, value, np.float32)


@initializer(minval=-0.05, maxval=0.05)
def random_uniform(shape: tuple[int, ...], generator: np.random.Generator, minval: float, maxval: float) -> np.ndarray:
    out = generator.random(shape, np.float32)
    out *= np.float32(maxval - minval)
    out += np.float32(minval)
    return out


@initializer(mean=0.0, stddev=0.05)
def random_normal(shape: tuple[int, ...], generator: np.random.Generator, mean: float, stddev: float) -> np.ndarray:
    return generator.standard_normal(shape, np.float32) * np.float32(stddev) + np.float32(mean)


@initializer(mean=0.0, stddev=0.05)
def truncated_normal(shape: tuple[int, ...], generator: np.random.Generator, mean: float, stddev: float) -> np.ndarray:
    out = generator.standard_normal(shape, np.float32)
    while (outside := np.abs(out) > 2).any():
        out[outside] = generator.standard_normal(int(outside.sum()), np.float32)
    return out * np.float32(stddev) + np.float32(mean)


def fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """keras.src.initializers.random_initializers.compute_fans: the last two axes, times the receptive field."""
    if len(shape) < 2:
        fan = shape[0] if shape else 1
        return fan, fan
    field = prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


@initializer(scale=1.0, mode="fan_in", distribution="truncated_normal")
def variance_scaling(
    shape: tuple[int, ...], generator: np.random.Generator, scale: float, mode: str, distribution: str
) -> np.ndarray:
    fan_in, fan_out = fans(shape)
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    scale = scale / max(1.0, fan)
    if distribution == "uniform":
        limit = sqrt(3.0 * scale)
        return random_uniform(shape, generator, -limit, limit)
    if distribution == "truncated_normal":
        return truncated_normal(shape, generator, 0.0, sqrt(scale) / 0.87962566103423978)
    if distribution == "narrow_truncated_normal":  # Keras up to 2.1.6, and tf.js: what is cut off is not made up for
        return truncated_normal(shape, generator, 0.0, sqrt(scale))
    return random_normal(shape, generator, 0.0, sqrt(scale))


def scaled(name: str, scale: float, mode: str, distribution: str) -> None:
    """Register one of the named cases of variance scaling (Glorot & Bengio 2010, He et al. 2015, LeCun et al. 1998)."""

    def draw(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        return variance_scaling(shape, generator, scale, mode, distribution)

    INITIALIZERS[name] = draw, {}


for _distribution in ("uniform", "normal"):
    _kind = "uniform" if _distribution == "uniform" else "truncated_normal"
    scaled(f"glorot_{_distribution}", 1.0, "fan_avg", _kind)
    scaled(f"he_{_distribution}", 2.0, "fan_in", _kind)
    scaled(f"lecun_{_distribution}", 1.0, "fan_in", _kind)


@initializer(gain=1.0)
def orthogonal(shape: tuple[int, ...], generator: np.random.Generator, gain: float) -> np.ndarray:
    """Saxe et al. 2014, arXiv:1312.6120."""
    if len(shape) < 2:
        return random_normal(shape, generator, 0.0, gain)
    rows, columns = prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(generator.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return (gain * (q.T if rows < columns else q)).reshape(shape).astype(np.float32)


@initializer(gain=1.0)
def identity(shape: tuple[int, ...], generator: np.random.Generator, gain: float) -> np.ndarray:
    if len(shape) != 2:
        raise ValueError(f"The identity is a matrix; a weight of shape {list(shape)} cannot be one.")
    matrix = np.eye(*shape, dtype=np.float32)
    np.fill_diagonal(matrix, gain)
    return matrix
