"""Operators on integers of 8 bits with scales and zero points: computed in floats between them."""

from typing import Any

from layercalc import ops
from layercalc.dims import differ
from layercalc.errors import ShapeError
from layercalc.layers.onnx.activation import LeakyRelu
from layercalc.layers.onnx.base import Ints, Maybe, Packed, Quantised, Value, axes_of, axis_of, operator
from layercalc.layers.onnx.integers import QLinearConv, along, whole
from layercalc.layers.onnx.linear import MatMul, gemm
from layercalc.layers.onnx.microsoft import MICROSOFT
from layercalc.layers.onnx.microsoft.convolution import channels_first, channels_last
from layercalc.layers.onnx.pooling import AveragePool, over_all
from layercalc.layers.onnx.quantization import DequantizeLinear, DynamicQuantizeLinear, QuantizeLinear, quantised
from layercalc.ops import Tensor
from layercalc.ops.activation import ACTIVATIONS
from layercalc.ops.base import OPS
from layercalc.ops.spec import named

SOFTMAX: Any = ACTIVATIONS["softmax"]


def floats(x: Tensor, scale: Tensor, zero: Tensor) -> Tensor:
    """(x − zero point) · scale."""
    return ops.multiply(ops.cast(whole(x, zero), to="float32"), ops.cast(along(scale, x.ndim, -1), to="float32"))


def back(x: Tensor, scale: Tensor, zero: Tensor, like: Tensor) -> Tensor:
    """As integers of the zero point's type, or of that of another tensor."""
    to = named((like if zero is None else zero).dtype)
    point = None if zero is None else ops.reshape(zero, to=())
    return quantised(x, ops.reshape(scale, to=()), point, to)


def pair(name: str, op: Any) -> None:
    """An operator of two quantised tensors."""

    def call(
        a: Quantised,
        a_scale: Value,
        a_zero_point: Maybe,
        b: Quantised,
        b_scale: Value,
        b_zero_point: Maybe,
        c_scale: Value,
        c_zero_point: Value = None,
    ) -> Tensor:
        made = op(floats(a, a_scale, a_zero_point), floats(b, b_scale, b_zero_point))
        return back(made, c_scale, c_zero_point, a)

    call.__doc__ = f"{name[7:]} of two quantised tensors."
    operator(1, name, MICROSOFT)(call)


pair("QLinearAdd", ops.add)
pair("QLinearMul", ops.multiply)


@operator(1, "QLinearLeakyRelu", MICROSOFT)
def qlinear_leaky_relu(
    x: Tensor,
    x_scale: Value,
    x_zero_point: Maybe,
    y_scale: Value,
    y_zero_point: Value = None,
    *,
    alpha: float = 0.009999999776482582,
) -> Tensor:
    """LeakyRelu of a quantised tensor."""
    return back(LeakyRelu(floats(x, x_scale, x_zero_point), alpha=alpha), y_scale, y_zero_point, x)


@operator(1, "QLinearSigmoid", MICROSOFT)
def qlinear_sigmoid(
    x: Tensor, x_scale: Value, x_zero_point: Maybe, y_scale: Value, y_zero_point: Value = None
) -> Tensor:
    """Sigmoid of a quantised tensor."""
    return back(OPS["sigmoid"](floats(x, x_scale, x_zero_point)), y_scale, y_zero_point, x)


@operator(1, "QLinearSoftmax", MICROSOFT)
def qlinear_softmax(
    x: Tensor,
    x_scale: Value,
    x_zero_point: Maybe,
    y_scale: Value,
    y_zero_point: Value,
    *,
    axis: int = -1,
    opset: int,
) -> Tensor:
    """Softmax of a quantised tensor; before opset 13 over all axes from one on."""
    place = axis_of(axis, x.ndim)
    axes: Any = place if opset >= 13 else tuple(range(place, x.ndim))
    return back(SOFTMAX(floats(x, x_scale, x_zero_point), axis=axes), y_scale, y_zero_point, x)


