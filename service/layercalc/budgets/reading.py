"""Limits on what a model may cost: read from a list, from the parameters of a request, or from a whole document."""

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import translate
from typing import Any, NamedTuple

from layercalc import deadline
from layercalc.analysis.metrics import PER_LAYER, REACH, SHAPE
from layercalc.budgets.keys import (
    BUDGET,
    DEFAULTS,
    DOCUMENT,
    EXPECTED,
    LIMITS,
    MODEL,
    Faults,
    Parameter,
    place,
    read_keys,
)
from layercalc.budgets.presets import PRESETS
from layercalc.dims import text
from layercalc.errors import InvalidBudgets
from layercalc.wording import nearest, received

BASELINES = {"baseline", "baseline_git"}  # keys, of which a model has one at the most
INSTEAD = (BASELINES, {"input_shape", "batch_shape"})  # keys that say one thing in several ways
MAX_BUDGETS = 1_000  # of one model, named lists expanded
MAX_NAMED_DEPTH = 50  # lists that name lists

At = tuple[object, ...]
Judged = list[tuple[str, dict[str, Any]]]  # the file of each model, and its verdict


class Budget(NamedTuple):
    """One limit or several on one metric; `at` is where it was written."""

    at: At
    metric: str
    limits: dict[str, Any]
    min_delta: int = 0
    layer: str | None = None
    output: str | None = None
    level: str = "error"
    name: str | None = None
    set: str | None = None
    written: dict[str, Any] = {}
    file: str | None = None
    lines: dict[str, int] = {}  # of each limit in the file, and of the budget itself under ""

    @property
    def title(self) -> str:
        """The budget in one line, as it was written."""
        where = "".join(f" of {one}" for one in (self.layer, self.output) if one)
        said = " ".join(f"{key} {shown(self.written.get(key, limit))}" for key, limit in self.limits.items())
        return f"{self.name}: {self.metric}{where} {said}" if self.name else f"{self.metric}{where} {said}"


class Entry(NamedTuple):
    """Models of a document: the glob of their paths, their budgets, and how they are analysed."""

    at: At
    path: str
    budgets: list[Budget]
    options: dict[str, Any]


class Document(NamedTuple):
    """Budgets for every model, and for those of some paths; `options` are the defaults of the analysis."""

    budgets: list[Budget]
    models: list[Entry]
    options: dict[str, Any]


def shown(value: Any) -> str:
    return text(value) if isinstance(value, list) else str(value)


def read_budgets(given: Any, path: At = ("budgets",), file: str | None = None) -> list[Budget]:
    """The budgets of one model from a list of them, or from a document; InvalidBudgets with every fault.

    An entry of a list is a budget, the name of a preset, or that of a list that the document names. Of a document's
    `models`, those count whose path matches `file`.
    """
    if isinstance(given, list | tuple) and given and all(isinstance(one, Budget) for one in given):
        return list(given)
    if not isinstance(given, Mapping) or not given.keys() & DOCUMENT.keys():
        faults: Faults = []
        found = Lists({}, {}, path, faults).read(given, path)
        return sound(found, faults)
    document = read_document(given, path)
    if not document.models:
        return document.budgets
    if file is None:
        detail = "These budgets are of models by their paths; say in `file` which of them this one is."
        raise InvalidBudgets([{**place(*path, "models"), "detail": detail}])
    mine = [one for entry in document.models if matches(file, entry.path) for one in entry.budgets]
    if not mine and not document.budgets:
        paths = ", ".join(entry.path for entry in document.models[:20])
        raise InvalidBudgets([{**place(*path, "models"), "detail": f"No path matches {file!r}. They are {paths}."}])
    return [*mine, *document.budgets]


def matches(file: str, glob: str) -> bool:
    """Whether a path is one of a glob's: `**` stands for any folders, also for none."""
    tidy = glob.removeprefix("./")
    # not by fnmatchcase: it keeps the patterns of 32,768 globs that strangers sent, re of 512
    fits = (re.compile(translate(one)).match for one in (tidy, tidy.replace("**/", "")))
    return any(fit(file.removeprefix("./")) for fit in fits)


