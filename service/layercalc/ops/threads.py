"""Parts of one kernel on several cores: as many as BLAS was given, since NumPy's own loops use one."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np

from layercalc.cores import available
from layercalc.deadline import DEADLINE, check

LEAST = 4  # parts below which a second thread costs more than it does


@cache
def threads() -> int:
    """How many threads BLAS may use, by its own settings."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(name, "")
        if text.isdecimal() and int(text):
            return min(int(text), available())
    return available()


@cache
def pool(process: int) -> ThreadPoolExecutor:
    """The helpers of one process: a fork has none of its parent's threads."""
    return ThreadPoolExecutor(threads() - 1, "layercalc-kernel")


def spread(work: Callable[..., Any], pieces: Iterable[tuple[Any, ...]]) -> None:
    """`work(*piece)` for every piece; they must not touch one another."""
    waiting, deadline = list(pieces), DEADLINE.get()
    count = min(threads(), len(waiting)) if len(waiting) >= LEAST else 1
    if count == 1:
        for piece in waiting:
            check(deadline)
            work(*piece)
        return

    def share(first: int) -> None:
        with np.errstate(all="ignore"):  # which each thread has its own of
            for piece in waiting[first::count]:
                check(deadline)
                work(*piece)

    others = [pool(os.getpid()).submit(share, first) for first in range(1, count)]
    try:
        share(0)
    finally:
        for other in others:
            other.result()
