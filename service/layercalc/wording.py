"""Values in sentences: what was received, cut short; the nearest name; numbers that can be reckoned with."""

import difflib
import json
import keyword
import math
import re
from collections.abc import Mapping
from typing import Any

from layercalc import deadline


def received(value: object) -> str:
    """A value as the sender wrote it, cut short."""
    try:
        text = json.dumps(clipped(value), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= 80 else text[:77] + "…"


def clipped(value: object, depth: int = 4) -> object:
    """As much of a value as can be shown: the rest is not even looked at."""
    if isinstance(value, str):
        return value[:80]
    if isinstance(value, list | tuple):
        return [clipped(one, depth - 1) for one in value[:20]] if depth else []
    if isinstance(value, dict):
        return {str(key)[:80]: clipped(value[key], depth - 1) for key in list(value)[:20]} if depth else {}
    return value


STORED = {"weight_dtype": "weights", "activation_dtype": "activations"}  # as which an answer was asked for
AS_SAID = "dtypes that the document says"  # where it was not


def stored_as(found: Mapping[str, Any]) -> str:
    """What tensors are taken to be stored as in an answer that was asked for so, else nothing."""
    return " and ".join(f"{what} as {found[key]}" for key, what in STORED.items() if key in found)


MAX_DIGITS = 300  # of an integer in a document: what is multiplied from a few of them can still be printed
HUGE = 1 << MAX_DIGITS * 3322 // 1000


def whole(value: object, least: int | None = None) -> bool:
    """Whether a value is an integer (no bool) of at least `least`, of a size that can be reckoned with."""
    return value.__class__ is int and -HUGE < value < HUGE and (least is None or value >= least)


def finite(value: object) -> bool:
    """Whether a value is a number (no bool) that a float can hold."""
    return math.isfinite(value) if type(value) is float else whole(value)


def nearest_name(name: str, names: list[str], cutoff: float = 0.6) -> str | None:
    """The nearest of some names; None where none is near, or where too much time has gone into such questions."""
    deadline.check()
    if not deadline.early():
        return None
    folded = {candidate.lower(): candidate for candidate in names}
    close = difflib.get_close_matches(name.lower()[:100], folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None


def nearest(name: str, names: list[str], cutoff: float = 0.6) -> str:
    """` Did you mean …?`, or nothing where no name is near."""
    near = nearest_name(name, names, cutoff)
    return "" if near is None else f" Did you mean {near!r}?"


def is_name(value: object) -> bool:
    """Whether a value is the name of a size, as expressions have names."""
    if not isinstance(value, str):
        return False
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,99}", value, re.ASCII)
    return bool(plain) and not keyword.iskeyword(value) and value not in ("max", "min")
