"""What changed between two models: layers aligned, the arguments that differ, and what that does to each metric."""

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from layercalc.analysis.tracing import METRICS
from layercalc.analysis.walk import Analysis, Row
from layercalc.analysis.weight_specs import BUFFERS
from layercalc.differences import amounts
from layercalc.differences.alignment import Pairs, aligned, given
from layercalc.differences.structure import arithmetic, computes, kind, matched, same
from layercalc.layers import Layer, fields_of
from layercalc.modules import TYPE, units
from layercalc.wording import AS_SAID, STORED, stored_as

UNSAID = ("name", "inputs")


class Side(NamedTuple):
    """A model as it is compared: its report, and the arguments of each row's layer (none of a mere report).

    `modular` is one beside a model in another vocabulary: rows that are one of the other's are one.
    """

    report: dict[str, Any]
    arguments: dict[str, dict[str, Any]]
    modular: bool = False

    @property
    def vocabulary(self) -> str:
        return "" if self.modular else str(self.report["model"]["vocabulary"])

    def beside(self, other: "Side") -> list[dict[str, Any]]:
        """The rows, those that are one module of the other as one."""
        return units(self.report["layers"], {row["name"] for row in other.report["layers"]})

    def of(self, rows: list[dict[str, Any]]) -> "Side":
        """The same with other rows, without arguments, which are of one vocabulary."""
        return Side({**self.report, "layers": rows}, {}, True)


class Comparison(NamedTuple):
    """What changed, between which models as they were compared, and which rows are pairs."""

    found: dict[str, Any]
    before: Side
    after: Side
    pairs: Pairs


def side(report: dict[str, Any], analysis: Analysis | None = None) -> Side:
    found = {row.name: arguments(row) for row in analysis.rows} if analysis else {}
    return Side(report, found)


def arguments(row: Row) -> dict[str, Any]:
    return said(row.call.layer) if row.call.layer is not None else {}


def said(layer: Layer) -> dict[str, Any]:
    """The arguments of a layer as plain values."""
    if layer.arguments is not None:
        return {name: plain(value) for name, value in layer.arguments.items()}
    return {name: plain(getattr(layer, name, None)) for name in fields_of(type(layer))}


def plain(value: Any) -> Any:
    if isinstance(value, Layer):
        return {"type": value.type, **said(value)}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    name = getattr(value, "name", None)
    return name if isinstance(name, str) else type(value).__name__


def held_against(before: Side, after: Side) -> tuple[Side, Side, Pairs]:
    """Both sides with the rows in which they are compared, and the pairs of them that are one layer."""
    if before.vocabulary == after.vocabulary:
        return before, after, paired(before, after)
    found = matched(before.beside(after), after.beside(before))
    return before.of(found.olds), after.of(found.news), found.pairs


def compared(before: Side, after: Side) -> Comparison:
    """The contract's diff; `inputs` and `outputs` of the models only where they differ."""
    before, after, pairs = held_against(before, after)
    olds, news = before.report["layers"], after.report["layers"]
    wires = Wires(before.report, after.report, pairs)
    layers = []
    for i, j in ordered(pairs, len(olds), len(news)):
        if i is None or j is None:
            old, new = (None, news[j]) if i is None else (olds[i], None)
            if not after.modular or computes(old or new or {}):
                layers.append(lone("added" if i is None else "removed", old, new))
        else:
            line = changed(olds[i], news[j], before, after, wires)
            if line is not None:
                layers.append(line)
    known = after.report["totals"]
    totals = {
        metric: amounts.totals(before.report["totals"], known, metric)
        for metric, was in before.report["totals"].items()
        if not isinstance(was, dict) and (metric in known or after.arguments)  # a report of old may lack some
    }
    ends = {}
    for key in ("inputs", "outputs"):
        was, now = before.report[key], after.report[key]
        if [bare(one) for one in was] != [bare(one) for one in now] or (
            key == "outputs" and not after.modular and wires.moved(was, now)
        ):
            ends[key] = {"before": was, "after": now}
    equal = not layers and not ends and all(map(alike, totals.values()))
    warnings = [*before.report["warnings"], *after.report["warnings"]]
    as_was, as_now = (stored_as(one.report) for one in (before, after))
    if as_was != as_now:
        told = f"Bytes before are those of {as_was or AS_SAID}, after of {as_now or AS_SAID}: storage is compared too."
        warnings.append({"pointer": "", "detail": told})
    titles = {key: after.report[key] for key in STORED if key in after.report and as_was == as_now}
    found = {"identical": equal, **titles, "totals": totals, "layers": layers, **ends, "warnings": warnings}
    return Comparison(found, before, after, pairs)


