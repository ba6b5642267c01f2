"""Between what a sum of terms lies."""

from collections.abc import Mapping
from functools import lru_cache
from math import lcm
from typing import Any

from layercalc.formulas.atoms import Atom, Bounds, Floor, Monomial, Terms, alone
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
    if covered(n.terms):
        return 0
    return -1 if covered({monomial: -c for monomial, c in n.terms.items()}, 1) else None


def covered(terms: Terms, least: int = 0) -> bool:
    """Whether a sum is proven to be at least that: what is subtracted is no more than parts of what is added."""
    spend(len(terms) ** 2)
    more = {monomial: c for monomial, c in terms.items() if c > 0}
    for monomial, c in terms.items():
        if c > 0 or not monomial:
            continue
        for other in more:
            if c and more[other] and other and no_more(monomial, other):
                part = min(more[other], -c)
                more[other] -= part
                c += part
        if c:
            return False
    low = extent({**more, (): terms.get((), 0)})[0]
    return low is not None and low >= least


def no_more(one: Monomial, two: Monomial) -> bool:
    """Whether a product is proven to be no larger than another: each factor than one of the other's, the rest 1."""
    left = [atom for atom, power in two for _ in range(power)]
    if sum(power for _, power in one) > len(left):
        return False
    for atom, power in one:
        for _ in range(power):
            larger = next((other for other in left if atom is other), None) or next(
                (other for other in left if smaller(atom, other)), None
            )
            if larger is None:
                return False
            left.remove(larger)
    return all(atom.bounds[0] is not None and atom.bounds[0] >= 1 for atom in left)


MOST_COMPARED = 4  # terms of a numerator


@lru_cache(1024)
def smaller(one: Atom, two: Atom) -> bool:
    """Whether a factor is at least 0 and proven to be no larger than another."""
    low, high = one.bounds
    if low is None or low < 0:
        return False
    least = two.bounds[0]
    if high is not None and least is not None and high <= least:
        return True
    if max(map(len, (quotient(one), quotient(two)))) > MOST_COMPARED:
        return False
    over, under = (one.divisor if isinstance(one, Floor) else 1), (two.divisor if isinstance(two, Floor) else 1)
    return over >= under and not_above(quotient(one), quotient(two), over, under)


def quotient(atom: Atom) -> Terms:
    """What a floor is taken of, or the factor itself."""
    return atom.numerator.terms if isinstance(atom, Floor) else {((atom, 1),): 1}


def not_above(one: Terms, two: Terms, over: int, under: int) -> bool:
    """Whether one / over is proven to be no more than two / under, both rounded down: then so are the floors."""
    apart = {monomial: c * over for monomial, c in two.items()}
    for monomial, c in one.items():
        apart[monomial] = apart.get(monomial, 0) - c * under
    low = extent(apart)[0]
    return low is not None and low >= 0
