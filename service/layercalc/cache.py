"""What is kept from one request to the next: bounded in number and in bytes; the least recently used goes first."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, NamedTuple

from layercalc.limits import Limits

SHARE = 2  # the part of all bytes that one thing may take at most: half


class Cache:
    """A cache for all threads of a process. With room for nothing, it keeps nothing."""

    def __init__(self, most: int, most_bytes: int):
        self.most, self.most_bytes = most, most_bytes
        self.bytes = 0
        self.things: dict[Hashable, tuple[Any, int]] = {}  # in the order of their last use
        self.lock = Lock()

    def get(self, key: Hashable) -> Any:
        """What is kept under a key, or None."""
        with self.lock:
            found = self.things.pop(key, None)
            if found is None:
                return None
            self.things[key] = found
            return found[0]

    def put(self, key: Hashable, thing: Any, size: int) -> None:
        """Keep something of so many bytes, unless it would push out too much else."""
        if size > self.most_bytes // SHARE or not self.most:
            return
        with self.lock:
            self.bytes += size - self.things.pop(key, (None, 0))[1]
            self.things[key] = thing, size
            while self.bytes > self.most_bytes or len(self.things) > self.most:
                oldest = next(iter(self.things))
                self.bytes -= self.things.pop(oldest)[1]

    def made(self, key: Hashable, make: Callable[[], Any], size: Callable[[Any], int]) -> Any:
        """What is kept under a key, made where there is none. Two threads may make it at the same time."""
        found = self.get(key)
        if found is None:
            found = make()
            self.put(key, found, size(found))
        return found


class Store(NamedTuple):
    """All that a process keeps."""

    answers: Cache
    layers: Cache
    traces: Cache


def store(limits: Limits) -> Store:
    """An empty store; a quarter of the bytes is for layers, as much for their traces, the rest for answers."""
    quarter, layers = limits.max_kept_bytes // 4, limits.max_kept_layers
    return Store(Cache(limits.max_kept_answers, 2 * quarter), Cache(layers, quarter), Cache(layers, quarter))


STORE: ContextVar[Store | None] = ContextVar("kept", default=None)


@contextmanager
def using(store: Store) -> Iterator[None]:
    """Inside, layers and their traces come from this store and go to it."""
    token = STORE.set(store)
    try:
        yield
    finally:
        STORE.reset(token)
