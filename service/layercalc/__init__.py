"""Output shapes, parameters, FLOPs and memory of a neural network, by analysis alone; and its forward pass in NumPy."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layercalc.errors import InvalidBudgets, InvalidModel, InvalidTensors, Refused, Unreadable
    from layercalc.verbs import analyze, check, diff, examples, fit, forward, sweep

__version__ = "0.1.0"

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
    "examples",
    "fit",
    "forward",
    "sweep",
]


def __getattr__(name: str) -> Any:
    """Imported when asked for: a server says how many threads NumPy may have before NumPy is imported."""
    if name not in __all__:
        raise AttributeError(f"module 'layercalc' has no attribute {name!r}")
    return getattr(import_module(f"layercalc.{'errors' if name[0].isupper() else 'verbs'}"), name)
