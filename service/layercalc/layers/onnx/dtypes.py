"""ONNX' numbers for the types of elements (TensorProto.DataType)."""

from layercalc.errors import ShapeError

DTYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    16: "bfloat16",
    17: "float8e4m3fn",
    18: "float8e4m3fnuz",
    19: "float8e5m2",
    20: "float8e5m2fnuz",
    21: "uint4",
    22: "int4",
    23: "float4e2m1",
    24: "float8e8m0",
    25: "uint2",
    26: "int2",
    27: "float6e2m3",
    28: "float6e3m2",
}
OTHERS = {8: "string", 14: "complex64", 15: "complex128"}


def dtype_of(number: int) -> str:
    """The type of that number; ShapeError for one that is not read."""
    if number not in DTYPES:
        raise ShapeError(f"Tensors of {OTHERS.get(number, f'the type {number}')} are not read.")
    return DTYPES[number]
