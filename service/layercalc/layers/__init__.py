"""What a layer is, and the vocabularies: a folder for each, imported here so that it is known by existing."""

from importlib import import_module
from pkgutil import iter_modules

from layercalc.layers.base import Layer
from layercalc.layers.config import ConfigError, build, fields_of
from layercalc.layers.vocabulary import VOCABULARIES, WAY_OUT, Vocabulary, written

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["VOCABULARIES", "WAY_OUT", "ConfigError", "Layer", "Vocabulary", "build", "fields_of", "written"]
