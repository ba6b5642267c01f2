"""How weights are filled when none are posted: numbers from one seeded generator, a piece at a time.

A vocabulary gives these their names and their defaults.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from layercalc import deadline
from layercalc import lazy_numpy as np

PIECE = 1 << 16  # numbers drawn at a time
FLOPS = {"fill": 100, "uniform": 250, "normal": 900}  # one number, in FLOPs of a large matrix product (`make rates`)


def pieces(out: np.ndarray) -> Iterator[np.ndarray]:
    """Views of an array as one row of numbers, some at a time, with a look at the clock before each."""
    flat = out.reshape(-1)
    for start in deadline.each(range(0, flat.size, PIECE)):
        yield flat[start : start + PIECE]


class Initializer:
    """One way of filling a weight, with its arguments: equal ones fill alike."""

    stored = False  # whether the document has the numbers

    def fill(self, out: np.ndarray, generator: np.random.Generator) -> None:
        """Fill an array of any dtype with the same numbers, drawn in float32.

        Raises Overdue between pieces, and ValueError for a shape that it cannot fill.
        """
        raise NotImplementedError

    def demand(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """How long filling takes, in FLOPs of a large matrix product, and the bytes that it holds on the way."""
        return FLOPS["normal"] * prod(shape), 0

    def __call__(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        """A new float32 array of that shape."""
        out = np.empty(shape, np.float32)
        self.fill(out, generator)
        return out


@dataclass(frozen=True)
class Constant(Initializer):
    """One value everywhere."""

    value: float = 0.0

    def fill(self, out: np.ndarray, generator: np.random.Generator) -> None:
        for piece in pieces(out):
            piece[...] = np.float32(self.value)

    def demand(self, shape: tuple[int, ...]) -> tuple[int, int]:
        return FLOPS["fill"] * prod(shape), 0


ZEROS, ONES = Constant(0.0), Constant(1.0)


@dataclass(frozen=True)
class Uniform(Initializer):
    """Evenly from `low` to `high`."""

    low: float
    high: float

    def fill(self, out: np.ndarray, generator: np.random.Generator) -> None:
        for piece in pieces(out):
            span = np.float32(self.high - self.low)
            piece[...] = generator.random(piece.size, np.float32) * span + np.float32(self.low)

    def demand(self, shape: tuple[int, ...]) -> tuple[int, int]:
        return FLOPS["uniform"] * prod(shape), 0


@dataclass(frozen=True)
class Normal(Initializer):
    """From the normal distribution."""

    mean: float
    stddev: float

    def fill(self, out: np.ndarray, generator: np.random.Generator) -> None:
        for piece in pieces(out):
            stddev, mean = np.float32(self.stddev), np.float32(self.mean)
            piece[...] = generator.standard_normal(piece.size, np.float32) * stddev + mean


@dataclass(frozen=True)
class TruncatedNormal(Normal):
    """From the normal distribution, none further than two deviations from its mean.

    Those outside are drawn again after all others, and again, in their order.
    """

    def fill(self, out: np.ndarray, generator: np.random.Generator) -> None:
        drawn = out if out.dtype.kind == "f" else np.empty(out.shape, np.float32)
        left: list[tuple[np.ndarray, np.ndarray]] = []
        for piece in pieces(drawn):
            piece[...] = generator.standard_normal(piece.size, np.float32)
            left.append((piece, np.flatnonzero(np.abs(piece) > 2).astype(np.int32)))
        while left := [(piece, outside) for piece, outside in left if outside.size]:
            for index, (piece, outside) in deadline.each(enumerate(left)):
                again = generator.standard_normal(outside.size, np.float32)
                piece[outside] = again
                left[index] = piece, outside[np.abs(again) > 2]
        for piece, to in zip(pieces(drawn), pieces(out), strict=True):
            to[...] = piece.astype(np.float32, copy=False) * np.float32(self.stddev) + np.float32(self.mean)


@dataclass(frozen=True)
class Orthogonal(Initializer):
    """Rows or columns at right angles, the last axis against all others (Saxe et al. 2014, arXiv:1312.6120)."""

    gain: float

    def fill(self, out: np.ndarray, generator: np.random.Generator) -> None:
        if out.ndim < 2:
            Normal(0.0, self.gain).fill(out, generator)
            return
        rows, columns = prod(out.shape[:-1]), out.shape[-1]
        drawn = np.empty((max(rows, columns), min(rows, columns)))
        for piece in pieces(drawn):
            piece[...] = generator.standard_normal(piece.size)
        q, r = np.linalg.qr(drawn)
        q *= np.sign(np.diag(r))
        q *= self.gain
        out[...] = (q.T if rows < columns else q).reshape(out.shape).astype(np.float32)

    def demand(self, shape: tuple[int, ...]) -> tuple[int, int]:
        if len(shape) < 2:
            return super().demand(shape)
        rows, columns = prod(shape[:-1]), shape[-1]
        elements, least = rows * columns, min(rows, columns)
        return (FLOPS["normal"] + 60 * least) * elements, 8 * (5 * elements + least * least)


@dataclass(frozen=True)
class Identity(Initializer):
    """`gain` along the diagonal of a matrix, else 0."""

    gain: float

    def fill(self, out: np.ndarray, generator: np.random.Generator) -> None:
        if out.ndim != 2:
            raise ValueError(f"The identity is a matrix; a weight of shape {list(out.shape)} cannot be one.")
        ZEROS.fill(out, generator)
        np.fill_diagonal(out, np.float32(self.gain))

    def demand(self, shape: tuple[int, ...]) -> tuple[int, int]:
        return ZEROS.demand(shape)
