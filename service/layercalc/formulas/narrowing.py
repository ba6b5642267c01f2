"""What follows of names from what is taken for granted."""

from collections.abc import Iterable, Mapping
from math import gcd
from typing import Any, NamedTuple

from layercalc.formulas.atoms import Atom, Extreme, Name, bounds
from layercalc.formulas.conditions import EQUAL, LEAST, UNEQUAL, Either, Guard, Taken
from layercalc.formulas.extents import sign
from layercalc.formulas.extremes import extreme
from layercalc.formulas.formula import Formula, named
from layercalc.formulas.substitution import Substitution
from layercalc.formulas.text import rank

FARTHEST = 10**12  # the size up to which a formula is tried


def grows(n: Any) -> bool:
    """Whether a number or formula is proven to become no smaller where a name becomes larger."""
    return not isinstance(n, Formula) or all(
        c > 0 and all(rises(atom) for atom, _ in monomial) for monomial, c in n.terms.items() if monomial
    )


def rises(atom: Atom) -> bool:
    """The same of a factor, which is at least 0 too."""
    low = atom.bounds[0]
    return low is not None and low >= 0 and all(map(grows, atom.parts_of()))


def alone_in(n: Any) -> Name | None:
    """The only name in a formula."""
    names = n.names()
    return names.pop() if len(names) == 1 else None


def first(n: Formula, name: Name) -> int | None:
    """The least size of its only name from which a formula that grows is at least 0; None where it is none that is."""
    low, high = name.low, FARTHEST if name.high is None else name.high
    if n.at({name.text: high}) < 0:
        return None
    step = 1
    while low + step < high and n.at({name.text: low + step}) < 0:
        low, step = low + step, 2 * step
    high = min(high, low + step)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if n.at({name.text: middle}) >= 0 else (middle + 1, high)
    return low


class Conditions(NamedTuple):
    """What has to hold of sizes that are names, those left out that follow from others.

    Where all that is needed holds, so do the formulas. Where a guard does not, the network is refused; so it is where
    all that is presumed holds and something needed does not. Where something presumed does not, formulas say nothing.
    """

    needed: list[Guard]
    guards: list[Guard | Either]
    presumed: list[Guard]


def conditions(taken: Taken) -> Conditions:
    """What follows of all that was taken for granted."""
    several = [one for one in taken.guards if isinstance(one, Either)]
    alone = needed(one for one in taken.guards if isinstance(one, Guard))
    if not taken.presumed:
        return Conditions(alone, [*alone], [])
    return Conditions(needed(taken.conditions), [*alone, *several], needed(taken.presumed))


def needed(guards: Iterable[Guard]) -> list[Guard]:
    """Those that do not follow from others; of what grows with a name alone, the least size of the name."""
    least, others = parted(map(simpler, guards))
    found = [Guard(Formula({((name, 1),): 1, (): -low})) for name, low in least.items() if low > name.low]
    larger = narrowed(least)
    left: list[Guard] = []
    for one in others:
        if not certain(larger.of(one.formula), one.relation) and not any(follows(one, two) for two in left):
            left = [two for two in left if not follows(two, one)] + [one]
    return [*found, *left]


def certain(n: Any, relation: str) -> bool:
    """Whether a number or formula compares so with 0 at every size."""
    if relation == LEAST:
        return sign(n) == 0
    low, high = bounds(n)
    if relation == UNEQUAL:
        return (low is not None and low > 0) or (high is not None and high < 0)
    return low == high == 0


def simpler(guard: Guard) -> Guard:
    """The same: that a minimum is one of its two parts is that the other is as large, and so for a maximum.

    What is at least 0 and not 0 is at least 1; what is equal is so whatever the sign.
    """
    if guard.relation == LEAST:
        return guard
    low, high = bounds(guard.formula)
    if guard.relation == UNEQUAL and (low == 0 or high == 0):
        return Guard(guard.formula - 1 if low == 0 else -guard.formula - 1)
    for monomial, c in guard.formula.terms.items() if guard.relation == EQUAL else ():
        atom = monomial[0][0] if len(monomial) == 1 and monomial[0][1] == 1 else None
        if isinstance(atom, Extreme) and len(atom.parts) == 2:
            for one, two in (atom.parts, atom.parts[::-1]):
                rest = guard.formula - c * (Formula({monomial: 1}) - one)
                if not isinstance(rest, Formula) and rest == 0:
                    return Guard(two - one if atom.word == "min" else one - two)
    common = gcd(*guard.formula.terms.values())
    common = common if min(guard.formula.terms.items(), key=rank)[1] > 0 else -common
    return Guard(Formula({monomial: c // common for monomial, c in guard.formula.terms.items()}), guard.relation)


def parted(guards: Iterable[Guard]) -> tuple[dict[Name, int], list[Guard]]:
    """The least sizes of names that are asked for, and the guards that say no such thing."""
    least: dict[Name, int] = {}
    others: list[Guard] = []
    for one in guards:
        name = alone_in(one.formula) if one.relation == LEAST and grows(one.formula) else None
        low = None if name is None else first(one.formula, name)
        if name is None or low is None:
            others.append(one)
        else:
            least[name] = max(least.get(name, name.low), low)
    return least, others


def narrowed(least: Mapping[Name, int]) -> Substitution:
    """The same formulas of names that are known to be as large: what was not proven of them may be then."""
    larger = {name: named(name.text, low, name.high) for name, low in least.items() if low > name.low}
    return Substitution(larger, extreme)


def follows(one: Guard, two: Guard) -> bool:
    """Whether the first holds wherever the second does."""
    if one.relation != LEAST or two.relation != LEAST:
        return one.relation == two.relation and bool(one.formula.key == two.formula.key)
    return sign(one.formula - two.formula) == 0
