"""Formulas of a report in the signs of mathematics, as long as there is room for them."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from layercalc.amounts import number_text
from layercalc.formulas import parsed, signs

CELL = 40  # characters of a formula in a table
LINE = 600  # and in a line of its own


@lru_cache(4096)
def drawn(expression: str, room: int = LINE) -> str:
    """An expression of a report in signs; the whole terms that there is room for, and … for the rest."""
    try:
        text = signs(parsed(expression))
    except (ValueError, TypeError):  # of an earlier report, or too long
        text = expression
    return text if len(text) <= room else cut(text, room)


def cut(text: str, room: int) -> str:
    """As many of a sum's terms as fit, or the beginning of the first."""
    depth, end = 0, 0
    for place, one in enumerate(text[: room - 3]):
        depth += (one in "(⌊⌈") - (one in ")⌋⌉")
        if not depth and text[place : place + 3] in (" + ", " − "):
            end = place
    return f"{text[:end]} + …" if end else f"{text[: room - 1]}…"


def amount(of: Mapping[str, Any], *path: str, room: int = LINE) -> str:
    """A count of a row, of totals or of memory for people: a number, a formula, or unknown."""
    value: Any = of
    for key in path:
        value = value[key]
    formula = of.get("formulas", {}).get(".".join(path))
    return drawn(formula, room) if value is None and formula is not None else number_text(value)


def counts_of(totals: Mapping[str, Any]) -> dict[str, Any]:
    """The counts among totals, without what is said of them beside."""
    return {key: n for key, n in totals.items() if not isinstance(n, dict)}


def sizes_of(shape: Sequence[int | None] | None, formula: Sequence[str | None] | None) -> list[Any] | None:
    """A shape with signs in place of the sizes that have a formula."""
    if shape is None or not formula or len(formula) != len(shape):
        return None if shape is None else [*shape]
    pairs = zip(shape, formula, strict=True)
    return [drawn(text, CELL) if n is None and text is not None else n for n, text in pairs]


def output_sizes(row: Mapping[str, Any]) -> list[Any]:
    """The first output's shape of a row, formulas in signs."""
    return sizes_of(row["output_shape"], row.get("output_formula")) or []


def shape_of(tensor: Mapping[str, Any]) -> list[Any]:
    """The shape of an input or output, formulas in signs."""
    return sizes_of(tensor["shape"], tensor.get("shape_formula")) or []


def compact(shape: Sequence[int | None] | None, formula: Sequence[str | None] | None) -> list[Any] | None:
    """A shape with expressions, without their spaces, in place of the sizes that have one."""
    if shape is None or not formula or len(formula) != len(shape):
        return None if shape is None else [*shape]
    pairs = zip(shape, formula, strict=True)
    return [text.replace(" ", "") if n is None and text is not None else n for n, text in pairs]
