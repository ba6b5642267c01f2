"""Budgets held against a report, and the words for it: how much too much, and which layers did it."""

import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import translate
from fractions import Fraction
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc.amounts import brief, share
from layercalc.analysis.liveness import PEAKS
from layercalc.analysis.metrics import REACH, SHAPE
from layercalc.analysis.weight_specs import BUFFERS
from layercalc.budgets.ranges import Outcome, Sizes, Unjudged, number, shown_sizes
from layercalc.budgets.reading import Budget, located
from layercalc.budgets.subject import WHOLE, Place, Row, Subject
from layercalc.dims import largest, text
from layercalc.errors import InvalidBudgets
from layercalc.formulas import Formula, Undecided, code
from layercalc.wording import AS_SAID, STORED, nearest, stored_as, whole

MAX_FINDINGS = 250_000  # budgets × the layers they are about
MAX_NAMED = 10  # offending layers of one result
PARTS = {  # the metric of the rows that makes a figure of the whole
    "inference_bytes": "param_bytes",
    "training.gradient_bytes": "param_bytes",
    "training.kept_activation_bytes": "activation_bytes",
    "training.step_flops": "flops",
}
EXCEEDS = {"max": "exceeds", "min": "is below", "equals": "is not", "max_increase": "exceeds"}
KEEPS = {"max": "is within", "min": "is at least", "equals": "is", "max_increase": "is within"}


class Finding(NamedTuple):
    """One limit held against one number or shape."""

    place: Place
    kind: str
    actual: Any
    limit: Any
    excess: Any
    passed: bool
    formula: Any = None  # of a count that depends on sizes by name
    sizes: dict[str, int] | None = None  # at which it is as it is said
    why: str = ""  # nothing is proven

    @property
    def badness(self) -> tuple[bool, int]:
        """How far past its limit in millionths of it, failures first."""
        if self.excess is None:
            return not self.passed, 0
        return not self.passed, self.excess * 1_000_000 // max(self.limit, 1)


def judge(report: dict[str, Any], budgets: Sequence[Budget], baseline: dict[str, Any] | None = None) -> dict[str, Any]:
    """The verdict: one result for each budget, in their order. What cannot be judged raises InvalidBudgets."""
    subject = Subject(report, baseline)
    faults: list[dict[str, Any]] = []
    results = []
    if len(report["layers"]) * sum(one.layer is not None for one in budgets) > MAX_FINDINGS:
        raise InvalidBudgets([{"pointer": "", "detail": f"More than {MAX_FINDINGS:,} layers to hold against limits."}])
    for budget in deadline.each(budgets):
        try:
            results.append(result(subject, budget))
        except Unjudged as error:
            faults.append({**located(budget, *error.key), "detail": str(error)})
    if faults:
        raise InvalidBudgets(faults)
    passed = all(one["passed"] or one["level"] == "warn" for one in results)
    known = {} if baseline is None else {"baseline": {"totals": baseline["totals"]}}
    titles: dict[str, Any] = {key: report[key] for key in STORED if key in report}
    warnings = [*report["warnings"], *(baseline or {}).get("warnings", ())]
    return {"passed": passed, "results": results, **titles, "totals": report["totals"], **known, "warnings": warnings}


