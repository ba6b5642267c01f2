"""What Keras may raise where the text catches it: all but what is plainly right in every version."""

from typing import TYPE_CHECKING, Any

from layercalc.layers import fields_of
from layercalc.layers.keras.base import KERAS
from layercalc.readers.keras.script.effects import words
from layercalc.readers.keras.script.values import (
    MODELS,
    FunctionName,
    Kind,
    LayerObject,
    SequentialObject,
    TensorObject,
)
from layercalc.readers.script.values import Float64, Int64

if TYPE_CHECKING:
    from layercalc.readers.keras.script.vocabulary import KerasNames

OLD = words("batch_input_shape input_dim input_length weights batch_size output_dim border_mode nb_filter")
OPTIMIZERS = words("adam sgd rmsprop adagrad adadelta adamax nadam Adam SGD RMSprop")
LOSSES = words(
    "mse mae mean_squared_error mean_absolute_error binary_crossentropy categorical_crossentropy"
    " sparse_categorical_crossentropy"
)
METRICS = LOSSES | {"accuracy", "acc"}
MERGES = words("Add Subtract Multiply Average Maximum Minimum Concatenate Dot Attention AdditiveAttention")
NEVER = words(
    "count_params get_config to_json"
)  # of a model that has its weights: methods that give what they are asked


def called(names: "KerasNames", value: Any, args: list[Any], kwargs: dict[str, Any], at: Any) -> None:
    """A call of one of Keras' values where the text catches: note that it may raise, unless it is plainly right."""
    if isinstance(value, Kind):
        safe = constructs(value, args, kwargs)
    elif isinstance(value, LayerObject):
        safe = not kwargs and takes(value, args)
    elif isinstance(value, MODELS):
        inputs = 1 if isinstance(value, SequentialObject) else len(value.inputs)
        safe = not kwargs and inputs == 1 and takes(value, args)
    else:
        safe = not isinstance(value, FunctionName)
    if not safe:
        names.machine.risk(at)


def constructs(which: Kind, args: list[Any], kwargs: dict[str, Any]) -> bool:
    """Whether the arguments of a class are of every version; what they are is looked at as the layer is read."""
    kind = KERAS.get(which.name)
    if any(isinstance(one, Int64 | Float64) for one in (*args, *kwargs.values())) or "/" in str(kwargs.get("name", "")):
        return False  # in Keras 3
    if which.name == "Sequential":
        return set(kwargs) <= {"name", "layers"} and all(isinstance(one, list | tuple) for one in args[:1])
    if which.name in KERAS.models:
        return set(kwargs) <= {"name", "inputs", "outputs"}
    if kind is None or which.name.islower():
        return False
    if kind.is_input:
        return (len(args) == 1) is ("shape" not in kwargs) and set(kwargs) <= {"shape", "name", "dtype"}
    return not (OLD - set(fields_of(kind))) & set(kwargs) and len(args) <= 3


def takes(layer: Any, args: list[Any]) -> bool:
    """Whether a layer that takes one tensor is called on one, or one that takes several on a list."""
    if len(args) != 1:
        return False
    if isinstance(layer, LayerObject) and layer.kind.type in MERGES:
        return isinstance(args[0], list) and len(args[0]) > 1
    return isinstance(args[0], TensorObject)


def method(names: "KerasNames", value: Any, name: str, args: list[Any], kwargs: dict[str, Any], at: Any) -> None:
    """A method that leaves a layer or model as it is: the same."""
    if not names.machine.catching:
        return
    if name == "compile":
        safe = len(args) <= 2 and compiles(dict(zip(("optimizer", "loss"), args, strict=False)) | kwargs)
    elif name == "summary" or name in NEVER:
        safe = not args and not kwargs and has_shape(names, value)
    else:
        safe = False
    if not safe:
        names.machine.risk(at)


def compiles(given: dict[str, Any]) -> bool:
    """Whether what a model is compiled with is known by name in every version."""
    known = {"optimizer": OPTIMIZERS, "loss": LOSSES, "metrics": METRICS}
    return all(
        key in known and all(type(each) is str and each in known[key] for each in (one if type(one) is list else [one]))
        for key, one in given.items()
    )


def has_shape(names: "KerasNames", value: Any) -> bool:
    return not isinstance(value, SequentialObject) or names.input_of(value) != (None, None)


def grown(names: "KerasNames", model: SequentialObject, at: Any) -> None:
    """A layer more at the end of a Sequential: what it is given is looked at now, and its name."""
    labels = [getattr(one, "name", "") for one in model.items]
    if len(set(labels)) != len(labels) or len({id(one) for one in model.items}) != len(model.items):
        names.machine.risk(at)
    if has_shape(names, model):
        for tensor in names.sequence(model, at)[1:]:
            names.shape(tensor)


__all__ = ["called", "constructs", "grown", "method"]
