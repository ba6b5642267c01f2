"""torchinfo by the parameters and the output of each module."""

from layercalc.analysis.observing import Seen
from layercalc.conventions.programs.seen import Terms, hidden
from layercalc.dims import Dim, Unknown, size
from layercalc.formulas import Formula


def count(seen: Seen, _: Dim) -> Terms:
    """Each parameter of a module without modules inside, by its name and the first output's sizes."""
    if hidden(seen):
        return {seen.kind.rpartition(".")[2]: None}
    if not seen.called or seen.inner:
        return {}
    out = seen.outputs[0].shape
    total: Dim = 0
    kind = seen.kind.rpartition(".")[2]
    for name, spec in seen.parameters:
        count = size(spec.shape)
        if name in ("weight", "bias"):
            places = size((*out[:1], *out[2:])) if "Conv" in kind else out[0] if out else 1
            total = total + places * count
        elif "weight" in name or "bias" in name:
            total = total + size(out[:2]) * count
    return {kind: total} if isinstance(total, Unknown | Formula) or total else {}
