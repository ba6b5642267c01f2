"""Whether a formula of one name never becomes smaller where the name becomes larger."""

from collections.abc import Callable
from math import prod
from typing import Any

from layercalc.formulas.atoms import Atom, Name, names_of
from layercalc.formulas.formula import Formula, named

FARTHEST = 10**30  # how far a limit is looked for


def grows_from(n: Any, name: str, low: int) -> bool:
    """Whether it is proven of a number or formula, whose only name it is, for all sizes from `low` on.

    Each factor is written as what it is at `low` and something of at least 0 that is proven to grow; the formula grows
    if no term of these has a negative coefficient.
    """
    if not isinstance(n, Formula):
        return True
    factors = {atom for monomial in n.terms for atom, _ in monomial}
    if not all(rises_from(atom, name, low) for atom in factors):
        return False
    shifted = {atom: atom.at({name: low}) + named(f"t{i}", 0) for i, atom in enumerate(factors)}
    found = sum([c * prod([shifted[atom] ** power for atom, power in one]) for one, c in n.terms.items()], 0)
    return not isinstance(found, Formula) or all(c >= 0 for one, c in found.terms.items() if one)


def rises_from(atom: Atom, name: str, low: int) -> bool:
    """The same of a factor."""
    if isinstance(atom, Name):
        return atom.text == name
    return {one.text for one in names_of(atom)} == {name} and all(
        grows_from(part, name, low) for part in atom.parts_of()
    )


def first_where(holds: Callable[[int], bool], low: int) -> int | None:
    """The least number from `low` on of which something holds that holds of all larger too; None up to the farthest."""
    if holds(low):
        return low
    step = 1
    while not holds(low + step):
        low, step = low + step, 2 * step
        if low > FARTHEST:
            return None
    high = low + step
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
