"""Factorisations, inverses and equations of matrices: keras.ops.linalg."""

from typing import Any

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.fields import Bool, Choice, Number
from layercalc.layers.keras.functions.base import Operation, operation, tensor
from layercalc.ops import FLOATS, Tensor, linalg


class OfMatrix(Operation):
    """Something of a stack of matrices of floats."""

    def floats(self, x: Any) -> Tensor:
        x = tensor(x)
        if str(x.dtype) not in FLOATS or x.ndim < 2:
            raise ShapeError(f"{self.type} takes matrices of floats; received {x.dtype} of shape {text(x.shape)}.")
        return x


@operation
class Cholesky(OfMatrix):
    """The lower (or upper) triangle whose product with its transpose is the matrix."""

    upper = Bool(False)

    def compute(self, x: Any) -> Tensor:
        return linalg.cholesky(self.floats(x), upper=self.upper)


@operation
class CholeskyInverse(OfMatrix):
    """The inverse of the matrix that a Cholesky factor is of."""

    upper = Bool(False)

    def compute(self, x: Any) -> Tensor:
        return linalg.cholesky_inverse(self.floats(x), upper=self.upper)


@operation
class Det(OfMatrix):
    """The determinant."""

    def compute(self, x: Any) -> Tensor:
        return linalg.determinant(self.floats(x))


@operation
class Slogdet(OfMatrix):
    """The sign of the determinant, and the logarithm of its size."""

    def compute(self, x: Any) -> tuple[Tensor, Tensor]:
        x = self.floats(x)
        return linalg.sign_of_determinant(x), linalg.log_determinant(x)


@operation
class Logdet(OfMatrix):
    """The logarithm of the determinant of a positive definite matrix, by its Cholesky factor."""

    def compute(self, x: Any) -> Tensor:
        low = linalg.cholesky(self.floats(x))
        logs = ops.OPS["log"](ops.diagonal(low, offset=0, axes=(low.ndim - 2, low.ndim - 1)))
        total = ops.reduce_sum(logs, axes=(logs.ndim - 1,))
        return ops.multiply(total, ops.constant(2.0, str(total.dtype)))


@operation
class Inv(OfMatrix):
    """The inverse."""

    def compute(self, x: Any) -> Tensor:
        return linalg.inverse(self.floats(x))


@operation
class LuFactor(OfMatrix):
    """Both triangles of an LU factorisation in one matrix, and which row stands where."""

    def compute(self, x: Any) -> tuple[Tensor, Tensor]:
        x = self.floats(x)
        return linalg.lu_factor(x), linalg.lu_pivots(x)


@operation
class Qr(OfMatrix):
    """Orthogonal times upper triangular."""

    mode = Choice(("reduced", "complete"), "reduced")

    def compute(self, x: Any) -> tuple[Tensor, Tensor]:
        x = self.floats(x)
        return linalg.qr_q(x, mode=self.mode), linalg.qr_r(x, mode=self.mode)


@operation
class Solve(OfMatrix):
    """x with a · x = b."""

    def compute(self, a: Any, b: Any) -> Tensor:
        return linalg.solve(self.floats(a), tensor(b))


@operation
class SolveTriangular(OfMatrix):
    """x with a · x = b for a triangular a."""

    lower = Bool(False)

    def compute(self, a: Any, b: Any) -> Tensor:
        return linalg.solve(self.floats(a), tensor(b), triangular="lower" if self.lower else "upper")


@operation
class Eigh(OfMatrix):
    """Eigenvalues and eigenvectors of a symmetric matrix."""

    def compute(self, x: Any) -> tuple[Tensor, Tensor]:
        x = self.floats(x)
        return linalg.eigenvalues(x), linalg.eigenvectors(x)


@operation
class SVD(OfMatrix):
    """Left singular vectors, singular values, and right ones; or the values alone."""

    full_matrices = Bool(True)
    compute_uv = Bool(True)

    def compute(self, x: Any) -> Any:
        x = self.floats(x)
        values = linalg.singular_values(x)
        if not self.compute_uv:
            return values
        return linalg.left_vectors(x, full=self.full_matrices), values, linalg.right_vectors(x, full=self.full_matrices)


@operation
class Pinv(OfMatrix):
    """The pseudo-inverse (Moore & Penrose)."""

    rcond = Number(None)

    def compute(self, x: Any) -> Tensor:
        return linalg.pseudo_inverse(self.floats(x), rcond=self.rcond)


@operation
class MatrixRank(OfMatrix):
    """How many singular values are not about zero."""

    tol = Number(None)

    def compute(self, x: Any) -> Tensor:
        return linalg.matrix_rank(self.floats(x), tol=self.tol)


@operation
class Lstsq(OfMatrix):
    """x with the least |a · x − b|."""

    rcond = Number(None)

    def compute(self, a: Any, b: Any) -> Tensor:
        return linalg.least_squares(self.floats(a), tensor(b), rcond=self.rcond)
