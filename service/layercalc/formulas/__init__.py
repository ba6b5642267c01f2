"""Sizes that are not numbers: formulas over their names.

Arithmetic is exact, and a comparison is decided where bounds prove it: a name is at least 1, or in the range that is
known of it. Code that is right for integers is right for formulas too: where it would decide something that is not
proven, it is stopped by `Undecided`.
"""

from layercalc.formulas.atoms import at, bounds
from layercalc.formulas.conditions import (
    EQUAL,
    LEAST,
    RELATIONS,
    UNEQUAL,
    Claim,
    Either,
    Guard,
    guard,
    guarded,
    presume,
    settled,
)
from layercalc.formulas.effort import Undecided, limited
from layercalc.formulas.extremes import extreme, proven
from layercalc.formulas.formula import Formula, named, total
from layercalc.formulas.narrowing import Conditions, certain, conditions, grows, narrowed, needed, parted
from layercalc.formulas.reading import parsed
from layercalc.formulas.substitution import Substitution
from layercalc.formulas.text import code, signs

__all__ = [
    "EQUAL", "LEAST", "RELATIONS", "UNEQUAL", "Claim", "Conditions", "Either", "Formula", "Guard", "Substitution",
    "Undecided", "at", "bounds", "certain", "code", "conditions", "extreme", "grows", "guard", "guarded", "limited",
    "named", "narrowed", "needed", "parsed", "parted", "presume", "proven", "settled", "signs", "total",
]  # fmt: skip
