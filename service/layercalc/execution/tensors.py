"""Tensors on the wire: the Open Inference Protocol's object, base64, bytes after the JSON, and bare nested lists."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import ml_dtypes  # also makes "bfloat16" a name that NumPy knows

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.arrays import RaggedError, array_of
from layercalc.errors import Tokens, unfit
from layercalc.ops.spec import HELD, STRING
from layercalc.readers.text import decode_base64
from layercalc.wording import received, whole

DATATYPES = {
    "BOOL": "bool",
    **{f"UINT{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
    **{f"INT{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": f"float{bits}" for bits in (16, 32, 64)},
    "BF16": np.dtype(ml_dtypes.bfloat16).name,
}
NAMES = {dtype: name for name, dtype in DATATYPES.items()}
SAID = NAMES | {STRING: "BYTES"}  # of what a model takes and gives: no pass is asked with strings
SAFETENSORS = {  # BOOL, U8, I8, F16, BF16 …
    name.replace("UINT", "U").replace("INT", "I").replace("FP", "F"): dtype for name, dtype in DATATYPES.items()
}
FLOATS = ("float16", "bfloat16", "float32", "float64")
PART = 1 << 18  # numbers that are cast at a time
KEYS = ("name", "shape", "datatype", "data", "b64", "parameters")


class Decoded(NamedTuple):
    """A tensor and the form it came in: `b64`, `flat`, `nested`, or `array` (Python)."""

    array: Any  # or what is Stored in a file
    form: str
    name: str | None = None
    path: Tokens = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor in a file. Its shape is known before it is read, so that nothing is inflated that does not fit.

    `pieces` gives its numbers as they stand there, in Fortran's order if it is that of the file, as one-dimensional
    arrays; those that have to be inflated are small.
    """

    shape: tuple[int, ...]
    dtype: str
    pieces: Callable[[], Iterable[np.ndarray]]
    fortran: bool = False


class Bytes(dict[str, Any]):
    """A tensor of the binary extension: the JSON object, and its little-endian bytes, which came after the JSON."""

    raw: bytes | memoryview


def computed(dtype: str, to: str) -> str:
    """The dtype that a tensor of the model's `dtype` is taken in when floats are computed in `to`."""
    return to if dtype in FLOATS and to == "float64" else dtype


def decode(value: Any, path: Tokens, dtype: str, unread: bool = False) -> Decoded:
    """A tensor of the model's `dtype` from any of its forms; InvalidTensors says what is wrong with it.

    With `unread` one in a file is left there, for its shape to be looked at first, and then for `read`.
    """
    if isinstance(value, dict):
        return decode_object(value, path, dtype)
    if isinstance(value, Stored):
        return Decoded(value if unread else loaded(value, path, dtype), "nested", path=path)
    if isinstance(value, list | tuple | int | float):
        return Decoded(fitted(nested(value, path), path, dtype), "nested")
    try:
        array = array_of(value)
    except Exception as error:
        raise unfit(path, f"Expected a tensor; received {received(value)}.") from error
    if array.dtype.kind not in "biuf" and array.dtype.name not in NAMES:
        raise unfit(path, f"Expected a tensor of numbers; received {received(value)}.")
    return Decoded(fitted(array, path, dtype), "array")


def read(found: Decoded, dtype: str) -> np.ndarray:
    """The array of a decoded tensor, by now from its file."""
    array: np.ndarray = loaded(found.array, found.path, dtype) if isinstance(found.array, Stored) else found.array
    return array


def nested(value: Any, path: Tokens) -> np.ndarray:
    """An array from nested lists of numbers."""
    try:
        return array_of(value)
    except (RaggedError, OverflowError):
        raise unfit(path, "The rows of a nested list must all have one length and hold numbers.") from None
    except ValueError:
        raise unfit(path, f"Expected numbers; received {received(value)}.") from None


def loaded(stored: Stored, path: Tokens, dtype: str) -> np.ndarray:
    """The array of a tensor in a file, in the dtype the model wants; besides it, no more than a piece is held."""
    to = np.dtype(HELD.get(dtype, dtype))
    out, begin = np.empty(0, to), 0
    for piece in stored.pieces():
        if piece.dtype == to and piece.size == prod(stored.shape) and not stored.fortran:
            return piece.reshape(stored.shape)
        if not begin:
            out = np.empty(stored.shape, to)
            flat = out.T.flat if stored.fortran else out.reshape(-1)
        for part in in_parts(piece):
            deadline.check()
            flat[begin : begin + part.size] = fitted(part, path, dtype)
            begin += part.size
    return out.reshape(stored.shape)


def in_parts(array: np.ndarray) -> Iterator[np.ndarray]:
    """A one-dimensional array in parts that can be cast without much memory."""
    for begin in range(0, array.size, PART):
        yield array[begin : begin + PART]


LONGEST_AXIS = 1 << 62


