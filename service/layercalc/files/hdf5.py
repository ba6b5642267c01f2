"""HDF5, read with care: hard links to plain datasets of numbers only, and nothing before its shape is known to fit."""

import posixpath
from collections.abc import Callable
from io import BytesIO
from math import prod
from typing import Any, NamedTuple

import numpy as np

from layercalc.errors import InvalidTensors
from layercalc.tensors import Path, Stored, refuse

MAGIC = b"\x89HDF\r\n\x1a\n"
MAX_OBJECTS = 200_000
MAX_DEPTH = 64
MAX_ATTRIBUTE = 64 << 20  # bytes of one attribute: a model_config is the largest there is
MAX_CHUNK = 64 << 20  # bytes that are inflated at once, unless the dataset itself is larger


class Tree(NamedTuple):
    """What a file holds: datasets by path, and how to ask for an attribute of a group."""

    datasets: dict[str, Stored]
    groups: set[str]
    attribute: Callable[[str, str], Any]


def opened(source: bytes, path: Path) -> Tree:
    """The tree of an HDF5 file, without any of its numbers. h5py comes with the extra `keras`."""
    try:
        import h5py
    except ImportError:
        raise refuse(path, "HDF5 is read with h5py, which is not installed: pip install 'h5py>=3.12'.") from None
    try:
        file = h5py.File(BytesIO(source), "r")
        datasets, groups = walked(h5py, file, path)
    except InvalidTensors:
        raise
    except Exception as error:  # h5py raises OSError, KeyError, RuntimeError, TypeError … on a broken file
        raise refuse(path, f"Not a readable HDF5 file: {' '.join(str(error).split())[:200]}.") from None

    def attribute(group: str, name: str) -> Any:
        try:
            attributes = file[group or "/"].attrs
            if name not in attributes:
                return None
            kept = attributes.get_id(name)
            if prod(kept.shape) * kept.dtype.itemsize > MAX_ATTRIBUTE:
                raise refuse(path, f"The attribute {name!r} is larger than {MAX_ATTRIBUTE:,} bytes.")
            return attributes[name]
        except InvalidTensors:
            raise
        except Exception as error:
            raise refuse(path, f"The attribute {name!r} is not readable: {error}.") from None

    return Tree(datasets, groups, attribute)


def walked(h5py: Any, file: Any, path: Path) -> tuple[dict[str, Stored], set[str]]:
    """Every dataset and group that hard links lead to, each once."""
    datasets: dict[str, Stored] = {}
    groups: set[str] = {""}
    seen = {h5py.h5o.get_info(file.id).addr}
    waiting = [("", file)]
    while waiting:
        parent, group = waiting.pop()
        for name in group:
            at = posixpath.join(parent, name)
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise refuse((*path, at), "Links out of the file, and soft ones, are not followed.")
            one = group[name]
            if len(datasets) + len(groups) > MAX_OBJECTS or at.count("/") > MAX_DEPTH:
                raise refuse(path, f"More than {MAX_OBJECTS:,} objects, or groups deeper than {MAX_DEPTH}.")
            if isinstance(one, h5py.Dataset):
                datasets[at] = dataset(one, (*path, at))
            elif isinstance(one, h5py.Group):
                address = h5py.h5o.get_info(one.id).addr
                if address in seen:
                    raise refuse((*path, at), "The group is in the file twice: groups must not go in circles.")
                seen.add(address)
                groups.add(at)
                waiting.append((at, one))
    return datasets, groups


def dataset(found: Any, path: Path) -> Stored:
    """A dataset whose numbers are not read yet; its dtype is an empty string where they are none."""
    shape, dtype = found.shape, found.dtype
    if shape is None or found.is_virtual or found.external:
        raise refuse(path, "Expected a dataset with its numbers in the file.")
    half = dtype.kind == "V" and dtype.itemsize == 2 and found.attrs.get("dtype") == "bfloat16"
    name = "bfloat16" if half else dtype.newbyteorder("=").name if dtype.kind in "biuf" else ""
    most = max(MAX_CHUNK, prod(shape) * dtype.itemsize)
    if found.chunks is not None and prod(found.chunks) * dtype.itemsize > most:
        raise refuse(path, f"The dataset is kept in chunks of {list(found.chunks)}, larger than itself.")

    def pieces() -> list[np.ndarray]:
        if not name:
            raise refuse(path, f"Expected numbers; the dataset holds {str(dtype)[:100]}.")
        try:
            array = np.asarray(found[()])
        except Exception as error:  # a filter that fails, a chunk that is not there
            raise refuse(path, f"Not readable: {' '.join(str(error).split())[:200]}.") from None
        return [(array.view("bfloat16") if half else array).reshape(-1)]

    return Stored(tuple(shape), name, pieces)
