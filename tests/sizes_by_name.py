"""Formulas of a report held against the numbers of the same model at sizes drawn by chance."""

import random

from layercalc import analyze
from layercalc.errors import Refused

WORDS = {"max": max, "min": min, "__builtins__": {}}
COUNTS = ("params", "trainable_params", "macs", "flops", "param_bytes", "activation_bytes", "live_bytes")


def value(text, sizes):
    """The contract: Python's integers, with the names bound."""
    return eval(text, WORDS, dict(sizes))


def at_path(found, path):
    for key in path.split("."):
        found = found[key]
    return found


def shaped(formula, sizes):
    return [None if dim is None else value(dim, sizes) for dim in formula]


def compare(report, numbers, sizes):
    """Every formula, and every number beside them, is what the numbers say."""
    for part in ("totals", "memory"):
        for path, text in report[part].get("formulas", {}).items():
            assert value(text, sizes) == at_path(numbers[part], path), (part, path, sizes)
    for row, wanted in zip(report["layers"], numbers["layers"], strict=True):
        for path, text in row.get("formulas", {}).items():
            assert value(text, sizes) == at_path(wanted, path), (row["name"], path, text, sizes)
        for key in COUNTS:
            assert row[key] in (None, wanted[key]), (row["name"], key, sizes)
        shape = shaped(row["output_formula"], sizes) if "output_formula" in row else row["output_shape"]
        for found, want in zip(shape, wanted["output_shape"], strict=True):
            assert found in (None, want), (row["name"], row.get("output_formula"), wanted["output_shape"], sizes)


def held(document, seed, *, times=4, largest=60, complete=True, **options):
    """Read a model with names and at sizes drawn by chance: what differs is an error.

    Gives how often numbers and formulas were compared, and how often numbers were answered though conditions fail.
    Where the conditions hold the numbers are answered, if these are `complete`, and are what the formulas say.
    """
    report = analyze(document, **options)
    draw, compared, answered = random.Random(seed), 0, 0
    for number in range(6 * times if "dims" in report else 0):
        top = 4 * largest if number % 2 else largest
        sizes = {
            name: draw.randint(one["min"], top if one["max"] is None else min(top, one["max"]))
            for name, one in report["dims"].items()
        }
        holds = all(value(one, sizes) for one in report["conditions"])
        try:
            found = analyze(document, **{**options, "dims": sizes})
        except Refused as error:
            assert not (holds and complete), (sizes, report["conditions"], str(error))
            continue
        if holds:
            compare(report, found, sizes)
            compared += 1
            if compared == times:
                break
        else:
            answered += 1
    return report, compared, answered
