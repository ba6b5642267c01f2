"""Functions of keras.backend, keras.activations, keras.ops and tf that no recorded model names: tables only.

`K["mean"]` says which operation it is, and its parameters in order: `x` is of the call, `axis=-1` a field with its
default, `theirs:ours` one that the operation has under another name.
"""

from typing import Any, NamedTuple

from layercalc.layers import ConfigError

NOTHING = object()


class Parameter(NamedTuple):
    """A parameter: its name, the operation's, and its default if it has one."""

    name: str
    ours: str
    default: Any = NOTHING


class Known(NamedTuple):
    """The operation that a function is, and its parameters in order."""

    operation: str
    parameters: tuple[Parameter, ...]


def literal(text: str) -> Any:
    words = {"None": None, "True": True, "False": False}
    if text in words:
        return words[text]
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def known(operation: str, parameters: str = "x") -> Known:
    made = []
    for one in parameters.split():
        name, equals, default = one.partition("=")
        theirs, _, ours = name.partition(":")
        made.append(Parameter(theirs, ours or theirs, literal(default) if equals else NOTHING))
    return Known(operation, tuple(made))


def each(parameters: str, **operations: str) -> dict[str, Known]:
    return {name: known(operation, parameters) for name, operation in operations.items()}


REDUCE = "x axis=None keepdims=False"
TWO = "x:x1 y:x2"
ACTIVATIONS = {
    **each(
        "x", sigmoid="Sigmoid", tanh="Tanh", softplus="Softplus", softsign="Softsign", selu="Selu", silu="Silu",
        swish="Silu", exponential="Exp", hard_sigmoid="HardSigmoid", relu6="Relu6", linear="Copy",
        log_sigmoid="LogSigmoid",
        hard_silu="HardSilu", hard_swish="HardSilu", hard_tanh="HardTanh", tanh_shrink="TanhShrink",
    ),
    "softmax": known("Softmax", "x axis=-1"),
    "log_softmax": known("LogSoftmax", "x axis=-1"),
    "elu": known("Elu", "x alpha=1.0"),
    "gelu": known("Gelu", "x approximate=False"),
    "leaky_relu": known("LeakyRelu", "x negative_slope=0.2"),
    "relu": known("Relu", "x"),
}  # fmt: skip
K = {
    **each(
        "x", abs="Absolute", square="Square", sqrt="Sqrt", exp="Exp", log="Log", round="Round", sign="Sign", sin="Sin",
        cos="Cos", sigmoid="Sigmoid", tanh="Tanh", softplus="Softplus", softsign="Softsign",
        hard_sigmoid="HardSigmoid", transpose="Transpose", identity="Copy", shape="ShapeOf", relu="Relu",
        stop_gradient="StopGradient",
    ),
    **each(REDUCE, sum="Sum", mean="Mean", max="Max", min="Min", prod="Prod", any="Any", all="All", std="Std",
           var="Var", logsumexp="Logsumexp"),
    **each(TWO, maximum="Maximum", minimum="Minimum", equal="Equal", not_equal="NotEqual", greater="Greater",
           greater_equal="GreaterEqual", less="Less", less_equal="LessEqual", dot="Dot"),
    "argmax": known("Argmax", "x axis=-1"),
    "argmin": known("Argmin", "x axis=-1"),
    "cumsum": known("Cumsum", "x axis=0"),
    "cumprod": known("Cumprod", "x axis=0"),
    "pow": known("Power", "x:x1 a:x2"),
    "clip": known("Clip", "x min_value:x_min max_value:x_max"),
    "elu": known("Elu", "x alpha=1.0"),
    "softmax": known("Softmax", "x axis=-1"),
    "l2_normalize": known("Normalize", "x axis=None"),
    "concatenate": known("Concatenate", "tensors:xs axis=-1"),
    "stack": known("Stack", "x axis=0"),
    "reshape": known("Reshape", "x shape:newshape"),
    "permute_dimensions": known("Transpose", "x pattern:axes"),
    "expand_dims": known("ExpandDims", "x axis=-1"),
    "squeeze": known("Squeeze", "x axis"),
    "tile": known("Tile", "x n:repeats"),
    "repeat_elements": known("Repeat", "x rep:repeats axis"),
    "reverse": known("Flip", "x axes:axis"),
    "gather": known("Take", "reference:x indices"),
    "one_hot": known("OneHot", "indices:x num_classes"),
    "cast": known("Cast", "x dtype"),
    "zeros_like": known("ZerosLike", "x dtype=None"),
    "ones_like": known("OnesLike", "x dtype=None"),
    "bias_add": known("Add", "x:x1 bias:x2"),
    "switch": known("Where", "condition then_expression:x1 else_expression:x2"),
    **each("x:inputs kernel strides=1 padding=valid data_format=None dilation_rate=1", conv1d="Conv", conv2d="Conv",
           conv3d="Conv"),
    "depthwise_conv2d": known(
        "DepthwiseConv", "x:inputs depthwise_kernel:kernel strides=1 padding=valid data_format=None dilation_rate=1"
    ),
}  # fmt: skip
OPS = {  # of keras.ops, where the function's order or default is not the operation's
    "norm": known("Norm", "x ord=None axis=None keepdims=False"),
    "linspace": known("Linspace", "start stop num=50 endpoint=True retstep=False dtype=None axis=0"),
    "logspace": known("Logspace", "start stop num=50 endpoint=True base=10 dtype=None axis=0"),
    "conv": known("Conv", "inputs kernel strides=1 padding=valid data_format=None dilation_rate=1"),
    "depthwise_conv": known("DepthwiseConv", "inputs kernel strides=1 padding=valid data_format=None dilation_rate=1"),
    "separable_conv": known(
        "SeparableConv",
        "inputs depthwise_kernel pointwise_kernel strides=1 padding=valid data_format=None dilation_rate=1",
    ),
    "conv_transpose": known(
        "ConvTranspose", "inputs kernel strides=1 padding=valid output_padding=None data_format=None dilation_rate=1"
    ),
    "max_pool": known("MaxPool", "inputs pool_size strides=None padding=valid data_format=None"),
    "average_pool": known("AveragePool", "inputs pool_size strides=None padding=valid data_format=None"),
    "flip": known("Flip", "x axis=None"),
    "expand_dims": known("ExpandDims", "x axis"),
    "squeeze": known("Squeeze", "x axis=None"),
    "take": known("Take", "x indices axis=None"),
    "take_along_axis": known("TakeAlongAxis", "x indices axis=None"),
    "argmax": known("Argmax", "x axis=None keepdims=False"),
    "argmin": known("Argmin", "x axis=None keepdims=False"),
    "argsort": known("Argsort", "x axis=-1"),
    "sort": known("Sort", "x axis=-1"),
    "cumsum": known("Cumsum", "x axis=None dtype=None"),
    "cumprod": known("Cumprod", "x axis=None dtype=None"),
    "repeat": known("Repeat", "x repeats axis=None"),
    "roll": known("Roll", "x shift axis=None"),
    "logsumexp": known("Logsumexp", REDUCE),
    "count_nonzero": known("CountNonzero", "x axis=None"),
    "median": known("Median", REDUCE),
    "max": known("Max", "x axis=None keepdims=False initial=None"),
    "min": known("Min", "x axis=None keepdims=False initial=None"),
    "average": known("Average", "x axis=None weights=None"),
    "normalize": known("Normalize", "x axis=-1 order=2 epsilon=None"),
    "one_hot": known("OneHot", "x num_classes axis=-1 dtype=None sparse=False"),
    "multi_hot": known("MultiHot", "inputs num_classes axis=-1 dtype=None sparse=False"),
    "moments": known("Moments", "x axes keepdims=False synchronized=False"),
    "unstack": known("Unstack", "x num=None axis=0"),
    "append": known("Append", "x1 x2 axis=None"),
    "diff": known("Diff", "a n=1 axis=-1"),
    "glu": known("Glu", "x axis=-1"),
    "swapaxes": known("Swapaxes", "x axis1 axis2"),
    "moveaxis": known("Moveaxis", "x source destination"),
    "tensordot": known("Tensordot", "x1 x2 axes=2"),
    "pad": known("Pad", "x pad_width mode=constant constant_values=None"),
    "split": known("Split", "x indices_or_sections axis=0"),
    "full": known("Full", "shape fill_value dtype=None"),
    "cast": known("Cast", "x dtype"),
    "image.resize": known(
        "Resize",
        "images size interpolation=bilinear antialias=False crop_to_aspect_ratio=False pad_to_aspect_ratio=False"
        " fill_mode=constant fill_value=0.0 data_format=None",
    ),
    "leaky_relu": known("LeakyRelu", "x negative_slope=0.2"),
    "gelu": known("Gelu", "x approximate=True"),
    "swish": known("Silu", "x"),
    "arccos": known("Arccos"), "abs": known("Absolute"), "nn.silu": known("Silu"),
}  # fmt: skip
LRN = "input:x depth_radius=5 bias=1.0 alpha=1.0 beta=0.5"
TF = {  # what Keras 2 records under other names, or not at all
    "math.reduce_euclidean_norm": known("Norm", "input_tensor:x axis=None keepdims=False"),
    "sort": known("Sort", "values:x axis=-1"),
    "argsort": known("Argsort", "values:x axis=-1"),
    "linspace": known("Linspace", "start stop num name=None axis=0"),
    "nn.moments": known("Moments", "x axes shift=None keepdims=False"),
    "nn.embedding_lookup": known("Take", "params:x ids:indices axis=0"),
    "image.rgb_to_grayscale": known("RGBToGrayscale", "images"),
    "image.flip_left_right": known("Flip", "image:x axis=-2"),
    "image.flip_up_down": known("Flip", "image:x axis=-3"),
    "math.softmax": known("Softmax", "logits:x axis=-1"),
    "nn.local_response_normalization": known("LocalResponseNormalization", LRN),
    "nn.lrn": known("LocalResponseNormalization", LRN),
    "nn.top_k": known("TopK", "input:x k=1 sorted=True"),
    **{f"{path}.flatten": known("Flat", "inputs:x") for path in ("layers", "compat.v1.layers", "contrib.layers")},
    "to_float": known("Cast", "x dtype=float32"),
    "to_double": known("Cast", "x dtype=float64"),
    "to_int32": known("Cast", "x dtype=int32"),
    "to_int64": known("Cast", "x dtype=int64"),
}


def bound(one: Known, args: list[Any], kwargs: dict[str, Any], call: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments as the operation's config and those of its call; ConfigError where they do not fit."""
    given = dict(zip((x.name for x in one.parameters), args, strict=False))
    if len(args) > len(one.parameters):
        raise ConfigError([((), "it takes fewer arguments by position; write their names.")])
    names = {x.name: x for x in one.parameters} | {x.ours: x for x in one.parameters}
    for key, value in kwargs.items():
        if key not in names:
            raise ConfigError([((), f"it takes no argument {key!r} here.")])
        given[names[key].name] = value
    config: dict[str, Any] = {}
    named: dict[str, Any] = {}
    for x in one.parameters:
        if x.name not in given:
            if x.default is NOTHING:
                raise ConfigError([((), f"its argument {x.name!r} is missing.")])
            if x.ours in call and x.default is None:
                continue
        value = given.get(x.name, x.default)
        (named if x.ours in call else config)[x.ours] = value
    return config, named
