"""What the work of a request comes to, for whoever keeps count of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Usage:
    """Layers analysed, and FLOPs of forward passes."""

    layers: int = 0
    flops: int = 0


COUNTED: ContextVar[Usage | None] = ContextVar("usage", default=None)


def used(layers: int = 0, flops: object = 0) -> None:
    """Count work, where somebody asked for it; FLOPs that are unknown are none."""
    usage = COUNTED.get()
    if usage is not None:
        usage.layers += layers
        usage.flops += flops if isinstance(flops, int) else 0


def counting() -> Usage:
    """What the work of this context comes to from now on."""
    usage = Usage()
    COUNTED.set(usage)
    return usage


@contextmanager
def uncounted() -> Iterator[None]:
    """Work inside counts for nothing: it is done again."""
    token = COUNTED.set(None)
    try:
        yield
    finally:
        COUNTED.reset(token)
