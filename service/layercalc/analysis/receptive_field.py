"""The receptive field of every layer: what one of its places sees of the model's input, axis by axis."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from layercalc import deadline
from layercalc.analysis.tracing import Traced
from layercalc.analysis.walk import Analysis
from layercalc.dims import Unknown, shown
from layercalc.ops import Spec
from layercalc.ops.spans import Span, Spans, largest


def fields(analysis: Analysis) -> list[dict[str, Any] | None]:
    """For each row: size, stride and padding along each spatial axis of the first input, the largest over branches.

    An axis whose places are gone (flattened, pooled as a whole, attended over) is seen whole, with a stride of None.
    None for a row on an input without spatial axes.
    """
    if not analysis.inputs:
        return [None] * len(analysis.rows)
    shape = analysis.inputs[0].spec.shape
    moved = (row.traced.channels(len(shape), given=True) for row in analysis.rows if row.traced.seen_as)
    channels = min(moved, default=len(shape) - 1)
    spatial = [axis for axis in range(1, len(shape)) if axis != channels]
    reach: dict[str, list[Spans]] = {}
    for value in analysis.inputs:
        reach[value.source] = [here(len(value.spec.shape)) if value is analysis.inputs[0] else ()]
    same: dict[Spans, Spans] = {}  # equal spans are one object, by which what follows from them is known
    outside: dict[tuple[int, ...], list[Spans]] = {}
    told: dict[int, dict[str, Any] | None] = {}
    sizes = [shown(shape)[axis] for axis in spatial]
    for row in deadline.each(analysis.executed):
        sources = [reach[value.source][0] for value in row.inputs]
        key = (id(row.traced), *map(id, sources))
        if key not in outside:
            inside = row.traced.note("reach", through, row.traced)
            outside[key] = [same.setdefault(one, one) for one in [joined(branches, sources) for branches in inside]]
        spans = reach[row.name] = outside[key]
        if id(spans[0]) not in told:
            seen = {span.origin: span for span in spans[0] if span}
            told[id(spans[0])] = described([seen.get(axis) for axis in spatial], sizes)
    return [told[id(reach[row.name][0])] for row in analysis.rows]


def described(spans: list[Span | None], sizes: list[int | None]) -> dict[str, Any] | None:
    if not spans:
        return None
    return {
        "size": [n if span is None else number(span.size) for span, n in zip(spans, sizes, strict=True)],
        "stride": [None if span is None else number(span.stride) for span in spans],
        "padding": [None if span is None else number(span.padding) for span in spans],
    }


def number(n: Any) -> int | float | None:
    if type(n) is int:
        return n
    if isinstance(n, Unknown):
        return None
    return int(n) if not isinstance(n, Fraction) or n.denominator == 1 else float(n)


def joined(branches: list[Spans], sources: Sequence[Spans]) -> Spans:
    """The spans of an output over the model's input: those inside its layer, after those of what the layer reads.

    What one of several sources sees whole, the output sees whole; a source that sees nothing of the input is ().
    """
    pairs = [pair for pair in zip(branches, sources, strict=False) if pair[1]]
    if not pairs:
        return ()
    spans, source = pairs[0]
    if len(pairs) == 1 and spans == here(len(spans)):
        return source
    every = [[one and after(one, source[one.origin]) for one in spans] for spans, source in pairs]
    if len(every) == 1:
        return tuple(every[0])
    merged = [largest(spans) for spans in zip(*every, strict=True)]
    kept = set.intersection(*({span.origin for span in spans if span} for spans in every))
    return tuple(one if one and one.origin in kept else None for one in merged)


@cache
def here(axes: int) -> Spans:
    """Every place sees that place, whatever the batch."""
    return (None, *map(Span, range(1, axes)))


def after(one: Span, source: Span | None) -> Span | None:
    """A window inside a layer, over an axis that sees some of the model's input already."""
    return source and source.slid(one.size, one.stride, one.padding)


def through(traced: Traced) -> list[list[Spans]]:
    """For each output of a layer and each of its inputs: the spans of that output over that input."""
    seen_as = {id(new): (id(old), axes) for old, new, axes in traced.seen_as}
    by_input = [walked(traced, start, seen_as) for start in traced.reads]
    return [[spans[index] for spans in by_input] for index in range(len(traced.outputs))]


def walked(traced: Traced, start: Spec, seen_as: dict[int, Any]) -> list[Spans]:
    """The spans of every output over one input; an axis that an op used up is seen whole."""
    known: dict[int, Spans] = {id(start): here(start.ndim)}

    def of(spec: Any) -> Spans:
        found = known.get(id(spec))
        if found is None and id(spec) in seen_as:
            old, axes = seen_as[id(spec)]
            before = known.get(old)
            if before is not None:
                found = known[id(spec)] = tuple([before[axis] for axis in axes])
        return (None,) * spec.ndim if found is None else found

    for entry in deadline.each(traced.entries):
        spans = [of(x) for x in entry.inputs]
        if any(map(any, spans)):
            known[id(entry.out)] = entry.op.reach(entry.out.shape, spans, *entry.shapes, **entry.attributes)
    return [of(spec) for spec, _ in traced.outputs]
