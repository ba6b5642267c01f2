"""Formulas with other sizes in place of names."""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from layercalc.formulas.atoms import Atom, Extreme, Floor, Name
from layercalc.formulas.formula import Formula
from layercalc.formulas.text import code


def as_it_stands(word: str, *parts: Any) -> Any:
    """A maximum or minimum that is not looked into."""
    return Formula({((Extreme.of(word, tuple(sorted(parts, key=code))), 1),): 1})


class Substitution:
    """Names and what stands in their place; a maximum or minimum is made by `extreme` of what its parts become."""

    def __init__(self, names: Mapping[Name, Any], extreme: Callable[..., Any] = as_it_stands):
        self.names, self.extreme = names, extreme
        self.known: dict[Atom, Any] = {}

    def of(self, n: Any) -> Any:
        """What a number or formula becomes."""
        if not isinstance(n, Formula) or not self.names:
            return n
        return sum([c * prod([self.factor(atom) ** power for atom, power in one]) for one, c in n.terms.items()], 0)

    def factor(self, atom: Atom) -> Any:
        if atom not in self.known:
            self.known[atom] = self.made(atom)
        return self.known[atom]

    def made(self, atom: Atom) -> Any:
        if isinstance(atom, Floor):
            return self.of(atom.numerator) // atom.divisor
        if isinstance(atom, Extreme):
            return self.extreme(atom.word, *map(self.of, atom.parts))
        assert isinstance(atom, Name)
        return self.names[atom] if atom in self.names else Formula({((atom, 1),): 1})
