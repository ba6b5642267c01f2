"""A report: an analysis as the plain dictionaries that go over the wire."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, compress
from typing import TYPE_CHECKING, Any, NamedTuple

from layercalc import __version__, deadline
from layercalc.analysis.containers import Level, levels
from layercalc.analysis.explain import explained
from layercalc.analysis.liveness import PEAKS, live, peak
from layercalc.analysis.memory import memory
from layercalc.analysis.quantised import by_dtype, macs_dtypes
from layercalc.analysis.readings import SOURCE, Value
from layercalc.analysis.receptive_field import fields
from layercalc.analysis.roofline import Device, bound, computed_in, ratio
from layercalc.analysis.storage import Storage, stored_in
from layercalc.analysis.tracing import Amounts, Traced, fact
from layercalc.analysis.walk import Analysis, Held, Row
from layercalc.cache import STORE
from layercalc.dims import NUMBERS, Batch, Dim, Shape, Unknown, shown
from layercalc.formulas import Formula, code
from layercalc.ops.base import KINDS
from layercalc.ops.tracing import Entry

if TYPE_CHECKING:
    from layercalc.conventions.base import Convention
    from layercalc.conventions.counts import Counts

RULE = (
    "A bound, not a prediction: no layer can take less than its FLOPs at the device's peak, or the bytes of its "
    "inputs, weights and outputs at its bandwidth, whichever is more; layers run one after another."
)
OPEN_BOUNDS = (
    "Which of arithmetic and bandwidth bounds a layer depends on the sizes that have names, so the roofline of those "
    "is null; give the names numbers (dims)."
)


class Extras(NamedTuple):
    """What a report holds beside the counts, where it is asked for."""

    conventions: "Sequence[Convention]" = ()
    explain: bool = False
    device: Device | None = None
    storage: Storage | None = None


PLAIN = Extras()
OPEN = Unknown, Formula  # what is no number


def report(analysis: Analysis, warnings: list[dict[str, Any]], extras: Extras = PLAIN) -> dict[str, Any]:
    """The contract's report; `warnings` are those of the reader."""
    if extras.storage:
        analysis = stored_in(analysis, extras.storage)
    lives = live(analysis)
    peaks = [peak(analysis, lives, along) for along in (lives.rows, lives.in_place)]
    sums = analysis.totals() | dict(zip(PEAKS, [n for n, _ in peaks], strict=True))
    totals: dict[str, Any] = {metric: count(n) for metric, n in sums.items()}
    out = {
        **heading(analysis),
        "layers": rows(analysis),
        "totals": totals,
        "memory": held(memory(analysis, sums, peaks[0][1], peaks[1][1])),
        "warnings": [*warnings, *unknowns(analysis, sums)],
        **sizes_by_name(analysis),
    }
    if formulas := expressions(sums):
        totals["formulas"] = formulas
    if analysis.conditions.needed:
        conditions = ", ".join(map(str, analysis.conditions.needed))
        elsewhere = "ask with numbers" if analysis.conditions.presumed else "the network is refused"
        out["warnings"].append(
            {"pointer": "", "detail": f"The formulas hold where {conditions}; elsewhere {elsewhere}."}
        )
    alive = dict(zip(analysis.executed, lives.rows, strict=True))
    for row, found, field in zip(out["layers"], analysis.rows, fields(analysis), strict=True):
        row["receptive_field"] = field
        lived(row, alive[found])
    if analysis.model.state:
        out["state_dict"] = list(state_dict(analysis))
    nested = levels(analysis)
    if nested:
        out["modules"] = [module_of(one, analysis) for one in nested]
    if dtypes := macs_dtypes(analysis.as_read):
        for row in out["layers"]:
            row |= {"macs_dtype": dtypes[row["name"]]} if row["name"] in dtypes else {}
        totals["macs_by_dtype"] = known(by_dtype(analysis, dtypes))
    if extras.conventions:
        from layercalc.conventions.counts import Counts

        out |= counted(out, Counts(analysis.as_read, extras.conventions), nested)
    if extras.explain:
        for row, found in deadline.each(zip(out["layers"], analysis.rows, strict=True)):
            row["explain"] = explained(found)
    if extras.device:
        out["roofline"] = roofline(out, analysis, extras.device)
        if "dims" in out and out["roofline"]["seconds"] is None:
            out["warnings"].append({"pointer": "", "detail": OPEN_BOUNDS})
    return out


