"""What a layer is, and the vocabularies: a folder for each, imported when it is first asked for."""

from layercalc.layers.base import Layer
from layercalc.layers.config import ConfigError, build, fields_of
from layercalc.layers.vocabulary import VOCABULARIES, WAY_OUT, Vocabulary, vocabularies, vocabulary_of, written

__all__ = [
    "VOCABULARIES",
    "WAY_OUT",
    "ConfigError",
    "Layer",
    "Vocabulary",
    "build",
    "fields_of",
    "vocabularies",
    "vocabulary_of",
    "written",
]
