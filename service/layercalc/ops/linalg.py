"""Factorisations of matrices on the last two axes of (..., m, n), as LAPACK makes them.

Counts are those of the textbook algorithms (Golub & Van Loan, Matrix Computations, 4th edition); what is found by
iterating until it converges has none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from layercalc import deadline
from layercalc import lazy_numpy as np
from layercalc.dims import Dim, Shape, Unknown, differ, known, size, text
from layercalc.errors import ShapeError
from layercalc.ops.base import Cost, Op
from layercalc.ops.spec import Spec
from layercalc.ops.work import ELEMENT, MATRIX


def square(x: Shape) -> None:
    """Refuse what is certainly no stack of square matrices."""
    if len(x) < 2 or differ(x[-1], x[-2]):
        raise ShapeError(f"Expected square matrices on the last two axes; received {text(x)}.")


def least(m: Dim, n: Dim) -> Dim:
    return min(m, n) if known((m, n)) else next(dim for dim in (m, n) if isinstance(dim, Unknown))


def lapack(x: Shape) -> Dim:
    """About how long one factorisation of each matrix takes, with the reading of its elements."""
    m, n = x[-2:]
    return size(x[:-2]) * (2 * m * n * least(m, n) + 10 * ELEMENT * m * n + MATRIX)


def triangle(n: Dim) -> Dim:
    """0 + 1 + … + (n − 1)."""
    return n * (n - 1) // 2


def squares(n: Dim) -> Dim:
    """0² + 1² + … + (n − 1)²."""
    return n * (n - 1) * (2 * n - 1) // 6


def factor_cost(n: Dim) -> Cost:
    """LU with partial pivoting, algorithm 3.4.1."""
    return Cost(macs=squares(n), divs=triangle(n), compares=triangle(n))


def substitution(n: Dim, columns: Dim) -> Cost:
    """One triangular system for each column, algorithm 3.1.1."""
    return Cost(macs=triangle(n) * columns, divs=n * columns)


def added(*costs: Cost) -> Cost:
    return Cost(*map(sum, zip(*costs, strict=True)))


class OfSquare(Op):
    """Something of each square matrix: of its shape, or a number."""

    floating = True

    def __init__(
        self,
        name: str,
        kernel: Callable[..., Any],
        each: Callable[[Dim], Cost],
        price: str,
        number: bool = False,
        slowness: int = 4,
    ):
        super().__init__(name)
        self.kernel, self.counts, self.price, self.number, self.slowness = kernel, each, price, number, slowness

    def lead(self, x: Shape, **_: Any) -> int:
        return len(x) - 2

    def work(self, out: Spec, cost: Cost, x: Shape, **_: Any) -> Dim:
        return self.slowness * lapack(x)

    def workspace(self, out: Shape, x: Shape, **_: Any) -> Dim:
        return 8 * size(x)

    def shape(self, x: Shape, **_: Any) -> Shape:
        square(x)
        return x[:-2] if self.number else x

    def cost(self, out: Shape, x: Shape, **_: Any) -> Cost:
        return self.counts(x[-1]).times(size(x[:-2]))

    def run(self, x: Any, **how: Any) -> np.ndarray:
        return np.asarray(self.kernel(x, **how)).astype(x.dtype, copy=False)


def cholesky_cost(n: Dim) -> Cost:
    return Cost(macs=(n - 1) * n * (n + 1) // 6, divs=triangle(n), transcendentals=n)


def inverse_cost(n: Dim) -> Cost:
    return added(factor_cost(n), substitution(n, n), substitution(n, n))


def cholesky_inverse_cost(n: Dim) -> Cost:
    """Two triangular systems for each column of the identity."""
    return added(substitution(n, n), substitution(n, n))


def determinant_cost(n: Dim) -> Cost:
    return added(factor_cost(n), Cost(muls=n))


def log_cost(n: Dim) -> Cost:
    return added(factor_cost(n), Cost(adds=n, transcendentals=n))


def lower(x: np.ndarray, upper: bool = False) -> np.ndarray:
    low = np.linalg.cholesky(x)
    return low.swapaxes(-1, -2) if upper else low


def lu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L below the diagonal and U on and above it, rows exchanged; and which row stands where."""
    n = x.shape[-1]
    a = x.astype(np.float64).reshape(-1, n, n)
    every, places = np.arange(len(a)), np.broadcast_to(np.arange(n), (len(a), n)).copy()
    for column in deadline.each(range(n)):  # every matrix at once
        pivot = column + np.abs(a[:, column:, column]).argmax(-1)
        for rows in (a, places):
            below = rows[every, pivot]
            rows[every, pivot] = rows[:, column]
            rows[:, column] = below
        a[:, column + 1 :, column] /= a[:, column, None, column]
        a[:, column + 1 :, column + 1 :] -= a[:, column + 1 :, column, None] * a[:, column, None, column + 1 :]
    return a.reshape(x.shape), places.reshape(x.shape[:-1])