def result(subject: Subject, budget: Budget) -> dict[str, Any]:
    """The worst of what a budget finds."""
    if "max_increase" in budget.limits and subject.baseline is None:
        raise Unjudged("'max_increase' needs a baseline: an earlier report, or the model as it was.", "max_increase")
    findings = [
        finding(subject, budget, kind, one) for one in deadline.each(places(subject, budget)) for kind in budget.limits
    ]
    worst = max(findings, key=lambda one: one.badness)
    layers = [] if worst.passed else culprits(subject, budget, worst, findings)
    out: dict[str, Any] = {"metric": budget.metric}
    out |= {key: worst.place.title for key in ("layer", "output") if getattr(budget, key) is not None}
    out |= {key: getattr(budget, key) for key in ("name", "set") if getattr(budget, key) is not None}
    out |= {
        "level": budget.level,
        "kind": worst.kind,
        "limit": worst.limit,
        "actual": worst.actual,
        "excess": worst.excess,
        "passed": worst.passed,
        **({} if worst.formula is None else {"formula": code(worst.formula), "sizes": worst.sizes}),
        "detail": words(budget.metric, worst) + stored(subject, budget, worst) + blame(subject, budget, worst, layers),
        "layers": layers,
    }
    if budget.file is not None:
        line = budget.lines.get(worst.kind, budget.lines.get("", 1))
        out["source"] = {"file": budget.file, "line": line}
    return out


def places(subject: Subject, budget: Budget) -> list[Place]:
    """What a budget is about."""
    if budget.layer is not None:
        among = [*subject.rows, *subject.modules.values()]
        around = list(subject.containers.values())  # which a glob means where it means no row
        found = next((some for one in (among, around) if (some := [*chosen(budget.layer, one, name_of)])), [])
        rows = [Place(row["name"], row) for row in found]
        if not rows:
            names = [name_of(row) for row in (*among, *around)]
            near = nearest(budget.layer, names) or f" The layers are {listed(names)}."
            raise Unjudged(f"No layer matches {budget.layer!r}.{near}", "layer")
        return rows
    if budget.output is not None:
        ends = list(chosen(budget.output, subject.outputs.values(), lambda one: str(one.title)))
        if not ends:
            there = listed(list(subject.outputs))
            raise Unjudged(f"No output matches {budget.output!r}. The outputs are {there}.", "output")
        return ends
    return [WHOLE]


def listed(names: list[str]) -> str:
    return ", ".join(names[:20]) + (f" … ({len(names):,} in all)" if len(names) > 20 else "")


def name_of(row: Row) -> str:
    return str(row["name"])


def chosen(glob: str, among: Any, name: Callable[[Any], str]) -> Iterator[Any]:
    """Those whose name a glob matches; a name that is written out is itself, whatever brackets it has."""
    fits = re.compile(translate(glob)).match
    return (one for one in deadline.each(among) if name(one) == glob or fits(name(one)))


def finding(subject: Subject, budget: Budget, kind: str, place: Place) -> Finding:
    formula = subject.formula(budget.metric, place)
    if formula is not None and subject.value(budget.metric, place) is None:
        return ranged(subject, budget, kind, place, subject.ranges.formula(formula))
    actual, limit, excess = held(subject, budget, kind, place)
    if isinstance(limit, Formula):
        return ranged(subject, budget, kind, place, actual)
    return Finding(place, kind, actual, limit, excess, actual == limit if excess is None else excess <= 0)


def held(subject: Subject, budget: Budget, kind: str, place: Place) -> tuple[Any, Any, Any]:
    """What a limit is held against, the limit, and by how much it is passed; None for a shape, which is to be equal."""
    metric, limit = budget.metric, budget.limits[kind]
    actual = subject.value(metric, place)
    if metric == SHAPE:
        return actual, limit, None
    if actual is None and metric in BUFFERS:
        told = "no buffers are counted apart in this report: what does not train is among non_trainable_params"
        raise Unjudged(f"{titled(metric, place)} cannot be held against a limit: {told}.", "metric")
    if actual is None:
        reasons = [one["detail"] for one in subject.report.get("warnings", ())]
        if metric.startswith("training.") and "weight_dtype" in subject.report:
            reasons.insert(0, f"Weights stored as {subject.report['weight_dtype']} are not trained.")
        why = f" {reasons[0]}" if reasons else ""
        raise Unjudged(f"{titled(metric, place)} is unknown (null), which no limit can be held against.{why}", "metric")
    if kind == "max_increase":
        limit = raised(budget, limit, before(subject, metric, place))
    return (
        actual,
        limit,
        beyond(kind, actual, limit),
    )


