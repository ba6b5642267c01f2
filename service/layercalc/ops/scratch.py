"""The memory that kernels work in beside their tensors: one buffer a thread, used by one kernel after the other.

Fresh memory costs a page fault for every 4 KiB, which for the columns of a convolution is as long as the arithmetic.
"""

import os
import threading
from math import prod

import numpy as np

WORKSPACE = int(os.environ.get("LAYERCALC_WORKSPACE_BYTES", 64 << 20))  # bytes that one kernel may hold
BLOCK_BYTES = 1 << 19  # of a result that are worked on at a time: stays in the L2 cache

HELD = threading.local()


def scratch(dtype: np.dtype, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    """Arrays with any numbers in them, valid until the next call in this thread."""
    sizes = [-(-prod(shape) * dtype.itemsize // 64) * 64 for shape in shapes]
    buffer = getattr(HELD, "buffer", None)
    if buffer is None or buffer.nbytes < sum(sizes):
        HELD.buffer = None  # freed before it is made anew
        buffer = HELD.buffer = np.empty(sum(sizes), np.uint8)
    out, start = [], 0
    for shape, size in zip(shapes, sizes, strict=True):
        out.append(buffer[start : start + prod(shape) * dtype.itemsize].view(dtype).reshape(shape))
        start += size
    return out


def release() -> None:
    """Give this thread's buffer back."""
    HELD.buffer = None