def alike(total: dict[str, Any]) -> bool:
    """Whether a total is the same before and after, as a formula too."""
    formulas = total.get("formulas", {})
    return bool(total["before"] == total["after"]) and formulas.get("before") == formulas.get("after")


def bare(tensor: dict[str, Any]) -> tuple[Any, Any, Any]:
    """An input or output without its name, which nobody may have given."""
    return tensor["shape"], tensor["dtype"], tensor.get("shape_formula")


def paired(before: Side, after: Side) -> Pairs:
    """The rows of both sides that are one layer."""
    sides = (before.arguments, after.arguments)
    told = bool(sides[0] and sides[1])

    def config(row: dict[str, Any], side: int) -> str:
        found = sides[side].get(row["name"], {})
        return repr({key: value for key, value in found.items() if key not in UNSAID})

    vocabularies = before.vocabulary, after.vocabulary
    return aligned(before.report["layers"], after.report["layers"], config if told else None, vocabularies)


def ordered(pairs: Pairs, olds: int, news: int) -> Iterator[tuple[Any, Any]]:
    """Every row in the order of the new model, and what is gone where it stood."""
    old_of = {j: i for i, j in pairs}
    kept = set(old_of.values())
    gone = deque(i for i in range(olds) if i not in kept)
    follows = [olds] * (news + 1)  # the old place of the first kept row from here on
    for j in reversed(range(news)):
        follows[j] = old_of.get(j, follows[j + 1])
    for j in range(news + 1):
        while gone and gone[0] < follows[j]:
            yield gone.popleft(), None
        if j < news:
            yield old_of.get(j), j


class Wires:
    """Where each row's inputs come from, as far as both models have it: rows that only one has are looked through."""

    def __init__(self, before: dict[str, Any], after: dict[str, Any], pairs: Pairs):
        olds, news = before["layers"], after["layers"]
        self.now = {olds[i]["name"]: str(news[j]["name"]) for i, j in pairs}
        both = set(self.now.values())
        ends = zip(before["inputs"], after["inputs"], strict=False)
        self.now |= {one["name"]: other["name"] for one, other in ends if one["name"] not in self.now}
        self.old_rows = {row["name"]: row for row in olds if row["name"] not in self.now}
        self.new_rows = {row["name"]: row for row in news if row["name"] not in both}

    def rewired(self, old: dict[str, Any], new: dict[str, Any]) -> list[Any] | None:
        """The inputs before and after, where they come from elsewhere now."""
        if old.get("inputs") is None or new.get("inputs") is None:
            return None
        was, now = self.sources(old["inputs"], new["inputs"])
        return [old["inputs"], new["inputs"]] if was != now else None

    def moved(self, was: list[dict[str, Any]], now: list[dict[str, Any]]) -> bool:
        """Whether outputs come from other rows than they did."""
        left, right = self.sources([one["name"] for one in was], [one["name"] for one in now])
        return left != right

    def sources(self, was: list[str], now: list[str]) -> tuple[list[str], list[str]]:
        left = [through(name, self.old_rows) for name in was]
        return [self.now.get(name, name) for name in left], [through(name, self.new_rows) for name in now]


