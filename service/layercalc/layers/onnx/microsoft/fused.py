"""Operators joined into one: an activation, a bias or a skip connection goes with the product before it."""

from typing import Any, NamedTuple

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.activation import HardSigmoid
from layercalc.layers.onnx.base import Ints, Learned, axis_of, operator
from layercalc.layers.onnx.convolution import Conv
from layercalc.layers.onnx.linear import MatMul, gemm
from layercalc.layers.onnx.microsoft import MICROSOFT
from layercalc.ops import Tensor
from layercalc.ops.activation import ACTIVATIONS
from layercalc.ops.base import OPS

SOFTMAX: Any = ACTIVATIONS["softmax"]

JOINED = {
    **{name: name.lower() for name in ("Relu", "Tanh", "Sigmoid", "Softplus", "Softsign", "Elu", "Selu", "Celu")},
    "HardSwish": "hard_silu",
}


class Settings(NamedTuple):
    """What an activation that goes with a product is given; None where nothing is."""

    alpha: float | None = None
    beta: float | None = None
    gamma: float | None = None


def activated(y: Tensor, activation: str, how: Settings = Settings()) -> Tensor:  # noqa: B008  # of constants
    """The activation of that name, or none."""
    alpha, beta, _ = how
    if activation == "LeakyRelu":
        return OPS["leaky_relu"](y, negative_slope=0.01 if alpha is None else alpha)
    if activation == "Clip" and None not in (alpha, beta):
        return OPS["clip"](y, low=alpha, high=beta)
    if activation == "HardSigmoid":
        return HardSigmoid(y, alpha=0.2 if alpha is None else alpha, beta=0.5 if beta is None else beta)
    if activation in ("Elu", "Celu") and alpha is not None:
        return OPS[JOINED[activation]](y, alpha=alpha)
    if activation not in ("", *JOINED):
        raise ShapeError(f"The activation {activation!r} of a joined product is not read.", "activation")
    return OPS[JOINED[activation]](y) if activation else y


@operator(1, "Gelu", MICROSOFT)
def gelu(x: Tensor) -> Tensor:
    """Hendrycks & Gimpel 2016, by erf."""
    return OPS["gelu"](x, approximate=False)


@operator(1, "BiasGelu", MICROSOFT)
def bias_gelu(x: Tensor, b: Learned) -> Tensor:
    """The same of a sum with a vector."""
    return gelu(ops.add(x, b))


@operator(1, "FastGelu", MICROSOFT)
def fast_gelu(x: Tensor, bias: Learned = None) -> Tensor:
    """By tanh, of a sum with a vector where one is given."""
    return OPS["gelu"](x if bias is None else ops.add(x, bias), approximate=True)


@operator(1, "QuickGelu", MICROSOFT)
def quick_gelu(x: Tensor, *, alpha: float = 1.7020000219345093) -> Tensor:
    """X · sigmoid(alpha · x)."""
    return ops.multiply(x, OPS["sigmoid"](ops.multiply(x, ops.known(alpha, str(x.dtype)))))


@operator(1, "FusedMatMul", MICROSOFT)
def fused_matmul(
    a: Tensor,
    b: Tensor,
    *,
    alpha: float = 1.0,
    transA: int = 0,
    transB: int = 0,
    transBatchA: int = 0,
    transBatchB: int = 0,
) -> Tensor:
    """Alpha times a product of matrices, either of which may be turned."""
    for name, x, turn in (("transBatchA", a, transBatchA), ("transBatchB", b, transBatchB)):
        if turn and x.ndim < 3:
            raise ShapeError(f"{name} needs three axes or more; received {text(x.shape)}.", name)
    a, b = (led(x) if turn else x for x, turn in ((a, transBatchA), (b, transBatchB)))
    y = MatMul(turned(a) if transA else a, turned(b) if transB else b)
    return y if alpha == 1 else ops.multiply(y, ops.known(alpha, str(y.dtype)))


def led(x: Tensor) -> Tensor:
    """The first axis, which is that of the rows, behind the others that lead."""
    return ops.transpose(x, axes=(*range(1, x.ndim - 1), 0, x.ndim - 1))


