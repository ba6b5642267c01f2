"""Parts of a block: candidates that are read together, with a column for each name that takes several numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any, NamedTuple

from layercalc import lazy_numpy as np
from layercalc.columns import column
from layercalc.sweeps.space import Block, Space, numbers, plain, words_of


class Axis(NamedTuple):
    """Choices made together, and what each of their places adds to a candidate's number in the block."""

    columns: dict[str, np.ndarray]  # a number for each place
    words: dict[str, Any]  # one value for all places
    places: np.ndarray

    def taken(self, where: np.ndarray) -> Axis:
        """The axis with some of its places."""
        return Axis({name: one[where] for name, one in self.columns.items()}, self.words, self.places[where])


class Part(NamedTuple):
    """Candidates that are read together: all that the axes make."""

    axes: tuple[Axis, ...]

    @property
    def size(self) -> int:
        return prod(len(one.places) for one in self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(one.places) for one in self.axes)

    def values(self) -> dict[str, Any]:
        """For each name a column, a number, or a word."""
        out: dict[str, Any] = {}
        for place, axis in enumerate(self.axes):
            shape = [1] * len(self.axes)
            shape[place] = -1
            out |= {name: column(one.reshape(shape)) for name, one in axis.columns.items()} | axis.words
        return out

    @property
    def least(self) -> int:
        """The lowest number in the block of a candidate."""
        return sum(int(axis.places.min()) for axis in self.axes)

    def numbers(self) -> np.ndarray:
        """The number in the block of each candidate, flat."""
        return self.flat(sum(self.spread(axis.places, place) for place, axis in enumerate(self.axes)))

    def spread(self, array: np.ndarray, place: int) -> np.ndarray:
        """An array along one axis."""
        shape = [1] * len(self.axes)
        shape[place] = -1
        return array.reshape(shape)

    def flat(self, array: Any) -> np.ndarray:
        """What broadcasts against the axes, for each candidate."""
        return np.broadcast_to(array, self.shape).reshape(-1)

    def first(self) -> Part:
        """The candidate of the lowest number, alone."""
        return Part(tuple(axis.taken(np.array([int(axis.places.argmin())])) for axis in self.axes))

    def taken(self, alive: Sequence[np.ndarray]) -> Part:
        """Those candidates whose places are left along every axis."""
        return Part(tuple(axis.taken(np.flatnonzero(one)) for axis, one in zip(self.axes, alive, strict=True)))

    def before(self, number: int) -> Part:
        """Those candidates of one axis whose number in the block is smaller; a part of several is left whole."""
        if len(self.axes) > 1:
            return self
        return self.taken([self.axes[0].places < number])

    def split(self, values: np.ndarray) -> Iterator[Part]:
        """The parts in each of which what broadcasts against the axes is one value."""
        along = [place for place, n in enumerate(values.shape) if n > 1]
        merged = self if len(along) < 2 else self.merged(along)
        place = along[0] if len(along) == 1 else 0
        grouped = values.reshape([n for n in values.shape if n > 1] or [1]).reshape(-1)
        _, which = np.unique(grouped, return_inverse=True)
        for group in range(int(which.max()) + 1):
            axes = list(merged.axes)
            axes[place] = axes[place].taken(np.flatnonzero(which == group))
            yield Part(tuple(axes))

    def merged(self, along: list[int]) -> Part:
        """The same candidates with some axes as one, in front."""
        chosen = [self.axes[place] for place in along]
        grid = np.indices([len(one.places) for one in chosen]).reshape(len(chosen), -1)
        columns: dict[str, np.ndarray] = {}
        words: dict[str, Any] = {}
        places = np.zeros(grid.shape[1], np.int64)
        for one, where in zip(chosen, grid, strict=True):
            columns |= {name: values[where] for name, values in one.columns.items()}
            words |= one.words
            places = places + one.places[where]
        rest = [axis for place, axis in enumerate(self.axes) if place not in along]
        return Part((Axis(columns, words, places), *rest))

    def halves(self) -> Iterator[Part]:
        """The part cut in two along its longest axis."""
        longest = max(range(len(self.axes)), key=lambda place: len(self.axes[place].places))
        n = len(self.axes[longest].places)
        for where in (np.arange(n // 2), np.arange(n // 2, n)):
            yield Part((*self.axes[:longest], self.axes[longest].taken(where), *self.axes[longest + 1 :]))


def parts_of(space: Space, block: Block) -> Iterator[Part]:
    """The parts of a block to begin with: what is no number is one value in each."""
    every: list[list[Axis]] = []
    step = block.size
    for choice, (start, stop) in zip(space.choices, block.runs, strict=True):
        step //= stop - start
        values = {name: one[start:stop] for name, one in zip(choice.names, choice.values, strict=True)}
        every.append([*axes_of(values, np.arange(stop - start) * step)])
    return (Part(axes) for axes in product(*every))


def axes_of(values: Mapping[str, Any], places: np.ndarray) -> Iterator[Axis]:
    """The places grouped by what is no number in them."""
    if all(plain(one) for one in values.values()):
        yield Axis({name: numbers(one) for name, one in values.items()}, {}, places)
        return
    groups: dict[Any, list[int]] = {}
    rows = list(zip(*values.values(), strict=True))
    for place, row in enumerate(rows):
        groups.setdefault(words_of(row), []).append(place)
    for where in groups.values():
        row = rows[where[0]]
        mine = {name: [rows[place][i] for place in where] for i, name in enumerate(values)}
        columns = {name: numbers(mine[name]) for name, one in zip(values, row, strict=True) if one.__class__ is int}
        words = {name: one for name, one in zip(values, row, strict=True) if one.__class__ is not int}
        yield Axis(columns, words, places[np.array(where)])
