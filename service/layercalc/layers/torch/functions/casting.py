"""The same values in another type or place of memory."""

from typing import Any

from layercalc.layers.torch.base import cast, function, same
from layercalc.ops import Tensor


def itself(*names: str) -> None:
    """Functions that bear on memory alone."""

    @function(*names)
    def call(self: Tensor) -> Tensor:
        return same(self)


itself("alias", "alias_copy", "detach", "detach_copy", "lift_fresh_copy", "lift_fresh", "lift")


@function("contiguous", "clone")
def contiguous(self: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor, as it lies in memory."""
    return same(self)


def converted(x: Tensor, dtype: str | None) -> Tensor:
    return same(x) if dtype is None or dtype == str(x.dtype) else cast(x, dtype)


@function("to.dtype", "to")
def to_dtype(
    self: Tensor, dtype: str | None = None, non_blocking: bool = False, copy: bool = False, memory_format: Any = None
) -> Tensor:
    """In another type."""
    return converted(self, dtype)


@function("to.device")
def to_device(
    self: Tensor, device: Any, dtype: str, non_blocking: bool = False, copy: bool = False, memory_format: Any = None
) -> Tensor:
    """In another type, elsewhere."""
    return converted(self, dtype)


@function("to.dtype_layout", "to.prim_Device", "_to_copy")
def to_layout(
    self: Tensor,
    dtype: str | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """In another type, elsewhere."""
    return converted(self, dtype)


@function("to.other")
def to_other(
    self: Tensor, other: Tensor, non_blocking: bool = False, copy: bool = False, memory_format: Any = None
) -> Tensor:
    """In the type of another tensor."""
    return converted(self, str(other.dtype))


@function("type_as")
def type_as(self: Tensor, other: Tensor) -> Tensor:
    """In the type of another tensor."""
    return converted(self, str(other.dtype))


def in_type(name: str, dtype: str) -> None:
    @function(name)
    def call(self: Tensor) -> Tensor:
        return converted(self, dtype)


for _name, _dtype in {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "long": "int64",
    "int": "int32",
}.items():
    in_type(_name, _dtype)