class Pivots(Op):
    """Which row stands where after LU factorisation."""

    price = "nothing of its own: the factorisation finds it"

    slowness = 30

    def lead(self, x: Shape) -> int:
        return len(x) - 2

    def work(self, out: Spec, cost: Cost, x: Shape) -> Dim:
        return self.slowness * lapack(x)

    def workspace(self, out: Shape, x: Shape) -> Dim:
        return 8 * size(x)

    def launches(self, x: Shape) -> Dim:
        return 15 * x[-1]

    def shape(self, x: Shape) -> Shape:
        square(x)
        return x[:-1]

    def cost(self, out: Shape, x: Shape) -> Cost:
        return Cost()

    def dtype(self, *dtypes: str, **_: Any) -> str:
        return "int32"

    def run(self, x: Any) -> np.ndarray:
        return lu(x)[1].astype(np.int32)


class Solve(Op):
    """x with a · x = b, for square a and the columns of b; a triangular one by substitution alone."""

    price = "LU of each matrix, and for each column n² − n MACs and 2 n divisions; triangular half of that, without LU"

    floating = True
    slowness = 4
    along = 2

    def lead(self, a: Shape, b: Shape, **_: Any) -> int:
        return len(a) - 2

    def work(self, out: Spec, cost: Cost, a: Shape, b: Shape, **_: Any) -> Dim:
        return self.slowness * (lapack(a) + a[-1] * 2 * size(b) + 10 * ELEMENT * size(b))

    def workspace(self, out: Shape, a: Shape, b: Shape, **_: Any) -> Dim:
        return 6 * size(a) + 4 * size(b)

    def shape(self, a: Shape, b: Shape, *, triangular: str = "") -> Shape:
        square(a)
        if len(b) not in (len(a), len(a) - 1) or any(map(differ, a[:-1], b)):
            raise ShapeError(f"Equations with matrices {text(a)} take right sides {text((*a[:-1], 1))}, not {text(b)}.")
        return b

    def cost(self, out: Shape, a: Shape, b: Shape, *, triangular: str = "") -> Cost:
        n, columns = a[-1], b[-1] if len(b) == len(a) else 1
        once = substitution(n, columns)
        each = once if triangular else added(factor_cost(n), once, once)
        return each.times(size(a[:-2]))

    def run(self, a: Any, b: Any, *, triangular: str = "") -> np.ndarray:
        a = np.tril(a) if triangular == "lower" else np.triu(a) if triangular else a
        flat = b[..., None] if b.ndim < a.ndim else b
        return np.linalg.solve(a, flat).reshape(b.shape).astype(b.dtype)


class Reflections(Op):
    """Q or R of x = Q · R (Householder): R counts the factorisation, Q what makes it of the reflections."""

    price = "Householder, algorithm 5.2.1: for R Σ (m − j)(2 (n − j) − 1) MACs, for Q 2 Σ (m − j)(k − j)"

    floating = True
    slowness = 10

    def lead(self, x: Shape, *, mode: str) -> int:
        return len(x) - 2

    def work(self, out: Spec, cost: Cost, x: Shape, *, mode: str) -> Dim:
        n = least(*x[-2:])
        return self.slowness * (lapack(x) + size(x[:-2]) * 2 * n * (x[-2] if mode != "reduced" else n) * x[-2])

    def workspace(self, out: Shape, x: Shape, *, mode: str) -> Dim:
        inner = x[-2] if mode != "reduced" else least(*x[-2:])
        return 6 * size(x[:-2]) * (x[-2] * x[-1] + x[-2] * inner + inner * x[-1])  # both parts, in float64

    def __init__(self, name: str, part: int):
        super().__init__(name)
        self.part = part

    def shape(self, x: Shape, *, mode: str) -> Shape:
        if len(x) < 2:
            raise ShapeError(f"Expected matrices on the last two axes; received {text(x)}.")
        inner = least(*x[-2:]) if mode == "reduced" else x[-2]
        return (*x[:-1], inner) if self.part == 0 else (*x[:-2], inner, x[-1])

    def cost(self, out: Shape, x: Shape, *, mode: str) -> Cost:
        m, n = x[-2:]
        k = least(m, n)
        columns = n if self.part else out[-1]
        rows = k * m - triangle(k)
        blocks = k * m * columns - (m + columns) * triangle(k) + squares(k)  # Σ (m − j)(columns − j)
        macs = 2 * blocks - (rows if self.part else 0)
        return Cost(macs=macs * size(x[:-2]), transcendentals=k * size(x[:-2]) if self.part else 0)

    def run(self, x: Any, *, mode: str) -> np.ndarray:
        factors: Any = np.linalg.qr(x, mode=mode)  # type: ignore[call-overload]
        return factors[self.part].astype(x.dtype, copy=False)


