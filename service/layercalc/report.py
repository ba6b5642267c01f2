"""A report: an analysis as the plain dictionaries that go over the wire."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from layercalc import __version__, deadline
from layercalc.analysis.explain import explained
from layercalc.analysis.memory import memory
from layercalc.analysis.receptive_field import fields
from layercalc.analysis.roofline import Device, bound, ratio
from layercalc.analysis.tracing import Traced
from layercalc.analysis.walk import Analysis, Held, Row, Value
from layercalc.conventions import Convention, Counts, plain
from layercalc.dims import Batch, Dim, Unknown, shown
from layercalc.ops.base import FREE, KINDS
from layercalc.ops.tracing import Entry

RULE = (
    "A bound, not a prediction: no layer can take less than its FLOPs at the device's peak, or the bytes of its "
    "inputs, weights and outputs at its bandwidth, whichever is more; layers run one after another."
)


class Extras(NamedTuple):
    """What a report holds beside the counts, where it is asked for."""

    conventions: Sequence[Convention] = ()
    explain: bool = False
    device: Device | None = None


PLAIN = Extras()


def report(analysis: Analysis, warnings: list[dict[str, Any]], extras: Extras = PLAIN) -> dict[str, Any]:
    """The contract's report; `warnings` are those of the reader."""
    batch = analysis.inputs[0].spec.shape[0] if analysis.inputs and analysis.inputs[0].spec.shape else None
    peak, peak_layer = analysis.peak()
    sums = analysis.totals() | {"peak_activation_bytes": peak}
    totals: dict[str, Any] = {metric: count(n) for metric, n in sums.items()}
    out = {
        "version": __version__,
        "model": {
            "name": analysis.model.name,
            "format": analysis.model.form,
            "vocabulary": analysis.model.of_vocabulary.name,
            **({"entry": analysis.model.entry} if analysis.model.entry is not None else {}),
        },
        "batch_size": None if isinstance(batch, Batch | Unknown) else batch,
        "inputs": [tensor(value) for value in analysis.inputs],
        "outputs": [
            tensor(value) | {"name": name} for value, name in zip(analysis.outputs, output_names(analysis), strict=True)
        ],
        "layers": rows(analysis),
        "totals": totals,
        "memory": known(memory(analysis, sums, peak_layer)),
        "warnings": [*warnings, *unknowns(analysis, sums)],
    }
    for row, field in zip(out["layers"], fields(analysis), strict=True):
        row["receptive_field"] = field
    if extras.conventions:
        out |= counted(out, Counts(analysis, extras.conventions))
    if extras.explain:
        for row, found in deadline.each(zip(out["layers"], analysis.rows, strict=True)):
            row["explain"] = explained(found)
    if extras.device:
        out["roofline"] = roofline(out, analysis, extras.device)
    return out


def known(n: Any) -> Any:
    """Counts as they go over the wire, at any depth."""
    if isinstance(n, dict):
        return {key: known(value) for key, value in n.items()}
    return None if isinstance(n, Unknown) else n


def counted(report: dict[str, Any], counts: Counts) -> dict[str, Any]:
    """What the conventions add: their counts to each row and to the totals, and what they are and why they differ."""
    for row, numbers in zip(report["layers"], counts.rows, strict=True):
        row["counts"] = {name: plain(n) for name, n in numbers.items()}
    report["totals"]["counts"] = {name: plain(n) for name, n in counts.totals().items()}
    report["warnings"] += counts.warnings()
    keys = ("tool", "unit", "rule", "source")
    return {
        "conventions": {one.name: {key: getattr(one, key) for key in keys} for one in counts.conventions},
        **({"reconciliation": counts.reconciliation()} if len(counts.conventions) > 1 else {}),
    }


def roofline(report: dict[str, Any], analysis: Analysis, on: Device) -> dict[str, Any]:
    """Bounds for each row, and for all of them one after another."""
    seconds: float | None = 0.0
    for row, found in zip(report["layers"], analysis.rows, strict=True):
        dtype = found.traced.outputs[0][0].dtype
        row["roofline"] = bound(row["flops"], count(found.traced.traffic), dtype, on)
        seconds = None if seconds is None or row["roofline"] is None else seconds + row["roofline"]["seconds"]
    told = {"name": on.name, "title": on.title, "peak_flops": on.peak_flops, "bandwidth": on.bandwidth}
    return {"device": {**told, "source": on.source}, "seconds": seconds, "rule": RULE}


def rows(analysis: Analysis) -> list[dict[str, Any]]:
    """One row for every use of every layer."""
    uses = Counter([row.layer for row in analysis.rows])
    each = deadline.each(analysis.rows)
    return [row_of(row, uses[row.layer] > 1, row.traced.note("row", row_of_trace, row.traced)) for row in each]


class TraceRow(NamedTuple):
    """What a trace puts into each of its rows."""

    shapes: list[list[int | None]]
    counts: dict[str, int | None]
    intensity: float | None  # FLOPs for each byte that must be moved
    ops: list[dict[str, Any]]


def row_of_trace(traced: Traced) -> TraceRow:
    shapes = [shown(spec.shape) for spec, _ in traced.outputs]
    counts = {metric: count(n) for metric, n in traced.counts.items()}
    intensity = ratio(counts["flops"], count(traced.traffic))
    return TraceRow(shapes, counts, intensity, [*map(op_of, traced.entries, traced.moved)])


def row_of(row: Row, again: bool, part: TraceRow) -> dict[str, Any]:
    shapes = [shape.copy() for shape in part.shapes]
    plain = row.counts is row.traced.counts
    assert row.call.layer is not None
    return {
        "name": row.name,
        "type": row.call.layer.type,
        **({"layer": row.layer} if again else {}),
        **row.call.location.at(),
        "inputs": [value.source for value in row.inputs],
        "input_shapes": [shown(value.spec.shape) for value in row.inputs],
        "output_shape": shapes[0],
        "output_shapes": shapes,
        **({"output_names": list(row.call.output_names)} if row.call.output_names else {}),
        **(part.counts if plain else {metric: count(n) for metric, n in row.counts.items()}),
        "weights": [weight_of(held) for held in row.weights],
        "arithmetic_intensity": part.intensity,
        "ops": [op.copy() for op in part.ops],
    }


def op_of(entry: Entry, moved: tuple[Dim, Dim]) -> dict[str, Any]:
    """An op of a row: its arithmetic by kind where there is some, and the bytes it reads and writes."""
    cost, times = entry.cost, entry.times
    out: dict[str, Any] = {"op": entry.op.name}
    if cost is not FREE:
        for kind, n in zip(KINDS, cost, strict=True):
            if type(n) is Unknown or n:
                out[kind] = count(n * times)
    out["flops"] = count(cost.flops * times)
    out["bytes_read"], out["bytes_written"] = map(count, moved)
    return out


def weight_of(held: Held) -> dict[str, Any]:
    name, weight, shared = held
    shape, dtype = weight.spec
    out = {"name": name, "shape": shown(shape), "dtype": dtype, "trainable": weight.trainable}
    return {**out, "shared": True} if shared else out


def output_names(analysis: Analysis) -> Sequence[str]:
    """The names of the outputs: the document's, or those of the rows that they come from."""
    return analysis.model.output_names or [value.source for value in analysis.outputs]


def tensor(value: Value) -> dict[str, Any]:
    return {"name": value.source, "shape": shown(value.spec.shape), "dtype": value.spec.dtype}


def count(n: Dim) -> int | None:
    """A count as it goes over the wire: null where an unknown dimension makes it unknowable."""
    return n if type(n) is int else None if isinstance(n, Unknown) else int(n)


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
