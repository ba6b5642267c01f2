"""Limits on what a model may cost: read, and held against a report."""

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc.errors import InvalidBudgets, pointer
from layercalc.layers import nearest
from layercalc.layers.fields import received, whole

KEYS = ("metric", "max", "min", "equals", "max_increase", "min_delta", "layer", "level", "name")
LIMITS = ("max", "min", "equals", "max_increase")
LEVELS = ("error", "warn")
SHAPE, REACH = "output_shape", "receptive_field"
DECIMAL = {"": 0, "K": 1, "M": 2, "G": 3, "B": 3, "T": 4, "P": 5, "E": 6, "Z": 7, "Y": 8}
NUMBER = re.compile(r"([0-9][0-9_]*(?:\.[0-9]+)?(?:[eE][+]?[0-9]{1,3})?)\s*([KMGTPEZYkmgt]?)(i?)(B?)")
EXAMPLE = 'a number, or text such as "5M", "1.2G" or "16MiB"'


class Budget(NamedTuple):
    """One limit, as it was written: `at` is where it stands in the list."""

    at: tuple[object, ...]
    metric: str
    limits: dict[str, Any]
    min_delta: int
    layer: str | None
    level: str


def read_budgets(listed: Any, metrics: Sequence[str], path: tuple[object, ...] = ("budgets",)) -> list[Budget]:
    """Budgets from their list; InvalidBudgets with every fault. `metrics` are the keys of a report's totals."""
    if not isinstance(listed, list | tuple) or not listed:
        detail = (
            f'Expected a list of budgets, such as [{{"metric": "flops", "max": "600M"}}]; received {received(listed)}.'
        )
        raise InvalidBudgets([{"pointer": pointer(*path), "detail": detail}])
    faults: list[dict[str, Any]] = []
    found = [read_budget(one, (*path, index), (*metrics, SHAPE, REACH), faults) for index, one in enumerate(listed)]
    if faults:
        raise InvalidBudgets(faults)
    return [one for one in found if one is not None]


def read_budget(
    one: Any, at: tuple[object, ...], metrics: Sequence[str], faults: list[dict[str, Any]]
) -> Budget | None:
    def fault(detail: str, *key: object) -> None:
        faults.append({"pointer": pointer(*at, *key), "detail": detail})

    if not isinstance(one, Mapping):
        fault(f'Expected a budget, such as {{"metric": "flops", "max": "600M"}}; received {received(one)}.')
        return None
    for key in one:
        if key not in KEYS:
            fault(f"A budget has no key {key!r}.{nearest(str(key), list(KEYS))} It takes {', '.join(KEYS)}.", key)
    metric = one.get("metric")
    if "metric" not in one:
        fault("'metric' is required: what is limited, such as flops or params.")
    elif metric not in metrics:
        near = nearest(str(metric), list(metrics))
        fault(f"Expected a metric; received {received(metric)}.{near} There are {', '.join(metrics)}.", "metric")
    limits: dict[str, Any] = {}
    for key in LIMITS:
        if one.get(key) is not None:
            try:
                limits[key] = read_limit(one[key], key, metric)
            except ValueError as error:
                fault(str(error), key)
    if not any(one.get(key) is not None for key in LIMITS):
        fault(f"A budget needs a limit: one of {', '.join(LIMITS)}.")
    delta, layer, level = one.get("min_delta"), one.get("layer"), one.get("level", "error")
    slack = 0
    if delta is not None:
        try:
            slack = quantity(delta)
        except ValueError as error:
            fault(str(error), "min_delta")
        if one.get("max_increase") is None:
            fault("'min_delta' is slack for 'max_increase', which is not given.", "min_delta")
    if layer is not None and (not isinstance(layer, str) or not layer):
        fault(f"Expected a name of layers, with * and ? as in file names; received {received(layer)}.", "layer")
    if level not in LEVELS:
        fault(f'Expected "error" or "warn"; received {received(level)}.', "level")
    if "name" in one and not isinstance(one["name"], str):
        fault(f"Expected a string; received {received(one['name'])}.", "name")
    return Budget(at, metric, limits, slack, layer, level) if isinstance(metric, str) else None


def read_limit(value: Any, key: str, metric: Any) -> Any:
    """A limit in numbers; ValueError says what was expected."""
    if metric == SHAPE:
        if key != "equals":
            raise ValueError(f"A shape has no {key}; use equals.")
        if not isinstance(value, list | tuple) or not all(dim is None or whole(dim, 0) for dim in value):
            raise ValueError(f"Expected a shape, the batch first, such as [null, 10]; received {received(value)}.")
        return list(value)
    if key == "max_increase" and isinstance(value, str) and value.rstrip().endswith("%"):
        text = value.rstrip()[:-1].strip()
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
            raise ValueError(f'Expected a number or a percentage such as "2%"; received {received(value)}.')
        return Fraction(text) / 100
    return quantity(value)


