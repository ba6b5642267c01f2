"""Tensors with others along their diagonals, and what follows from square matrices."""

from typing import Any

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import axis_of, cast, few, function, together
from layercalc.layers.torch.functions.linear import of_rank
from layercalc.ops import Tensor
from layercalc.ops.base import OPS


@function("diag_embed")
def diag_embed(self: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices of zeros with the last axis on a diagonal."""
    n = self.shape[-1]
    side = n + abs(offset)
    few(side)
    line = ops.pad(self, padding=(*((0, 0),) * (self.ndim - 1), (0, abs(offset))))
    keep = ops.triangle(side, side, offset)
    keep = ops.logical_and(keep, OPS["logical_not"](ops.triangle(side, side, offset - 1)))
    wide = ops.reshape(line, to=(*self.shape[:-1], *((side, 1) if offset >= 0 else (1, side))))
    made = ops.select(keep, wide, ops.known(0, str(self.dtype)))
    first, second = axis_of(dim1, made.ndim), axis_of(dim2, made.ndim)
    rest = iter(range(made.ndim - 2))
    own = {first: made.ndim - 2, second: made.ndim - 1}
    order = [own[axis] if axis in own else next(rest) for axis in range(made.ndim)]
    return made if order == list(range(made.ndim)) else ops.transpose(made, axes=tuple(order))


@function("diag")
def diag(self: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix, or the matrix with a vector on its diagonal."""
    if self.ndim == 1:
        return diag_embed(self, diagonal)
    of_rank(2, "diag", self)
    return ops.diagonal(self, offset=diagonal, axes=(0, 1))


@function("diagflat")
def diagflat(self: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements on a diagonal."""
    return diag_embed(ops.reshape(self, to=(-1,)), offset)


@function("block_diag")
def block_diag(tensors: Any) -> Tensor:
    """A matrix with matrices along its diagonal."""
    given = [one if one.ndim == 2 else ops.reshape(one, to=(1, -1)) for one in together(*tensors)]
    before, every = 0, sum(one.shape[1] for one in given)
    rows = []
    for one in given:
        rows.append(ops.pad(one, padding=((0, 0), (before, every - before - one.shape[1]))))
        before = before + one.shape[1]
    return rows[0] if len(rows) == 1 else ops.concatenate(*rows, axis=0)


@function("inverse", "linalg_inv")
def inverse(self: Tensor | None = None, A: Tensor | None = None) -> Tensor:
    """The matrices that undo square ones."""
    return OPS["inverse"](given_of(self, A))


@function("det", "linalg_det")
def det(self: Tensor | None = None, A: Tensor | None = None) -> Tensor:
    """The determinants of square matrices."""
    return OPS["determinant"](given_of(self, A))


@function("cholesky", "linalg_cholesky")
def cholesky(self: Tensor, upper: bool = False) -> Tensor:
    """The triangles whose products with themselves turned are the matrices."""
    return OPS["cholesky"](self, upper=upper)


@function("linalg_solve")
def linalg_solve(A: Tensor, B: Tensor, left: bool = True) -> Tensor:
    """What A is to be multiplied by to give B."""
    if not left:
        raise ShapeError("linalg_solve is read with the unknown on the right of A.", "left")
    if B.ndim == A.ndim - 1:
        made = OPS["solve"](A, ops.reshape(B, to=(*B.shape, 1)))
        return ops.reshape(made, to=B.shape)
    return OPS["solve"](A, cast(B, str(A.dtype)))


def given_of(*tensors: Tensor | None) -> Tensor:
    """The tensor that is given, under whichever name."""
    found = next((one for one in tensors if one is not None), None)
    if found is None or found.ndim < 2:
        raise ShapeError(f"Expected matrices; received {text(found.shape) if found is not None else 'none'}.")
    return found
