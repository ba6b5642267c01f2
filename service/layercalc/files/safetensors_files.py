"""Tensors by name as safetensors keeps them; its own library checks offsets and sizes against the bytes there are."""

import json

import safetensors

from layercalc import lazy_numpy as np
from layercalc.errors import Tokens, unfit
from layercalc.execution.tensors import SAFETENSORS, Stored
from layercalc.limits import UNLIMITED, Limits
from layercalc.readers.bounds import fault, too_much


def read_safetensors(body: bytes, path: Tokens, limits: Limits = UNLIMITED) -> dict[str, Stored]:
    """Every tensor of the file by name."""
    count = body.count(b"{", 8, 8 + int.from_bytes(body[:8], "little")) - 1
    if count > limits.max_parts:
        raise too_much([fault(path, f"A file of {count:,} tensors", limits, "max_parts")])
    try:
        found = safetensors.deserialize(body)  # type: ignore[no-untyped-call]
    except Exception as error:  # SafetensorError, and what its binding makes of text that is none
        detail = str(error).removeprefix("Error while deserializing: ")
        raise unfit(path, f"Not a safetensors file: {detail}.") from None
    return {name: stored(name, tensor, path) for name, tensor in found}


def stored(name: str, tensor: dict, path: Tokens) -> Stored:
    shape, dtype, data = tuple(tensor["shape"]), SAFETENSORS.get(tensor["dtype"]), tensor["data"]
    if dtype is None:
        known = ", ".join(SAFETENSORS)
        raise unfit((*path, name), f"Expected one of {known}; received {json.dumps(tensor['dtype'])}.")
    try:
        array = np.frombuffer(data, np.dtype(dtype)).reshape(shape)
    except ValueError as error:  # more axes than NumPy has, or an empty one beside one too long
        raise unfit((*path, name), f"NumPy cannot hold the shape {list(shape)}: {error}.") from None
    return Stored(shape, dtype, lambda: [array.reshape(-1)])
