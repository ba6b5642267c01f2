"""Matrix products."""

from math import prod
from typing import Any

from layercalc import ops
from layercalc.dims import differ, equal, known, text
from layercalc.errors import ShapeError
from layercalc.layers.torch.base import Ints, axes_of, function, number, together
from layercalc.layers.torch.functions.elementwise import add, multiply, subtract
from layercalc.layers.torch.functions.normalization import norm_of
from layercalc.ops import Tensor
from layercalc.ops.base import OPS


@function("linear")
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Input · weightᵀ + bias, the weight being (out_features, in_features)."""
    if input.ndim < 1 or differ(input.shape[-1], weight.shape[-1]):
        features = input.shape[-1] if input.ndim else "no"
        raise ShapeError(
            f"linear expects {weight.shape[-1]} features ({text(weight.shape)}); the last axis of the input "
            f"{text(input.shape)} has {features}.",
            "in_features",
        )
    if weight.ndim == 1:
        y = matmul(input, weight)
        return y if bias is None else add(y, bias)
    x, w = input, ops.layout(weight, (1, 0))
    y = ops.matmul(ops.reshape(x, to=(1, *x.shape)), w) if x.ndim == 1 else ops.matmul(x, w)
    y = y if bias is None else ops.bias_add(y, bias)
    return ops.reshape(y, to=y.shape[1:]) if x.ndim == 1 else y


@function("matmul", "__matmul__", "linalg_matmul")
def matmul(self: Tensor, other: Tensor) -> Tensor:
    """The product of matrices, or of vectors, batch by batch."""
    a, b = self, other
    if a.ndim == 0 or b.ndim == 0:
        raise ShapeError("A number is no matrix; matmul takes tensors of at least one axis.")
    if str(a.dtype) != str(b.dtype):
        raise ShapeError(f"matmul takes tensors of one type; received {a.dtype} and {b.dtype}.")
    if a.ndim == 1 and b.ndim == 1:
        return ops.reshape(ops.matmul(ops.reshape(a, to=(1, *a.shape)), ops.reshape(b, to=(*b.shape, 1))), to=())
    if a.ndim == 1:
        made = ops.matmul(ops.reshape(a, to=(1, *a.shape)), b)
        return ops.reshape(made, to=(*made.shape[:-2], made.shape[-1]))
    if b.ndim == 1:
        made = ops.matmul(a, ops.reshape(b, to=(*b.shape, 1)))
        return ops.reshape(made, to=made.shape[:-1])
    return ops.matmul(a, b)


def of_rank(rank: int, name: str, *tensors: Tensor) -> None:
    """Refuse tensors of another number of axes."""
    for x in tensors:
        if x.ndim != rank:
            raise ShapeError(f"{name} takes tensors of {rank} axes; received {text(x.shape)}.")


@function("mm")
def mm(self: Tensor, mat2: Tensor) -> Tensor:
    """The product of two matrices."""
    of_rank(2, "mm", self, mat2)
    return matmul(self, mat2)


@function("bmm")
def bmm(self: Tensor, mat2: Tensor) -> Tensor:
    """The products of two batches of matrices."""
    of_rank(3, "bmm", self, mat2)
    return matmul(self, mat2)


@function("mv")
def mv(self: Tensor, vec: Tensor) -> Tensor:
    """A matrix by a vector."""
    return matmul(self, vec)


@function("vdot")
def vdot(self: Tensor, other: Tensor) -> Tensor:
    """The sum of the products of two vectors."""
    return dot(self, other)


@function("dot")
def dot(self: Tensor, tensor: Tensor) -> Tensor:
    """The sum of the products of two vectors."""
    of_rank(1, "dot", self, tensor)
    return matmul(self, tensor)


@function("outer", "ger")
def outer(self: Tensor, vec2: Tensor) -> Tensor:
    """Every element of one vector by every one of another."""
    of_rank(1, "outer", self, vec2)
    a, b = together(self, vec2)
    return ops.multiply(ops.reshape(a, to=(*a.shape, 1)), b)


def summed(product: Tensor, input: Tensor, beta: Any, alpha: Any) -> Tensor:
    """Beta · input + alpha · product."""
    y = product if alpha == 1 else multiply(product, alpha)
    if beta == 0:
        return y
    term = input if beta == 1 else multiply(input, beta)
    plain = term.ndim == 1 and equal(term.shape[0], y.shape[-1]) and str(term.dtype) == str(y.dtype)
    return ops.bias_add(y, term) if plain else add(y, term)


@function("addmm")
def addmm(self: Tensor, mat1: Tensor, mat2: Tensor, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Beta · self + alpha · mat1 · mat2."""
    of_rank(2, "addmm", mat1, mat2)
    return summed(matmul(mat1, mat2), self, beta, alpha)


