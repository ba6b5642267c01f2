"""Output shapes, parameters, FLOPs and memory of a neural network, by analysis alone; and its forward pass in NumPy."""

__version__ = "0.1.0"

from layercalc.errors import InvalidBudgets, InvalidModel, InvalidTensors, Refused, Unreadable
from layercalc.verbs import analyze, check, diff, forward

__all__ = [
    "InvalidBudgets",
    "InvalidModel",
    "InvalidTensors",
    "Refused",
    "Unreadable",
    "__version__",
    "analyze",
    "check",
    "diff",
    "forward",
]
