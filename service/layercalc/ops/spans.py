"""How far an axis of a tensor looks along an axis of what it was made from: size, stride and padding.

Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks", doi:10.23915/distill.00021.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import inf
from typing import Any, NamedTuple

from layercalc.dims import Unknown

new = tuple.__new__  # a named tuple of values that are at hand, in half the time


class Span(NamedTuple):
    """Place i sees `size` places of the axis `origin`, the first of them at i · stride − padding."""

    origin: Any
    size: Any = 1
    stride: Any = 1
    padding: Any = 0

    def slid(self, size: Any, stride: Any = 1, before: Any = 0) -> "Span":
        """What a window over this axis sees, in its own steps of this axis' stride."""
        origin, own, step, padding = self
        return new(Span, (origin, ceiling(own + (size - 1) * step), step * stride, padding + before * step))


Spans = tuple[Span | None, ...]  # one for each axis of a tensor; None where a place sees all of its origin, or nothing


def ceiling(n: Any) -> Any:
    return -(-n.numerator // n.denominator) if type(n) is Fraction else n


def largest(spans: Iterable[Span | None]) -> Span | None:
    """Of several branches the one that sees most."""
    known = [span for span in spans if span is not None]
    if len(known) < 2:
        return known[0] if known else None
    try:
        return max(known, key=lambda span: (span.size, at_most(span.padding)))
    except TypeError:  # by sizes that are unknown, or have names
        return Span(*[alike(numbers) for numbers in zip(*known, strict=True)])


def at_most(n: Any) -> Any:
    return inf if isinstance(n, Unknown) else n


def alike(numbers: Sequence[Any]) -> Any:
    """What all branches have in common; unknown where they differ."""
    first, *others = numbers
    same = all(n is first or (n.__class__ is int and first.__class__ is int and n == first) for n in others)
    return first if same else Unknown("which branch sees most at which sizes")


def together(spans: list[Spans], axes: int) -> Spans:
    """Tensors broadcast against each other, element by element."""
    if len(seen := [one for one in spans if any(one)]) == 1 and len(seen[0]) == axes:
        return seen[0]
    return tuple(largest(one[place] for one in spans if -place <= len(one)) for place in range(-axes, 0))
