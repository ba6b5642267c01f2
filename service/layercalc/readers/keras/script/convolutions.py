"""Convolutions of tf.nn: strides with the batch and the channels beside them, and paddings in numbers."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from layercalc.readers.keras.script import tensors
from layercalc.readers.keras.script.operations import given, operation
from layercalc.readers.keras.script.sizes import ShapeObject
from layercalc.readers.keras.script.values import TensorObject
from layercalc.readers.script import Fault

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

Function = Callable[["KerasNames", list[Any], dict[str, Any], Any], Any]
LAYOUT = {"strides": 1, "padding": "VALID", "dilations": 1}


def convolution(kind: str, axes: int, order: str) -> Function:
    """A function of tf.nn by the operation that it is, the axes of its window and its parameters in order."""

    def run(names: "KerasNames", args: list[Any], kwargs: dict[str, Any], at: Any) -> Any:
        kwargs = {renamed(key, order): one for key, one in kwargs.items()}
        if strange := sorted(set(kwargs) - set(order.split())):
            raise Fault(at, f"{strange[0]!r} of this function of tf.nn is not read.")
        told = dict(zip(order.split(), given(args, kwargs, *order.split()), strict=True))
        usual = LAYOUT | ({"padding": "SAME"} if kind == "ConvTranspose" else {})
        told = {**usual, **{key: one for key, one in told.items() if one is not None}}
        x = told["x"]
        if not isinstance(x, TensorObject):
            raise Fault(at, "Expected a tensor to be convolved.")
        rank = axes or len(tensors.shape_of(names, x, at)) - 2
        first = str(told.get("data_format", "N…C")).startswith("NC")
        config = {
            "strides": window(told["strides"], rank, first, at),
            "dilation_rate": window(told["dilations"], rank, first, at),
            "data_format": "channels_first" if first else "channels_last",
        }
        x, config["padding"] = padded(names, x, told["padding"], at)
        if kind == "ConvTranspose":
            return transposed(names, config, x, told, at)
        kernels = [told[key] for key in ("kernel", "pointwise") if key in told]
        return operation(names, kind, config, [x, *kernels], at)

    return run


def renamed(key: str, order: str) -> str:
    """The parameter that a name of TensorFlow's is here."""
    names = {"input": "x", "value": "x", "filter": "kernel", "filters": "kernel", "depthwise_filter": "kernel"}
    names |= {"pointwise_filter": "pointwise", "stride": "strides", "rate": "dilations"}
    return names.get(key, key)


def window(value: Any, rank: int, first: bool, at: Any) -> list[int]:
    """One number for each axis of a window, of one for all, or of several with the batch and the channels beside."""
    several = list(value) if isinstance(value, list | tuple) else [value] * rank
    if len(several) == 1:
        several *= rank
    if len(several) == rank + 2:
        beside = several[:2] if first else [several[0], several[-1]]
        if beside != [1, 1]:
            raise Fault(at, f"Expected 1 for the batch and the channels; received {several}.")
        several = several[2:] if first else several[1:-1]
    if len(several) != rank or not all(type(one) is int and one > 0 for one in several):
        raise Fault(at, f"Expected {rank} numbers of at least 1, or {rank + 2} with batch and channels.")
    return several


def padded(names: "KerasNames", x: TensorObject, padding: Any, at: Any) -> tuple[TensorObject, str]:
    """The tensor with the zeros around it that a list of pairs tells, and the padding that is left to do."""
    if isinstance(padding, str):
        return x, padding.lower()
    pairs = [list(one) for one in padding]
    return operation(names, "Pad", {"pad_width": pairs}, [x], at), "valid"


def transposed(names: "KerasNames", config: dict[str, Any], x: TensorObject, told: dict[str, Any], at: Any) -> Any:
    """`tf.nn.conv2d_transpose`, whose output has the shape that it names."""
    made = operation(names, "ConvTranspose", config, [x, told["kernel"]], at)
    wanted, found = told.get("output_shape"), tensors.shape_of(names, made, at)
    sizes = list(wanted.sizes if isinstance(wanted, ShapeObject) else wanted) if wanted is not None else []
    for asked, has in zip(sizes, found, strict=False):
        if type(asked) is int and has is not None and asked != has:
            raise Fault(at, f"An output_shape of {sizes} is not read, where the strides make {list(found)}.")
    return made


COMMON = "strides padding data_format dilations name"
TF: dict[str, Function] = {
    "nn.conv1d": convolution("Conv", 1, f"x kernel {COMMON}"),
    "nn.conv2d": convolution("Conv", 2, f"x kernel {COMMON}"),
    "nn.conv3d": convolution("Conv", 3, f"x kernel {COMMON}"),
    "nn.convolution": convolution("Conv", 0, f"x kernel {COMMON}"),
    "nn.atrous_conv2d": convolution("Conv", 2, "x kernel dilations padding name"),
    "nn.depthwise_conv2d": convolution("DepthwiseConv", 2, f"x kernel {COMMON}"),
    "nn.separable_conv2d": convolution("SeparableConv", 2, f"x kernel pointwise {COMMON}"),
    "nn.conv1d_transpose": convolution("ConvTranspose", 1, f"x kernel output_shape {COMMON}"),
    "nn.conv2d_transpose": convolution("ConvTranspose", 2, f"x kernel output_shape {COMMON}"),
    "nn.conv3d_transpose": convolution("ConvTranspose", 3, f"x kernel output_shape {COMMON}"),
}
