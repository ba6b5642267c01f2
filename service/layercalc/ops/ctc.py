"""Connectionist temporal classification (Graves et al. 2006): labels aligned with the steps of a sequence."""

from __future__ import annotations

from math import log
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, differ, provably, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op

LEAST = log(1e-307)  # what TensorFlow takes for the logarithm of the probability of a state that is not the last


class CtcLoss(Op):
    """−log of the probability of the labels (batch, l), summed over all ways to lay them along logits (batch, t, n)."""

    price = (
        "each logit 1 transcendental, 2 additions and 1 comparison; each of the 2l + 2 states of each step 4 "
        "transcendentals, 6 additions and 2 comparisons"
    )

    floating = True
    slowness = 6

    def shape(self, labels: Shape, logits: Shape, label_length: Shape, logit_length: Shape, *, blank: int) -> Shape:
        expected = "(batch, labels), (batch, steps, classes), (batch,) and (batch,)"
        given = (labels, logits, label_length, logit_length)
        if tuple(map(len, given)) != (2, 3, 1, 1):
            raise ShapeError(f"Expected {expected}; received {', '.join(map(text, given))}.")
        if any(differ(logits[0], one[0]) for one in given):
            raise ShapeError(f"The batches differ: expected {expected}; received {', '.join(map(text, given))}.")
        if provably(not -logits[2] <= blank < logits[2]) if isinstance(logits[2], int) else False:
            raise ShapeError(f"There is no class {blank} among {logits[2]}.", "mask_index")
        return labels[:1]

    def cost(self, out: Shape, labels: Shape, logits: Shape, *_: Shape, blank: int) -> Cost:
        states = logits[0] * logits[1] * (2 * labels[1] + 2)
        each = size(logits)
        return Cost(transcendentals=each + 4 * states, adds=2 * each + 6 * states, compares=each + 2 * states)

    def workspace(self, out: Shape, labels: Shape, logits: Shape, *_: Shape, blank: int) -> Dim:
        return 10 * size(logits) + logits[0] * (8 * logits[1] + 40) * (labels[1] + 1)  # in float64

    def launches(self, labels: Shape, logits: Shape, *_: Shape, blank: int) -> Dim:
        return 15 * logits[1]

    def dtype(self, *dtypes: str, **_: Any) -> str:
        return "float64" if dtypes[1] == "float64" else "float32"

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def run(self, labels: Any, logits: Any, label_length: Any, logit_length: Any, *, blank: int) -> np.ndarray:
        steps, n = logits.shape[1:]
        blank %= n
        x = logits.astype(np.float64)[:, :, [blank, *(k for k in range(n) if k != blank)]]  # the blank as class 0
        labels = labels.astype(np.int64)
        labels = labels + (labels < blank)
        x = x - x.max(2, keepdims=True)
        x = x - np.log(np.exp(x).sum(2, keepdims=True))
        batch, most = labels.shape
        seen = np.take_along_axis(x, np.clip(labels, 0, n - 1)[:, None, :].repeat(steps, 1), 2)
        seen = np.where(((labels >= 0) & (labels < n))[:, None, :], seen, 0)
        again = np.where(labels[:, 1:] == labels[:, :-1], -np.inf, 0)  # equal labels need a blank between them
        # State 0 of `at` is the start, state k the k-th label; `rest` holds the blanks, one after each state.
        at, rest = np.full((batch, most + 1), -np.inf), np.full((batch, most + 1), -np.inf)
        at[:, 0] = 0
        going = np.arange(steps)[:, None, None] < logit_length[:, None]
        each = zip(seen.swapaxes(0, 1), x[:, :, :1].swapaxes(0, 1), going, strict=True)
        for label, none, on in deadline.each(each):
            step = np.full_like(at, -np.inf)
            enter = at[:, :-1].copy()
            enter[:, 1:] += again
            step[:, 1:] = np.logaddexp(np.logaddexp(at[:, 1:], rest[:, :-1]), enter) + label
            pause = np.logaddexp(rest, at) + none
            at, rest = np.where(on, step, at), np.where(on, pause, rest)
        end = np.where(np.arange(most + 1) == label_length[:, None], 0, LEAST)
        with np.errstate(divide="ignore"):
            loss = -np.logaddexp.reduce(np.concatenate([at + end, rest + end], 1), axis=1)
        return loss.astype(logits.dtype)


class CtcPath(Op):
    """The best class of each step, runs of one class as one with `merge`, blanks left out; −1 behind the end."""

    price = "n − 1 comparisons for each step of n classes, and 3 more"

    slowness = 4
    along = 2

    def lead(self, x: Shape, length: Shape, **_: Any) -> int:
        return 1

    def workspace(self, out: Shape, x: Shape, length: Shape, **_: Any) -> Dim:
        return 12 * size(x[:2])

    def shape(self, x: Shape, length: Shape, *, blank: int, merge: bool) -> Shape:
        checked(x, length)
        return x[:2]

    def cost(self, out: Shape, x: Shape, length: Shape, **_: Any) -> Cost:
        return Cost(compares=size(x) + 2 * size(out))

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def dtype(self, *dtypes: str, **_: Any) -> str:
        return "int32"

    def run(self, x: Any, length: Any, *, blank: int, merge: bool) -> np.ndarray:
        best = x.argmax(2).astype(np.int32)
        keep = (best != blank % x.shape[2]) & inside(x, length)
        if merge:
            keep[:, 1:] &= best[:, 1:] != best[:, :-1]
        order = np.argsort(~keep, axis=1, kind="stable")
        return np.where(np.take_along_axis(keep, order, 1), np.take_along_axis(best, order, 1), np.int32(-1))


class CtcScore(Op):
    """The sum of the largest logit of each step, negated: (batch, 1)."""

    price = "n − 1 comparisons and 1 addition for each step of n classes"

    sums = True
    floating = True
    slowness = 2
    along = 2

    def lead(self, x: Shape, length: Shape) -> int:
        return 1

    def workspace(self, out: Shape, x: Shape, length: Shape) -> Dim:
        return 4 * size(x[:2])

    def shape(self, x: Shape, length: Shape) -> Shape:
        checked(x, length)
        return x[0], 1

    def cost(self, out: Shape, x: Shape, length: Shape) -> Cost:
        steps = size(x[:2])
        return Cost(compares=size(x) - steps, adds=steps)

    def common_dtype(self, *dtypes: str) -> None:
        return None

    def dtype(self, *dtypes: str, **_: Any) -> str:
        return "float64" if dtypes[0] == "float64" else "float32"

    def run(self, x: Any, length: Any) -> np.ndarray:
        return -np.where(inside(x, length), x.max(2), 0).sum(1, keepdims=True).astype(x.dtype)


def checked(x: Shape, length: Shape) -> None:
    """Refuse what is not one length for each sequence of class scores."""
    if len(x) != 3 or len(length) != 1 or differ(x[0], length[0]):
        raise ShapeError(f"Expected (batch, steps, classes) and (batch,); received {text(x)} and {text(length)}.")
    if provably(x[2] < 1):
        raise ShapeError(f"There is no class in {text(x)}.")


def inside(x: Any, length: Any) -> np.ndarray:
    """Which steps are before the end of their sequence."""
    return np.arange(x.shape[1]) < length[:, None]


ctc_loss = CtcLoss("ctc_loss")
ctc_path = CtcPath("ctc_path")
ctc_score = CtcScore("ctc_score")
