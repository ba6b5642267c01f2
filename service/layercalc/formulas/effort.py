"""How much may be computed with formulas, so that a document cannot make them endless."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MOST = 1_500_000  # terms that are looked at in one analysis: about a second and a half


class Undecided(TypeError):  # noqa: N818
    """A decision that depends on a size which is only a name, or a formula that is too long."""


LEFT: ContextVar[list[int] | None] = ContextVar("left", default=None)


@contextmanager
def limited() -> Iterator[None]:
    """Inside, formulas end where they would take too long."""
    token = LEFT.set([MOST])
    try:
        yield
    finally:
        LEFT.reset(token)


def spend(terms: int) -> None:
    """Count terms that are looked at; Undecided where they are too many."""
    left = LEFT.get()
    if left is None:
        return
    left[0] -= terms + 1
    if left[0] < 0:
        raise Undecided("The formulas of this model take too long.")
