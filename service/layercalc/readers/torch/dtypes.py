"""PyTorch's numbers for the types of elements (torch._export.serde.schema.ScalarType)."""

from typing import Any

from layercalc.errors import ShapeError

DTYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    12: "bool",
    13: "bfloat16",
    28: "uint16",
}
OTHERS = {9: "complex32", 10: "complex64", 11: "complex128", 29: "float8_e4m3fn", 30: "float8_e5m2"}
OTHERS |= {31: "float8_e4m3fnuz", 32: "float8_e5m2fnuz"}


def dtype_of(number: Any) -> str:
    """The type of that number; ShapeError for one that is not read."""
    if number not in DTYPES:
        raise ShapeError(f"Tensors of {OTHERS.get(number, f'the type {number}')} are not read.")
    return DTYPES[number]