def decode_object(value: dict[str, Any], path: Tokens, dtype: str) -> Decoded:
    """`{"shape", "datatype", "data" or "b64"}`, or with `parameters.binary_data_size` in place of both."""
    for key in value:
        if key not in KEYS:
            raise unfit((*path, key), f"A tensor has no key {key!r}; it takes name, shape, datatype, and data or b64.")
    shape, datatype = value.get("shape"), value.get("datatype")
    if not isinstance(shape, list | tuple) or not all(whole(dim, 0) for dim in shape) or len(shape) > 32:
        raise unfit((*path, "shape"), f"Expected a list of sizes; received {received(shape)}.")
    if max(shape, default=0) >= LONGEST_AXIS:
        raise unfit((*path, "shape"), f"Expected sizes below 2^62; received {received(shape)}.")
    if not isinstance(datatype, str) or datatype not in DATATYPES:
        raise unfit((*path, "datatype"), f"Expected one of {', '.join(DATATYPES)}; received {received(datatype)}.")
    parameters = value.get("parameters") or {}
    for key in parameters if isinstance(parameters, dict) else ():
        if key != "binary_data_size":
            raise unfit((*path, "parameters", key), f"A tensor has no parameter {key!r}; it takes binary_data_size.")
    raw = value.raw if isinstance(value, Bytes) else None
    if ("data" in value) + ("b64" in value) + (raw is not None) != 1:
        raise unfit(path, "A tensor has either data or b64, or binary_data_size and its bytes after the JSON.")
    name = value.get("name")
    if name is not None and not isinstance(name, str):
        raise unfit((*path, "name"), f"Expected a string; received {received(name)}.")
    elements, stored = prod(shape), np.dtype(DATATYPES[datatype]).newbyteorder("<")
    if raw is not None:
        array, form = from_bytes(raw, (*path, "parameters", "binary_data_size"), elements, stored), "flat"
    elif "b64" in value:
        array, form = from_base64(value["b64"], (*path, "b64"), elements, stored), "b64"
    else:
        array = nested(value["data"], (*path, "data"))
        form = "flat" if array.ndim == 1 and len(shape) != 1 else "nested"
        if array.size != elements or (array.ndim != 1 and array.shape != tuple(shape)):
            raise unfit(
                (*path, "data"), f"Shape {list(shape)} needs {elements} numbers; received shape {list(array.shape)}."
            )
        array = within(array, stored, (*path, "data"))
    try:
        shaped = array.reshape(shape)
    except ValueError as error:
        raise unfit((*path, "shape"), f"NumPy cannot hold this shape: {error}.") from None
    return Decoded(fitted(shaped, path, dtype), form, name)


def from_base64(value: Any, path: Tokens, elements: int, stored: np.dtype) -> np.ndarray:
    """Little-endian bytes in base64."""
    try:
        raw = decode_base64(value)
    except ValueError as error:
        raise unfit(path, str(error)) from None
    return from_bytes(raw, path, elements, stored)


def from_bytes(raw: bytes | memoryview, path: Tokens, elements: int, stored: np.dtype) -> np.ndarray:
    """Little-endian bytes, exactly as many as the shape needs."""
    if len(raw) != elements * stored.itemsize:
        raise unfit(
            path, f"Expected {elements} × {stored.itemsize} = {elements * stored.itemsize} bytes; received {len(raw)}."
        )
    return np.frombuffer(raw, stored)


def within(array: np.ndarray, stored: np.dtype, path: Tokens) -> np.ndarray:
    """Numbers in the datatype they are said to have; a whole number is one in any."""
    if stored.kind in "iub" and array.size:
        if array.dtype.kind == "f" and not np.all(array == np.floor(array)):
            raise unfit(path, f"Expected whole numbers for {NAMES[stored.name]}; received fractions.")
        low, high = (0, 1) if stored.kind == "b" else (np.iinfo(stored).min, np.iinfo(stored).max)
        if not low <= array.min().item() <= array.max().item() <= high:  # Python compares floats and integers exactly
            raise unfit(path, f"Expected numbers from {low} to {high} for {NAMES[stored.name]}.")
    with np.errstate(over="ignore", invalid="ignore"):
        return array.astype(stored)


def fitted(array: np.ndarray, path: Tokens, dtype: str) -> np.ndarray:
    """The array in the dtype the model wants; integers are never rounded."""
    to = np.dtype(HELD.get(dtype, dtype))
    if array.dtype.name == "bfloat16":
        array = array.astype(np.float32)  # exact, and of a kind that NumPy can compare
    if array.dtype != to:
        array = within(array, to, path)
    return np.ascontiguousarray(array).reshape(array.shape)


def encode(array: np.ndarray, name: str, form: str) -> Any:
    """A tensor in the form its inputs came in; a number JSON cannot say (NaN, infinity) is null in `data`."""
    if form == "array":
        return array
    out: dict[str, Any] = {"name": name, "shape": list(array.shape), "datatype": NAMES[array.dtype.name]}
    if form == "b64":
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        return {**out, "b64": base64.b64encode(little.tobytes()).decode()}
    if form == "binary":
        made = Bytes({**out, "parameters": {"binary_data_size": array.nbytes}})
        made.raw = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        return made
    if form == "flat":
        array = array.reshape(-1)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        numbers = array.astype(object)
        numbers[~np.isfinite(array)] = None
        return {**out, "data": numbers.tolist()}
    return {**out, "data": array.tolist()}
