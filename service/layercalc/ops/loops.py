"""Loops read with shapes: the body once, counted as often as it runs, or each run of it where they differ."""

from collections.abc import Callable
from typing import Any

from layercalc.dims import Batch, Dim, Unknown, text
from layercalc.errors import ShapeError
from layercalc.ops.constant_folding import Known, objects
from layercalc.ops.spec import Spec

MOST_UNROLLED = 256  # runs that are read one by one
MOST_CHANGES = 8  # of sizes of states, until those that change are unknown
TRIPS = "how often a loop runs"

Step = Callable[..., tuple[Any, tuple[Spec, ...], tuple[Spec, ...]]]  # i, going, carry -> going, carry, made


class Undecided(Exception):  # noqa: N818
    """How often a loop runs does not follow from shapes."""


def looped(
    tracing: Any, step: Step, trips: Dim | None, going: Spec | None, carry: tuple[Spec, ...]
) -> tuple[tuple[Spec, ...], tuple[Spec, ...]]:
    """The carry after the last run, and what all runs make, stacked."""
    tracing.spend()
    if truth(going) is False or (isinstance(trips, int) and trips < 1 and not isinstance(trips, Batch)):
        return carry, nothing(tracing, step, going, carry)
    mark = tracing.mark()
    start = len(tracing.entries)
    try:
        times, states, made = steady(tracing, step, trips, going, carry)
    except ShapeError as error:  # states of another rank, say: they may be known run by run
        tracing.back(mark)
        try:
            return unrolled(tracing, step, trips, going, carry)
        except Undecided:
            raise error from None
    clear = not isinstance(times, Unknown) and not any(unknown(one) for one in tracing.entries[start:])
    if clear and not any(isinstance(n, Unknown) for one in states for n in one.shape):
        return finished(tracing, start, carry, states, made, times)
    if isinstance(trips, Batch) or (isinstance(trips, int) and trips > MOST_UNROLLED):
        return finished(tracing, start, carry, states, made, times)
    tracing.back(mark)
    try:
        return unrolled(tracing, step, trips, going, carry)
    except Undecided:
        tracing.back(mark)
    start = len(tracing.entries)
    times, states, made = steady(tracing, step, trips, going, carry)
    return finished(tracing, start, carry, states, made, times)


def truth(going: Spec | None) -> bool | None:
    """Whether a condition is known to hold; None where it is not known."""
    if going is None:
        return True
    value = going.values.reshape(-1)[0] if isinstance(going, Known) else None
    return None if value is None or isinstance(value, Unknown) else bool(value)


def condition(going: Spec | None, value: bool) -> Spec | None:
    """The condition as a body sees it: true, as long as it runs."""
    return None if going is None else Known(going.shape, "bool", objects([value]).reshape(going.shape))


def unknown(entry: Any) -> bool:
    """Whether an op has a size that is not known."""
    return any(isinstance(n, Unknown) for n in (*entry.out.shape, *entry.cost))


def steady(
    tracing: Any, step: Step, trips: Dim | None, going: Spec | None, carry: tuple[Spec, ...]
) -> tuple[Dim, tuple[Spec, ...], tuple[Spec, ...]]:
    """How often a body runs, the states and what it makes, whichever run it is."""
    known = Unknown(TRIPS) if trips is None or truth(going) is None else trips
    states = carry
    for change in range(MOST_CHANGES):
        mark, outer = tracing.mark(), tracing.times
        tracing.times = outer * known
        try:
            after, new, made = step(Spec((), "int64"), condition(going, True), states)
        finally:
            tracing.times = outer
        merged = tuple(map(same, states, new))
        if merged == states:
            if truth(after) is not True and not isinstance(known, Unknown):
                known = Unknown(TRIPS)
                tracing.back(mark)
                continue
            return known, states, made
        tracing.back(mark)
        if change:
            merged = tuple(Spec(one.shape, one.dtype) for one in merged)
        states = merged
    raise ShapeError("The states of a loop change with every run in more ways than are followed.")


def same(old: Spec, new: Spec) -> Spec:
    """What is known of a state before any run; a size that changes is unknown."""
    if old.dtype != new.dtype or old.ndim != new.ndim:
        told = f"{text(old.shape)} of {old.dtype} would be {text(new.shape)} of {new.dtype}"
        raise ShapeError(f"A state of shape {told} after one run.")
    if isinstance(old, Known) and old == new:
        return old
    sizes = zip(old.shape, new.shape, strict=True)
    return Spec(tuple(n if n is m or n == m else Unknown("a size that a loop changes") for n, m in sizes), old.dtype)


def unrolled(
    tracing: Any, step: Step, trips: Dim | None, going: Spec | None, carry: tuple[Spec, ...]
) -> tuple[tuple[Spec, ...], tuple[Spec, ...]]:
    """Each run by itself, on what is known of its number and states; Undecided where it is not known which is last."""
    rows: list[tuple[Spec, ...]] = []
    if isinstance(trips, Unknown) or truth(going) is None:
        raise Undecided
    start = len(tracing.entries)
    while trips is None or len(rows) < trips:
        if len(rows) >= MOST_UNROLLED:
            raise Undecided
        tracing.spend()
        going, carry, made = step(Known((), "int64", objects(len(rows))), going, carry)
        rows.append(made)
        if (holds := truth(going)) is None:
            raise Undecided
        if not holds:
            break
    stacked = []
    for column in zip(*rows, strict=True):
        for one in column[1:]:
            if one.dtype != column[0].dtype or one.ndim != column[0].ndim:
                raise ShapeError("What a loop makes must be of one shape in every run.")
        stacked.append(whole(tracing, start, len(rows), column[0]))
    return carry, tuple(stacked)


def finished(
    tracing: Any, start: int, before: tuple[Spec, ...], states: tuple[Spec, ...], made: tuple[Spec, ...], times: Dim
) -> tuple[tuple[Spec, ...], tuple[Spec, ...]]:
    """The states after the last run, and what all runs make; noted as tensors that no op makes."""
    stacked = tuple(whole(tracing, start, times, one) for one in made)
    tracing.allocated += [(start, Spec(*one)) for one in (*before, *made)]
    tracing.ended(start)
    ends = tuple(Spec(one.shape, one.dtype) for one in states)
    tracing.allocated += [(start, one) for one in ends]
    return ends, stacked


def whole(tracing: Any, start: int, times: Dim, one: Spec) -> Spec:
    """What one run makes, stacked over all of them; the parts are held beside it for a while."""
    made = Spec((times, *one.shape), one.dtype)
    tracing.allocated += [(start, made), (start, Spec(*made))]
    return made


def nothing(tracing: Any, step: Step, going: Spec | None, carry: tuple[Spec, ...]) -> tuple[Spec, ...]:
    """What no run at all makes: as many tensors, of no rows."""
    mark = tracing.mark()
    _, _, made = step(Spec((), "int64"), condition(going, True), carry)
    tracing.back(mark)
    return tuple(whole(tracing, len(tracing.entries), 0, one) for one in made)
