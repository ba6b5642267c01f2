"""The largest and the smallest of sizes, as far as nothing is proven to be larger or smaller."""

from collections.abc import Iterator
from math import prod
from typing import Any

from layercalc.formulas.atoms import Atom, Extreme, Name
from layercalc.formulas.effort import Undecided, spend
from layercalc.formulas.extents import covered, sign
from layercalc.formulas.formula import Formula, added, named, terms_of
from layercalc.formulas.substitution import Substitution
from layercalc.formulas.text import code

MOST_PARTS = 12  # of a maximum
APART = (0, 1, 4, 30, 250, 3_000)  # how far from its least size a name is tried


def extreme(word: str, *sizes: Any) -> Any:
    """The largest, or the smallest, of numbers and formulas."""
    parts: dict[Any, Any] = {}
    for size in sizes:
        atom = only(size)
        for one in atom.parts if isinstance(atom, Extreme) and atom.word == word else (size,):
            parts.setdefault(one.key if isinstance(one, Formula) else one, one)
    kept = [*parts.values()]
    if len(kept) == 2 and not all(isinstance(one, Formula) for one in kept):
        apart = sign(kept[0] - kept[1])  # of a size and a number bounds tell more
        kept = kept if apart is None else [kept[0] if (apart == 0) == (word == "max") else kept[1]]
    kept = kept if len(kept) == 1 else outstanding(kept, 1 if word == "max" else -1)
    if len(kept) == 1:
        return kept[0]
    if len(kept) > MOST_PARTS:
        raise Undecided("Too many sizes may be the largest.")
    return Formula({((Extreme.of(word, tuple(sorted(kept, key=code))), 1),): 1})


def outstanding(parts: list[Any], direction: int) -> list[Any]:
    """Those of which no other is proven to be as large always (as small, by a direction of -1).

    What is smaller at one of a few sizes is not looked at further. Proofs are of what names have beyond their least
    size: a sum in which nothing is subtracted is at least its constant.
    """
    names = {name for part in parts if isinstance(part, Formula) for name in part.names()}
    found = [[direction * n for n in values] for values in zip(*tried(parts, names), strict=True)]
    order = sorted(range(len(parts)), key=lambda i: found[i][::-1], reverse=True)
    beyond = Substitution({name: name.low + rest(name) for name in names})
    moved: dict[int, Any] = {}
    kept: list[int] = []

    def wins(one: int, two: int) -> bool:
        spend(1)
        if any(a < b for a, b in zip(found[one], found[two], strict=True)):
            return False
        for i in (one, two):
            if i not in moved:
                moved[i] = terms_of(beyond.of(parts[i])) or {}
        return covered(added(moved[one], moved[two], -1) if direction > 0 else added(moved[two], moved[one], -1))

    for one in order:
        if not any(wins(two, one) for two in kept):
            kept = [two for two in kept if not wins(one, two)] + [one]
    return [parts[i] for i in kept]


def proven(n: Any) -> bool:
    """Whether a number or formula is proven to be at least 0 at every size."""
    if not isinstance(n, Formula):
        return bool(n >= 0)
    return sign(n) == 0 or covered(terms_of(Substitution({one: one.low + rest(one) for one in n.names()}).of(n)) or {})


def rest(name: Name) -> Any:
    """How far a name is beyond its least size."""
    return named(name.text, 0, None if name.high is None else name.high - name.low)


def tried(parts: list[Any], names: set[Name]) -> Iterator[list[int]]:
    """What each is at a few sizes, small and large ones and ones that are far from equal."""
    ordered = sorted(names, key=lambda name: name.text)
    for place, more in enumerate(APART):
        sizes = {}
        for index, name in enumerate(ordered):
            size = name.low + (more if (index + place) % 2 else 3 * more)
            sizes[name.text] = size if name.high is None else min(size, name.high)
        known: dict[Atom, int] = {}
        yield [valued(part, sizes, known) for part in parts]


def valued(part: Any, sizes: dict[str, int], known: dict[Atom, int]) -> int:
    """What a number or formula is for these sizes; factors that are known by now are not computed again."""
    if not isinstance(part, Formula):
        return int(part)
    spend(len(part.terms))
    for monomial in part.terms:
        for atom, _ in monomial:
            if atom not in known:
                known[atom] = atom.at(sizes)
    return sum([c * prod([known[atom] ** power for atom, power in one]) for one, c in part.terms.items()])


def only(size: Any) -> Atom | None:
    """The atom that a formula is."""
    if isinstance(size, Formula) and len(size.terms) == 1:
        ((monomial, c),) = size.terms.items()
        if c == 1 and len(monomial) == 1 and monomial[0][1] == 1:
            return monomial[0][0]
    return None
