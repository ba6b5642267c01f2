"""What a forward pass may cost, held against what its analysis says it will."""

from collections.abc import Sequence
from math import prod

from layercalc.analysis.walk import Analysis, Row
from layercalc.dims import Dim, Unknown, certainly
from layercalc.environment import setting
from layercalc.errors import InvalidModel, InvalidTensors, Tokens, TooLarge, pointer
from layercalc.execution import demand
from layercalc.layers import Layer
from layercalc.limits import UNLIMITED, Limits
from layercalc.model import Model


def runnable(analysis: Analysis) -> None:
    """Refuse a pass through layers that can only be analysed, and on inputs of unknown sizes."""
    if any(isinstance(dim, Unknown) for value in analysis.inputs for dim in value.spec.shape):
        detail = "Seeded inputs need a shape without unknown dimensions."
        raise InvalidTensors([{"pointer": "/inputs", "detail": detail}])
    found = [(row, not_run(row.call.layer)) for row in analysis.rows if row.call.layer is not None]
    faults = [{**row.call.location.at(), "detail": detail} for row, detail in found if detail]
    faults = faults or [{**row.call.location.at(), "detail": told} for row in analysis.rows if (told := left_out(row))]
    if faults:
        raise InvalidModel(faults)


def left_out(row: Row) -> str:
    """What inside a row no pass makes, or which size is not known before it is run; nothing where there is no such."""
    unmade = next((entry.op.unmade for entry in row.traced.entries if entry.op.unmade), "")
    if unmade:
        return f"{row.name!r} has {unmade}: it can be analysed, and not run."
    shapes = [entry.out.shape for entry in row.traced.entries] + [spec.shape for spec, _ in row.traced.outputs]
    dim = next((dim for shape in shapes for dim in shape if isinstance(dim, Unknown)), None)
    return "" if dim is None else f"{row.name!r} makes a tensor with {dim.origin}, so that nothing bounds a pass."


def not_run(layer: Layer) -> str:
    """Why a layer, or one inside it, can only be analysed; nothing where it can be run."""
    if layer.only_analysed:
        return layer.only_analysed
    inside = [call.layer for call in layer.calls] if isinstance(layer, Model) else [one for _, one in layer.children()]
    return next((told for one in inside if isinstance(one, Layer) and (told := not_run(one))), "")


def bounded(
    analysis: Analysis,
    limits: Limits,
    keep: Sequence[str],
    seeded: bool,
    path: Tokens,
    dtype: str = "float32",
    compared: Sequence[str] = (),
) -> None:
    """Refuse a pass whose cost, known from the analysis, is past the limits."""
    dtype = demand.OWN if analysis.model.keeps_dtypes and dtype == "float32" else dtype
    asked = [value.spec.shape for value in analysis.outputs]
    asked += [row.traced.outputs[0][0].shape for row in analysis.rows if row.name in set(keep)]
    shapes = [value.spec.shape for value in (*analysis.inputs, *analysis.outputs)]
    entries = [entry for row in analysis.rows for entry in row.traced.entries]
    shapes += [entry.out.shape for entry in entries]
    if max((dim for shape in shapes for dim in shape), default=0) >= 1 << 62:
        detail = "A tensor of the forward pass has an axis of 2^62 or more."
        raise TooLarge([{"pointer": pointer(*path), "detail": detail}])
    filling = demand.filling(analysis, dtype)[0] if seeded else 0
    costs = (
        ("as long as a matrix product of %s FLOPs", demand.work(analysis, dtype) + filling, "max_forward_flops"),
        ("%s bytes", demand.held(analysis, dtype, keep, compared, seeded), "max_forward_bytes"),
        ("%s op calls", sum(entry.launches for entry in entries), "max_forward_steps"),
        ("%s numbers in the answer", sum(prod(max(dim, 1) for dim in shape) for shape in asked), "max_forward_outputs"),
    )
    faults = [
        {
            "pointer": pointer(*path),
            "detail": f"The forward pass takes {what % amount(cost)}; the limit is {limit:,} ({setting(name)}).",
        }
        for what, cost, name in costs
        if not (
            certainly(cost <= (limit := getattr(limits, name))) or (limits is UNLIMITED and isinstance(cost, Unknown))
        )
    ]
    if faults:
        raise TooLarge(faults)


def amount(cost: Dim) -> str:
    """A cost in a message; what takes as long as it takes is unknown."""
    return "an unknown number of" if isinstance(cost, Unknown) else f"{cost:,}"
