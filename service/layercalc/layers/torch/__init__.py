"""PyTorch's vocabulary: its functions and modules by family, imported here so that each is known by existing."""

from importlib import import_module
from pkgutil import iter_modules

from layercalc.layers.torch import functions as functions

for _module in iter_modules(__path__):
    if not _module.ispkg:
        import_module(f"{__name__}.{_module.name}")