def quantity(value: Any) -> int:
    """A whole number of at least 0, from a number or text with a unit: K, M, G … are powers of 1000, Ki … of 1024."""
    if whole(value, 0):
        return int(value)
    if isinstance(value, float) and value >= 0 and value == value // 1 and value < 1e300:
        return int(value)
    match = NUMBER.fullmatch(value.strip()) if isinstance(value, str) and len(value) < 400 else None
    if match is None:
        raise ValueError(f"Expected {EXAMPLE}; received {received(value)}.")
    digits, unit, binary, _ = match.groups()
    if binary and not unit:
        raise ValueError(f"Expected {EXAMPLE}; received {received(value)}.")
    found = Fraction(digits.replace("_", "")) * (1024 if binary else 1000) ** DECIMAL[unit.upper()]
    if found.denominator != 1:
        raise ValueError(f"Expected a whole number; {value.strip()} is {float(found):g}.")
    return int(found)


def judged(report: dict[str, Any], budgets: Sequence[Budget], baseline: dict[str, Any] | None = None) -> dict[str, Any]:
    """The verdict: one result for each budget, in their order. What cannot be judged raises InvalidBudgets."""
    faults: list[dict[str, Any]] = []
    results = []
    for budget in deadline.each(budgets):
        try:
            results.append(result(report, budget, baseline))
        except Unjudged as error:
            faults.append({"pointer": pointer(*budget.at, *error.key), "detail": str(error)})
    if faults:
        raise InvalidBudgets(faults)
    passed = all(one["passed"] or one["level"] == "warn" for one in results)
    return {"passed": passed, "results": results, "totals": report["totals"]}


class Unjudged(ValueError):  # noqa: N818
    """A budget that nothing can be said of."""

    def __init__(self, message: str, *key: str):
        super().__init__(message)
        self.key = key


class Finding(NamedTuple):
    """One limit held against one number or shape."""

    layer: str | None
    actual: Any
    limit: Any
    excess: Any
    passed: bool
    words: str


def result(report: dict[str, Any], budget: Budget, baseline: dict[str, Any] | None) -> dict[str, Any]:
    """The worst of what a budget finds."""
    if "max_increase" in budget.limits and baseline is None:
        raise Unjudged("'max_increase' needs a baseline: an earlier report, or the model as it was.", "max_increase")
    findings = [
        finding(budget, kind, row, report, baseline)
        for row in deadline.each(places(report, budget))
        for kind in budget.limits
    ]
    worst = max(findings, key=badness)
    out: dict[str, Any] = {"metric": budget.metric}
    if budget.layer is not None:
        out["layer"] = worst.layer
    detail = worst.words + (culprits(report, budget, baseline) if not worst.passed else "")
    return out | {
        "level": budget.level,
        "limit": worst.limit,
        "actual": worst.actual,
        "excess": worst.excess,
        "passed": worst.passed,
        "detail": detail,
    }


def badness(one: Finding) -> tuple[bool, Fraction]:
    """How far past its limit, failures first."""
    if isinstance(one.limit, list):
        return not one.passed, Fraction(0)
    return not one.passed, Fraction(one.excess, max(one.limit, 1))


def places(report: dict[str, Any], budget: Budget) -> list[dict[str, Any] | None]:
    """The rows that a budget is about; None stands for the whole model."""
    if budget.layer is None:
        return [None]
    names = [row["name"] for row in report["layers"]]
    found = [row for row in report["layers"] if fnmatchcase(row["name"], budget.layer)]
    if not found:
        raise Unjudged(f"No layer matches {budget.layer!r}.{nearest(budget.layer, names)}", "layer")
    if budget.metric not in found[0]:
        raise Unjudged(f"{budget.metric} is of the whole model; a layer has none. Leave 'layer' out.", "layer")
    return list(found)


def value(report: dict[str, Any], metric: str, row: dict[str, Any] | None) -> Any:
    """A metric of a row or of the model, in the report's numbers; a receptive field is its largest side."""
    if metric == SHAPE:
        return report["outputs"][0]["shape"] if row is None else row["output_shape"]
    if metric != REACH:
        return report["totals"].get(metric) if row is None else row.get(metric)
    if row is None:
        named = [one for one in report["layers"] if one["name"] == report["outputs"][0]["name"].split(":")[0]]
        row = named[0] if named else {}
    sizes = (row.get(REACH) or {}).get("size") or [None]
    return None if None in sizes else max(sizes)


