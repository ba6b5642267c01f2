"""Sparse tensors of an ONNX file: the few numbers that are not 0, and where they stand."""

from __future__ import annotations

from math import prod

from layercalc import lazy_numpy as np
from layercalc.errors import ShapeError
from layercalc.layers.stored import Array
from layercalc.ops.spec import HELD
from layercalc.readers.onnx.external import Folder
from layercalc.readers.onnx.tensors import MAX_AXES, array_of
from layercalc.readers.onnx.wire import Message

MOST = 1 << 24  # numbers of one that is written out: a few bytes of a file can stand for any number of them


def sparse_array(sparse: Message, name: str = "", folder: Folder | None = None) -> Array:
    """The tensor that a sparse one stands for, zeros too; ShapeError for what is none."""
    if sparse["values"] is None or sparse["indices"] is None:
        raise ShapeError("A sparse tensor has values and indices.")
    values, dims = array_of(sparse["values"], name, folder), tuple(sparse["dims"])
    indices = array_of(sparse["indices"], f"the indices of {values.name}", folder)
    if len(dims) > MAX_AXES or any(n < 0 for n in dims):
        raise ShapeError(f"The sparse tensor {values.name!r} has the sizes {list(dims[:MAX_AXES])}.")
    if indices.dtype != "int64" or indices.shape not in (values.shape, (*values.shape, len(dims))):
        raise ShapeError(
            f"The indices of {values.name!r} are int64, one or {len(dims)} for each of its {list(values.shape)} values,"
            f" and not {list(indices.shape)} of {indices.dtype}."
        )
    if values.read is None or indices.read is None:
        return Array(values.name, dims, values.dtype, None)
    return Array(values.name, dims, values.dtype, lambda: dense(values, indices, dims))


def dense(values: Array, indices: Array, dims: tuple[int, ...]) -> np.ndarray:
    """All of its numbers."""
    count = prod(dims)
    if count > MOST:
        raise ShapeError(f"The sparse tensor {values.name!r} has {count:,} numbers; {MOST:,} are written out.")
    places = indices.values
    if places.ndim == 2:
        inside = bool((places >= 0).all() and (places < np.array(dims, np.int64)).all())
        places = places @ np.array([prod(dims[axis + 1 :]) for axis in range(len(dims))], np.int64)
    else:
        inside = bool((places >= 0).all() and (places < count).all())
    if not inside:
        raise ShapeError(f"An index of {values.name!r} is outside of {list(dims)}.")
    given = values.values
    out = np.zeros(count, HELD.get(values.dtype, given.dtype))
    out[places] = given
    return out.reshape(dims)
