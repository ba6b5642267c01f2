"""Random programs that build a Keras model, drawn from a seed, as people write them: for `record_scripts.py`."""

from keras_programs.styles import program

__all__ = ["program"]
