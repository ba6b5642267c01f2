"""What has to hold of sizes that are names, for what was computed with them to be so."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from layercalc.formulas.atoms import Terms, at
from layercalc.formulas.effort import Undecided
from layercalc.formulas.text import as_code, as_signs, joined


class Claim(NamedTuple):
    """A comparison that holds for some sizes and not for others: that a formula is below 0."""

    formula: Any

    def __bool__(self) -> bool:
        raise Undecided(f"Whether {self.formula} is below 0 depends on the sizes.")


class Sum(NamedTuple):
    """Terms to be shown."""

    terms: Terms


class Guard(NamedTuple):
    """What has to hold for what was computed: that a formula is at least 0 (`least`), or that it is 0."""

    formula: Any
    equal: bool

    def holds(self, sizes: Mapping[str, int]) -> bool:
        found = at(self.formula, sizes)
        return found == 0 if self.equal else found >= 0

    def __str__(self) -> str:
        left, right = self.sides(as_signs)
        return f"{left} {'=' if self.equal else '≥'} {right}"

    @property
    def code(self) -> str:
        """As Python writes it: true or false with the names bound."""
        left, right = self.sides(as_code)
        return f"{left} {'==' if self.equal else '>='} {right}"

    def sides(self, term: Any) -> tuple[str, str]:
        """What has to be as large, the terms with a name in them that add to it, and as what."""
        sides: tuple[Terms, Terms] = {}, {}
        some = any(c > 0 and monomial for monomial, c in self.formula.terms.items())
        for monomial, c in self.formula.terms.items():
            left = c > 0 and bool(monomial or not some)
            sides[0 if left else 1][monomial] = c if left else -c
        left, right = (joined(Sum(one), term) if one else "0" for one in sides)
        return left, right


GUARDS: ContextVar[dict[Guard, None] | None] = ContextVar("guards", default=None)


@contextmanager
def guarded() -> Iterator[dict[Guard, None]]:
    """Inside, what is taken for granted of sizes is noted."""
    found: dict[Guard, None] = {}
    token = GUARDS.set(found)
    try:
        yield found
    finally:
        GUARDS.reset(token)


def taken(formula: Any, equal: bool = False) -> None:
    """Take for granted that a formula is at least 0, or that it is 0."""
    guards = GUARDS.get()
    if guards is None:
        raise Undecided(f"What is computed depends on {formula}.")
    guards[Guard(formula, equal)] = None
