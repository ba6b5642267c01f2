"""What ONNX Runtime's optimiser writes in its own domain, com.microsoft: operators joined into one."""

from typing import Any

from layercalc import ops
from layercalc.dims import text
from layercalc.errors import ShapeError
from layercalc.layers.onnx.base import Ints, Learned, operator
from layercalc.layers.onnx.convolution import Conv
from layercalc.layers.onnx.linear import MatMul
from layercalc.ops import Tensor
from layercalc.ops.base import OPS

MICROSOFT = "com.microsoft"
JOINED = {"Relu": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid"}


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
    if transBatchA or transBatchB:
        raise ShapeError("transBatchA and transBatchB are not read.", "transBatchA" if transBatchA else "transBatchB")
    y = MatMul(turned(a) if transA else a, turned(b) if transB else b)
    return y if alpha == 1 else ops.multiply(y, ops.known(alpha, str(y.dtype)))


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
    given = activation_params or ()
    if activation == "LeakyRelu" and len(given) == 1:
        return OPS["leaky_relu"](y, negative_slope=given[0])
    if activation == "Clip" and len(given) == 2:
        return OPS["clip"](y, low=given[0], high=given[1])
    if activation not in ("", *JOINED):
        raise ShapeError(f"The activation {activation!r} of a joined convolution is not read.", "activation")
    return OPS[JOINED[activation]](y) if activation else y


def skipped(x: Tensor, skip: Tensor, bias: Tensor) -> Tensor:
    """The sum that a skip connection makes."""
    made = ops.add(x, skip)
    return made if bias is None else ops.add(made, bias)


@operator(1, "SkipLayerNormalization", MICROSOFT, hidden=(1, 2))
def skip_layer_normalization(
    x: Tensor,
    skip: Tensor,
    gamma: Learned,
    beta: Learned = None,
    bias: Learned = None,
    *,
    epsilon: float = 9.999999960041972e-13,
    outputs: int,
) -> Any:
    """LayerNormalization of a sum; the fourth output is the sum."""
    total = skipped(x, skip, bias)
    if gamma.ndim != 1 or x.ndim < 2:
        raise ShapeError(f"Expected a vector of weights; received {text(gamma.shape)}.")
    how = {"axes": (total.ndim - 1,), "epsilon": epsilon, "uncentred": False}
    vectors = [gamma] if beta is None else [gamma, beta]
    y = ops.layer_norm(total, *vectors, scale=True, center=beta is not None, **how)
    return with_sum(y, total, outputs)


@operator(1, "SkipSimplifiedLayerNormalization", MICROSOFT, hidden=(1, 2))
def skip_simplified_layer_normalization(
    x: Tensor,
    skip: Tensor,
    gamma: Learned,
    bias: Learned = None,
    *,
    epsilon: float = 9.999999960041972e-13,
    outputs: int,
) -> Any:
    """The same by the root mean square alone."""
    total = skipped(x, skip, bias)
    return with_sum(ops.rms_norm(total, gamma, axes=(total.ndim - 1,), epsilon=epsilon), total, outputs)


def with_sum(y: Tensor, total: Tensor, outputs: int) -> Any:
    """The result, and the sum as fourth output; the two between are of training, and no node may name them."""
    return y if outputs == 1 else (y, total, total, total)


@operator(1, "SimplifiedLayerNormalization")
def simplified_layer_normalization(
    x: Tensor, scale: Learned, *, axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1
) -> Tensor:
    """By the root mean square over the axes from one on; ONNX Runtime writes it in the default domain."""
    return ops.rms_norm(x, scale, axes=tuple(range(axis % x.ndim, x.ndim)), epsilon=epsilon)
