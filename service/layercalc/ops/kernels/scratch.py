"""The memory that kernels work in beside their tensors: buffers of a thread, used by one kernel after the other.

Fresh memory costs a page fault for every 4 KiB, which for the columns of a convolution is as long as the arithmetic.
"""

from __future__ import annotations

import threading
from math import prod

from layercalc import lazy_numpy as np
from layercalc.environment import one
from layercalc.ops.kernels.threads import threads
from layercalc.settings import Settings

WORKSPACE = one(Settings, "workspace_bytes")  # bytes that one kernel may hold
SHARED_BYTES = WORKSPACE // 2  # of them what all threads read, and
OWN_BYTES = max((WORKSPACE - SHARED_BYTES) // threads(), 1 << 16)  # what each works in
BLOCK_BYTES = 1 << 21  # of a result that are worked on at a time: in smaller parts threads wait for the GIL, not memory

HELD = threading.local()


def scratch(dtype: np.dtype, *shapes: tuple[int, ...], of: str = "own") -> list[np.ndarray]:
    """Arrays with any numbers in them, valid until the next call in this thread for the same buffer."""
    sizes = [-(-prod(shape) * dtype.itemsize // 64) * 64 for shape in shapes]
    buffers: dict[str, np.ndarray] = HELD.__dict__
    if of not in buffers or buffers[of].nbytes < sum(sizes):
        buffers.pop(of, None)  # freed before it is made anew
        buffers[of] = np.empty(sum(sizes), np.uint8)
    out, start = [], 0
    for shape, size in zip(shapes, sizes, strict=True):
        out.append(buffers[of][start : start + prod(shape) * dtype.itemsize].view(dtype).reshape(shape))
        start += size
    return out


def release() -> None:
    """Give this thread's buffers back."""
    HELD.__dict__.clear()
