"""Formulas of a report held against the numbers of the same model at sizes drawn by chance."""

import random
import re

from layercalc import analyze
from layercalc.errors import Refused

WORDS = {"max": max, "min": min, "__builtins__": {}}
NAME = re.compile(r"[A-Za-z]\w*")
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


def difference(pair, sizes):
    text = pair.get("formulas", {}).get("difference")
    return pair["difference"] if text is None else value(text, sizes)


def compare(report, numbers, sizes):
    """Every formula, and every number beside them, is what the numbers say."""
    assert ("counts" in report["totals"]) is ("counts" in numbers["totals"])
    for one, other in zip(report.get("reconciliation", ()), numbers.get("reconciliation", ()), strict=True):
        assert difference(one, sizes) in (None, other["difference"])
    for part in ("totals", "memory"):
        for path, text in report[part].get("formulas", {}).items():
            assert value(text, sizes) == at_path(numbers[part], path), (part, path, sizes)
    for row, wanted in zip(report["layers"], numbers["layers"], strict=True):
        for path, text in row.get("formulas", {}).items():
            assert value(text, sizes) == at_path(wanted, path), (row["name"], path, text, sizes)
        for key, n in row.get("counts", {}).items():
            assert n in (None, wanted["counts"][key]), (row["name"], key, sizes)
        for key in COUNTS:
            assert row[key] in (None, wanted[key]), (row["name"], key, sizes)
        shape = shaped(row["output_formula"], sizes) if "output_formula" in row else row["output_shape"]
        for found, want in zip(shape, wanted["output_shape"], strict=True):
            assert found in (None, want), (row["name"], row.get("output_formula"), wanted["output_shape"], sizes)
        seen = row["receptive_field"]
        for key in ("size", "stride", "padding") if seen else ():
            told = seen.get("formulas", {}).get(key) or [None] * len(seen[key])
            for n, text, want in zip(seen[key], told, wanted["receptive_field"][key], strict=True):
                assert (n if text is None else value(text, sizes)) in (None, want), (row["name"], key, text, sizes)


def met(conditions, draw, dims, top):
    """Sizes drawn by chance, each such that the conditions of it alone hold if one of a few does."""
    sizes = {}
    for name, one in dims.items():
        high = top if one["max"] is None else min(top, one["max"])
        for _ in range(200):
            sizes[name] = draw.randint(one["min"], max(high, one["min"]))
            if all(value(text, sizes) for text in conditions if set(NAME.findall(text)) == {name}):
                break
    return sizes


def complete(report):
    """Whether every layer has formulas: one that decides by sizes gives what is unknown, and so is whether it goes."""
    every = [(row, row.get("formulas", {})) for row in report["layers"]]
    return all(row[key] is not None or key in formulas for row, formulas in every for key in COUNTS)


def held(document, seed, *, times=4, largest=60, **options):
    """Read a model with names and at sizes drawn by chance: what differs is an error.

    Gives how often numbers and formulas were compared, and how often numbers were answered though conditions fail.
    Where the conditions hold the numbers are what the formulas say. Sizes are refused where a guard fails; and where
    what is presumed holds, exactly where a condition fails, if the formulas are complete.
    """
    report = analyze(document, **options)
    draw, compared, answered = random.Random(seed), 0, 0
    for number in range(6 * times if "dims" in report else 0):
        conditions = report["conditions"] if number % 3 else ()
        sizes = met(conditions, draw, report["dims"], 4 * largest if number % 2 else largest)
        holds, guarded, presumed = (
            all(value(one, sizes) for one in report[key]) for key in ("conditions", "guards", "presumed")
        )
        assert not holds or (guarded and presumed), sizes
        try:
            found = analyze(document, **{**options, "dims": sizes})
        except Refused as error:
            assert not (holds and complete(report)), (sizes, report["conditions"], str(error))
            continue
        if holds:
            compare(report, found, sizes)
            compared += 1
            if compared == times:
                break
        else:
            assert guarded, (sizes, report["guards"])
            assert not presumed, (sizes, report["conditions"], report["presumed"])
            answered += 1
    return report, compared, answered