class Converged(Op):
    """What is found by iterating: singular values, eigenvalues, and what is made of them."""

    price = "unknown: as many iterations as it takes to converge"

    floating = True
    slowness = 40
    along = 2

    def lead(self, x: Shape, *_: Shape, **__: Any) -> int:
        return len(x) - 2

    def workspace(self, out: Shape, x: Shape, *_: Shape, **__: Any) -> Dim:
        m, n = x[-2:]
        return 10 * size(x[:-2]) * (m * n + m * m + n * n)

    def __init__(self, name: str, kernel: Callable[..., Any], result: Callable[..., Shape], to: str = ""):
        super().__init__(name)
        self.kernel, self.result, self.to = kernel, result, to

    def shape(self, x: Shape, *others: Shape, **how: Any) -> Shape:
        if len(x) < 2:
            raise ShapeError(f"Expected matrices on the last two axes; received {text(x)}.")
        return self.result(x, *others, **how)

    def cost(self, out: Shape, *_: Shape, **__: Any) -> Cost:
        return Cost(macs=Unknown(f"the number of iterations of {self.name}"))

    def dtype(self, *dtypes: str, **how: Any) -> str:
        return self.to or super().dtype(*dtypes, **how)

    def run(self, x: Any, *others: Any, **how: Any) -> np.ndarray:
        return np.asarray(self.kernel(x, *others, **how)).astype(self.to or x.dtype, copy=False)


def of_square(x: Shape, **_: Any) -> Shape:
    square(x)
    return x


def left(x: Shape, *, full: bool) -> Shape:
    return (*x[:-1], x[-2] if full else least(*x[-2:]))


def right(x: Shape, *, full: bool) -> Shape:
    return (*x[:-2], x[-1] if full else least(*x[-2:]), x[-1])


def solved(a: Shape, b: Shape, **_: Any) -> Shape:
    if differ(a[-2], b[-2] if len(b) == len(a) else b[-1]):
        raise ShapeError(f"{text(a)} has {a[-2]} equations, {text(b)} another number of right sides.")
    return (*a[:-2], a[-1], b[-1]) if len(b) == len(a) else (*a[:-2], a[-1])


LU = "n(n − 1)(2 n − 1)/6 MACs, n(n − 1)/2 divisions and as many comparisons for each matrix of n by LU"
cholesky = OfSquare(
    "cholesky", lower, cholesky_cost, "(n³ − n)/6 MACs, n(n − 1)/2 divisions and n roots for each matrix of n"
)
cholesky_inverse = OfSquare(
    "cholesky_inverse",
    lambda x, upper=False: np.linalg.inv(x.swapaxes(-1, -2) @ x if upper else x @ x.swapaxes(-1, -2)),
    cholesky_inverse_cost,
    "n³ − n² MACs and 2 n² divisions for each matrix of n",
)
inverse = OfSquare("inverse", lambda x: np.linalg.inv(x), inverse_cost, f"{LU}, then n³ − n² MACs and 2 n² divisions")
determinant = OfSquare(
    "determinant", lambda x: np.linalg.det(x), determinant_cost, f"{LU}, then n multiplications", number=True
)
log_determinant = OfSquare(
    "log_determinant",
    lambda x: np.linalg.slogdet(x)[1],
    log_cost,
    f"{LU}, then n logarithms and additions",
    number=True,
)
sign_of_determinant = OfSquare(
    "sign_of_determinant", lambda x: np.linalg.slogdet(x)[0], lambda n: Cost(compares=n), "n comparisons", number=True
)
lu_factor = OfSquare("lu_factor", lambda x: lu(x)[0], factor_cost, LU, slowness=30)
lu_pivots = Pivots("lu_pivots")
solve = Solve("solve")
qr_q = Reflections("qr_q", 0)
qr_r = Reflections("qr_r", 1)
singular_values = Converged(
    "singular_values", lambda x: np.linalg.svd(x, compute_uv=False), lambda x: (*x[:-2], least(*x[-2:]))
)
left_vectors = Converged("left_vectors", lambda x, full: np.linalg.svd(x, full_matrices=full)[0], left)
right_vectors = Converged("right_vectors", lambda x, full: np.linalg.svd(x, full_matrices=full)[2], right)
eigenvalues = Converged("eigenvalues", lambda x: np.linalg.eigvalsh(x), lambda x: of_square(x)[:-1])
eigenvectors = Converged("eigenvectors", lambda x: np.linalg.eigh(x)[1], of_square)
pseudo_inverse = Converged(
    "pseudo_inverse",
    lambda x, rcond=None: np.linalg.pinv(x, *(() if rcond is None else (rcond,))),
    lambda x, **_: (*x[:-2], x[-1], x[-2]),
)
matrix_rank = Converged(
    "matrix_rank", lambda x, **how: np.linalg.matrix_rank(x, **how), lambda x, **_: x[:-2], to="int32"
)
least_squares = Converged("least_squares", lambda a, b, rcond=None: np.linalg.lstsq(a, b, rcond)[0], solved)
