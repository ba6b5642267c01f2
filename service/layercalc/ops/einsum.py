"""Sums of products by index, in Einstein's notation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import prod
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, Unknown, known, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op
from layercalc.ops.elementwise import broadcast
from layercalc.ops.spans import Spans, largest
from layercalc.ops.spec import Spec
from layercalc.ops.work import ELEMENT, MATRIX

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
    turned = True
    slowness = 1

    def work(self, out: Spec, cost: Cost, *shapes: Shape, equation: str) -> Dim:
        """Each pair as a stack of matrix products, its tensors copied for it."""
        moved, matrices = size(out.shape) + sum(map(size, shapes), 0), 0
        for pair in self.pairs(*shapes, equation=equation):
            moved, matrices = moved + pair.moved, matrices + pair.stack
        return cost.work + 4 * ELEMENT * moved + MATRIX * matrices

    def workspace(self, out: Shape, *shapes: Shape, equation: str) -> Dim:
        """The pair that holds most: what came of those before it, both sides as matrices, and its result twice."""
        most: Dim = 0
        for pair in self.pairs(*shapes, equation=equation):
            if not known((pair.held, most)):
                return next(n for n in (pair.held, most) if isinstance(n, Unknown))
            most = max(most, pair.held)
        return most if len(shapes) > 1 else sum(map(size, shapes), 0)

    def launches(self, *shapes: Shape, **_: Any) -> Dim:
        return 8 * len(shapes)

    def pairs(self, *shapes: Shape, equation: str) -> Iterator[Pair]:
        """The products that are made, from the left."""
        operands, out = parsed(equation, tuple(map(len, shapes)))
        sizes = self.sizes(shapes, operands, equation)
        seen: tuple[str, ...] = tuple(dict.fromkeys(operands[0]))
        for place, operand in enumerate(operands[1:], 2):
            later = {one for term in operands[place:] for one in term} | set(out)
            pair = Pair(seen, tuple(dict.fromkeys(operand)), later, sizes)
            yield pair
            seen = pair.result

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

    def filters(self, place: int, *shapes: Shape, equation: str, **_: Any) -> tuple[int, ...]:
        operands, out = parsed(equation, tuple(map(len, shapes)))
        return tuple(axis for axis, index in enumerate(operands[place]) if index in out)

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
        done, names = alone(arrays[0], operands[0])
        pairs = self.pairs(*(x.shape for x in arrays), equation=equation)
        for x, operand, pair in zip(arrays[1:], operands[1:], pairs, strict=True):
            deadline.check()
            done, names = pair.multiplied(done, alone(x, operand)[0]), pair.result
        number = {index: i for i, index in enumerate(names)}
        return np.asarray(np.einsum(done, list(range(done.ndim)), [number[one] for one in out]))


def alone(x: np.ndarray, operand: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """An operand with each of its indices once: of one that it names twice, the diagonal."""
    names = tuple(dict.fromkeys(operand))
    number = {index: i for i, index in enumerate(names)}
    if len(names) == len(operand):
        return x, names
    return np.einsum(x, [number[one] for one in operand], [number[one] for one in names]), names


class Pair:
    """Two operands of einsum, by their indices: those that are a stack of products, rows, columns, and summed over."""

    def __init__(self, left: tuple[str, ...], right: tuple[str, ...], later: set[str], sizes: dict[str, Dim]):
        self.left, self.right, self.sizes = left, right, sizes
        self.shared = [one for one in left if one in right and one in later]
        self.summed = [one for one in left if one in right and one not in later]
        self.rows = [one for one in left if one not in right and one in later]
        self.columns = [one for one in right if one not in left and one in later]
        self.result = (*self.shared, *self.rows, *self.columns)

    def volume(self, indices: Iterable[str]) -> Dim:
        return prod(self.sizes[one] for one in indices)

    @property
    def stack(self) -> Dim:
        """How many matrix products it is."""
        return self.volume(self.shared)

    @property
    def moved(self) -> Dim:
        """How many elements are read and written."""
        return self.volume(self.left) + self.volume(self.right) + 2 * self.volume(self.result)

    @property
    def held(self) -> Dim:
        """How many elements there are at the most, given operands left out."""
        return 2 * self.volume(self.left) + self.volume(self.right) + 2 * self.volume(self.result)

    def multiplied(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The product, with the indices of `result`."""
        full = [self.sizes[one] for one in self.result]
        left = self.matrices(a, self.left, self.rows, self.summed)
        right = self.matrices(b, self.right, self.summed, self.columns)
        if not self.summed and not self.rows and not self.columns:
            return (left * right).reshape(full)
        return np.matmul(left, right).reshape(full)

    def matrices(self, x: np.ndarray, names: tuple[str, ...], down: list[str], across: list[str]) -> np.ndarray:
        """A stack of matrices; what only this operand has and nobody reads is summed first."""
        kept = [*self.shared, *down, *across]
        if gone := tuple(axis for axis, one in enumerate(names) if one not in kept):
            x, names = x.sum(gone), tuple(one for one in names if one in kept)
        x = x.transpose([names.index(one) for one in kept])
        x = np.broadcast_to(x, [self.sizes[one] for one in kept])  # an axis of 1 goes with any
        return x.reshape(*(self.volume(part) for part in (self.shared, down, across)))


def max_zero(n: Dim) -> Dim:
    return n if isinstance(n, Unknown) else max(n, 0)


einsum = Einsum("einsum")
