"""What follows of names from what is taken for granted."""

from collections.abc import Iterable, Mapping
from typing import Any

from layercalc.formulas.atoms import Atom, Name
from layercalc.formulas.conditions import Guard
from layercalc.formulas.extents import sign
from layercalc.formulas.extremes import extreme
from layercalc.formulas.formula import Formula, named
from layercalc.formulas.substitution import Substitution

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


def needed(guards: Iterable[Guard]) -> list[Guard]:
    """Those that do not follow from others; of what grows with a name alone, the least size of the name."""
    least, others = parted(guards)
    found = [Guard(Formula({((name, 1),): 1, (): -low}), False) for name, low in least.items() if low > name.low]
    larger = narrowed(least)
    left = [one for one in others if one.equal or sign(larger.of(one.formula)) != 0]
    return [*found, *(one for one in left if not any(follows(one, two) for two in left))]


def parted(guards: Iterable[Guard]) -> tuple[dict[Name, int], list[Guard]]:
    """The least sizes of names that are asked for, and the guards that say no such thing."""
    least: dict[Name, int] = {}
    others: list[Guard] = []
    for one in guards:
        name = None if one.equal or not grows(one.formula) else alone_in(one.formula)
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
    return one is not two and not one.equal and not two.equal and sign(one.formula - two.formula) == 0
