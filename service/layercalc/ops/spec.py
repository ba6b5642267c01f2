"""A tensor without its values."""

from math import prod
from typing import Any, NamedTuple

from layercalc.dims import Dim, Shape

WIDTH = {
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "int32": 4,
    "uint32": 4,
    "int64": 8,
    "uint64": 8,
    "float16": 2,
    "bfloat16": 2,
    "float32": 4,
    "float64": 8,
}

STRING = "string"  # a dtype of TensorFlow's, which no arithmetic takes
BYTES = WIDTH | {STRING: 24}  # of a string TensorFlow's handle, which holds up to 22 characters itself

BITS = {  # of the types that files alone have
    **dict.fromkeys(("float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "float8e8m0"), 8),
    **dict.fromkeys(("float6e2m3", "float6e3m2"), 6),
    **dict.fromkeys(("float4e2m1", "int4", "uint4"), 4),
    **dict.fromkeys(("int2", "uint2"), 2),
}
NUMPY = {  # their names among those that NumPy is taught, and bfloat16's
    **{name: f"float{name[5]}_{name[6:]}" for name in BITS if name.startswith("float")},
    **{name: name for name in ("int4", "uint4", "int2", "uint2", "bfloat16")},
    "float8e8m0": "float8_e8m0fnu",
    "float6e2m3": "float6_e2m3fn",
    "float6e3m2": "float6_e3m2fn",
    "float4e2m1": "float4_e2m1fn",
}
HELD = {  # what all of them are handed over in: types that hold their numbers, and that NumPy was born with
    name: "float32" if "float" in name else name.rstrip("24") + "8" for name in NUMPY
}

NAMES = {numpy: name for name, numpy in NUMPY.items()}


def named(dtype: Any) -> str:
    """What documents call the dtype of a tensor, whether it is read with shapes or with arrays."""
    name = str(dtype)
    return NAMES.get(name, name)


def width(dtype: str) -> int:
    """The bytes that an element takes in memory."""
    return BYTES.get(dtype, 1)


def is_floating(dtype: str) -> bool:
    """Whether numbers of a dtype are floats, of whatever width."""
    return "float" in dtype


def stored(elements: Dim, dtype: str) -> Dim:
    """The bytes that so many elements take in a file, several of them to a byte where they are that small."""
    return -(-elements * BITS[dtype] // 8) if dtype in BITS else elements * BYTES[dtype]


class Spec(NamedTuple):
    """A tensor without its values."""

    shape: Shape
    dtype: str = "float32"

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def bytes(self) -> Dim:
        dtype = self[1]
        return prod(self[0]) * BYTES[dtype] if dtype in BYTES else stored(prod(self[0]), dtype)

    def part(self, shape: Shape) -> "Spec":
        """A part of it, of that shape."""
        return Spec(shape, self.dtype)


class Resident(Spec):
    """A tensor that is in memory whatever runs, as a weight that is handed on: no bytes of an activation."""

    @property
    def bytes(self) -> Dim:
        return 0


Tensor = Any  # a Spec or an ndarray: which of the two, the reading in force knows
