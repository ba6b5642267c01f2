"""Output shapes, parameters, FLOPs and memory of a neural network, by analysis alone; and its forward pass in NumPy."""

__version__ = "0.1.0"

from layercalc.errors import InvalidModel, InvalidTensors, Refused, Unreadable
from layercalc.verbs import analyze, forward

__all__ = ["InvalidModel", "InvalidTensors", "Refused", "Unreadable", "__version__", "analyze", "forward"]
