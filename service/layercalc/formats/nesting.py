"""The rows of a report under the modules that they stand in, as torchinfo shows them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from layercalc import deadline

Row = dict[str, Any]
BLANK = dict.fromkeys(("inputs", "arithmetic_intensity", "receptive_field", "roofline"), "")  # what no module has


class Nested(NamedTuple):
    """A row of a report, or a module with the sums of the rows in it; its depth counts from 1."""

    row: Row
    depth: int
    module: bool


def nested(report: dict[str, Any], depth: int | None = None) -> list[Nested]:
    """Modules and rows in order, each module before what is in it; those deeper than `depth` are left out."""
    return [one for one in whole(report) if depth is None or one.depth <= depth]


def whole(report: dict[str, Any]) -> Iterator[Nested]:
    """The same to any depth."""
    modules = iter(report.get("modules", ()))
    coming = next(modules, None)
    opened: list[Row] = []
    for row in deadline.each(report["layers"]):
        while coming is not None and coming["first"] == row["name"]:
            opened.append(coming)
            yield Nested({**BLANK, **coming, "type": coming["type"] or ""}, coming["depth"], True)
            coming = next(modules, None)
        yield Nested(row, len(opened) + 1, False)
        while opened and opened[-1]["last"] == row["name"]:
            opened.pop()


def folded(report: dict[str, Any], depth: int | None) -> list[Row]:
    """Rows that add up to the totals: those down to a depth, and for those that are deeper their modules at it."""
    if depth is None:
        return list(report["layers"])
    every = nested(report, depth)
    following = [*(one.depth for one in every[1:]), 0]
    return [
        one.row for one, after in zip(every, following, strict=True) if not one.module or after <= one.depth == depth
    ]


def labels(every: list[Nested]) -> list[str]:
    """What each is called under its module, behind lines that show where it belongs: `│  ├─ conv1`."""
    goes_on: list[bool] = []  # by depth: whether something comes there further down, in the same module
    ends = []
    for one in reversed(every):
        del goes_on[one.depth :]
        goes_on += [False] * (one.depth - len(goes_on))
        ends.append(not goes_on[-1])
        goes_on[-1] = True
    lines: list[bool] = []  # by depth: whether its line goes on
    paths: list[str] = []
    out = []
    for one, last in zip(every, reversed(ends), strict=True):
        del lines[one.depth - 1 :], paths[one.depth - 1 :]
        outer = paths[-1] if paths else ""
        before = "".join("│  " if line else "   " for line in lines)
        out.append(f"{before}{'└─' if last else '├─'} {one.row['name'].removeprefix(outer)}")
        lines.append(not last)
        paths.append(f"{path_of(one.row['name'])}.")
    return out


def path_of(name: str) -> str:
    """The path of a module without which use of it this is."""
    path, at, use = name.rpartition("@")
    return path if at and use.isdigit() else name