def beyond(kind: str, actual: Any, limit: Any) -> Any:
    """How far a number is past its limit; 0 and below are within."""
    return limit - actual if kind == "min" else abs(actual - limit) if kind == "equals" else actual - limit


def ranged(subject: Subject, budget: Budget, kind: str, place: Place, actual: Any) -> Finding:
    """A limit held against a formula at every size: at the worst, or at one that breaks it."""
    limit = budget.limits[kind]
    limit = raised(budget, limit, before(subject, budget.metric, place)) if kind == "max_increase" else limit
    over, under = beyond("max", actual, limit), beyond("min", actual, limit)
    try:
        found = [*map(subject.ranges.never_above, {"equals": (over, under), "min": (under,)}.get(kind, (over,)))]
        worst = next((one for one in found if not one.passed), found[0])
    except Undecided as error:
        worst = Outcome(False, None, str(error))
    now, most = number(actual, worst.sizes), number(limit, worst.sizes)
    excess = None if now is None or most is None else beyond(kind, now, most)
    return Finding(place, kind, now, most, excess, worst.passed, actual, worst.sizes, worst.why)


def before(subject: Subject, metric: str, place: Place) -> Any:
    """What a metric was: a number, or a formula."""
    past = subject.past
    assert past is not None
    as_now, as_was = (stored_as(one) or AS_SAID for one in (subject.report, past.report))
    if "bytes" in metric and as_now != as_was:
        told = f"The baseline is a report of {as_was}; bytes of {as_now} cannot be held against it."
        raise Unjudged(f"{told} Make it with the same weight_dtype and activation_dtype.", "max_increase")
    then: Place | None = place
    if place.title is not None and place.title in subject.outputs and place.shape is not None:
        then = past.outputs.get(place.title)
        if then is None:
            raise Unjudged(f"The baseline has no output {place.title!r}.", "output")
    elif place.row is not None:
        name = place.row["name"]
        row = past.find(name)
        if row is None:
            raise Unjudged(f"The baseline has no layer {name!r}.{nearest(name, list(past.named))}", "layer")
        then = Place(name, row)
    was = past.value(metric, then or WHOLE)
    if was is None and (formula := past.formula(metric, then or WHOLE)) is not None:
        return subject.ranges.formula(formula)
    if not whole(was, 0):
        raise Unjudged(f"The baseline does not know {titled(metric, place)}.", "metric")
    return int(was)


def raised(budget: Budget, increase: Any, was: Any) -> Any:
    """The most that a metric may be now."""
    more = was * increase.numerator // increase.denominator if isinstance(increase, Fraction) else increase
    return was + largest((more, budget.min_delta))


def stored(subject: Subject, budget: Budget, worst: Finding) -> str:
    """What bytes that are past a limit are taken to be stored as, where it was asked so."""
    told = "" if worst.passed or "bytes" not in budget.metric else stored_as(subject.report)
    return f", {told}" if told else ""


def titled(metric: str, place: Place) -> str:
    return metric if place.title is None else f"{metric} of {place.title}"


def words(metric: str, one: Finding) -> str:
    """What was found, in a sentence."""
    title = titled(metric, one.place)
    if metric == SHAPE:
        return f"{title} {text(one.actual)} is {'' if one.passed else 'not '}{text(one.limit)}"
    if one.excess is None:
        limit = "what it may be" if one.limit is None else brief(metric, one.limit)[0]
        held = f"{title} {KEEPS[one.kind]} {limit}"
        return f"{held} at every size" if one.passed else f"Not proven at every size: {held}; {one.why}"
    where = f" at {shown_sizes(one.sizes)}" if one.sizes else ""
    if one.passed:
        actual, limit = brief(metric, one.actual, one.limit)
        return f"{title} {actual}{where} {KEEPS[one.kind]} {limit}" + (", as at every size" if where else "")
    actual, limit, excess = brief(metric, one.actual, one.limit, abs(one.excess))
    return f"{title} {actual}{where} {EXCEEDS[one.kind]} {limit} by {excess}" + (
        f" ({share(one.excess, one.limit)})" if one.limit else ""
    )


