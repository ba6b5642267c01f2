"""Nodes of TensorFlow's graph that Keras of TF 2.0 to 2.3 records as layers (TensorFlowOpLayer), as its functions.

Source: tensorflow 2.3 (python/keras/engine/base_layer.py: TensorFlowOpLayer), core/ops/*.cc for inputs and attributes.
"""

import base64
import binascii
from typing import Any, NamedTuple

from layercalc.layers import WAY_OUT, ConfigError
from layercalc.wording import nearest, received, whole

OP_LAYER = "TensorFlowOpLayer"


class Node(NamedTuple):
    """The function that an op is: names of its inputs in order, of its attributes, and values that these must have."""

    function: str
    inputs: tuple[str, ...]
    attributes: dict[str, str] = {}
    fixed: dict[str, Any] = {}
    more: dict[str, Any] = {}  # arguments of the function that the op stands for


ALIKE = (
    "Abs Sign Square Sqrt Rsqrt Exp Expm1 Log Log1p Sigmoid Tanh Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh"
    " Floor Ceil Round Rint Reciprocal Erf Erfc"
)
UNARY = {
    "Relu": "nn.relu", "Relu6": "nn.relu6", "Selu": "nn.selu", "Elu": "nn.elu", "Softplus": "nn.softplus",
    "Softsign": "nn.softsign", "Softmax": "nn.softmax", "LogSoftmax": "nn.log_softmax", "Identity": "identity",
    **{
        op: f"math.{op.lower()}"
        for op in ALIKE.split()
    },
    "Neg": "math.negative", "Inv": "math.reciprocal", "LogicalNot": "math.logical_not", "StopGradient": "stop_gradient",
    "ZerosLike": "zeros_like", "OnesLike": "ones_like", "Shape": "shape",
}  # fmt: skip
BINARY = {
    "Add": "add", "AddV2": "add", "Sub": "subtract", "Mul": "multiply", "RealDiv": "divide", "Maximum": "maximum",
    "Minimum": "minimum", "Pow": "pow", "FloorDiv": "floordiv", "FloorMod": "floormod", "DivNoNan": "divide_no_nan",
    "SquaredDifference": "squared_difference", "Greater": "greater", "GreaterEqual": "greater_equal", "Less": "less",
    "LessEqual": "less_equal", "LogicalAnd": "logical_and", "LogicalOr": "logical_or",
    "Equal": "equal", "NotEqual": "not_equal",
}  # fmt: skip
POOLED = {"ksize": "ksize", "strides": "strides", "padding": "padding"}
MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
RESIZED = {"half_pixel_centers": True, "align_corners": False}
NODES = {
    **{op: Node(function, ("",)) for op, function in UNARY.items()},
    **{op: Node(f"math.{name}", ("x", "y")) for op, name in BINARY.items()},
    **{
        op: Node(f"math.reduce_{op.lower()}", ("input_tensor", "axis"), {"keep_dims": "keepdims"})
        for op in ("Mean", "Sum", "Max", "Min", "Prod", "Any", "All")
    },
    "Reshape": Node("reshape", ("tensor", "shape")),
    "Transpose": Node("transpose", ("a", "perm")),
    "ExpandDims": Node("expand_dims", ("input", "axis")),
    "Squeeze": Node("squeeze", ("input",), {"squeeze_dims": "axis"}),
    "ConcatV2": Node("concat", ("values", "axis")),
    "Pack": Node("stack", ("values",), {"axis": "axis"}),
    "Tile": Node("tile", ("input", "multiples")),
    "Pad": Node("pad", ("tensor", "paddings")),
    "MatMul": Node("linalg.matmul", ("a", "b"), {"transpose_a": "transpose_a", "transpose_b": "transpose_b"}),
    "BatchMatMulV2": Node("linalg.matmul", ("a", "b"), {"adj_x": "transpose_a", "adj_y": "transpose_b"}),
    "BiasAdd": Node("nn.bias_add", ("value", "bias"), {}, {"data_format": "NHWC"}),
    "DepthToSpace": Node("nn.depth_to_space", ("input",), {"block_size": "block_size"}, {"data_format": "NHWC"}),
    "SpaceToDepth": Node("nn.space_to_depth", ("input",), {"block_size": "block_size"}, {"data_format": "NHWC"}),
    "ResizeBilinear": Node("image.resize", ("images", "size"), {}, RESIZED),
    "ResizeNearestNeighbor": Node("image.resize", ("images", "size"), {}, RESIZED, {"method": "nearest"}),
    "SelectV2": Node("where", ("condition", "x", "y")),
    "GatherV2": Node("gather", ("params", "indices", "axis"), {}, {"batch_dims": 0}),
    "Cast": Node("cast", ("x",), {"DstT": "dtype"}, {"Truncate": False}),
    **{op: Node(f"math.{op.lower()}", ("input", "axis")) for op in ("ArgMax", "ArgMin")},
    **{
        op: Node(f"math.{op.lower()}", ("x", "axis"), {}, {"exclusive": False, "reverse": False})
        for op in ("Cumsum", "Cumprod")
    },
    "ClipByValue": Node("clip_by_value", ("t", "clip_value_min", "clip_value_max")),
    "LeakyRelu": Node("nn.leaky_relu", ("features",), {"alpha": "alpha"}),
    **{
        op: Node(f"nn.{name}", ("input",), POOLED, {"data_format": "NHWC"})
        for op, name in (("MaxPool", "max_pool2d"), ("AvgPool", "avg_pool2d"))
    },
    "Split": Node("split", ("axis", "value"), {"num_split": "num_or_size_splits"}),
    "Unpack": Node("unstack", ("value",), {"axis": "axis", "num": "num"}),
    "ReverseV2": Node("reverse", ("tensor", "axis")),
    "BroadcastTo": Node("broadcast_to", ("input", "shape")),
    "PadV2": Node("pad", ("tensor", "paddings", "constant_values")),
    "MirrorPad": Node("pad", ("tensor", "paddings"), {"mode": "mode"}),
    "AddN": Node("math.add_n", ("inputs",)),
    "StridedSlice": Node("__operators__.getitem", ("tensor", "begin", "end", "strides"), {one: one for one in MASKS}),
}
LISTED = ("ConcatV2", "Pack", "AddN")  # whose first argument is as many inputs as there are
TYPES = (  # attributes that follow from inputs, or that Keras leaves out of account
    *("T", "Tidx", "Tshape", "Tperm", "Tdim", "Tpaddings", "Tmultiples", "N", "Index", "Tparams", "Tindices", "Taxis"),
    *("SrcT", "output_type", "out_type", "incompatible_shape_error", "explicit_paddings"),
)
KINDS = {
    "DT_HALF": "float16", "DT_BFLOAT16": "bfloat16", "DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_BOOL": "bool",
    **{f"DT_{sign}INT{bits}": f"{sign.lower()}int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)},
}  # fmt: skip


def of_node(config: dict[str, Any], tensors: list[Any]) -> tuple[str, list[Any], dict[str, Any]]:
    """The function that a node is, with its arguments; ConfigError where it is not known.

    `tensors` are what the layer is called on, in order; `constants` of the config stand between them, by position.
    """
    node = config.get("node_def")
    op = node.get("op") if isinstance(node, dict) else None
    if not isinstance(node, dict) or not isinstance(op, str):
        raise ConfigError(
            [(("node_def",), f"Expected a node of TensorFlow, an object with op; received {received(node)}.")]
        )
    known = NODES.get(op)
    if known is None:
        detail = f"TensorFlow's op {received(op)} is not known here.{nearest(op, list(NODES))} {WAY_OUT}"
        raise ConfigError([(("node_def", "op"), detail)])
    given = inserted(config.get("constants"), tensors)
    attributes = attributes_of(node.get("attr"), op)
    for key, value in attributes.items():
        if key not in TYPES and key not in known.attributes and known.fixed.get(key) != value:
            detail = f"TensorFlow's op {op} is not read with {key} {received(value)}. {WAY_OUT}"
            raise ConfigError([(("node_def", "attr", key), detail)])
    if missing := [key for key, value in known.fixed.items() if value is True and key not in attributes]:
        raise ConfigError([(("node_def", "attr"), f"TensorFlow's op {op} is not read without {missing[0]}. {WAY_OUT}")])
    if op in LISTED:
        apart = len(known.inputs) - 1
        given = [given[: len(given) - apart], *given[len(given) - apart :]]
    if len(given) != len(known.inputs):
        detail = f"TensorFlow's op {op} takes {len(known.inputs)} inputs; received {len(given)}."
        raise ConfigError([(("node_def", "op"), detail)])
    named = {known.attributes[key]: value for key, value in attributes.items() if key in known.attributes}
    named = {key: value for key, value in named.items() if value != []}  # no axes given: all that may go
    if known.inputs == ("",):
        return known.function, given, {}
    if op == "StridedSlice":
        return known.function, [], {"tensor": given[0], "slice_spec": slices(given[1:], named)}
    return known.function, [], dict(zip(known.inputs, given, strict=True)) | named | known.more


def slices(bounds: list[Any], masks: dict[str, Any]) -> list[Any]:
    """What `x[…]` has in its brackets, by the begin, end and stride of each of its parts and what bits say of them."""
    if any(not isinstance(one, list) or not all(map(whole, one)) for one in bounds) or len(set(map(len, bounds))) > 1:
        detail = f"TensorFlow's op StridedSlice is read with begin, end and strides that are constants. {WAY_OUT}"
        raise ConfigError([(("constants",), detail)])

    def marked(mask: str, i: int) -> bool:
        return bool(masks.get(mask, 0) >> i & 1)

    out: list[Any] = []
    for i, (begin, end, stride) in enumerate(zip(*bounds, strict=True)):
        if marked("ellipsis_mask", i):
            out.append(Ellipsis)
        elif marked("new_axis_mask", i):
            out.append(None)
        elif marked("shrink_axis_mask", i):
            out.append(begin)
        else:
            ends = None if marked("begin_mask", i) else begin, None if marked("end_mask", i) else end
            out.append(slice(*ends, stride))
    return out


def inserted(constants: Any, tensors: list[Any]) -> list[Any]:
    """The inputs of a node: tensors, and constants at their positions."""
    given = list(tensors)
    constants = {} if constants is None else constants
    if not isinstance(constants, dict) or not all(key.isdecimal() and len(key) < 4 for key in constants):
        raise ConfigError([(("constants",), f"Expected constants by position; received {received(constants)}.")])
    for key in sorted(constants, key=int):
        if int(key) > len(given):
            raise ConfigError([(("constants", key), f"There are {len(given)} inputs before it.")])
        given.insert(int(key), constants[key])
    return given


def attributes_of(given: Any, op: str) -> dict[str, Any]:
    """The attributes of a node as values, from JSON of protocol buffers: integers in texts, texts in base64."""
    out = {}
    for key, one in given.items() if isinstance(given, dict) else ():
        try:
            out[key] = value_of(one)
        except (ValueError, binascii.Error):
            detail = f"Expected an attribute of {op} as TensorFlow writes it; received {received(one)}."
            raise ConfigError([(("node_def", "attr", key), detail)]) from None
    return out


def value_of(attribute: Any) -> Any:
    if not isinstance(attribute, dict) or len(attribute) != 1:
        raise ValueError
    ((kind, value),) = attribute.items()
    if kind == "i" and (whole(value) or (isinstance(value, str) and len(value) < 20)):
        return int(value)
    if kind == "s" and isinstance(value, str):
        return base64.b64decode(value, validate=True).decode("ascii")
    if kind == "list" and isinstance(value, dict):
        return [value_of({of: one}) for of, many in value.items() if isinstance(many, list) for one in many]
    if kind == "type" and value in KINDS:
        return KINDS[value]
    if kind in ("b", "type", "f", "shape"):
        return value
    raise ValueError
