"""Matrix products."""

from typing import Any

from layercalc import ops
from layercalc.dims import differ, equal, text, unequal
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Learned, Quantised, operator, same_dtype
from layercalc.ops import Tensor
from layercalc.ops.base import OPS


@operator(1)
def MatMul(a: Tensor, b: Tensor) -> Tensor:
    """The product of matrices, as numpy.matmul has it."""
    same_dtype(a, b)
    if a.ndim == 0 or b.ndim == 0:
        raise ShapeError("A number is no matrix; MatMul takes tensors of at least one axis.")
    if a.ndim == 1 and b.ndim == 1:
        return ops.reshape(ops.matmul(ops.reshape(a, to=(1, *a.shape)), ops.reshape(b, to=(*b.shape, 1))), to=())
    if a.ndim == 1:
        made = ops.matmul(ops.reshape(a, to=(1, *a.shape)), b)
        return ops.reshape(made, to=(*made.shape[:-2], made.shape[-1]))
    if b.ndim == 1:
        made = ops.matmul(a, ops.reshape(b, to=(*b.shape, 1)))
        return ops.reshape(made, to=made.shape[:-1])
    return ops.matmul(a, b)


def gemm(a: Tensor, b: Tensor, c: Tensor, alpha: float, beta: float, trans_a: int, trans_b: int) -> Tensor:
    """Alpha · A · B + beta · C."""
    for one in (a, b):
        if one.ndim != 2:
            raise ShapeError(f"Gemm takes matrices; received {text(one.shape)}.")
    same_dtype(a, b)
    a = ops.transpose(a, axes=(1, 0)) if trans_a else a
    b = ops.transpose(b, axes=(1, 0)) if trans_b else b
    y = ops.matmul(a, b)
    dtype = str(y.dtype)
    y = y if alpha == 1 else ops.multiply(y, ops.cast(ops.known(alpha, "float32"), to=dtype))
    if c is None or beta == 0:
        return y
    c = c if beta == 1 else ops.multiply(c, ops.cast(ops.known(beta, "float32"), to=dtype))
    if c.ndim > 2 or any(differ(n, m, (n, 1)) for n, m in zip(c.shape[::-1], y.shape[::-1], strict=False)):
        raise ShapeError(f"{text(c.shape)} is not seen as {text(y.shape)}.")
    return ops.bias_add(y, c) if c.ndim == 1 and equal(c.shape[0], y.shape[1]) else ops.add(y, c)


@operator(1, "Gemm")
def gemm_with_c(
    a: Tensor,
    b: Learned,
    c: Learned,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
    broadcast: int = 0,
) -> Tensor:
    """Alpha · A · B + beta · C."""
    return gemm(a, b, c, alpha, beta, transA, transB)


@operator(11)
def Gemm(
    a: Tensor,
    b: Learned,
    c: Learned = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Tensor:
    """Alpha · A · B + beta · C, which may be left out."""
    return gemm(a, b, c, alpha, beta, transA, transB)


@operator(12)
def Einsum(x: Tensor, *others: Tensor, equation: str) -> Tensor:
    """Sums of products in Einstein's notation."""
    same_dtype(x, *others)
    return ops.einsum(x, *others, equation=equation)


@operator(11)
def Det(x: Tensor) -> Tensor:
    """The determinant of matrices."""
    return OPS["determinant"](x)


@operator(10)
def MatMulInteger(a: Tensor, b: Quantised, a_zero_point: Tensor = None, b_zero_point: Tensor = None) -> Tensor:
    """The product of integers less their zero points, in 32 bits."""
    less: list[Any] = []
    for one, zero, along in ((a, a_zero_point, -2), (b, b_zero_point, -1)):
        whole = ops.cast(one, to="int32")
        if zero is not None:
            point = ops.cast(zero, to="int32")
            if point.ndim == 1 and along == -2 and unequal(point.shape[0], 1):
                point = ops.reshape(point, to=(*point.shape, 1))
            whole = ops.subtract(whole, point)
        less.append(whole)
    return MatMul(*less)
