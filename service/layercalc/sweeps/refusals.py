"""Candidates that are no networks, gathered by what is said of them."""

import re
from typing import Any, NamedTuple

from layercalc.errors import Refused

MOST_REFUSED = 100  # kinds of refusals that are told apart
OTHERS = ""  # the kind of all that are past those
ALIKE = 24  # characters by which two messages are of one kind
NUMBERS = re.compile(r"Column|#|-?\d+(?:[.,]\d+)*")


class Refusal(NamedTuple):
    """Candidates that are no networks for one reason: how many, what is said of the first, its number."""

    candidates: int
    first: int
    pointer: str
    detail: str


def gather(found: dict[str, Refusal], one: Refusal) -> None:
    """Add a refusal to those of its kind: one place, and one message but for the numbers in it."""
    kind = f"{one.pointer} {NUMBERS.sub('#', one.detail)}"
    if kind not in found and len(found) >= MOST_REFUSED:
        kind, one = OTHERS, one._replace(pointer="", detail=f"Other reasons, such as: {one.detail}")
    known = found.get(kind, one._replace(candidates=0))
    first = one if one.first < known.first else known
    found[kind] = first._replace(candidates=known.candidates + one.candidates)


Said = tuple[tuple[str, str], ...]


def blanked(error: Refused) -> Said:
    """Where faults are and what is said of them, without the numbers in it."""
    return tuple((place_of(one), NUMBERS.sub("#", str(one["detail"]))) for one in error.every)


def place_of(fault: dict[str, Any]) -> str:
    return str(fault.get("pointer") or fault.get("parameter") or "")


def alike(one: Said, other: Said) -> bool:
    """Whether the first of several faults is of one kind."""
    return one[0][0] == other[0][0] and one[0][1][:ALIKE] == other[0][1][:ALIKE]
