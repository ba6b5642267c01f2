"""The receptive field of every layer: what one of its places sees of the model's input, axis by axis."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import chain
from typing import Any

from layercalc import deadline
from layercalc.analysis.readings import SOURCE
from layercalc.analysis.tracing import Traced, by_name, fact
from layercalc.analysis.walk import Analysis
from layercalc.dims import NUMBERS, UNKEYED, Dim, Unknown, hidden
from layercalc.formulas import Formula, code
from layercalc.ops import Spec
from layercalc.ops.spans import Span, Spans, largest
from layercalc.ops.tracing import LOOK


def fields(analysis: Analysis) -> list[dict[str, Any] | None]:
    """For each row: size, stride and padding along each spatial axis of the first input, the largest over branches.

    An axis whose places are gone (flattened, pooled as a whole, attended over) is seen whole, with a stride of None.
    What depends on sizes by name is None, with its expression in `formulas`; None for a row on an input without spatial
    axes.
    """
    if not analysis.inputs:
        return [None] * len(analysis.rows)
    shape = analysis.inputs[0].spec.shape
    moved = (row.traced.channels(len(shape), given=True) for row in analysis.rows if row.traced.turned)
    channels = min(moved, default=len(shape) - 1)
    spatial = [axis for axis in range(1, len(shape)) if axis != channels]
    reach = {value.source: () if number else here(len(shape)) for number, value in enumerate(analysis.inputs)}
    same: dict[Spans, Spans] = {}  # equal spans are one object, by which what follows from them is known
    outside: dict[Any, Spans] = {}
    told: dict[int, dict[str, Any] | None] = {}
    sizes = [shape[axis] for axis in spatial]
    for number, row in enumerate(analysis.executed):
        if not number % LOOK:
            deadline.check()
        traced, inputs = row.traced, row.inputs
        branches = traced.notes.get("through") or traced.fact(through)
        if branches is HANDED_ON:
            reach[row.name] = reach[inputs[0][2]]  # every place sees that place, and what that sees
            continue
        sources = [*map(reach.__getitem__, map(SOURCE, inputs))]
        key = (traced, *map(id, sources))
        spans = outside.get(key)
        if spans is None:
            if any(map(any, sources)):
                found = known(branches, sources)
            else:  # nothing is seen, or all of it
                found = (None,) * len(traced.outputs[0][0].shape) if any(sources) else ()
            spans = outside[key] = same.setdefault(found, found) if keyed(found) else found
        reach[row.name] = spans
    out = []
    for row in analysis.rows:
        spans = reach[row.name]
        if id(spans) not in told:
            seen = {span.origin: span for span in spans if span}
            told[id(spans)] = described([seen.get(axis) for axis in spatial], sizes)
        out.append(told[id(spans)])
    return out


def described(spans: list[Span | None], sizes: list[Dim]) -> dict[str, Any] | None:
    if not spans:
        return None
    if None not in spans and NUMBERS.issuperset(map(type, chain(*spans))):  # type: ignore[arg-type]
        _, *numbers = map(list, zip(*spans, strict=True))
        return dict(zip(("size", "stride", "padding"), numbers, strict=True))
    found = {
        "size": [n if span is None else span.size for span, n in zip(spans, sizes, strict=True)],
        "stride": [span and span.stride for span in spans],
        "padding": [span and span.padding for span in spans],
    }
    out: dict[str, Any] = {key: [*map(number, several)] for key, several in found.items()}
    if formulas := {key: expressed(several) for key, several in found.items() if Formula in map(type, several)}:
        out["formulas"] = formulas
    return out


def expressed(numbers: list[Any]) -> list[str | None]:
    """Those that are known, as Python writes them."""
    return [None if n is None or isinstance(n, Unknown) else code(n) for n in numbers]


def number(n: Any) -> int | float | None:
    if n.__class__ is int or n is None:
        return n
    if isinstance(n, Unknown | Formula):
        return None
    return int(n) if not isinstance(n, Fraction) or n.denominator == 1 else float(n)


def known(branches: Sequence[Spans], sources: Sequence[Spans]) -> Spans:
    """Spans joined; those that depend on sizes by name are unknown where no formula tells what comes of them."""
    try:
        return joined(branches, sources)
    except TypeError:  # Undecided is one
        return joined([*map(forgotten, branches)], [*map(forgotten, sources)])


def forgotten(spans: Spans) -> Spans:
    """The same with an unknown number in place of what depends on sizes by name."""
    return tuple(one and Span(*[hidden(n) if n.__class__ is Formula else n for n in one]) for one in spans)


def joined(branches: Sequence[Spans], sources: Sequence[Spans]) -> Spans:
    """The spans of an output over the model's input: those inside its layer, after those of what the layer reads.

    What one of several sources sees whole, the output sees whole; a source that sees nothing of the input is ().
    """
    pairs = [pair for pair in zip(branches, sources, strict=False) if pair[1]]
    if len(pairs) < 2:
        return over(*pairs[0]) if pairs else ()
    every = [source if stays(spans, source) else over(spans, source) for spans, source in pairs]
    if len({*map(id, every)}) == 1:
        return every[0]
    merged = [largest(spans) for spans in zip(*every, strict=True)]
    kept = set.intersection(*({span.origin for span in spans if span} for spans in every))
    return tuple(one if one and one.origin in kept else None for one in merged)


def over(spans: Spans, source: Spans) -> Spans:
    """The spans inside a layer after those of one of its inputs."""
    return tuple([one and after(one, source[one[0]]) for one in spans])


def stays(spans: Spans, source: Spans) -> bool:
    """Whether every place inside a layer sees that place, and what that sees."""
    return spans is here(len(source)) and source[0] is None


def keyed(spans: Spans) -> bool:
    """Whether all numbers of them may be keys."""
    return UNKEYED.isdisjoint(map(type, chain.from_iterable(filter(None, spans))))


@cache
def here(axes: int) -> Spans:
    """Every place sees that place, whatever the batch."""
    return (None, *map(Span, range(1, axes)))


def after(one: Span, source: Span | None) -> Span | None:
    """A window inside a layer, over an axis that sees some of the model's input already."""
    if source is None:
        return source
    _, size, stride, padding = one
    plain = isinstance(padding, int) and padding == 0 and size == stride == 1
    return source if plain else source.slid(size, stride, padding)


