"""The layer types: one module per family, each class registered in a vocabulary.

Every module of this package is imported, so that a new one is part of its vocabulary by existing.
"""

from importlib import import_module
from pkgutil import iter_modules

from layercalc.layers.base import ConfigError, Layer, build, fields_of
from layercalc.layers.vocabulary import VOCABULARIES, WAY_OUT, Vocabulary

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["VOCABULARIES", "WAY_OUT", "ConfigError", "Layer", "Vocabulary", "build", "fields_of"]