def through(name: str, rows: dict[str, dict[str, Any]]) -> str:
    """The row that feeds a chain of rows with one input each."""
    for _ in range(len(rows)):
        inputs = rows[name].get("inputs") if name in rows else None
        if not inputs or len(inputs) != 1:
            break
        name = inputs[0]
    return name


def lone(change: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    """A row that only one of the models has."""
    row = old or new or {}
    return {
        "change": change,
        "before": old and old["name"],
        "after": new and new["name"],
        "type": row["type"],
        "fields": {},
        "output_shape": [old and old["output_shape"], new and new["output_shape"]],
        **by_name(old, new),
        **amounts.deltas(old, new, compared_in(row)),
    }


def by_name(old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    """The output's shape before and after where sizes in it have names."""
    shapes = [row and row.get("output_formula") for row in (old, new)]
    return {"output_formula": shapes} if any(shapes) else {}


def changed(old: dict[str, Any], new: dict[str, Any], before: Side, after: Side, wires: Wires) -> dict[str, Any] | None:
    """Two rows that are one layer, if anything about it changed."""
    fields = (translated if after.modular else altered)(old, new, before, after)
    if not after.modular and (inputs := wires.rewired(old, new)) is not None:
        fields["inputs"] = inputs
    metrics = [metric for metric in compared_in(old, new) if amounts.amount(old, metric) != amounts.amount(new, metric)]
    found = amounts.deltas(old, new, metrics)
    deltas, named = found["deltas"], by_name(old, new)
    moved = bool(named) and named["output_formula"][0] != named["output_formula"][1]
    shapes = [old["output_shape"], new["output_shape"]]
    if after.modular and not fields and same(old, new):
        return None  # what frameworks take a layer apart into differs, and so does the order of axes
    if not fields and not deltas and shapes[0] == shapes[1] and not moved:
        return None
    return {
        "change": "changed",
        "before": old["name"],
        "after": new["name"],
        "type": new["type"],
        "fields": fields,
        "output_shape": shapes,
        **named,
        **found,
    }


def altered(old: dict[str, Any], new: dict[str, Any], before: Side, after: Side) -> dict[str, Any]:
    """The type, the name if one was given, and the arguments that differ."""
    was, now = before.arguments.get(old["name"]), after.arguments.get(new["name"])
    fields = {"type": [old["type"], new["type"]]} if old["type"] != new["type"] else {}
    if old["name"] != new["name"] and (given(old, before.vocabulary) or given(new, after.vocabulary)):
        fields["name"] = [old["name"], new["name"]]
    if was is not None and now is not None and old["type"] == new["type"]:
        fields |= dict(differing({key: was.get(key) for key in now if key not in UNSAID}, now))
    return fields


def translated(old: dict[str, Any], new: dict[str, Any], before: Side, after: Side) -> dict[str, Any]:
    """The arithmetic of two rows in two vocabularies, where it is another; one that is in parts may be written so."""
    whole = TYPE not in (old["type"], new["type"])
    other = whole and kind(old) != kind(new) and old["flops"] != new["flops"]
    return {"ops": [arithmetic(old), arithmetic(new)]} if other else {}


def compared_in(*rows: dict[str, Any]) -> tuple[str, ...]:
    """What is compared of rows: buffers where each counts them apart."""
    return (*METRICS, *BUFFERS) if all(key in row for row in rows for key in BUFFERS) else METRICS


def differing(was: dict[str, Any], now: dict[str, Any], inside: str = "") -> Iterator[tuple[str, list[Any]]]:
    """The arguments that differ, those of a layer inside a layer by their path: `layer.units`."""
    for key, old in was.items():
        new = now.get(key)
        if isinstance(old, dict) and isinstance(new, dict) and old.get("type") == new.get("type"):
            yield from differing({name: old.get(name) for name in (*old, *new)}, new, f"{inside}{key}.")
        elif old != new:
            yield f"{inside}{key}", [old, new]
