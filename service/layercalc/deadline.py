"""The moment by which a request has to be answered: looked at wherever work is done piece by piece.

A thread cannot be ended from outside, so whatever loops over what a client sent calls `check`.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from layercalc.errors import Overdue

T = TypeVar("T")


class Deadline(NamedTuple):
    """When a request began, how many seconds it has, and the setting that says so."""

    begin: float
    seconds: float
    setting: str

    @property
    def spent(self) -> float:
        """The part of the time that is over: 1 at the deadline."""
        return (monotonic() - self.begin) / self.seconds if self.seconds else 2.0

    def message(self, reached: str = "") -> str:
        return f"The deadline of {self.seconds:g} s ({self.setting}) passed{reached}."


DEADLINE: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float, setting: str) -> Iterator[None]:
    """A deadline for what is done inside; one that is in force already stays."""
    if DEADLINE.get() is not None:
        yield
        return
    token = DEADLINE.set(Deadline(monotonic(), seconds, setting))
    try:
        yield
    finally:
        DEADLINE.reset(token)


def check(deadline: Deadline | None = None) -> None:
    """Raise Overdue if the deadline in force has passed, or the given one: other threads have none in force."""
    deadline = deadline or DEADLINE.get()
    if deadline is not None and monotonic() - deadline.begin > deadline.seconds:
        raise Overdue([{"pointer": "", "detail": deadline.message()}])


def each(items: Iterable[T]) -> Iterator[T]:
    """The items, with a look at the clock before each."""
    deadline = DEADLINE.get()
    if deadline is None:
        yield from items
        return
    for item in items:
        check(deadline)
        yield item


def kept(items: Iterator[T]) -> Iterator[T]:
    """The items, each made under the deadline that is in force now, whenever it is asked for."""
    deadline, end = DEADLINE.get(), object()

    def each() -> Iterator[T]:
        while True:
            token = DEADLINE.set(deadline)
            try:
                item: Any = next(items, end)
            finally:
                DEADLINE.reset(token)
            if item is end:
                return
            yield item

    return each()


def left() -> float | None:
    """Seconds until the deadline in force, 0 past it; None without one."""
    deadline = DEADLINE.get()
    return None if deadline is None else max(deadline.begin + deadline.seconds - monotonic(), 0)


def early() -> bool:
    """Whether there is time for what is nice to have."""
    deadline = DEADLINE.get()
    return deadline is None or deadline.spent < 0.25
