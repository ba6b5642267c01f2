"""Functions of TensorFlow that Keras 2 records as layers (TFOpLambda, SlicingOpLambda), as operations of Keras 3."""

from typing import Any, NamedTuple

from layercalc.layers import WAY_OUT, ConfigError
from layercalc.layers.keras.functions import Slot
from layercalc.readers.keras.tf_nodes import OP_LAYER
from layercalc.wording import nearest

TF_CLASSES = ("TFOpLambda", "SlicingOpLambda", OP_LAYER)


class Function(NamedTuple):
    """The operation that a function is, its parameters in order, and which of them are the operation's config."""

    operation: str
    call: tuple[str, ...]  # TensorFlow's names of the arguments of the call, in the operation's order
    config: dict[str, str]  # TensorFlow's name: the field's
    order: tuple[str, ...] = ()  # of TensorFlow's parameters by position, where it is not `call`, then `config`


def function(operation: str, call: str = "x", config: str = "", order: str = "") -> Function:
    """`config` lists `theirs=ours` or a name that is the same on both sides."""
    pairs = [pair.partition("=") for pair in config.split()]
    return Function(operation, tuple(call.split()), {a: b or a for a, _, b in pairs}, tuple(order.split()))


REDUCE = "axis keepdims keep_dims=keepdims"
FUNCTIONS = {
    **{
        f"math.{name}": function(operation)
        for name, operation in {
            "abs": "Absolute", "negative": "Negative", "sign": "Sign", "square": "Square", "sqrt": "Sqrt",
            "rsqrt": "Rsqrt", "exp": "Exp", "expm1": "Expm1", "log": "Log", "log1p": "Log1p", "sigmoid": "Sigmoid",
            "tanh": "Tanh", "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Arcsin", "acos": "Arccos",
            "atan": "Arctan", "sinh": "Sinh", "cosh": "Cosh", "asinh": "Arcsinh", "acosh": "Arccosh",
            "atanh": "Arctanh", "floor": "Floor", "ceil": "Ceil", "round": "Round", "rint": "Round",
            "reciprocal": "Reciprocal", "erf": "Erf", "erfc": "Erfc", "logical_not": "LogicalNot",
            "is_nan": "Isnan", "is_inf": "Isinf", "is_finite": "Isfinite",
        }.items()
    },
    **{
        f"math.{name}": function(operation, "x y")
        for name, operation in {
            "add": "Add", "subtract": "Subtract", "multiply": "Multiply", "divide": "Divide", "truediv": "Divide",
            "divide_no_nan": "DivideNoNan", "floordiv": "FloorDivide", "floormod": "Mod", "mod": "Mod",
            "pow": "Power", "maximum": "Maximum", "minimum": "Minimum", "equal": "Equal", "not_equal": "NotEqual",
            "greater": "Greater", "greater_equal": "GreaterEqual", "less": "Less", "less_equal": "LessEqual",
            "logical_and": "LogicalAnd", "logical_or": "LogicalOr", "logical_xor": "LogicalXor", "atan2": "Arctan2",
        }.items()
    },
    **{
        f"math.reduce_{name}": function(operation, "input_tensor", REDUCE)
        for name, operation in {
            "mean": "Mean", "sum": "Sum", "max": "Max", "min": "Min", "prod": "Prod", "any": "Any", "all": "All",
            "std": "Std", "variance": "Var", "logsumexp": "Logsumexp",
        }.items()
    },
    **{
        f"nn.{name}": function(operation, "features")
        for name, operation in {
            "relu": "Relu", "relu6": "Relu6", "selu": "Selu", "elu": "Elu", "softplus": "Softplus",
            "softsign": "Softsign", "silu": "Silu", "sigmoid": "Sigmoid", "tanh": "Tanh",
        }.items()
    },
    "nn.swish": function("Silu", "features"),
    "nn.sigmoid": function("Sigmoid"),
    "nn.tanh": function("Tanh"),
    "nn.gelu": function("Gelu", "features", "approximate"),
    "nn.leaky_relu": function("LeakyRelu", "features", "alpha=negative_slope"),
    "nn.softmax": function("Softmax", "logits", "axis dim=axis"),
    "nn.log_softmax": function("LogSoftmax", "logits", "axis dim=axis"),
    "nn.l2_normalize": function("Normalize", "x", "axis epsilon dim=axis"),
    "math.l2_normalize": function("Normalize", "x", "axis epsilon"),
    "nn.bias_add": function("Add", "value bias"),
    "math.argmax": function("Argmax", "input", "axis"),
    "math.argmin": function("Argmin", "input", "axis"),
    "math.cumsum": function("Cumsum", "x", "axis"),
    "math.cumprod": function("Cumprod", "x", "axis"),
    "math.top_k": function("TopK", "input", "k sorted"),
    "math.square": function("Square"),
    "cast": function("Cast", "x", "dtype"),
    "identity": function("Copy", "input"),
    "stop_gradient": function("StopGradient", "input"),
    "convert_to_tensor": function("ConvertToTensor", "value", "dtype"),
    "reshape": function("Reshape", "tensor", "shape=newshape"),
    "transpose": function("Transpose", "a", "perm=axes"),
    "expand_dims": function("ExpandDims", "input", "axis"),
    "squeeze": function("Squeeze", "input", "axis"),
    "concat": function("Concatenate", "values", "axis"),
    "stack": function("Stack", "values", "axis"),
    "unstack": function("Unstack", "value", "num axis"),
    "split": function("Split", "value", "num_or_size_splits=indices_or_sections axis"),
    "tile": function("Tile", "input", "multiples=repeats"),
    "repeat": function("Repeat", "input", "repeats axis"),
    "reverse": function("Flip", "tensor", "axis"),
    "roll": function("Roll", "input", "shift axis"),
    "pad": function("Pad", "tensor constant_values", "paddings=pad_width mode", "tensor paddings mode constant_values"),
    "gather": function("Take", "params indices", "axis"),
    "broadcast_to": function("BroadcastTo", "input", "shape"),
    "clip_by_value": function("Clip", "t", "clip_value_min=x_min clip_value_max=x_max"),
    "where": function("Where", "condition x y"),
    "one_hot": function("OneHot", "indices", "depth=num_classes axis dtype", "indices depth"),
    "zeros_like": function("ZerosLike", "input", "dtype"),
    "ones_like": function("OnesLike", "input", "dtype"),
    "linalg.matmul": function("Matmul", "a b", "transpose_a transpose_b"),
    "tensordot": function("Tensordot", "a b", "axes"),
    "linalg.norm": function("Norm", "tensor", "ord axis keepdims"),
    "norm": function("Norm", "tensor", "ord axis keepdims"),
    "image.resize": function("Resize", "images", "size method=interpolation antialias"),
    "nn.space_to_depth": function("SpaceToDepth", "input", "block_size"),
    "nn.depth_to_space": function("DepthToSpace", "input", "block_size"),
    "nn.avg_pool": function("AveragePool", "input", "ksize=pool_size strides padding"),
    "nn.max_pool": function("MaxPool", "input", "ksize=pool_size strides padding"),
    "nn.avg_pool2d": function("AveragePool", "input", "ksize=pool_size strides padding"),
    "nn.max_pool2d": function("MaxPool", "input", "ksize=pool_size strides padding"),
    "nn.conv2d": function("Conv", "input filter", "strides padding dilations=dilation_rate"),
    "math.softplus": function("Softplus", "features"),
    "math.squared_difference": function("SquaredDifference", "x y"),
    "math.add_n": function("AddN", "inputs"),
    "shape": function("ShapeOf", "input"),
    "zeros": function("Full", "value", "shape dtype", "shape dtype"),
    "ones": function("Full", "value", "shape dtype", "shape dtype"),
    "fill": function("Full", "value", "dims=shape", "dims value"),
    "__operators__.getitem": function("GetItem", "tensor slice_spec"),
    "slice": function("Slice", "input_ begin", "size=shape"),
}  # fmt: skip
ARITHMETIC = "add subtract multiply divide truediv floordiv mod pow"
COMPARISONS = "equal not_equal greater greater_equal less less_equal"
FUNCTIONS |= {f"__operators__.{name}": FUNCTIONS[f"math.{name}"] for name in f"{ARITHMETIC} {COMPARISONS}".split()}
FUNCTIONS |= {
    "__operators__.sub": FUNCTIONS["math.subtract"],
    "__operators__.mul": FUNCTIONS["math.multiply"],
    "__operators__.ne": FUNCTIONS["math.not_equal"],
    "__operators__.eq": FUNCTIONS["math.equal"],
    "__operators__.matmul": FUNCTIONS["linalg.matmul"],
    "math.sigmoid": FUNCTIONS["nn.sigmoid"],
    "matmul": FUNCTIONS["linalg.matmul"],
    **{name: FUNCTIONS[f"nn.{name}"] for name in ("space_to_depth", "depth_to_space")},
}
ROOT = (
    "log add subtract multiply divide truediv abs exp sqrt square maximum minimum pow sigmoid tanh round floor argmax"
    " argmin acos acosh asin asinh atan atan2 atanh cos cosh sin sinh tan cumsum equal not_equal greater greater_equal"
    " less less_equal logical_and logical_not logical_or negative sign add_n"
)
FUNCTIONS |= {name: FUNCTIONS[f"math.{name}"] for name in ROOT.split()}
FUNCTIONS |= {name.removeprefix("math."): one for name, one in FUNCTIONS.items() if name.startswith("math.reduce_")}