@function("addmv")
def addmv(self: Tensor, mat: Tensor, vec: Tensor, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Beta · self + alpha · mat · vec."""
    return summed(matmul(mat, vec), self, beta, alpha)


@function("baddbmm")
def baddbmm(self: Tensor, batch1: Tensor, batch2: Tensor, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Beta · self + alpha · batch1 · batch2."""
    of_rank(3, "baddbmm", batch1, batch2)
    return summed(matmul(batch1, batch2), self, beta, alpha)


@function("addbmm")
def addbmm(self: Tensor, batch1: Tensor, batch2: Tensor, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """Beta · self + alpha · the sum of batch1 · batch2 over the batch."""
    of_rank(3, "addbmm", batch1, batch2)
    product = ops.reduce_sum(matmul(batch1, batch2), axes=(0,), keepdims=False)
    return summed(product, self, beta, alpha)


@function("tensordot")
def tensordot(self: Tensor, other: Tensor, dims_self: Ints, dims_other: Ints) -> Tensor:
    """Sums of products over axes of one with axes of another: what is left of the first, then of the second."""
    over, with_ = axes_of(list(dims_self), self.ndim), axes_of(list(dims_other), other.ndim)
    if not over:
        over = with_ = ()
    left, right = ([axis for axis in range(x.ndim) if axis not in along] for x, along in ((self, over), (other, with_)))
    wide = prod(other.shape[axis] for axis in with_)
    a = ops.reshape(ops.transpose(self, axes=(*left, *over)), to=(-1, wide))
    b = ops.reshape(ops.transpose(other, axes=(*with_, *right)), to=(wide, -1))
    return ops.reshape(matmul(a, b), to=(*(self.shape[axis] for axis in left), *(other.shape[axis] for axis in right)))


@function("chain_matmul", "linalg_multi_dot")
def multi_dot(matrices: Any = (), tensors: Any = ()) -> Tensor:
    """The product of matrices, in the order that takes the fewest multiplications."""
    given = list(matrices or tensors)
    if any(one.ndim != 2 for one in given) or len(given) > MOST_FACTORS:
        raise ShapeError(f"Matrices are multiplied here, at most {MOST_FACTORS}; received {len(given)}.", "tensors")
    if not all(known(one.shape) for one in given):
        raise ShapeError("The best order is found where the sizes of all matrices are known.", "tensors")
    return best(given)


MOST_FACTORS = 100


def best(given: list[Tensor]) -> Tensor:
    """The product by the fewest multiplications (Cormen et al., section 14.2)."""
    n = len(given)
    sizes = [given[0].shape[0], *(one.shape[1] for one in given)]
    least = [[0] * n for _ in range(n)]
    cut = [[0] * n for _ in range(n)]
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            costs = [(least[i][k] + least[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)]
            least[i][j], cut[i][j] = min(costs)

    def product(i: int, j: int) -> Tensor:
        return given[i] if i == j else matmul(product(i, cut[i][j]), product(cut[i][j] + 1, j))

    return product(0, n - 1)


@function("matrix_power", "linalg_matrix_power")
def matrix_power(self: Tensor, n: int) -> Tensor:
    """Square matrices times themselves, by halves of the power."""
    if n < 1:
        raise ShapeError(f"Powers of matrices are read from 1 on; received {n}.", "n")
    half = self if n < 4 else matrix_power(self, n // 2)
    if n < 4:
        y = self if n == 1 else matmul(self, self)
        return matmul(y, self) if n == 3 else y
    square = matmul(half, half)
    return matmul(square, self) if n % 2 else square


@function("einsum")
def einsum(equation: str, tensors: Any, path: Any = None) -> Tensor:
    """Sums of products in Einstein's notation."""
    return ops.einsum(*tensors, equation=equation.replace(" ", ""))


@function("bilinear")
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x1ᵀ · A · x2 + b, A being (out, in1, in2)."""
    y = ops.einsum(input1, weight, input2, equation="...i,kij,...j->...k")
    return y if bias is None else ops.bias_add(y, bias)


@function("pairwise_distance")
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The norm of x1 − x2 + eps along the last axis."""
    apart = add(subtract(x1, x2), eps)
    return norm_of(apart, p, (apart.ndim - 1,), keepdim)


@function("cosine_similarity")
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1 · x2 by their lengths, each at least eps."""
    a, b = together(x1, x2)
    axis = dim % a.ndim
    lengths = []
    for one in (a, b):
        length = OPS["sqrt"](ops.reduce_sum(OPS["square"](one), axes=(axis % one.ndim,), keepdims=True))
        lengths.append(ops.maximum(length, number(eps, str(one.dtype))))
    product = ops.multiply(ops.divide(a, lengths[0]), ops.divide(b, lengths[1]))
    return ops.reduce_sum(product, axes=(axis,))
