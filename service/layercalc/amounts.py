"""Numbers and shapes as people read them, and whole numbers as they write them."""

from collections.abc import Sequence

PREFIXES = "KMGTPEZY"


def plain_digits(text: str, most: int = 300) -> bool:
    """Whether a text is an integer in ASCII digits; int() alone takes "1_0" and "٣", and is quadratic."""
    return text.isascii() and text.isdecimal() and len(text) <= most


def integer(text: str) -> int | str:
    """The integer that a text is, or the text itself for a reader to refuse."""
    return int(text) if plain_digits(text) else text


def number_text(n: int | None) -> str:
    """`1,234,567`."""
    return "unknown" if n is None else f"{n:,}"


def shape_text(shape: Sequence[int | None]) -> str:
    """`(None, 28, 28, 1)`, as Keras' summary writes it."""
    return (
        "(" + ", ".join("None" if dim is None else str(dim) for dim in shape) + ("," if len(shape) == 1 else "") + ")"
    )


def bytes_text(n: int | None) -> str:
    """`4.00 KiB`."""
    return "unknown" if n is None else scaled(n, 1024, "B", 2)


def scaled(n: int, base: int, unit: str, places: int) -> str:
    """A number in the largest unit that leaves it above one; rounded in integers, since it may be past any float."""
    if n < 0:
        return f"-{scaled(-n, base, unit, places)}"
    power = 0
    while power < len(PREFIXES) and n >= base ** (power + 1):
        power += 1
    if not power:
        return f"{n} {unit}".strip()
    whole, part = divmod((n * 10**places + base**power // 2) // base**power, 10**places)
    return f"{whole:,}.{part:0{places}} {PREFIXES[power - 1]}{'i' * (base == 1024)}{unit}"


def brief(metric: str, *numbers: int) -> list[str]:
    """Numbers for a sentence: 652.1 M, 16 MiB; in full where two of them would read the same."""
    base, unit = (1024, "B") if "bytes" in metric else (1000, "")
    short = [scaled(n, base, unit, 1).replace(".0 ", " ") for n in numbers]
    full = [f"{n:,}{f' {unit}' * bool(unit)}" for n in numbers]
    return full if len(set(short)) < len(set(numbers)) else short


def share(part: int, whole: int) -> str:
    """A part in per cent, rounded in integers."""
    tenths = (part * 1000 + whole // 2) // whole
    return f"{tenths // 10:,}.{tenths % 10} %"