FILLED = {"zeros": 0.0, "ones": 1.0}  # what these are full of
DEFAULTS: dict[str, tuple[Any, ...]] = {  # of arguments that are not read: what changes nothing
    **dict.fromkeys(
        ("a_is_sparse", "b_is_sparse", "adjoint_a", "adjoint_b", "exclusive", "reverse", "conjugate"), (False,)
    ),
    "batch_dims": (0,),
    "out_type": ("int32",),
    "use_cudnn_on_gpu": (True,),
    "input_format": ("NHWC", "NDHWC", "NWC"),
    "data_format": ("NHWC", "NDHWC", "NWC"),
    "preserve_aspect_ratio": (False,),
}

Called = tuple[str, dict[str, Any], list[Any], dict[str, Any], dict[str, Any]]


def translate(name: str, args: list[Any], kwargs: dict[str, Any]) -> Called:
    """The operation of a recorded function with its config and the arguments of the call; ConfigError if unknown."""
    known = FUNCTIONS.get(name.removeprefix("compat.v1."))
    if known is None and name == "einsum":
        detail = "Keras 2 records the equation of tf.einsum and not its tensors, so that nobody can load it."
        raise ConfigError([((), f"{detail} {WAY_OUT}")])
    if known is None:
        raise ConfigError([((), f"The function tf.{name} is not known here.{nearest(name, [*FUNCTIONS])} {WAY_OUT}")])
    order = known.order or (*known.call, *known.config)
    given = dict(zip(order, args, strict=False)) | {key: value for key, value in kwargs.items() if key != "name"}
    strange = [key for key in given if key not in order and given[key] not in (None, *DEFAULTS.get(key, ()))]
    if strange:
        raise ConfigError([((), f"tf.{name} is not known here with {strange[0]!r}. {WAY_OUT}")])
    config = {ours: given[theirs] for theirs, ours in known.config.items() if given.get(theirs) is not None}
    late = until_known(config)
    call = {theirs: given.get(theirs, FILLED.get(name)) for theirs in known.call}
    adjust(known.operation, config, given)
    last = max((i for i, one in enumerate(known.call) if call[one] is not None), default=-1)
    return known.operation, config, [call[one] for one in known.call[: last + 1]], {}, late


