"""ONNX' vocabulary: its operators by family, imported here so that each is known by existing."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