def heading(analysis: Analysis) -> dict[str, Any]:
    """What stands above the rows: the model, its inputs and outputs, and how it is taken to be stored."""
    batches = [value.spec.shape[0] for value in analysis.inputs if value.spec.shape]
    batch = next((n for n in batches if isinstance(n, Batch)), batches[0] if batches else None)
    return {
        "version": __version__,
        "model": {
            "name": analysis.model.name,
            "format": analysis.model.form,
            "vocabulary": analysis.model.of_vocabulary.name,
            **({"entry": analysis.model.entry} if analysis.model.entry is not None else {}),
        },
        "batch_size": None if isinstance(batch, Batch | Unknown | Formula) else batch,
        "inputs": [tensor(value) for value in analysis.inputs],
        "outputs": [
            tensor(value) | {"name": name} for value, name in zip(analysis.outputs, output_names(analysis), strict=True)
        ],
        **(analysis.storage.titles if analysis.storage else {}),
    }


def lived(row: dict[str, Any], n: Dim) -> None:
    """Say in a row which activation bytes are live while it runs."""
    row["live_bytes"] = n if n.__class__ is int else count(n)
    if n.__class__ is Formula:
        row["formulas"] = {**row.get("formulas", {}), "live_bytes": code(n)}


def sizes_by_name(analysis: Analysis) -> dict[str, Any]:
    """The names that sizes have, with the range that each is known to lie in, and what the formulas take for granted.

    Each of these is an expression that is true or false with the names bound (see formulas.narrowing.Conditions).
    """
    found = [n for value in analysis.inputs for n in value.spec.shape if isinstance(n, Formula)]
    every = {name.text: name for n in found for name in n.names()}
    if not every:
        return {}
    dims = {text: {"min": name.low, "max": name.high} for text, name in sorted(every.items())}
    needed, guards, presumed = ([one.code for one in several] for several in analysis.conditions)
    return {"dims": dims, "conditions": needed, "guards": guards, "presumed": presumed}


def held(found: dict[str, Any]) -> dict[str, Any]:
    """What a network holds in memory as it goes over the wire, with the formulas by their path in it."""
    out: dict[str, Any] = known(found)
    formulas = dict(inside(found))
    return {**out, "formulas": formulas} if formulas else out


