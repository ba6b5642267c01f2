"""Keras' names as a vocabulary of the interpreter of `readers/script`: layers, tensors and models of a text."""

from layercalc.readers.keras.script.reader import read_script

__all__ = ["read_script"]
