"""Sums of products by index, in Einstein's notation."""

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from layercalc.dims import Dim, Shape, Unknown, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op
from layercalc.ops.elementwise import broadcast
from layercalc.ops.reach import Spans, largest

MAX_EQUATION = 10_000  # characters
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@lru_cache(256)
def parsed(equation: str, ranks: tuple[int, ...]) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """The indices of each operand and of the result; those of an ellipsis are numbered from the right: `.0`, `.1`."""
    if len(equation) > MAX_EQUATION:
        raise ShapeError(f"An equation of {len(equation):,} characters; {MAX_EQUATION:,} are read.", "equation")
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ShapeError(f"{equation!r} is for {len(terms)} operands, received {len(ranks)}.", "equation")
    operands = tuple(indices(term, rank, equation) for term, rank in zip(terms, ranks, strict=True))
    elided = max((sum(one[0] == "." for one in operand) for operand in operands), default=0)
    dots = tuple(f".{i}" for i in range(elided))[::-1]
    if arrow:
        out = tuple(one for part in split(right, equation) for one in (dots if part == "..." else (part,)))
    else:
        every = [one for operand in operands for one in operand]
        out = (*dots, *sorted(one for one in set(every) if one[0] != "." and every.count(one) == 1))
    if len(set(out)) < len(out):
        raise ShapeError(f"{equation!r} names one index of the result twice.", "equation")
    if strange := [one for one in out if one not in {one for operand in operands for one in operand}]:
        raise ShapeError(
            f"The index {strange[0]!r} of the result of {equation!r} is none of its operands'.", "equation"
        )
    return operands, out


def split(term: str, equation: str) -> list[str]:
    """The letters of a term, and at most one ellipsis."""
    before, dots, after = term.partition("...")
    parts = [*before, *(["..."] if dots else []), *after]
    if any(part != "..." and part not in LETTERS for part in parts):
        raise ShapeError(f"{equation!r} holds more than letters, commas, an arrow and ellipses.", "equation")
    return parts


def indices(term: str, rank: int, equation: str) -> tuple[str, ...]:
    """The indices of one operand of that rank."""
    parts = split(term, equation)
    named = len(parts) - ("..." in parts)
    if rank < named or (rank > named and "..." not in parts):
        raise ShapeError(f"The term {term!r} of {equation!r} is for {named} axes; the operand has {rank}.", "equation")
    dots = [f".{i}" for i in range(rank - named)][::-1]
    return tuple(one for part in parts for one in (dots if part == "..." else [part]))


class Einsum(Op):
    """Sums of products over the indices that the result does not have (numpy.einsum); several operands in turn."""

    price = "one MAC for each element of the space of all indices of a pair; one multiplication where nothing is summed"

    sums = True

    def sizes(self, shapes: tuple[Shape, ...], operands: tuple[tuple[str, ...], ...], equation: str) -> dict[str, Dim]:
        """The size of every index."""
        found: dict[str, Dim] = {}
        for shape, operand in zip(shapes, operands, strict=True):
            for index, n in zip(operand, shape, strict=True):
                try:
                    (found[index],) = broadcast((found.get(index, 1),), (n,))
                except ShapeError:
                    listed = ", ".join(map(text, shapes))
                    raise ShapeError(
                        f"The index {index!r} of {equation!r} is {found[index]} in one operand and {n} in another: "
                        f"{listed}.",
                        "equation",
                    ) from None
        return found

    def shape(self, *shapes: Shape, equation: str) -> Shape:
        operands, out = parsed(equation, tuple(map(len, shapes)))
        sizes = self.sizes(shapes, operands, equation)
        return tuple(sizes[index] for index in out)

    def reach(self, out: Shape, spans: list[Spans], *shapes: Shape, equation: str) -> Spans:
        operands, result = parsed(equation, tuple(map(len, shapes)))
        pairs = [pair for operand, one in zip(operands, spans, strict=True) for pair in zip(operand, one, strict=True)]
        return tuple(largest(span for index, span in pairs if index == axis) for axis in result)

    def cost(self, result: Shape, *shapes: Shape, equation: str) -> Cost:
        operands, out = parsed(equation, tuple(map(len, shapes)))
        sizes = self.sizes(shapes, operands, equation)
        if len(operands) == 1:
            return Cost(adds=max_zero(prod(sizes[one] for one in dict.fromkeys(operands[0])) - prod(result)))
        total = Cost()
        seen = dict.fromkeys(operands[0])  # in order, so that an explanation reads the same in every process
        for place, operand in enumerate(operands[1:], 2):
            space = seen | dict.fromkeys(operand)
            later = {one for term in operands[place:] for one in term} | set(out)
            count = prod(sizes[one] for one in space)
            summed = space.keys() - later
            total = (
                Cost(macs=total.macs + count, muls=total.muls) if summed else Cost(total.macs, 0, total.muls + count)
            )
            seen = {one: None for one in space if one in later}
        return total

    def run(self, *arrays: Any, equation: str) -> np.ndarray:
        operands, out = parsed(equation, tuple(x.ndim for x in arrays))
        number = {index: i for i, index in enumerate(dict.fromkeys(one for term in operands for one in term))}
        arguments: list[Any] = []
        for x, operand in zip(arrays, operands, strict=True):
            arguments += [x, [number[one] for one in operand]]
        return np.asarray(np.einsum(*arguments, [number[one] for one in out], optimize=True))


def max_zero(n: Dim) -> Dim:
    return n if isinstance(n, Unknown) else max(n, 0)


einsum = Einsum("einsum")
