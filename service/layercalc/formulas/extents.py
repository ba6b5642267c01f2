"""Between what a sum of terms lies."""

from collections.abc import Mapping
from math import lcm
from typing import Any

from layercalc.formulas.atoms import Bounds, Monomial, Terms, alone
from layercalc.formulas.effort import spend


def extent(terms: Mapping[Monomial, int]) -> Bounds:
    """The bounds of a sum, term by term."""
    spend(len(terms))
    low: int | None = 0
    high: int | None = 0
    for monomial, c in terms.items():
        if not c:
            continue
        least, most = span(monomial)
        if c < 0:
            least, most = most, least
        low = None if low is None or least is None else low + c * least
        high = None if high is None or most is None else high + c * most
    return low, high


def span(monomial: Monomial) -> Bounds:
    """The bounds of a product."""
    low: int | None = 1
    high: int | None = 1
    for atom, power in monomial:
        least, most = atom.bounds
        if least is None or least < 0:
            return None, None
        low = None if low is None else low * least**power
        high = None if high is None or most is None else high * most**power
    return low, high


def relaxed(terms: Terms, side: int) -> tuple[Terms, int]:
    """The terms with each floor that stands alone as its quotient, such that the sum is no larger (−1) or no smaller.

    The second is what all of them are to be divided by.
    """
    over = lcm(*(floor.divisor for monomial in terms if (floor := alone(monomial))))
    out: Terms = {}
    for monomial, c in terms.items():
        floor = alone(monomial)
        if floor is None:
            out[monomial] = out.get(monomial, 0) + c * over
            continue
        times = c * (over // floor.divisor)
        for one, n in floor.numerator.terms.items():
            out[one] = out.get(one, 0) + n * times
        if (c > 0) == (side < 0):
            out[()] = out.get((), 0) - (floor.divisor - 1) * times
    return out, over


def tighter(one: int | None, two: int | None, pick: Any) -> int | None:
    return one if two is None else two if one is None else pick(one, two)


def sign(n: Any) -> int | None:
    """−1 for what is below 0 at every size, 0 for what is not, None where it depends; term by term first."""
    if not hasattr(n, "terms"):
        return -1 if n < 0 else 0
    for low, high in (n.rough, n.bounds) if any(map(alone, n.terms)) else (n.rough,):
        if high is not None and high < 0:
            return -1
        if low is not None and low >= 0:
            return 0
    return None