def until_known(config: dict[str, Any]) -> dict[str, Any]:
    """The fields that hold tensors, taken out of a config, which has ones there until their values are known."""
    late = {key: value for key, value in config.items() if holds_tensor(value)}
    config |= {key: [1] * len(value) if isinstance(value, list) else 1 for key, value in late.items()}
    return late


def holds_tensor(value: Any) -> bool:
    return isinstance(value, Slot) or (isinstance(value, list) and any(map(holds_tensor, value)))


def adjust(operation: str, config: dict[str, Any], given: dict[str, Any]) -> None:
    """Where TensorFlow's argument means the same in another form."""
    sizes = config.get("indices_or_sections")
    if operation == "Split":
        config.setdefault("axis", 0)
        if isinstance(sizes, list):
            config["indices_or_sections"] = [sum(sizes[: i + 1]) for i in range(len(sizes) - 1)]
    if operation in ("Argmax", "Argmin", "Cumsum", "Cumprod"):
        config.setdefault("axis", 0)
    if operation == "Take":
        config.setdefault("axis", 0)
    if config.get("ord") == "euclidean":
        del config["ord"]
    if operation == "Gelu":
        config.setdefault("approximate", False)
    for key in ("pool_size", "strides"):
        if isinstance(config.get(key), list) and len(config[key]) in (4, 5):
            config[key] = config[key][1:-1]
    for key in ("padding", "mode"):
        if isinstance(config.get(key), str):
            config[key] = config[key].lower()