@operator(1, "QLinearWhere", MICROSOFT)
def qlinear_where(
    condition: Tensor,
    x: Quantised,
    x_scale: Value,
    x_zero_point: Maybe,
    y: Quantised,
    y_scale: Value,
    y_zero_point: Value,
    z_scale: Value,
    z_zero_point: Value,
) -> Tensor:
    """One of two quantised tensors, element by element, in a scale of its own."""
    parts = (floats(x, x_scale, x_zero_point), floats(y, y_scale, y_zero_point))
    return back(ops.select(condition, *parts), z_scale, z_zero_point, x)


@operator(1, "QLinearConcat", MICROSOFT)
def qlinear_concat(y_scale: Value, y_zero_point: Value, *inputs: Value, axis: int) -> Tensor:
    """Quantised tensors, each with its scale and zero point, one after another."""
    if not inputs or len(inputs) % 3:
        raise ShapeError(f"Each tensor has a scale and a zero point; received {len(inputs)} inputs.")
    parts = [floats(*inputs[i : i + 3]) for i in range(0, len(inputs), 3)]
    return back(ops.concatenate(*parts, axis=axis_of(axis, parts[0].ndim)), y_scale, y_zero_point, inputs[0])


@operator(1, "QLinearReduceMean", MICROSOFT)
def qlinear_reduce_mean(
    data: Tensor,
    data_scale: Value,
    data_zero_point: Maybe,
    reduced_scale: Value,
    reduced_zero_point: Value = None,
    *,
    axes: Ints,
    keepdims: int,
) -> Tensor:
    """The mean over axes of a quantised tensor."""
    where = axes_of(axes, data.ndim)
    made = ops.reduce_mean(floats(data, data_scale, data_zero_point), axes=where, keepdims=bool(keepdims))
    return back(made, reduced_scale, reduced_zero_point, data)


