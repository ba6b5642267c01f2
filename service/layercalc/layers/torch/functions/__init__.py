"""What `torch`, `torch.nn.functional`, tensors' methods and ATen call by one name, written in ops, by family."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
