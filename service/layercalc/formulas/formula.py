"""Polynomials with integer coefficients over names, floors, minima and maxima, in a normal form."""

from collections.abc import Iterable, Mapping
from functools import reduce
from math import gcd, prod
from typing import Any

from layercalc.formulas.atoms import Atom, Bounds, Floor, Monomial, Name, Terms, alone, bounds, names_of
from layercalc.formulas.conditions import Claim
from layercalc.formulas.effort import Undecided, spend
from layercalc.formulas.extents import extent, relaxed, sign, tighter
from layercalc.formulas.text import as_code, joined, signs

MOST_TERMS = 400  # of a formula: what is longer is of no use to a reader


class Formula:
    """A size, or a count, by names of sizes."""

    __slots__ = ("_bounds", "_code", "_key", "_rough", "batched", "terms")

    def __init__(self, terms: Terms, batched: bool = False):
        self.terms, self.batched = terms, batched
        self._key: Any = None
        self._code = ""
        self._rough: Bounds | None = None
        self._bounds: Bounds | None = None

    def beside_batch(self) -> "Formula":
        """The same as the size of an axis that holds a batch too, which nobody named and which counts as one."""
        return self if self.batched else Formula(self.terms, True)

    @property
    def key(self) -> frozenset[tuple[Monomial, int]]:
        """What tells it from others: its normal form."""
        found: frozenset[tuple[Monomial, int]] = self._key
        if found is None:
            found = self._key = frozenset(self.terms.items())
        return found

    def __hash__(self) -> int:
        # what is equal is told by __eq__, which may be undecided: -1 and -2, whose hashes are one, must not meet there
        return hash(frozenset([(monomial, c if c > 0 else c - 1) for monomial, c in self.terms.items()]))

    @property
    def code(self) -> str:
        """The formula as Python writes it."""
        if not self._code:
            self._code = joined(self, as_code)
        return self._code

    @property
    def rough(self) -> Bounds:
        """Bounds of its terms, one by one."""
        if self._rough is None:
            self._rough = extent(self.terms)
        return self._rough

    @property
    def bounds(self) -> Bounds:
        """The least and the largest value that are proven; None where there is none."""
        if self._bounds is None:
            low, high = self.rough
            if any(map(alone, self.terms)):
                (below, down), (above, up) = relaxed(self.terms, -1), relaxed(self.terms, 1)
                least, most = extent(below)[0], extent(above)[1]
                low = tighter(low, least if least is None else -(-least // down), max)
                high = tighter(high, most if most is None else most // up, min)
            self._bounds = low, high
        return self._bounds

    def at(self, sizes: Mapping[str, int]) -> int:
        """The number that it is for these sizes."""
        return sum(c * prod(atom.at(sizes) ** power for atom, power in monomial) for monomial, c in self.terms.items())

    def names(self) -> set[Name]:
        """The names in it."""
        return {name for monomial in self.terms for atom, _ in monomial for name in names_of(atom)}

    def __add__(self, other: Any) -> Any:
        if isinstance(other, int):
            return self.more(other)
        if (terms := terms_of(other)) is None:
            return NotImplemented
        return made(added(self.terms, terms))

    __radd__ = __add__

    def __neg__(self) -> Any:
        return made({monomial: -c for monomial, c in self.terms.items()})

    def more(self, n: int) -> Any:
        """The sum with a number, which changes nothing about the other terms."""
        if not n:
            return self
        spend(len(self.terms))
        terms = self.terms.copy()
        if rest := terms.pop((), 0) + int(n):
            terms[()] = rest
        return Formula(terms)

    def __sub__(self, other: Any) -> Any:
        if isinstance(other, int):
            return self.more(-other)
        if (terms := terms_of(other)) is None:
            return NotImplemented
        return made(added(self.terms, terms, -1))

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, int) and other > 0:  # what is in normal form stays so
            spend(len(self.terms))
            n = int(other)
            return self if n == 1 else Formula({monomial: c * n for monomial, c in self.terms.items()})
        if (terms := terms_of(other)) is None:
            return NotImplemented
        out: Terms = {}
        for one, c in self.terms.items():
            for two, d in terms.items():
                monomial = times(one, two)
                out[monomial] = out.get(monomial, 0) + c * d
        return made(out)

    __rmul__ = __mul__

    def __pow__(self, power: int) -> Any:
        if type(power) is not int or power < 0:
            raise Undecided("A size has whole powers alone.")
        return prod([self] * power)

    def __floordiv__(self, other: Any) -> Any:
        if isinstance(other, Formula):
            return quotient(self, other)
        if not isinstance(other, int):
            return NotImplemented
        if other == 0:
            raise ZeroDivisionError("division by zero")
        return floored(self, int(other)) if other > 0 else floored(-self, -int(other))

    def __rfloordiv__(self, other: Any) -> Any:
        if not isinstance(other, int):
            return NotImplemented
        return quotient(Formula({(): other}), self) if other else 0

    def __mod__(self, other: Any) -> Any:
        if not isinstance(other, int | Formula):
            return NotImplemented
        return self - other * (self // other)

    def __rmod__(self, other: Any) -> Any:
        if not isinstance(other, int):
            return NotImplemented
        return other - self * (other // self)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Formula):
            if self is other or self.terms == other.terms:
                return True
        elif not isinstance(other, int):
            return NotImplemented
        apart = self - other
        low, high = bounds(apart)
        if (low is not None and low > 0) or (high is not None and high < 0) or not divisible(apart):
            return False
        raise Undecided(f"Whether {self} is {other} depends on the sizes.")

    def __lt__(self, other: Any) -> Any:
        return below(self, other)

    def __le__(self, other: Any) -> Any:
        return below(self, other, 1)

    def __gt__(self, other: Any) -> Any:
        return below(other, self)

    def __ge__(self, other: Any) -> Any:
        return below(other, self, 1)

    def __bool__(self) -> bool:
        return self != 0

    def _refused(self, *_: Any) -> Any:
        raise Undecided(f"{self} is no number.")

    __int__ = __index__ = __float__ = __truediv__ = __rtruediv__ = __round__ = __iter__ = _refused
    __rpow__ = __abs__ = __ceil__ = __floor__ = __trunc__ = __and__ = __rand__ = __lshift__ = bit_length = _refused

    def __str__(self) -> str:
        return signs(self)

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return str(self)


def divisible(n: Any) -> bool:
    """Whether the number in a sum is a multiple of what all other terms are multiples of: else it is never 0."""
    rest = n.terms.get((), 0) if isinstance(n, Formula) else 0
    return not rest or rest % gcd(*(c for monomial, c in n.terms.items() if monomial)) == 0


def named(text: str, low: int = 1, high: int | None = None) -> Any:
    """A size that has a name."""
    return low if low == high else Formula({((Name.of(text, low, high), 1),): 1})


def below(a: Any, b: Any, more: int = 0) -> Any:
    """Whether a < b + more."""
    if not isinstance(a, int | Formula) or not isinstance(b, int | Formula):
        return NotImplemented
    apart = a - b - more
    known = sign(apart)
    return Claim(apart) if known is None else known < 0


def terms_of(n: Any) -> Terms | None:
    if isinstance(n, Formula):
        return n.terms
    return ({(): int(n)} if n else {}) if isinstance(n, int) else None


def added(one: Terms, two: Terms, sign: int = 1) -> Terms:
    out = dict(one)
    for monomial, c in two.items():
        out[monomial] = out.get(monomial, 0) + sign * c
    return out


def total(formulas: Iterable[Formula]) -> Any:
    """Their sum, brought into its normal form once."""
    out: Terms = {}
    for one in formulas:
        spend(len(one.terms))
        for monomial, c in one.terms.items():
            out[monomial] = out.get(monomial, 0) + c
    return made(out)


def times(one: Monomial, two: Monomial) -> Monomial:
    if not one or not two:
        return one or two
    powers = dict(one)
    for atom, power in two:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted(powers.items(), key=place)) if len(powers) > 1 else tuple(powers.items())


def place(item: tuple[Atom, int]) -> str:
    """Where a factor stands among others."""
    return item[0].text


def made(terms: Terms) -> Any:
    """A number where no name is left, else a formula in its normal form."""
    spend(len(terms))
    terms = {monomial: c for monomial, c in terms.items() if c}
    if len(terms) > MOST_TERMS:
        raise Undecided("The formula has too many terms.")
    if not terms or (len(terms) == 1 and () in terms):
        return terms.get((), 0)
    for monomial, c in terms.items():
        if len(monomial) != 1 or not (floor := alone(monomial)):
            continue
        if c < 0:
            if all(terms.get(one, 0) >= -c for one in floor.whole):
                # ΣX − ⌊N/d⌋ is the other half
                other = complement(floor)
                return made(added(added(terms, {monomial: -c}), {**dict.fromkeys(floor.whole, c), ((other, 1),): -c}))
            if floor.divisor % 2 == 0:  # X − ⌊X/2⌋ is ⌊(X + 1)/2⌋, of X that is a floor itself
                half = floor.divisor // 2
                inner = terms_of(floored(floor.numerator, half)) or {}
                if any(map(alone, inner)) and all(terms.get(one, 0) >= -c * n for one, n in inner.items() if one):
                    upper = terms_of(floored(floor.numerator + half, floor.divisor)) or {}
                    rest = added(added(terms, {monomial: -c}), {one: c * n for one, n in inner.items()})
                    return made(added(rest, {one: -c * n for one, n in upper.items()}))
        elif (twin := ((complement(floor), 1),)) in terms and terms[twin] > 0:
            both = min(c, terms[twin])
            out = added(terms, {monomial: -both, twin: -both})
            return made(added(out, dict.fromkeys(floor.whole, both)))
    return Formula(terms)


def complement(floor: Floor) -> Floor:
    """The floor that adds up with this one to the sum of its numerator's terms, each once."""
    if floor.other is None:
        d, terms = floor.divisor, floor.numerator.terms
        rest = {monomial: d - c for monomial, c in terms.items() if monomial}
        if last := d - 1 - terms.get((), 0):
            rest[()] = last
        floor.other = Floor.of(Formula(rest), d)
        floor.other.other = floor
    return floor.other


def floored(n: Any, d: int) -> Any:
    """⌊n / d⌋ in its normal form: whole multiples apart, floors of floors as one, nothing in common left."""
    if not isinstance(n, Formula):
        return n // d
    if d == 1:
        return n
    whole = {monomial: c // d for monomial, c in n.terms.items() if c // d}
    rest = {monomial: c % d for monomial, c in n.terms.items() if c % d}
    names = {monomial: c for monomial, c in rest.items() if monomial}
    if not names:
        return made(whole)
    constant = rest.get((), 0)
    common = reduce(gcd, names.values(), d)
    if common > 1:
        inner = made({monomial: c // common for monomial, c in names.items()} | {(): constant // common})
        return made(added(whole, terms_of(floored(inner, d // common)) or {}))
    ((monomial, c), *more) = names.items()
    if (
        not more
        and c == 1
        and len(monomial) == 1
        and isinstance(floor := monomial[0][0], Floor)
        and monomial[0][1] == 1
    ):
        inner = floor.numerator + constant * floor.divisor
        return made(added(whole, terms_of(floored(inner, d * floor.divisor)) or {}))
    numerator = Formula(rest)
    low, high = numerator.bounds
    if low is not None and high is not None and low // d == high // d:
        return made(added(whole, {(): low // d}))
    return made(added(whole, {((Floor.of(numerator, d), 1),): 1}))


def quotient(n: Formula, d: Formula) -> Any:
    """N / d, where d divides it whatever the sizes."""
    if n.terms == d.terms:
        return 1
    if len(d.terms) == 1:
        ((monomial, by),) = d.terms.items()
        found = {divided(one, monomial): (c // by if c % by == 0 else None) for one, c in n.terms.items()}
        if None not in found and None not in found.values():
            return made(found)  # type: ignore[arg-type]
    raise Undecided(f"{n} by {d} is no formula.")


def divided(one: Monomial, by: Monomial) -> Monomial | None:
    powers = dict(one)
    for atom, power in by:
        powers[atom] = powers.get(atom, 0) - power
        if powers[atom] < 0:
            return None
    return tuple((atom, power) for atom, power in powers.items() if power)
