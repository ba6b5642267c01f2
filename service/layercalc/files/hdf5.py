"""HDF5, read with care: hard links to plain datasets of numbers only, and nothing before its shape is known to fit."""

from __future__ import annotations

import posixpath
import zlib
from collections.abc import Callable
from io import BytesIO
from math import prod
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.errors import InvalidModel, Tokens, unfit
from layercalc.execution.tensors import Stored

MAX_OBJECTS = 200_000
MAX_DEPTH = 64
MAX_PATH = 4_000  # characters of the path of one object
MAX_PATHS = 40_000_000  # of all of them together: each repeats what it is in
MAX_ATTRIBUTE = 64 << 20  # bytes of one attribute: a model_config is the largest there is
MAX_CHUNK = 64 << 20  # bytes that are inflated at once, unless the dataset itself is larger
GZIP, PLAIN_FILTERS = 1, (2, 3)  # HDF5's numbers: deflate; shuffle and a checksum, which make nothing larger


class Tree(NamedTuple):
    """What a file holds: datasets by path, and how to ask for an attribute of a group."""

    datasets: dict[str, Stored]
    groups: set[str]
    attribute: Callable[[str, str], Any]


def opened(source: bytes, path: Tokens) -> Tree:
    """The tree of an HDF5 file, without any of its numbers. h5py comes with the extra `keras`."""
    try:
        import h5py
    except ImportError:
        raise unfit(path, "HDF5 is read with h5py, which is not installed: pip install 'h5py>=3.12'.") from None
    try:
        file = h5py.File(BytesIO(source), "r")
        datasets, groups = walked(h5py, file, path)
    except InvalidModel:
        raise
    except Exception as error:  # h5py raises OSError, KeyError, RuntimeError, TypeError … on a broken file
        raise unfit(path, f"Not a readable HDF5 file: {' '.join(str(error).split())[:200]}.") from None

    def attribute(group: str, name: str) -> Any:
        deadline.check()
        try:
            attributes = file[group or "/"].attrs
            if name not in attributes:
                return None
            kept = attributes.get_id(name)
            each = len(source) if varies(kept.dtype) and prod(kept.shape) > 1 else kept.dtype.itemsize
            if prod(kept.shape) * each > MAX_ATTRIBUTE:
                raise unfit(path, f"The attribute {name!r} is larger than {MAX_ATTRIBUTE:,} bytes.")
            return attributes[name]
        except InvalidModel:
            raise
        except Exception as error:
            raise unfit(path, f"The attribute {name!r} is not readable: {error}.") from None

    return Tree(datasets, groups, attribute)


def varies(dtype: np.dtype) -> bool:
    """Whether the elements are kept elsewhere in the file: each may be all of it, and the same for every one."""
    return dtype.hasobject


def walked(h5py: Any, file: Any, path: Tokens) -> tuple[dict[str, Stored], set[str]]:
    """Every dataset and group that hard links lead to; each is there once, so that no walk is longer than the file."""
    datasets: dict[str, Stored] = {}
    groups: set[str] = {""}
    seen = {h5py.h5o.get_info(file.id).addr}
    waiting = [("", file)]
    length = 0
    while waiting:
        parent, group = waiting.pop()
        for name in deadline.each(group):
            at = posixpath.join(parent, name)
            length += len(at)
            raw = name.encode("utf-8", "surrogateescape")
            if group.id.links.get_info(raw).type != h5py.h5l.TYPE_HARD:
                raise unfit((*path, at[:200]), "Links out of the file, and soft ones, are not followed.")
            if len(seen) > MAX_OBJECTS or at.count("/") > MAX_DEPTH:
                raise unfit(path, f"More than {MAX_OBJECTS:,} objects, or groups deeper than {MAX_DEPTH}.")
            if len(at) > MAX_PATH or length > MAX_PATHS:
                raise unfit(path, f"The paths in it have more than {MAX_PATH:,} characters, or {MAX_PATHS:,} in all.")
            address = h5py.h5o.get_info(group.id, raw).addr
            if address in seen:
                raise unfit((*path, at), "It is in the file twice: hard links must not share, nor go in circles.")
            seen.add(address)
            one = group[name]
            if isinstance(one, h5py.Dataset):
                datasets[at] = dataset(h5py, one, (*path, at))
            elif isinstance(one, h5py.Group):
                groups.add(at)
                waiting.append((at, one))
    return datasets, groups


def dataset(h5py: Any, found: Any, path: Tokens) -> Stored:
    """A dataset whose numbers are not read yet; its dtype is an empty string where they are none."""
    shape, dtype = found.shape, found.dtype
    if shape is None or found.is_virtual or found.external:
        raise unfit(path, "Expected a dataset with its numbers in the file.")
    half = dtype.kind == "V" and dtype.itemsize == 2 and is_bfloat16(found)
    name = "bfloat16" if half else dtype.newbyteorder("=").name if dtype.kind in "biuf" else ""
    most = max(MAX_CHUNK, prod(shape) * dtype.itemsize)
    if found.chunks is not None and prod(found.chunks) * dtype.itemsize > most:
        raise unfit(path, f"The dataset is kept in chunks of {list(found.chunks)}, larger than itself.")

    def pieces() -> list[np.ndarray]:
        if not name:
            raise unfit(path, f"Expected numbers; the dataset holds {str(dtype)[:100]}.")
        try:
            inflatable(found, path)
            array = np.asarray(found[()])
        except InvalidModel:
            raise
        except Exception as error:  # a filter that fails, a chunk that is not there
            raise unfit(path, f"Not readable: {' '.join(str(error).split())[:200]}.") from None
        return [(array.view("bfloat16") if half else array).reshape(-1)]

    return Stored(tuple(shape), name, pieces)


def is_bfloat16(found: Any) -> bool:
    """Whether two bytes of no type are what Keras says they are."""
    attributes = found.attrs
    if "dtype" not in attributes or (kept := attributes.get_id("dtype")).shape:
        return False
    return bool(kept.dtype.itemsize <= MAX_ATTRIBUTE and attributes["dtype"] == "bfloat16")


def inflatable(found: Any, path: Tokens) -> None:
    """Refuse a chunk that would inflate to more than a chunk has: HDF5 inflates whatever comes, and looks then."""
    if found.chunks is None:
        return
    kept = found.id.get_create_plist()
    filters = [kept.get_filter(index)[0] for index in range(kept.get_nfilters())]
    if unknown := [one for one in filters if one not in (GZIP, *PLAIN_FILTERS)]:
        raise unfit(path, f"The dataset is kept with filter {unknown[0]}; only gzip, shuffle and fletcher32 are read.")
    if filters.count(GZIP) > 1:
        raise unfit(path, "The dataset is compressed more than once.")
    if GZIP not in filters:
        return
    size = prod(found.chunks) * found.dtype.itemsize + 4  # a checksum

    def look(chunk: Any) -> None:
        deadline.check()
        mask, raw = found.id.read_direct_chunk(chunk.chunk_offset)
        inflating = zlib.decompressobj()
        skipped = mask >> filters.index(GZIP) & 1
        if not skipped and len(inflating.decompress(raw, size + 1)) > size:
            raise unfit(path, f"A chunk at {list(chunk.chunk_offset)} inflates to more than its {size:,} bytes.")

    found.id.chunk_iter(look)