def culprits(subject: Subject, budget: Budget, worst: Finding, findings: list[Finding]) -> list[dict[str, Any]]:
    """The rows to look at first, the worst in front: `part` is a row's own number, `delta` what the baseline's was not.

    Of a budget on layers, those that break it; of the whole, those that grew most (shrank, where it is too little), or
    the largest where there is no baseline.
    """
    metric = budget.metric
    if budget.layer is not None:
        bad = sorted((one for one in findings if not one.passed), key=lambda one: one.badness, reverse=True)
        rows = list({str(one.place.title): one.place.row for one in bad}.values())
        return [part(subject, row, metric, worst.sizes) for row in rows[:MAX_NAMED] if row is not None]
    if metric in PEAKS:
        where = "peak_layer" if metric == PEAKS[0] else "peak_in_place_layer"
        row = subject.named.get((subject.report.get("memory") or {}).get(where) or "")
        return [] if row is None else [part(subject, row, "activation_bytes", worst.sizes)]
    own = PARTS.get(metric, "param_bytes" if metric.startswith("training.") else metric)
    if not subject.rows or own in (SHAPE, REACH) or own not in subject.rows[0]:
        return []
    if worst.excess is None:
        return []
    sign = -1 if worst.kind == "min" or (worst.kind == "equals" and worst.actual < worst.limit) else 1
    key = own, sign, *(worst.sizes or {}).items()
    if key not in subject.guilty:
        subject.guilty[key] = most(subject, own, sign, worst.sizes)
    return list(subject.guilty[key])


def most(subject: Subject, metric: str, sign: int, sizes: Sizes = None) -> list[dict[str, Any]]:
    """The rows that grew most (shrank, by a sign of -1), or the largest without a baseline."""
    key = "part" if subject.baseline is None else "delta"
    if key == "part" and sign < 0:
        return []
    parts = [part(subject, row, metric, sizes) for row in subject.rows]
    guilty = [one for one in parts if one[key] is not None and one[key] * sign > 0]
    return sorted(guilty, key=lambda one: -one[key] * sign)[:MAX_NAMED]


def part(subject: Subject, row: Row, metric: str, sizes: Sizes = None) -> dict[str, Any]:
    now = subject.ranges.count(row, metric, sizes)
    if metric == REACH or not isinstance(now, int):
        return {"name": row["name"], "part": None, "delta": None}
    delta = None
    if subject.baseline is not None:
        old = subject.was.get(row["name"])
        was = 0 if old is None else subject.ranges.count(old, metric, sizes)
        delta = now - was if isinstance(was, int) else None
    return {"name": row["name"], "part": now, "delta": delta}


def blame(subject: Subject, budget: Budget, worst: Finding, layers: list[dict[str, Any]]) -> str:
    """The culprits in words."""
    if not layers:
        return ""
    if budget.layer is not None:
        others = [one["name"] for one in layers[1:]]
        return f"; so {'does' if len(others) == 1 else 'do'} {', '.join(others[:3])}" if others else ""
    if budget.metric in PEAKS:
        return f"; the peak is at {layers[0]['name']}"
    key = "part" if subject.baseline is None else "delta"
    metric = PARTS.get(budget.metric, budget.metric)
    parts = ", ".join(f"{one['name']} {signed(metric, one[key], key == 'delta')}" for one in layers[:3])
    return f"; the largest part{'s' * (len(layers) > 1)} of it: {parts}"


def signed(metric: str, n: int, sign: bool) -> str:
    written = brief(metric, n)[0]
    return f"+{written}" if sign and n > 0 else written