HANDED_ON: tuple[Spans, ...] = ((),)  # of a layer with one input, of which every place sees that place


@fact
def through(traced: Traced) -> tuple[Spans, ...]:
    """The spans of the first output of a layer over each of its inputs; unknown where sizes by name decide on them."""
    seen_as = {id(new): (id(old), axes) for old, new, axes in traced.tape.seen_as}
    try:
        found = tuple([walked(traced, start, seen_as) for start in traced.reads])
    except TypeError:  # Undecided is one
        if not by_name(*traced.asked):
            raise
        unsure = Unknown("what a place sees")
        axes = len(traced.outputs[0][0].shape)
        return tuple(tuple(unseen(start, axis, unsure) for axis in range(axes)) for start in traced.reads)
    return HANDED_ON if len(found) == 1 and found[0] is here(len(found[0])) else found


def unseen(start: Spec, axis: int, unsure: Unknown) -> Span | None:
    """How far an axis sees one of an input, of which nothing is known."""
    return Span(axis, unsure, unsure, unsure) if 0 < axis < len(start.shape) else None


def walked(traced: Traced, start: Spec, seen_as: dict[int, Any]) -> Spans:
    """The spans of the first output over one input; an axis that an op used up is seen whole."""
    known: dict[int, Spans] = {id(start): here(len(start.shape))}
    deadline.check()
    for op, _, _, out, shapes, attributes, inputs in traced.tape.entries:
        if seen_as:
            for x in inputs:
                follow(x, known, seen_as)
        if known.keys().isdisjoint(map(id, inputs)):
            continue
        first = known.get(id(inputs[0])) if op.local else None
        if first is not None and len(first) == len(out[0]) and known.keys().isdisjoint(map(id, inputs[1:])):
            known[id(out)] = first
        else:
            spans = [known.get(id(x)) or (None,) * len(x[0]) for x in inputs]
            if any(map(any, spans)):
                known[id(out)] = op.reach(out[0], spans, *shapes, **attributes)
    last = traced.tape.outputs[0][0]
    follow(last, known, seen_as)
    return known.get(id(last)) or (None,) * len(last[0])


def follow(spec: Spec, known: dict[int, Spans], seen_as: dict[int, Any]) -> None:
    """Note the spans of a tensor that is another one, seen with its axes in another order."""
    if id(spec) in seen_as and id(spec) not in known:
        old, axes = seen_as[id(spec)]
        before = known.get(old)
        if before is not None:
            known[id(spec)] = tuple([before[axis] for axis in axes])
