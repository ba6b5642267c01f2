"""Python's cycle collector, paused while a report is built."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_pauses = 0
_resume = False
_since = 0

OVERDUE = 200  # reports that overlap without end, until a collection all the same


@contextmanager
def paused() -> Iterator[None]:
    """No cycle collection inside, in any thread that is; of a whole function, what it made has gone by its end.

    A report is many containers and no cycles, so every collection walks all of it in vain: with 10,000 layers that was
    half of the time. Counting references frees memory as always.
    """
    global _pauses, _resume, _since
    with _lock:
        if _pauses == 0 and (_resume := gc.isenabled()):
            gc.disable()
        _pauses += 1
    try:
        yield
    finally:
        with _lock:
            _pauses -= 1
            _since += 1
            if _pauses == 0:
                _since = 0
                if _resume:
                    gc.enable()
            elif _since >= OVERDUE and _resume:
                _since = 0
                gc.collect()