@operator(1, "TransposeMatMul", MICROSOFT)
def transpose_matmul(a: Tensor, b: Tensor, *, alpha: float = 1.0, transA: int = 0, transB: int = 0) -> Tensor:
    """What FusedMatMul was called first."""
    return fused_matmul(a, b, alpha=alpha, transA=transA, transB=transB)


@operator(1, "FusedMatMulActivation", MICROSOFT)
def fused_matmul_activation(
    a: Tensor,
    b: Tensor,
    *,
    activation: str,
    activation_alpha: float | None = None,
    activation_axis: int | None = None,
    activation_beta: float | None = None,
    activation_gamma: float | None = None,
    alpha: float = 1.0,
    transA: int = 0,
    transB: int = 0,
    transBatchA: int = 0,
    transBatchB: int = 0,
) -> Tensor:
    """FusedMatMul and an activation."""
    how: Any = {"transA": transA, "transB": transB, "transBatchA": transBatchA, "transBatchB": transBatchB}
    given = Settings(activation_alpha, activation_beta, activation_gamma)
    return activated(fused_matmul(a, b, alpha=alpha, **how), activation, given)


@operator(1, "FusedGemm", MICROSOFT)
def fused_gemm(
    a: Tensor,
    b: Learned,
    c: Learned = None,
    *,
    activation: str = "",
    activation_alpha: float | None = None,
    activation_beta: float | None = None,
    activation_gamma: float | None = None,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Tensor:
    """Gemm and an activation."""
    given = Settings(activation_alpha, activation_beta, activation_gamma)
    return activated(gemm(a, b, c, alpha, beta, transA, transB), activation, given)


@operator(1, "GemmFastGelu", MICROSOFT)
def gemm_fast_gelu(x: Tensor, w: Learned, bias: Learned = None) -> Tensor:
    """A product of matrices and FastGelu."""
    return fast_gelu(MatMul(x, w), bias)


@operator(1, "BiasAdd", MICROSOFT)
def bias_add(x: Tensor, bias: Learned, skip: Tensor) -> Tensor:
    """A sum with a vector and a tensor."""
    return ops.add(ops.bias_add(x, bias), skip)


@operator(1, "BiasSplitGelu", MICROSOFT)
def bias_split_gelu(x: Tensor, bias: Learned) -> Tensor:
    """One half of a sum with a vector, times the Gelu of the other (Shazeer 2020, arXiv:2002.05202)."""
    total = ops.bias_add(x, bias)
    half = x.shape[-1] // 2
    parts = [ops.take(total, axis=x.ndim - 1, start=start, stop=start + half) for start in (0, half)]
    return ops.multiply(parts[0], gelu(parts[1]))


@operator(1, "BiasSoftmax", MICROSOFT)
def bias_softmax(data: Tensor, bias: Tensor, *, axis: int = 1, is_inner_broadcast: int) -> Tensor:
    """Softmax over the axes from one on, of a sum with a tensor that is repeated over leading axes or inner ones."""
    if is_inner_broadcast and bias.ndim < data.ndim:
        bias = ops.reshape(bias, to=(bias.shape[0], *(1,) * (data.ndim - bias.ndim), *bias.shape[1:]))
    place = axis_of(axis, data.ndim)
    return SOFTMAX(ops.add(data, bias), axis=tuple(range(place, data.ndim)))


def turned(x: Tensor) -> Tensor:
    """The last two axes in the other order."""
    if x.ndim < 2:
        raise ShapeError(f"A tensor of {x.ndim} axes cannot be turned.")
    return ops.transpose(x, axes=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


@operator(1, "FusedConv", MICROSOFT)
def fused_conv(
    x: Tensor,
    w: Learned,
    b: Learned = None,
    z: Tensor = None,
    *,
    activation: str = "",
    activation_params: tuple[float, ...] | None = None,
    auto_pad: str = "NOTSET",
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """A convolution, a tensor added to it, and an activation."""
    how: dict[str, Any] = {"auto_pad": auto_pad, "dilations": dilations, "group": group}
    y = Conv(x, w, b, **how, kernel_shape=kernel_shape, pads=pads, strides=strides)
    y = y if z is None else ops.add(y, z)
    return activated(y, activation, Settings(*(activation_params or ())[:3]))
