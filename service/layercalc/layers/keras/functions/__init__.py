"""Operations of `keras.ops` that Keras records as layers of a Functional model.

They are a vocabulary of their own: the operation `Add` is not the layer `Add`. Every module of this package is
imported, so that a new operation is part of the vocabulary by existing.
"""

from importlib import import_module
from pkgutil import iter_modules

from layercalc.layers.keras.functions.base import OPERATIONS, Operation, Slot, absent, decoded, recorded

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["OPERATIONS", "Operation", "Slot", "absent", "decoded", "recorded"]
