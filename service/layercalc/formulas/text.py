"""Formulas as Python and as mathematics write them."""

from typing import Any

from layercalc.formulas.atoms import Atom, Extreme, Floor, Monomial
from layercalc.formulas.effort import spend


def drawn(atom: Atom) -> str:
    """A factor in the signs of mathematics."""
    if isinstance(atom, Extreme):
        return f"{atom.word}({', '.join(map(signs, atom.parts))})"
    if not isinstance(atom, Floor):
        return atom.text
    top, rest = atom.numerator, atom.numerator.terms.get((), 0)
    if rest == atom.divisor - 1:
        return f"⌈{within(top - rest)}/{atom.divisor}⌉"
    return f"⌊{within(top)}/{atom.divisor}⌋"


def within(n: Any) -> str:
    """A numerator."""
    return f"({signs(n)})" if hasattr(n, "terms") and len(n.terms) > 1 else signs(n)


def code(n: Any) -> str:
    """A number or formula as Python writes it: `eval` with the names bound gives the number."""
    return n.code if hasattr(n, "terms") else str(int(n))


def signs(n: Any) -> str:
    """A number or formula in the signs of mathematics."""
    return joined(n, as_signs) if hasattr(n, "terms") else f"{n:,}"


def as_code(c: int, monomial: Monomial) -> str:
    """A term as Python writes it, without its sign."""
    several = len(monomial) > 1 or c != 1
    factors = [str(abs(c))] if abs(c) != 1 or not monomial else []
    for atom, power in monomial:
        text = f"({atom.text})" if atom.__class__ is Floor and (several or power > 1) else atom.text
        factors.append(text if power == 1 else f"{text}**{power}")
    return "*".join(factors)


POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def as_signs(c: int, monomial: Monomial) -> str:
    """A term in the signs of mathematics, without its sign."""
    factors = [f"{abs(c):,}"] if abs(c) != 1 or not monomial else []
    for atom, power in monomial:
        factors.append(drawn(atom) + (str(power).translate(POWERS) if power > 1 else ""))
    return "·".join(factors)


def joined(n: Any, term: Any) -> str:
    """The terms with their signs, those of most factors first."""
    spend(4 * len(n.terms))
    minus = "-" if term is as_code else "−"
    out = ""
    for monomial, c in sorted(n.terms.items(), key=rank) if len(n.terms) > 1 else n.terms.items():
        sign = (f" {minus} " if c < 0 else " + ") if out else (minus if c < 0 else "")
        out += sign + term(c, monomial)
    return out


def rank(item: tuple[Monomial, int]) -> Any:
    """Where a term stands among others."""
    monomial = item[0]
    return -sum([power for _, power in monomial]), [atom.text for atom, _ in monomial]
