"""What is proven of a fit by depth: where copies of a block no longer change what goes from one to the next.

Once two copies give the same tensors, each further one is given the same as they are, and so is what stands behind the
last: by induction every further copy adds the same rows. Sums over rows then grow by the same with each copy, the
largest over rows stays what it is, and both by exactly as much as from one depth to the next.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from layercalc.analysis.metrics import REACH, SHAPE
from layercalc.analysis.tracing import kinds_of
from layercalc.analysis.walk import Analysis, Row
from layercalc.document import analysed, guarded
from layercalc.errors import Refused, Tokens, pointer
from layercalc.fitting.proof import Run, run_of
from layercalc.formulas import at, named
from layercalc.input_shapes import ModelOptions, declared
from layercalc.ops import Spec
from layercalc.readers.placeholders import LAYERS, REPEAT
from layercalc.sweeps.expressions import computed
from layercalc.sweeps.figures import Wanted, figures
from layercalc.sweeps.template import MOST_REPEATED, Origins, Template

if TYPE_CHECKING:
    from layercalc.fitting.question import Asked

ALIKE = 3  # copies in a row that are to be alike: one between two others, and the last
COPIES = 1 + ALIKE  # the first may be another


class Repeat(NamedTuple):
    """A block that is repeated `step * n + more` times: where it stands, n being what varies."""

    path: Tokens
    step: int
    more: int


class Depth(NamedTuple):
    """A network of one depth: its analysis, its document, and where in the template its layers stand."""

    analysis: Analysis
    document: Any
    origins: Origins


def proven_by_depth(asked: "Asked") -> Run | None:
    """What is proven of the depths within budgets; None where copies change what goes through them, or nothing is."""
    repeats = repeats_of(asked)
    if repeats is None or any(one.layer or one.output or one.metric in (SHAPE, REACH) for one in asked.within):
        return None
    start = max(asked.values.first, *(-(-(COPIES - one.more) // one.step) for one in repeats))
    depths = [depth_of(asked, start + more) for more in range(3)]
    if not all(steady(depths[0], one, one.step * start + one.more) for one in repeats):
        return None
    metrics = [one.metric for one in asked.within]
    found = [figures(one.analysis, Wanted(metrics, (), None, asked.storage)) for one in depths]
    told = []
    for budget in asked.within:
        low, middle, high = (one[budget.metric] for one in found)
        if None in (low, middle, high) or not 0 <= middle - low == high - middle:
            return None
        told.append((lambda n, first=low, step=middle - low: first + (n - start) * step, budget.limits))
    return run_of(start, told, lambda n: too_deep(asked, depths, n, start))


def too_deep(asked: "Asked", depths: list[Depth], n: int, start: int) -> bool:
    """Whether a depth has more layers than limits allow, told by those of the first depths."""
    rows, more = (len(one.analysis.rows) for one in depths[:2])
    items, others = (len(one.document[LAYERS]) for one in depths[:2])
    if rows + (n - start) * (more - rows) > asked.limits.max_layers:
        return True
    if items + (n - start) * (others - items) <= min(asked.limits.max_layers, MOST_REPEATED):
        return False
    try:
        asked.at(n)
    except Refused:
        return True
    return False


def repeats_of(asked: "Asked") -> list[Repeat] | None:
    """The blocks whose repetition is all that varies; None where something else does."""
    found = []
    for expression, path in Template(asked.document, asked.path).placeholders.values():
        beside, last = path[:-1], path[-1]
        if last != REPEAT or beside[:-1] != (*asked.path, LAYERS):
            return None
        name = named(asked.vary)
        try:
            times = computed(expression.tree, {asked.vary: name})
            more = at(times, {asked.vary: 0})
            step = at(times, {asked.vary: 1}) - more
        except (ArithmeticError, TypeError, ValueError):
            return None
        apart = times - (step * name + more)
        if step < 1 or apart.__class__ is not int or apart:
            return None
        found.append(Repeat(beside, step, more))
    return found or None


def depth_of(asked: "Asked", n: int) -> Depth:
    """The network of a depth. Raises InvalidModel."""
    document, origins = Template(asked.document, asked.path).filled({asked.vary: n}, asked.limits)
    options = ModelOptions(**asked.options)
    model, builder = guarded(document, asked.path, asked.limits, options)
    return Depth(
        analysed(model, builder, declared(model, builder, options), asked.path, so_far=False), document, origins
    )


def steady(depth: Depth, repeat: Repeat, n: int) -> bool:
    """Whether the last copies of a block of n give the same, one after another, all layers in the document's order."""
    analysis, _, origins = depth
    if [*map(id, analysis.rows)] != [*map(id, analysis.executed)]:
        return False
    inside = pointer(*repeat.path, LAYERS) + "/"
    copied = {
        call.name
        for call in analysis.model.calls
        if call.use == 1 and origins.located(str(call.location.at().get("pointer"))).startswith(inside)
    }
    rows = [made(row) for row in analysis.rows if row.name.partition("/")[0] in copied]
    size = len(rows) // n
    last = [rows[len(rows) - size * copy :][:size] for copy in range(1, ALIKE + 1)]
    return bool(rows) and len(rows) == size * n and None not in rows and all(one == last[0] for one in last)


def made(row: Row) -> Any:
    """What a row gives to others, and what it counts; None where that is more than shapes and dtypes."""
    specs = [spec for pair in row.traced.outputs for spec in pair if spec is not None]
    if any(spec.__class__ is not Spec for spec in specs):
        return None
    return [(pair, kinds_of([pair])) for pair in row.traced.outputs], row.counts
