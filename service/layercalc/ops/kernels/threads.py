"""Parts of one kernel on several cores: as many as BLAS was given, since NumPy's own loops use one.

BLAS itself has one thread during a pass (`ALONE`): what comes before and after a product is then on all cores too, and
no thread of BLAS spins on a core that a part needs, as OpenBLAS' do for a while after every product.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from layercalc import lazy_numpy as np
from layercalc.amounts import plain_digits
from layercalc.cores import available
from layercalc.deadline import DEADLINE, check

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

HELPER = "layercalc-kernel"  # how the names of the helpers begin
LEAST = 4  # small parts below which a second thread costs more than it does


@cache
def threads() -> int:
    """How many threads BLAS may use, by its own settings."""
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(name, "")
        if plain_digits(text) and int(text):
            return min(int(text), available())
    return available()


@cache
def pool(process: int) -> "ThreadPoolExecutor":
    """The helpers of one process: a fork has none of its parent's threads."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(threads() - 1, HELPER)


class Alone:
    """Holds BLAS to one thread while anybody is inside; who leaves last gives it back what it had."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = 0
        self.libraries: list[tuple[Any, int]] | None = None

    def enter(self, more: int) -> None:
        with self.lock:
            if self.libraries is None:
                from threadpoolctl import ThreadpoolController  # a command that runs nothing starts without it

                found = ThreadpoolController().select(user_api="blas").lib_controllers
                self.libraries = [(library, library.get_num_threads()) for library in found]
            before, self.inside = self.inside, self.inside + more
            if (before == 0) != (self.inside == 0):
                for library, had in self.libraries:
                    library.set_num_threads(1 if self.inside else had)

    def __enter__(self) -> None:
        self.enter(1)

    def __exit__(self, *_: object) -> None:
        self.enter(-1)

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """BLAS has its threads again, for many small products in a row; outside it has them anyway."""
        if not self.inside:
            yield
            return
        self.enter(-1)
        try:
            yield
        finally:
            self.enter(1)


ALONE = Alone()


def workers() -> int:
    """How many threads `spread` makes use of just now: a helper waits for no other."""
    return threads() if ALONE.inside and not threading.current_thread().name.startswith(HELPER) else 1


def spread(work: Callable[..., Any], pieces: Iterable[tuple[Any, ...]], least: int = LEAST) -> None:
    """`work(*piece)` for every piece; they must not touch one another. Fewer than `least` stay in this thread."""
    listed, deadline = list(pieces), DEADLINE.get()
    count = min(workers(), len(listed)) if len(listed) >= least else 1
    if count == 1:
        for piece in listed:
            check(deadline)
            work(*piece)
        return
    waiting = iter(listed)

    def share() -> None:
        with np.errstate(all="ignore"):  # which each thread has its own of
            for piece in waiting:
                check(deadline)
                work(*piece)

    others = [pool(os.getpid()).submit(share) for _ in range(1, count)]
    try:
        share()
    finally:
        for other in others:
            other.exception()  # all have ended before a fault is told
    for other in others:
        other.result()
