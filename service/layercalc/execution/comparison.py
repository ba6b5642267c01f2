"""What came out held against what should have, and where a number that is none came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np

PIECE = 1 << 18  # numbers that are compared at a time


def compared(
    made: Mapping[str, np.ndarray],
    wanted: Iterable[tuple[str, np.ndarray]],
    order: Sequence[str],
    rtol: float,
    atol: float,
) -> dict[str, Any]:
    """|actual − expected| ≤ atol + rtol · |expected|, element by element; two NaN are equal.

    `wanted` are outputs or layers by name, one at a time; `order` all names as they were computed: the first of them
    that differs is `first_divergence`, with the place of its largest error.
    """
    lines = {name: comparison(name, made[name], array, rtol, atol) for name, array in wanted}
    failed = [name for name in dict.fromkeys([*order, *lines]) if name in lines and not lines[name]["passed"]]
    return {
        "passed": not failed,
        "max_abs_error": worst(lines.values(), "max_abs_error"),
        "max_rel_error": worst(lines.values(), "max_rel_error"),
        "first_divergence": {"layer": failed[0], **lines[failed[0]]["worst"]} if failed else None,
        "outputs": list(lines.values()),
    }


def comparison(name: str, output: np.ndarray, array: np.ndarray, rtol: float, atol: float) -> dict[str, Any]:
    """One tensor: its errors, how many elements are too far off, and the worst of those; a piece at a time."""
    absolute = relative = 0.0
    total, mismatches, furthest, place = 0.0, 0, -1.0, 0
    made, wanted = output.reshape(-1), array.reshape(-1)
    for begin in range(0, made.size, PIECE):
        deadline.check()
        a, b = (one[begin : begin + PIECE].astype(np.float64) for one in (made, wanted))
        with np.errstate(all="ignore"):
            close = np.isclose(a, b, rtol, atol, equal_nan=True)
            error = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
            absolute = np.maximum(absolute, error.max())  # a NaN stays
            relative = np.maximum(relative, np.where(error == 0, 0.0, error / np.abs(b)).max())
            total += float(error.sum())
        mismatches += int(close.size - close.sum())
        off = np.where(close, -1.0, np.where(np.isnan(error), np.inf, error))
        at = int(off.argmax())
        if off[at] > furthest:
            furthest, place = off[at], begin + at
    line: dict[str, Any] = {
        "name": name,
        "passed": not mismatches,
        "max_abs_error": finite(float(absolute)),
        "max_rel_error": finite(float(relative)),
        "mean_abs_error": finite(total / made.size) if made.size else 0.0,
        "mismatches": mismatches,
    }
    if mismatches:
        line["worst"] = {
            "index": [int(i) for i in np.unravel_index(place, output.shape)],
            "actual": finite(float(made[place])),
            "expected": finite(float(wanted[place])),
        }
    return line


def finite(number: float) -> float | None:
    """A number; null where it is infinite or none, which JSON cannot say."""
    return number if np.isfinite(number) else None


def worst(lines: Any, key: str) -> float | None:
    values = [line[key] for line in lines]
    return None if None in values else max(values, default=0.0)


def origin(
    inputs: Mapping[str, np.ndarray], weights: Mapping[str, np.ndarray], lines: Sequence[Mapping[str, Any]]
) -> dict[str, Any] | None:
    """Where the first NaN or infinity came from: an input, a weight, or the first layer (in the order they ran)."""
    for kind, arrays in (("input", inputs), ("weight", weights)):
        for name, array in arrays.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                return {kind: name, "nan_count": int(np.isnan(array).sum()), "inf_count": int(np.isinf(array).sum())}
    for line in lines:
        if line["nan_count"] or line["inf_count"]:
            return {"layer": line["name"], "nan_count": line["nan_count"], "inf_count": line["inf_count"]}
    return None