@operator(1, "QLinearAveragePool", MICROSOFT)
def qlinear_average_pool(
    x: Tensor,
    x_scale: Value,
    x_zero_point: Maybe,
    y_scale: Value,
    y_zero_point: Value = None,
    *,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    channels_last_: int = 0,
    count_include_pad: int = 0,
    kernel_shape: Ints,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """The mean of each window of a quantised tensor."""
    how: Any = {"auto_pad": auto_pad, "ceil_mode": ceil_mode, "count_include_pad": count_include_pad}
    how |= {"kernel_shape": kernel_shape, "pads": pads, "strides": strides}
    made = floats(x, x_scale, x_zero_point)
    made = AveragePool(channels_first(made) if channels_last_ else made, **how)
    return back(channels_last(made) if channels_last_ else made, y_scale, y_zero_point, x)


@operator(1, "QLinearGlobalAveragePool", MICROSOFT)
def qlinear_global_average_pool(
    x: Tensor,
    x_scale: Value,
    x_zero_point: Maybe,
    y_scale: Value,
    y_zero_point: Value,
    *,
    channels_last_: int = 0,
) -> Tensor:
    """The mean over the spatial axes of a quantised tensor."""
    axes = tuple(axis - 1 for axis in over_all(x)) if channels_last_ else over_all(x)
    made = ops.global_average_pool(floats(x, x_scale, x_zero_point), axes=axes, keepdims=True)
    return back(made, y_scale, y_zero_point, x)


@operator(1, "QLinearConv", MICROSOFT)
def qlinear_conv(
    x: Tensor,
    x_scale: Value,
    x_zero_point: Maybe,
    w: Quantised,
    w_scale: Value,
    w_zero_point: Value,
    y_scale: Value,
    y_zero_point: Value,
    b: Quantised = None,
    *,
    auto_pad: str = "NOTSET",
    channels_last_: int = 0,
    dilations: Ints | None = None,
    group: int = 1,
    kernel_shape: Ints | None = None,
    pads: Ints | None = None,
    strides: Ints | None = None,
) -> Tensor:
    """A convolution of quantised tensors, with the channels first or last."""
    how: Any = {"auto_pad": auto_pad, "dilations": dilations, "group": group, "kernel_shape": kernel_shape}
    how |= {"pads": pads, "strides": strides}
    of = channels_first(x) if channels_last_ else x
    scales = (w, w_scale, w_zero_point, y_scale, y_zero_point, b)
    made = QLinearConv(of, x_scale, x_zero_point, *scales, **how)
    return channels_last(made) if channels_last_ else made


@operator(1, "QGemm", MICROSOFT)
def qgemm(
    a: Tensor,
    a_scale: Value,
    a_zero_point: Maybe,
    b: Quantised,
    b_scale: Value,
    b_zero_point: Maybe,
    c: Quantised = None,
    y_scale: Value = None,
    y_zero_point: Value = None,
    *,
    alpha: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Tensor:
    """Alpha · A · B + C of quantised matrices, C in the scale of the product; floats where no scale is given."""
    total = gemm(whole(a, a_zero_point), whole(b, b_zero_point, 0 if transB else 1), c, 1.0, 1.0, transA, transB)
    factor = ops.multiply(ops.reshape(a_scale, to=()), along(b_scale, 2, 1))
    factor = factor if alpha == 1 else ops.multiply(factor, ops.known(alpha, "float32"))
    made = ops.multiply(ops.cast(total, to="float32"), factor)
    return made if y_scale is None else back(made, y_scale, y_zero_point, a)


def scaled(a: Tensor, b: Tensor, zeros: tuple[Tensor, Tensor], scales: tuple[Tensor, Tensor], bias: Tensor) -> Tensor:
    """A product of integers as floats."""
    total = ops.cast(MatMul(whole(a, zeros[0], -2), whole(b, zeros[1])), to="float32")
    made = ops.multiply(total, ops.multiply(along(scales[0], a.ndim, -2), along(scales[1], b.ndim, -1)))
    return made if bias is None else ops.bias_add(made, bias)


@operator(1, "MatMulIntegerToFloat", MICROSOFT)
def matmul_integer_to_float(
    a: Tensor,
    b: Quantised,
    a_scale: Value,
    b_scale: Value,
    a_zero_point: Value = None,
    b_zero_point: Value = None,
    bias: Tensor = None,
) -> Tensor:
    """A product of quantised matrices as floats."""
    return scaled(a, b, (a_zero_point, b_zero_point), (a_scale, b_scale), bias)


@operator(1, "DynamicQuantizeMatMul", MICROSOFT)
def dynamic_quantize_matmul(
    a: Tensor, b: Quantised, b_scale: Value, b_zero_point: Value = None, bias: Tensor = None
) -> Tensor:
    """A product with a quantised matrix, the other quantised on the way."""
    whole_a, scale, zero = DynamicQuantizeLinear(a)
    return scaled(whole_a, b, (zero, b_zero_point), (scale, b_scale), bias)


@operator(1, "MatMulInteger16", MICROSOFT)
def matmul_integer_16(a: Tensor, b: Quantised) -> Tensor:
    """A product of integers of 16 bits, in 32."""
    return MatMul(whole(a, None), whole(b, None))


@operator(1, "QuantizeLinear", MICROSOFT)
def quantize_linear(x: Tensor, y_scale: Value, y_zero_point: Value = None, *, axis: int | None = None) -> Tensor:
    """Numbers as integers, of 16 bits too."""
    return QuantizeLinear(x, y_scale, y_zero_point, axis=1 if axis is None else axis)


@operator(1, "DequantizeLinear", MICROSOFT)
def dequantize_linear(x: Quantised, x_scale: Value, x_zero_point: Value = None, *, axis: int | None = None) -> Tensor:
    """Integers, of 16 bits too, as numbers."""
    return DequantizeLinear(x, x_scale, x_zero_point, axis=1 if axis is None else axis)


@operator(1, "MatMulNBits", MICROSOFT)
def matmul_n_bits(
    a: Tensor,
    b: Packed,
    scales: Value,
    zero_points: Value = None,
    g_idx: Value = None,
    bias: Tensor = None,
    *,
    K: int,
    N: int,
    accuracy_level: int = 0,
    bits: int = 4,
    block_size: int,
    weight_prepacked: int = 0,
) -> Tensor:
    """A product with a matrix of 2, 4 or 8 bits, packed into bytes, a scale for each block of a column."""
    if bits not in (2, 4, 8) or weight_prepacked or g_idx is not None:
        raise ShapeError("Weights of other than 2, 4 or 8 bits, packed beforehand or in another order are not read.")
    blocks = -(-K // block_size)
    apart = ops.reshape(unpacked(ops.reshape(b, to=(N, -1)), bits), to=(N, blocks, block_size))
    if zero_points is None:
        zero = ops.known(float(2 ** (bits - 1)), "float32")
    else:
        packed = not str(zero_points.dtype).startswith("float")
        zero = ops.reshape(zero_points, to=(N, -1))
        zero = ops.cast(unpacked(zero, bits) if packed else zero, to="float32")
        zero = ops.reshape(ops.take(zero, axis=1, start=0, stop=blocks), to=(N, blocks, 1))
    scale = ops.cast(ops.reshape(scales, to=(N, blocks, 1)), to="float32")
    wide = ops.multiply(ops.subtract(ops.cast(apart, to="float32"), zero), scale)
    matrix = ops.take(ops.reshape(wide, to=(N, blocks * block_size)), axis=1, start=0, stop=K)
    if differ(a.shape[-1], K):
        raise ShapeError(f"The last axis of A is {a.shape[-1]}; K is {K}.", "K")
    matrix = matrix if str(a.dtype) == "float32" else ops.cast(matrix, to=str(a.dtype))
    made = MatMul(a, ops.transpose(matrix, axes=(1, 0)))
    return made if bias is None else ops.bias_add(made, bias)


def unpacked(x: Tensor, bits: int) -> Tensor:
    """Bytes as numbers of a few bits each, the first of them lowest; such as they are where they are no bytes."""
    if bits == 8 or named(x.dtype) != "uint8":
        return x
    parts = []
    for start in range(0, 8, bits):
        moved = OPS["right_shift"](x, ops.known(start, "uint8")) if start else x
        part = OPS["bitwise_and"](moved, ops.known(2**bits - 1, "uint8"))
        parts.append(ops.reshape(part, to=(*x.shape, 1)))
    return ops.reshape(ops.concatenate(*parts, axis=x.ndim), to=(*x.shape[:-1], x.shape[-1] * 8 // bits))


@operator(1, "GatherBlockQuantized", MICROSOFT)
def gather_block_quantized(
    data: Packed,
    indices: Tensor,
    scales: Value,
    zero_points: Value = None,
    *,
    bits: int = 4,
    block_size: int = 128,
    gather_axis: int = 0,
    quantize_axis: int = 1,
) -> Tensor:
    """Slices of a table of integers, a scale for each block along an axis."""
    if bits not in (2, 4, 8):
        raise ShapeError(f"A number has 2, 4 or 8 bits, not {bits}.", "bits")
    along_axis, place = axis_of(quantize_axis, data.ndim), axis_of(gather_axis, data.ndim)
    packed = named(data.dtype).startswith("uint")
    if packed and along_axis != data.ndim - 1:
        raise ShapeError("Bytes are unpacked along the last axis alone.", "quantize_axis")
    wide = unpacked(data, bits) if packed else data
    to = "float32"
    table = ops.cast(wide, to=to)
    spread = {"axis": along_axis, "times": block_size}

    def blocks(one: Tensor) -> Tensor:
        each = ops.repeat(ops.cast(one, to=to), **spread)
        return ops.take(each, axis=along_axis, start=0, stop=wide.shape[along_axis])

    if zero_points is not None:
        point = unpacked(zero_points, bits) if packed else zero_points
        point = ops.take(point, axis=along_axis, start=0, stop=scales.shape[along_axis])
        table = ops.subtract(table, blocks(point))
    elif packed:
        table = ops.subtract(table, ops.known(float(2 ** (bits - 1)), to))
    made = ops.gather(ops.multiply(table, blocks(scales)), indices, axis=place, wrap=True)
    return made if str(scales.dtype) == to else ops.cast(made, to=str(scales.dtype))


@operator(1, "MulInteger", MICROSOFT)
def mul_integer(a: Tensor, a_zero_point: Maybe, b: Quantised, b_zero_point: Value = None) -> Tensor:
    """A product of integers less their zero points, element by element, in 32 bits."""
    return ops.multiply(whole(a, a_zero_point), whole(b, b_zero_point))


@operator(1, "ReduceSumInteger", MICROSOFT)
def reduce_sum_integer(data: Tensor, *, axes: Ints, keepdims: int) -> Tensor:
    """A sum of integers in 32 bits."""
    return ops.reduce_sum(ops.cast(data, to="int32"), axes=axes_of(axes, data.ndim), keepdims=bool(keepdims))
