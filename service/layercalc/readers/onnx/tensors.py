"""Tensors as an ONNX file holds them: sizes at once, values when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

from layercalc import lazy_numpy as np
from layercalc.errors import ShapeError
from layercalc.layers.onnx.dtypes import dtype_of
from layercalc.layers.stored import Array
from layercalc.ops import WIDTH
from layercalc.ops.spec import BITS, HELD, NUMPY, stored
from layercalc.readers.onnx.external import Folder, part
from layercalc.readers.onnx.wire import Message

EXTERNAL = 1  # of data_location
TYPED = {  # where values stand that are no raw bytes, and how
    "float32": ("float_data", "<f4"),
    "float64": ("double_data", "<f8"),
    "int64": ("int64_data", None),
    "uint64": ("uint64_data", None),
    "uint32": ("uint64_data", None),
}


def array_of(tensor: Message, name: str = "", folder: Folder | None = None) -> Array:
    """A tensor of the file; ShapeError for what is none. Its values are read from where they lie.

    Without a `folder` those that lie in another file are not there.
    """
    dims, dtype = tuple(tensor["dims"]), dtype_of(tensor["data_type"])
    name = name or tensor["name"]
    if len(dims) > MAX_AXES or any(n < 0 for n in dims):
        raise ShapeError(f"The tensor {name!r} has the sizes {list(dims[:MAX_AXES])}.")
    if tensor["data_location"] == EXTERNAL and folder is not None and 0 not in dims:
        return Array(name, dims, dtype, beside(tensor, dims, dtype, name, folder))
    there = tensor["data_location"] != EXTERNAL and (
        "raw_data" in tensor or any(tensor[field] for field in FIELDS) or 0 in dims
    )
    return Array(name, dims, dtype, partial(values, tensor, dims, dtype, name) if there else None)


def beside(
    tensor: Message, dims: tuple[int, ...], dtype: str, name: str, folder: Folder
) -> Callable[[], np.ndarray] | None:
    """What reads the values of a tensor from another file of the folder; None if there is no such file."""
    entries = {one["key"]: one["value"] for one in tensor["external_data"]}
    try:
        file = folder.file(entries.setdefault("location", ""))
    except ShapeError as error:
        raise ShapeError(f"The tensor {name!r} is not read. {error}") from None
    if file is None:
        return None
    return lambda: decoded(part(file, entries, name, stored(prod(dims), dtype)), dtype, prod(dims)).reshape(dims)


MAX_AXES = 64
FIELDS = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data")


def values(tensor: Message, dims: tuple[int, ...], dtype: str, name: str) -> np.ndarray:
    """The values, as little-endian bytes or in a field for their type."""
    if "raw_data" in tensor:
        flat = decoded(tensor["raw_data"], dtype, prod(dims))
    else:
        field, kind = TYPED.get(dtype, ("int32_data", None))
        parts = tensor[field]
        if kind is not None:
            joined = b"".join(parts)
            if len(joined) % np.dtype(kind).itemsize:
                raise ShapeError(f"{len(joined):,} bytes are no whole number of {dtype}.")
            flat = np.frombuffer(joined, kind)
        else:
            flat = integers(parts)
            if dtype in ("float16", "bfloat16"):
                flat = decoded(memoryview(flat.astype("<u2").tobytes()), dtype)
            elif dtype in BITS:
                flat = decoded(memoryview(flat.astype(np.uint8).tobytes()), dtype, prod(dims))
            else:
                flat = flat.astype(dtype)
    if flat.size != prod(dims):
        raise ShapeError(f"The tensor {name!r} has {flat.size:,} values; its sizes {list(dims)} make {prod(dims):,}.")
    return flat.reshape(dims)


def decoded(raw: Any, dtype: str, count: int = 0) -> np.ndarray:
    """Little-endian bytes as numbers; those of a type that NumPy was not born with in one that holds them."""
    if dtype in BITS:
        return unpacked(raw, dtype, count)
    width = WIDTH[dtype]
    if len(raw) % width:
        raise ShapeError(f"{len(raw):,} bytes are no whole number of {dtype}.")
    if dtype == "bfloat16":
        return (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(raw, np.dtype(dtype).newbyteorder("<"))


def unpacked(raw: Any, dtype: str, count: int) -> np.ndarray:
    """Numbers of a few bits each, the first of them lowest in the first byte."""
    bits = BITS[dtype]
    if len(raw) != -(-count * bits // 8):
        raise ShapeError(f"{count:,} numbers of {bits} bits are {-(-count * bits // 8):,} bytes, not {len(raw):,}.")
    codes = np.frombuffer(raw, np.uint8)
    if bits < 8:
        each = np.unpackbits(codes, count=count * bits, bitorder="little").reshape(count, bits)
        codes = np.packbits(each, axis=1, bitorder="little")[:, 0]
    if dtype.startswith("int"):
        return (codes ^ (1 << bits - 1)).astype(np.int8) - np.int8(1 << bits - 1)
    return codes.view(np.dtype(NUMPY[dtype])).astype(HELD[dtype]) if dtype.startswith("float") else codes


def integers(parts: Any) -> np.ndarray:
    """Packed integers of seven bits a byte, 64 bits at most."""
    data = np.frombuffer(b"".join(parts), np.uint8)
    if data.size == 0:
        return np.zeros(0, np.int64)
    ends = np.flatnonzero(data < 128)
    if ends.size == 0 or ends[-1] != data.size - 1:
        raise ShapeError("An integer that does not end.")
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > 10:
        raise ShapeError("An integer of more than 64 bits.")
    out = np.zeros(ends.size, np.uint64)
    for place in range(int(lengths.max())):
        inside = place < lengths
        digits = (data[starts[inside] + place] & 127).astype(np.uint64)
        out[inside] |= digits << np.uint64(7 * place)
    return out.view(np.int64)
