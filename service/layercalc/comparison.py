"""Outputs held against what they should be."""

from typing import Any

import numpy as np


def compared(
    names: list[str], outputs: list[np.ndarray], wanted: list[np.ndarray], rtol: float, atol: float
) -> dict[str, Any]:
    """|actual − expected| ≤ atol + rtol · |expected|, element by element; two NaN are equal."""
    lines: list[dict[str, Any]] = []
    for name, output, array in zip(names, outputs, wanted, strict=True):
        a, b = output.astype(np.float64), array.astype(np.float64)
        with np.errstate(all="ignore"):
            passed = bool(np.isclose(a, b, rtol, atol, equal_nan=True).all())
            error = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
            relative = np.where(error == 0, 0.0, error / np.abs(b))
        lines.append(
            {"name": name, "passed": passed, "max_abs_error": largest(error), "max_rel_error": largest(relative)}
        )
    return {
        "passed": all(line["passed"] for line in lines),
        "max_abs_error": worst(lines, "max_abs_error"),
        "max_rel_error": worst(lines, "max_rel_error"),
        "outputs": lines,
    }


def largest(errors: np.ndarray) -> float | None:
    """The largest error; null where it is infinite or no number, which JSON cannot say."""
    most = float(errors.max(initial=0.0)) if not np.isnan(errors).any() else float("nan")
    return most if np.isfinite(most) else None


def worst(lines: list[dict[str, Any]], key: str) -> float | None:
    values = [line[key] for line in lines]
    return None if None in values else max(values, default=0.0)
