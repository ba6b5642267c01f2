"""Many candidates read at once, those that a layer refuses left out as it is read, so that the others are read on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from layercalc import lazy_numpy as np
from layercalc.analysis.readings import Pairs, Readings, Value
from layercalc.analysis.tracing import Traced
from layercalc.columns import Column, Parted, taken
from layercalc.errors import ShapeError
from layercalc.layers import Layer
from layercalc.ops import Spec
from layercalc.sweeps.parts import Part
from layercalc.sweeps.refusals import NUMBERS, Said

Tensors = tuple[list[Value], dict[str, Any]]  # of a call, by position and by name


class Dropped(NamedTuple):
    """Candidates that a layer refuses: their places along an axis of those that were left, and what is said of them."""

    axis: int
    places: np.ndarray
    said: Said


class Narrowing(Readings):
    """Readings of a part of a block.

    Where a layer is stopped by a decision that is one along one axis of the candidates, it is read on one side of it,
    and on the other. The side that it refuses is dropped: from there on its places hold the sizes of one that is left,
    so that they decide nothing. What is found of them means nothing, and they are no candidates to whoever reads on.
    """

    def __init__(self, shape: tuple[int, ...]):
        super().__init__()
        self.alive = [np.ones(n, bool) for n in shape]
        self.dropped: list[Dropped] = []
        self.calls = 0
        self.seen: list[Tensors] = []  # what layers were read on is found by its identity, and so is to be kept

    def read(
        self, layer: Layer, frozen: bool, inputs: list[Value], named: Mapping[str, Any], visits: list[int]
    ) -> tuple[Traced, Pairs]:
        self.calls += 1
        tensors: Tensors = inputs, dict(named)
        for _ in range(2 * len(self.alive) + 2):  # decisions of one layer
            try:
                return super().read(layer, frozen, *tensors, visits)
            except Parted as parted:
                axis = axis_of(parted.values)
                if axis is None or not all(map(plain, every(tensors))):
                    raise
                truths = parted.values.reshape(-1)
                alive = self.alive[axis]
                sides = [truths & alive, ~truths & alive]
                if all(map(np.any, sides)) and not self.drop(axis, sides, (layer, frozen, tensors, visits)):
                    raise
                tensors = self.among(tensors, axis, self.alive[axis])
        return super().read(layer, frozen, *tensors, visits)

    def parts(self, part: Part) -> tuple[list[tuple[Said, Part]], Part]:
        """The parts of a part that were dropped, with what is said of each, and what is left of it."""
        left = [np.ones(n, bool) for n in part.shape]
        gone = []
        for axis, places, said in self.dropped:
            gone.append((said, part.taken([places if place == axis else one for place, one in enumerate(left)])))
            left[axis] &= ~places
        return gone, part.taken(left)

    def drop(self, axis: int, sides: list[np.ndarray], call: tuple[Layer, bool, Tensors, list[int]]) -> bool:
        """Drop the side of a decision that a layer refuses; whether there is one."""
        layer, frozen, tensors, visits = call
        for side in sides:
            only = np.zeros(len(side), bool)
            only[side.argmax()] = True
            try:
                super().read(layer, frozen, *self.among(tensors, axis, side), visits)
            except Parted:
                return False
            except ShapeError as error:
                said = blanked(error)
                try:  # rules that take no columns may have refused them as such
                    super().read(layer, frozen, *self.among(tensors, axis, only), visits)
                except Parted:
                    return False
                except ShapeError as alone:
                    if blanked(alone) != said:
                        return False
                else:
                    return False
                self.dropped.append(Dropped(axis, side, ((f"call {self.calls}", said),)))
                self.alive[axis] &= ~side
                return True
        return False

    def among(self, tensors: Tensors, axis: int, places: np.ndarray) -> Tensors:
        """The tensors of a call with the sizes of some places of an axis alone: all others have those of the first."""
        which = np.where(places, np.arange(len(places)), places.argmax())

        def one(value: Value) -> Value:
            spec, mask, source = value
            return Value(at(spec, axis, which), mask and at(mask, axis, which), source)

        inputs, named = tensors
        others = {key: [*map(one, value)] if isinstance(value, list) else one(value) for key, value in named.items()}
        found = [*map(one, inputs)], others
        self.seen.append(found)
        return found


def axis_of(values: np.ndarray) -> int | None:
    """The axis along which a decision differs; None where it is no decision, or differs along several."""
    along = [axis for axis, n in enumerate(values.shape) if n > 1]
    return along[0] if len(along) == 1 and values.dtype == bool else None


def every(tensors: Tensors) -> list[Value]:
    inputs, named = tensors
    return [*inputs, *(one for value in named.values() for one in (value if isinstance(value, list) else [value]))]


def plain(value: Value) -> bool:
    """Whether a tensor is no more than a shape and a dtype, so that all of it is in its sizes."""
    return value.spec.__class__ is Spec and (value.mask is None or value.mask.__class__ is Spec)


def at(spec: Spec, axis: int, which: np.ndarray) -> Spec:
    """A tensor with the sizes of other candidates along an axis."""
    if Column not in map(type, spec.shape):
        return spec
    return Spec(tuple(taken(n, axis, which) for n in spec.shape), spec.dtype)


def blanked(error: ShapeError) -> str:
    return NUMBERS.sub("#", str(error))
