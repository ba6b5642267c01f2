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
    "Neg": "math.negative",
}  # fmt: skip
BINARY = {
    "Add": "add", "AddV2": "add", "Sub": "subtract", "Mul": "multiply", "RealDiv": "divide", "Maximum": "maximum",
    "Minimum": "minimum", "Pow": "pow", "FloorDiv": "floordiv", "FloorMod": "floormod", "DivNoNan": "divide_no_nan",
    "SquaredDifference": "squared_difference", "Greater": "greater", "GreaterEqual": "greater_equal", "Less": "less",
    "LessEqual": "less_equal", "LogicalAnd": "logical_and", "LogicalOr": "logical_or",
}  # fmt: skip
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
}
LISTED = ("ConcatV2", "Pack")  # whose first argument is as many inputs as there are
TYPES = ("T", "Tidx", "Tshape", "Tperm", "Tdim", "Tpaddings", "Tmultiples", "N")  # attributes that follow from inputs


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
    return known.function, [], dict(zip(known.inputs, given, strict=True)) | named


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
    if kind in ("b", "type", "f", "shape"):
        return value
    raise ValueError
