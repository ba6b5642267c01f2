"""What has to hold of sizes that are names, for what was computed with them to be so."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from operator import eq, ge, ne
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


LEAST, EQUAL, UNEQUAL = ">=", "==", "!="  # of a formula and 0
WRITTEN = {LEAST: "≥", EQUAL: "=", UNEQUAL: "≠"}
RELATIONS: dict[str, Callable[[int, int], bool]] = {LEAST: ge, EQUAL: eq, UNEQUAL: ne}


class Guard(NamedTuple):
    """What has to hold for what was computed: how a formula compares with 0."""

    formula: Any
    relation: str = LEAST

    def holds(self, sizes: Mapping[str, int]) -> bool:
        return RELATIONS[self.relation](at(self.formula, sizes), 0)

    def __str__(self) -> str:
        left, right = self.sides(as_signs)
        return f"{left} {WRITTEN[self.relation]} {right}"

    @property
    def code(self) -> str:
        """As Python writes it: true or false with the names bound."""
        left, right = self.sides(as_code)
        return f"{left} {self.relation} {right}"

    def sides(self, term: Any) -> tuple[str, str]:
        """What has to be as large, the terms with a name in them that add to it, and as what."""
        sides: tuple[Terms, Terms] = {}, {}
        some = any(c > 0 and monomial for monomial, c in self.formula.terms.items())
        for monomial, c in self.formula.terms.items():
            left = c > 0 and bool(monomial or not some)
            sides[0 if left else 1][monomial] = c if left else -c
        left, right = (joined(Sum(one), term) if one else "0" for one in sides)
        return left, right


class Either(NamedTuple):
    """Several of which one has to hold."""

    guards: tuple[Guard, ...]

    def holds(self, sizes: Mapping[str, int]) -> bool:
        return any(one.holds(sizes) for one in self.guards)

    def __str__(self) -> str:
        return " or ".join(map(str, self.guards))

    @property
    def code(self) -> str:
        """As Python writes it: true or false with the names bound."""
        return " or ".join(one.code for one in self.guards)


class Taken:
    """What is taken for granted of sizes.

    The layers refuse what breaks a guard. What is presumed decides how they go on: where it is broken they may do
    something else, of which the formulas say nothing; so guards are those alone that come before it.
    """

    def __init__(self) -> None:
        self.conditions: dict[Guard, None] = {}  # all, for the formulas to hold
        self.guards: dict[Guard | Either, None] = {}
        self.presumed: dict[Guard, None] = {}

    def guard(self, found: Guard | Either) -> None:
        if not self.presumed:
            self.guards[found] = None
        if isinstance(found, Either):
            self.presume(found.guards[0])
        else:
            self.conditions[found] = None

    def presume(self, found: Guard) -> None:
        self.conditions[found] = self.presumed[found] = None


TAKEN: ContextVar[Taken | None] = ContextVar("taken", default=None)


@contextmanager
def guarded() -> Iterator[Taken]:
    """Inside, what is taken for granted of sizes is noted."""
    token = TAKEN.set(found := Taken())
    try:
        yield found
    finally:
        TAKEN.reset(token)


def noted(formula: Any) -> Taken:
    """Where to note what is taken for granted of a formula; Undecided where nothing may be."""
    taken = TAKEN.get()
    if taken is None:
        raise Undecided(f"What is computed depends on {formula}.")
    return taken


def guard(formula: Any, relation: str = LEAST, *others: Guard) -> None:
    """Take a rule of a layer to hold, which refuses the sizes at which it does not; or others do as well."""
    one = Guard(formula, relation)
    noted(formula).guard(Either((one, *others)) if others else one)


def presume(formula: Any, relation: str = LEAST) -> None:
    """Take something to hold that decides how a layer goes on."""
    noted(formula).presume(Guard(formula, relation))


def settled(formula: Any) -> bool | None:
    """Whether a formula is taken to be 0, or not to be; None where nothing of the kind is taken for granted."""
    taken = noted(formula).conditions
    for one in (formula, -formula):
        for relation in (EQUAL, UNEQUAL):
            if Guard(one, relation) in taken:
                return relation == EQUAL
    return None
