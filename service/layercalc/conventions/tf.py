"""tf.profiler: float operations of a frozen graph, as Keras' TensorFlow backend writes it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from layercalc.conventions.base import Convention, Loop, Rule, Use, inputs, outputs, twice
from layercalc.dims import Dim, size

REGISTRY = "tensorflow/python/profiler/internal/flops_registry.py"
KERNELS = "tensorflow/python/ops/nn_ops.py"


def convolved(use: Use) -> Dim:
    """Conv2D and Conv3D; with groups the convolution is compiled and out of sight."""
    return 0 if use.option("groups", 1) != 1 else 2 * use.macs


def depthwise(use: Use) -> Dim:
    """With dilation each axis is dealt out over as many images as its rate, and padded to fill them."""
    kernel, rates = use.entry.shapes[1], use.option("dilations")
    if all(rate == 1 for rate in rates):
        return 2 * use.macs
    places = use.x[0]
    for n, k, rate, pads in zip(use.x[1:-1], kernel[:-2], rates, use.option("pads"), strict=True):
        places = places * rate * (-(-(n + sum(pads)) // rate) - k + 1)
    return 2 * places * size(kernel)


def transposed(use: Use) -> Dim:
    """Conv2DBackpropInput: 2 · output · kernel / (channels · strides); Conv3DBackpropInput is not registered."""
    strides, kernel = use.option("strides"), use.entry.shapes[1]
    if len(strides) > 2:
        return 0
    return 2 * use.outputs * size(kernel) // (kernel[-2] * size(strides))


def pooled(use: Use) -> Dim:
    """AvgPool and MaxPool: the window for each result; those of volumes are not registered."""
    window = use.option("window")
    return 0 if len(window) > 2 else use.outputs * size(window)


def beside(shape: Sequence[Dim], axes: Iterable[int]) -> Dim:
    """How many places there are along the other axes."""
    within = {axis % len(shape) for axis in axes}
    return size(tuple(n for axis, n in enumerate(shape) if axis not in within))


def adaptively_pooled(use: Use) -> tuple[Dim, ...]:
    """Axis by axis two poolings with stride 1, windows of ⌈n/m⌉ and one more, and nine steps to choose a result."""
    shape, found = list(use.x), []
    for axis, to in enumerate(use.option("output_size"), 1):
        n = shape[axis]
        small = -(-n // to)
        rest = beside(shape, (axis,))
        if len(shape) < 5:
            found += [(n - k + 1) * k * rest for k in (small, small + 1)]
        shape[axis] = to
        found.append(9 * to)
    return tuple(found)


def batch_normalized(use: Use) -> tuple[Dim, ...]:
    """X · scale + shift, and what makes scale and shift of the moments: 6 for each channel, 5 without gamma.

    FusedBatchNormV3, which Keras 2 writes where it can, is not registered.
    """
    if use.option("fused", False):
        return (0,)
    channels = size(use.entry.shapes[1])
    return 2 * use.inputs, (6 if use.option("scale") else 5) * channels


def layer_normalized(use: Use) -> tuple[Dim, ...]:
    """Mean, SquaredDifference, Mean, then as a batch normalisation with the moments of each row."""
    n, scale, center = use.inputs, use.option("scale"), use.option("center")
    rows = beside(use.x, use.option("axes"))
    if use.option("uncentred"):
        return (6 if scale else 5) * n, 3 * rows
    return 6 * n, 4 * rows, 2 * n if scale else rows, n if center else 0  # gamma makes the factors as wide as the input


def group_normalized(use: Use) -> tuple[Dim, ...]:
    rows, channels = use.x[0] * use.option("groups"), use.x[use.option("axis")] * use.x[0]
    own = channels if use.option("scale") else rows
    return 6 * use.inputs, 4 * rows, 2 * own if use.option("scale") else own, channels if use.option("center") else 0


def rms_normalized(use: Use) -> tuple[Dim, ...]:
    """Square, Mean, AddV2, Rsqrt (2), and two Mul."""
    rows = beside(use.x, use.option("axes"))
    return 4 * use.inputs, 3 * rows


def standardized(use: Use) -> tuple[Dim, ...]:
    """Sub and RealDiv, and a Maximum for the deviations."""
    return 2 * use.inputs, size(use.entry.shapes[2])


def l2_normalized(use: Use) -> tuple[Dim, ...]:
    """Square, Sum, Rsqrt (2), Minimum, Mul."""
    rows = beside(use.x, use.option("axes"))
    return 3 * use.inputs, 2 * rows


def summed(use: Use) -> Dim:
    """Sum: one less than the elements of each result."""
    return use.inputs - use.outputs


def found(use: Use) -> Dim:
    """ArgMax after Equal and Less, which tell −0 from 0."""
    return 3 * use.inputs - use.outputs


def nonzeros(use: Use) -> Dim:
    """NotEqual and Sum."""
    return 2 * use.inputs - use.outputs


def and_constant(n: int) -> Callable[[Use], Dim]:
    """N for each element, and one for making a constant."""

    def count(use: Use) -> Dim:
        return n * use.outputs + 1

    return count


def resized(use: Use) -> Dim | None:
    return None if use.option("antialias") or str(use.option("method")).startswith("lanczos") else 0


def rectified(use: Use) -> Dim:
    """Relu, Relu6 and LeakyRelu are not registered; other arguments are made of ops that are."""
    slope, cut = bool(use.option("negative_slope")), use.option("max_value")
    threshold = bool(use.option("threshold"))
    if slope:
        plain = cut is None and not threshold
        return 0 if plain else use.inputs * (3 + 2 * threshold + 2 * (cut is not None))
    return use.inputs * (threshold + 2 * (cut is not None and not (cut == 6 and not threshold)))


def parametric(use: Use) -> tuple[Dim, ...]:
    """Neg of the input and of alpha, Mul, AddV2."""
    return 3 * use.outputs, size(use.entry.shapes[1])


def bent(use: Use) -> Dim:
    """Elu is not registered; with an alpha other than 1 it is compared and multiplied."""
    return 0 if use.option("alpha", 1.0) == 1.0 else 2 * use.inputs


def gelu(use: Use) -> Dim:
    return (7 if use.option("approximate") else 4) * use.inputs


def shared(use: Use) -> Dim:
    """Softmax; over several axes exp(x − logsumexp(x)), whose Exp and Max have no statistics."""
    axes = use.option("axis")
    if not isinstance(axes, tuple | list) or len(axes) < 2:
        return 5 * use.inputs
    return 3 * use.inputs + beside(use.x, axes)


# The products that Keras' TensorFlow backend writes as matmul; for the others it calls tf.einsum, which nobody counts.
KNOWN = frozenset(
    (
        *("a,b->ab", "ab,b->a", "ab,bc->ac", "ab,cb->ac", "abc,cd->abd", "abc,cde->abde", "abc,dc->abd"),
        *("abc,dce->abde", "abc,dec->abde", "abcd,abde->abce", "abcd,abed->abce", "abcd,acbe->adbe"),
        *("abcd,adbe->acbe", "abcd,aecd->acbe", "abcd,aecd->aceb", "abcd,cde->abe", "abcd,ced->abe", "abcd,ecd->abe"),
        *("abcde,aebf->adbcf", "abcde,afce->acdbf"),
    )
)

DIRECT = ("BTNH,BSNH->BNTS", "BNTS,BSNH->BTNH")  # dot_product_attention calls tf.einsum itself


def contracted(use: Use) -> Dim:
    equation = use.option("equation")
    return 2 * use.macs if equation not in DIRECT and spelled(equation, use.entry.shapes) in KNOWN else 0


def spelled(equation: str, shapes: list[Any]) -> str:
    """An equation with its axes written out and called a, b, c … in the order of their first use."""
    left, right = equation.replace(" ", "").split("->")
    terms = left.split(",")
    spare = "αβγδεζηθ"
    for term, shape in zip(terms, shapes, strict=True):
        if "..." in term:
            more = spare[: len(shape) - len(term) + 3]
            terms, right = [one.replace("...", more) for one in terms], right.replace("...", more)
    letters: dict[str, str] = {}
    for letter in "".join(terms):
        letters.setdefault(letter, chr(ord("a") + len(letters)))
    return ",".join("".join(map(letters.__getitem__, one)) for one in terms) + "->" + "".join(map(letters.get, right))  # type: ignore[arg-type]


def gathered(use: Use) -> Dim:
    """Negative indices are compared and wrapped."""
    return 2 * size(use.entry.shapes[1])


def axes_lengthened(use: Use) -> Dim:
    return len(use.option("times"))


def one(use: Use) -> Dim:
    return 1


def every(n: int) -> Callable[[Use], Dim]:
    def count(use: Use) -> Dim:
        return n * use.outputs

    return count


def seen(loop: Loop, cell: Dim, again: Dim) -> Dim | None:
    """The cell at each step where there is no loop; else once before it, and `again` inside.

    Inside a loop the shape of a state is not known, so that only what does not depend on one is counted. None for a
    batch and for activations that nobody has measured.
    """
    names = {getattr(getattr(loop.layer, key, None), "name", "tanh") for key in ("activation", "recurrent_activation")}
    if loop.batch != 1 or not names <= {"tanh", "sigmoid", "relu"}:
        return None
    return cell * loop.steps if loop.layer.unroll else cell + again


def lstm(loop: Loop) -> Dim | None:
    u, x, bias = loop.units, 2 * loop.features * 4 * loop.units, 4 * loop.units * loop.bias
    return seen(loop, x + 2 * u * 4 * u + 4 * u + bias + 4 * u, x + 4 * u + bias + u)


def gru(loop: Loop) -> Dim | None:
    u, x, bias = loop.units, 2 * loop.features * 3 * loop.units, 3 * loop.units * loop.bias
    own = bias if loop.layer.reset_after else 0
    return seen(loop, x + 2 * u * 3 * u + bias + own + 8 * u, x + bias)


def rnn(loop: Loop) -> Dim | None:
    u, x, bias = loop.units, 2 * loop.features * loop.units, loop.units * loop.bias
    return seen(loop, x + 2 * u * u + u + bias, x + bias)


def once_registered(n: int, *names: str) -> dict[str, Rule]:
    return dict.fromkeys(names, Rule(f"{n} for each result", every(n), REGISTRY))


HIDDEN = "the cell once, before the loop, and inside it, once, what does not depend on a state"
NORM = f"{REGISTRY}: Mean, SquaredDifference, Rsqrt, Mul, AddV2"

UNREGISTERED = frozenset(  # measured to be 0
    (
        *("tanh", "sigmoid", "relu6", "leaky_relu", "selu", "softplus", "softsign", "exponential", "log_softmax"),
        *(
            "exp",
            "expm1",
            "log1p",
            "sqrt",
            "sin",
            "cos",
            "tan",
            "sinh",
            "cosh",
            "arcsin",
            "arccos",
            "arctan",
            "arcsinh",
        ),
        *("arccosh", "arctanh", "arctan2", "ceil", "floor", "round", "absolute", "sign", "isfinite", "isinf", "isnan"),
        *("erf", "erfinv", "i0", "logical_and", "logical_or", "logical_xor", "logical_not", "floor_divide", "mod"),
        *("nextafter", "divide_no_nan", "cumsum", "cumprod", "reduce_max", "reduce_min", "reduce_prod", "reduce_any"),
        *("reduce_all", "global_max_pool", "select", "cast", "concatenate", "pad", "one_hot", "transpose", "reshape"),
        *("take", "step", "flip", "roll", "get_item", "resize_nearest", "broadcast_to", "crop", "diagonal"),
    )
)

TF = Convention(
    name="tf",
    tool="tensorflow 2.21, tf.compat.v1.profiler float_operation() of the frozen graph, batch named",
    unit="FLOPs",
    rule="Two for each multiply-accumulate, one for each bias and for each element of the ops that have registered "
    "statistics. What has none is left out (Relu, Sigmoid, Tanh, Sqrt, Max, pooling and transposed convolution of "
    "volumes, grouped convolutions, which are compiled), and so, in silence, is whatever has no static shape: loops "
    "run once and not to the end, and a model without a fixed input shape is hardly counted at all. The count is of "
    "Keras 3's graph, but for batch normalisation, where it depends on the Keras that the document names "
    "(keras_version): Keras 2 from 2.2 on writes FusedBatchNorm, which counts as nothing.",
    source="https://github.com/tensorflow/tensorflow/blob/master/tensorflow/python/profiler/internal/flops_registry.py",
    rules={
        "conv": Rule("2 for each multiply-accumulate (nothing with groups)", convolved, f"{KERNELS}: _calc_conv_flops"),
        "depthwise_conv": Rule(
            "2 for each multiply-accumulate, of padded images with dilation",
            depthwise,
            f"{KERNELS}: _calc_depthwise_conv_flops",
        ),
        "conv_transpose": Rule(
            "2 · output · kernel / strides", transposed, f"{REGISTRY}: _conv_2d_backprop_input_flops"
        ),
        **dict.fromkeys(
            ("matmul", "batch_dot"), Rule("2 for each multiply-accumulate", twice, f"{REGISTRY}: _calc_mat_mul_flops")
        ),
        "einsum": Rule(
            "2 for each multiply-accumulate, where Keras writes it as matmul",
            contracted,
            "keras/src/backend/tensorflow/numpy.py: einsum",
        ),
        "bias_add": Rule("1 for each element", outputs, f"{KERNELS}: _calc_bias_add_flops"),
        **dict.fromkeys(
            ("max_pool", "average_pool"), Rule("the window for each result", pooled, f"{REGISTRY}: _pool_flops")
        ),
        **dict.fromkeys(
            ("adaptive_max_pool", "adaptive_average_pool"),
            Rule("two poolings with stride 1 along each axis", adaptively_pooled, f"{REGISTRY}: _pool_flops"),
        ),
        **dict.fromkeys(
            ("global_average_pool", "reduce_mean"), Rule("1 for each input element", inputs, f"{REGISTRY}: _mean_flops")
        ),
        "reduce_sum": Rule("1 less than the elements of each result", summed, f"{REGISTRY}: _sum_flops"),
        **dict.fromkeys(
            ("argmax", "argmin"),
            Rule("3 for each element, 1 less for each result", found, f"{REGISTRY}: Equal, Less, ArgMax"),
        ),
        "count_nonzero": Rule("2 for each element, 1 less for each result", nonzeros, f"{REGISTRY}: NotEqual, Sum"),
        "batch_norm": Rule(
            "2 for each element and 6 for each channel (5 without gamma), or nothing where the document names a "
            "Keras 2, which has one kernel for it on 4 and 5 axes",
            batch_normalized,
            NORM,
        ),
        "layer_norm": Rule("each op it is made of", layer_normalized, NORM),
        "group_norm": Rule("each op it is made of", group_normalized, NORM),
        "rms_norm": Rule("4 for each element and 3 for each row", rms_normalized, NORM),
        "standardize": Rule("2 for each element and 1 for each deviation", standardized, f"{REGISTRY}: Sub, RealDiv"),
        "l2_normalize": Rule("3 for each element and 2 for each row", l2_normalized, f"{REGISTRY}: Square, Sum, Rsqrt"),
        "softmax": Rule(
            "5 for each element (3 over several axes, and 1 for each row)", shared, f"{REGISTRY}: _softmax_flops"
        ),
        "relu": Rule(
            "nothing: Relu has no statistics (other arguments are made of ops that have)", rectified, REGISTRY
        ),
        "prelu": Rule("3 for each element and 1 for each alpha", parametric, f"{REGISTRY}: Neg, Mul, AddV2"),
        "elu": Rule("nothing: Elu has no statistics", bent, REGISTRY),
        "gelu": Rule("4 for each element (7 approximated)", gelu, f"{REGISTRY}: Mul, Neg"),
        **once_registered(1, "mish", "hard_shrink", "tanh_shrink", "glu", "threshold", "trunc", "exp2", "argsort"),
        **once_registered(
            1, "add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "fmod", "fmax", "fmin"
        ),
        **once_registered(1, "square", "reciprocal", "negative", "log", "isposinf", "signbit"),
        **once_registered(1, "equal", "not_equal", "greater", "greater_equal", "less", "less_equal"),
        **once_registered(2, "silu", "hard_sigmoid", "hard_tanh", "log_sigmoid", "clip", "rsqrt", "cbrt", "nan_to_num"),
        **once_registered(2, "heaviside", "sort"),
        **once_registered(3, "hard_silu", "sinc"),
        **once_registered(4, "soft_shrink", "squareplus", "sparse_sigmoid"),
        **once_registered(5, "celu", "sparse_plus", "hypot", "logaddexp"),
        **dict.fromkeys(
            ("deg2rad", "rad2deg", "isneginf"),
            Rule("1 for each result and 1", and_constant(1), f"{REGISTRY}: Mul, Equal"),
        ),
        **dict.fromkeys(
            ("log10", "log2"), Rule("2 for each result and 1", and_constant(2), f"{REGISTRY}: Log, RealDiv")
        ),
        "resize": Rule("nothing (bilinear, bicubic and area)", resized, REGISTRY),
        "gather": Rule("2 for each index", gathered, f"{REGISTRY}: Less, AddV2"),
        "upsample": Rule("1 for each axis, of the shape's arithmetic", axes_lengthened, f"{REGISTRY}: Mul"),
        "repeat": Rule("1, of the shape's arithmetic", one, f"{REGISTRY}: Mul"),
    },
    loops={
        "LSTM": Rule(HIDDEN, lstm, REGISTRY),
        "GRU": Rule(HIDDEN, gru, REGISTRY),
        "RNN": Rule(HIDDEN, rnn, REGISTRY),
    },
    ignored=UNREGISTERED,
    drops_unknown=True,
)
