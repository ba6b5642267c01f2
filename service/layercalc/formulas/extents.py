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
            if c and more[other] and other and (times := fits(monomial, other)):
                part = min(more[other] * times, -c)
                more[other] -= -(-part // times)
                c += part
        if c:
            return False
    low = extent({**more, (): terms.get((), 0)})[0]
    return low is not None and low >= least


def fits(one: Monomial, two: Monomial) -> int:
    """How often a product is proven to go into another, factor by factor; 0 for not at all."""
    left = [atom for atom, power in two for _ in range(power)]
    found = 1
    for atom, power in one:
        for _ in range(power):
            if not left:
                return 0
            times, index = max((1 if atom is other else goes(atom, other), -i) for i, other in enumerate(left))
            if not times:
                return 0
            found *= times
            del left[-index]
    for atom in left:
        found *= max(atom.bounds[0] or 0, 0)
    return found


@lru_cache(1024)
def goes(one: Atom, two: Atom) -> int:
    """How often a factor, which is at least 0, is proven to go into another; 0 for not at all.

    From q = ⌊(h + r) / d⌋ follows h ≥ q·d − r, so ⌊(h + s) / e⌋ is at least q·k if d and d − r + s are at least k·e.
    """
    low, high = one.bounds
    least = two.bounds[0]
    if low is None or low < 0 or least is None or least < 0:
        return 0
    if high is not None and high <= least:
        return least // high if high else 1
    (name, r, d), (other, s, e) = quotient(one), quotient(two)
    return max(min(d // e, (d - r + s) // e), 0) if name is not None and name is other and 0 <= r < d else 0


def quotient(atom: Atom) -> tuple[Atom | None, int, int]:
    """The name, r and d of ⌊(name + r) / d⌋; no name for any other floor."""
    if not isinstance(atom, Floor):
        return atom, 0, 1
    names = [monomial for monomial in atom.numerator.terms if monomial]
    plain = len(names) == 1 and len(names[0]) == 1 and names[0][0][1] == atom.numerator.terms[names[0]] == 1
    return names[0][0][0] if plain else None, atom.numerator.terms.get((), 0), atom.divisor
