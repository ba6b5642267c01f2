"""The layer types, in Keras' vocabulary: one module per family, each class registered by `@layer`.

Every module of this package is imported, so that a new one is part of the vocabulary by existing.
"""

from importlib import import_module
from pkgutil import iter_modules

from layercalc.layers.base import (
    ALIASES,
    LAYERS,
    REFUSED,
    ConfigError,
    Layer,
    build,
    fields_of,
    find,
    nearest,
    refusal,
    snake_case,
)

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = [
    "ALIASES",
    "LAYERS",
    "REFUSED",
    "ConfigError",
    "Layer",
    "build",
    "fields_of",
    "find",
    "nearest",
    "refusal",
    "snake_case",
]