def read_parameters(given: Mapping[str, Iterable[Any]]) -> list[Budget]:
    """Budgets that stand in parameters (of a query or a command), by the name of each; a name may have several."""
    faults: Faults = []
    found = []
    for name, several in given.items():
        lists = Lists({}, {}, (Parameter(name),), faults)
        found += [budget for one in several for budget in lists.entry(one, (Parameter(name),), ())]
    return sound(found, faults)


def sound(found: list[Budget], faults: Faults) -> list[Budget]:
    if faults:
        raise InvalidBudgets(faults)
    return found


def read_document(given: Any, path: At = ("budgets",)) -> Document:
    """A document of budgets; InvalidBudgets with every fault."""
    faults: Faults = []
    what = "a mapping with `budgets` or `models`"
    content = read_keys(DOCUMENT, given, what, path, faults)
    defaults = read_keys(DEFAULTS, content.get("defaults") or {}, "a mapping", (*path, "defaults"), faults)
    lists = Lists(content.get("named") or {}, defaults, path, faults)
    for name in lists.named:
        at = (*path, "named", name)
        if not isinstance(name, str) or not name or name in PRESETS:
            why = "is a preset" if name in PRESETS else "is no name"
            faults.append({**place(*at), "detail": f"{received(name)} {why}; choose another name."})
        else:
            lists.entry(name, at, ())
    shared = lists.read(content["budgets"], (*path, "budgets")) if content.get("budgets") is not None else []
    options = {key: value for key, value in defaults.items() if key in MODEL and value is not None}
    models = []
    for index, one in enumerate(content.get("models") or ()):
        at = (*path, "models", index)
        entry = read_keys(MODEL, one, "a model: a mapping with `path`", at, faults)
        budgets = lists.read(entry["budgets"], (*at, "budgets")) if entry.get("budgets") is not None else []
        if entry and not budgets and content.get("budgets") is None:
            faults.append({**place(*at), "detail": "There is no budget for these models."})
        own = {key: value for key, value in entry.items() if key not in ("path", "budgets") and value is not None}
        models.append(Entry(at, entry.get("path") or "", budgets, over(options, own)))
        faults += two_baselines(own, at)
    faults += two_baselines(options, (*path, "defaults"))
    if not faults and not shared and not models:
        faults.append({**place(*path), "detail": f"There is no budget in it. Expected {what}."})
    if faults:
        raise InvalidBudgets(once(faults))
    return Document(shared, models, options)


