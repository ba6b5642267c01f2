"""What ONNX Runtime's optimiser and quantiser write in its own domain, com.microsoft, by family."""

from importlib import import_module
from pkgutil import iter_modules

MICROSOFT = "com.microsoft"

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
