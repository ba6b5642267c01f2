"""Keras' vocabulary: one module for each family of layers, each class registered by `@layer`.

Every module of this package is imported, so that a new one is part of the vocabulary by existing.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