def finding(
    budget: Budget, kind: str, row: dict[str, Any] | None, report: dict[str, Any], baseline: dict[str, Any] | None
) -> Finding:
    metric, limit = budget.metric, budget.limits[kind]
    name = None if row is None else str(row["name"])
    actual = value(report, metric, row)
    title = metric if name is None else f"{metric} of {name}"
    if metric == SHAPE:
        passed = actual == limit
        words = f"{title} {text(actual)} is {'' if passed else 'not '}{text(limit)}"
        return Finding(name, actual, limit, None, passed, words)
    if actual is None:
        reasons = [one["detail"] for one in report.get("warnings", ())]
        why = f" {reasons[0]}" if reasons else ""
        raise Unjudged(f"{title} is unknown (null), which no limit can be held against.{why}", "metric")
    if kind == "max_increase":
        assert baseline is not None
        limit = raised(budget, limit, before(baseline, metric, row))
    excess = limit - actual if kind == "min" else abs(actual - limit) if kind == "equals" else actual - limit
    passed = excess <= 0
    verb = {"max": "exceeds", "min": "is below", "equals": "is not", "max_increase": "exceeds"}[kind]
    kept = {"max": "is within", "min": "is at least", "equals": "is", "max_increase": "is within"}[kind]
    a, b, c = human(metric, actual, limit, abs(excess))
    words = f"{title} {a} {kept if passed else verb} {b}"
    if not passed:
        share = (excess * 1000 + limit // 2) // limit if limit else 0  # an integer of any size is no float
        words += f" by {c}" + (f" ({share // 10:,}.{share % 10} %)" if limit else "")
    return Finding(name, actual, limit, excess, passed, words)


def before(baseline: dict[str, Any], metric: str, row: dict[str, Any] | None) -> int:
    """What a metric was."""
    if row is None:
        was = value(baseline, metric, None)
    else:
        same = [one for one in baseline["layers"] if one["name"] == row["name"]]
        if not same:
            raise Unjudged(f"The baseline has no layer {row['name']!r}.", "layer")
        was = value(baseline, metric, same[0])
    if not whole(was, 0):
        raise Unjudged(f"The baseline does not know {metric}.", "metric")
    return int(was)


def raised(budget: Budget, increase: Any, was: int) -> int:
    """The most that a metric may be now."""
    more = (was * increase).__floor__() if isinstance(increase, Fraction) else increase
    return was + max(more, budget.min_delta)


def culprits(report: dict[str, Any], budget: Budget, baseline: dict[str, Any] | None) -> str:
    """The rows to look at first: those that grew most since the baseline, else the largest."""
    metric = budget.metric
    if budget.layer is not None or "min" in budget.limits or not report["layers"] or metric not in report["layers"][0]:
        return ""
    known = {row["name"]: row.get(metric) for row in (baseline or {}).get("layers", ())}
    parts = []
    for row in report["layers"]:
        if isinstance(row[metric], int):
            was = known.get(row["name"])
            parts.append((row[metric] - (was if isinstance(was, int) else 0), row["name"]))
    largest = sorted((part for part in parts if part[0] > 0), key=lambda part: -part[0])[:3]
    if not largest:
        return ""
    sign = "+" if baseline else ""
    listed = ", ".join(f"{name} {sign}{human(metric, n)[0]}" for n, name in largest)
    return f"; the largest part{'s' * (len(largest) > 1)} of it: {listed}"


def human(metric: str, *numbers: int) -> list[str]:
    """Numbers for a sentence: 652.1 M, 16 MiB; in full where two of them would read the same."""
    base, unit, names = (1024, "B", "KMGTPEZY") if metric.endswith("bytes") else (1000, "", "KMGTPEZY")
    short = [scaled(n, base, unit, names) for n in numbers]
    full = [f"{n:,}{f' {unit}' * bool(unit)}" for n in numbers]
    return full if len(set(short)) < len(set(numbers)) else short


def scaled(n: int, base: int, unit: str, names: str) -> str:
    power = 0
    while power < len(names) and n >= base ** (power + 1):
        power += 1
    if not power:
        return f"{n} {unit}".strip()
    tenths = (n * 10 + base**power // 2) // base**power
    digits = f"{tenths // 10:,}" + (f".{tenths % 10}" if tenths % 10 else "")
    return f"{digits} {names[power - 1]}{'i' * (base == 1024)}{unit}"


def text(shape: Sequence[int | None]) -> str:
    return "[" + ", ".join("null" if dim is None else str(dim) for dim in shape) + "]"
