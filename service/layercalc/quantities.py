"""Numbers as people write them: limits such as 5M, 16MiB and 2 %, and counts in a sentence."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from layercalc.layers.fields import received, whole

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
        raise ValueError(f"Expected a whole number; {value.strip()} is {float(found):g}.")
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


def human(metric: str, *numbers: int) -> list[str]:
    """Numbers for a sentence: 652.1 M, 16 MiB; in full where two of them would read the same."""
    base, unit, names = (1024, "B", "KMGTPEZY") if "bytes" in metric else (1000, "", "KMGTPEZY")
    short = [scaled(n, base, unit, names) for n in numbers]
    full = [f"{n:,}{f' {unit}' * bool(unit)}" for n in numbers]
    return full if len(set(short)) < len(set(numbers)) else short


def scaled(n: int, base: int, unit: str, names: str) -> str:
    if n < 0:
        return f"-{scaled(-n, base, unit, names)}"
    power = 0
    while power < len(names) and n >= base ** (power + 1):
        power += 1
    if not power:
        return f"{n} {unit}".strip()
    tenths = (n * 10 + base**power // 2) // base**power
    digits = f"{tenths // 10:,}" + (f".{tenths % 10}" if tenths % 10 else "")
    return f"{digits} {names[power - 1]}{'i' * (base == 1024)}{unit}"


def share(part: int, whole: int) -> str:
    """A part in per cent, rounded in integers: one of any size is no float."""
    tenths = (part * 1000 + whole // 2) // whole
    return f"{tenths // 10:,}.{tenths % 10} %"


def text(shape: Sequence[int | None]) -> str:
    """A shape as it is written in a budget."""
    return "[" + ", ".join("null" if dim is None else str(dim) for dim in shape) + "]"


def sizes(written: str) -> list[Any]:
    """A shape from the text of an option, `null,10`; what is no size stays as it is, for the reader to refuse."""
    parts = [one.strip() for one in written.strip("[]() ").split(",") if one.strip()]
    return [None if one in ("null", "None") else int(one) if plain_digits(one) else one for one in parts]


def plain_digits(one: str) -> bool:
    return one.isascii() and one.isdecimal() and len(one) < 300
