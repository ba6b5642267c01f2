"""Ops whose result is as large as the values of a tensor say: what is not 0, what is chosen, what there is once."""

from __future__ import annotations

from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, Unknown, differ, hidden, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op


class Selection(Op):
    """An op that looks at values to find how many there are; `finds` says of what, as a size that is unknown."""

    decides = True
    slowness = 40
    finds = ""

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def dtype(self, *dtypes: str, **attributes: Any) -> str:
        return "int64"

    def workspace(self, out: Shape, *shapes: Shape, **_: Any) -> Dim:
        return 8 * sum(map(size, shapes))

    def found(self) -> Unknown:
        return Unknown(self.finds)


class NonZero(Selection):
    """Where the elements that are not 0 stand: (axes, how many)."""

    price = "1 comparison for each element"
    finds = "how many elements are not 0"

    def shape(self, x: Shape) -> Shape:
        return len(x), self.found()

    def cost(self, out: Shape, x: Shape) -> Cost:
        return Cost(compares=size(x))

    def run(self, x: Any) -> np.ndarray:
        return np.stack(np.nonzero(x)) if x.ndim else np.zeros((0, np.count_nonzero(x)), np.int64)


class Chosen(Selection):
    """The places of a list at which it is true."""

    price = "1 comparison for each element"
    finds = "how many places are chosen"

    def shape(self, condition: Shape) -> Shape:
        return (self.found(),)

    def cost(self, out: Shape, condition: Shape) -> Cost:
        return Cost(compares=size(condition))

    def run(self, condition: Any) -> np.ndarray:
        return np.flatnonzero(condition)


class UniquePlaces(Selection):
    """Where each row that there is stands first, in ascending order of the rows or in that of their places."""

    price = "k · ⌈log2 k⌉ comparisons for each element of a row, of k rows"
    finds = "how many different elements there are"

    def shape(self, x: Shape, *, ascending: bool) -> Shape:
        return (self.found(),)

    def cost(self, out: Shape, x: Shape, *, ascending: bool) -> Cost:
        k = x[0]
        return Cost(compares=size(x) * (k - 1).bit_length() if isinstance(k, int) else hidden(k))

    def run(self, x: Any, *, ascending: bool) -> np.ndarray:
        rows = x.reshape(len(x), -1)
        _, places = np.unique(rows[:, 0] if rows.shape[1] == 1 else rows, True, axis=0)
        return places if ascending else np.sort(places)


class RowOf(Op):
    """The number of the row of a table that is equal to each row."""

    price = "k · ⌈log2 k⌉ comparisons for each element of a row, of k rows of the table"
    slowness = 40

    def shape(self, x: Shape, table: Shape) -> Shape:
        return (x[0],)

    def cost(self, out: Shape, x: Shape, table: Shape) -> Cost:
        k = table[0]
        return Cost(compares=size(x) * max(k - 1, 1).bit_length() if isinstance(k, int) else hidden(k))

    def workspace(self, out: Shape, x: Shape, table: Shape) -> Dim:
        return 8 * (size(x) + size(table))

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def dtype(self, *dtypes: str, **attributes: Any) -> str:
        return "int64"

    def run(self, x: Any, table: Any) -> np.ndarray:
        rows = np.concatenate([table, x]).reshape(len(table) + len(x), -1)
        _, places, inverse = np.unique(rows[:, 0] if rows.shape[1] == 1 else rows, True, True, axis=0)
        return places[inverse.reshape(-1)[len(table) :]]


class Suppressed(Selection):
    """The boxes that are kept, best first, of those that overlap: (how many, 3), image, class and box each.

    Boxes (images, boxes, 4) are two corners, or with `centred` centre and size; scores are (images, classes, boxes).
    Of a class at most `most` are kept, that overlap by no more than `overlap`, and score more than `least`.
    """

    price = "unknown: how many boxes are compared depends on where they lie"
    finds = "how many boxes are kept"

    def shape(self, boxes: Shape, scores: Shape, *_: Shape, centred: bool) -> Shape:
        if len(boxes) != 3 or len(scores) != 3 or differ(boxes[2], 4):
            raise ShapeError(f"Expected (images, boxes, 4), (images, classes, boxes); received {text(boxes)}.")
        if differ(boxes[0], scores[0]) or differ(boxes[1], scores[2]):
            raise ShapeError(f"The boxes {text(boxes)} and the scores {text(scores)} are not of the same images.")
        return self.found(), 3

    def cost(self, out: Shape, *_: Shape, **__: Any) -> Cost:
        return Cost(compares=self.found())

    def run(self, boxes: Any, scores: Any, most: Any, overlap: Any, *least: Any, centred: bool) -> np.ndarray:
        kept = []
        for image, (own, classes) in enumerate(zip(boxes, scores, strict=True)):
            low, high = corners(own.astype(np.float32), centred)
            area = np.prod(high - low, axis=-1)
            for number, score in deadline.each(enumerate(classes)):
                order = np.argsort(-score, kind="stable")
                order = order[score[order] > least[0].reshape(-1)[0]] if least else order
                chosen: list[int] = []
                for box in order:
                    if len(chosen) >= int(most.reshape(-1)[0]):
                        break
                    deadline.check()
                    if not overlaps(int(box), chosen, low, high, area, overlap.reshape(-1)[0]):
                        chosen.append(int(box))
                kept += [(image, number, box) for box in chosen]
        return np.array(kept, np.int64).reshape(-1, 3)


def corners(boxes: np.ndarray, centred: bool) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and largest coordinates of boxes."""
    if centred:
        return boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2
    return np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])


def overlaps(box: int, chosen: list[int], low: Any, high: Any, area: Any, overlap: Any) -> bool:
    """Whether a box shares more than that part of the union with one that is chosen."""
    sides = np.minimum(high[box], high[chosen]) - np.maximum(low[box], low[chosen])
    shared = np.prod(sides, axis=-1)
    union = area[box] + area[chosen] - shared
    real = (sides > 0).all(-1) & (area[box] > 0) & (area[chosen] > 0) & (union > 0)
    with np.errstate(all="ignore"):
        return bool(np.any(real & (shared / union > overlap)))


nonzero = NonZero("nonzero")
chosen = Chosen("chosen")
unique_places = UniquePlaces("unique_places")
row_of = RowOf("row_of")
suppressed = Suppressed("suppressed")
