"""Numbers as people write them in a budget: limits such as 5M, 16MiB and 2 %."""

import re
from fractions import Fraction
from typing import Any

from layercalc.amounts import integer
from layercalc.wording import received, whole

DECIMAL = {"": 0, "K": 1, "M": 2, "G": 3, "B": 3, "T": 4, "P": 5, "E": 6, "Z": 7, "Y": 8}
PATTERN = r"\s*[0-9][0-9_]*(\.[0-9]+)?([eE][+]?[0-9]{1,3})?\s*([KMGTPEZYkmgt]i?)?B?\s*"
PERCENT = r"\s*[0-9]{1,9}(\.[0-9]{1,9})?\s*%\s*"
NUMBER = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][+]?[0-9]{1,3})?)\s*([KMGTPEZYkmgt]?)(i?)(B?)", re.ASCII)
EXAMPLE = 'a number, or text such as "5M", "1.2G" or "16MiB"'


def quantity(value: Any) -> int:
    """A whole number of at least 0, from a number or text with a unit: K, M, G … are powers of 1000, Ki … of 1024."""
    if whole(value, 0):
        return int(value)
    if isinstance(value, float) and value >= 0 and value == value // 1 and value < 1e300:
        return int(value)
    match = NUMBER.fullmatch(value.strip()) if isinstance(value, str) and len(value) < 400 else None
    if match is None:
        hint = " A percentage is for max_increase." if isinstance(value, str) and value.rstrip().endswith("%") else ""
        raise ValueError(f"Expected {EXAMPLE}; received {received(value)}.{hint}")
    digits, unit, binary, _ = match.groups()
    if binary and not unit:
        raise ValueError(f"Expected {EXAMPLE}; received {received(value)}.")
    found = Fraction(digits.replace("_", "")) * (1024 if binary else 1000) ** DECIMAL[unit.upper()]
    if found.denominator != 1:
        raise ValueError(f"Expected a whole number; {value.strip()} is none.")
    return int(found)


def increase(value: Any) -> int | Fraction:
    """A number, or a share of one such as "2%"."""
    if isinstance(value, str) and re.fullmatch(PERCENT, value, re.ASCII):
        return Fraction(value.rstrip()[:-1].strip()) / 100
    try:
        return quantity(value)
    except ValueError as error:
        expected = 'Expected a percentage such as "2%", or an increase in numbers such as 500 or "5K"'
        raise ValueError(f"{expected}; received {received(value)}.") from error


def sizes(written: str) -> list[Any]:
    """A shape from the text of an option, `null,10`; what is no size stays as it is, for the reader to refuse."""
    parts = [one.strip() for one in written.strip("[]() ").split(",") if one.strip()]
    return [None if one in ("null", "None") else integer(one) for one in parts]
