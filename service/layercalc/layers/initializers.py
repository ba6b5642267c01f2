"""How weights are filled when none are posted: Keras' initializers, from one seeded generator."""

import json
import re
from collections.abc import Callable, Iterator
from math import isfinite, prod, sqrt
from typing import Any

import numpy as np

from layercalc import deadline

Draw = Callable[..., None]

DRAW = {"fill": 100, "uniform": 250, "normal": 900}  # one number, in FLOPs of a large matrix product (`make rates`)
PIECE = 1 << 16  # numbers drawn at a time

INITIALIZERS: dict[str, tuple[Draw, dict[str, Any]]] = {}


def initializer(**defaults: Any) -> Callable[[Draw], Draw]:
    """Register a filling by its function's name, with the arguments Keras gives it."""

    def register(draw: Draw) -> Draw:
        INITIALIZERS[draw.__name__] = draw, defaults
        return draw

    return register


class Initializer:
    """One filling with its arguments: `initializer.fill(array, generator)`, a piece at a time, drawn in float32."""

    __slots__ = ("arguments", "draw", "name")

    def __init__(self, name: str, arguments: dict[str, Any] | None = None):
        self.name = name
        self.draw, defaults = INITIALIZERS[name]
        self.arguments = defaults | (arguments or {})

    def __call__(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        out = np.empty(shape, np.float32)
        self.fill(out, generator)
        return out

    def fill(self, out: np.ndarray, generator: np.random.Generator) -> None:
        """Fill an array of any dtype with the same numbers. Raises Overdue between pieces."""
        self.draw(out, generator, **self.arguments)

    def demand(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """How long filling takes, in FLOPs of a large matrix product, and the bytes that it holds on the way."""
        if self.name in ("zeros", "ones", "constant", "identity"):
            return DRAW["fill"] * prod(shape), 0
        uniform = self.name.endswith("uniform") or self.arguments.get("distribution") == "uniform"
        if self.name != "orthogonal" or len(shape) < 2:
            return DRAW["uniform" if uniform else "normal"] * prod(shape), 0
        rows, columns = prod(shape[:-1]), shape[-1]
        elements, least = rows * columns, min(rows, columns)
        return (DRAW["normal"] + 60 * least) * elements, 8 * (5 * elements + least * least)

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


def pieces(out: np.ndarray) -> Iterator[np.ndarray]:
    """Views of an array as one row of numbers, some at a time, with a look at the clock before each."""
    flat = out.reshape(-1)
    for start in deadline.each(range(0, flat.size, PIECE)):
        yield flat[start : start + PIECE]


def filled(out: np.ndarray, value: float) -> None:
    for piece in pieces(out):
        piece[...] = np.float32(value)


@initializer()
def zeros(out: np.ndarray, generator: np.random.Generator) -> None:
    filled(out, 0)


@initializer()
def ones(out: np.ndarray, generator: np.random.Generator) -> None:
    filled(out, 1)


@initializer(value=0.0)
def constant(out: np.ndarray, generator: np.random.Generator, value: float) -> None:
    filled(out, value)


@initializer(minval=-0.05, maxval=0.05)
def random_uniform(out: np.ndarray, generator: np.random.Generator, minval: float, maxval: float) -> None:
    for piece in pieces(out):
        piece[...] = generator.random(piece.size, np.float32) * np.float32(maxval - minval) + np.float32(minval)


@initializer(mean=0.0, stddev=0.05)
def random_normal(out: np.ndarray, generator: np.random.Generator, mean: float, stddev: float) -> None:
    for piece in pieces(out):
        piece[...] = generator.standard_normal(piece.size, np.float32) * np.float32(stddev) + np.float32(mean)


@initializer(mean=0.0, stddev=0.05)
def truncated_normal(out: np.ndarray, generator: np.random.Generator, mean: float, stddev: float) -> None:
    """Those outside two deviations are drawn again after all others, and again, in their order."""
    drawn = out if out.dtype.kind == "f" else np.empty(out.shape, np.float32)
    left: list[tuple[np.ndarray, np.ndarray]] = []
    for piece in pieces(drawn):
        piece[...] = generator.standard_normal(piece.size, np.float32)
        left.append((piece, np.flatnonzero(np.abs(piece) > 2).astype(np.int32)))
    while left := [(piece, places) for piece, places in left if places.size]:
        for index, (piece, places) in deadline.each(enumerate(left)):
            again = generator.standard_normal(places.size, np.float32)
            piece[places] = again
            left[index] = piece, places[np.abs(again) > 2]
    for piece, to in zip(pieces(drawn), pieces(out), strict=True):
        to[...] = piece.astype(np.float32, copy=False) * np.float32(stddev) + np.float32(mean)


def fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """keras.src.initializers.random_initializers.compute_fans: the last two axes, times the receptive field."""
    if len(shape) < 2:
        fan = shape[0] if shape else 1
        return fan, fan
    field = prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


@initializer(scale=1.0, mode="fan_in", distribution="truncated_normal")
def variance_scaling(
    out: np.ndarray, generator: np.random.Generator, scale: float, mode: str, distribution: str
) -> None:
    fan_in, fan_out = fans(out.shape)
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    scale = scale / max(1.0, fan)
    if distribution == "uniform":
        limit = sqrt(3.0 * scale)
        random_uniform(out, generator, -limit, limit)
    elif distribution == "truncated_normal":
        truncated_normal(out, generator, 0.0, sqrt(scale) / 0.87962566103423978)
    elif distribution == "narrow_truncated_normal":  # Keras up to 2.1.6, and tf.js: what is cut off is not made up for
        truncated_normal(out, generator, 0.0, sqrt(scale))
    else:
        random_normal(out, generator, 0.0, sqrt(scale))


def scaled(name: str, scale: float, mode: str, distribution: str) -> None:
    """Register one of the named cases of variance scaling (Glorot & Bengio 2010, He et al. 2015, LeCun et al. 1998)."""

    def draw(out: np.ndarray, generator: np.random.Generator) -> None:
        variance_scaling(out, generator, scale, mode, distribution)

    INITIALIZERS[name] = draw, {}


for _distribution in ("uniform", "normal"):
    _kind = "uniform" if _distribution == "uniform" else "truncated_normal"
    scaled(f"glorot_{_distribution}", 1.0, "fan_avg", _kind)
    scaled(f"he_{_distribution}", 2.0, "fan_in", _kind)
    scaled(f"lecun_{_distribution}", 1.0, "fan_in", _kind)


@initializer(gain=1.0)
def orthogonal(out: np.ndarray, generator: np.random.Generator, gain: float) -> None:
    """Saxe et al. 2014, arXiv:1312.6120."""
    if out.ndim < 2:
        random_normal(out, generator, 0.0, gain)
        return
    rows, columns = prod(out.shape[:-1]), out.shape[-1]
    drawn = np.empty((max(rows, columns), min(rows, columns)))
    for piece in pieces(drawn):
        piece[...] = generator.standard_normal(piece.size)
    q, r = np.linalg.qr(drawn)
    q *= np.sign(np.diag(r))
    q *= gain
    out[...] = (q.T if rows < columns else q).reshape(out.shape).astype(np.float32)


@initializer(gain=1.0)
def identity(out: np.ndarray, generator: np.random.Generator, gain: float) -> None:
    if out.ndim != 2:
        raise ValueError(f"The identity is a matrix; a weight of shape {list(out.shape)} cannot be one.")
    filled(out, 0)
    np.fill_diagonal(out, np.float32(gain))
