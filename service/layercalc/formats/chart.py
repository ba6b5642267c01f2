"""A sweep as a picture in text: a dot for each row, two numbers of it along the axes."""

from collections.abc import Sequence
from typing import Any

from layercalc.amounts import scaled

WIDTH, HEIGHT = 60, 14  # characters, each of two by four dots
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a character of Braille, by row and column
BLANK = 0x2800


def sweep_chart(answer: dict[str, Any], objectives: Sequence[str] = ()) -> str:
    """The rows of a sweep: its objectives against one another, or its first metric against the first name that varies.

    Rows whose numbers are unknown are left out.
    """
    across, up = axes(answer, objectives)
    points = [(number_of(row, across), number_of(row, up)) for row in answer["rows"]]
    known: list[tuple[Any, Any]] = [(x, y) for x, y in points if x is not None and y is not None]
    if not known:
        return "There is no row to draw.\n"
    xs, ys = zip(*known, strict=True)
    left, right, low, high = min(xs), max(xs), min(ys), max(ys)
    cells = [[BLANK] * WIDTH for _ in range(HEIGHT)]
    for x, y in known:
        column, row = place(x, left, right, 2 * WIDTH), place(y, low, high, 4 * HEIGHT)
        down = 4 * HEIGHT - 1 - row
        cells[down // 4][column // 2] |= DOTS[down % 4][column % 2]
    labels = {0: short(up, high), HEIGHT - 1: short(up, low)}
    margin = max(map(len, labels.values()))
    lines = [f"{up}, {len(known):,} of {answer['matching']:,} candidates within the limits"]
    for number, line in enumerate(cells):
        drawn = "".join(map(chr, line)).rstrip(chr(BLANK))
        lines.append(f"{labels.get(number, ''):>{margin}} ┤{drawn}")
    ends = short(across, left), short(across, right)
    lines.append(f"{'':{margin}} └{'─' * WIDTH}")
    lines.append(f"{'':{margin}}  {ends[0]}{across:^{max(WIDTH - len(ends[0]) - len(ends[1]), 0)}}{ends[1]}")
    return "\n".join(lines) + "\n"


def axes(answer: dict[str, Any], objectives: Sequence[str]) -> tuple[str, str]:
    """What goes across and what goes up."""
    if len(objectives) > 1:
        return objectives[1], objectives[0]
    up = next(iter(objectives), answer["columns"][0])
    names = list(answer["rows"][0]["values"]) if answer["rows"] else []
    varying = (name for name in names if len({number_of(row, name) for row in answer["rows"]} - {None}) > 1)
    return next(varying, next(iter(names), "")), up


def number_of(row: dict[str, Any], key: str) -> int | float | None:
    """A number of a row: one of its values, or a metric."""
    value = row["values"].get(key) if key in row["values"] else row.get(key)
    return value if type(value) in (int, float) else None


def place(n: Any, low: Any, high: Any, places: int) -> int:
    """Which of so many places a number has between two others."""
    return 0 if low == high else int((n - low) * (places - 1) // (high - low))


def short(key: str, n: Any) -> str:
    """A number at the end of an axis."""
    if isinstance(n, float):
        return f"{n:.3g}"
    return scaled(n, 1024, "B", 1) if key.endswith("bytes") else scaled(n, 1000, "", 1)
