"""A report: an analysis as the plain dictionaries that go over the wire."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from layercalc import __version__
from layercalc.analysis import Analysis, Row, Value
from layercalc.conventions import Convention, Counts, plain
from layercalc.dims import Batch, Dim, Unknown, shown


def report(
    analysis: Analysis, warnings: list[dict[str, Any]], conventions: Sequence[Convention] = ()
) -> dict[str, Any]:
    """The contract's report; `warnings` are those of the reader."""
    batch = analysis.inputs[0].spec.shape[0] if analysis.inputs and analysis.inputs[0].spec.shape else None
    totals: dict[str, Any] = {metric: count(n) for metric, n in analysis.totals().items()}
    out = {
        "version": __version__,
        "model": {"name": analysis.model.name, "format": analysis.model.form},
        "batch_size": None if isinstance(batch, Batch | Unknown) else batch,
        "inputs": [tensor(value) for value in analysis.inputs],
        "outputs": [tensor(value) for value in analysis.outputs],
        "layers": rows(analysis),
        "totals": totals,
        "warnings": [*warnings, *unknowns(analysis)],
    }
    return out | counted(out, Counts(analysis, conventions)) if conventions else out


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


def rows(analysis: Analysis) -> list[dict[str, Any]]:
    """One row for every use of every layer."""
    uses = Counter(row.layer for row in analysis.rows)
    return [row_of(row, again=uses[row.layer] > 1) for row in analysis.rows]


def row_of(row: Row, again: bool) -> dict[str, Any]:
    traced = row.traced
    shapes = [shown(spec.shape) for spec, _ in traced.outputs]
    counts = {metric: count(n) for metric, n in traced.counts.items()}
    if row.shared:
        counts |= dict.fromkeys(("params", "trainable_params", "non_trainable_params", "param_bytes"), 0)
    assert row.call.layer is not None
    return {
        "name": row.name,
        "type": row.call.layer.type,
        **({"layer": row.layer} if again else {}),
        **row.call.place.at(),
        "inputs": [value.source for value in row.inputs],
        "input_shapes": [shown(value.spec.shape) for value in row.inputs],
        "output_shape": shapes[0],
        "output_shapes": shapes,
        **counts,
        "weights": [weight_of(row, weight) for weight in traced.weights],
        "ops": [{key: n if key == "op" else count(n) for key, n in op.items()} for op in traced.ops],
    }


def weight_of(row: Row, weight: Any) -> dict[str, Any]:
    shape, dtype = weight.spec
    out = {
        "name": f"{row.layer}/{weight.path}",
        "shape": shown(shape),
        "dtype": dtype,
        "trainable": weight.trainable,
    }
    return {**out, "shared": True} if row.shared else out


def tensor(value: Value) -> dict[str, Any]:
    return {"name": value.source, "shape": shown(value.spec.shape), "dtype": value.spec.dtype}


def count(n: Dim) -> int | None:
    """A count as it goes over the wire: null where an unknown dimension makes it unknowable."""
    return None if isinstance(n, Unknown) else int(n)


def unknowns(analysis: Analysis) -> list[dict[str, Any]]:
    """A warning for every unknown dimension, where it makes a count unknowable."""
    counts = {f"{metric} of {row.name!r}": n for row in analysis.rows for metric, n in row.traced.counts.items()}
    counts |= {f"the total {metric}": n for metric, n in analysis.totals().items()}
    first = next((name for name, n in counts.items() if isinstance(n, Unknown)), None)
    if first is None:
        return []
    sizes = [dim for value in analysis.inputs for dim in value.spec.shape]
    origins = dict.fromkeys(n.origin for n in (*sizes, *counts.values()) if isinstance(n, Unknown))
    detail = f"is unknown, so {first} and every count that depends on it are null"
    return [{"pointer": "", "detail": f"{origin} {detail}"} for origin in origins]