def over(options: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Options with others that go before them, also before those that say the same thing in another way."""
    gone = {key for keys in INSTEAD if own.keys() & keys for key in keys}
    return {key: value for key, value in options.items() if key not in gone} | dict(own)


def two_baselines(options: dict[str, Any], at: At) -> Faults:
    if not options.keys() >= BASELINES:
        return []
    return [{**place(*at, "baseline_git"), "detail": "A baseline is a file or a git ref, not both."}]


def once(faults: Faults) -> Faults:
    """Without those that a list has again wherever it is named."""
    return list({tuple(sorted(map(str, fault.items()))): fault for fault in faults}.values())


class Lists:
    """Lists of budgets as they are read: what names stand for, what is the default, and the faults so far."""

    def __init__(self, named: Mapping[str, Any], defaults: Mapping[str, Any], path: At, faults: Faults):
        self.named, self.defaults, self.path, self.faults = named, defaults, path, faults
        self.known: dict[str, list[Budget]] = {}  # a list is read once, wherever it is named

    def read(self, listed: Any, at: At, inside: tuple[str, ...] = ()) -> list[Budget]:
        """The budgets of a list; `inside` are the named lists that lead to it."""
        if not isinstance(listed, list | tuple) or not listed:
            self.faults.append({**place(*at), "detail": f"Expected {EXPECTED}; received {received(listed)}."})
            return []
        found: list[Budget] = []
        for index, one in enumerate(listed):
            found += self.entry(one, (*at, index), inside)
            if len(found) > MAX_BUDGETS:
                self.faults.append({**place(*at), "detail": f"More than {MAX_BUDGETS:,} budgets for one model."})
                return []
        return found

    def entry(self, one: Any, at: At, inside: tuple[str, ...]) -> list[Budget]:
        deadline.check()
        if not isinstance(one, str):
            budget = read_budget(one, at, self.defaults, self.faults)
            return [budget._replace(set=inside[0] if inside else None)] if budget else []
        if one in PRESETS:
            return [
                budget._replace(at=at, set=one)  # it stands where it is named
                for wanted in PRESETS[one].budgets
                if (budget := read_budget(wanted, at, {}, self.faults))
            ]
        if one in inside:
            self.faults.append({**place(*at), "detail": f"{one!r} contains itself."})
            return []
        if len(inside) >= MAX_NAMED_DEPTH:
            self.faults.append({**place(*at), "detail": f"More than {MAX_NAMED_DEPTH} lists inside one another."})
            return []
        if one not in self.named:
            names = [*self.named, *PRESETS]
            near = nearest(one, [str(name) for name in names])
            detail = f"There are no budgets named {one[:100]!r}.{near} There are {', '.join(map(str, names[:50]))}."
            self.faults.append({**place(*at), "detail": detail})
            return []
        if one not in self.known:
            self.known[one] = self.read(self.named[one], (*self.path, "named", one), (*inside, one))
        outer = (*inside, one)[0]
        return [budget if budget.set == outer else budget._replace(set=outer) for budget in self.known[one]]


def read_budget(one: Any, at: At, defaults: Mapping[str, Any], faults: Faults) -> Budget | None:
    """One budget; None where faults were found."""
    before = len(faults)
    found = read_keys(BUDGET, one, 'a budget, such as {"metric": "flops", "max": "600M"}', at, faults)
    if found:
        together(found, one, at, faults)
    if len(faults) > before:
        return None
    limits = {key: found[key] for key in LIMITS if found[key] is not None}
    slack = found["min_delta"]
    if slack is None:
        slack = defaults.get("min_delta") or 0
    level = found["level"] or defaults.get("level") or "error"
    return Budget(
        at, found["metric"], limits, slack, found["layer"], found["output"], level, found["name"], None, dict(one)
    )


def together(found: dict[str, Any], one: Mapping[str, Any], at: At, faults: Faults) -> None:
    """What no key alone can get wrong."""

    def fault(detail: str, *key: str) -> None:
        faults.append({**place(*at, *key), "detail": detail})

    metric = found.get("metric")
    if not any(one.get(key) is not None for key in LIMITS):
        fault(f"A budget needs a limit: one of {', '.join(LIMITS)}.")
    if found.get("min_delta") is not None and one.get("max_increase") is None:
        fault("'min_delta' is slack for 'max_increase', which is not given.", "min_delta")
    for key in LIMITS:
        value = found.get(key)
        if value is None or metric is None:
            continue
        if metric == SHAPE and key != "equals":
            fault(f"A shape has no {key}; use equals.", key)
        elif (metric == SHAPE) != isinstance(value, list):
            expected = "a shape, the batch first, such as [null, 10]" if metric == SHAPE else "a number"
            fault(f"Expected {expected}; received {received(one[key])}.", key)
    if found.get("layer") is not None:
        if found.get("output") is not None:
            fault("A budget is of layers or of outputs, not of both.", "output")
        if metric is not None and metric not in PER_LAYER:
            fault(f"{metric} is of the whole model; a layer has none. Leave 'layer' out.", "layer")
    if found.get("output") is not None and metric not in (SHAPE, REACH, None):
        fault(f"{metric} is not of an output: only {SHAPE} and {REACH} are. Leave 'output' out.", "output")


def placed(budgets: Iterable[Budget], file: str, line: Callable[[At], int]) -> list[Budget]:
    """Budgets that know the file they are from, and their lines in it."""
    return [
        one._replace(file=file, lines={"": line(one.at), **{key: line((*one.at, key)) for key in one.written}})
        for one in budgets
    ]


def located(budget: Budget, *key: str) -> dict[str, Any]:
    """Where a budget, or a key of it, is written: file and line, pointer, or parameter."""
    if budget.file is not None:
        return {"file": budget.file, "line": budget.lines.get(key[0] if key else "", budget.lines[""])}
    here = not isinstance(budget.at[0], Parameter) and budget.set not in PRESETS  # a preset is written elsewhere
    return place(*budget.at, *(one for one in key if here and one in budget.written))
