"""Which of its inputs a layer may overwrite with its output, as its ops say."""

from typing import Any

from layercalc.analysis.tracing import Traced, fact
from layercalc.dims import Dim, Shape, Unknown
from layercalc.formulas import Undecided
from layercalc.ops import Spec

Axes = tuple[int, ...]


@fact
def overwritable(traced: Traced) -> dict[int, bool | None]:
    """The inputs of a row, by their places, whose memory its output may take; None where named sizes decide it.

    So may the only output of a layer that is elementwise in the input: of the input's shape, and made by ops that are
    each elementwise (`Op.elementwise`) and run once, of the number at the same place of the input and of what does not
    depend on the input, which they may broadcast. A call that looks at its tensors in another order and back again
    (channels_first) is one of these.
    """
    found: dict[int, bool | None] = {}
    if len(traced.outputs) != 1 or traced.view:
        return found
    known: dict[int, bool | None] = {}
    for index, spec in enumerate(traced.reads):
        if id(spec) not in known:
            known[id(spec)] = elementwise(traced, spec)
        if known[id(spec)] is not False:
            found[index] = known[id(spec)]
    return found


def elementwise(traced: Traced, start: Spec) -> bool | None:
    """Whether the output is made number by number of this input, at the same places."""
    tape = traced.tape
    out = tape.outputs[0][0]
    sure: bool | None = True
    seen_as = {id(new): (id(old), axes) for old, new, axes in tape.seen_as}
    order: dict[int, Axes] = {id(start): tuple(range(len(start.shape)))}  # of its axes, in what is made of it

    def order_of(spec: Spec) -> Axes | None:
        if id(spec) not in order and id(spec) in seen_as:
            old, axes = seen_as[id(spec)]
            if (before := order.get(old)) is not None:
                order[id(spec)] = tuple([before[axis] for axis in axes])
        return order.get(id(spec))

    for entry in tape.entries:
        made = [(x, axes) for x in entry.inputs if (axes := order_of(x)) is not None]
        if not made:
            continue
        once = entry.times.__class__ is int and entry.times == 1
        if not once or not entry.op.elementwise or len({axes for _, axes in made}) > 1:
            return False
        for x, axes in made:
            same = alike(x.shape, entry.out.shape)
            if same is False:
                return False
            sure = sure and same
            order[id(entry.out)] = axes
    if order_of(out) != tuple(range(len(start.shape))):
        return False
    whole = alike(start.shape, out.shape)  # asked last: most layers are told by their ops
    return False if whole is False else sure and whole


def alike(one: Shape, two: Shape) -> bool | None:
    """Whether two shapes are equal; None where that depends on sizes that are names."""
    if one is two:
        return True
    if len(one) != len(two):
        return False
    found = [same(a, b) for a, b in zip(one, two, strict=True)]
    return False if False in found else None if None in found else True


def same(a: Dim, b: Dim) -> Any:
    """Whether two sizes are equal; an unknown one is itself alone, and a batch that nobody named no number."""
    if a is b:
        return True
    if a.__class__ is b.__class__ is int:
        return a == b
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return False
    if isinstance(a, int) and isinstance(b, int):
        return a == b and a.__class__ is b.__class__
    try:
        return bool(a == b)
    except Undecided:
        return None