def inside(found: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """The formulas at any depth, by their path."""
    for key, n in found.items():
        if isinstance(n, dict):
            yield from inside(n, f"{path}{key}.")
        elif isinstance(n, Formula):
            yield path + key, code(n)


def known(n: Any) -> Any:
    """Counts as they go over the wire, at any depth."""
    if isinstance(n, dict):
        return {key: known(value) for key, value in n.items()}
    return None if isinstance(n, OPEN) else n


def sums(numbers: Sequence[Dim | None]) -> Callable[[int, int], Dim | None]:
    """What gives the sum of the numbers from one place to before another; None where one of them is unknown."""
    total = list(accumulate([0 if n is None or isinstance(n, Unknown) else n for n in numbers], initial=0))
    gaps = list(accumulate([int(n is None or isinstance(n, Unknown)) for n in numbers], initial=0))
    return lambda first, end: None if gaps[end] > gaps[first] else total[end] - total[first]


def counted(report: dict[str, Any], counts: "Counts", nested: Sequence[Level]) -> dict[str, Any]:
    """What the conventions add: their counts to rows, modules and totals, and what they are and why they differ."""
    rows = zip((*report["layers"], report["totals"]), (*counts.rows, counts.totals()), strict=True)
    for row, numbers in rows:
        put(row, numbers)
    if nested:
        of_runs = {one.name: sums([numbers[one.name] for numbers in counts.rows]) for one in counts.conventions}
        for level, module in zip(nested, report["modules"], strict=True):
            put(module, {name: of_run(level.first, level.last + 1) for name, of_run in of_runs.items()})
    report["warnings"] += counts.warnings()
    keys = ("tool", "unit", "rule", "source")
    return {
        "conventions": {one.name: {key: getattr(one, key) for key in keys} for one in counts.conventions},
        **({"reconciliation": counts.reconciliation()} if len(counts.conventions) > 1 else {}),
    }


def put(row: dict[str, Any], numbers: dict[str, Dim | None]) -> None:
    """Put the conventions' counts into a row, the totals or a module, with the formulas of those that have one."""
    row["counts"] = {name: count(n) for name, n in numbers.items()}
    if found := {f"counts.{name}": code(n) for name, n in numbers.items() if isinstance(n, Formula)}:
        row["formulas"] = {**row.get("formulas", {}), **found}


def roofline(report: dict[str, Any], analysis: Analysis, on: Device) -> dict[str, Any]:
    """Bounds for each row, and for all of them one after another."""
    seconds: float | None = 0.0
    for row, found, read in zip(report["layers"], analysis.rows, analysis.as_read.rows, strict=True):
        dtype = computed_in((one.traced.outputs[0][0].dtype for one in (found, read)), on)
        row["roofline"] = bound(row["flops"], count(found.traced.traffic), dtype, on)
        seconds = None if seconds is None or row["roofline"] is None else seconds + row["roofline"]["seconds"]
    told = {"name": on.name, "title": on.title, "peak_flops": dict(on.peak_flops), "bandwidth": on.bandwidth}
    return {"device": {**told, "source": on.source}, "seconds": seconds, "rule": RULE}


def rows(analysis: Analysis) -> list[dict[str, Any]]:
    """One row for every use of every layer; what equal layers have alike is one object in their rows."""
    layers = [row.layer for row in analysis.rows]
    again = {layer for layer, times in Counter(layers).items() if times > 1} if len(set(layers)) < len(layers) else ()
    last = {row.traced: row for row in analysis.rows}  # of each trace
    parts = {traced: part_of(traced) for traced in last}
    return [row_of(row, row.layer in again, parts[row.traced], row is last[row.traced]) for row in analysis.rows]


def state_dict(analysis: Analysis) -> Iterator[dict[str, Any]]:
    """The weights in the order of the model's state dict, tied ones under each of their names."""
    weights = dict(analysis.weights)
    for name, tensor, kind in analysis.model.state:
        if (weight := weights.get(tensor)) is not None:
            told = {"shape": shown(weight.spec.shape), "dtype": weight.spec.dtype, "trainable": weight.trainable}
            yield {"name": name, "kind": kind, **told, **({} if name == tensor else {"tied_to": tensor})}


def module_of(level: Level, analysis: Analysis) -> dict[str, Any]:
    """A module that has rows inside: which they are, and their sums."""
    shape = expressed(level.shape)
    formulas = expressions(level.counts)
    return {
        "name": level.name,
        "type": level.type,
        "depth": level.depth,
        "first": analysis.rows[level.first].name,
        "last": analysis.rows[level.last].name,
        "output_shape": shown(level.shape),
        **({} if shape is None else {"output_formula": shape}),
        **{metric: count(n) for metric, n in level.counts.items()},
        **({"formulas": formulas} if formulas else {}),
    }


HEAD = dict.fromkeys(("name", "type", "pointer", "inputs"))  # of a row: what each has of its own, and `weights`


class Part(NamedTuple):
    """What a trace puts into each of its rows."""

    whole: dict[str, Any]  # a row as most are, to be copied for all of its rows but the last
    weights: list[tuple[list[int | None], str, bool]]


def part_of(traced: Traced) -> Part:
    """What a trace puts into each of its rows of one report; a trace that outlives the report keeps its own."""
    if STORE.get() is None:
        return traced.notes.pop("row_of_trace", None) or row_of_trace(traced)
    whole, weights = traced.fact(row_of_trace)
    whole = whole.copy()
    shapes = whole["output_shapes"] = [*map(list.copy, whole["output_shapes"])]
    whole["input_shapes"], whole["output_shape"] = [*map(list.copy, whole["input_shapes"])], shapes[0]
    whole["ops"] = [*map(dict.copy, whole["ops"])]
    return Part(whole, [(shape.copy(), dtype, trains) for shape, dtype, trains in weights])


@fact
def row_of_trace(traced: Traced) -> Part:
    """The same, made of the trace."""
    shapes = [shown(spec[0]) for spec, _ in traced.outputs]
    plain = NUMBERS.issuperset(map(type, traced.counts.values()))
    counts = traced.counts if plain else {metric: count(n) for metric, n in traced.counts.items()}
    out = {
        **HEAD,
        "input_shapes": [shown(spec[0]) for spec in traced.reads],
        "output_shape": shapes[0],
        "output_shapes": shapes,
        **counts,
        "weights": [],
        "arithmetic_intensity": ratio(counts["flops"], count(traced.traffic)),
        "ops": [*map(op_of, traced.entries, traced.tape.amounts)],
    }
    read = [expressed(spec.shape) for spec in traced.reads]
    if any(read):
        out["input_formulas"] = read
    if traced.outputs and (first := expressed(traced.outputs[0][0].shape)):
        out["output_formula"] = first
    if formulas := {} if plain else expressions(traced.counts):
        out["formulas"] = formulas
    return Part(out, [(shown(spec[0]), spec[1], trains) for _, spec, trains, *_ in traced.weights])


def row_of(row: Row, again: bool, part: Part, last: bool) -> dict[str, Any]:
    """A row; `again` if its layer has others, `last` if its trace has no more."""
    call, (whole, weights) = row.call, part
    assert call.layer is not None
    at = call.location.at()
    if again or call.module or call.output_names or "pointer" not in at:
        out = head_of(row, again, at)
        out |= {key: value for key, value in whole.items() if key not in HEAD}
    else:
        out = whole if last else whole.copy()
        out["name"], out["type"], out["pointer"] = row.name, call.layer.type, at["pointer"]
    out["inputs"] = [*map(SOURCE, row.inputs)]
    if row.told_apart is not None:
        out["weights"] = [*map(weight_of, row.told_apart, weights)]
    elif weights:
        out["weights"] = [
            {"name": name, "shape": shape, "dtype": dtype, "trainable": trains}
            for name, (shape, dtype, trains) in zip(row.names, weights, strict=True)
        ]
    if row.counts is not row.traced.counts:
        out |= {metric: count(n) for metric, n in row.counts.items()}
        out.pop("formulas", None)
        if formulas := expressions(row.counts):
            out["formulas"] = formulas
    return out


def head_of(row: Row, again: bool, at: dict[str, Any]) -> dict[str, Any]:
    """What a row begins with: its layer's first use if it is used `again`, its module, the names of its tensors."""
    call = row.call
    assert call.layer is not None
    out: dict[str, Any] = {"name": row.name, "type": call.layer.type}
    if again:
        out["layer"] = row.layer
    out |= at
    if call.module:
        out["module"] = call.module
    out["inputs"] = None
    if call.output_names:
        out |= dict.fromkeys(("input_shapes", "output_shape", "output_shapes"))
        out["output_names"] = list(call.output_names)
    return out


def expressed(shape: Shape) -> list[str | None] | None:
    """The sizes of a shape some of which depend on sizes by name, as Python writes them; None for any other shape."""
    if Formula not in map(type, shape):
        return None
    return [None if isinstance(dim, Batch | Unknown) or getattr(dim, "batched", False) else code(dim) for dim in shape]


def expressions(counts: dict[str, Dim]) -> dict[str, str]:
    """The counts that depend on sizes by name, as Python writes them."""
    return {metric: code(n) for metric, n in counts.items() if isinstance(n, Formula)}


def op_of(entry: Entry, amounts: Amounts) -> dict[str, Any]:
    """An op of a row: its arithmetic by kind where there is some, and the bytes it reads and writes."""
    cost, times = entry[1], entry[2]
    flops, read, written = amounts
    if NUMBERS.issuperset(map(type, (times, *amounts, *cost))):
        kinds: Any = zip(compress(KINDS, cost), [n * times for n in cost if n], strict=True) if flops else ()
    else:
        kinds = [(kind, count(n * times)) for kind, n in zip(KINDS, cost, strict=True) if n.__class__ is not int or n]
        flops, read, written = map(count, amounts)
    return {"op": entry[0].name, **dict(kinds), "flops": flops, "bytes_read": read, "bytes_written": written}


def weight_of(held: Held, known: tuple[list[int | None], str, bool]) -> dict[str, Any]:
    """A weight of a row that may be shared; its shape and dtype are `known` of its trace."""
    out = {"name": held.name, "shape": known[0], "dtype": known[1], "trainable": held.weight.trainable}
    return {**out, "shared": True} if held.shared else out


def output_names(analysis: Analysis) -> Sequence[str]:
    """The names of the outputs: the document's, or those of the rows that they come from."""
    return analysis.model.output_names or [value.source for value in analysis.outputs]


def tensor(value: Value) -> dict[str, Any]:
    shape = value.spec.shape
    out = {"name": value.source, "shape": shown(shape), "dtype": value.spec.dtype}
    return out if (formula := expressed(shape)) is None else out | {"shape_formula": formula}


def count(n: Dim | None) -> int | None:
    """A count as it goes over the wire: null where an unknown dimension makes it unknowable."""
    return n if n.__class__ is int else None if n is None or isinstance(n, OPEN) else int(n)


def unknowns(analysis: Analysis, totals: dict[str, Dim]) -> list[dict[str, Any]]:
    """A warning for every unknown dimension, where it makes a count unknowable."""
    if not any(isinstance(n, Unknown) for n in totals.values()):
        return []
    counts = {f"{metric} of {row.name!r}": n for row in analysis.rows for metric, n in row.counts.items()}
    counts |= {f"the total {metric}": n for metric, n in totals.items()}
    first = next(name for name, n in counts.items() if isinstance(n, Unknown))
    sizes = [dim for value in analysis.inputs for dim in value.spec.shape]
    origins = dict.fromkeys(n.origin for n in (*sizes, *counts.values()) if isinstance(n, Unknown))
    detail = f"is unknown, so {first} and every count that depends on it are null"
    return [{"pointer": "", "detail": f"{origin} {detail}"} for origin in origins]
